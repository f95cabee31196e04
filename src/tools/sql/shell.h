#pragma once

#include "tools/sql/session.h"

namespace flotilla::tools::sql {

/// Reads statements from a person at a terminal until exit or the end of the input: line editing,
/// history in
/// ~/.aql_history (1000 lines), completion by Tab. Returns the exit code.
int run_shell(Session& session, const client::Client& client, Streams streams);

}  // namespace flotilla::tools::sql
