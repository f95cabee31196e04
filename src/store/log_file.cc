// The half of LogFile that its stepping thread runs: opening, flushing, closing.
#include "log_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace flotilla::store {

LogFile::LogFile(const LogOptions& options, LogFileId id, LogOwner& owner, LogHost& host)
    : options_(options),
      id_(id),
      owner_(owner),
      host_(host),
      tuning_(options.tuning),
      compactor_(*this),
      checkpointer_(*this) {
  recovery_ = std::make_unique<LogRecovery>(options_, id_, table_, owner_, host_);
}

LogFile::~LogFile() = default;

std::span<const IoRequest> LogFile::step(Instant now, const Log::Event& event) {
  now_ = now;
  out_.clear();
  const auto* const completion = std::get_if<IoCompletion>(&event);
  if (!begun_) {
    begun_ = true;
    started_ = said_ = now;
    recover(nullptr);
  } else if (completion != nullptr) {
    completed(*completion);
  }
  if (state() == Log::State::Recovering) finish_opening();
  if (state() == Log::State::Ready) {
    if (closing_ == Closing::No) {
      compactor_.advance(now, out_);
      checkpointer_.advance(now, out_);
    }
    if (closing_ <= Closing::Flushing) flush();
    advance_closing();
  }
  return out_;
}

std::optional<Instant> LogFile::deadline() const {
  if (state() != Log::State::Ready) return std::nullopt;
  std::optional<Instant> at;
  const auto by = [&](std::optional<Instant> other) {
    if (other) at = at ? std::min(*at, *other) : *other;
  };
  if (closing_ == Closing::No) {
    by(compactor_.deadline());
    by(checkpointer_.deadline());
  }
  const std::scoped_lock lock(mutex_);
  if (unflushed_since_ && tuning_.flush_max.count() != 0) by(*unflushed_since_ + flush_budget());
  return at;
}

void LogFile::completed(const IoCompletion& completion) {
  const auto of = static_cast<IoOf>(completion.token >> 56);
  if (of == IoOf::Recovery) return recover(&completion);
  if (of == IoOf::Compactor) return compactor_.completed(completion.result.has_value());
  if (state() == Log::State::Failed) return;
  if (!completion.result) {
    return fail_for_good(of == IoOf::Sync ? "a sync failed" : "a write failed");
  }
  switch (of) {
    case IoOf::Unit:
      return unit_written(completion.token);
    case IoOf::Sync:
      return synced();
    case IoOf::Checkpoint:
      FLOTILLA_CHECK(checkpoint_in_flight_ > 0);
      --checkpoint_in_flight_;
      return;
    default:
      FLOTILLA_CHECK(marks_in_flight_ > 0);
      if (--marks_in_flight_ == 0) marks_writing_.clear();
  }
}

// ----------------------------------------------------------------------------------------------
// opening

void LogFile::recover(const IoCompletion* completion) {
  const std::size_t before = out_.size();
  IoCompletion mine;
  if (completion != nullptr) {
    mine = *completion;
    mine.token &= (1ULL << 56) - 1;
  }
  const auto outcome =
      completion == nullptr ? recovery_->start(out_) : recovery_->completed(mine, out_);
  for (std::size_t i = before; i < out_.size(); ++i)
    out_[i].token = token(IoOf::Recovery, out_[i].token);
  if (outcome != LogRecovery::Outcome::Pending) return opened(outcome);
  report_progress();
}

void LogFile::report_progress() {
  constexpr Duration kBetween = std::chrono::seconds(1);
  const LogProgress progress = recovery_->progress();
  if (progress.bytes == 0 || now_ - said_ < kBetween) return;
  said_ = now_;
  constexpr std::uint64_t kMib = 1U << 20;
  const std::string text =
      fmt::format("{{{}}} file {}: {} % read back, {} of {} MiB, {} records",
                  options_.namespace_name, id_.index, progress.bytes_done * 100 / progress.bytes,
                  progress.bytes_done / kMib, progress.bytes / kMib, recovery_->report().records);
  log_info("storage", "{}", text);
  owner_.reads_back(text);
}

