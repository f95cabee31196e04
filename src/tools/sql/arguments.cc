#include "arguments.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "text.h"
#include "tools/sql/parser.h"

namespace flotilla::tools::sql {
namespace {

const std::vector<std::string> kConfigKeys = {"threadpoolsize", "outputmode",     "outputtypes",
                                              "timeout",        "socket-timeout", "udfuser"};

/// Options whose effect needs more than a variable.
struct Extra {
  std::string output_mode;
  std::string ignored;
  bool version = false;
  bool options = false;
  bool help = false;
  bool lenient = false;
};

void add_options(CLI::App& app, Arguments& arguments, Extra& extra) {
  arguments.connect.add_to(app);
  app.add_option("-c,--command", arguments.command);
  app.add_option("-f,--file", arguments.file);
  app.add_option("-o,--outputmode", extra.output_mode);
  // It takes an argument that nobody looks at, and its presence alone switches the decoration off.
  app.add_option("-n,--outputtypes", extra.ignored);
  app.add_option("-T,--timeout", arguments.settings.timeout_ms);
  app.add_option("--socket-timeout", arguments.settings.socket_timeout_ms);
  app.add_option("-z,--threadpoolsize", extra.ignored);
  app.add_option("-u,--udfuser", arguments.settings.lua_userpath);
  app.add_flag("-e,--echo", arguments.settings.echo);
  app.add_flag("-v,--verbose", arguments.settings.verbose);
  app.add_flag("-a", arguments.connect.services_alternate);
  app.add_flag("--strict", arguments.strict);
  app.add_flag("--lenient", extra.lenient);
  app.add_flag("-V,--version", extra.version);
  app.add_flag("-O,--options", extra.options);
  app.add_flag("-E,--help", extra.help);
}

tl::expected<void, std::string> take_output_mode(const std::string& word, bool extended,
                                                 Settings& settings) {
  if (word.empty()) return {};
  const auto mode = parse_output_mode(word, extended);
  if (mode) settings.output = *mode;
  // The original takes any other word for "table".
  if (mode || !extended) return {};
  return tl::unexpected(
      fmt::format("'{}' is not an output mode: table, json, jsonl, csv, tsv, raw, mute", word));
}

/// Settings that the command line leaves open, from the configuration files.
tl::expected<void, std::string> take_config(const CLI::App& app, Arguments& arguments,
                                            Extra& extra) {
  const auto value = [&](std::string_view key, const std::string& option) {
    const auto at = arguments.connect.values.find(key);
    if (at == arguments.connect.values.end() || app.count(option) > 0)
      return std::optional<std::string>();
    return std::optional<std::string>(at->second);
  };
  const auto number = [&](std::string_view key,
                          std::int64_t& into) -> tl::expected<void, std::string> {
    const auto text = value(key, fmt::format("--{}", key));
    if (!text) return {};
    const auto parsed = parse_integer(*text);
    if (!parsed) return tl::unexpected(fmt::format("'{}' is no value for '{}'", *text, key));
    into = *parsed;
    return {};
  };
  if (auto done = number("timeout", arguments.settings.timeout_ms); !done) return done;
  if (auto done = number("socket-timeout", arguments.settings.socket_timeout_ms); !done)
    return done;
  if (const auto mode = value("outputmode", "--outputmode")) extra.output_mode = *mode;
  if (const auto types = value("outputtypes", "--outputtypes"))
    arguments.settings.output_types = parse_truth(*types).value_or(true);
  if (const auto path = value("udfuser", "--udfuser")) arguments.settings.lua_userpath = *path;
  return {};
}

}  // namespace

tl::expected<Arguments, std::string> parse_arguments(const Invocation& invocation) {
  const bool extended = !invocation.is_alias;
  Arguments arguments;
  Extra extra;
  CLI::App app;
  app.set_help_flag();
  add_options(app, arguments, extra);
  try {
    app.parse(std::vector<std::string>(invocation.arguments.rbegin(), invocation.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<std::string>(error.what());
  }
  using Ask = Arguments::Ask;
  arguments.ask =
      extra.help ? Ask::Help
                 : (extra.options ? Ask::Options : (extra.version ? Ask::Version : Ask::Nothing));
  if (arguments.ask != Ask::Nothing) return arguments;
  if (auto done = arguments.connect.complete("aql", kConfigKeys); !done)
    return tl::unexpected(done.error());
  if (auto done = take_config(app, arguments, extra); !done) return tl::unexpected(done.error());
  if (auto done = take_output_mode(extra.output_mode, extended, arguments.settings); !done)
    return tl::unexpected(done.error());
  if (app.count("--outputtypes") > 0) arguments.settings.output_types = false;
  // What runs unattended shows what it runs, unless a program is to read the answers.
  const bool unattended = arguments.command || arguments.file;
  if (unattended && !(extended && is_machine_readable(arguments.settings.output)))
    arguments.settings.echo = true;
  if (extended && unattended && !extra.lenient) arguments.strict = true;
  return arguments;
}

std::string version_lines(const Invocation& invocation) {
  if (invocation.is_alias)
    return fmt::format("Aerospike Query Client\nVersion {}\nBuild Flotilla\n", FLOTILLA_VERSION);
  return fmt::format("Flotilla SQL\nVersion {}\n", FLOTILLA_VERSION);
}

std::string help_page(const Invocation& invocation, bool with_statements) {
  std::string page = fmt::format(
      R"page(Usage: {0} [options]

Reads and writes the records of a cluster. Without -c or -f: a prompt, with history and completion.

  -h, --host=HOST         Seeds: host[:tls name][:port],... (127.0.0.1)
  -p, --port=PORT         For seeds without one (3000)
  -U, --user=USER  -P, --password[=PASSWORD]   Without a password: asks for it
  -A, --auth=MODE         INTERNAL, EXTERNAL, EXTERNAL_INSECURE, PKI
  -a, --services-alternate     Reach nodes by their alternate addresses
  -c, --command=TEXT      Run these statements (separated by ';') and exit
  -f, --file=PATH         Run the statements of a file and exit
  -o, --outputmode=MODE   table, json, raw, mute{1} (table)
  -n, --outputtypes=ANY   Show values without LIST(...), MAP(...), GeoJSON(...)
  -T, --timeout=MS        Of a statement on one record (1000)     --socket-timeout=MS
  -e, --echo  -v, --verbose
  --strict                Stop at the first failure and exit with 1{2}
  --instance=NAME         Use [cluster_NAME] and [aql_NAME] of astools.conf
  --config-file=PATH  --only-config-file=PATH  --no-config-file
  --tls-enable, --tls-*   TLS is not available in this version
  -V, --version  -O, --options  -E, --help

Examples:
  {0} -h db1 -c "insert into test.foo (pk, val1) values (1, 'abc')"
  {0} -h db1 -c "select * from test.foo where pk = 1"
  {0} -h db1 -o json -c "select * from test.foo" | tail -n +2
)page",
      invocation.program, invocation.is_alias ? "" : ", jsonl, csv, tsv",
      invocation.is_alias ? "" : " (the default of -c and -f; --lenient goes on)");
  if (!invocation.is_alias) {
    const std::size_t tail = page.find(" | tail -n +2");
    page.erase(tail, std::string_view(" | tail -n +2").size());
  }
  if (!with_statements) return page;
  page += "\nStatements:\n";
  for (const Usage& usage : usages({})) page += fmt::format("  {}\n", usage.line);
  return page;
}

}  // namespace flotilla::tools::sql
