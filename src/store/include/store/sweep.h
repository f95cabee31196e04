#pragma once

#include <cstdint>

#include "store/lives.h"
#include "store/namespace.h"

namespace flotilla::store {

/// What one walk over a partition found and did.
struct Sweep {
  std::uint64_t visited = 0;
  std::uint64_t decided = 0;    // Of them: this node decides when they go.
  std::uint64_t expired = 0;    // Removed, as a delete would.
  std::uint64_t evicted = 0;    // Likewise.
  std::uint64_t truncated = 0;  // Dropped.
  std::uint64_t never_expire = 0;
};

/// Removes what clients cannot see any more: expired records (where this node decides that: on
/// other copies they go when its tombstones arrive), truncated ones, and without a log the
/// tombstones that no other copy needs; and what is to be evicted. Counts in `lives` the records
/// that may be evicted, where this node decides. Locks the partition for one bucket at a time.
/// Errors of the log end the walk; the next one goes on.
Sweep sweep_partition(Namespace& ns, wire::PartitionId id, WallTime now, Lives& lives);

}  // namespace flotilla::store
