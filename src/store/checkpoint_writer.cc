#include "checkpoint_writer.h"

#include <algorithm>
#include <utility>

namespace flotilla::store {

CheckpointWriter::CheckpointWriter(Ground ground, LogOwner& owner, LogHost& host)
    : ground_(std::move(ground)), owner_(owner), host_(host) {
  found_.id = ground_.id;
  found_.segments = ground_.used;
}

CheckpointWriter::Outcome CheckpointWriter::start(std::vector<IoRequest>& out) {
  if (!has_room()) return Outcome::NoRoom;
  parts_ = std::vector<Part>(host_.parallel());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].buffer = AlignedBuffer(ground_.segment_size);
    parts_[i].partition = ground_.file + i * ground_.files;
  }
  return round(out);
}

/// Nothing is written that cannot become whole. What each part leaves free in its last chunk aside:
/// that is found out on the way.
bool CheckpointWriter::has_room() const {
  std::uint64_t bytes = 0;
  for (std::size_t id = ground_.file; id < wire::kPartitions; id += ground_.files)
    bytes += CheckpointChunk::kRunSize +
             CheckpointChunk::kEntrySize *
                 std::uint64_t{
                     owner_.index_head(wire::PartitionId(static_cast<std::uint16_t>(id))).records};
  return bytes / room() + 2 <= ground_.free.size();
}

CheckpointWriter::Outcome CheckpointWriter::written(std::vector<IoRequest>& out) {
  if (root_ != 0) return Outcome::Done;
  return round(out);
}

CheckpointWriter::Outcome CheckpointWriter::round(std::vector<IoRequest>& out) {
  host_.in_parallel(static_cast<unsigned>(parts_.size()), [&](unsigned i) { fill(parts_[i]); });
  bool more = false;
  for (Part& part : parts_) {
    if (part.chunk.empty()) continue;
    more = true;
    if (taken_ == ground_.free.size()) return Outcome::NoRoom;
    const std::uint32_t slot = ground_.free[taken_++];
    const auto index = static_cast<std::uint32_t>(found_.chunks.size());
    found_.chunks.push_back(slot);
    found_.entries += part.chunk.entries();
    write(slot, part.buffer, part.chunk.finish(ground_.id, index), out);
  }
  return more ? Outcome::Pending : write_root(out);
}

/// Makes the part's next chunk; an empty one when it has come to its end.
void CheckpointWriter::fill(Part& part) {
  part.chunk.start(part.buffer.part(ground_.align, room()));
  const std::size_t stride = std::size_t{ground_.files} * parts_.size();
  while (part.partition < wire::kPartitions && fill_partition(part)) {
    part.partition += stride;
    part.some.clear();
    part.next = 0;
    part.below.reset();
  }
}

/// False: the chunk is full, and the partition goes on in the next.
bool CheckpointWriter::fill_partition(Part& part) {
  const wire::PartitionId id(static_cast<std::uint16_t>(part.partition));
  const IndexHead head = owner_.index_head(id);
  if (head.records == 0 && head.last == Lsn{}) return true;
  if (!part.chunk.begin_run(head)) return false;
  for (;;) {
    if (part.next == part.some.size()) {
      owner_.index_below(id, part.below ? &*part.below : nullptr, part.some);
      part.next = 0;
      if (part.some.empty()) return true;
      part.below = part.some.back().image.digest;
    }
    if (!part.chunk.add(part.some[part.next])) return false;
    ++part.next;
  }
}

CheckpointWriter::Outcome CheckpointWriter::write_root(std::vector<IoRequest>& out) {
  if (taken_ == ground_.free.size() || found_.size() > room()) return Outcome::NoRoom;
  root_ = ground_.free[taken_++];
  AlignedBuffer& buffer = parts_.front().buffer;
  found_.encode(buffer.part(ground_.align, found_.size()));
  write(root_, buffer, found_.size(), out);
  return Outcome::Pending;
}

/// What stands in the buffer from `align` on.
void CheckpointWriter::write(std::uint32_t slot, AlignedBuffer& buffer, std::size_t size,
                             std::vector<IoRequest>& out) {
  const std::uint32_t whole = align_up(size, ground_.align);
  std::ranges::fill(buffer.part(ground_.align + size, whole - size), std::byte{0});
  bytes_ += whole;
  out.push_back({.kind = IoKind::Write,
                 .offset = std::uint64_t{slot} * ground_.segment_size + ground_.align,
                 .from = std::as_const(buffer).part(ground_.align, whole)});
}

}  // namespace flotilla::store
