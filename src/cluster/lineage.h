#pragma once

#include <span>
#include <vector>

#include "cluster/row.h"

namespace flotilla::cluster {

/// How far a copy has come: the newest term it has a mutation of, and the last seq of it.
Position position_of(std::span<const HistoryEntry> history);

/// Whether `over` has (or has absorbed) all mutations that `under` has. A term belongs to one
/// process, so whoever has a mutation of it has all that came before it in that line.
bool covers(const std::vector<HistoryEntry>& over, const std::vector<HistoryEntry>& under);

enum class Relation : std::uint8_t { Equal, Behind, Ahead, Diverged };
/// Of `a` to `b`. A copy without any mutation is behind whatever has one, never a branch.
Relation relation(const std::vector<HistoryEntry>& a, const std::vector<HistoryEntry>& b);

}  // namespace flotilla::cluster
