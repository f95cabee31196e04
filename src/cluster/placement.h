#pragma once

#include <vector>

#include "cluster/ids.h"

namespace flotilla::cluster {

/// A node that copies may be placed on.
struct PlacementNode {
  Uuid uuid{};
  std::uint32_t rack = 0;        // 0: none.
  bool receives = true;          // False: quiesced or leaving; gets no new places.
  std::vector<bool> has_data{};  // By partition: a copy of it is there. Empty: of none.
};

/// Targets of one partition: targets[0] is where its primary belongs.
using Targets = std::vector<Uuid>;

/// How much `node` is preferred for `partition`: docs/adr/0007. Fixed for ever.
std::uint64_t placement_score(const Uuid& node, std::uint16_t partition);

/// Where the copies of each partition belong.
///
/// A pure function that stays as near to `previous` as its rules allow (so: equal for equal input,
/// and place(place(x)) = place(x) unless racks stand in the way of rule 4). The rules, in order:
///  1. copies of a partition are on distinct nodes, as many as there are, up to the factor;
///  2. no copy on a node that does not receive, if another node is free;
///  3. no two copies on one rack, if that can be avoided;
///  4. every node has the floor or the ceiling of the mean count of primaries, and of further
///     copies (further copies: as far as racks let);
///  5. what has to be placed goes to a node that has its data, else to the one with the highest
///     score that may take it; a node that returns is given what it has, as long as any is left.
///
/// `previous`: one entry for each partition, each maybe empty; nodes in it that are not in `nodes`
/// are gone. Nodes may come in any order.
std::vector<Targets> place(const std::vector<Targets>& previous, std::vector<PlacementNode> nodes,
                           std::size_t replication_factor);

}  // namespace flotilla::cluster
