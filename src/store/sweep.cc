#include "store/sweep.h"

#include <vector>

namespace flotilla::store {
namespace {

/// A deleted record stays known for at least so long where no log keeps it longer: copies that were
/// cut off and changed the key meanwhile are compared with it.
constexpr std::uint64_t kTombstoneAgeMs = 60'000;

bool forgettable(const Namespace& ns, const Partition& partition, const RecordHead& record,
                 WallTime now) {
  return record.is_tombstone() && ns.log() == nullptr && partition.listener != nullptr &&
         record.last_update.ms() + kTombstoneAgeMs <= now.ms &&
         partition.listener->may_forget(record.lsn);
}

bool to_evict(const Namespace& ns, const RecordHead& record) {
  return record.void_time <= ns.evicted_until() && ns.evictable(record);
}

/// Removes the record if it still is as it was seen. False: the log takes nothing now.
bool remove_one(Namespace& ns, Partition& partition, const wire::Digest& digest, WallTime now,
                Sweep& sweep) {
  const std::scoped_lock write(partition.write);
  MemoryRecord* const record = partition.index.find(digest);
  if (record == nullptr) return true;
  const RecordHead head = record->head();
  const bool visible = ns.visible(head, now.seconds());
  if (visible && !to_evict(ns, head)) return true;
  if (head.is_tombstone()) {
    if (forgettable(ns, partition, head, now)) ns.drop(partition, record);
    return true;
  }
  if (ns.truncated(head)) {
    // The cut-off itself is durable and hides every older copy, so nothing needs to be left behind.
    ns.drop(partition, record);
    ++sweep.truncated;
    return true;
  }
  if (partition.listener != nullptr && !partition.listener->decides()) return true;
  ++(visible ? sweep.evicted : sweep.expired);
  return ns.remove(partition, record, now).has_value();
}

}  // namespace

Sweep sweep_partition(Namespace& ns, wire::PartitionId id, WallTime now, Lives& lives) {
  Sweep sweep;
  Partition& partition = ns.partition(id);
  const bool decides = partition.listener == nullptr || partition.listener->decides();
  std::vector<MemoryRecord*> bucket;
  std::vector<wire::Digest> gone;
  wire::Digest last;
  for (const wire::Digest* below = nullptr;; below = &last) {
    gone.clear();
    {
      const std::scoped_lock lock(partition.index_lock);
      partition.index.next_below(below, bucket);
      for (const MemoryRecord* record : bucket) {
        const RecordHead head = record->head();
        if (head.is_tombstone()) {
          if (ns.log() == nullptr && partition.listener != nullptr) gone.push_back(head.digest);
          continue;
        }
        ++sweep.visited;
        sweep.decided += decides ? 1 : 0;
        if (head.void_time == 0) ++sweep.never_expire;
        if (!ns.visible(head, now.seconds()) || (decides && to_evict(ns, head)))
          gone.push_back(head.digest);
        else if (decides && ns.evictable(head))
          lives.add(head.void_time);
      }
      if (!bucket.empty()) last = bucket.back()->digest();
    }
    if (bucket.empty()) return sweep;
    for (const wire::Digest& digest : gone)
      if (!remove_one(ns, partition, digest, now, sweep)) return sweep;
  }
}

}  // namespace flotilla::store
