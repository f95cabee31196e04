#pragma once

#include <map>
#include <optional>

#include "store/namespace.h"

namespace flotilla::sim {

/// A log in memory that keeps the newest copy of each record, for a namespace whose bodies are
/// nowhere else; and whoever wants to can damage one.
class BrittleLog final : public store::RecordLog, public store::RecordReader {
 public:
  Result<Place> append(const store::RecordImage& image) override {
    const store::RecordPlace at{.segment = store::SegmentSlot(1),
                                .offset = end_,
                                .size = static_cast<std::uint32_t>(store::stored_size(image))};
    end_ += at.size;
    Buffer& copy = copies_[at.offset];
    copy.resize(at.size);
    store::RecordEncoder(image).write(copy, extent(at).place);
    return Place{.at = at};
  }
  bool is_durable(store::LogPosition) const override { return true; }
  void released(const store::RecordPlace& at) override { copies_.erase(at.offset); }
  store::RecordExtent extent(const store::RecordPlace& at) const override {
    return {.offset = at.offset, .size = at.size, .place = {.segment = 1, .offset = at.offset}};
  }

  void submit(std::shared_ptr<store::RecordRead> read) override { carry_out(*read); }
  void carry_out(store::RecordRead& read) override {
    const auto copy = copies_.find(static_cast<std::uint32_t>(read.extent().offset));
    if (copy == copies_.end()) return read.complete(fail(Code::Unknown, "released"));
    std::ranges::copy(copy->second, read.room(copy->second.size()).begin());
    read.complete(std::size_t{0});
  }

  void damage(const store::RecordPlace& at) { copies_.at(at.offset).back() ^= std::byte{1}; }
  /// What stands there, without anybody noticing that it was looked at.
  std::optional<Buffer> body(const store::RecordWanted& wanted) const {
    const Buffer& copy = copies_.at(wanted.at.offset);
    const auto record = store::StoredRecord::parse(copy);
    if (!record || !record->checks_at(extent(wanted.at).place)) return std::nullopt;
    return Buffer(record->image.body.begin(), record->image.body.end());
  }

 private:
  std::map<std::uint32_t, Buffer> copies_;  // By offset.
  std::uint32_t end_ = 16;
};

}  // namespace flotilla::sim
