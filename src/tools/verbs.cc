#include "tools/verbs.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

namespace flotilla::tools {
namespace {

constexpr int kUsageError = 2;

constexpr Verb kVerbs[] = {
    {"sql", "aql", "Read and write records with SQL-like statements", &run_sql},
    {"info", "asinfo", "Ask one node an info command", &run_info},
    {"admin", "asadm", "See and manage a cluster", &run_admin},
    {"bench", "asbench", "Put load on a cluster and measure it", &run_bench},
    {"backup", "asbackup", "Write records to files", &run_backup},
    {"restore", "asrestore", "Write records from files back", &run_restore},
    {"top", "", "Watch a cluster live", &run_top},
    {"dev", "", "Run a cluster of processes on loopback", &run_dev},
    {"completion", "", "Print the completion script of a shell", &run_completion},
    {"man", "", "Print the manual page of a verb", &run_man},
};

void print_help(std::FILE* to) {
  fmt::print(to,
             "Usage: flotilla <verb> [options]\n\n"
             "Works on a Flotilla cluster (and on any server of the same protocol).\n\nVerbs:\n");
  for (const Verb& verb : kVerbs) {
    const std::string names =
        verb.alias.empty() ? std::string(verb.name) : fmt::format("{} ({})", verb.name, verb.alias);
    fmt::print(to, "  {:<22}{}\n", names, verb.help);
  }
  fmt::print(to,
             "\nA verb is also started by a link of the name in brackets, and then behaves as that "
             "tool does.\n"
             "'flotilla <verb> --help' tells more.\n\nExamples:\n"
             "  flotilla sql -h db1 -c \"select * from test.foo where pk = 1\"\n"
             "  flotilla info -h db1 -v status\n");
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

std::vector<NamedPage> verb_pages() {
  std::vector<NamedPage> pages;
  for (const Verb& verb : kVerbs) {
    NamedPage named{.verb = std::string(verb.name), .alias = std::string(verb.alias), .page = {}};
    verb.run({.program = fmt::format("flotilla {}", verb.name),
              .arguments = {},
              .describe = &named.page});
    named.page.summary = verb.help;
    pages.push_back(std::move(named));
  }
  return pages;
}

int run_program(std::span<const std::string> argv) {
  const std::string_view path =
      argv.empty() ? std::string_view("flotilla") : std::string_view(argv[0]);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto* const alias = std::ranges::find_if(
      kVerbs, [&](const Verb& verb) { return !verb.alias.empty() && verb.alias == name; });
  if (alias != std::end(kVerbs))
    return alias->run({.program = std::string(name),
                       .arguments = std::vector<std::string>(argv.begin() + 1, argv.end()),
                       .is_alias = true});
  if (argv.size() < 2) {
    print_help(stderr);
    return kUsageError;
  }
  const std::string_view word = argv[1];
  if (word == "--help" || word == "-E" || word == "help") {
    print_help(stdout);
    return 0;
  }
  if (word == "--version" || word == "-V" || word == "version") {
    fmt::print("flotilla {}\n", FLOTILLA_VERSION);
    return 0;
  }
  const auto* const verb = std::ranges::find_if(kVerbs, [&](const Verb& v) {
    return v.name == word || (!v.alias.empty() && v.alias == word);
  });
  if (verb == std::end(kVerbs)) {
    fmt::print(stderr, "flotilla: there is no verb '{}'; 'flotilla --help' lists them\n", word);
    return kUsageError;
  }
  // Called by its old name behind ours, it is still asked to be the old tool.
  return verb->run({.program = fmt::format("flotilla {}", word),
                    .arguments = std::vector<std::string>(argv.begin() + 2, argv.end()),
                    .is_alias = verb->name != word});
}

}  // namespace flotilla::tools
