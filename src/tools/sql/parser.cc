#include "tools/sql/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "grammar.h"
#include "text.h"

namespace flotilla::tools::sql {
namespace {

struct Form {
  std::string_view first_word;
  Statement (*parse)(TokenReader&);
  std::string_view topic;
  std::string_view usage;  // Empty: a second name of the form above.
};

// In the order of the help.
constexpr Form kForms[] = {
    {"INSERT", &grammar::insert, "RECORDS",
     "INSERT INTO <ns>[.<set>] (PK, <bin>, ...) VALUES (<key>, <value>, ...)"},
    {"UPDATE", &grammar::update, "RECORDS",
     "UPDATE <ns>[.<set>] SET <bin> = <value>, ... WHERE PK = <key>"},
    {"DELETE", &grammar::remove, "RECORDS", "DELETE FROM <ns>[.<set>] WHERE <record>"},
    {"SELECT", &grammar::select, "RECORDS", "SELECT *|<bin>, ... FROM <ns>[.<set>] WHERE <record>"},
    {"SELECT", &grammar::select, "RECORDS",
     "SELECT *|<bin>, ...|COUNT(*) FROM <ns>[.<set>] [LIMIT <n>] [IN LIST|MAPKEYS|MAPVALUES]\n"
     "    [WHERE <bin> = <value> [AND <bin> = <value>] | WHERE <bin> BETWEEN <low> AND <high>\n"
     "     | WHERE <bin> CONTAINS <point> | WHERE <bin> WITHIN <region>] [ORDER BY <bin> [DESC]] "
     "[LIMIT <n>]"},
    {"EXPLAIN", &grammar::explain, "RECORDS", "EXPLAIN SELECT ..."},
    {"OPERATE", &grammar::operate, "RECORDS",
     "OPERATE <operation>(<bin>, ...) [with_policy(<policy>)], ... ON <ns>[.<set>] WHERE <record>"},
    {"TRUNCATE", &grammar::truncate, "RECORDS",
     "TRUNCATE <ns>[.<set>] [UPTO <nanoseconds since 1970>]"},
    {"SHOW", &grammar::show, "METADATA",
     "SHOW NAMESPACES | SETS | BINS | INDEXES [<ns>] | MODULES | QUERIES"},
    {"CREATE", &grammar::create, "METADATA",
     "CREATE [LIST|MAPKEYS|MAPVALUES] INDEX <index> ON <ns>[.<set>] (<bin>) "
     "NUMERIC|STRING|GEO2DSPHERE|BLOB"},
    {"DROP", &grammar::drop, "METADATA", "DROP INDEX <ns>[.<set>] <index>"},
    {"STAT", &grammar::stat, "METADATA",
     "STAT SYSTEM | STAT NAMESPACE <ns> | STAT INDEX <ns> <index>"},
    {"REGISTER", &grammar::register_module, "METADATA", "REGISTER MODULE '<path>'"},
    {"REMOVE", &grammar::remove_module, "METADATA", "REMOVE MODULE <file>"},
    {"DESC", &grammar::describe_module, "METADATA", "DESC MODULE <file>"},
    {"EXECUTE", &grammar::functions_not_yet, "METADATA", ""},
    {"AGGREGATE", &grammar::functions_not_yet, "METADATA", ""},
    {"KILL_QUERY", &grammar::kill_job, "METADATA", "KILL_QUERY <id>"},
    {"KILL_SCAN", &grammar::kill_job, "METADATA", ""},
    {"GRANT", &grammar::users_not_yet, "METADATA", ""},
    {"REVOKE", &grammar::users_not_yet, "METADATA", ""},
    {"SET", &grammar::set, "SESSION", "SET <setting> <value>"},
    {"GET", &grammar::get, "SESSION", "GET <setting> | GET ALL"},
    {"RESET", &grammar::reset, "SESSION", "RESET <setting>"},
    {"ASINFO", &grammar::asinfo, "SESSION", "ASINFO '<info command>'"},
    {"RUN", &grammar::run, "SESSION", "RUN '<path>'"},
    {"PRINT", &grammar::print, "SESSION", "PRINT <text>"},
    {"HELP", &grammar::help, "SESSION", "HELP [<command>]"},
    {"EXIT", &grammar::exit, "SESSION", "EXIT | QUIT | Q"},
    {"QUIT", &grammar::exit, "SESSION", ""},
    {"Q", &grammar::exit, "SESSION", ""},
    {"SYSTEM", &grammar::shell_never, "SESSION", ""},
};

}  // namespace

tl::expected<Statement, SyntaxError> parse_statement(std::string_view text) {
  TokenReader in(text);
  const Token first = in.peek();
  const auto* const form = std::ranges::find_if(kForms, [&](const Form& f) {
    return first.kind == TokenKind::Word && same_word(f.first_word, first.text);
  });
  if (form == std::end(kForms))
    return tl::unexpected(SyntaxError{.kind = SyntaxError::Kind::UnknownCommand,
                                      .at = first.at,
                                      .size = first.size,
                                      .token = std::string(first.text),
                                      .expected = "a command"});
  in.take(form->first_word);
  Statement statement = form->parse(in);
  in.expect_end();
  if (in.error()) return tl::unexpected(*in.error());
  return statement;
}

std::string point_at(std::string_view statement, const SyntaxError& error) {
  const std::size_t at = std::min(error.at, statement.size());
  const std::size_t before = statement.substr(0, at).rfind('\n');
  const std::size_t line_begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line =
      statement.substr(line_begin, statement.substr(line_begin).find('\n'));
  const std::size_t column = at - line_begin;
  std::string mark;
  // Tabs stay tabs, so that the mark stands below its token whatever their width.
  for (const char c : line.substr(0, column)) mark += c == '\t' ? '\t' : ' ';
  mark.resize(column, ' ');
  mark += '^';
  const std::size_t on_line = std::min(error.size, line.size() - std::min(column, line.size()));
  if (on_line > 1) mark.append(on_line - 1, '~');
  std::string what;
  switch (error.kind) {
    case SyntaxError::Kind::Meaning:
      what = error.expected;
      break;
    case SyntaxError::Kind::Ended:
      what = fmt::format("expected {}, found the end", error.expected);
      break;
    default:
      what = fmt::format("expected {}, found '{}'", error.expected, error.token);
      break;
  }
  return fmt::format("{}\n{}\n{}\n", line, mark, what);
}

std::vector<Usage> usages(std::string_view topic) {
  std::vector<Usage> found;
  for (const Form& form : kForms)
    if (!form.usage.empty() && (topic.empty() || same_word(form.first_word, topic)))
      found.push_back({form.topic, form.usage});
  return found;
}

}  // namespace flotilla::tools::sql
