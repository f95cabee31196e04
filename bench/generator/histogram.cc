#include "generator/histogram.h"

#include <bit>
#include <cmath>

namespace flotilla::bench {

void Histogram::clear() {
  counts_.fill(0);
  total_ = 0;
}

std::uint64_t Histogram::quantile(double share) const {
  if (total_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted && seen > 0) return upper_edge(bucket);
  }
  return upper_edge(kBuckets - 1);
}

// Values below 2^(kSubBits + 1) have a bucket each; above, the leading kSubBits + 1 bits choose it.
std::size_t Histogram::bucket_of(std::uint64_t ns) {
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  if (width <= kSubBits + 1) return static_cast<std::size_t>(ns);
  const unsigned shift = width - kSubBits - 1;
  return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(ns >> shift);
}

std::uint64_t Histogram::upper_edge(std::size_t bucket) {
  if (bucket < (std::size_t{2} << kSubBits)) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t lead =
      (bucket & ((std::size_t{1} << kSubBits) - 1)) | (std::size_t{1} << kSubBits);
  return (lead << shift) + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace flotilla::bench
