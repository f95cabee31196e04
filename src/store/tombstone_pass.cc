#include "store/tombstone_pass.h"

#include <algorithm>

namespace flotilla::store {

bool TombstonePass::begin(HlcTime made_before) {
  candidates_.clear();
  for (std::size_t id = file_; id < wire::kPartitions; id += files_) {
    if (candidates_.size() >= kCandidatesMost) break;
    ns_.for_each(wire::PartitionId(static_cast<std::uint16_t>(id)),
                 [&](const MemoryRecord& record) {
                   const RecordHead head = record.head();
                   if (head.is_tombstone() && head.last_update < made_before)
                     candidates_.push_back({.digest = head.digest, .lsn = head.lsn});
                 });
  }
  std::ranges::sort(candidates_, {}, &Candidate::digest);
  return !candidates_.empty();
}

void TombstonePass::saw(const RecordImage& image) {
  const auto found = std::ranges::lower_bound(candidates_, image.digest, {}, &Candidate::digest);
  if (found == candidates_.end() || found->digest != image.digest) return;
  if (image.lsn < found->lsn) found->hides = true;
}

std::uint64_t TombstonePass::end(bool complete) {
  std::uint64_t dropped = 0;
  if (complete) {
    for (const auto& [digest, lsn, hides] : candidates_) {
      if (hides) continue;
      Partition& partition = ns_.partition_of(digest);
      const std::scoped_lock write(partition.write);
      MemoryRecord* const record = partition.index.find(digest);
      if (record == nullptr) continue;
      const RecordHead head = record->head();
      if (!head.is_tombstone() || head.lsn != lsn) continue;
      if (partition.listener != nullptr && !partition.listener->may_forget(lsn)) continue;
      ns_.drop(partition, record);
      ++dropped;
    }
  }
  candidates_ = {};
  return dropped;
}

}  // namespace flotilla::store
