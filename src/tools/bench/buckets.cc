#include "tools/bench/buckets.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace flotilla::tools::bench {
namespace {

/// Buckets of one width, up to the beginning of the next range.
struct Range {
  std::uint64_t begin_us;
  std::uint64_t end_us;
  std::uint64_t width_us;

  std::size_t size() const { return (end_us - begin_us) / width_us; }
};
constexpr Range kRanges[] = {{0, 4'000, 100}, {4'000, 64'000, 1'000}, {64'000, 128'000, 4'000}};

}  // namespace

std::size_t Buckets::bucket_of(std::uint64_t us) {
  std::size_t first = 0;
  for (const Range& range : kRanges) {
    if (us < range.end_us) return first + (us - range.begin_us) / range.width_us;
    first += range.size();
  }
  return first;
}

std::uint64_t Buckets::least_of(std::size_t bucket) {
  for (const Range& range : kRanges) {
    if (bucket < range.size()) return range.begin_us + bucket * range.width_us;
    bucket -= range.size();
  }
  return std::rbegin(kRanges)->end_us;
}

std::string Buckets::description() {
  std::string text;
  for (const Range& range : kRanges)
    text += fmt::format("{}us to {}us by {}us, ", range.begin_us, range.end_us, range.width_us);
  return fmt::format("{}{}us and more", text, std::rbegin(kRanges)->end_us);
}

void Buckets::add(std::chrono::microseconds took) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
  counts_[bucket_of(us)].fetch_add(1, std::memory_order_relaxed);
}

void Buckets::merge(const Buckets& other) {
  for (std::size_t i = 0; i < kCount; ++i) counts_[i] += other.counts_[i];
}

std::vector<std::uint64_t> Buckets::counts() const {
  std::vector<std::uint64_t> counts(kCount);
  for (std::size_t i = 0; i < kCount; ++i) counts[i] = counts_[i].load(std::memory_order_relaxed);
  return counts;
}

std::string bucket_line(const std::vector<std::uint64_t>& counts) {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  std::string text = std::to_string(total);
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) text += fmt::format(", {}:{}", Buckets::least_of(i), counts[i]);
  return text;
}

}  // namespace flotilla::tools::bench