void LogFile::opened(LogRecovery::Outcome outcome) {
  if (outcome == LogRecovery::Outcome::Refused) {
    refusal_ = recovery_->refusal();
    log_warning("storage", "{{{}}} file {} refused: {}", options_.namespace_name, id_.index,
                refusal_);
    state_.store(Log::State::Refused, std::memory_order_release);
    return;
  }
  recovery_->report().took = now_ - started_;
  report_recovery();
  const std::scoped_lock lock(mutex_);
  header_ = recovery_->header();
  synced_point_ = recovery_->durable();
  forget_old_key_ = recovery_->report().old_key;
  if (header_.packs) packs_ = Packs::Yes;  // Written before the first append.
  retune_locked(tuning_);
  for (const std::uint32_t slot : recovery_->remark()) {
    const auto state = table_[slot].state;
    if (state == SegmentTable::State::Damaged) continue;
    queue_mark(slot,
               table_[slot].has_records() ? SegmentMark::State::Sealed : SegmentMark::State::Free);
  }
  checkpointer_.opened(recovery_->standing());
  for (std::uint32_t slot = 1; slot < table_.size(); ++slot) list_if_empty_enough(slot);
  write_headers(recovery_->report().formatted ? 2 : 1);
  opening_ = Opening::Writing;
}

/// Recovered records may have been in nothing but the page cache, and appends rely on the new boot
/// count: one sync makes both durable before the first of them.
void LogFile::finish_opening() {
  if (opening_ != Opening::Writing || marks_in_flight_ != 0) return;
  const std::scoped_lock lock(mutex_);
  if (!marks_waiting_.empty()) return write_marks();
  opening_ = Opening::Syncing;
  out_.push_back({.kind = IoKind::Sync, .token = token(IoOf::Sync, ++serial_)});
}

void LogFile::report_recovery() const {
  const LogReport& report = recovery_->report();
  const std::string& ns = options_.namespace_name;
  log_info("storage",
           "{{{}}} file {}: {} records ({} tombstones) in {} segments, {} bytes read{}{}{}", ns,
           id_.index, report.records, report.tombstones, report.segments, report.bytes_read,
           report.formatted ? ", new" : "", report.clean ? ", was closed cleanly" : "",
           report.checkpoint
               ? fmt::format(", {} of them from the index checkpoint", report.checkpoint_records)
               : std::string());
  report_encryption();
  constexpr std::size_t kLinesMax = 100;
  std::size_t lines = 0;
  for (const LogDamage& place : report.damage) {
    if (++lines > kLinesMax) break;
    log(place.torn ? LogLevel::Info : LogLevel::Warning, "storage",
        "{{{}}} file {} segment {} (number {:x}) offset {}: {} bytes {}, {} records lost", ns,
        id_.index, place.slot, place.segment, place.offset, place.bytes,
        place.torn ? "torn by the last crash" : "damaged",
        place.lost ? std::to_string(*place.lost) : "an unknown number of");
  }
  if (report.damaged_places != 0)
    log_warning("storage", "{{{}}} file {}: {} damaged places, {} bytes, {}{} records lost", ns,
                id_.index, report.damaged_places, report.damaged_bytes,
                report.lost_records_exact ? "" : "at least ", report.lost_records);
}

void LogFile::report_encryption() const {
  const Cipher cipher = recovery_->report().cipher;
  if (cipher == Cipher::None) return;
  log_info("storage", "{{{}}} file {}: encrypted with {}", options_.namespace_name, id_.index,
           name_of(cipher));
  if (cipher != options_.encryption->cipher)
    log_warning("storage", "{{{}}} file {}: it stays so; {} is for files that are new",
                options_.namespace_name, id_.index, name_of(options_.encryption->cipher));
}

/// The newest copy goes to the place of the oldest: sequence modulo 2.
void LogFile::write_headers(unsigned copies) {
  header_buffer_ = AlignedBuffer(2 * AlignedBuffer::kAlign);
  for (unsigned i = 0; i < copies; ++i) {
    if (i > 0) ++header_.sequence;
    const unsigned copy = header_.sequence % 2;
    const MutableBytes block = header_buffer_.part(copy * AlignedBuffer::kAlign, header_.align);
    std::ranges::fill(block, std::byte{0});
    header_.encode(block.first(kSectorSize));
    ++marks_in_flight_;
    out_.push_back({.kind = IoKind::Write,
                    .token = token(IoOf::Header, ++serial_),
                    .offset = copy * kHeaderCopyAt,
                    .from = block});
  }
}

// ---------------------------------------------------------------------------------------------
// flushing

