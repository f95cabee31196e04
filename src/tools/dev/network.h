#pragma once

#include <vector>

#include "tools/dev/plan.h"

/// The network of an isolated cluster: each node in a network namespace of its own, all of them on
/// one bridge that stands in a namespace too, and this machine on it with address .254. Nothing
/// of the machine's own network changes except one interface. Needs root, iproute2, and (for
/// cutting) iptables.
namespace flotilla::tools::dev {

/// The namespace that node I runs in; empty when the cluster is not isolated.
std::string network_of(const Plan& plan, Number node);

/// Makes what is missing for the nodes of the plan; nothing to do when it is not isolated.
Outcome<void> make_network(const Plan& plan);
void remove_network(const Plan& plan);

/// No packet passes between the nodes in `side` and the others, in either direction, until heal().
/// Clients on this machine still reach all.
Outcome<void> cut(const Plan& plan, const std::vector<Number>& side);
Outcome<void> heal(const Plan& plan);

}  // namespace flotilla::tools::dev
