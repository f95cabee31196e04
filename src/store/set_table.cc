#include "store/set_table.h"

#include <algorithm>

namespace flotilla::store {

SetTable::SetTable() {
  for (auto& set : sets_) set.store(nullptr, std::memory_order_relaxed);
}

std::optional<SetId> SetTable::find(std::string_view name) const {
  if (name.empty()) return SetId(0);
  const std::scoped_lock lock(mutex_);
  const auto it = by_name_.find(name);
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

Result<SetId> SetTable::find_or_add(std::string_view name) {
  if (name.empty()) return SetId(0);
  if (name.size() > kNameSizeMost) return fail(Code::Parameter, "set: name too long");
  // Most namespaces have few sets; threads that read one back must not wait for each other here.
  constexpr std::size_t kFew = 4;
  for (std::uint16_t id = 1; id <= std::min(kFew, count()); ++id)
    if ((*this)[SetId(id)].name == name) return SetId(id);
  const std::scoped_lock lock(mutex_);
  if (const auto it = by_name_.find(name); it != by_name_.end()) return it->second;
  if (owned_.size() == kSetsMost) return fail(Code::Parameter, "set: too many");
  owned_.push_back(std::make_unique<Set>());
  Set* const set = owned_.back().get();
  set->name = name;
  const SetId id(static_cast<std::uint16_t>(owned_.size()));
  sets_[id.raw()].store(set, std::memory_order_release);
  by_name_.emplace(set->name, id);
  count_.store(owned_.size(), std::memory_order_release);
  return id;
}

}  // namespace flotilla::store
