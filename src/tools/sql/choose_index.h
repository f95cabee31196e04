#pragma once

#include "client/expression.h"
#include "context.h"

namespace flotilla::tools::sql {

/// Which of the conditions, joined by AND, goes through a secondary index: of those that have one,
/// the one whose index holds the fewest records per value. Asks the nodes. Nothing: none has one.
client::Expected<std::optional<std::size_t>> choose_index(const Context& context,
                                                          const Select& statement);

/// The condition as an expression that a record must meet; only of conditions with =.
client::Expression filter_of(const Condition& condition);

}  // namespace flotilla::tools::sql
