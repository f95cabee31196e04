#include "shell.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <ostream>

#include "base/parse.h"
#include "line_editor.h"
#include "tools/sql/completion.h"
#include "tools/sql/lexer.h"

namespace flotilla::tools::sql {
namespace {

constexpr int kInterrupted = 255;

/// Names of the cluster, asked for when Tab is first pressed on a line and kept for some seconds.
class SchemaCache {
 public:
  explicit SchemaCache(const client::Client& client) : client_(client) {}

  const Schema& get() {
    const auto now = std::chrono::steady_clock::now();
    if (asked_ && now - *asked_ < std::chrono::seconds(5)) return schema_;
    asked_ = now;
    const std::string_view commands[] = {"namespaces", "sets"};
    const auto answers = client_.info({}, commands, client::Milliseconds(500));
    if (!answers || answers->size() != 2) return schema_;
    schema_ = {};
    for (const std::string_view ns : split((*answers)[0].value, ';'))
      schema_.namespaces.emplace_back(ns);
    for (const std::string_view part : split((*answers)[1].value, ';')) {
      std::string ns;
      std::string set;
      for (const auto& [key, value] : client::parse_pairs(part, ':')) {
        if (key == "ns") ns = value;
        if (key == "set") set = value;
      }
      if (!set.empty()) schema_.sets.push_back(fmt::format("{}.{}", ns, set));
    }
    return schema_;
  }

 private:
  const client::Client& client_;
  std::optional<std::chrono::steady_clock::time_point> asked_;
  Schema schema_;
};

LineEditor::Proposal propose(std::string_view line, const Schema& schema) {
  const Completion found = complete(line, schema);
  return LineEditor::propose(line.size() - found.word_begin, found.candidates);
}

}  // namespace

int run_shell(Session& session, const client::Client& client, Streams streams) {
  SchemaCache cache(client);
  LineEditor editor("aql", ".aql_history",
                    [&](std::string_view line) { return propose(line, cache.get()); });
  std::string open;  // The beginning of a statement that goes on.
  for (;;) {
    const LineEditor::Line line = editor.read(open.empty() ? "aql> " : "  -> ");
    if (line.kind == LineEditor::Line::Kind::End) break;
    if (line.kind == LineEditor::Line::Kind::Interrupted) {
      if (session.dialect() == Dialect::Classic) return kInterrupted;
      open.clear();
      continue;
    }
    open += line.text;
    const std::string text(trim(open));
    if (text.empty()) {
      open.clear();
      continue;
    }
    const auto statements = split_statements(open);
    auto verdict = Session::Verdict::Done;
    std::string unfinished;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const bool closed = i + 1 < statements.size() || text.ends_with(';');
      verdict = session.run_statement(statements[i], !closed);
      if (verdict == Session::Verdict::Exit) break;
      if (verdict == Session::Verdict::Incomplete) unfinished = std::string(statements[i]) + '\n';
    }
    open = unfinished;
    if (open.empty()) editor.remember(text);
    if (verdict == Session::Verdict::Exit) break;
  }
  streams.out << '\n';
  return 0;
}

}  // namespace flotilla::tools::sql
