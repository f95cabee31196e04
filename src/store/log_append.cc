// The half of LogFile that any thread may run: records into units, units into segments.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "log_file.h"

namespace flotilla::store {
namespace {

/// Of a segment's live bytes below the low-water mark; how often it is looked at again.
constexpr std::uint32_t kRecheck = 64U << 10;

}  // namespace

Result<RecordLog::Place> LogFile::append(const RecordImage& given, Purpose purpose) {
  thread_local Buffer room;
  thread_local Buffer room_encrypted;
  if (state() != Log::State::Ready) return fail(Code::Unavailable, "log: not ready");
  // Not under the lock: both take longer than what is done there.
  const RecordImage packed = pack(given, packing_.load(std::memory_order_relaxed), room);
  const RecordImage image = key() == nullptr ? packed : key()->encrypt(packed, room_encrypted);
  const std::size_t size = stored_size(image);
  const RecordEncoder encoder(image);
  RecordLog::Place place;
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (state() != Log::State::Ready || failed_ || closing_asked_)
      return fail(Code::Unavailable, "log: not ready");
    // The open segment is of the reserve, too, if there is less than all of that.
    if (table_.free_count() < reserve(purpose)) return no_space();
    bool unit_closed = false;
    if (open_ && open_->used + size > open_->capacity) {
      close_unit(false);
      unit_closed = true;
    }
    if (!open_) {
      const auto opened = open_unit(size, purpose);
      if (!opened) return tl::unexpected(opened.error());
    }
    Unit& unit = *open_;
    place.at = {.segment = SegmentSlot(id_.index << 24 | unit.slot),
                .offset = unit.offset + unit.used,
                .size = static_cast<std::uint32_t>(size)};
    encoder.write(unit.buffer.part(unit.used, size), {.log_id = header_.log_id,
                                                      .segment = table_[unit.slot].number,
                                                      .offset = unit.offset + unit.used});
    unit.used += static_cast<std::uint32_t>(size);
    ++unit.records;
    unit.last = ++appended_;
    pending_bytes_ += size;
    if (purpose == Purpose::Move) unit.moved += static_cast<std::uint32_t>(size);
    if (purpose == Purpose::Record) {
      figures_.body_bytes += given.body.size();
      figures_.packed_bytes += packed.body.size();
    }
    table_.add_live(unit.slot, size);
    table_[unit.slot].filled += static_cast<std::uint32_t>(size);
    place.end = position(appended_);
    wake = wake_on_append_ || (unit_closed && wake_on_unit_);
    if (wake) wake_on_append_ = wake_on_unit_ = false;
  }
  if (wake) host_.wake(id_.index);
  return place;
}

void LogFile::released(std::uint32_t slot, std::size_t bytes) {
  const std::uint32_t left = table_.sub_live(slot, bytes);
  // Only a release that crosses the line looks further, so that this stays one atomic subtraction.
  // Compaction of itself looks again at what is listed.
  const std::uint32_t line = table_.low_water();
  const bool crossed = left < line && left + bytes >= line;
  const bool crossed_garbage = left < line && left % kRecheck + bytes >= kRecheck;
  if (!crossed && !crossed_garbage && left != 0) return;
  const std::scoped_lock lock(mutex_);
  list_if_empty_enough(slot);
}

/// A copy that is here or there, never nowhere: whoever finds it in neither reads what has been
/// written.
bool LogFile::peek(std::uint32_t slot, std::uint32_t offset, MutableBytes into) const {
  const auto holds = [&](const Unit& unit) {
    return unit.slot == slot && offset >= unit.offset && offset - unit.offset < unit.used &&
           into.size() <= unit.used - (offset - unit.offset);
  };
  const auto copy_from = [&](Unit& unit) {
    std::ranges::copy(unit.buffer.part(offset - unit.offset, into.size()), into.begin());
    return true;
  };
  const std::scoped_lock lock(mutex_);
  bool found = open_ && holds(*open_) && copy_from(*open_);
  for (auto unit = units_.rbegin(); !found && unit != units_.rend(); ++unit)
    found = holds(**unit) && copy_from(**unit);
  found = found || written_lately_.copy(slot, offset, into);
  ++(found ? figures_.cache_hits : figures_.cache_misses);
  return found;
}

