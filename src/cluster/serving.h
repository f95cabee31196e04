#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "cluster/view.h"
#include "lineage.h"

namespace flotilla::cluster {

/// What one member says of one partition, for the computation of a view.
struct CopyWord {
  Process by;
  const CopyReport* copy = nullptr;  // Null: only the row.
  Row row;                           // The newest it knows.
  bool from_disk = false;            // It knows the row from an earlier life only.
  bool joins = false;                // It was not in the base view.
  /// Which component it was in: 0 the leader's own, or none.
  std::size_t component = 0;
};

/// What holds for all partitions of a view that is being computed.
struct ServingRules {
  std::set<Process> members;
  std::set<Process> leaving;  // Of the members.
  std::set<Uuid> back;        // Nodes of the members.
  bool durable = false;       // The namespace's copies outlive processes.
  /// Start-wait is over, or there is nobody to wait for: take the best there is.
  bool wait_no_more = false;
  bool owns_nothing = false;    // Too few members.
  bool everybody_told = false;  // All members reported all copies.
};

/// The row of a partition without its version, and how it came about.
struct Serving {
  Row row;
  enum class Origin : std::uint8_t {
    Kept,      // Its primary lives; the term goes on.
    Promoted,  // A copy with every acknowledged write.
    Stale,
    Fresh,
    Waiting,
  } origin = Origin::Kept;
  bool new_term = false;
};

/// Who serves a partition in the new view: clustering rules of docs/algorithms/membership.md, in
/// the order of its table. `targets` are of members only. `move_issued`: the primary of the newest
/// row may have granted it away, unknown to the leader.
Serving compute_serving(const ServingRules& rules, std::span<const CopyWord> words,
                        const std::vector<Uuid>& targets, bool move_issued);

}  // namespace flotilla::cluster
