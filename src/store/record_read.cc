#include "store/record_read.h"

namespace flotilla::store {

MutableBytes RecordRead::room(std::size_t size) {
  if (room_.size() < size) room_ = AlignedBuffer(size);
  return room_.first(size);
}

bool RecordRead::complete_from(const RecordLog& log) {
  const MutableBytes to = room(extent_.size);
  if (!log.peek(wanted_.at, to)) return false;
  image_ = find_wanted(to, wanted_);
  done_.store(true, std::memory_order_release);
  return true;
}

void RecordRead::complete(Result<std::size_t> skip) {
  failed_ = !skip;
  if (skip) {
    const Bytes stored = room_.part(*skip, extent_.size);
    const auto record = StoredRecord::parse(stored);
    if (record && record->checks_at(extent_.place)) image_ = find_wanted(stored, wanted_);
  }
  done_.store(true, std::memory_order_release);
  if (wake_ != nullptr) (*wake_)();
}

std::optional<RecordImage> find_wanted(Bytes stored, const RecordWanted& wanted) {
  const auto record = StoredRecord::parse(stored);
  if (!record || record->image.digest != wanted.digest || record->image.lsn != wanted.lsn)
    return std::nullopt;
  return record->image;
}

}  // namespace flotilla::store
