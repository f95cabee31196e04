#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/memory_record.h"

namespace flotilla::store {

/// One set: its name, what it holds on this node, and its own settings. Never goes away. Numbers:
/// any thread.
struct Set {
  /// -1 among the settings: "not set here, the namespace's value holds".
  static constexpr std::int64_t kInherited = -1;
  static constexpr std::int64_t kNeverExpires = -2;

  std::string name;
  std::atomic<std::uint64_t> objects{0};
  std::atomic<std::uint64_t> tombstones{0};
  std::atomic<std::uint64_t> data_bytes{0};
  std::atomic<std::uint64_t> truncate_before{0};  // Raw HlcTime: older records are gone.

  std::atomic<std::int64_t> default_ttl{kInherited};  // Seconds.
  std::atomic<int> default_read_touch_ttl_pct{0};     // 0: the namespace's; -1: off.
  std::atomic<bool> disable_eviction{false};
  std::atomic<bool> enable_index{false};
  std::atomic<std::uint64_t> stop_writes_count{0};  // Records; 0: none.
  std::atomic<std::uint64_t> stop_writes_size{0};   // Bytes; 0: none.
};

/// The sets of a namespace, found by id without a lock, by name under a short one.
class SetTable {
 public:
  static constexpr std::size_t kSetsMost = 4095;
  static constexpr std::size_t kNameSizeMost = 63;

  SetTable();

  /// SetId 0 for the empty name; nothing when no such set exists yet.
  std::optional<SetId> find(std::string_view name) const;
  /// Parameter: too long a name, or too many sets.
  Result<SetId> find_or_add(std::string_view name);
  /// Must not be 0.
  Set& operator[](SetId id) const { return *sets_[id.raw()].load(std::memory_order_acquire); }
  /// Empty for 0.
  std::string_view name_of(SetId id) const {
    return id.raw() == 0 ? std::string_view{} : std::string_view{(*this)[id].name};
  }
  /// Ids 1 to count() exist.
  std::size_t count() const { return count_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;  // Guards by_name_ and owned_. Nothing else is locked under it.
  std::unordered_map<std::string_view, SetId> by_name_;
  std::vector<std::unique_ptr<Set>> owned_;
  std::array<std::atomic<Set*>, kSetsMost + 1> sets_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace flotilla::store
