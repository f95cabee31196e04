#include "info/census.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace flotilla::info {

Census::Census(std::uint32_t record_size_most)
    : size_width_(
          std::max<std::uint32_t>(1, static_cast<std::uint32_t>(record_size_most / kSizeBuckets))),
      size_linear_(kSizeBuckets) {}

void Census::add(std::uint32_t ttl, std::uint32_t size) {
  ++records_;
  ++size_log_[static_cast<std::size_t>(std::bit_width(size))];
  ++size_linear_[std::min<std::size_t>(size / size_width_, kSizeBuckets - 1)];
  if (ttl == 0) {
    ++without_expiry_;
    ++ttl_[0];
    return;
  }
  while (ttl / ttl_width_ >= kTtlBuckets) widen_ttl();
  ++ttl_[ttl / ttl_width_];
}

void Census::widen_ttl() {
  for (std::size_t i = 0; i < kTtlBuckets / 2; ++i) ttl_[i] = ttl_[2 * i] + ttl_[2 * i + 1];
  std::fill(ttl_.begin() + kTtlBuckets / 2, ttl_.end(), 0);
  ttl_width_ *= 2;
}

std::string Census::ttl_text() const {
  return fmt::format("units=seconds:hist-width={}:bucket-width={}:buckets={}",
                     ttl_width_ * kTtlBuckets, ttl_width_, fmt::join(ttl_, ","));
}

std::string Census::size_text() const {
  std::string out = "units=bytes";
  for (std::size_t i = 0; i < size_log_.size(); ++i) {
    if (size_log_[i] == 0) continue;
    const std::uint64_t from = i == 0 ? 0 : std::uint64_t{1} << (i - 1);
    fmt::format_to(std::back_inserter(out), ":[{}-{})={}", from, std::uint64_t{1} << i,
                   size_log_[i]);
  }
  return out;
}

std::string Census::size_linear_text() const {
  return fmt::format("units=bytes:hist-width={}:bucket-width={}:buckets={}",
                     std::uint64_t{size_width_} * kSizeBuckets, size_width_,
                     fmt::join(size_linear_, ","));
}

}  // namespace flotilla::info
