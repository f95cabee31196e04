#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/manual.h"

namespace flotilla::tools {

/// How a verb was started.
struct Invocation {
  std::string program;                 // What to call it in messages: "aql", "flotilla sql".
  std::vector<std::string> arguments;  // Behind the verb.
  bool is_alias = false;               // Under the old name: behave as that tool does.
  ToolPage* describe = nullptr;        // Not to be run: only its page is wanted, here.
};

/// One thing that `flotilla` does.
struct Verb {
  std::string_view name;   // "sql"
  std::string_view alias;  // The name of a link under which it is started too: "aql"; empty: none.
  std::string_view help;   // One line.
  int (*run)(const Invocation&);
};
std::span<const Verb> verbs();

/// The whole program: `argv[0]` may be the alias of a verb, else the verb comes first. Returns the
/// exit code.
int run_program(std::span<const std::string> argv);

/// What the verbs tell about themselves, for manual pages and completion.
std::vector<NamedPage> verb_pages();

int run_sql(const Invocation& invocation);
int run_info(const Invocation& invocation);
int run_admin(const Invocation& invocation);
int run_bench(const Invocation& invocation);
int run_backup(const Invocation& invocation);
int run_restore(const Invocation& invocation);
int run_man(const Invocation& invocation);
int run_completion(const Invocation& invocation);
int run_dev(const Invocation& invocation);
int run_top(const Invocation& invocation);

}  // namespace flotilla::tools
