#include "log_recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace flotilla::store {
namespace {

constexpr std::uint32_t kMarkBatch = 64;     // Segments whose marks are asked for at once.
constexpr std::size_t kWindow = 8;           // Segments that are read or worked on at a time ...
constexpr std::size_t kTogether = 4;         // ... and how many of them are worked on at a time.
constexpr std::size_t kFoundAtOnce = 64;     // Records handed to the owner together.
constexpr std::size_t kRoomKept = 64 << 10;  // For the body of each of them that is compressed.
constexpr std::uint32_t kReadAlign = 4096;

bool blank(Bytes in) {
  return std::ranges::all_of(in, [](std::byte b) { return b == std::byte{0}; });
}

/// Of two readings of a segment's mark the one that counts.
bool newer(const SegmentMark& a, const SegmentMark& b) {
  return a.number != b.number ? a.number > b.number : a.state > b.state;
}

}  // namespace

LogRecovery::LogRecovery(const LogOptions& options, LogFileId id, SegmentTable& table,
                         LogOwner& owner, LogHost& host)
    : options_(options), id_(id), table_(table), owner_(owner), host_(host) {}

LogRecovery::Outcome LogRecovery::start(std::vector<IoRequest>& out) {
  if (id_.size < 3ULL * options_.segment_size) return refuse("it is smaller than three segments");
  buffer_ = AlignedBuffer(options_.segment_size);
  asked_ = 1;
  out.push_back({.kind = IoKind::Read, .offset = 0, .into = buffer_.first(options_.segment_size)});
  return Outcome::Pending;
}

LogRecovery::Outcome LogRecovery::refuse(std::string why) {
  refusal_ = std::move(why);
  return Outcome::Refused;
}

LogRecovery::Outcome LogRecovery::completed(const IoCompletion& completion,
                                            std::vector<IoRequest>& out) {
  const bool ok = completion.result.has_value();
  if (ok) report_.bytes_read += *completion.result;
  if (phase_ == Phase::Checkpoint)
    return advance_checkpoint(checkpoint_->completed(completion, out), out);
  FLOTILLA_CHECK(asked_ > 0);
  --asked_;
  if (phase_ == Phase::Header)
    return header_read(ok && *completion.result == options_.segment_size, out);
  if (phase_ == Phase::Segments) return segment_read(completion.token, ok, out);
  mark_failed_[completion.token] = !ok || *completion.result != header_.align;
  return asked_ == 0 ? marks_read(out) : Outcome::Pending;
}

LogRecovery::Outcome LogRecovery::header_read(bool ok, std::vector<IoRequest>& out) {
  if (!ok) return refuse("its beginning cannot be read");
  const MutableBytes image = buffer_.first(options_.segment_size);
  FileHeader copies[2];
  const FileHeader::State states[2] = {
      FileHeader::parse(image.first(kSectorSize), copies[0]),
      FileHeader::parse(image.subspan(kHeaderCopyAt, kSectorSize), copies[1])};
  using enum FileHeader::State;
  if (std::ranges::count(states, Newer) != 0)
    return refuse(fmt::format("it was written by a newer version (format {})",
                              std::max(copies[0].version, copies[1].version)));
  if (std::ranges::count(states, Valid) == 0) {
    if (blank(image)) {
      blank_ = true;
      return format(out);
    }
    return std::ranges::count(states, Foreign) == 2 || std::ranges::count(states, Damaged) == 0
               ? refuse("it holds something that is not a data file of ours")
               : refuse("both copies of its header are damaged");
  }
  const int best =
      states[0] == Valid && (states[1] != Valid || copies[0].sequence > copies[1].sequence) ? 0 : 1;
  const std::uint32_t other_at = best == 0 ? static_cast<std::uint32_t>(kHeaderCopyAt) : 0;
  if (states[1 - best] == Blank) {
    blank_header_at_ = other_at;
  } else if (states[1 - best] != Valid) {
    damaged_header(other_at);
  }
  both_headers_ = states[1 - best] == Valid;
  return accept(copies[best], out);
}

