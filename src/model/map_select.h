#pragma once

#include "cdt_operation.h"

/// Picking pairs of a map; one function for the reading and the removing operation.
namespace flotilla::model::map {

Result<Selection> by_key(Call& call);
Result<Selection> by_index(Call& call);
Result<Selection> by_value(Call& call);
Result<Selection> by_rank(Call& call);
Result<Selection> all_by_value(Call& call);
Result<Selection> by_key_list(Call& call);
Result<Selection> by_value_list(Call& call);
Result<Selection> by_key_interval(Call& call);
Result<Selection> by_index_range(Call& call);
Result<Selection> by_value_interval(Call& call);
Result<Selection> by_rank_range(Call& call);
Result<Selection> by_relative_index(Call& call);
Result<Selection> by_relative_rank(Call& call);

/// Pairs whose key is equal to `key`: none, one, or all for a wildcard. The start of an empty run
/// is the place where the key belongs. An ordered map is searched by halves, so that a wildcard
/// finds its middle pair.
Run find_key(Elements& pairs, Bytes key);

}  // namespace flotilla::model::map
