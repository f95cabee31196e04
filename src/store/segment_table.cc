#include "segment_table.h"

#include <algorithm>

#include "base/check.h"

namespace flotilla::store {

void SegmentTable::reset(std::uint32_t segments, std::uint32_t segment_size) {
  segments_ = std::make_unique<Segment[]>(segments);
  size_ = segments;
  segment_size_ = segment_size;
  free_.clear();
  listed_.clear();
  for (std::uint32_t slot = 1; slot < segments; ++slot) free_.insert(free_.end(), slot);
}

void SegmentTable::add_live(std::uint32_t slot, std::size_t bytes) {
  segments_[slot].live.fetch_add(static_cast<std::uint32_t>(bytes), std::memory_order_relaxed);
}

std::uint32_t SegmentTable::sub_live(std::uint32_t slot, std::size_t bytes) {
  const auto size = static_cast<std::uint32_t>(bytes);
  const std::uint32_t before = segments_[slot].live.fetch_sub(size, std::memory_order_acq_rel);
  FLOTILLA_CHECK(before >= size);
  return before - size;
}

std::optional<std::uint32_t> SegmentTable::take_free() {
  if (free_.empty()) return std::nullopt;
  return free_.extract(free_.begin()).value();
}

std::optional<std::uint32_t> SegmentTable::take_for_checkpoint() {
  const auto slot = take_free();
  if (slot) segments_[*slot].state = State::Checkpoint;
  return slot;
}

void SegmentTable::make_free(std::uint32_t slot) {
  Segment& segment = segments_[slot];
  FLOTILLA_CHECK(segment.live.load() == 0);
  segment.state = State::Free;
  free_.insert(slot);
}

void SegmentTable::occupy(std::uint32_t slot, State state) {
  free_.erase(slot);
  segments_[slot].state = state;
}

void SegmentTable::set_low_water(std::uint32_t pct) {
  low_water_pct_ = pct;
  low_water_.store(static_cast<std::uint32_t>(std::uint64_t{segment_size_} * pct / 100),
                   std::memory_order_relaxed);
}

bool SegmentTable::worth_moving(const Segment& segment) const {
  const std::uint64_t live = segment.live.load(std::memory_order_acquire);
  if (segment.state != State::Sealed) return false;
  if (live == 0) return true;
  if (live >= low_water()) return false;
  const std::uint64_t garbage = segment.filled - std::min<std::uint64_t>(live, segment.filled);
  return live < segment_size_ / 2 ||
         garbage * 200 >= std::uint64_t{segment_size_} * (100 - low_water_pct_);
}

void SegmentTable::list(std::uint32_t slot) {
  Segment& segment = segments_[slot];
  if (segment.listed || !worth_moving(segment)) return;
  segment.listed = true;
  listed_.push_back(slot);
}

std::optional<std::uint32_t> SegmentTable::take_emptiest_listed() {
  std::erase_if(listed_, [&](std::uint32_t slot) {
    Segment& segment = segments_[slot];
    segment.listed = worth_moving(segment);
    return !segment.listed;
  });
  const auto best = std::ranges::min_element(
      listed_, {}, [&](std::uint32_t slot) { return segments_[slot].live.load(); });
  if (best == listed_.end()) return std::nullopt;
  const std::uint32_t slot = *best;
  listed_.erase(best);
  segments_[slot].listed = false;
  return slot;
}

std::optional<std::uint32_t> SegmentTable::emptiest() const {
  constexpr std::uint32_t kGarbageLeast = 20;  // A twentieth of a segment.
  std::optional<std::uint32_t> best;
  std::uint32_t least = segment_size_;
  for (std::uint32_t slot = 1; slot < size_; ++slot) {
    const Segment& segment = segments_[slot];
    const std::uint32_t live = segment.live.load(std::memory_order_acquire);
    if (segment.state != State::Sealed || live >= least) continue;
    if (live != 0 && segment.filled < live + segment_size_ / kGarbageLeast) continue;
    least = live;
    best = slot;
  }
  return best;
}

std::uint64_t SegmentTable::live_bytes() const {
  std::uint64_t bytes = 0;
  for (std::uint32_t slot = 1; slot < size_; ++slot)
    bytes += segments_[slot].live.load(std::memory_order_relaxed);
  return bytes;
}

std::uint32_t SegmentTable::count(State state) const {
  std::uint32_t found = 0;
  for (std::uint32_t slot = 1; slot < size_; ++slot)
    found += segments_[slot].state == state ? 1 : 0;
  return found;
}

}  // namespace flotilla::store