/// A file whose first segment is all zeros: ours to format, unless there are segments of ours in
/// it.
LogRecovery::Outcome LogRecovery::format(std::vector<IoRequest>& out) {
  header_.log_id = options_.fresh_id ^ (std::uint64_t{id_.index} << 56);
  header_.instance = options_.instance;
  header_.namespace_name = options_.namespace_name;
  header_.file_index = static_cast<std::uint16_t>(id_.index);
  header_.file_count = static_cast<std::uint16_t>(id_.count);
  header_.segment_size = options_.segment_size;
  header_.align = options_.align;
  header_.created = options_.created;
  if (options_.encryption != nullptr) {
    key_ = DataKey::make(*options_.encryption);
    header_.set_key(key_->wrap(header_.log_id, *options_.encryption));
    report_.cipher = key_->cipher();
  }
  report_.formatted = true;
  header_.segments = static_cast<std::uint32_t>(id_.size / header_.segment_size);
  table_.reset(header_.segments, header_.segment_size);
  if (!blank_) return finish();
  phase_ = Phase::Marks;
  return ask_marks(out);
}

std::string LogRecovery::mismatch(const FileHeader& found) const {
  if (found.namespace_name != options_.namespace_name)
    return fmt::format("it belongs to namespace {}", found.namespace_name);
  if (found.instance != options_.instance)
    return fmt::format("it belongs to another node, {}", to_hex(found.instance));
  if (found.file_count != id_.count)
    return fmt::format("it is one of {} files, and {} are configured", found.file_count, id_.count);
  if (found.file_index != id_.index)
    return fmt::format("it is file {} of its namespace, and configured as file {}",
                       found.file_index, id_.index);
  if (id_.size / found.segment_size < std::max(found.segments, 2U))
    return fmt::format("it has been cut: {} segments of {} are left", id_.size / found.segment_size,
                       found.segments);
  if (found.packs && !options_.packs)
    return "it may have compressed records, which only a namespace on a device reads";
  return {};
}

/// Of an encrypted file. Not empty: why it cannot be opened.
std::string LogRecovery::take_key(const FileHeader& found) {
  const Encryption* const with = options_.encryption;
  const bool encrypted = found.key.cipher != Cipher::None;
  if (!encrypted && with == nullptr) return {};
  if (!encrypted)
    return "it was formatted without encryption, and encryption-key-file is set: give the "
           "namespace an empty file, which other nodes or a backup fill";
  if (with == nullptr) return "it is encrypted, and no encryption-key-file is set";
  key_ = DataKey::unwrap(found.key, found.log_id, *with, with->key);
  if (key_ == nullptr && !with->old_key.empty()) {
    key_ = DataKey::unwrap(found.key, found.log_id, *with, with->old_key);
    report_.old_key = key_ != nullptr;
  }
  if (key_ == nullptr)
    return with->old_key.empty()
               ? "it is encrypted with another key than that of encryption-key-file"
               : "it is encrypted with another key than those of encryption-key-file and "
                 "encryption-old-key-file";
  report_.cipher = key_->cipher();
  return {};
}

LogRecovery::Outcome LogRecovery::accept(const FileHeader& found, std::vector<IoRequest>& out) {
  if (std::string why = mismatch(found); !why.empty()) return refuse(std::move(why));
  header_.boot = found.boot;
  header_.sequence = found.sequence;
  if (options_.start_empty) return format(out);
  if (std::string why = take_key(found); !why.empty()) return refuse(std::move(why));
  header_ = found;
  if (report_.old_key) header_.set_key(key_->wrap(header_.log_id, *options_.encryption));
  header_.segments = static_cast<std::uint32_t>(id_.size / header_.segment_size);
  report_.clean = found.clean;
  if (found.clean) durable_ = found.end;
  table_.reset(header_.segments, header_.segment_size);
  phase_ = Phase::Marks;
  return ask_marks(out);
}

LogRecovery::Outcome LogRecovery::ask_marks(std::vector<IoRequest>& out) {
  const std::uint32_t count = std::min(kMarkBatch, header_.segments - next_slot_);
  if (buffer_.size() < 2ULL * kMarkBatch * header_.align)
    buffer_ = AlignedBuffer(2ULL * kMarkBatch * header_.align);
  mark_failed_.assign(2ULL * count, false);
  asked_ = 2 * count;
  for (std::uint32_t i = 0; i < asked_; ++i) {
    const std::uint64_t start = std::uint64_t{next_slot_ + i / 2} * header_.segment_size;
    out.push_back({.kind = IoKind::Read,
                   .token = i,
                   .offset = i % 2 == 0 ? start : start + header_.segment_size - header_.align,
                   .into = buffer_.part(std::size_t{i} * header_.align, header_.align)});
  }
  return Outcome::Pending;
}