void LogFile::flush() {
  const std::scoped_lock lock(mutex_);
  if (closing_asked_ && closing_ == Closing::No) closing_ = Closing::Flushing;
  const bool more = appended_ > flush_target_ || !freeing_.empty();
  if (more && !unflushed_since_ && !options_.commit_to_device) unflushed_since_ = now_;
  if (flush_is_due()) {
    if (open_) close_unit(true);
    if (closing_asked_) close_segment();
    flush_target_ = appended_;
    unflushed_since_.reset();
    urgent_ = false;
    sync_wanted_ = true;
    flush_began_ = now_;
  }
  const std::uint64_t covered = std::max(durable_.load(), sync_in_flight_ ? sync_covers_ : 0);
  if (!options_.commit_to_device && tuning_.flush_max.count() == 0)
    sync_wanted_ = sync_wanted_ || written_ > covered || (!freeing_.empty() && units_.empty());
  say_that_it_packs();
  write_units();
  write_marks();
  if (sync_is_due()) {
    if (packs_ == Packs::Saying) packs_ = Packs::Syncing;
    sync_wanted_ = false;
    sync_in_flight_ = true;
    sync_covers_ = written_;
    sync_covers_point_ = written_point_;
    sync_frees_ = std::move(freeing_);
    freeing_.clear();
    checkpointer_.sync_begins();
    ++figures_.syncs;
    out_.push_back({.kind = IoKind::Sync, .token = token(IoOf::Sync, ++serial_)});
  }
  const bool busy = sync_in_flight_ || sync_wanted_;
  wake_on_append_ = options_.commit_to_device ? !busy : !unflushed_since_;
  wake_on_unit_ = true;
}

/// The first record that is compressed must not be in a file that an older version would read.
void LogFile::say_that_it_packs() {
  const bool wanted = options_.packs && tuning_.packing.codec != Codec::None;
  if (!wanted || packs_ != Packs::No || marks_in_flight_ != 0 || closing_asked_) return;
  // Its sync would keep those waiting that came since the one under way.
  if (options_.commit_to_device && sync_in_flight_) return;
  packs_ = Packs::Saying;
  header_.allow_packed();
  ++header_.sequence;
  write_headers(1);
  sync_wanted_ = true;
}

bool LogFile::flush_is_due() const {
  if (closing_ == Closing::Flushing && (segment_slot_ != 0 || !freeing_.empty())) return true;
  // One group at a time: what arrives while one is under way is the next. Else its sync would wait
  // for ever longer.
  if (sync_wanted_) return false;
  // Not before the last sync is over: so the next one takes along whatever waits by then, and
  // nobody waits for a third.
  if (options_.commit_to_device)
    return !sync_in_flight_ &&
           (urgent_ || open_ || !units_.empty() || written_ > durable_.load() || !freeing_.empty());
  if (urgent_) return true;
  return tuning_.flush_max.count() != 0 && unflushed_since_ &&
         now_ >= *unflushed_since_ + flush_budget();
}

/// A flush begins early by what flushes have taken lately, so that it ends within the interval.
Duration LogFile::flush_budget() const {
  const Duration most = tuning_.flush_max;
  return most - std::clamp(2 * flush_took_, most / 8, most / 2);
}

bool LogFile::sync_is_due() const {
  // Without its segment's marks a unit is not found again: they must be part of the same sync.
  return sync_wanted_ && !sync_in_flight_ && marks_in_flight_ == 0 && marks_waiting_.empty() &&
         written_ >= flush_target_;
}

void LogFile::write_units() {
  for (const auto& unit : units_) {
    if (unit->phase != Unit::Phase::Waiting) continue;
    const UnitHeader header{
        .log_id = header_.log_id,
        .segment = table_[unit->slot].number,
        .offset = unit->offset,
        .index = unit->index,
        .payload_size = static_cast<std::uint32_t>(unit->used - UnitHeader::kSize),
        .records = unit->records,
        .synced = synced_point_};
    header.encode(unit->buffer.first(UnitHeader::kSize));
    unit->phase = Unit::Phase::Writing;
    unit->token = token(IoOf::Unit, ++serial_);
    out_.push_back({.kind = IoKind::Write,
                    .token = unit->token,
                    .offset = std::uint64_t{unit->slot} * header_.segment_size + unit->offset,
                    .from = unit->buffer.first(align_up(unit->used, header_.align))});
  }
}

void LogFile::write_marks() {
  if (marks_in_flight_ != 0) return;
  marks_writing_.swap(marks_waiting_);
  for (MarkWrite& mark : marks_writing_) {
    ++marks_in_flight_;
    out_.push_back({.kind = IoKind::Write,
                    .token = token(IoOf::Mark, ++serial_),
                    .offset = mark.offset,
                    .from = mark.buffer.first(header_.align)});
  }
}

