#include "store/lives.h"

#include <algorithm>

namespace flotilla::store {

Lives::Lives(std::uint32_t now, std::size_t buckets)
    : now_(now), buckets_(std::max<std::size_t>(buckets, 2)) {}

void Lives::add(std::uint32_t void_time) {
  const std::uint64_t left = void_time > now_ ? void_time - now_ : 0;
  while (left / width_ >= buckets_.size()) widen();
  ++buckets_[left / width_];
  ++count_;
}

void Lives::widen() {
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::uint64_t moved = buckets_[i];
    buckets_[i] = 0;
    buckets_[i / 2] += moved;
  }
  width_ *= 2;
}

std::uint32_t Lives::last_before(std::uint64_t left) const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(now_ + left - 1, UINT32_MAX));
}

std::optional<std::uint32_t> Lives::void_time_of(std::uint64_t wanted) const {
  std::uint64_t before = 0;
  std::uint64_t begin = 0;  // Of the bucket: seconds from now.
  for (const std::uint64_t in_bucket : buckets_) {
    const bool would_be_all = before + in_bucket == count_;
    if (would_be_all && before == 0) return std::nullopt;
    if (would_be_all) return last_before(begin);
    before += in_bucket;
    begin += width_;
    if (before >= wanted && before != 0) return last_before(begin);
  }
  return std::nullopt;
}

}  // namespace flotilla::store
