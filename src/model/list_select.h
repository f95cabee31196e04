#pragma once

#include "cdt_operation.h"

/// Picking elements of a list; one function for the reading and the removing operation.
namespace flotilla::model::list {

Result<Selection> by_index(Call& call);
Result<Selection> by_value(Call& call);
Result<Selection> by_rank(Call& call);
Result<Selection> all_by_value(Call& call);
Result<Selection> by_value_list(Call& call);
Result<Selection> by_index_range(Call& call);
Result<Selection> by_value_interval(Call& call);
Result<Selection> by_rank_range(Call& call);
Result<Selection> by_relative_rank(Call& call);

}  // namespace flotilla::model::list
