#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/parse.h"
#include "connect_options.h"
#include "line_editor.h"
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
  bool ignored = false;
  bool version = false;
  bool help = false;
};

constexpr std::string_view kHelp = R"(Usage: {0} [options]

Shows and manages a cluster. Without -e: a prompt.

  -e, --execute=COMMANDS  Run these (separated by ';'), or those of a file, and exit
  -o, --out-file=PATH     Write the output there
  --enable                Allow commands that change the cluster
  -j, --json              Sheets as JSON
  --single-node           Only the node that is given
  --no-color              No colours (nor with NO_COLOR set, nor in pipes)
  --timeout=SECONDS       For each question to a node (1)
  -h, --host=HOST  -p, --port=PORT  -U, --user=USER  -P, --password[=PASSWORD]
  -a, --services-alternate  -A, --auth=MODE  --tls-*
  --instance=NAME  --config-file=PATH  --only-config-file=PATH  --no-config-file
  -V, --version  -E, --help

Commands may be abbreviated: 'i' is 'info', 'sh st like client' is 'show statistics like client'.
Exits with 2 when a command fails or no node can be reached.

Examples:
  {0} -h db1 -e info
  {0} -h db1 -e "show statistics service like uptime; show config diff"
  {0} -h db1 --enable -e "manage recluster"
)";

tl::expected<Arguments, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  CLI::App app;
  app.set_help_flag();
  arguments.connect.add_to(app);
  app.add_option("-e,--execute", arguments.execute);
  app.add_option("-o,--out-file,--out_file", arguments.out_file);
  app.add_option("--timeout", arguments.timeout_seconds);
  app.add_flag("--enable", arguments.enable);
  app.add_flag("-j,--json", arguments.json);
  app.add_flag("--no-color", arguments.no_color);
  app.add_flag("--single-node", arguments.single_node);
  app.add_flag("-a", arguments.connect.services_alternate);
  app.add_flag("-s,--services-alumni", arguments.ignored);
  app.add_flag("--debug", arguments.ignored);
  app.add_flag("-V,--version", arguments.version);
  app.add_flag("-E,--help", arguments.help);
  try {
    app.parse(std::vector<std::string>(invocation.arguments.rbegin(), invocation.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<std::string>(error.what());
  }
  if (arguments.help || arguments.version) return arguments;
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
  LineEditor editor("asadm", ".asadm_history");
  for (;;) {
    const auto line = editor.read(console.is_privileged ? "Admin+> " : "Admin> ");
    if (line.kind == LineEditor::Line::Kind::End) return 0;
    if (line.kind == LineEditor::Line::Kind::Interrupted || trim(line.text).empty()) continue;
    editor.remember(std::string(trim(line.text)));
    for (const std::string& command : commands_of(std::string(trim(line.text))))
      if (admin::run_line(console, command) == admin::Outcome::Exit) return 0;
  }
}

}  // namespace

int run_admin(const Invocation& invocation) {
  const auto arguments = parse(invocation);
  if (!arguments) {
    std::cerr << invocation.program << ": " << arguments.error() << '\n';
    return kFailed;
  }
  if (arguments->help) {
    std::cout << fmt::format(fmt::runtime(kHelp), invocation.program);
    return 0;
  }
  if (arguments->version) {
    std::cout << fmt::format("Aerospike Interactive Shell\nVersion {}\nBuild Flotilla\n",
                             FLOTILLA_VERSION);
    return 0;
  }
  const auto seeds = arguments->connect.seeds();
  if (!seeds) {
    std::cerr << "ERROR: " << seeds.error().message << '\n';
    return kFailed;
  }
  const std::string seed_text =
      fmt::format("[('{}', {}, None)]", seeds->front().host, seeds->front().port);
  std::cerr << "Seed:        " << seed_text << "\nConfig_file: " << arguments->connect.config_text()
            << '\n';
  const auto timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments->timeout_seconds * 1000));
  const auto fleet = admin::Fleet::connect(*seeds, arguments->connect.client_options(), timeout,
                                           arguments->single_node);
  if (!fleet) {
    std::cerr << fmt::format("ERROR: Not able to connect any cluster with {}.\n", seed_text);
    return kFailed;
  }
  std::ofstream file;
  if (arguments->out_file) file.open(*arguments->out_file);
  const bool to_terminal = !arguments->out_file && ::isatty(STDOUT_FILENO) != 0;
  admin::Console console{
      .fleet = *fleet,
      .out = arguments->out_file ? static_cast<std::ostream&>(file) : std::cout,
      .err = std::cerr,
      .json = arguments->json,
      .colours = to_terminal && !arguments->no_color && std::getenv("NO_COLOR") == nullptr,
      .is_privileged = arguments->enable && arguments->execute.has_value(),
      .is_interactive = !arguments->execute && ::isatty(STDIN_FILENO) != 0,
  };
  if (arguments->execute) return run_commands(console, commands_of(*arguments->execute));
  return run_prompt(console, *fleet);
}

}  // namespace flotilla::tools
