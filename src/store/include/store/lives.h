#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace flotilla::store {

/// Counts records by how long they still live, to tell how far eviction must go. The buckets are a
/// second wide at first, and twice as wide whenever a longer life comes. Not thread-safe.
class Lives {
 public:
  /// `now` as void-times are: seconds since 2010.
  Lives(std::uint32_t now, std::size_t buckets);

  /// Of a record that expires.
  void add(std::uint32_t void_time);
  std::uint64_t count() const { return count_; }

  /// A void-time that at least `wanted` records, and as few more as the buckets can tell, do not
  /// outlive. Never all of them: then fewer, or, where one bucket has all, nothing.
  std::optional<std::uint32_t> void_time_of(std::uint64_t wanted) const;

 private:
  void widen();
  std::uint32_t last_before(std::uint64_t left) const;

  std::uint32_t now_;
  std::uint64_t width_ = 1;  // Seconds.
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace flotilla::store
