#pragma once

#include "connect_options.h"
#include "tools/sql/session.h"
#include "tools/verbs.h"

namespace flotilla::tools::sql {

/// What the command line of `flotilla sql` says.
struct Arguments {
  ConnectOptions connect;
  std::optional<std::string> command;
  std::optional<std::string> file;
  Settings settings;
  bool strict = false;  // Stop at the first statement that fails, and exit with 1.
};

/// Nothing: help or version was asked for and has been told. The error is a whole sentence.
tl::expected<std::optional<Arguments>, std::string> parse_arguments(const Invocation& invocation);

/// "Aerospike Query Client\nVersion ...".
std::string version_lines(const Invocation& invocation);

}  // namespace flotilla::tools::sql
