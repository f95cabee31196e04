#include "metadata.h"

#include <xxhash.h>

#include <algorithm>

#include "archive.h"

namespace flotilla::cluster {

namespace {

/// The digest of all is the sum of these, so that one item can be replaced in it.
std::uint64_t digest_of(const Item& item) {
  Encoder e;
  e(item);
  return XXH64(e.out.data(), e.out.size(), 0);
}

}  // namespace

std::uint64_t HybridClock::next(std::uint64_t wall_ms) {
  last_ = std::max(last_ + 1, wall_ms << 16);
  return last_;
}

bool HybridClock::saw(std::uint64_t hlc, std::uint64_t wall_ms) {
  if (ms(hlc) > wall_ms + kAheadMaxMs) return false;
  last_ = std::max(last_, hlc);
  return true;
}

bool Metadata::merge(const Item& item) {
  const auto [at, fresh] = held_.try_emplace({item.module, item.key});
  Held& held = at->second;
  // Equal stamps with unlike values cannot be; if a bug makes them, all must still agree on one.
  if (!fresh && std::tie(held.stamp, held.value) >= std::tie(item.stamp, item.value)) return false;
  if (!fresh) {
    digest_ -= digest_of({item.module, item.key, held.value, held.stamp});
    if (!held.value) --removed_[item.module];
  }
  held = {item.value, item.stamp};
  digest_ += digest_of(item);
  if (!item.value && ++removed_[item.module] > kRemovedMax) forget_oldest_removed(item.module);
  return true;
}

void Metadata::forget_oldest_removed(const std::string& module) {
  auto oldest = held_.end();
  for (auto it = held_.lower_bound({module, ""}); it != held_.end() && it->first.first == module;
       ++it)
    if (!it->second.value && (oldest == held_.end() || it->second.stamp < oldest->second.stamp))
      oldest = it;
  if (oldest == held_.end()) return;
  digest_ -= digest_of({module, oldest->first.second, {}, oldest->second.stamp});
  held_.erase(oldest);
  --removed_[module];
}

Item Metadata::stamped(Item item, std::uint64_t leader, std::uint64_t wall_ms,
                       HybridClock& clock) const {
  const auto old = held_.find({item.module, item.key});
  const std::uint64_t above = old == held_.end() ? 0 : old->second.stamp.hlc + 1;
  item.stamp = {std::max(clock.next(wall_ms), above), leader};
  return item;
}

const Buffer* Metadata::get(const std::string& module, const std::string& key) const {
  const auto at = held_.find({module, key});
  return at == held_.end() || !at->second.value ? nullptr : &*at->second.value;
}

std::vector<std::pair<std::string, Buffer>> Metadata::list(const std::string& module) const {
  std::vector<std::pair<std::string, Buffer>> out;
  for (auto it = held_.lower_bound({module, ""}); it != held_.end() && it->first.first == module;
       ++it)
    if (it->second.value) out.emplace_back(it->first.second, *it->second.value);
  return out;
}

std::vector<Item> Metadata::items() const {
  std::vector<Item> out;
  out.reserve(held_.size());
  for (const auto& [name, held] : held_)
    out.push_back({name.first, name.second, held.value, held.stamp});
  return out;
}

}  // namespace flotilla::cluster
