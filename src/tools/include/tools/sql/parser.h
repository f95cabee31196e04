#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "tools/sql/statement.h"

namespace flotilla::tools::sql {

/// Why a statement was not understood.
struct SyntaxError {
  enum class Kind {
    UnknownCommand,  // The first word is no command.
    Unexpected,      // A token that cannot stand where it does.
    Ended,           // The text ends too early: more of it might help.
    Meaning,         // The grammar is kept, but a value cannot be meant.
  };

  Kind kind = Kind::Unexpected;
  std::size_t at = 0;    // Offset of the token in the statement's text.
  std::size_t size = 0;  // Its bytes; 0 at the end of the text.
  std::string token;     // Its text; at the end of the text that of the last one.
  std::string expected;  // What could stand there: "FROM". Of Meaning: the whole sentence.
};

/// One statement, without its ';'. Never fails in other ways, whatever the text.
tl::expected<Statement, SyntaxError> parse_statement(std::string_view text);

/// The statement with a mark under the offending token and what was expected, ending in a line
/// feed:
///
///   select * form test.foo
///            ^~~~
///   expected FROM, found 'form'
std::string point_at(std::string_view statement, const SyntaxError& error);

/// One line of the help for each form of a statement, in the order of the help; `topic` (any case)
/// keeps those that begin with it. Empty: no such command.
struct Usage {
  std::string_view topic;  // "RECORDS", "METADATA", ...
  std::string_view line;
};
std::vector<Usage> usages(std::string_view topic);

}  // namespace flotilla::tools::sql
