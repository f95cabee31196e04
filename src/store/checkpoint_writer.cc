#include "checkpoint_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace flotilla::store {

CheckpointWriter::CheckpointWriter(Ground ground, LogOwner& owner, LogHost& host)
    : ground_(std::move(ground)), owner_(owner), host_(host) {
  found_.id = ground_.id;
  found_.young = ground_.id.number;
  found_.segments = ground_.used;
  covered_.resize(ground_.segments);
  for (const CheckpointRoot::Segment& segment : found_.segments) covered_[segment.slot] = true;
}

CheckpointWriter::Outcome CheckpointWriter::start(std::vector<IoRequest>& out) {
  // Nothing is written that cannot become whole, its root included.
  const std::size_t chunks = CheckpointFiller::chunks(owner_, ground_.file, ground_.files, room());
  if (chunks + 1 > ground_.free.size()) return Outcome::NoRoom;
  const unsigned parts = host_.parallel();
  for (unsigned i = 0; i < parts; ++i)
    parts_.push_back({.buffer = AlignedBuffer(ground_.segment_size),
                      .filler = CheckpointFiller(owner_, covered_, ground_.file + i * ground_.files,
                                                 std::size_t{ground_.files} * parts)});
  return round(out);
}

CheckpointWriter::Outcome CheckpointWriter::written(std::vector<IoRequest>& out) {
  if (root_ != 0) return Outcome::Done;
  return round(out);
}

CheckpointWriter::Outcome CheckpointWriter::round(std::vector<IoRequest>& out) {
  host_.in_parallel(static_cast<unsigned>(parts_.size()), [&](unsigned i) {
    Part& part = parts_[i];
    part.filler.start(part.buffer.part(ground_.align, room()));
    part.filler.fill(std::numeric_limits<std::size_t>::max());
  });
  bool more = false;
  for (Part& part : parts_) {
    if (part.filler.empty()) continue;
    more = true;
    if (taken_ == ground_.free.size()) return Outcome::NoRoom;
    const std::uint32_t slot = ground_.free[taken_++];
    const auto index = static_cast<std::uint32_t>(found_.chunks.size());
    found_.chunks.push_back(slot);
    found_.entries += part.filler.entries();
    write(slot, part.buffer, part.filler.finish(ground_.id, index), out);
  }
  return more ? Outcome::Pending : write_root(out);
}

CheckpointWriter::Outcome CheckpointWriter::write_root(std::vector<IoRequest>& out) {
  if (taken_ == ground_.free.size() || found_.size() > room()) return Outcome::NoRoom;
  for (CheckpointRoot::Segment& segment : found_.segments)
    for (const Part& part : parts_) segment.live += part.filler.live()[segment.slot];
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
