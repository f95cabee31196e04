#include <fmt/format.h>

#include <chrono>
#include <ostream>
#include <thread>

#include "base/parse.h"
#include "command_tables.h"
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
      console.out << fmt::format("  {:<26}{}{}\n", command.path, command.help,
                                 command.needs_privilege ? " *" : "");
  if (topic.empty())
    console.out << "\n  * after 'enable'. Words may be abbreviated. Behind a command: with <node> "
                   "..., like <name>,\n"
                   "    for <namespace>, diff. 'exit' ends.\n";
  return true;
}

/// watch [pause [iterations]] command
bool watch(Console& console, const Request& request) {
  std::size_t first = 0;
  std::uint64_t numbers[] = {2, UINT64_MAX};  // Seconds between, and how often.
  for (std::uint64_t& number : numbers) {
    const auto parsed =
        first < request.words.size() ? parse_u64(request.words[first]) : std::nullopt;
    if (!parsed) break;
    number = *parsed;
    ++first;
  }
  std::string line;
  for (std::size_t i = first; i < request.words.size(); ++i) line += request.words[i] + ' ';
  for (const std::string& node : request.with)
    line += (node == request.with.front() ? "with " : "") + node + ' ';
  if (line.empty() || line.starts_with("watch"))
    return console.complain("usage: watch [seconds [times]] <command>");
  for (std::uint64_t i = 0; i < numbers[1]; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::seconds(numbers[0]));
    if (run_line(console, line) != Outcome::Done) return false;
  }
  return true;
}

constexpr Command kCommands[] = {
    {"asinfo", "-v <info command> [-l]: ask every node", true, &asinfo},
    {"watch", "[seconds [times]] <command>: again and again", false, &watch},
    {"enable", "Allow commands that change the cluster", false, &enable},
    {"disable", "Forbid them again", false, &disable},
    {"help", "[word]: this list", false, &help},
};

}  // namespace

std::span<const Command> other_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
