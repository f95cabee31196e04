#pragma once

#include "cdt_operation.h"

/// Operations that change a list other than by picking elements out of it.
namespace flotilla::model::list {

Result<Outcome> set_type(Call& call);
Result<Outcome> append(Call& call);
Result<Outcome> append_items(Call& call);
Result<Outcome> insert(Call& call);
Result<Outcome> insert_items(Call& call);
Result<Outcome> set(Call& call);
Result<Outcome> trim(Call& call);
Result<Outcome> clear(Call& call);
Result<Outcome> increment(Call& call);
Result<Outcome> sort(Call& call);

}  // namespace flotilla::model::list