LogRecovery::Outcome LogRecovery::marks_read(std::vector<IoRequest>& out) {
  const auto count = static_cast<std::uint32_t>(mark_failed_.size() / 2);
  for (std::uint32_t i = 0; i < count; ++i)
    if (!blank_) {
      judge_marks(next_slot_ + i, 2UL * i);
    } else if (!may_be_overwritten(next_slot_ + i, 2UL * i)) {
      return refuse("its header is gone, and there are segments of ours behind it");
    }
  next_slot_ += count;
  if (next_slot_ < header_.segments) return ask_marks(out);
  if (blank_) return finish();
  return may_have_checkpoint() ? begin_checkpoint(out) : begin_segments(out);
}

/// The mark at `at` in the batch, unless it is of an earlier formatting or was written to the wrong
/// place.
SegmentMark::Reading LogRecovery::read_mark(std::uint32_t slot, std::size_t at, SegmentMark& mark) {
  using Reading = SegmentMark::Reading;
  if (mark_failed_[at]) return Reading::Damaged;
  const auto reading = SegmentMark::parse(buffer_.part(at * header_.align, header_.align), mark);
  const bool alien = mark.log_id != header_.log_id || mark.slot != slot;
  return reading == Reading::Valid && alien ? Reading::Blank : reading;
}

/// What stands where marks would be in a file without a header. False: it is ours.
bool LogRecovery::may_be_overwritten(std::uint32_t slot, std::size_t at) {
  for (std::size_t i = at; i < at + 2; ++i) {
    SegmentMark mark;
    const auto reading = SegmentMark::parse(buffer_.part(i * header_.align, header_.align), mark);
    if (reading == SegmentMark::Reading::Valid && !options_.start_empty) return false;
    if (reading != SegmentMark::Reading::Blank) remark_.insert(slot);
  }
  return true;
}

/// The two marks of a segment, `at` and behind it in the batch.
void LogRecovery::judge_marks(std::uint32_t slot, std::size_t at) {
  using Reading = SegmentMark::Reading;
  SegmentMark marks[2];
  const Reading readings[2] = {read_mark(slot, at, marks[0]), read_mark(slot, at + 1, marks[1])};
  const bool known = std::ranges::count(readings, Reading::Valid) != 0;
  const bool both = std::ranges::count(readings, Reading::Valid) == 2;
  const bool damage = std::ranges::count(readings, Reading::Damaged) != 0;
  if (!known && !damage) return;
  const bool head_counts = readings[0] == Reading::Valid && (!both || !newer(marks[1], marks[0]));
  const SegmentMark best = known ? marks[head_counts ? 0 : 1] : SegmentMark{};
  const SegmentMark& other = marks[head_counts ? 1 : 0];
  const bool alike = both && other.number == best.number && other.state == best.state;
  const std::uint32_t foot = header_.segment_size - header_.align;
  const MarkSuspect suspect{.slot = slot,
                            .number = best.number,
                            .offset = head_counts ? foot : 0,
                            .stale = both && other.number == best.number,
                            .freed = best.state == SegmentMark::State::Free};
  if (damage) {
    damaged_mark(suspect);
  } else if (!alike) {
    mark_suspects_.push_back(suspect);
  }
  if (known && !alike) remark_.insert(slot);
  table_[slot].number = best.number;
  durable_ = std::max(durable_, best.synced);
  end_ = std::max(end_, LogPoint{.segment = best.number});
  if (!known || best.state != SegmentMark::State::Free)
    used_.push_back({.slot = slot, .mark = best, .number_known = known});
}

void LogRecovery::damaged_mark(const MarkSuspect& suspect) {
  damaged({.what = LogDamage::What::Mark,
           .slot = suspect.slot,
           .segment = suspect.number,
           .offset = suspect.offset,
           .bytes = SegmentMark::kSize,
           .lost = 0});
}

// ------------------------------------------------------------------------------------------------
// from the checkpoint

