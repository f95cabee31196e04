#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace flotilla::info {

/// Sizes and remaining lives of records, counted in one walk over them. Not thread-safe; a finished
/// one is a value.
class Census {
 public:
  /// `record_size_most` bounds the linear histogram of sizes: max-record-size.
  explicit Census(std::uint32_t record_size_most = 1 << 20);

  /// `ttl`: seconds left, 0: never expires.
  void add(std::uint32_t ttl, std::uint32_t size);
  std::uint64_t records() const { return records_; }
  std::uint64_t without_expiry() const { return without_expiry_; }

  /// "units=seconds:hist-width=W:bucket-width=B:buckets=n,n,..."; records that never expire are in
  /// the first bucket.
  std::string ttl_text() const;
  /// "units=bytes:[64-128)=N:[128-256)=N", buckets that hold something.
  std::string size_text() const;
  /// "units=bytes:hist-width=W:bucket-width=B:buckets=n,n,..."
  std::string size_linear_text() const;

 private:
  static constexpr std::size_t kTtlBuckets = 100;
  static constexpr std::size_t kSizeBuckets = 1024;

  void widen_ttl();

  std::uint64_t records_ = 0;
  std::uint64_t without_expiry_ = 0;
  // The range is not known beforehand: the width doubles, and neighbours join, whenever a record
  // does not fit.
  std::uint64_t ttl_width_ = 1;
  std::array<std::uint64_t, kTtlBuckets> ttl_{};
  std::array<std::uint64_t, 33> size_log_{};
  std::uint32_t size_width_;
  std::vector<std::uint64_t> size_linear_;
};

}  // namespace flotilla::info
