// Any text is split into statements and each is understood or refused: nothing crashes, every place
// that an error names lies inside its statement, and splitting what was split changes nothing.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "tools/sql/completion.h"
#include "tools/sql/lexer.h"
#include "tools/sql/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flotilla::tools::sql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view statement : split_statements(text)) {
    FLOTILLA_CHECK(!statement.empty());
    const auto again = split_statements(statement);
    FLOTILLA_CHECK(again.size() == 1 && again[0] == statement);
    const auto parsed = parse_statement(statement);
    if (parsed) continue;
    const SyntaxError& error = parsed.error();
    FLOTILLA_CHECK(error.at <= statement.size() && error.size <= statement.size() - error.at);
    FLOTILLA_CHECK(point_at(statement, error).ends_with('\n'));
  }
  const Completion completion =
      complete(text, {.namespaces = {"test"}, .sets = {"test.foo"}, .bins = {"bar"}});
  FLOTILLA_CHECK(completion.word_begin <= text.size());
  return 0;
}
