#pragma once

#include <compare>
#include <cstdint>

#include "store/log_format.h"
#include "wire/ids.h"

namespace flotilla::cluster {

using store::Uuid;

/// One life of a node: its UUID, which is kept with the data, and 64 random bits drawn when the
/// process started. A restarted node is the same Uuid and another Process.
struct Process {
  Uuid node{};
  std::uint64_t boot = 0;

  friend auto operator<=>(const Process&, const Process&) = default;
};

/// Names one view for ever: nobody proposes a number twice in one boot, and the tag is the boot of
/// the leader that proposed it. Compared as a pair; zero: none.
struct Epoch {
  std::uint64_t number = 0;
  std::uint64_t tag = 0;

  friend auto operator<=>(const Epoch&, const Epoch&) = default;
};

/// Version of a row: the epoch of the view it belongs to, and a count of row changes in that epoch.
struct RowVersion {
  Epoch epoch;
  std::uint32_t n = 0;

  friend auto operator<=>(const RowVersion&, const RowVersion&) = default;
};

/// The time of one primary of one partition: the version of the row that made it primary. It ends
/// with the process or with the loss of primacy, so nothing is ever numbered twice.
using Term = RowVersion;

/// A mutation of a partition, in full. `seq` is dense within the term, from 1. Within one process a
/// record carries it short (store::Lsn): the index of the term in the node's TermTable, and seq.
struct Position {
  Term term;
  std::uint64_t seq = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace flotilla::cluster
