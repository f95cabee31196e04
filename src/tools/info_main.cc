#include <fmt/format.h>

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
};

/// Nothing: help or version was asked for.
tl::expected<std::optional<Arguments>, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  CommandLine line(
      invocation,
      {.about = "Asks one node an info command and prints its answer. Without -v: the summary.",
       .notes = "Exits with 0, with 1 when the node refuses or cannot be reached, with 2 for wrong "
                "options.\n",
       .examples = {"-h db1 -v status", "-h db1 -v namespace/test -l",
                    "-h db1 -v statistics --json | jq .uptime"}});
  arguments.connect.add_to(line);
  line.option("-v,--value", arguments.command, "COMMAND",
              "The command; 'stats' means 'statistics'");
  line.flag("-l,--line", arguments.lines, "One line for each part of the answer");
  line.flag("-r,--raw", arguments.raw, "The answer's bytes and nothing else");
  line.flag("--json", arguments.json, "The answer as JSON");
  line.option("--timeout,--timeout_seconds", arguments.timeout_seconds, "SECONDS",
              "For connecting and asking together (5)");
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (!std::isfinite(arguments.timeout_seconds) || arguments.timeout_seconds <= 0 ||
      arguments.timeout_seconds > 1e6)
    return tl::unexpected<std::string>("--timeout wants a number of seconds above zero");
  if (auto done = arguments.connect.complete("asinfo", {"timeout"}); !done)
    return tl::unexpected(done.error());
  if (const auto at = arguments.connect.values.find("timeout");
      at != arguments.connect.values.end() && !line.has("--timeout"))
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
  const auto parsed = parse(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kUsageError;
  }
  if (!*parsed) return 0;
  const Arguments& arguments = **parsed;
  const auto seeds = arguments.connect.seeds();
  if (!seeds) {
    std::cerr << invocation.program << ": " << seeds.error().message << '\n';
    return kUsageError;
  }
  std::vector<std::string_view> commands;
  if (!arguments.command.empty()) commands.push_back(arguments.command);
  const auto timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments.timeout_seconds * 1000));
  auto access = arguments.connect.access();
  if (!access) {
    std::cerr << invocation.program << ": " << access.error().message << '\n';
    return kUsageError;
  }
  const auto answers = client::ask(seeds->front(), commands, timeout, *std::move(access));
  if (!answers) {
    if (invocation.is_alias && !is_refusal(answers.error()))
      std::cout << fmt::format("ERROR: Not able to connect any cluster with ('{}', {}, None).\n",
                               seeds->front().host, seeds->front().port);
    else
      std::cerr << fmt::format("{}: cannot connect to {}: {}\n", invocation.program,
                               seeds->front().text(), answers.error().message);
    return kFailed;
  }
  return print_answers(arguments, *answers);
}

}  // namespace flotilla::tools