/// Only if the header that names it is the newest one for sure, and of every segment it is known
/// how old it is.
bool LogRecovery::may_have_checkpoint() const {
  return options_.checkpoint && header_.checkpoint != 0 && both_headers_ &&
         std::ranges::all_of(used_, &Used::number_known);
}

LogRecovery::Outcome LogRecovery::begin_checkpoint(std::vector<IoRequest>& out) {
  phase_ = Phase::Checkpoint;
  std::vector<CheckpointReader::Used> used;
  for (const auto& [slot, mark, number_known] : used_)
    used.push_back({.slot = slot,
                    .number = mark.number,
                    .end = mark.end,
                    .sealed = mark.state == SegmentMark::State::Sealed});
  checkpoint_ = std::make_unique<CheckpointReader>(header_, id_, std::move(used), owner_, host_);
  return advance_checkpoint(checkpoint_->start(out), out);
}

LogRecovery::Outcome LogRecovery::advance_checkpoint(CheckpointReader::Outcome outcome,
                                                     std::vector<IoRequest>& out) {
  const std::uint64_t segment = header_.segment_size;
  bytes_.store(checkpoint_->size() * segment + young_bytes(), std::memory_order_relaxed);
  bytes_done_.store(checkpoint_->done() * segment, std::memory_order_relaxed);
  report_.records = checkpoint_->restored();
  if (outcome == CheckpointReader::Outcome::Pending) return Outcome::Pending;
  if (outcome == CheckpointReader::Outcome::Done) {
    take_checkpoint();
    return begin_segments(out);
  }
  report_.checkpoint_refused = checkpoint_->why();
  log_warning("storage", "{{{}}} file {}: its index checkpoint does not count, all is read: {}",
              options_.namespace_name, id_.index, report_.checkpoint_refused);
  if (checkpoint_->handed_over()) owner_.index_refused(id_.index);
  checkpoint_.reset();
  report_.records = 0;
  bytes_done_.store(0, std::memory_order_relaxed);
  return begin_segments(out);
}

/// What a scan of the segments that it speaks of would have come to. The others are left to be
/// scanned.
void LogRecovery::take_checkpoint() {
  const auto young = std::ranges::stable_partition(
      used_, [&](const Used& used) { return !checkpoint_->is_young(used.mark.number); });
  for (const Used& used : std::ranges::subrange(used_.begin(), young.begin())) {
    const SegmentMark& mark = used.mark;
    SegmentTable::Segment& segment = table_[used.slot];
    table_.occupy(used.slot, SegmentTable::State::Sealed);
    segment.end = mark.end;
    segment.torn_from = mark.torn_from;
    segment.records = mark.records;
    end_ = std::max(end_, LogPoint{.segment = mark.number, .offset = mark.end});
    ++report_.segments;
  }
  used_.erase(used_.begin(), young.begin());
  for (const CheckpointRoot::Segment& each : checkpoint_->standing()) {
    table_[each.slot].filled = each.filled;
    table_.add_live(each.slot, each.live);
  }
  standing_ = checkpoint_->taken();
  for (const std::uint32_t slot : standing_.slots)
    table_.occupy(slot, SegmentTable::State::Checkpoint);
  durable_ = std::max(durable_, LogPoint{.segment = standing_.young});
  report_.checkpoint = true;
  report_.checkpoint_records = checkpoint_->entries();
  report_.records = checkpoint_->entries();
  report_.tombstones = checkpoint_->tombstones();
  checkpoint_.reset();
}

std::uint64_t LogRecovery::young_bytes() const {
  std::uint64_t bytes = 0;
  for (const Used& used : used_)
    if (checkpoint_->is_young(used.mark.number)) bytes += size_of(used);
  return bytes;
}

LogProgress LogRecovery::progress() const {
  return {.bytes_done = bytes_done_.load(std::memory_order_relaxed),
          .bytes = bytes_.load(std::memory_order_relaxed)};
}

// ------------------------------------------------------------------------------------------------
// from the segments

std::uint32_t LogRecovery::size_of(const Used& used) const {
  const bool sealed = used.number_known && used.mark.state == SegmentMark::State::Sealed;
  return sealed ? std::min(align_up(used.mark.end, kReadAlign), header_.segment_size)
                : header_.segment_size;
}

