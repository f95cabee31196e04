#pragma once

#include "cdt_operation.h"

/// Operations that change a map other than by picking pairs out of it.
namespace flotilla::model::map {

Result<Outcome> set_type(Call& call);
Result<Outcome> add(Call& call);
Result<Outcome> add_items(Call& call);
Result<Outcome> put(Call& call);
Result<Outcome> put_items(Call& call);
Result<Outcome> replace(Call& call);
Result<Outcome> replace_items(Call& call);
Result<Outcome> increment(Call& call);
Result<Outcome> decrement(Call& call);
Result<Outcome> clear(Call& call);

}  // namespace flotilla::model::map
