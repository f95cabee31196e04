#include <fmt/format.h>
#include <unistd.h>

#include <clocale>
#include <iostream>

#include "arguments.h"
#include "interruption.h"
#include "shell.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using sql::Arguments;
using sql::Session;

constexpr int kNotConnected = 255;
constexpr int kStatementFailed = 1;

int complain(std::int32_t code, std::string_view message) {
  std::cerr << "Error " << code << ": " << message << '\n';
  return kNotConnected;
}

void greet(const Invocation& invocation, const Arguments& arguments) {
  const ConnectOptions& connect = arguments.connect;
  std::cout << "Seed:         " << connect.host << '\n'
            << "User:         " << (connect.user.empty() ? "None" : connect.user) << '\n'
            << "Config File:  " << connect.config_text() << '\n'
            << sql::version_lines(invocation);
}

int run_connected(const Invocation& invocation, const Arguments& arguments,
                  const client::Client& client) {
  const bool is_interactive = !arguments.command && !arguments.file && ::isatty(STDIN_FILENO) != 0;
  Pager pager(std::cout);
  // The original has no pager.
  const bool pages = is_interactive && !invocation.is_alias;
  const sql::Streams streams{pages ? pager.stream() : std::cout, std::cerr};
  Session session(client, streams,
                  {.dialect = invocation.is_alias ? sql::Dialect::Classic : sql::Dialect::Extended,
                   .settings = arguments.settings,
                   .stops_at_failure = arguments.strict,
                   .is_interrupted = is_interactive ? &Interruption::has_come : nullptr});
  Session::Verdict verdict = Session::Verdict::Done;
  if (arguments.command) {
    verdict = session.run_text(*arguments.command);
  } else if (arguments.file) {
    verdict = session.run_file(*arguments.file);
  } else if (is_interactive) {
    greet(invocation, arguments);
    return run_shell(session, client, pager);
  } else {
    verdict = session.run_file("/dev/stdin");
  }
  // The original ends with an empty line; what a program is to read ends with the answer.
  if (invocation.is_alias || !is_machine_readable(session.settings().output)) std::cout << '\n';
  std::cout.flush();
  return arguments.strict && verdict == Session::Verdict::Failed ? kStatementFailed : 0;
}

}  // namespace

int run_sql(const Invocation& invocation) {
  std::setlocale(LC_CTYPE, "");
  const auto parsed = sql::parse_arguments(invocation);
  if (!parsed) return complain(-1, parsed.error());
  const std::optional<Arguments>& arguments = *parsed;
  if (!arguments) return 0;
  const auto seeds = arguments->connect.seeds();
  if (!seeds) return complain(seeds.error().code, seeds.error().message);
  const auto client = client::Client::connect(*seeds, arguments->connect.client_options());
  if (!client)
    return complain(client.error().code,
                    fmt::format("Failed to connect to {}: {}", arguments->connect.host,
                                client.error().message));
  return run_connected(invocation, *arguments, *client);
}

}  // namespace flotilla::tools
