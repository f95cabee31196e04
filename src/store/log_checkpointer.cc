#include "log_checkpointer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "log_file.h"

namespace flotilla::store {
namespace {

constexpr std::int64_t kShare = 4;    // Of the period that it may take.
constexpr std::uint32_t kSpare = 16;  // Of all segments stay free beside it, at first.
constexpr std::uint32_t kPieceMost = 128U << 10;
constexpr Duration kPauseMost = std::chrono::milliseconds(50);

}  // namespace

void LogCheckpointer::advance(Instant now, std::vector<IoRequest>& out) {
  if (log_.checkpoint_in_flight_ != 0) return;
  switch (phase_) {
    case Phase::Idle:
      return consider(now);
    case Phase::Filling:
    case Phase::Writing:
      if (is_unwanted()) return abandon();
      if (now < go_on_ || gives_way()) return;
      go_on_ = now + pause_;
      return phase_ == Phase::Filling ? fill() : write_next(out);
    case Phase::Settling:
      if (by_sync_ == Covered::Yes && log_.marks_in_flight_ == 0) name(next_);
      return;
    case Phase::Naming:
      if (by_sync_ == Covered::Yes) named();
  }
}

std::optional<Instant> LogCheckpointer::deadline() const {
  if (log_.checkpoint_in_flight_ != 0) return std::nullopt;
  if (gives_way()) return std::nullopt;
  if (phase_ == Phase::Filling || phase_ == Phase::Writing) return go_on_;
  if (phase_ != Phase::Idle || !considered_ || period().count() == 0) return std::nullopt;
  return *considered_ + period();
}

// ----------------------------------------------------------------------------------------------
// whether to

/// Whoever waits for a sync waits for all that is written before it: for one piece, at most. There
/// is a completion to come.
bool LogCheckpointer::gives_way() const {
  return phase_ == Phase::Writing && (log_.sync_wanted_ || log_.sync_in_flight_);
}

/// 0: none is taken.
Duration LogCheckpointer::period() const {
  const std::scoped_lock lock(log_.mutex_);
  return log_.options_.checkpoint ? log_.tuning_.checkpoint_period : Duration(0);
}

void LogCheckpointer::consider(Instant now) {
  if (!considered_) considered_ = now;
  const bool is_due = period().count() != 0 && now >= *considered_ + period();
  // Asks the owner, who locks partitions.
  const std::size_t needed =
      is_due ? CheckpointFiller::chunks(log_.owner_, log_.id_.index, log_.id_.count, room()) + 1
             : 0;
  switch (choose(needed)) {
    case Choice::Wait:
      return;
    case Choice::GiveUp:
      return name({});
    case Choice::Skip:
      considered_ = now;
      return;
    case Choice::Begin:
      considered_ = now;
      return begin(now, needed);
  }
}

/// `needed`: segments for a new one; 0: it is not time for that.
LogCheckpointer::Choice LogCheckpointer::choose(std::size_t needed) const {
  if (!standing_.slots.empty() && is_unwanted())
    return log_.marks_in_flight_ == 0 ? Choice::GiveUp : Choice::Wait;
  if (needed == 0) return Choice::Wait;
  const std::scoped_lock lock(log_.mutex_);
  if (!log_.why_no_checkpoint().empty() || young_segments() < needed) return Choice::Skip;
  const std::size_t free = log_.table_.free_count();
  const std::size_t least = needed + log_.few_segments() + log_.table_.size() / kSpare + 1;
  if (free >= least) return Choice::Begin;
  // There is no room for both. It is the new one's turn once the old one is gone.
  if (standing_.slots.empty() || free + standing_.slots.size() < least) return Choice::Skip;
  return log_.marks_in_flight_ == 0 ? Choice::GiveUp : Choice::Wait;
}

/// Clients need the space; or the next start is to read all, and to find the damage.
bool LogCheckpointer::is_unwanted() const {
  const std::scoped_lock lock(log_.mutex_);
  return log_.damage_seen_ || log_.table_.free_count() <= log_.few_segments();
}

/// What a start now would read beside a checkpoint.
std::size_t LogCheckpointer::young_segments() const {
  std::size_t count = 0;
  for (std::uint32_t slot = 1; slot < log_.table_.size(); ++slot) {
    const SegmentTable::Segment& segment = log_.table_[slot];
    count += segment.has_records() && segment.number >= standing_.young ? 1 : 0;
  }
  return count;
}

// ----------------------------------------------------------------------------------------------
// taking it

void LogCheckpointer::begin(Instant now, std::size_t needed) {
  const std::scoped_lock lock(log_.mutex_);
  const SegmentTable& table = log_.table_;
  log_.damage_seen_ = false;
  root_ = {};
  root_.id = {.log_id = log_.header_.log_id, .number = log_.take_number()};
  // All that is appended from now on goes to the segment that is open now, or to later ones.
  root_.young = log_.segment_slot_ != 0 ? table[log_.segment_slot_].number : root_.id.number;
  next_ = {.slots = {}, .young = root_.young};
  covered_.assign(table.size(), false);
  for (std::uint32_t slot = 1; slot < table.size(); ++slot) {
    const SegmentTable::Segment& segment = table[slot];
    if (!segment.has_records() || segment.number >= root_.young) continue;
    covered_[slot] = true;
    root_.segments.push_back({.slot = slot, .number = segment.number});
  }
  filler_.emplace(log_.owner_, covered_, log_.id_.index, log_.id_.count);
  filled_ = false;
  buffer_ = AlignedBuffer(log_.header_.segment_size);
  filler_->start(buffer_.part(log_.header_.align, room()));
  piece_ = align_up(std::clamp(log_.tuning_.flush_size / 8, 512U, kPieceMost), log_.header_.align);
  const std::size_t steps = 2 * needed * (log_.header_.segment_size / piece_ + 1);
  pause_ = std::min(kPauseMost,
                    log_.tuning_.checkpoint_period / kShare / static_cast<std::int64_t>(steps));
  go_on_ = now;
  phase_ = Phase::Filling;
}

std::size_t LogCheckpointer::room() const {
  return log_.header_.segment_size - 2 * std::size_t{log_.header_.align};
}

void LogCheckpointer::fill() {
  const auto progress = filler_->fill(piece_ / CheckpointChunk::kEntrySize);
  if (progress == CheckpointFiller::Progress::More) return;
  filled_ = progress == CheckpointFiller::Progress::Ended;
  if (filler_->empty()) return write_root();
  const auto slot = take_slot();
  if (!slot) return abandon();
  root_.entries += filler_->entries();
  const auto index = static_cast<std::uint32_t>(root_.chunks.size());
  root_.chunks.push_back(*slot);
  write_buffer(*slot, filler_->finish(root_.id, index));
}

std::optional<std::uint32_t> LogCheckpointer::take_slot() {
  const std::scoped_lock lock(log_.mutex_);
  const auto slot = log_.table_.take_for_checkpoint();
  if (slot) next_.slots.push_back(*slot);
  return slot;
}

/// What stands in the buffer from `align` on.
void LogCheckpointer::write_buffer(std::uint32_t slot, std::size_t size) {
  const std::uint32_t align = log_.header_.align;
  slot_ = slot;
  size_ = align_up(size, align);
  written_ = 0;
  std::ranges::fill(buffer_.part(align + size, size_ - size), std::byte{0});
  phase_ = Phase::Writing;
}

void LogCheckpointer::write_next(std::vector<IoRequest>& out) {
  if (written_ == size_) return written();
  const std::uint32_t at = log_.header_.align + written_;
  const std::uint32_t piece = std::min(piece_, size_ - written_);
  written_ += piece;
  ++log_.checkpoint_in_flight_;
  out.push_back({.kind = IoKind::Write,
                 .token = log_.token(LogFile::IoOf::Checkpoint, ++log_.serial_),
                 .offset = std::uint64_t{slot_} * log_.header_.segment_size + at,
                 .from = std::as_const(buffer_).part(at, piece)});
}

/// All that stands in the buffer.
void LogCheckpointer::written() {
  if (!filler_) return settle();
  if (filled_) return write_root();
  filler_->start(buffer_.part(log_.header_.align, room()));
  phase_ = Phase::Filling;
}

/// Speaks of no segment that was written anew meanwhile: entries that name one were of its earlier
/// life, and superseded; or are of this one, which is young.
void LogCheckpointer::write_root() {
  {
    const std::scoped_lock lock(log_.mutex_);
    std::erase_if(root_.segments, [&](CheckpointRoot::Segment& each) {
      const SegmentTable::Segment& now = log_.table_[each.slot];
      each.filled = now.filled;
      each.live = filler_->live()[each.slot];
      return !now.has_records() || now.number != each.number;
    });
  }
  filler_.reset();
  const auto slot = root_.size() <= room() ? take_slot() : std::nullopt;
  if (!slot) return abandon();
  std::ranges::rotate(next_.slots, next_.slots.end() - 1);  // The root's comes first.
  root_.encode(buffer_.part(log_.header_.align, root_.size()));
  write_buffer(*slot, root_.size());
}

void LogCheckpointer::settle() {
  const std::scoped_lock lock(log_.mutex_);
  settled_at_ = log_.appended_;
  log_.urgent_ = true;
  by_sync_ = Covered::No;
  phase_ = Phase::Settling;
}

void LogCheckpointer::abandon() {
  {
    const std::scoped_lock lock(log_.mutex_);
    for (const std::uint32_t slot : next_.slots) log_.table_.make_free(slot);
  }
  next_ = {};
  filler_.reset();
  buffer_ = {};
  phase_ = Phase::Idle;
}

void LogCheckpointer::stop() {
  if (phase_ != Phase::Idle && phase_ != Phase::Naming) abandon();
}

// ----------------------------------------------------------------------------------------------
// from then on it counts

void LogCheckpointer::sync_begins() {
  const bool settles = phase_ == Phase::Settling && log_.written_ >= settled_at_;
  if (settles || phase_ == Phase::Naming) by_sync_ = Covered::UnderWay;
}

void LogCheckpointer::sync_ends() {
  if (by_sync_ == Covered::UnderWay) by_sync_ = Covered::Yes;
}

/// No other header may be under way.
void LogCheckpointer::name(const StandingCheckpoint& next) {
  next_ = next;
  buffer_ = {};
  by_sync_ = Covered::No;
  phase_ = Phase::Naming;
  const std::scoped_lock lock(log_.mutex_);
  log_.header_.checkpoint = next_.slots.empty() ? 0 : next_.slots.front();
  ++log_.header_.sequence;
  log_.write_headers(1);
  log_.sync_wanted_ = true;
}

void LogCheckpointer::named() {
  {
    const std::scoped_lock lock(log_.mutex_);
    for (const std::uint32_t slot : standing_.slots) log_.table_.make_free(slot);
    if (!next_.slots.empty()) ++log_.figures_.checkpoints;
  }
  standing_ = std::exchange(next_, {});
  phase_ = Phase::Idle;
  if (standing_.slots.empty()) {
    log_info("storage", "{{{}}} file {}: its index checkpoint is given up",
             log_.options_.namespace_name, log_.id_.index);
  } else {
    log_info("storage", "{{{}}} file {}: index checkpoint of {} records in {} segments",
             log_.options_.namespace_name, log_.id_.index, root_.entries, standing_.slots.size());
  }
}

}  // namespace flotilla::store
