#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/admin/fleet.h"
#include "tools/admin/sheet.h"

/// The language of `flotilla admin`: words that lead to a command, then what the command takes,
/// then modifiers.
namespace flotilla::tools::admin {

/// What stands behind a command's own words.
struct Request {
  std::vector<std::string> words;   // Not taken by a modifier.
  std::vector<std::string> with;    // Which nodes.
  std::vector<std::string> like;    // Which names.
  std::vector<std::string> only;    // `for`: which namespaces or sets.
  bool diff = false;                // Only rows in which nodes differ.
  bool warns = true;                // Not with --no-warn.
  bool flips = false;               // -flip: rows become columns.
  std::uint64_t repeats_after = 0;  // -r N: the headings again after so many rows; 0: never.

  /// The word behind `key`, e.g. "test" behind "ns". Empty: there is none.
  std::string_view after(std::string_view key) const;
  bool has(std::string_view word) const;
};

/// What commands work on.
struct Console {
  const Fleet& fleet;
  std::ostream& out;
  std::ostream& err;
  bool json = false;
  bool colours = false;
  bool is_privileged = false;
  bool is_interactive = false;
  std::string time = {};  // Of the sheets' titles; empty: now.
  bool pages = false;     // Long answers go through a pager, where there is one.
  bool flips = false;     // These two as the command that runs wants it.
  std::uint64_t repeats_after = 0;

  void show(const Sheet& sheet) const;
  /// False, so that a command can end by it.
  bool complain(std::string_view why) const;
};

/// Whether words may follow a command's own, other than modifiers.
enum class Words : std::uint8_t { None, Any };

struct Command {
  std::string_view path;  // "show statistics"
  std::string_view help;  // One line.
  bool needs_privilege;
  bool (*run)(Console&, const Request&);  // False: failed, and said why.
  Words words = Words::None;
};
std::vector<Command> commands();

/// The command that the words begin with, each word abbreviated at will as long as it is the only
/// one. `taken`: how many words it took. The error is a sentence.
struct Found {
  const Command* command;
  std::size_t taken;
};
tl::expected<Found, std::string> find_command(const std::vector<Command>& commands,
                                              const std::vector<std::string>& words);

/// What may stand at the end of a line that is being typed.
struct Completion {
  std::size_t word_begin;  // Where the word begins that the candidates would replace.
  std::vector<std::string> candidates;
};
Completion complete(const std::vector<Command>& commands, const std::vector<Member>& members,
                    std::string_view line);

/// Words between blanks; quotes keep blanks together.
std::vector<std::string> words_of(std::string_view line);
Request parse_request(const std::vector<std::string>& words, std::size_t from);

enum class Outcome : std::uint8_t { Done, Failed, Exit };
Outcome run_line(Console& console, std::string_view line);

}  // namespace flotilla::tools::admin