LogRecovery::Outcome LogRecovery::begin_segments(std::vector<IoRequest>& out) {
  phase_ = Phase::Segments;
  std::uint64_t bytes = bytes_done_.load(std::memory_order_relaxed);  // Of the checkpoint.
  for (const Used& used : used_) bytes += size_of(used);
  bytes_.store(bytes, std::memory_order_relaxed);
  buffer_ = AlignedBuffer();
  window_ = std::vector<Segment>(std::min(kWindow, used_.size()));
  for (std::size_t i = 0; i < window_.size(); ++i) ask_segment(i, out);
  return window_.empty() ? finish() : Outcome::Pending;
}

/// Puts the next segment into this place of the window.
void LogRecovery::ask_segment(std::size_t window, std::vector<IoRequest>& out) {
  Segment& reading = window_[window];
  if (reading.buffer.size() == 0) reading.buffer = AlignedBuffer(header_.segment_size);
  reading.used = used_[next_used_++];
  reading.done = false;
  ++asked_;
  out.push_back({.kind = IoKind::Read,
                 .token = window,
                 .offset = std::uint64_t{reading.used.slot} * header_.segment_size,
                 .into = reading.buffer.first(size_of(reading.used))});
}

LogRecovery::Outcome LogRecovery::segment_read(std::size_t window, bool ok,
                                               std::vector<IoRequest>& out) {
  window_[window].done = true;
  window_[window].ok = ok;
  std::vector<Segment*> batch;
  for (Segment& reading : window_)
    if (reading.done) batch.push_back(&reading);
  if (batch.size() < kTogether && asked_ != 0) return Outcome::Pending;
  take_in(batch);
  for (Segment* const reading : batch) {
    reading->done = false;
    bytes_done_.fetch_add(size_of(reading->used), std::memory_order_relaxed);
    if (next_used_ < used_.size())
      ask_segment(static_cast<std::size_t>(reading - window_.data()), out);
  }
  return asked_ == 0 ? finish() : Outcome::Pending;
}

/// Checks what has been read, then hands it to the owner: both in parallel.
void LogRecovery::take_in(std::span<Segment* const> batch) {
  host_.in_parallel(static_cast<unsigned>(batch.size()), [&](unsigned i) { scan(*batch[i]); });
  for (Segment* const reading : batch) settle(*reading);
  host_.in_parallel(host_.parallel(), [&](unsigned part) {
    for (Segment* const reading : batch) hand_over(*reading, part);
  });
  for (Segment* const reading : batch)
    for (const auto& part : reading->unusable)
      for (const LogDamage& damage : part) damaged(damage);
}

/// The number of a segment that lost both marks: the newest of the units in it.
std::uint64_t LogRecovery::number_by_units(Bytes image) const {
  std::uint64_t number = 0;
  for (std::uint32_t at = header_.align; at < image.size(); at += header_.align) {
    const auto unit = UnitHeader::parse(image.subspan(at));
    if (unit && unit->log_id == header_.log_id && unit->offset == at)
      number = std::max(number, unit->segment);
  }
  return number;
}

void LogRecovery::scan(Segment& reading) const {
  const unsigned parts = host_.parallel();
  reading.records.resize(parts);
  for (auto& records : reading.records) records.clear();
  reading.unusable.assign(parts, {});
  reading.tombstones = 0;
  reading.filled = 0;
  reading.scan.records.clear();
  if (!reading.ok) return;
  const Bytes image = std::as_const(reading.buffer).part(0, header_.segment_size - header_.align);
  SegmentMark& mark = reading.used.mark;
  if (!reading.used.number_known) mark.number = number_by_units(image);
  if (mark.number == 0) return;  // Both marks are gone, and so are the units.
  const bool sealed = reading.is_sealed();
  const auto foot = static_cast<std::uint32_t>(image.size());
  scan_segment(image,
               {.log_id = header_.log_id,
                .number = mark.number,
                .align = header_.align,
                .end = sealed ? std::min(mark.end, foot) : foot,
                .sealed = sealed},
               reading.scan);
  for (const std::uint32_t at : reading.scan.records) {
    const auto record = StoredRecord::parse(image.subspan(at));
    FLOTILLA_CHECK(record.has_value());
    reading.filled += static_cast<std::uint32_t>(record->padded_size());
    if ((record->image.flags & kTombstone) != 0) ++reading.tombstones;
    // A file has every id_.count-th partition.
    const unsigned which = record->image.digest.partition().raw() / id_.count;
    reading.records[which % parts].push_back(at);
  }
}

