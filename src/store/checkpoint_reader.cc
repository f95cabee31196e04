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

CheckpointReader::CheckpointReader(const FileHeader& header, LogFileId id,
                                   std::span<const Sealed> sealed, LogOwner& owner, LogHost& host)
    : header_(header),
      id_(id),
      sealed_(sealed.begin(), sealed.end()),
      owner_(owner),
      host_(host),
      ends_(header.segments) {
  for (const Sealed& each : sealed_) ends_[each.slot] = each.end;
  std::ranges::sort(sealed_, {}, &Sealed::slot);
}

CheckpointReader::Outcome CheckpointReader::start(std::vector<IoRequest>& out) {
  if (header_.checkpoint >= header_.segments || ends_[header_.checkpoint] != 0)
    return refuse("its root is where it cannot be");
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
  auto root = CheckpointRoot::parse(content(window_[0]),
                                    {.log_id = header_.log_id, .closing = header_.sequence});
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

/// A checkpoint is true of just the segments that it names: not one more, and not one less.
std::string_view CheckpointReader::mismatch() const {
  const auto is_free = [&](std::uint32_t slot) {
    return slot != 0 && slot < header_.segments && ends_[slot] == 0;
  };
  if (!std::ranges::all_of(root_.chunks, is_free)) return "its chunks are where they cannot be";
  const auto same = [](const CheckpointRoot::Segment& in_root, const Sealed& found) {
    return in_root.slot == found.slot && in_root.number == found.number &&
           in_root.filled <= found.end;
  };
  return std::ranges::equal(root_.segments, sealed_, same)
             ? std::string_view{}
             : "the segments are not those that it was made of";
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
  const CheckpointId id{.log_id = header_.log_id, .closing = header_.sequence};
  host_.in_parallel(static_cast<unsigned>(batch.size()), [&](unsigned i) {
    Reading& reading = *batch[i];
    if (reading.ok) reading.chunk = CheckpointChunk::parse(content(reading), id, reading.index);
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
  for (const Part& part : parts_)
    if (!part.why.empty()) refuse(part.why);
  for (const Reading* const reading : batch) restored_entries_ += reading->chunk->entries();
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
  for (std::size_t at = 0; part.why.empty() && (at < run.size() || at == 0);) {
    const std::size_t count = std::min(kRecordsAtOnce, run.size() - at);
    for (std::size_t i = 0; i < count; ++i) {
      IndexedRecord& record = some[i];
      if (!chunk.read(run, at + i, id_.index, record) || !fits(record, restored)) {
        part.why = "an entry is impossible";
        return false;
      }
      ++restored.records;
      restored.last = record.image.digest;
      part.live[record.at.segment.raw() & 0xFFFFFF] += record.at.size;
      if ((record.image.flags & kTombstone) != 0) ++part.tombstones;
    }
    if (!owner_.index_restored(run.head, std::span(some).first(count)))
      part.why = "its entries cannot be held";
    at += std::max<std::size_t>(count, 1);
  }
  return part.why.empty();
}

/// All runs of a partition say the same of it.
bool CheckpointReader::take_head(const IndexHead& head, Restored& restored) const {
  if (restored.head == IndexHead{} && restored.records == 0) restored.head = head;
  return restored.head == head;
}

bool CheckpointReader::fits(const IndexedRecord& record, const Restored& restored) const {
  const auto& [image, body_size, at] = record;
  const std::uint32_t slot = at.segment.raw() & 0xFFFFFF;
  const bool in_order = restored.records == 0 || image.digest < restored.last;
  if (!in_order || image.digest.partition() != restored.head.partition) return false;
  if (slot >= ends_.size() || restored.records == restored.head.records) return false;
  const std::uint32_t end = ends_[slot];
  return at.offset % StoredRecord::kAlign == 0 && at.size % StoredRecord::kAlign == 0 &&
         at.offset >= header_.align + UnitHeader::kSize && at.size >= StoredRecord::kHeaderSize &&
         at.size <= end && at.offset <= end - at.size;
}

/// What the file was closed with and what came of it must be the same to the byte.
CheckpointReader::Outcome CheckpointReader::finish() {
  std::uint64_t records = 0;
  for (const Restored& each : restored_) {
    records += each.records;
    if (each.records != each.head.records) return refuse("records of a partition are missing");
  }
  if (records != root_.entries) return refuse("its chunks have another number of entries");
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
