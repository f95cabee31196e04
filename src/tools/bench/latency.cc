#include "tools/bench/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace flotilla::tools::bench {

std::size_t Latency::cell_of(std::uint64_t us) {
  if (us < kExact) return us;
  const auto doubling = static_cast<std::size_t>(std::bit_width(us) - std::bit_width(kExact));
  const std::size_t step = (us >> (doubling + 1)) - kSteps;
  return std::min(kExact + doubling * kSteps + step, kCells - 1);
}

std::uint64_t Latency::upper_end(std::size_t cell) {
  if (cell < kExact) return cell;
  const std::size_t doubling = (cell - kExact) / kSteps;
  const std::size_t step = (cell - kExact) % kSteps;
  return ((kSteps + step + 1) << (doubling + 1)) - 1;
}

void Latency::add(std::chrono::microseconds took) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
  cells_[cell_of(us)].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  for (std::uint64_t seen = least_; us < seen && !least_.compare_exchange_weak(seen, us);) {
  }
  for (std::uint64_t seen = most_; us > seen && !most_.compare_exchange_weak(seen, us);) {
  }
}

void Latency::merge(const Latency& other) {
  for (std::size_t i = 0; i < kCells; ++i) cells_[i] += other.cells_[i];
  count_ += other.count_;
  least_ = std::min<std::uint64_t>(least_, other.least_);
  most_ = std::max<std::uint64_t>(most_, other.most_);
}

std::uint64_t Latency::least() const {
  return count() == 0 ? 0 : least_.load(std::memory_order_relaxed);
}

std::vector<std::uint64_t> Latency::cells() const {
  std::vector<std::uint64_t> counts(kCells);
  for (std::size_t i = 0; i < kCells; ++i) counts[i] = cells_[i].load(std::memory_order_relaxed);
  return counts;
}

std::uint64_t Latency::percentile(double percent) const {
  const auto wanted =
      static_cast<std::uint64_t>(std::ceil(static_cast<double>(count()) * percent / 100));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kCells; ++i) {
    seen += cells_[i].load(std::memory_order_relaxed);
    // The last cell holds whatever is longer, so its end says nothing.
    if (seen > 0 && seen >= wanted)
      return i + 1 == kCells ? most() : std::min(upper_end(i), most());
  }
  return 0;
}

}  // namespace flotilla::tools::bench
