#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace flotilla::tools::bench {

/// How long operations took, in microseconds: values below 256 exactly, larger ones within 1/128 of
/// their size, up to an hour. Many threads may add at the same time; reading meanwhile gives a
/// picture that is nearly of one moment.
///
/// The cells are those of an HdrHistogram with two significant digits, so that hdr_log.h can write
/// them as they are.
class Latency {
 public:
  static constexpr std::size_t kExact = 256;
  static constexpr std::size_t kSteps = 128;  // A doubling of the value has so many cells.
  static constexpr std::size_t kCells = kExact + kSteps * 24;

  static std::size_t cell_of(std::uint64_t us);
  /// The largest value that is counted there.
  static std::uint64_t upper_end(std::size_t cell);

  void add(std::chrono::microseconds took);
  /// Adds all of another.
  void merge(const Latency& other);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  std::uint64_t least() const;
  std::uint64_t most() const { return most_.load(std::memory_order_relaxed); }
  /// The smallest value (its cell's upper end) that `percent` of all do not exceed; 0 when there
  /// are none.
  std::uint64_t percentile(double percent) const;
  /// How many values each cell has.
  std::vector<std::uint64_t> cells() const;

 private:
  std::array<std::atomic<std::uint64_t>, kCells> cells_{};
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> least_ = UINT64_MAX;
  std::atomic<std::uint64_t> most_ = 0;
};

}  // namespace flotilla::tools::bench
