#pragma once

#include <functional>
#include <set>
#include <string>

#include "discovery/model.h"

namespace flotilla::discovery {

struct PlanInput {
  const Listing& listing;
  const Observation& observation;
  /// Addresses that were members' earlier: what stands there may be cleared away, whatever the
  /// network. Canonical.
  const std::set<std::string>& former;
};
/// What a backend wants done, given what ought to be and what is: a pure function.
using Planner = std::function<Plan(const PlanInput&)>;

/// Makes one cluster of each label, by tips, and clears away seeds of members that have gone.
///
/// Members of different labels, and nodes with different cluster names, are never told of each
/// other. Tips go between the largest component and each smaller one, both ways, three nodes to
/// three: the nodes' own gossip spreads the rest. A seed is cleared when it is an address
///  - that another label's member has now: at once; or
///  - in a range that the listing sees the whole of, or of a former member; that no member, no
///    other container, and no peer of any node has; when it has been so for 30 s.
/// A seed that is a name was not put there by us, and stays.
Plan plan_clusters(const PlanInput& input);

}  // namespace flotilla::discovery
