#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/parse.h"
#include "connect_options.h"
#include "line_editor.h"
#include "text.h"
#include "tools/admin/command.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

constexpr int kFailed = 2;

struct Arguments {
  ConnectOptions connect;
  std::optional<std::string> execute;
  std::optional<std::string> out_file;
  double timeout_seconds = 1;
  bool enable = false;
  bool json = false;
  bool no_color = false;
  bool single_node = false;
};

/// Nothing: help or version was asked for.
tl::expected<std::optional<Arguments>, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  CommandLine line(
      invocation,
      {.about = "Shows and manages a cluster. Without -e: a prompt. 'help' there lists the "
                "commands; they may be abbreviated: 'i' is 'info'.",
       .notes = "Exits with 2 when a command fails or no node can be reached.\n",
       .examples = {"-h db1 -e info",
                    "-h db1 -e \"show statistics service like uptime; show config diff\"",
                    "-h db1 --enable -e \"manage recluster\""}});
  line.set_version(
      fmt::format("Aerospike Interactive Shell\nVersion {}\nBuild Flotilla\n", FLOTILLA_VERSION));
  arguments.connect.add_to(line);
  line.option("-e,--execute", arguments.execute, "COMMANDS",
              "Run these (separated by ';'), or those of a file, and exit");
  line.option("-o,--out-file,--out_file", arguments.out_file, "PATH", "Write the output there");
  line.option("--timeout", arguments.timeout_seconds, "SECONDS", "For each question to a node (1)");
  line.flag("--enable", arguments.enable, "Allow commands that change the cluster");
  line.flag("-j,--json", arguments.json, "Sheets as JSON");
  line.flag("--no-color", arguments.no_color, "No colours (nor with NO_COLOR set, nor in pipes)");
  line.flag("--single-node", arguments.single_node, "Only the node that is given");
  line.silent_flag("-s,--services-alumni");
  line.silent_flag("--debug");
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (!(arguments.timeout_seconds > 0 && arguments.timeout_seconds < 1e6))
    return tl::unexpected<std::string>("--timeout wants a number of seconds above zero");
  const std::vector<std::string> keys = {"services-alumni", "services-alternate", "timeout",
                                         "line-separator", "json"};
  if (auto done = arguments.connect.complete("asadm", keys); !done)
    return tl::unexpected(done.error());
  return arguments;
}

/// Commands of -e: the text itself, or the text of the file it names.
std::vector<std::string> commands_of(const std::string& execute) {
  std::string text = execute;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(execute, ignored)) {
    std::ifstream file(execute);
    std::stringstream whole;
    whole << file.rdbuf();
    text = whole.str();
    std::ranges::replace(text, '\n', ' ');
  }
  std::vector<std::string> commands;
  for (const std::string_view part : split(text, ';'))
    if (!trim(part).empty()) commands.emplace_back(trim(part));
  return commands;
}

int run_commands(admin::Console& console, const std::vector<std::string>& commands) {
  bool all_done = true;
  for (const std::string& command : commands) {
    if (commands.size() > 1 && !console.json) console.out << fmt::format("\n~~~ {} ~~~\n", command);
    const auto outcome = admin::run_line(console, command);
    if (outcome == admin::Outcome::Exit) break;
    all_done = all_done && outcome == admin::Outcome::Done;
  }
  console.out.flush();
  return all_done ? 0 : kFailed;
}

int run_prompt(admin::Console& console, const admin::Fleet& fleet) {
  const auto members = fleet.members();
  std::vector<std::string> names;
  for (const admin::Member& member : members) names.push_back(member.address);
  std::cout << fmt::format(
      "Aerospike Interactive Shell, version {}\n\nFound {} nodes\nOnline:  {}\n\n",
      FLOTILLA_VERSION, members.size(), fmt::join(names, ", "));
  const auto all = admin::commands();
  LineEditor editor("asadm", ".asadm_history", [&](std::string_view line) {
    const admin::Completion found = admin::complete(all, members, line);
    return LineEditor::propose(line.size() - found.word_begin, found.candidates);
  });
  for (;;) {
    const auto line = editor.read(console.is_privileged ? "Admin+> " : "Admin> ");
    if (line.kind == LineEditor::Line::Kind::End) return 0;
    if (line.kind == LineEditor::Line::Kind::Interrupted || trim(line.text).empty()) continue;
    editor.remember(std::string(trim(line.text)));
    for (const std::string& command : commands_of(std::string(trim(line.text))))
      if (admin::run_line(console, command) == admin::Outcome::Exit) return 0;
  }
}

int run_connected(const Invocation& invocation, const Arguments& arguments) {
  const auto seeds = arguments.connect.seeds();
  if (!seeds) {
    std::cerr << "ERROR: " << seeds.error().message << '\n';
    return kFailed;
  }
  const std::string seed_text =
      fmt::format("[('{}', {}, None)]", seeds->front().host, seeds->front().port);
  if (invocation.is_alias)
    std::cerr << "Seed:        " << seed_text
              << "\nConfig_file: " << arguments.connect.config_text() << '\n';
  const auto timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments.timeout_seconds * 1000));
  const auto fleet = admin::Fleet::connect(*seeds, arguments.connect.client_options(), timeout,
                                           arguments.single_node);
  if (!fleet) {
    std::cerr << (invocation.is_alias && !is_refusal(fleet.error())
                      ? fmt::format("ERROR: Not able to connect any cluster with {}.\n", seed_text)
                      : fmt::format("ERROR: cannot connect to {}: {}\n", arguments.connect.host,
                                    fleet.error().message));
    return kFailed;
  }
  std::ofstream file;
  if (arguments.out_file) {
    file.open(*arguments.out_file);
    if (!file) {
      std::cerr << fmt::format("ERROR: cannot write '{}': {}\n", *arguments.out_file,
                               std::strerror(errno));
      return kFailed;
    }
  }
  const bool to_terminal = !arguments.out_file && ::isatty(STDOUT_FILENO) != 0;
  admin::Console console{
      .fleet = *fleet,
      .out = arguments.out_file ? static_cast<std::ostream&>(file) : std::cout,
      .err = std::cerr,
      .json = arguments.json,
      .colours = to_terminal && !arguments.no_color && !has_no_color(),
      .is_privileged = arguments.enable && arguments.execute.has_value(),
      .is_interactive = !arguments.execute && ::isatty(STDIN_FILENO) != 0,
  };
  if (arguments.execute) {
    const int code = run_commands(console, commands_of(*arguments.execute));
    if (!arguments.out_file || file) return code;
    std::cerr << fmt::format("ERROR: cannot write '{}': the disk may be full\n",
                             *arguments.out_file);
    return kFailed;
  }
  return run_prompt(console, *fleet);
}

}  // namespace

int run_admin(const Invocation& invocation) {
  const auto parsed = parse(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kFailed;
  }
  if (!*parsed) return 0;
  return run_connected(invocation, **parsed);
}

}  // namespace flotilla::tools
