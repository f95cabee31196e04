#include "store/record_read.h"

#include "store/packing.h"

namespace flotilla::store {

MutableBytes RecordRead::room(std::size_t size) {
  if (room_.size() < size) room_ = AlignedBuffer(size);
  return room_.first(size);
}

bool RecordRead::complete_from(const RecordLog& log) {
  const MutableBytes to = room(extent_.size);
  if (!log.peek(wanted_.at, to)) return false;
  take(to);
  done_.store(true, std::memory_order_release);
  return true;
}

void RecordRead::take(MutableBytes stored) {
  auto image = find_wanted(stored, wanted_, extent_.key);
  if (!image) return;
  if ((image->flags & kPacked) != 0) {
    const auto size = unpacked_size(*image);
    if (!size) return;
    body_ = Buffer(*size);
    if (!unpack(*image, body_)) return;
  }
  image_ = image;
}

void RecordRead::complete(Result<std::size_t> skip) {
  failed_ = !skip;
  if (skip) {
    const MutableBytes stored = room_.part(*skip, extent_.size);
    const auto record = StoredRecord::parse(stored);
    if (record && record->checks_at(extent_.place)) take(stored);
  }
  done_.store(true, std::memory_order_release);
  if (wake_ != nullptr) (*wake_)();
}

std::optional<RecordImage> find_wanted(MutableBytes stored, const RecordWanted& wanted,
                                       const DataKey* key) {
  auto record = StoredRecord::parse(stored);
  if (!record || record->image.digest != wanted.digest || record->image.lsn != wanted.lsn)
    return std::nullopt;
  if (!decrypt(record->image, stored, key)) return std::nullopt;
  return record->image;
}

}  // namespace flotilla::store
