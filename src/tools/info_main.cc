#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <cmath>
#include <iostream>

#include "client/info.h"
#include "connect_options.h"
#include "text.h"
#include "tools/info_output.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

struct Arguments {
  ConnectOptions connect;
  std::string command;
  double timeout_seconds = 5;
  bool lines = false;
  bool json = false;
  bool raw = false;
  bool version = false;
  bool help = false;
};

constexpr std::string_view kHelp = R"(Usage: {0} [options]

Asks one node an info command and prints its answer. Without -v: the summary.

  -h, --host=HOST       host[:tls name][:port] (127.0.0.1)
  -p, --port=PORT       (3000)
  -v, --value=COMMAND   The command; 'stats' means 'statistics'
  -l, --line            One line for each part of the answer
  -r, --raw             The answer's bytes and nothing else
  --json                The answer as JSON
  --timeout=SECONDS     (5)
  -U, --user=USER  -P, --password[=PASSWORD]  -A, --auth=MODE  --tls-*
  --instance=NAME  --config-file=PATH  --only-config-file=PATH  --no-config-file
  -V, --version  -E, --help

Exits with 0, with 1 when the node refuses or cannot be reached, with 2 for wrong options.

Examples:
  {0} -h db1 -v status
  {0} -h db1 -v namespace/test -l
  {0} -h db1 -v statistics --json | jq .uptime
)";

tl::expected<Arguments, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  CLI::App app;
  app.set_help_flag();
  arguments.connect.add_to(app);
  app.add_option("-v,--value", arguments.command);
  app.add_flag("-l,--line", arguments.lines);
  app.add_flag("-r,--raw", arguments.raw);
  app.add_flag("--json", arguments.json);
  app.add_option("--timeout,--timeout_seconds", arguments.timeout_seconds);
  app.add_flag("-V,--version", arguments.version);
  app.add_flag("-E,--help", arguments.help);
  try {
    app.parse(std::vector<std::string>(invocation.arguments.rbegin(), invocation.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<std::string>(error.what());
  }
  if (arguments.help || arguments.version) return arguments;
  if (!std::isfinite(arguments.timeout_seconds) || arguments.timeout_seconds <= 0 ||
      arguments.timeout_seconds > 1e6)
    return tl::unexpected<std::string>("--timeout wants a number of seconds above zero");
  if (auto done = arguments.connect.complete("asinfo", {"timeout"}); !done)
    return tl::unexpected(done.error());
  if (const auto at = arguments.connect.values.find("timeout");
      at != arguments.connect.values.end() && app.count("--timeout") == 0)
    arguments.timeout_seconds = parse_real(at->second).value_or(arguments.timeout_seconds);
  if (arguments.command == "stats") arguments.command = "statistics";
  return arguments;
}

int print_answers(const Arguments& arguments, const std::vector<client::InfoAnswer>& answers) {
  if (arguments.command.empty()) {
    if (arguments.json)
      std::cout << summary_json(answers);
    else
      std::cout << summary_text(answers, arguments.lines);
    return 0;
  }
  const std::string value = answers.empty() ? std::string() : answers.front().value;
  if (arguments.raw)
    std::cout << value;
  else if (arguments.json)
    std::cout << value_json(value);
  else
    std::cout << (arguments.lines ? value_lines(value) : value) << '\n';
  return upper(value).find("ERROR:") != std::string::npos ? kFailed : 0;
}

}  // namespace

int run_info(const Invocation& invocation) {
  const auto arguments = parse(invocation);
  if (!arguments) {
    std::cerr << invocation.program << ": " << arguments.error() << '\n';
    return kUsageError;
  }
  if (arguments->help) {
    std::cout << fmt::format(fmt::runtime(kHelp), invocation.program);
    return 0;
  }
  if (arguments->version) {
    std::cout << fmt::format("flotilla info {}\n", FLOTILLA_VERSION);
    return 0;
  }
  const auto seeds = arguments->connect.seeds();
  if (!seeds) {
    std::cerr << invocation.program << ": " << seeds.error().message << '\n';
    return kUsageError;
  }
  std::vector<std::string_view> commands;
  if (!arguments->command.empty()) commands.push_back(arguments->command);
  const auto timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments->timeout_seconds * 1000));
  const auto answers = client::ask(seeds->front(), commands, timeout);
  if (!answers) {
    std::cout << fmt::format("ERROR: Not able to connect any cluster with ('{}', {}, None).\n",
                             seeds->front().host, seeds->front().port);
    if (!invocation.is_alias) std::cerr << answers.error().message << '\n';
    return kFailed;
  }
  return print_answers(*arguments, *answers);
}

}  // namespace flotilla::tools
