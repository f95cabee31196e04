#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "cluster/ids.h"

namespace flotilla::cluster {

/// When an item was set, by the cluster's hybrid clock, and on whose word.
struct Stamp {
  std::uint64_t hlc = 0;     // Milliseconds of WallTime << 16 | count.
  std::uint64_t leader = 0;  // Tag of the leader's epochs.

  friend auto operator<=>(const Stamp&, const Stamp&) = default;
  template <class A>
  void fields(A& a) {
    a(hlc, leader);
  }
};

/// One item of cluster-wide metadata as nodes exchange it and as it lies on disk.
struct Item {
  std::string module;
  std::string key;
  std::optional<Buffer> value;  // None: removed.
  Stamp stamp;

  friend bool operator==(const Item&, const Item&) = default;
  template <class A>
  void fields(A& a) {
    a(module, key, value, stamp);
  }
};

/// A clock that follows wall time and never falls behind a stamp it has seen, unless that is more
/// than ten seconds ahead: then the clock that made it was wrong.
class HybridClock {
 public:
  static constexpr std::uint64_t kAheadMaxMs = 10'000;

  /// A stamp above all before it.
  std::uint64_t next(std::uint64_t wall_ms);
  /// False: too far ahead, not followed.
  bool saw(std::uint64_t hlc, std::uint64_t wall_ms);
  std::uint64_t last() const { return last_; }
  static std::uint64_t ms(std::uint64_t hlc) { return hlc >> 16; }

 private:
  std::uint64_t last_ = 0;
};

/// Registers (module, key) -> value or removed; of two versions of one the higher stamp wins, so
/// the order of merging does not matter. Removals are kept, else an old holder would bring the item
/// back.
class Metadata {
 public:
  static constexpr std::size_t kKeyMax = 1024;
  static constexpr std::size_t kValueMax = 4 << 20;
  static constexpr std::size_t kRemovedMax = 64 << 10;  // Per module; then the oldest goes.

  /// True if the item was news.
  bool merge(const Item& item);
  /// The item with this value, stamped above its old version and above all that `clock` gave.
  Item stamped(Item item, std::uint64_t leader, std::uint64_t wall_ms, HybridClock& clock) const;

  const Buffer* get(const std::string& module, const std::string& key) const;
  std::vector<std::pair<std::string, Buffer>> list(const std::string& module) const;
  std::vector<Item> items() const;
  /// Equal for equal contents. Kept up to date by merge().
  std::uint64_t digest() const { return digest_; }

 private:
  struct Held {
    std::optional<Buffer> value;
    Stamp stamp;
  };
  void forget_oldest_removed(const std::string& module);

  std::map<std::pair<std::string, std::string>, Held> held_;
  std::map<std::string, std::size_t> removed_;
  std::uint64_t digest_ = 0;
};

}  // namespace flotilla::cluster
