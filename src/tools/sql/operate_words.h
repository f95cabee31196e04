#pragma once

#include <string>
#include <tl/expected.hpp>

#include "client/operation.h"
#include "tools/sql/statement.h"

namespace flotilla::tools::sql {

/// LIST_APPEND(bin, 1) and so on as an operation. The error is a whole sentence: no such operation,
/// or the wrong number of arguments.
tl::expected<client::Operation, std::string> operation_of(const Operate::Step& step);

}  // namespace flotilla::tools::sql
