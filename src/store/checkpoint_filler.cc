#include "checkpoint_filler.h"

namespace flotilla::store {

CheckpointFiller::CheckpointFiller(LogOwner& owner, const std::vector<bool>& covered,
                                   std::size_t first, std::size_t stride)
    : owner_(owner), covered_(covered), stride_(stride), partition_(first), live_(covered.size()) {}

/// What is left free at the end of a chunk aside.
std::size_t CheckpointFiller::chunks(LogOwner& owner, unsigned file, unsigned files,
                                     std::size_t room) {
  std::uint64_t bytes = 0;
  for (std::size_t id = file; id < wire::kPartitions; id += files) {
    const IndexHead head = owner.index_head(wire::PartitionId(static_cast<std::uint16_t>(id)));
    bytes += CheckpointChunk::kRunSize + CheckpointChunk::kEntrySize * std::uint64_t{head.records};
  }
  return bytes / room + 1;
}

void CheckpointFiller::start(MutableBytes room) {
  chunk_.start(room);
  begun_ = false;
}

CheckpointFiller::Progress CheckpointFiller::fill(std::size_t most) {
  for (std::size_t seen = 0; seen < most; ++seen) {
    if (partition_ >= wire::kPartitions) return Progress::Ended;
    if (!head_)
      head_ = owner_.index_head(wire::PartitionId(static_cast<std::uint16_t>(partition_)));
    if (head_->records == 0 && head_->last == Lsn{}) {
      to_next_partition();
      continue;
    }
    if (!begun_) begun_ = chunk_.begin_run(*head_);
    if (!begun_) return Progress::Full;
    for (; next_ < some_.size(); ++next_, ++seen) {
      const IndexedRecord& record = some_[next_];
      if (!covered_[record.at.slot()]) continue;
      if (!chunk_.add(record)) return Progress::Full;
      live_[record.at.slot()] += record.at.size;
    }
    owner_.index_below(head_->partition, below_ ? &*below_ : nullptr, some_);
    next_ = 0;
    if (some_.empty())
      to_next_partition();
    else
      below_ = some_.back().image.digest;
  }
  return Progress::More;
}

void CheckpointFiller::to_next_partition() {
  partition_ += stride_;
  head_.reset();
  begun_ = false;
  below_.reset();
}

}  // namespace flotilla::store
