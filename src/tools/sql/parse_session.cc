#include "grammar.h"
#include "text.h"

namespace flotilla::tools::sql::grammar {

Statement set(TokenReader& in) {
  for (const std::string_view word : {"password", "whitelist"})
    if (in.next_is(word)) return users_not_yet(in);
  SetOption option{.name = upper(in.name("a setting"))};
  // Whatever stands there is the value: a word, a number, a quoted path.
  if (in.at_end()) in.unexpected("a value");
  option.value = in.rest();
  return option;
}

Statement get(TokenReader& in) { return GetOption{upper(in.name("a setting or ALL"))}; }

Statement reset(TokenReader& in) { return ResetOption{upper(in.name("a setting"))}; }

Statement run(TokenReader& in) { return Run{in.quoted("a path in quotes")}; }

Statement print(TokenReader& in) { return Print{in.rest()}; }

Statement help(TokenReader& in) { return Help{in.rest()}; }

Statement exit(TokenReader&) { return Exit{}; }

Statement functions_not_yet(TokenReader& in) {
  in.rest();
  return NotYet{"User-defined functions cannot be run in this version"};
}

Statement users_not_yet(TokenReader& in) {
  in.rest();
  return NotYet{"Users and roles are not available in this version"};
}

Statement shell_never(TokenReader& in) {
  in.rest();
  return NotYet{"Shell commands are not run from here"};
}

}  // namespace flotilla::tools::sql::grammar
