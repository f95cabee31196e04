#include "store/sweep.h"

#include <vector>

namespace flotilla::store {
namespace {

/// Removes the record if it still is as it was seen. False: the log takes nothing now.
bool remove_one(Namespace& ns, Partition& partition, const wire::Digest& digest, WallTime now,
                Sweep& sweep) {
  const std::scoped_lock write(partition.write);
  MemoryRecord* const record = partition.index.find(digest);
  if (record == nullptr || record->is_tombstone() || ns.visible(*record, now.seconds()))
    return true;
  if (ns.truncated(*record)) {
    // The cut-off itself is durable and hides every older copy, so nothing needs to be left behind.
    ns.drop(partition, record);
    ++sweep.truncated;
    return true;
  }
  ++sweep.expired;
  return ns.remove(partition, record, now).has_value();
}

}  // namespace

Sweep sweep_partition(Namespace& ns, wire::PartitionId id, WallTime now) {
  Sweep sweep;
  Partition& partition = ns.partition(id);
  std::vector<MemoryRecord*> bucket;
  std::vector<wire::Digest> gone;
  wire::Digest last;
  for (const wire::Digest* below = nullptr;; below = &last) {
    gone.clear();
    {
      const std::scoped_lock lock(partition.index_lock);
      partition.index.next_below(below, bucket);
      for (const MemoryRecord* record : bucket) {
        if (record->is_tombstone()) continue;
        ++sweep.visited;
        if (record->void_time == 0) ++sweep.never_expire;
        if (!ns.visible(*record, now.seconds())) gone.push_back(record->digest);
      }
      if (!bucket.empty()) last = bucket.back()->digest;
    }
    if (bucket.empty()) return sweep;
    for (const wire::Digest& digest : gone)
      if (!remove_one(ns, partition, digest, now, sweep)) return sweep;
  }
}

}  // namespace flotilla::store
