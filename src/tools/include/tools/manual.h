#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a tool tells about itself. The rows are those by which it reads its command line; help,
/// manual page, and the shells' completion are all made from them.
namespace flotilla::tools {

struct OptionRow {
  std::vector<std::string> names = {};  // "-h", "--host". The first long one is the name; further
                                        // ones are other spellings.
  std::string value = {};               // What stands for its argument; empty: it takes none.
  std::string help = {};                // One line.
  bool is_common = false;  // Of every tool, or rarely needed: only named in the help page.
};

struct ToolPage {
  std::string program = {};  // "flotilla sql"
  std::string arguments = "[options]";
  std::string summary = {};  // Half a line, for lists.
  std::string about = {};    // A sentence or two.
  std::vector<OptionRow> options = {};
  std::string notes = {};                  // Lines behind the options; ends in a line feed.
  std::vector<std::string> examples = {};  // Arguments alone: the program stands in front.
};

/// At most 100 columns wide; one line an option, except those that all tools have.
std::string help_text(const ToolPage& page);
/// For man(1), section 1. `version`: of the program.
std::string man_page(const ToolPage& page, std::string_view version);

/// A tool with all names it is started by: "flotilla sql" is {"sql", "aql", page}.
struct NamedPage {
  std::string verb;
  std::string alias;  // Empty: none.
  ToolPage page;
};
enum class ShellKind : std::uint8_t { Bash, Zsh, Fish };
std::optional<ShellKind> parse_shell(std::string_view name);
/// The script to be sourced (bash), put into $fpath (zsh), or into fish's folder of completions.
std::string completion_script(std::span<const NamedPage> pages, ShellKind shell);

}  // namespace flotilla::tools
