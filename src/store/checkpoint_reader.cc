#include "checkpoint_reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace flotilla::store {
namespace {

constexpr std::size_t kWindow = 8;          // Segments that are read or worked on at a time ...
constexpr std::size_t kTogether = 4;        // ... and how many of them are worked on at a time.
constexpr std::size_t kRecordsAtOnce = 64;  // Handed to the owner together.

}  // namespace

CheckpointReader::CheckpointReader(const FileHeader& header, LogFileId id, std::vector<Used> used,
                                   LogOwner& owner, LogHost& host)
    : header_(header),
      id_(id),
      used_(std::move(used)),
      owner_(owner),
      host_(host),
      ends_(header.segments) {
  std::ranges::sort(used_, {}, &Used::slot);
}

/// Whether nothing else is in this segment.
bool CheckpointReader::may_be_in(std::uint32_t slot) const {
  return slot != 0 && slot < header_.segments &&
         !std::ranges::binary_search(used_, slot, {}, &Used::slot);
}

CheckpointReader::Outcome CheckpointReader::start(std::vector<IoRequest>& out) {
  if (!may_be_in(header_.checkpoint)) return refuse("its root is where it cannot be");
  window_ = std::vector<Reading>(1);
  ask(0, header_.checkpoint, out);
  return Outcome::Pending;
}

/// From its start, so that the read is of whole blocks.
void CheckpointReader::ask(std::size_t window, std::uint32_t slot, std::vector<IoRequest>& out) {
  Reading& reading = window_[window];
  if (reading.buffer.size() == 0) reading.buffer = AlignedBuffer(header_.segment_size);
  reading.done = false;
  ++asked_;
  out.push_back({.kind = IoKind::Read,
                 .token = window,
                 .offset = std::uint64_t{slot} * header_.segment_size,
                 .into = reading.buffer.first(header_.segment_size)});
}

Bytes CheckpointReader::content(const Reading& reading) const {
  return reading.buffer.part(header_.align, header_.segment_size - 2 * std::size_t{header_.align});
}

CheckpointReader::Outcome CheckpointReader::completed(const IoCompletion& completion,
                                                      std::vector<IoRequest>& out) {
  FLOTILLA_CHECK(asked_ > 0);
  --asked_;
  const bool ok = completion.result && *completion.result == header_.segment_size;
  return root_known_ ? chunk_read(completion.token, ok, out) : root_read(ok, out);
}

/// The first reason counts.
CheckpointReader::Outcome CheckpointReader::refuse(std::string_view why) {
  if (why_.empty()) why_ = why;
  return asked_ == 0 ? Outcome::Refused : Outcome::Pending;
}

CheckpointReader::Outcome CheckpointReader::root_read(bool ok, std::vector<IoRequest>& out) {
  if (!ok) return refuse("its root cannot be read");
  auto root = CheckpointRoot::parse(content(window_[0]), header_.log_id);
  if (!root) return refuse("its root is damaged");
  root_ = std::move(*root);
  root_known_ = true;
  if (const std::string_view why = mismatch(); !why.empty()) return refuse(why);
  size_.store(static_cast<std::uint32_t>(root_.chunks.size()), std::memory_order_relaxed);
  parts_ = std::vector<Part>(host_.parallel());
  for (Part& part : parts_) part.live.resize(header_.segments);
  window_ = std::vector<Reading>(std::min(kWindow, root_.chunks.size()));
  for (std::size_t i = 0; i < window_.size(); ++i) ask_next(i, out);
  return window_.empty() ? finish() : Outcome::Pending;
}

/// Whatever is in use and not young the checkpoint must speak of. What it speaks of may have been
/// freed since, and written anew.
std::string_view CheckpointReader::mismatch() {
  if (!std::ranges::all_of(root_.chunks, [&](std::uint32_t slot) { return may_be_in(slot); }))
    return "its chunks are where they cannot be";
  if (!segments_are_possible()) return "its segments are impossible";
  for (const Used& used : used_) {
    if (is_young(used.number)) continue;
    const auto known =
        std::ranges::lower_bound(root_.segments, used.slot, {}, &CheckpointRoot::Segment::slot);
    const bool same = known != root_.segments.end() && known->slot == used.slot &&
                      known->number == used.number && known->filled <= used.end;
    if (!same || !used.sealed) return "the segments are not those that it was made of";
    ends_[used.slot] = used.end;
    standing_.push_back(*known);
  }
  return {};
}

bool CheckpointReader::segments_are_possible() const {
  const auto possible = [&](const CheckpointRoot::Segment& each) {
    return each.slot < header_.segments && !is_young(each.number);
  };
  const auto disorder = std::ranges::adjacent_find(root_.segments, std::ranges::greater_equal{},
                                                   &CheckpointRoot::Segment::slot);
  return disorder == root_.segments.end() && std::ranges::all_of(root_.segments, possible);
}

StandingCheckpoint CheckpointReader::taken() const {
  StandingCheckpoint out{.slots = {header_.checkpoint}, .young = root_.young};
  out.slots.insert(out.slots.end(), root_.chunks.begin(), root_.chunks.end());
  return out;
}

void CheckpointReader::ask_next(std::size_t window, std::vector<IoRequest>& out) {
  window_[window].index = next_chunk_;
  ask(window, root_.chunks[next_chunk_++], out);
}