/// Notes what a segment was found to hold, before its records are handed over.
void LogRecovery::settle(Segment& reading) {
  const Used& used = reading.used;
  const bool sealed = reading.is_sealed();
  if (!reading.ok) {
    damaged({.what = LogDamage::What::Unreadable,
             .slot = used.slot,
             .segment = used.mark.number,
             .bytes = header_.segment_size,
             .lost = sealed ? std::optional(used.mark.records) : std::nullopt});
    table_.occupy(used.slot, SegmentTable::State::Damaged);
    table_[used.slot].number = used.mark.number;
    return;
  }
  // Nothing to be had, nothing to be overwritten by mistake either.
  if (used.mark.number == 0 && !used.number_known) return;
  const SegmentScan& found = reading.scan;
  SegmentTable::Segment& segment = table_[used.slot];
  table_.occupy(used.slot, SegmentTable::State::Sealed);
  segment.number = used.mark.number;
  segment.end = found.end;
  segment.torn_from = sealed ? used.mark.torn_from : found.end;
  segment.records = sealed ? used.mark.records : static_cast<std::uint32_t>(found.records.size());
  segment.filled = reading.filled;
  table_.add_live(used.slot, reading.filled);
  if (!sealed) {
    unsealed_.push_back(used.slot);
    remark_.insert(used.slot);
  }
  durable_ = std::max(durable_, found.synced);
  end_ = std::max(end_, LogPoint{.segment = used.mark.number, .offset = found.end});
  if (sealed) count_lost(reading);
  for (const ScanGap& gap : found.gaps)
    suspects_.push_back({.number = used.mark.number,
                         .slot = used.slot,
                         .gap = gap,
                         .torn_before = sealed && gap.offset >= used.mark.torn_from});
  ++report_.segments;
  report_.units += found.units;
  report_.records += found.records.size();
  report_.tombstones += reading.tombstones;
}

/// Part of `part`'s thread: touches nothing of the others'.
void LogRecovery::hand_over(Segment& reading, unsigned part) {
  const std::uint32_t slot = reading.used.slot;
  const SegmentSlot where(id_.index << 24 | slot);
  const MutableBytes image = reading.buffer.first(header_.segment_size - header_.align);
  std::span<const std::uint32_t> left = reading.records[part];
  std::array<FoundRecord, kFoundAtOnce> room;
  std::array<std::uint32_t, kFoundAtOnce> sizes;
  thread_local std::array<Buffer, kFoundAtOnce> bodies;
  const auto unusable = [&](std::uint32_t offset, std::uint32_t size) {
    // It stays counted as live, so that its segment is kept.
    reading.unusable[part].push_back({.what = LogDamage::What::Unusable,
                                      .slot = slot,
                                      .segment = reading.used.mark.number,
                                      .offset = offset,
                                      .bytes = size,
                                      .lost = 1});
  };
  while (!left.empty()) {
    const std::size_t most = std::min(left.size(), kFoundAtOnce);
    std::size_t count = 0;
    for (const std::uint32_t offset : left.first(most)) {
      const auto record = StoredRecord::parse(image.subspan(offset));
      room[count] = {.image = record->image,
                     .at = {.segment = where,
                            .offset = offset,
                            .size = static_cast<std::uint32_t>(record->padded_size())}};
      sizes[count] = record->size;
      if (restore(room[count].image, image.subspan(offset), bodies[count])) {
        ++count;
      } else {
        unusable(offset, record->size);
      }
    }
    const std::span<FoundRecord> found = std::span(room).first(count);
    owner_.recovered_some(found);
    std::size_t old = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (found[i].verdict == Recovered::Old) old += found[i].at.size;
      if (found[i].verdict == Recovered::Unusable) unusable(found[i].at.offset, sizes[i]);
    }
    if (old != 0) table_.sub_live(slot, old);
    left = left.subspan(most);
  }
}

/// Decrypts it where it stands; of a record that is compressed, the body as it was, in `room`.
bool LogRecovery::restore(RecordImage& image, MutableBytes stored, Buffer& room) const {
  if (!decrypt(image, stored, key())) return false;
  if ((image.flags & kPacked) == 0) return true;
  const auto size = unpacked_size(image);
  if (!options_.packs || !size) return false;
  if (room.size() < *size || room.size() > std::max(*size, kRoomKept)) room = Buffer(*size);
  return unpack(image, MutableBytes(room).first(*size)).has_value();
}

