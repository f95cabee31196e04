#include "log_compactor.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "log_file.h"

namespace flotilla::store {
namespace {

using State = SegmentTable::State;

constexpr std::uint32_t kPieceMost = 1U << 20;  // Of a segment, read at once.
constexpr std::size_t kHandedMost = 64U << 10;  // Bytes of records handed over in one step.
constexpr Duration kRescuePause = std::chrono::seconds(1);
constexpr Duration kStuckPause = std::chrono::milliseconds(10);

}  // namespace

void LogCompactor::advance(Instant now, std::vector<IoRequest>& out) {
  stuck_ = false;
  free_emptied();
  rescue(now);
  if (gives_way()) return;
  if (work_ == Work::None) choose(now);
  if (work_ == Work::None) {
    next_.reset();
  } else if (phase_ == Phase::Handing) {
    hand_over();
    next_ = work_ == Work::None ? now + pause() : stuck_ ? now + kStuckPause : now;
  } else if (!reading_) {
    read_on(now, out);
  }
  free_emptied();
}

std::optional<Instant> LogCompactor::deadline() const {
  std::optional<Instant> next = reading_ ? std::nullopt : next_;
  if (const auto check = next_check(); work_ == Work::None && check)
    next = next ? std::min(*next, *check) : check;
  if (damaged_.empty()) return next;
  return next ? std::min(*next, next_rescue_) : next_rescue_;
}

/// What cannot be read may be in memory still, and is written again elsewhere.
void LogCompactor::rescue(Instant now) {
  if (damaged_.empty() || now < next_rescue_) return;
  next_rescue_ = now + kRescuePause;
  if (log_.owner_.segment_damaged(SegmentSlot(log_.id_.index << 24 | damaged_.back())))
    damaged_.pop_back();
}

/// A segment whose records are all superseded becomes free in three steps: what superseded them is
/// durable; the marks that say so are written; they are durable too. Only then can it be
/// overwritten, and only then can nothing in it ever come back.
void LogCompactor::free_emptied() {
  const std::scoped_lock lock(log_.mutex_);
  const std::uint64_t durable = log_.durable_.load(std::memory_order_relaxed);
  std::erase_if(emptied_, [&](const Emptied& emptied) {
    if (emptied.position > durable) return false;
    log_.table_[emptied.slot].state = State::Freeing;
    log_.queue_mark(emptied.slot, SegmentMark::State::Free);
    log_.freeing_.push_back(emptied.slot);
    return true;
  });
  const bool waiting = !emptied_.empty() || !log_.freeing_.empty();
  if (waiting && space_is_short()) log_.urgent_ = true;
  log_.reclaiming_ = waiting || !log_.sync_frees_.empty() || work_ == Work::Move ||
                     log_.checkpointer_.holds_space();
}

/// Whoever waits for a sync waits for all that is written before it. So compaction hands over no
/// more while a unit of its own waits to be written, or what is in proportion to what clients have
/// waiting; nor, unless they have a lot, while marks are written that the sync needs. There is a
/// completion to come.
bool LogCompactor::gives_way() const {
  constexpr std::uint64_t kShareMost = 4;  // A file that is four fifths full needs two to three.
  const std::scoped_lock lock(log_.mutex_);
  const std::uint64_t unit = log_.tuning_.flush_size;
  const std::uint64_t moved = log_.moved_waiting_;
  const std::uint64_t clients = log_.pending_bytes_ - moved;
  const bool marks = log_.marks_in_flight_ != 0 || !log_.marks_waiting_.empty();
  if (clients <= unit && log_.sync_wanted_ && marks) return true;
  return moved >= std::max(unit / 2, kShareMost * clients);
}

bool LogCompactor::space_is_short() const {
  return log_.table_.free_count() <= log_.few_segments();
}

/// The fewer segments are free, the shorter, so that writers meet no cliff.
Duration LogCompactor::pause() const {
  const std::scoped_lock lock(log_.mutex_);
  const std::uint64_t free = log_.table_.free_count();
  const std::uint64_t quarter = std::max<std::uint64_t>(1, log_.table_.size() / 4);
  if (space_is_short()) return Duration(0);
  const Duration whole = log_.tuning_.defrag_sleep;
  return free >= quarter
             ? whole
             : whole * static_cast<std::int64_t>(free) / static_cast<std::int64_t>(quarter);
}

// --------------------------------------------------------------------------------------- what to
// read

void LogCompactor::choose(Instant now) {
  if (pass_asked_.load(std::memory_order_relaxed) && !in_pass_) begin_pass();
  handed_ = 0;
  read_ = 0;
  phase_ = Phase::Reading;
  {
    const std::scoped_lock lock(log_.mutex_);
    // In turns, so that none keeps another waiting for ever.
    const bool check_first = !std::exchange(checked_last_, false) && !space_is_short();
    if (check_first && choose_segment_to_check(now)) return;
    const bool show_first = in_pass_ && moved_last_ && !space_is_short();
    if (show_first && choose_segment_to_show()) return;
    if (choose_segment_to_move() || choose_segment_to_show() || choose_segment_to_check(now))
      return;
  }
  if (std::exchange(pass_done_, false))
    log_info("storage", "{{{}}} file {}: all segments have been checked, {} places did not check",
             log_.options_.namespace_name, log_.id_.index, std::exchange(pass_errors_, 0));
  if (!in_pass_ || !to_show_.empty()) return;
  in_pass_ = false;
  log_.owner_.tombstone_pass_ends(log_.id_.index, pass_complete_);
}

bool LogCompactor::choose_segment_to_move() {
  SegmentTable& table = log_.table_;
  for (;;) {
    const bool is_short = space_is_short();
    std::optional<std::uint32_t> slot;
    if (table.listed() > log_.tuning_.defrag_queue_min || is_short)
      slot = table.take_emptiest_listed();
    if (!slot && is_short) slot = table.emptiest();
    if (!slot) return false;
    SegmentTable::Segment& segment = table[*slot];
    if (segment.live.load(std::memory_order_acquire) != 0) {
      segment.state = State::Moving;
      at_ = {.slot = *slot, .number = segment.number};
      size_ = to_read_ = segment.end;
      work_ = Work::Move;
      moved_last_ = true;
      return true;
    }
    segment.state = State::Empty;  // Nothing to read.
    emptied_.push_back({.slot = *slot, .position = log_.appended_});
  }
}

/// Which tombstones stand is settled before which segments there are: so every older copy of theirs
/// is in one of these.
void LogCompactor::begin_pass() {
  pass_asked_.store(false, std::memory_order_relaxed);
  if (!log_.owner_.tombstone_pass_begins(log_.id_.index)) return;
  const std::scoped_lock lock(log_.mutex_);
  if (log_.open_) log_.close_unit(true);
  log_.close_segment();
  in_pass_ = true;
  pass_complete_ = true;
  to_show_.clear();
  for (std::uint32_t slot = log_.table_.size() - 1; slot > 0; --slot)
    if (log_.table_[slot].has_records())
      to_show_.push_back({.slot = slot, .number = log_.table_[slot].number});
}

bool LogCompactor::choose_segment_to_show() {
  while (in_pass_ && !to_show_.empty()) {
    const Visit visit = to_show_.back();
    const SegmentTable::Segment& segment = log_.table_[visit.slot];
    // Still being written: come back when something has been.
    if (segment.number == visit.number && segment.state == State::Full) return false;
    to_show_.pop_back();
    if (segment.number != visit.number || !segment.has_records()) continue;
    // Not even recovery could read it.
    if (segment.end == 0) pass_complete_ = false;
    if (segment.end == 0) continue;
    at_ = visit;
    size_ = to_read_ = segment.end;
    work_ = Work::Show;
    moved_last_ = false;
    return true;
  }
  return false;
}

/// When the scrub takes its next step: from slot to slot, so that a pass takes its period however
/// full the file is.
std::optional<Instant> LogCompactor::next_check() const {
  const std::scoped_lock lock(log_.mutex_);
  const Duration period = log_.tuning_.scrub_period;
  if (period.count() == 0 || !checked_) return std::nullopt;
  return *checked_ + period / std::max<std::int64_t>(1, log_.table_.size() - 1);
}

/// The segment whose turn it is, if it is time.
std::optional<std::uint32_t> LogCompactor::due_for_check(Instant now) {
  SegmentTable& table = log_.table_;
  while (!log_.suspects_.empty()) {
    const std::uint32_t slot = log_.suspects_.back();
    log_.suspects_.pop_back();
    if (table[slot].state == State::Sealed) return slot;
  }
  const Duration period = log_.tuning_.scrub_period;
  const std::uint32_t slots = table.size() - 1;
  if (period.count() == 0 || slots == 0) return std::nullopt;
  if (!checked_) {
    checked_ = now;
    // So that passes which starts cut short do not all see the same part.
    check_slot_ = static_cast<std::uint32_t>(std::uint64_t{log_.header_.boot} * 0x9E3779B1 % slots);
  }
  if (now < *checked_ + period / slots) return std::nullopt;
  checked_ = now;
  if (++check_slot_ > slots) {
    check_slot_ = 1;
    ++log_.figures_.scrub_passes;
    pass_done_ = true;
  }
  if (table[check_slot_].state != State::Sealed) return std::nullopt;
  return check_slot_;
}

bool LogCompactor::choose_segment_to_check(Instant now) {
  // Marks that are on their way are not in the file yet.
  if (!log_.marks_waiting_.empty() || log_.marks_in_flight_ != 0) return false;
  const auto slot = due_for_check(now);
  if (!slot) return false;
  const SegmentTable::Segment& segment = log_.table_[*slot];
  at_ = {.slot = *slot, .number = segment.number};
  size_ = segment.end;
  to_read_ = log_.header_.segment_size;
  work_ = Work::Check;
  checked_last_ = true;
  return true;
}

// --------------------------------------------------------------------------------------------
// reading

void LogCompactor::read_on(Instant now, std::vector<IoRequest>& out) {
  if (read_ >= to_read_) {
    scan();
    next_ = now;
    return;
  }
  if (next_ && now < *next_) return;
  if (buffer_.size() < log_.header_.segment_size)
    buffer_ = AlignedBuffer(log_.header_.segment_size);
  const std::uint32_t piece = std::min(kPieceMost, align_up(to_read_, log_.header_.align) - read_);
  out.push_back({.kind = IoKind::Read,
                 .token = log_.token(LogFile::IoOf::Compactor, ++log_.serial_),
                 .offset = std::uint64_t{at_.slot} * log_.header_.segment_size + read_,
                 .into = buffer_.part(read_, piece)});
  read_ += piece;
  reading_ = true;
  next_ = now + pause();
}

void LogCompactor::completed(bool ok) {
  reading_ = false;
  if (ok) return;
  {
    const std::scoped_lock lock(log_.mutex_);
    ++log_.figures_.read_errors;
  }
  abandon();
}

/// A segment that cannot be read is kept as it is.
void LogCompactor::abandon() {
  log_warning("storage", "{{{}}} file {} segment {}: cannot be read", log_.options_.namespace_name,
              log_.id_.index, at_.slot);
  if (work_ == Work::Check) {
    const std::scoped_lock lock(log_.mutex_);
    note_checked(1);
  }
  pass_complete_ = false;
  if (work_ != Work::Show) finish_move();
  work_ = Work::None;
}

void LogCompactor::scan() {
  scan_segment(buffer_.first(size_),
               {.log_id = log_.header_.log_id,
                .number = at_.number,
                .align = log_.header_.align,
                .end = size_,
                .sealed = true},
               scan_);
  phase_ = Phase::Handing;
  if (work_ == Work::Check) return judge();
  const std::scoped_lock lock(log_.mutex_);
  if (work_ == Work::Move) ++log_.figures_.defrag_reads;
  // Freed on the way, and perhaps written anew: what was in it is gone for good.
  const SegmentTable::Segment& segment = log_.table_[at_.slot];
  if (work_ == Work::Show && (segment.number != at_.number || !segment.has_records()))
    scan_.records.clear();
}

/// Of a segment that was read to check it: what is intact is moved out of one that does not check.
/// What is not is missed then by finish_move().
void LogCompactor::judge() {
  std::vector<ScanGap> damaged;
  bool marks = false;
  {
    const std::scoped_lock lock(log_.mutex_);
    SegmentTable::Segment& segment = log_.table_[at_.slot];
    // Behind that a crash tore it, and nothing was lost.
    for (const ScanGap& gap : scan_.gaps)
      if (gap.offset < segment.torn_from) damaged.push_back(gap);
    marks = !marks_check();
    if (marks) log_.queue_mark(at_.slot, SegmentMark::State::Sealed);
    note_checked(damaged.size() + (marks ? 1 : 0));
    work_ = damaged.empty() ? Work::None : Work::Move;
    if (!damaged.empty()) segment.state = State::Moving;
  }
  const std::string& ns = log_.options_.namespace_name;
  for (const ScanGap& gap : damaged)
    log_warning("storage",
                "{{{}}} file {} segment {} (number {:x}) offset {}: {} bytes damaged, {} records",
                ns, log_.id_.index, at_.slot, at_.number, gap.offset, gap.bytes,
                gap.lost ? std::to_string(*gap.lost) : "an unknown number of");
  if (marks)
    log_warning("storage", "{{{}}} file {} segment {} (number {:x}): a mark was damaged", ns,
                log_.id_.index, at_.slot, at_.number);
}

bool LogCompactor::marks_check() const {
  const std::uint32_t foot = log_.header_.segment_size - log_.header_.align;
  return std::ranges::all_of(std::array{std::uint32_t{0}, foot}, [&](std::uint32_t offset) {
    SegmentMark mark;
    const auto reading = SegmentMark::parse(buffer_.part(offset, kSectorSize), mark);
    return reading == SegmentMark::Reading::Valid && mark.number == at_.number &&
           mark.log_id == log_.header_.log_id;
  });
}

void LogCompactor::note_checked(std::uint64_t errors) {
  ++log_.figures_.scrub_segments;
  log_.figures_.scrub_errors += errors;
  pass_errors_ += errors;
}

// --------------------------------------------------------------------------------------- handing
// over

void LogCompactor::hand_over() {
  const Bytes image = buffer_.first(size_);
  const SegmentSlot segment(log_.id_.index << 24 | at_.slot);
  std::uint64_t moved = 0;
  for (std::size_t bytes = 0; handed_ < scan_.records.size() && bytes < kHandedMost && !stuck_;) {
    const auto record = StoredRecord::parse(image.subspan(scan_.records[handed_]));
    FLOTILLA_CHECK(record.has_value());
    bytes += record->padded_size();
    // What is not encrypted in an encrypted file is none of ours, and must not become so.
    const bool encrypted = (record->image.flags & kEncrypted) != 0;
    if (work_ == Work::Show) {
      log_.owner_.tombstone_pass_saw(log_.id_.index, record->image);
    } else if (encrypted == (log_.key() != nullptr)) {
      const auto done = log_.owner_.relocate(record->image, segment);
      if (!done) {
        stuck_ = true;
        break;
      }
      moved += *done ? 1 : 0;
    }
    ++handed_;
  }
  if (moved != 0) {
    const std::scoped_lock lock(log_.mutex_);
    log_.figures_.defrag_moves += moved;
  }
  if (stuck_ || handed_ < scan_.records.size()) return;
  if (work_ == Work::Move) finish_move();
  work_ = Work::None;
}

void LogCompactor::finish_move() {
  std::uint32_t left = 0;
  {
    const std::scoped_lock lock(log_.mutex_);
    SegmentTable::Segment& segment = log_.table_[at_.slot];
    left = segment.live.load(std::memory_order_acquire);
    segment.state = left == 0 ? State::Empty : State::Damaged;
    if (left != 0) log_.damage_seen_ = true;
    if (left == 0) emptied_.push_back({.slot = at_.slot, .position = log_.appended_});
  }
  if (left == 0) return;
  log_warning("storage",
              "{{{}}} file {} segment {}: {} bytes of live records cannot be read from it",
              log_.options_.namespace_name, log_.id_.index, at_.slot, left);
  damaged_.push_back(at_.slot);
}

}  // namespace flotilla::store
