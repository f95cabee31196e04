#include "tools/sql/session.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/parse.h"
#include "context.h"
#include "tools/sql/lexer.h"
#include "tools/sql/parser.h"

namespace flotilla::tools::sql {
namespace {

/// Files that run files, at most.
constexpr int kFileDepthMax = 16;

double steady_seconds() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

}  // namespace

Session::Session(const client::Client& client, Streams streams, Options options)
    : client_(client),
      streams_(streams),
      options_(std::move(options)),
      settings_(options_.settings) {
  if (!options_.clock) options_.clock = &steady_seconds;
}

OutputOptions Session::output_options() const {
  return {.mode = settings_.output,
          .with_types = settings_.output_types,
          .cuts_cells = options_.dialect == Dialect::Classic};
}

void Session::report(std::string_view statement, const SyntaxError& error) {
  if (error.kind == SyntaxError::Kind::Meaning && options_.dialect == Dialect::Classic) {
    make_writer(output_options(), streams_.out, streams_.err)->failure(-1, error.expected);
    return;
  }
  if (options_.dialect == Dialect::Extended) {
    streams_.out.flush();
    streams_.err << point_at(statement, error);
    return;
  }
  if (error.kind == SyntaxError::Kind::UnknownCommand) {
    streams_.out << "\nERROR: 404: COMMAND NOT FOUND : " << error.token << '\n';
    return;
  }
  streams_.out.flush();
  streams_.err
      << (error.kind == SyntaxError::Kind::Ended ? "Syntax error near token -  '"
                                                 : "Unsupported command format with token -  '")
      << error.token << "' \n"
      << "Make sure string values are enclosed in quotes.\n"
      << "Type \" aql --help \" from console or simply \"help\" from within the aql-prompt. \n\n";
}

Session::Verdict Session::run_statement(std::string_view statement, bool may_go_on) {
  const auto parsed = parse_statement(statement);
  if (!parsed && may_go_on && options_.dialect == Dialect::Extended &&
      parsed.error().kind == SyntaxError::Kind::Ended)
    return Verdict::Incomplete;
  const bool quiet = options_.dialect == Dialect::Extended && is_machine_readable(settings_.output);
  if (settings_.echo && !quiet) streams_.out << statement << '\n';
  if (!parsed) {
    report(statement, parsed.error());
    return Verdict::Failed;
  }
  if (std::holds_alternative<Exit>(*parsed)) return Verdict::Exit;
  if (const auto* file = std::get_if<Run>(&*parsed)) return run_file(file->path);
  const auto writer = make_writer(output_options(), streams_.out, streams_.err);
  const Context context{.client = client_,
                        .settings = settings_,
                        .dialect = options_.dialect,
                        .writer = *writer,
                        .streams = streams_,
                        .clock = options_.clock,
                        .is_interrupted = options_.is_interrupted};
  const bool done = std::visit(
      [&](const auto& specific) {
        using Kind = std::decay_t<decltype(specific)>;
        if constexpr (std::is_same_v<Kind, Exit> || std::is_same_v<Kind, Run>)
          return true;
        else
          return run(context, specific);
      },
      *parsed);
  streams_.out.flush();
  return done ? Verdict::Done : Verdict::Failed;
}

Session::Verdict Session::run_text(std::string_view text) {
  Verdict all = Verdict::Done;
  for (const std::string_view statement : split_statements(text)) {
    const Verdict one = run_statement(statement);
    if (one == Verdict::Exit) return one;
    if (one == Verdict::Failed) all = one;
    if (all == Verdict::Failed && options_.stops_at_failure) return all;
  }
  return all;
}

Session::Verdict Session::run_file(const std::string& path) {
  if (file_depth_ == kFileDepthMax) {
    streams_.err << fmt::format("Error: (-1) {} files run each other\n\n", kFileDepthMax);
    return Verdict::Failed;
  }
  std::ifstream file(path);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    streams_.err << fmt::format("Error: (-1) cannot read '{}'\n\n", path);
    return Verdict::Failed;
  }
  ++file_depth_;
  Verdict all = Verdict::Done;
  std::string open;  // The beginning of a statement that goes on.
  std::string line;
  while (std::getline(file, line)) {
    open += open.empty() ? line : '\n' + line;
    const auto statements = split_statements(open);
    Verdict one = Verdict::Done;
    std::string_view unfinished;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const bool closed = i + 1 < statements.size() || trim(open).ends_with(';');
      one = run_statement(statements[i], !closed);
      if (one == Verdict::Incomplete) unfinished = statements[i];
      if (one == Verdict::Failed) all = one;
      if (one == Verdict::Exit || (one == Verdict::Failed && options_.stops_at_failure)) break;
    }
    open = std::string(unfinished);
    if (one == Verdict::Exit || (all == Verdict::Failed && options_.stops_at_failure)) {
      --file_depth_;
      return one;
    }
  }
  if (!open.empty() && run_statement(open) == Verdict::Failed) all = Verdict::Failed;
  --file_depth_;
  return all;
}

}  // namespace flotilla::tools::sql