CheckpointReader::Outcome CheckpointReader::chunk_read(std::size_t window, bool ok,
                                                       std::vector<IoRequest>& out) {
  window_[window].done = true;
  window_[window].ok = ok;
  if (!why_.empty()) return refuse(why_);
  std::vector<Reading*> batch;
  for (Reading& reading : window_)
    if (reading.done) batch.push_back(&reading);
  if (batch.size() < kTogether && asked_ != 0) return Outcome::Pending;
  // A partition goes on from one chunk to a later one.
  std::ranges::sort(batch, {}, &Reading::index);
  const std::uint32_t first = done_.load(std::memory_order_relaxed);
  const auto in_order = std::ranges::find_if(
      batch, [&, at = first](const Reading* reading) mutable { return reading->index != at++; });
  batch.erase(in_order, batch.end());
  take_in(batch);
  done_.fetch_add(static_cast<std::uint32_t>(batch.size()), std::memory_order_relaxed);
  if (!why_.empty()) return refuse(why_);
  for (Reading* const reading : batch) {
    reading->done = false;
    if (next_chunk_ < root_.chunks.size())
      ask_next(static_cast<std::size_t>(reading - window_.data()), out);
  }
  return asked_ == 0 ? finish() : Outcome::Pending;
}

void CheckpointReader::take_in(std::span<Reading* const> batch) {
  host_.in_parallel(static_cast<unsigned>(batch.size()), [&](unsigned i) {
    Reading& reading = *batch[i];
    if (reading.ok)
      reading.chunk = CheckpointChunk::parse(content(reading), root_.id, reading.index);
  });
  for (const Reading* const reading : batch) {
    if (!reading->ok) refuse("a chunk cannot be read");
    if (!reading->chunk) refuse("a chunk is damaged");
  }
  if (!why_.empty()) return;
  handed_over_ = handed_over_ || !batch.empty();
  host_.in_parallel(static_cast<unsigned>(parts_.size()), [&](unsigned part) {
    for (const Reading* const reading : batch) hand_over(*reading->chunk, part);
  });
  restored_entries_ = 0;
  for (const Part& part : parts_) {
    if (!part.why.empty()) refuse(part.why);
    restored_entries_ += part.entries;
  }
  for (const Reading* const reading : batch) read_entries_ += reading->chunk->entries();
}

/// Part of `part`'s thread: touches nothing of the others'.
void CheckpointReader::hand_over(const CheckpointChunk& chunk, unsigned part) {
  Part& mine = parts_[part];
  for (const CheckpointChunk::Run& run : chunk.runs()) {
    // A file has every id_.count-th partition.
    const unsigned partition = run.head.partition.raw();
    if (partition / id_.count % parts_.size() != part) continue;
    const bool here = partition < wire::kPartitions && partition % id_.count == id_.index;
    if (!here) mine.why = "it has a partition of another file";
    if (!mine.why.empty() || !hand_over(chunk, run, mine)) return;
  }
}

bool CheckpointReader::hand_over(const CheckpointChunk& chunk, const CheckpointChunk::Run& run,
                                 Part& part) {
  Restored& restored = restored_[run.head.partition.raw()];
  if (!take_head(run.head, restored)) part.why = "a partition is two different ones";
  std::array<IndexedRecord, kRecordsAtOnce> some;
  std::size_t count = 0;
  const auto give = [&] {
    if (!owner_.index_restored(run.head, std::span(some).first(std::exchange(count, 0))))
      part.why = "its entries cannot be held";
  };
  for (std::size_t i = 0; i < run.size() && part.why.empty(); ++i) {
    IndexedRecord& record = some[count];
    if (!chunk.read(run, i, id_.index, record) || !fits(record, restored)) {
      part.why = "an entry is impossible";
      return false;
    }
    const std::uint32_t slot = record.at.slot();
    part.live[slot] += record.at.size;
    if (ends_[slot] == 0) continue;  // Its segment does not stand any more.
    ++part.entries;
    if ((record.image.flags & kTombstone) != 0) ++part.tombstones;
    if (++count == some.size()) give();
  }
  if (part.why.empty()) give();
  return part.why.empty();
}

/// All runs of a partition say the same of it.
bool CheckpointReader::take_head(const IndexHead& head, Restored& restored) const {
  if (restored.head == IndexHead{} && !restored.last) restored.head = head;
  return restored.head == head;
}

/// Notes it as the last one of its partition.
bool CheckpointReader::fits(const IndexedRecord& record, Restored& restored) const {
  const auto& [image, body_size, at] = record;
  const bool in_order = !restored.last || image.digest < *restored.last;
  restored.last = image.digest;
  if (!in_order || image.digest.partition() != restored.head.partition) return false;
  const std::uint32_t slot = record.at.slot();
  if (slot >= ends_.size()) return false;
  const std::uint32_t end = ends_[slot];
  if (end == 0) return true;
  return at.offset % StoredRecord::kAlign == 0 && at.size % StoredRecord::kAlign == 0 &&
         at.offset >= header_.align + UnitHeader::kSize && at.size >= StoredRecord::kHeaderSize &&
         at.size <= end && at.offset <= end - at.size;
}

/// What was written and what came of it must be the same to the byte.
CheckpointReader::Outcome CheckpointReader::finish() {
  if (read_entries_ != root_.entries) return refuse("its chunks have another number of entries");
  for (const CheckpointRoot::Segment& segment : root_.segments) {
    std::uint64_t live = 0;
    for (const Part& part : parts_) live += part.live[segment.slot];
    if (live != segment.live || live > segment.filled)
      return refuse("its entries are not what the segments had of live bytes");
  }
  for (const Part& part : parts_) tombstones_ += part.tombstones;
  window_.clear();
  return Outcome::Done;
}

}  // namespace flotilla::store
