#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "base/parse.h"
#include "client/topology.h"
#include "connect_options.h"
#include "line_editor.h"
#include "pager.h"
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
  std::string analysed;
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
  line.silent_flag("-c,--collectinfo");
  line.silent_flag("-l,--log-analyser");
  line.silent("-f,--file-path", analysed);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (line.has("-c") || line.has("-l") || line.has("-f"))
    return tl::unexpected<std::string>(
        "only a live cluster can be looked at: -c, -l, and -f, for "
        "files that were collected, are not available");
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

/// What is to be seen while it goes on.
bool is_watch(std::string_view command) {
  return std::string_view("watch").starts_with(command.substr(0, command.find(' ')));
}

/// Nodes that members tell of, but that nobody reaches.
std::set<std::string> offline(const admin::Fleet& fleet, const std::vector<admin::Member>& members,
                              const std::string& question) {
  std::set<std::string> addresses;
  for (const admin::Answers& answer : fleet.ask(members, {question})) {
    const auto peers = client::parse_peers(admin::value_of(answer, question));
    if (!peers) continue;
    for (const client::Peer& peer : peers->peers)
      if (!peer.addresses.empty() &&
          std::ranges::find(members, peer.node, &admin::Member::id) == members.end())
        addresses.insert(peer.addresses[0].text());
  }
  return addresses;
}

void greet(const admin::Fleet& fleet, const std::vector<admin::Member>& members, bool tls) {
  std::vector<std::string> online;
  for (const admin::Member& member : members) online.push_back(member.address);
  std::cout << fmt::format(
      "Aerospike Interactive Shell, version {}\n\nFound {} nodes\nOnline:  {}\n", FLOTILLA_VERSION,
      members.size(), fmt::join(online, ", "));
  const auto missing = offline(fleet, members, tls ? "peers-tls-std" : "peers-clear-std");
  if (!missing.empty()) std::cout << fmt::format("Offline: {}\n", fmt::join(missing, ", "));
  std::cout << '\n';
}

int run_prompt(const admin::Console& console, const admin::Fleet& fleet, bool tls) {
  const auto members = fleet.members();
  greet(fleet, members, tls);
  const auto all = admin::commands();
  LineEditor editor("asadm", ".asadm_history", [&](std::string_view line) {
    const admin::Completion found = admin::complete(all, members, line);
    return LineEditor::propose(line.size() - found.word_begin, found.candidates);
  });
  Pager pager(std::cout);
  admin::Console paged{.fleet = console.fleet,
                       .out = pager.stream(),
                       .err = console.err,
                       .json = console.json,
                       .colours = console.colours,
                       .is_privileged = console.is_privileged,
                       .is_interactive = console.is_interactive};
  for (;;) {
    const auto line = editor.read(paged.is_privileged ? "Admin+> " : "Admin> ");
    if (line.kind == LineEditor::Line::Kind::End) return 0;
    if (line.kind == LineEditor::Line::Kind::Interrupted || trim(line.text).empty()) continue;
    editor.remember(std::string(trim(line.text)));
    for (const std::string& command : commands_of(std::string(trim(line.text)))) {
      if (paged.pages && !is_watch(command)) pager.begin();
      const auto outcome = admin::run_line(paged, command);
      pager.end();
      if (outcome == admin::Outcome::Exit) return 0;
    }
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
  return run_prompt(console, *fleet, arguments.connect.tls.enable);
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