RecordExtent LogFile::extent(std::uint32_t slot, std::uint32_t offset) const {
  const std::scoped_lock lock(mutex_);
  return {.file = id_.index,
          .offset = std::uint64_t{slot} * header_.segment_size + offset,
          .place = {.log_id = header_.log_id, .segment = table_[slot].number, .offset = offset},
          .key = key()};
}

void LogFile::unreadable(std::uint32_t slot, std::uint32_t offset, std::string_view why) {
  constexpr std::uint64_t kLinesMost = 100;
  std::uint64_t number = 0;
  std::uint64_t seen = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = table_[slot].number;
    seen = ++figures_.read_errors;
    damage_seen_ = true;
    // What stands beside it may be damaged too.
    if (std::ranges::find(suspects_, slot) == suspects_.end()) suspects_.push_back(slot);
  }
  host_.wake(id_.index);
  if (seen > kLinesMost) return;
  log_warning("storage", "{{{}}} file {} segment {} (number {:x}) offset {}: a record {}{}",
              options_.namespace_name, id_.index, slot, number, offset, why,
              seen == kLinesMost ? "; further ones are only counted" : "");
}

void LogFile::list_if_empty_enough(std::uint32_t slot) {
  SegmentTable::Segment& segment = table_[slot];
  // What could not be read is not needed any more.
  if (segment.state == SegmentTable::State::Damaged && segment.live.load() == 0)
    segment.state = SegmentTable::State::Sealed;
  table_.list(slot);
}

std::uint32_t LogFile::reserve(Purpose purpose) const {
  const std::uint32_t whole = std::clamp(table_.size() / 16, 2U, 8U);
  return purpose == Purpose::Record ? whole : purpose == Purpose::Tombstone ? whole / 2 : 0;
}

/// Space is short with no more free segments than this.
std::uint32_t LogFile::few_segments() const {
  const auto kept =
      static_cast<std::uint32_t>(std::uint64_t{table_.size()} * tuning_.keep_free_pct / 100);
  return std::max(kept, reserve(Purpose::Record) + 2);
}

tl::unexpected<Error> LogFile::no_space() const {
  if (reclaiming_) return fail(Code::DeviceOverload, "log: compaction has yet to free segments");
  return fail(Code::OutOfSpace, "log: no free segment");
}

bool LogFile::cache_is_full(std::size_t more, Purpose purpose) const {
  // Compaction gives way to clients; tombstones free memory and go first.
  const std::uint64_t limit = purpose == Purpose::Move        ? tuning_.write_cache_max / 2
                              : purpose == Purpose::Tombstone ? tuning_.write_cache_max / 8 * 9
                                                              : tuning_.write_cache_max;
  return !units_.empty() && pending_bytes_ + more > limit;
}

Result<void> LogFile::open_unit(std::size_t record_size, Purpose purpose) {
  const std::uint32_t foot = header_.segment_size - header_.align;
  const std::size_t needed = UnitHeader::kSize + record_size;
  if (needed > foot - header_.align) return fail(Code::TooBig, "log: record longer than a segment");
  if (cache_is_full(needed, purpose)) return fail(Code::DeviceOverload, "log: write cache full");
  if (segment_slot_ == 0 || foot - segment_at_ < needed) {
    if (table_.free_count() <= reserve(purpose)) return no_space();
    close_segment();
    open_segment();
  }
  auto unit = std::make_unique<Unit>();
  const std::uint32_t wanted =
      align_up(std::max<std::size_t>(needed, tuning_.flush_size), header_.align);
  unit->capacity = std::min(wanted, foot - segment_at_);
  unit->buffer = take_buffer(unit->capacity);
  unit->slot = segment_slot_;
  unit->offset = segment_at_;
  unit->index = segment_units_++;
  open_ = std::move(unit);
  return {};
}

