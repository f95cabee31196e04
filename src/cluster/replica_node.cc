#include "cluster/replica.h"

namespace flotilla::cluster {

std::uint32_t MemoryTermTable::intern(const Term& term, std::uint32_t after) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t index = terms_.size(); index > after; --index)
    if (terms_[index - 1] == term) return static_cast<std::uint32_t>(index);
  terms_.push_back(term);
  return static_cast<std::uint32_t>(terms_.size());
}

Term MemoryTermTable::term(std::uint32_t index) const {
  const std::scoped_lock lock(mutex_);
  return index == 0 || index > terms_.size() ? Term{} : terms_[index - 1];
}

void MemoryTermTable::reserve(std::uint32_t index) {
  const std::scoped_lock lock(mutex_);
  if (terms_.size() < index) terms_.resize(index);
}

bool TransferBudget::take(std::atomic<std::uint32_t>& used,
                          const std::atomic<std::uint32_t>& most) {
  std::uint32_t now = used.load(std::memory_order_relaxed);
  while (now < most.load(std::memory_order_relaxed))
    if (used.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
  return false;
}

}  // namespace flotilla::cluster
