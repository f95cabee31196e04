#include "shell.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <set>

#include "base/parse.h"
#include "interruption.h"
#include "line_editor.h"
#include "tools/sql/completion.h"
#include "tools/sql/lexer.h"

namespace flotilla::tools::sql {
namespace {

constexpr int kInterrupted = 255;

constexpr auto kNamesLive = std::chrono::seconds(5);
constexpr std::uint64_t kRecordsLookedAt = 50;

/// Names of the cluster, asked for when Tab is first pressed on a line and kept for some seconds.
class SchemaCache {
 public:
  explicit SchemaCache(const client::Client& client) : client_(client) {}

  const Schema& get(std::string_view line) {
    const auto now = std::chrono::steady_clock::now();
    const std::string target = target_of(line);
    const bool is_old = !asked_ || now - *asked_ >= kNamesLive;
    if (is_old) ask_names();
    if (is_old || target != target_) look_at_records(target);
    asked_ = now;
    return schema_;
  }

 private:
  void ask_names() {
    const std::string_view commands[] = {"namespaces", "sets"};
    const auto answers = client_.info({}, commands, client::Milliseconds(500));
    if (!answers || answers->size() != 2) return;
    schema_.namespaces.clear();
    schema_.sets.clear();
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
  }

  /// Servers keep no list of bins, so some records tell which there are.
  void look_at_records(const std::string& target) {
    target_ = target;
    schema_.bins.clear();
    const std::size_t dot = target.find('.');
    const std::string ns = target.substr(0, dot);
    if (std::ranges::find(schema_.namespaces, ns) == schema_.namespaces.end()) return;
    const std::string set = dot == std::string::npos ? std::string() : target.substr(dot + 1);
    std::set<std::string> bins;
    client::ScanPolicy policy;
    policy.max_records = kRecordsLookedAt;
    policy.command.total_timeout = client::Milliseconds(1000);
    policy.command.socket_timeout = client::Milliseconds(500);
    policy.command.max_retries = 0;
    client::ScanCursor cursor;
    std::uint64_t seen = 0;
    const auto scanned = client_.scan(
        {.ns = ns, .set = set}, cursor,
        [&](client::Record&& record) {
          for (const client::Bin& bin : record.bins) bins.insert(bin.name);
          return ++seen < kRecordsLookedAt;
        },
        policy);
    if (scanned) schema_.bins.assign(bins.begin(), bins.end());
  }

  const client::Client& client_;
  std::optional<std::chrono::steady_clock::time_point> asked_;
  std::string target_;  // The set whose bins the schema has.
  Schema schema_;
};

LineEditor::Proposal propose(std::string_view line, const Schema& schema) {
  const Completion found = complete(line, schema);
  return LineEditor::propose(line.size() - found.word_begin, found.candidates);
}

}  // namespace

int run_shell(Session& session, const client::Client& client, Pager& pager) {
  SchemaCache cache(client);
  LineEditor editor("aql", ".aql_history",
                    [&](std::string_view line) { return propose(line, cache.get(line)); });
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
      // Ctrl-C ends a statement that runs, and not the session.
      const Interruption interruption;
      pager.begin();
      verdict = session.run_statement(statements[i], !closed);
      pager.end();
      if (verdict == Session::Verdict::Exit) break;
      if (verdict == Session::Verdict::Incomplete) unfinished = std::string(statements[i]) + '\n';
    }
    open = unfinished;
    if (open.empty()) editor.remember(text);
    if (verdict == Session::Verdict::Exit) break;
  }
  pager.stream() << '\n' << std::flush;
  return 0;
}

}  // namespace flotilla::tools::sql
