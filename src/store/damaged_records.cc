#include "store/damaged_records.h"

namespace flotilla::store {

void DamagedRecords::set_wake(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
}

DamagedRecords::Noted DamagedRecords::add(const RecordWanted& copy) {
  const std::scoped_lock lock(mutex_);
  const auto known = records_.find(copy.digest);
  if (known != records_.end() && known->second.copy == copy) return Noted::Before;
  if (known == records_.end() && records_.size() >= kMost) return Noted::Not;
  records_[copy.digest] = {.copy = copy};
  size_.store(records_.size(), std::memory_order_relaxed);
  if (wake_) wake_();
  return Noted::Now;
}

std::vector<RecordWanted> DamagedRecords::take_new() {
  std::vector<RecordWanted> out;
  if (size() == 0) return out;
  const std::scoped_lock lock(mutex_);
  for (auto& [digest, damaged] : records_)
    if (std::exchange(damaged.is_new, false)) out.push_back(damaged.copy);
  return out;
}

bool DamagedRecords::forget(const wire::Digest& digest) {
  if (size() == 0) return false;
  const std::scoped_lock lock(mutex_);
  const bool was_here = records_.erase(digest) != 0;
  size_.store(records_.size(), std::memory_order_relaxed);
  return was_here;
}

void DamagedRecords::set_hope(const wire::Digest& digest, bool hope) {
  const std::scoped_lock lock(mutex_);
  const auto known = records_.find(digest);
  if (known != records_.end()) known->second.hope = hope;
}

std::optional<bool> DamagedRecords::hope_for(const wire::Digest& digest) const {
  if (size() == 0) return {};
  const std::scoped_lock lock(mutex_);
  const auto known = records_.find(digest);
  return known == records_.end() ? std::nullopt : std::optional(known->second.hope);
}

}  // namespace flotilla::store
