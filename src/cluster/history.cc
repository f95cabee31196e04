#include "cluster/history.h"

#include <algorithm>

namespace flotilla::cluster {

std::optional<Position> fork_of(std::span<const HistoryEntry> a, std::span<const HistoryEntry> b) {
  std::optional<Position> best;
  for (const HistoryEntry& mine : a) {
    if (mine.absorbed) continue;
    for (const HistoryEntry& other : b) {
      if (other.absorbed || other.term != mine.term) continue;
      const Position position{mine.term, std::min(mine.end, other.end)};
      if (!best || position > *best) best = position;
    }
  }
  return best;
}

bool covers(std::span<const HistoryEntry> history, const Position& position) {
  if (position.seq == 0) return true;  // Nothing was numbered in that term.
  return std::ranges::any_of(history, [&](const HistoryEntry& entry) {
    return entry.term == position.term && position.seq <= entry.end;
  });
}

bool covers_all(std::span<const HistoryEntry> by, std::span<const HistoryEntry> of) {
  return std::ranges::all_of(
      of, [&](const HistoryEntry& entry) { return covers(by, {entry.term, entry.end}); });
}

Position newest(std::span<const HistoryEntry> history) {
  for (std::size_t i = history.size(); i-- > 0;)
    if (!history[i].absorbed) return {history[i].term, history[i].end};
  return {};
}

}  // namespace flotilla::cluster
