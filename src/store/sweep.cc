#include "store/sweep.h"

#include <algorithm>

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

/// In records: what a look at a bucket costs, full or not, and a removal.
constexpr std::size_t kCostOfBucket = 4;
constexpr std::size_t kCostOfRemoval = 16;

}  // namespace

Sweep& Sweep::operator+=(const Sweep& other) {
  visited += other.visited;
  decided += other.decided;
  expired += other.expired;
  evicted += other.evicted;
  truncated += other.truncated;
  return *this;
}

SweepWalk::SweepWalk(Namespace& ns, WallTime begun, std::size_t life_buckets)
    : ns_(ns), lives_(begun.seconds(), life_buckets) {}

Sweep SweepWalk::step(WallTime now, std::size_t most) {
  Sweep part;
  std::size_t buckets = 0;
  while (!complete() &&
         part.visited + buckets * kCostOfBucket + part.removed() * kCostOfRemoval < most) {
    step_bucket(now, part);
    ++buckets;
  }
  sweep_ += part;
  return part;
}

double SweepWalk::done() const {
  // All of a partition have the 12 bits before these alike, and those above `below_` are visited.
  double left = 4096;
  if (below_)
    left = std::to_integer<unsigned>(below_->bytes[1] >> 4) << 8 |
           std::to_integer<unsigned>(below_->bytes[2]);
  return (partition_ + 1 - left / 4096) / wire::kPartitions;
}

void SweepWalk::step_bucket(WallTime now, Sweep& part) {
  Partition& partition = ns_.partition(wire::PartitionId(partition_));
  look_at_bucket(partition, now, part);
  const bool goes_on =
      !bucket_.empty() && std::ranges::all_of(gone_, [&](const wire::Digest& digest) {
        return remove_one(ns_, partition, digest, now, part);
      });
  if (goes_on) return;
  ++partition_;
  below_.reset();
}

void SweepWalk::look_at_bucket(Partition& partition, WallTime now, Sweep& part) {
  const bool decides = partition.listener == nullptr || partition.listener->decides();
  gone_.clear();
  const std::scoped_lock lock(partition.index_lock);
  partition.index.next_below(below_ ? &*below_ : nullptr, bucket_);
  for (const MemoryRecord* record : bucket_) {
    const RecordHead head = record->head();
    if (head.is_tombstone()) {
      if (ns_.log() == nullptr && partition.listener != nullptr) gone_.push_back(head.digest);
      continue;
    }
    ++part.visited;
    part.decided += decides ? 1 : 0;
    if (!ns_.visible(head, now.seconds()) || (decides && to_evict(ns_, head)))
      gone_.push_back(head.digest);
    else if (decides && ns_.evictable(head))
      lives_.add(head.void_time);
  }
  if (!bucket_.empty()) below_ = bucket_.back()->digest();
}

}  // namespace flotilla::store
