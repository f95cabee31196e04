#pragma once

#include "pager.h"
#include "tools/sql/session.h"

namespace flotilla::tools::sql {

/// Reads statements from a person at a terminal until exit or the end of the input: line editing,
/// history in
/// ~/.aql_history (1000 lines), completion by Tab. Returns the exit code.
int run_shell(Session& session, const client::Client& client, Pager& pager);

}  // namespace flotilla::tools::sql
