#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/row.h"

namespace flotilla::cluster {

/// Which columns of a partition a node claims: true at the index of each. Clients send writes to
/// whoever claims column 0 and may read from whoever claims another, and they never forget a claim
/// until somebody else makes it; so each column is claimed by exactly one node of those that have
/// the row. docs/manual/clustering.md.
///
///  - The primary claims column 0, each column whose copy is not in sync yet, and its own.
///  - A copy in sync, other than the final primary's, claims its own.
///  - While nobody serves, the first target claims all, and refuses.
std::vector<bool> claimed_columns(const Row& row, const Process& self);

/// Where this copy stands, as `partition-info` names it: S in sync, D to be brought in sync,
/// Z holds records that belong elsewhere, A neither.
char copy_state(const Row& row, const Process& self, bool has_records);

}  // namespace flotilla::cluster
