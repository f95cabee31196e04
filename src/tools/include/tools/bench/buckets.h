#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace flotilla::tools::bench {

/// Latencies in buckets of round numbers, as files of asbench have them: 100 us wide up to 4 ms, 1
/// ms up to 64 ms, 4 ms up to 128 ms, and one for all that took longer. Many threads may add at the
/// same time.
class Buckets {
 public:
  static constexpr std::size_t kCount = 40 + 60 + 16 + 1;

  void add(std::chrono::microseconds took);
  void merge(const Buckets& other);
  std::vector<std::uint64_t> counts() const;

  static std::size_t bucket_of(std::uint64_t us);
  /// The smallest value that is counted there.
  static std::uint64_t least_of(std::size_t bucket);
  /// What the buckets are, for the first line of a file.
  static std::string description();

 private:
  std::array<std::atomic<std::uint64_t>, kCount> counts_{};
};

/// "<total>, <us>:<count>, ...": buckets that have any.
std::string bucket_line(const std::vector<std::uint64_t>& counts);

}  // namespace flotilla::tools::bench
