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
  enum class Ask : std::uint8_t { Nothing, Version, Options, Help } ask = Ask::Nothing;
};

/// The error is a whole sentence.
tl::expected<Arguments, std::string> parse_arguments(const Invocation& invocation);

/// The page of --help (and of --options without the part on statements).
std::string help_page(const Invocation& invocation, bool with_statements);
/// "Aerospike Query Client\nVersion ...".
std::string version_lines(const Invocation& invocation);

}  // namespace flotilla::tools::sql
