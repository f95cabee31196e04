#pragma once

#include <array>
#include <cstdint>

namespace flotilla::bench {

/// Counts of latencies in nanoseconds. Buckets grow with the value, 64 to each power of two, so a
/// quantile is right to within 1.6 %. Not thread-safe.
class Histogram {
 public:
  void add(std::uint64_t ns) { ++counts_[bucket_of(ns)], ++total_; }
  void clear();

  std::uint64_t total() const { return total_; }
  /// The value that `share` (0 to 1) of all counted values do not pass: the upper edge of its
  /// bucket. 0 when empty.
  std::uint64_t quantile(double share) const;

 private:
  static constexpr unsigned kSubBits = 6;
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

  static std::size_t bucket_of(std::uint64_t ns);
  static std::uint64_t upper_edge(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace flotilla::bench
