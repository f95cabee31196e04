// What a namespace's index tells its log for a checkpoint, and how it comes back from one.
#include <mutex>

#include "base/check.h"
#include "store/namespace.h"

namespace flotilla::store {

IndexHead Namespace::index_head(wire::PartitionId id) const {
  Partition& partition = (*partitions_)[id.raw()];
  const std::scoped_lock write(partition.write);
  const std::scoped_lock lock(partition.index_lock);
  return {.partition = id,
          .last = partition.last_lsn,
          .records = static_cast<std::uint32_t>(partition.index.size())};
}

void Namespace::index_below(wire::PartitionId id, const wire::Digest* below,
                            std::vector<IndexedRecord>& out) const {
  out.clear();
  thread_local std::vector<MemoryRecord*> bucket;
  const Partition& partition = (*partitions_)[id.raw()];
  const std::scoped_lock lock(partition.index_lock);
  partition.index.next_below(below, bucket);
  for (const MemoryRecord* record : bucket)
    out.push_back({.image = image_in_memory(*record),
                   .body_size = record->head().body_size,
                   .at = place_of(record->head())});
}

bool Namespace::restore_index(const IndexHead& head, std::span<const IndexedRecord> records) {
  FLOTILLA_CHECK(on_device());
  Partition& partition = this->partition(head.partition);
  const std::scoped_lock lock(partition.index_lock);
  if (partition.index.size() == 0 && head.records != 0) partition.index.expect(head.records);
  Accounts accounts;
  const bool done = restore(partition, records, accounts);
  settle(accounts);
  partition.last_lsn = std::max(partition.last_lsn, head.last);
  return done;
}

bool Namespace::restore(Partition& partition, std::span<const IndexedRecord> records,
                        Accounts& accounts) {
  std::string_view name;
  SetId set{};
  HlcTime latest;
  for (const IndexedRecord& each : records) {
    const RecordImage& image = each.image;
    if (image.set != name) {
      const auto found = sets_.find_or_add(image.set);
      if (!found) return false;
      name = image.set;
      set = *found;
    }
    const RecordHead head{.digest = image.digest,
                          .lsn = image.lsn,
                          .last_update = image.last_update,
                          .void_time = image.void_time,
                          .body_size = each.body_size,
                          .at = each.at,
                          .set = set,
                          .generation = image.generation,
                          .flags = image.flags};
    MemoryRecord* const record = MemoryRecord::make(head, std::nullopt);
    FLOTILLA_CHECK(record != nullptr);
    partition.index.insert(record);
    account(head, 1, accounts);
    partition.last_lsn = std::max(partition.last_lsn, image.lsn);
    latest = std::max(latest, image.last_update);
  }
  clock_.saw(latest);
  return true;
}

void Namespace::forget_index(wire::PartitionId id) {
  Partition& partition = (*partitions_)[id.raw()];
  const std::scoped_lock lock(partition.index_lock);
  Accounts accounts;
  std::vector<MemoryRecord*> some;
  for (partition.index.next_below(nullptr, some); !some.empty();
       partition.index.next_below(nullptr, some)) {
    for (MemoryRecord* const record : some) {
      account(record->head(), -1, accounts);
      partition.index.erase(record->digest());
      MemoryRecord::release(record);
    }
  }
  settle(accounts);
  partition.last_lsn = Lsn{};
}

}  // namespace flotilla::store
