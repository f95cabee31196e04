#include "written_lately.h"

#include <algorithm>

namespace flotilla::store {

void WrittenLately::resize(std::uint64_t most) {
  most_ = most;
  shrink();
}

AlignedBuffer WrittenLately::keep(std::uint32_t slot, std::uint32_t offset, std::uint32_t used,
                                  AlignedBuffer buffer) {
  if (used > most_) return buffer;
  AlignedBuffer rest;
  // A unit that was written before it was full does not hold on to all of its room.
  if (buffer.size() >= 2 * std::max<std::size_t>(used, AlignedBuffer::kAlign)) {
    rest = std::exchange(buffer, AlignedBuffer(used));
    std::ranges::copy(rest.first(used), buffer.data());
  }
  bytes_ += buffer.size();
  units_[{slot, offset}] = {.buffer = std::move(buffer), .used = used};
  order_.emplace_back(slot, offset);
  shrink();
  return rest;
}

void WrittenLately::shrink() {
  while (bytes_ > most_ && !order_.empty()) {
    const auto oldest = units_.find(order_.front());
    order_.pop_front();
    bytes_ -= oldest->second.buffer.size();
    units_.erase(oldest);
  }
}

void WrittenLately::forget_segment(std::uint32_t slot) {
  const auto from = units_.lower_bound({slot, 0});
  const auto to = units_.lower_bound({slot + 1, 0});
  for (auto unit = from; unit != to; ++unit) bytes_ -= unit->second.buffer.size();
  if (from == to) return;
  units_.erase(from, to);
  std::erase_if(order_, [slot](const Place& place) { return place.first == slot; });
}

bool WrittenLately::copy(std::uint32_t slot, std::uint32_t offset, MutableBytes into) const {
  auto unit = units_.upper_bound({slot, offset});
  if (unit == units_.begin()) return false;
  --unit;
  const auto& [place, kept] = *unit;
  if (place.first != slot) return false;
  const std::uint32_t within = offset - place.second;
  if (within >= kept.used || into.size() > kept.used - within) return false;
  std::ranges::copy(kept.buffer.part(within, into.size()), into.begin());
  return true;
}

}  // namespace flotilla::store
