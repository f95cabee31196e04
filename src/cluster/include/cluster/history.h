#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cluster/row.h"

namespace flotilla::cluster {

/// Up to where two copies are the same line: the largest term in both histories, and the lesser of
/// its two ends. Nothing: they have no term in common.
std::optional<Position> fork_of(std::span<const HistoryEntry> a, std::span<const HistoryEntry> b);

/// Whether a copy with this history has seen the mutation, in its line or in a branch that it
/// absorbed: then what it holds for the key is newer, or the same.
bool covers(std::span<const HistoryEntry> history, const Position& position);

/// Whether everything that the history `of` names is covered by `by`.
bool covers_all(std::span<const HistoryEntry> by, std::span<const HistoryEntry> of);

/// The newest position of the line itself. Zero: empty.
Position newest(std::span<const HistoryEntry> history);

/// More entries than this are not kept, nor read from a frame.
inline constexpr std::size_t kHistoryMost = 4096;
/// Nor these, where nobody is known to be away or behind who might ask by older ones.
inline constexpr std::size_t kHistoryCalm = 64;

}  // namespace flotilla::cluster
