#include "lineage.h"

#include <algorithm>
#include <ranges>

namespace flotilla::cluster {

Position position_of(std::span<const HistoryEntry> history) {
  for (const HistoryEntry& entry : std::views::reverse(history))
    if (!entry.absorbed && entry.end > 0) return {entry.term, entry.end};
  return {};
}

bool covers(const std::vector<HistoryEntry>& over, const std::vector<HistoryEntry>& under) {
  const Position last = position_of(under);
  if (last == Position{}) return true;
  return std::ranges::any_of(over, [&](const HistoryEntry& entry) {
    return entry.term == last.term && entry.end >= last.seq;
  });
}

Relation relation(const std::vector<HistoryEntry>& a, const std::vector<HistoryEntry>& b) {
  const bool b_has_all = covers(b, a);
  const bool a_has_all = covers(a, b);
  if (b_has_all) return a_has_all ? Relation::Equal : Relation::Behind;
  return a_has_all ? Relation::Ahead : Relation::Diverged;
}

}  // namespace flotilla::cluster
