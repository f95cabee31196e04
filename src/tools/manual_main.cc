#include <fmt/format.h>

#include <iostream>

#include "command_line.h"

/// `flotilla man` and `flotilla completion`: the tools' own pages, printed.
namespace flotilla::tools {
namespace {

constexpr int kUsageError = 2;

int complain(const Invocation& invocation, std::string_view why) {
  std::cerr << invocation.program << ": " << why << '\n';
  return kUsageError;
}

}  // namespace

int run_man(const Invocation& invocation) {
  std::string verb;
  CommandLine line(invocation, {.arguments = "VERB",
                                .about = "Prints the manual page of a verb, for man(1).",
                                .examples = {"sql | man -l -"}});
  line.option("verb", verb, "VERB", "Of which verb");
  const auto answered = line.parse();
  if (!answered) return complain(invocation, answered.error());
  if (*answered) return 0;
  for (const NamedPage& named : verb_pages()) {
    if (verb.empty() || (named.verb != verb && named.alias != verb)) continue;
    std::cout << man_page(named.page, FLOTILLA_VERSION);
    return 0;
  }
  return complain(invocation, "of which verb? 'flotilla --help' lists them");
}

int run_completion(const Invocation& invocation) {
  std::string name;
  CommandLine line(invocation, {.arguments = "bash|zsh|fish",
                                .about = "Prints the completion script of a shell.",
                                .examples = {"bash > /etc/bash_completion.d/flotilla",
                                             "zsh > \"${fpath[1]}/_flotilla\"",
                                             "fish > ~/.config/fish/completions/flotilla.fish"}});
  line.option("shell", name, "SHELL", "bash, zsh, or fish");
  const auto answered = line.parse();
  if (!answered) return complain(invocation, answered.error());
  if (*answered) return 0;
  const auto shell = parse_shell(name);
  if (!shell) return complain(invocation, "of which shell? bash, zsh, or fish");
  const auto pages = verb_pages();
  std::cout << completion_script(pages, *shell);
  return 0;
}

}  // namespace flotilla::tools
