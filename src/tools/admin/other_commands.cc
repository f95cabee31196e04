#include <fmt/format.h>

#include <chrono>
#include <ostream>
#include <sstream>

#include "base/parse.h"
#include "command_tables.h"
#include "interruption.h"
#include "tools/info_output.h"

namespace flotilla::tools::admin {
namespace {

bool asinfo(Console& console, const Request& request) {
  const bool lines = request.has("-l");
  std::string command(request.after("-v"));
  if (command.empty() && !request.words.empty() && !request.words[0].starts_with('-'))
    command = request.words[0];
  if (command.empty()) return console.complain("usage: asinfo -v <command> [-l] [with <node> ...]");
  const auto members = select(console.fleet.members(), request.with);
  const auto answers = console.fleet.ask(members, {command});
  bool all_done = true;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string value =
        answers[i].empty() ? "no answer" : std::string(value_of(answers[i], command));
    all_done = all_done && !answers[i].empty() && !client::is_info_error(value);
    console.out << fmt::format("{} ({}) returned:\n{}\n\n", members[i].name,
                               members[i].address.substr(0, members[i].address.rfind(':')),
                               lines ? value_lines(value) : value);
  }
  return all_done;
}

bool enable(Console& console, const Request&) {
  console.is_privileged = true;
  return true;
}

bool disable(Console& console, const Request&) {
  console.is_privileged = false;
  return true;
}

bool help(Console& console, const Request& request) {
  const std::string_view topic =
      request.words.empty() ? std::string_view() : std::string_view(request.words[0]);
  for (const Command& command : commands())
    if (command.path.starts_with(topic))
      console.out << fmt::format("  {:<31}{}{}\n", command.path, command.help,
                                 command.needs_privilege ? " *" : "");
  if (topic.empty())
    console.out << "\n  * after 'enable'. Words may be abbreviated. Behind a command: with <node> "
                   "..., like <name>,\n"
                   "    for <namespace>, diff, -flip, -r <rows>. 'exit' ends.\n";
  return true;
}

/// The text with what differs from `before`, place by place, in reverse video.
std::string highlight(std::string_view text, std::string_view before) {
  std::string result;
  const auto lines = split(text, '\n');
  const auto old_lines = split(before, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view old = i < old_lines.size() ? old_lines[i] : std::string_view();
    bool differs = false;
    for (std::size_t c = 0; c < lines[i].size(); ++c) {
      const bool now = c >= old.size() || old[c] != lines[i][c];
      if (now != differs) result += now ? "\x1b[7m" : "\x1b[27m";
      differs = now;
      result += lines[i][c];
    }
    if (differs) result += "\x1b[27m";
    if (i + 1 < lines.size()) result += '\n';
  }
  return result;
}

/// What `watch` has been asked for.
struct Watch {
  std::chrono::seconds pause{2};
  std::uint64_t times = UINT64_MAX;
  bool marks = true;
  std::string line = {};
};

Watch parse_watch(const Request& request) {
  Watch watch;
  std::size_t first = 0;
  if (first < request.words.size() && request.words[first] == "--no-diff") {
    watch.marks = false;
    ++first;
  }
  for (int i = 0; i < 2 && first < request.words.size(); ++i) {
    const auto number = parse_u64(request.words[first]);
    if (!number) break;
    (i == 0 ? void(watch.pause = std::chrono::seconds(std::min<std::uint64_t>(*number, 86'400)))
            : void(watch.times = *number));
    ++first;
  }
  for (std::size_t i = first; i < request.words.size(); ++i) watch.line += request.words[i] + ' ';
  const auto add = [&watch](std::string_view modifier, const std::vector<std::string>& words) {
    if (!words.empty()) watch.line += fmt::format("{} {} ", modifier, fmt::join(words, " "));
  };
  add("with", request.with);
  add("like", request.like);
  add("for", request.only);
  if (request.diff) watch.line += "diff ";
  if (request.flips) watch.line += "-flip ";
  if (request.repeats_after > 0) watch.line += fmt::format("-r {} ", request.repeats_after);
  return watch;
}

bool watch(Console& console, const Request& request) {
  const Watch watch = parse_watch(request);
  if (watch.line.empty() || watch.line.starts_with("watch"))
    return console.complain("usage: watch [--no-diff] [seconds [times]] <command>");
  const Interruption interruption;
  std::string before;
  for (std::uint64_t i = 0; i < watch.times; ++i) {
    if (i > 0 && !interruption.sleep(watch.pause)) break;
    std::ostringstream text;
    Console inner{.fleet = console.fleet,
                  .out = text,
                  .err = console.err,
                  .json = console.json,
                  .colours = console.colours && !watch.marks,
                  .is_privileged = console.is_privileged,
                  .time = console.time};
    const Outcome outcome = run_line(inner, watch.line);
    const bool marked = watch.marks && console.colours && i > 0;
    console.out << (marked ? highlight(text.str(), before) : text.str()) << std::flush;
    before = text.str();
    if (outcome != Outcome::Done) return false;
    if (!console.out) return console.complain("the output cannot be written");
  }
  return true;
}

bool pager(Console& console, const Request& request) {
  const bool off = request.words.size() == 1 && request.words[0] == "off";
  const bool on = request.words.size() == 1 && (request.has("on") || request.has("scroll"));
  if (!on && !off) return console.complain("usage: pager on|off|scroll");
  console.pages = on;
  return true;
}

bool no_collecting(Console& console, const Request&) {
  return console.complain("collecting files for support is not available in this version");
}

constexpr Command kCommands[] = {
    {"asinfo", "-v <info command> [-l]: ask every node", true, &asinfo, Words::Any},
    {"watch", "[--no-diff] [seconds [times]] <command>: again and again, changes marked", false,
     &watch, Words::Any},
    {"pager", "on | off | scroll: long answers through $PAGER or less", false, &pager, Words::Any},
    {"collectinfo", "All that is known about the cluster, in a file", false, &no_collecting,
     Words::Any},
    {"collectlogs", "The logs of all nodes, in a file", false, &no_collecting, Words::Any},
    {"enable", "Allow commands that change the cluster", false, &enable},
    {"disable", "Forbid them again", false, &disable},
    {"help", "[word]: this list", false, &help, Words::Any},
};

}  // namespace

bool no_xdr(Console& console, const Request&) {
  return console.complain("replication to other clusters is not available in this version");
}

std::span<const Command> other_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