void LogFile::unit_written(std::uint64_t token) {
  const std::scoped_lock lock(mutex_);
  const auto found =
      std::ranges::find_if(units_, [&](const auto& unit) { return unit->token == token; });
  FLOTILLA_CHECK(found != units_.end());
  (*found)->phase = Unit::Phase::Written;
  while (!units_.empty() && units_.front()->phase == Unit::Phase::Written) {
    const std::unique_ptr<Unit> unit = std::move(units_.front());
    units_.pop_front();
    const std::uint32_t size = align_up(unit->used, header_.align);
    written_ = unit->last;
    written_point_ = {.segment = table_[unit->slot].number, .offset = unit->offset + size};
    pending_bytes_ -= unit->used - UnitHeader::kSize;
    moved_waiting_ -= unit->moved;
    ++figures_.units_written;
    figures_.bytes_written += size;
    settle(unit->slot);
    give_buffer(
        written_lately_.keep(unit->slot, unit->offset, unit->used, std::move(unit->buffer)));
  }
}

/// A file whose key was encrypted with the old one until now has that in the other copy of the
/// header still: it is overwritten before anybody is told that the file is open.
void LogFile::opening_synced() {
  if (std::exchange(forget_old_key_, false)) {
    log_info("storage", "{{{}}} file {}: encryption-old-key-file is not needed for it any more",
             options_.namespace_name, id_.index);
    const std::scoped_lock lock(mutex_);
    ++header_.sequence;
    write_headers(1);
    opening_ = Opening::Writing;
    return;
  }
  opening_ = Opening::Done;
  {
    const std::scoped_lock lock(mutex_);
    synced_point_ = written_point_ = recovery_->end();
  }
  state_.store(Log::State::Ready, std::memory_order_release);
}

void LogFile::synced() {
  sync_in_flight_ = false;
  if (opening_ == Opening::Syncing) return opening_synced();
  if (closing_ == Closing::Settling) return;
  if (closing_ == Closing::Syncing) {
    closing_ = Closing::Done;
    state_.store(Log::State::Closed, std::memory_order_release);
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    synced_point_ = sync_covers_point_;
    if (packs_ == Packs::Syncing) {
      packs_ = Packs::Yes;
      packing_.store(tuning_.packing, std::memory_order_relaxed);
    }
    for (const std::uint32_t slot : sync_frees_) table_.make_free(slot);
    figures_.defrag_frees += sync_frees_.size();
    sync_frees_.clear();
    checkpointer_.sync_ends();
    const Duration took = now_ - flush_began_;
    flush_took_ = std::max(took, flush_took_ / 8 * 7);
    durable_.store(sync_covers_, std::memory_order_release);
  }
  owner_.durable(position(sync_covers_));
}

void LogFile::fail_for_good(std::string_view why) {
  {
    const std::scoped_lock lock(mutex_);
    failed_ = true;
  }
  refusal_ = why;
  state_.store(Log::State::Failed, std::memory_order_release);
  out_.clear();
  log(LogLevel::Critical, "storage", "{{{}}} file {} takes no more writes: {}",
      options_.namespace_name, id_.index, why);
  owner_.log_failed(id_.index, why);
}

// ----------------------------------------------------------------------------------------------
// closing

/// Everything durable; then the index, if it is to be kept, durable too; then the header that says
/// so. Each waits for the one before.
void LogFile::advance_closing() {
  if (closing_ == Closing::No || !is_quiet()) return;
  const std::size_t before = out_.size();
  switch (closing_) {
    case Closing::Flushing:
      checkpoint_ = make_checkpoint();
      if (checkpoint_ == nullptr) return write_closing_header();
      closing_ = Closing::Checkpoint;
      return advance_checkpoint(checkpoint_->start(out_), before);
    case Closing::Checkpoint:
      return advance_checkpoint(checkpoint_->written(out_), before);
    case Closing::Settling:
      return write_closing_header();
    case Closing::Header:
      return sync_closing(Closing::Syncing);
    default:
      return;
  }
}

/// Nothing is under way, and all that was appended is durable.
bool LogFile::is_quiet() {
  const std::scoped_lock lock(mutex_);
  return !open_ && units_.empty() && marks_waiting_.empty() && marks_in_flight_ == 0 &&
         checkpoint_in_flight_ == 0 && !sync_in_flight_ && durable_.load() == appended_;
}

/// A file with damage is read whole at the next start, so that all of it is known again. Empty:
/// nothing speaks against one.
std::string_view LogFile::why_no_checkpoint() const {
  const LogReport& report = recovery_->report();
  const bool lost = report.lost_records != 0 || !report.lost_records_exact;
  const bool damaged = figures_.read_errors != 0 || table_.count(SegmentTable::State::Damaged) != 0;
  return lost || damaged ? "there is damage in the file" : std::string_view{};
}

