#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "store/record_read.h"

namespace flotilla::store {

/// The records of a namespace on a device whose stored copy cannot be read: from when that is found
/// until they are written again or are gone. Any thread; nothing else is locked inside.
class DamagedRecords {
 public:
  /// What is beyond is not noted: whoever reads it next finds it again.
  static constexpr std::size_t kMost = 1 << 16;

  /// Called when there is something for take_new(), perhaps under a partition's lock: must not
  /// block or call back. Null: nobody asks.
  void set_wake(std::function<void()> wake);

  enum class Noted : std::uint8_t { Now, Before, Not };  // Not: there are too many.
  Noted add(const RecordWanted& copy);
  /// Those that came since the last call.
  std::vector<RecordWanted> take_new();
  /// The record is written anew, or is no more. True: it was among these.
  bool forget(const wire::Digest& digest);
  /// Whether other copies may still have it, as far as they were asked.
  void set_hope(const wire::Digest& digest, bool hope);
  bool is_hoped_for(const wire::Digest& digest) const { return hope_for(digest) == true; }
  /// It is among these, and no other copy has it.
  bool is_given_up(const wire::Digest& digest) const { return hope_for(digest) == false; }
  bool contains(const wire::Digest& digest) const { return hope_for(digest).has_value(); }
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  /// Nothing: it is not among these.
  std::optional<bool> hope_for(const wire::Digest& digest) const;

  struct Damaged {
    RecordWanted copy;
    bool hope = true;
    bool is_new = true;
  };

  std::atomic<std::size_t> size_{0};
  mutable std::mutex mutex_;  // Guards what stands below.
  std::function<void()> wake_;
  std::map<wire::Digest, Damaged> records_;
};

}  // namespace flotilla::store