/// A seal says how many records there were: so what is missing is known even where a unit's header
/// is lost.
void LogRecovery::count_lost(Segment& reading) {
  SegmentScan& scan = reading.scan;
  const std::uint32_t records = reading.used.mark.records;
  std::uint32_t missing =
      records - std::min(records, static_cast<std::uint32_t>(scan.records.size()));
  for (const ScanGap& gap : scan.gaps) missing -= std::min(missing, gap.lost.value_or(0));
  for (ScanGap& gap : scan.gaps)
    if (!gap.lost) gap.lost = std::exchange(missing, 0);
}

void LogRecovery::damaged_header(std::uint32_t offset) {
  damaged(
      {.what = LogDamage::What::Header, .offset = offset, .bytes = FileHeader::kSize, .lost = 0});
}

LogRecovery::Outcome LogRecovery::finish() {
  // A first start may have been cut off between the two copies, but then nothing was written yet.
  if (blank_header_at_ && !used_.empty()) damaged_header(*blank_header_at_);
  for (const MarkSuspect& suspect : mark_suspects_) {
    // Both marks are durable before anything behind them is; a crash may only part them before
    // that.
    if (suspect.stale && suspect.freed) continue;
    const bool apart =
        suspect.stale ? suspect.number < durable_.segment : suspect.number <= durable_.segment;
    if (apart) damaged_mark(suspect);
  }
  for (const Suspect& suspect : suspects_) judge(suspect);
  for (const std::uint32_t slot : unsealed_) judge_end(slot);
  const auto boot_seen = static_cast<std::uint32_t>(end_.segment >> 32);
  if (std::max(header_.boot, boot_seen) == UINT32_MAX) return refuse("its start count is used up");
  header_.boot = std::max(header_.boot, boot_seen) + 1;
  if (options_.packs && options_.tuning.packing.codec != Codec::None) header_.allow_packed();
  header_.sequence += 1;
  header_.clean = false;
  header_.end = {};
  // What did not count, or is not kept up, must not count later.
  if (standing_.slots.empty()) header_.checkpoint = 0;
  buffer_ = AlignedBuffer();
  window_.clear();
  return Outcome::Done;
}

void LogRecovery::judge(const Suspect& suspect) {
  const LogPoint from{.segment = suspect.number, .offset = suspect.gap.offset};
  const bool torn = suspect.torn_before || from >= durable_;
  damaged({.torn = torn,
           .slot = suspect.slot,
           .segment = suspect.number,
           .offset = suspect.gap.offset,
           .bytes = suspect.gap.bytes,
           .lost = suspect.gap.lost});
  if (!torn) return;
  SegmentTable::Segment& segment = table_[suspect.slot];
  segment.torn_from = std::min(segment.torn_from, suspect.gap.offset);
  // The next start must know that this is no new damage.
  if (!suspect.torn_before) remark_.insert(suspect.slot);
}

/// A segment without a seal: was more of it durable than there is?
void LogRecovery::judge_end(std::uint32_t slot) {
  const SegmentTable::Segment& segment = table_[slot];
  if (segment.number == durable_.segment && segment.end < durable_.offset)
    damaged({.slot = slot,
             .segment = segment.number,
             .offset = segment.end,
             .bytes = durable_.offset - segment.end});
  // Its seal is gone from both ends.
  if (segment.number < durable_.segment)
    damaged({.what = LogDamage::What::Mark,
             .slot = slot,
             .segment = segment.number,
             .bytes = SegmentMark::kSize});
}

void LogRecovery::damaged(LogDamage damage) {
  if (damage.torn) {
    ++report_.torn_places;
    report_.torn_records += damage.lost.value_or(0);
  } else {
    ++report_.damaged_places;
    report_.damaged_bytes += damage.bytes;
    report_.lost_records += damage.lost.value_or(0);
    if (!damage.lost) report_.lost_records_exact = false;
  }
  if (report_.damage.size() < LogReport::kPlacesMax) report_.damage.push_back(damage);
}

}  // namespace flotilla::store
