#include "tools/bench/objects.h"

#include <algorithm>

#include "client/codec.h"

namespace flotilla::tools::bench {
namespace {

using client::List;
using client::Map;
using client::Value;

/// The value with the entries of its maps in an order that depends on nothing but them.
Value sorted(const Value& value) {
  if (const auto* const list = value.get_if<List>()) {
    List result;
    for (const Value& item : list->items) result.items.push_back(sorted(item));
    return result;
  }
  const auto* const map = value.get_if<Map>();
  if (map == nullptr) return value;
  std::vector<std::pair<Buffer, const std::pair<Value, Value>*>> by_key;
  for (const auto& entry : map->entries) {
    auto& [bytes, place] = by_key.emplace_back(Buffer(), &entry);
    // Keys that cannot be packed cannot have been written.
    if (!client::pack(entry.first, bytes)) return value;
  }
  std::ranges::sort(by_key, {}, [](const auto& pair) -> const Buffer& { return pair.first; });
  Map result;
  for (const auto& [key, entry] : by_key)
    result.entries.emplace_back(entry->first, sorted(entry->second));
  return result;
}

bool same(const client::Bin& a, const client::Bin& b) {
  return a.name == b.name && (a.value == b.value || sorted(a.value) == sorted(b.value));
}

}  // namespace

std::vector<client::Bin> Objects::make(std::int64_t key, unsigned version,
                                       const BinNumbers& which) const {
  std::uint64_t seed = options_.seed;
  if (options_.varied)
    seed = Random(seed).next() + static_cast<std::uint64_t>(key) * kVersions + version;
  Random random(seed);
  std::vector<client::Bin> all = make_bins(options_.values, options_.bin, random);
  if (which.empty()) return all;
  std::vector<client::Bin> bins;
  for (const std::size_t number : which) bins.push_back(std::move(all[number - 1]));
  return bins;
}

bool Objects::matches(std::int64_t key, const std::vector<client::Bin>& found,
                      const BinNumbers& which) const {
  std::vector<bool> known(found.size());
  for (unsigned version = 0; version < (options_.varied ? kVersions : 1); ++version) {
    const std::vector<client::Bin> bins = make(key, version, which);
    if (bins.size() != found.size()) return false;
    for (std::size_t i = 0; i < found.size(); ++i)
      known[i] = known[i] || std::ranges::any_of(
                                 bins, [&](const client::Bin& bin) { return same(bin, found[i]); });
    if (std::ranges::find(known, false) == known.end()) return true;
  }
  return false;
}

}  // namespace flotilla::tools::bench
