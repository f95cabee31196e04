#include "arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

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
  bool options = false;
  bool lenient = false;
};

void add_options(CommandLine& line, Arguments& arguments, Extra& extra, bool extended) {
  arguments.connect.add_to(line);
  line.option("-c,--command", arguments.command, "TEXT",
              "Run these statements (separated by ';') and exit");
  line.option("-f,--file", arguments.file, "PATH", "Run the statements of a file and exit");
  line.option("-o,--outputmode", extra.output_mode, "MODE",
              extended ? "table, json, raw, mute, jsonl, csv, tsv (table)"
                       : "table, json, raw, mute (table)");
  // It takes an argument that nobody looks at, and its presence alone switches the decoration off.
  line.option("-n,--outputtypes", extra.ignored, "ANY",
              "Show values without LIST(...), MAP(...), GeoJSON(...)");
  line.option("-T,--timeout", arguments.settings.timeout_ms, "MS",
              "Of a statement on one record (1000)");
  line.option("--socket-timeout", arguments.settings.socket_timeout_ms, "MS",
              "Of a silent node (-1: 30000 for scans)");
  line.silent("-z,--threadpoolsize", extra.ignored);
  line.option("-u,--udfuser", arguments.settings.lua_userpath, "PATH", "Folder of local modules");
  line.flag("-e,--echo", arguments.settings.echo, "Show each statement in front of its answer");
  line.flag("-v,--verbose", arguments.settings.verbose, "Tell more");
  line.flag("--strict", arguments.strict,
            extended ? "Stop at the first failure and exit with 1: the default of -c and -f"
                     : "Stop at the first failure and exit with 1");
  if (extended)
    line.flag("--lenient", extra.lenient, "Go on after failures, exit with 0");
  else
    line.silent_flag("--lenient");
  line.flag("-O,--options", extra.options, "This page, as --help");
}

ToolPage page_of(bool extended) {
  ToolPage page{
      .about =
          "Reads and writes the records of a cluster. Without -c or -f: a prompt, with history "
          "and completion.",
      .examples = {"-h db1 -c \"insert into test.foo (pk, val1) values (1, 'abc')\"",
                   "-h db1 -c \"select * from test.foo where pk = 1\"",
                   extended ? "-h db1 -o json -c \"select * from test.foo\""
                            : "-h db1 -o json -c \"select * from test.foo\" | tail -n +2"}};
  page.notes = "'help' at the prompt lists the statements.\n";
  return page;
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
tl::expected<void, std::string> take_config(const CommandLine& line, Arguments& arguments,
                                            Extra& extra) {
  const auto value = [&](std::string_view key, const std::string& option) {
    const auto at = arguments.connect.values.find(key);
    if (at == arguments.connect.values.end() || line.has(option))
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

tl::expected<std::optional<Arguments>, std::string> parse_arguments(const Invocation& invocation) {
  const bool extended = !invocation.is_alias;
  Arguments arguments;
  Extra extra;
  CommandLine line(invocation, page_of(extended));
  line.set_version(version_lines(invocation));
  add_options(line, arguments, extra, extended);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (extra.options) {
    std::cout << help_text(line.page());
    return std::nullopt;
  }
  if (auto done = arguments.connect.complete("aql", kConfigKeys); !done)
    return tl::unexpected(done.error());
  if (auto done = take_config(line, arguments, extra); !done) return tl::unexpected(done.error());
  if (auto done = take_output_mode(extra.output_mode, extended, arguments.settings); !done)
    return tl::unexpected(done.error());
  if (line.has("--outputtypes")) arguments.settings.output_types = false;
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

}  // namespace flotilla::tools::sql
