#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/lives.h"
#include "store/namespace.h"

namespace flotilla::store {

/// What a walk, or a part of it, found and did.
struct Sweep {
  std::uint64_t visited = 0;
  std::uint64_t decided = 0;    // Of them: this node decides when they go.
  std::uint64_t expired = 0;    // Removed, as a delete would.
  std::uint64_t evicted = 0;    // Likewise.
  std::uint64_t truncated = 0;  // Dropped.

  std::uint64_t removed() const { return expired + evicted + truncated; }
  Sweep& operator+=(const Sweep& other);
};

/// One walk over a namespace, in parts, that removes what clients cannot see any more: expired
/// records (where this node decides that: on other copies they go when its tombstones arrive),
/// truncated ones, and without a log the tombstones that no other copy needs; and what is to be
/// evicted. Counts the lives of records that may be evicted, where this node decides.
///
/// Partitions are locked for one bucket at a time. Any thread, one at a time.
class SweepWalk {
 public:
  /// `life_buckets`: see Lives. The namespace outlives the walk.
  SweepWalk(Namespace& ns, WallTime begun, std::size_t life_buckets);

  /// Goes on by about `most` records; what is removed, and what was never there, counts too. What
  /// this part did. An error of the log ends the walk over that partition; the next walk goes on.
  Sweep step(WallTime now, std::size_t most);
  bool complete() const { return partition_ == wire::kPartitions; }
  /// How much of the walk is done, 0 to 1, as digests lie.
  double done() const;

  const Sweep& sweep() const { return sweep_; }
  const Lives& lives() const { return lives_; }

 private:
  void step_bucket(WallTime now, Sweep& part);
  void look_at_bucket(Partition& partition, WallTime now, Sweep& part);

  Namespace& ns_;
  Lives lives_;
  Sweep sweep_;
  std::uint16_t partition_ = 0;        // wire::kPartitions: complete.
  std::optional<wire::Digest> below_;  // In it; none: from the top.
  std::vector<MemoryRecord*> bucket_;
  std::vector<wire::Digest> gone_;
};

}  // namespace flotilla::store