/// None: there is not to be one.
std::unique_ptr<CheckpointWriter> LogFile::make_checkpoint() {
  if (!options_.checkpoint) return nullptr;
  checkpointer_.stop();
  CheckpointWriter::Ground ground{.file = id_.index, .files = id_.count};
  const std::scoped_lock lock(mutex_);
  if (const std::string_view why = why_no_checkpoint(); !why.empty()) {
    header_.checkpoint = 0;
    log_info("storage", "{{{}}} file {}: no index checkpoint: {}", options_.namespace_name,
             id_.index, why);
    return nullptr;
  }
  ground.id = {.log_id = header_.log_id, .number = take_number()};
  ground.segments = table_.size();
  ground.segment_size = header_.segment_size;
  ground.align = header_.align;
  for (std::uint32_t slot = 1; slot < table_.size(); ++slot) {
    const SegmentTable::Segment& segment = table_[slot];
    if (segment.state == SegmentTable::State::Free) ground.free.push_back(slot);
    if (segment.has_records())
      ground.used.push_back({.slot = slot, .filled = segment.filled, .number = segment.number});
  }
  return std::make_unique<CheckpointWriter>(std::move(ground), owner_, host_);
}

void LogFile::advance_checkpoint(CheckpointWriter::Outcome outcome, std::size_t before) {
  for (std::size_t i = before; i < out_.size(); ++i)
    out_[i].token = token(IoOf::Checkpoint, ++serial_);
  checkpoint_in_flight_ += static_cast<std::uint32_t>(out_.size() - before);
  using enum CheckpointWriter::Outcome;
  if (outcome == Pending) return;
  if (outcome == Done) {
    log_info("storage", "{{{}}} file {}: index checkpoint of {} records, {} bytes",
             options_.namespace_name, id_.index, checkpoint_->entries(), checkpoint_->bytes());
    return sync_closing(Closing::Settling);
  }
  log_info("storage", "{{{}}} file {}: no index checkpoint: there is not enough free space",
           options_.namespace_name, id_.index);
  out_.resize(before);
  checkpoint_in_flight_ = 0;
  checkpoint_.reset();
  write_closing_header();
}

void LogFile::write_closing_header() {
  closing_ = Closing::Header;
  const std::scoped_lock lock(mutex_);
  header_.clean = true;
  header_.end = written_point_;
  // Without a new one that which stands goes on to count.
  if (checkpoint_ != nullptr) header_.checkpoint = checkpoint_->root();
  ++header_.sequence;
  write_headers(1);
}

void LogFile::sync_closing(Closing next) {
  closing_ = next;
  sync_in_flight_ = true;
  out_.push_back({.kind = IoKind::Sync, .token = token(IoOf::Sync, ++serial_)});
}

void LogFile::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_asked_ = true;
  }
  host_.wake(id_.index);
}

// ----------------------------------------------------------------------------------------------
// the rest

LogPosition LogFile::end() const {
  const std::scoped_lock lock(mutex_);
  return position(appended_);
}

void LogFile::request_flush() {
  {
    const std::scoped_lock lock(mutex_);
    urgent_ = true;
  }
  host_.wake(id_.index);
}

void LogFile::retune(const LogTuning& tuning) {
  {
    const std::scoped_lock lock(mutex_);
    retune_locked(tuning);
  }
  host_.wake(id_.index);
}

void LogFile::retune_locked(const LogTuning& tuning) {
  tuning_ = tuning;
  written_lately_.resize(tuning.post_write_cache);
  table_.set_low_water(tuning.defrag_lwm_pct);
  if (packs_ == Packs::Yes) packing_.store(tuning.packing, std::memory_order_relaxed);
}

void LogFile::collect_tombstones() {
  compactor_.ask_for_pass();
  host_.wake(id_.index);
}

LogStatistics LogFile::statistics() const {
  const std::scoped_lock lock(mutex_);
  LogStatistics out = figures_;
  if (state() != Log::State::Ready) return out;
  out.segments = table_.size() - 1;
  out.checkpoint_segments = table_.count(SegmentTable::State::Checkpoint);
  out.free_segments = static_cast<std::uint32_t>(table_.free_count()) + out.checkpoint_segments;
  out.total_bytes = std::uint64_t{out.segments} * header_.segment_size;
  out.used_bytes = table_.live_bytes();
  out.pending_bytes = pending_bytes_;
  out.cached_bytes = written_lately_.bytes();
  out.defrag_queue = static_cast<std::uint32_t>(table_.listed());
  out.damaged_segments = table_.count(SegmentTable::State::Damaged);
  return out;
}

}  // namespace flotilla::store