void LogFile::close_unit(bool partial) {
  Unit& unit = *open_;
  unit.phase = Unit::Phase::Waiting;
  moved_waiting_ += unit.moved;
  table_[unit.slot].records += unit.records;
  const std::uint32_t size = align_up(unit.used, header_.align);
  std::ranges::fill(unit.buffer.part(unit.used, size - unit.used), std::byte{0});
  segment_at_ = unit.offset + size;
  if (partial) ++figures_.partial_units_written;
  units_.push_back(std::move(open_));
}

void LogFile::open_segment() {
  const auto slot = table_.take_free();
  FLOTILLA_CHECK(slot.has_value());
  SegmentTable::Segment& segment = table_[*slot];
  FLOTILLA_CHECK(segment.live.load() == 0);
  segment.state = SegmentTable::State::Open;
  segment.number = take_number();
  segment.end = segment.torn_from = segment.records = segment.filled = 0;
  written_lately_.forget_segment(*slot);
  segment_slot_ = *slot;
  segment_at_ = header_.align;
  segment_units_ = 0;
  queue_mark(*slot, SegmentMark::State::Open);
}

void LogFile::close_segment() {
  if (segment_slot_ == 0) return;
  const std::uint32_t slot = std::exchange(segment_slot_, 0);
  SegmentTable::Segment& segment = table_[slot];
  segment.state = SegmentTable::State::Full;
  segment.end = segment.torn_from = segment_at_;
  settle(slot);
}

/// Seals a full segment once all its units are written: only then can it be read.
void LogFile::settle(std::uint32_t slot) {
  if (table_[slot].state != SegmentTable::State::Full) return;
  if (std::ranges::any_of(units_, [slot](const auto& unit) { return unit->slot == slot; })) return;
  table_[slot].state = SegmentTable::State::Sealed;
  queue_mark(slot, SegmentMark::State::Sealed);
  list_if_empty_enough(slot);
}

void LogFile::queue_mark(std::uint32_t slot, SegmentMark::State state) {
  const SegmentTable::Segment& segment = table_[slot];
  const SegmentMark mark{.state = state,
                         .log_id = header_.log_id,
                         .number = segment.number,
                         .slot = slot,
                         .end = segment.end,
                         .torn_from = segment.torn_from,
                         .records = segment.records,
                         .synced = synced_point_};
  const std::uint64_t head = std::uint64_t{slot} * header_.segment_size;
  const std::uint64_t foot = head + header_.segment_size - header_.align;
  for (const std::uint64_t offset : {head, foot}) {
    // Never two writes to one place under way: the later mark takes the earlier one's turn.
    auto waiting = std::ranges::find(marks_waiting_, offset, &MarkWrite::offset);
    if (waiting == marks_waiting_.end()) {
      marks_waiting_.push_back({.buffer = AlignedBuffer(header_.align), .offset = offset});
      waiting = marks_waiting_.end() - 1;
    }
    mark.encode(waiting->buffer.first(header_.align));
  }
}

AlignedBuffer LogFile::take_buffer(std::size_t size) {
  if (!spare_.empty() && spare_.back().size() >= size) {
    AlignedBuffer out = std::move(spare_.back());
    spare_.pop_back();
    return out;
  }
  return AlignedBuffer(size);
}

void LogFile::give_buffer(AlignedBuffer buffer) {
  constexpr std::size_t kSpareMax = 8;
  if (buffer.size() >= tuning_.flush_size && buffer.size() < 2ULL * tuning_.flush_size &&
      spare_.size() < kSpareMax)
    spare_.push_back(std::move(buffer));
}

}  // namespace flotilla::store
