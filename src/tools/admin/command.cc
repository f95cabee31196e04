#include "tools/admin/command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>

#include "base/parse.h"
#include "command_tables.h"
#include "text.h"

namespace flotilla::tools::admin {
namespace {

std::string now_text() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(now));
}

/// The word of a path at `depth`; empty behind its end.
std::string_view word_at(std::string_view path, std::size_t depth) {
  for (; depth > 0; --depth) {
    const std::size_t blank = path.find(' ');
    if (blank == std::string_view::npos) return {};
    path.remove_prefix(blank + 1);
  }
  return path.substr(0, path.find(' '));
}

bool is_modifier(std::string_view word) {
  for (const std::string_view modifier : {"with", "like", "for", "diff"})
    if (word == modifier) return true;
  return word.starts_with('-');
}

/// The one word at `depth` among the candidates that the typed one means. The error is a sentence;
/// nothing: none.
tl::expected<std::optional<std::string_view>, std::string> resolve(
    const std::vector<const Command*>& candidates, std::size_t depth, std::string_view typed) {
  std::vector<std::string_view> matches;
  for (const Command* command : candidates) {
    const std::string_view word = word_at(command->path, depth);
    if (word == typed) return word;
    if (!word.empty() && word.starts_with(typed) &&
        std::ranges::find(matches, word) == matches.end())
      matches.push_back(word);
  }
  if (matches.empty()) return std::nullopt;
  if (matches.size() == 1) return matches[0];
  // People have always typed 'sh st' for these.
  constexpr std::string_view kFirst = "statistics";
  if (std::ranges::find(matches, kFirst) != matches.end()) return kFirst;
  return tl::unexpected(fmt::format("'{}' may mean {}", typed, fmt::join(matches, " or ")));
}

/// The first word behind `with` that no member answers to.
std::optional<std::string> means_nobody(const Fleet& fleet, const std::vector<std::string>& with) {
  if (with.empty()) return std::nullopt;
  const auto members = fleet.members();
  for (const std::string& word : with)
    if (select(members, {word}).empty()) return word;
  return std::nullopt;
}

}  // namespace

std::string_view Request::after(std::string_view key) const {
  const auto at = std::ranges::find(words, key);
  return at == words.end() || at + 1 == words.end() ? std::string_view()
                                                    : std::string_view(*(at + 1));
}

bool Request::has(std::string_view word) const {
  return std::ranges::find(words, word) != words.end();
}

void Console::show(const Sheet& sheet) const {
  if (json) {
    out << json_text(sheet);
    return;
  }
  const Style style{
      .colours = colours, .time = time.empty() ? now_text() : time, .repeats_after = repeats_after};
  out << print(flips ? flipped(sheet) : sheet, style) << '\n';
}

bool Console::complain(std::string_view why) const {
  out.flush();
  err << "ERROR: " << why << '\n';
  return false;
}

std::vector<Command> commands() {
  std::vector<Command> all;
  for (const std::span<const Command> part :
       {info_commands(), show_commands(), placement_commands(), latency_commands(),
        health_commands(), manage_commands(), other_commands()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

tl::expected<Found, std::string> find_command(const std::vector<Command>& commands,
                                              const std::vector<std::string>& words) {
  std::vector<const Command*> candidates;
  for (const Command& command : commands) candidates.push_back(&command);
  std::size_t depth = 0;
  for (; depth < words.size() && !is_modifier(words[depth]); ++depth) {
    const auto word = resolve(candidates, depth, words[depth]);
    if (!word) return tl::unexpected(word.error());
    if (!*word) break;
    std::erase_if(candidates, [&](const Command* c) { return word_at(c->path, depth) != **word; });
  }
  if (depth == 0)
    return tl::unexpected(
        fmt::format("there is no command '{}'; 'help' lists them", words.empty() ? "" : words[0]));
  for (const Command* command : candidates)
    if (word_at(command->path, depth).empty()) return Found{command, depth};
  std::vector<std::string_view> more;
  for (const Command* command : candidates) more.push_back(word_at(command->path, depth));
  more.erase(std::unique(more.begin(), more.end()), more.end());
  return tl::unexpected(
      fmt::format("'{}' goes on with one of: {}",
                  fmt::join(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(depth), " "),
                  fmt::join(more, ", ")));
}

Completion complete(const std::vector<Command>& commands, const std::vector<Member>& members,
                    std::string_view line) {
  // What stands behind the last separator of commands counts.
  const std::size_t begin = line.rfind(';') == std::string_view::npos ? 0 : line.rfind(';') + 1;
  std::vector<std::string> words = words_of(line.substr(begin));
  const bool at_new_word = line.empty() || line.back() == ' ' || begin == line.size();
  const std::string typed = at_new_word || words.empty() ? std::string() : words.back();
  if (!at_new_word && !words.empty()) words.pop_back();
  Completion completion{.word_begin = line.size() - typed.size(), .candidates = {}};
  const auto propose = [&](std::string_view word) {
    if (!word.empty() && word.starts_with(typed) &&
        std::ranges::find(completion.candidates, word) == completion.candidates.end())
      completion.candidates.emplace_back(word);
  };
  if (std::ranges::find(words, "with") != words.end()) {
    for (const Member& member : members) propose(member.address);
    propose("all");
    return completion;
  }
  std::vector<const Command*> candidates;
  for (const Command& command : commands) candidates.push_back(&command);
  // 'watch' and its numbers stand in front of a command.
  std::size_t from = !words.empty() && words[0] == "watch" ? 1 : 0;
  while (from > 0 && from < words.size() && parse_u64(words[from])) ++from;
  for (std::size_t depth = 0; from + depth < words.size(); ++depth) {
    const auto word = resolve(candidates, depth, words[from + depth]);
    if (!word || !*word) break;
    std::erase_if(candidates, [&](const Command* c) { return word_at(c->path, depth) != **word; });
  }
  for (const Command* command : candidates) propose(word_at(command->path, words.size() - from));
  if (!words.empty())
    for (const std::string_view modifier : {"with", "like", "for", "diff"}) propose(modifier);
  return completion;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      else
        word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

Request parse_request(const std::vector<std::string>& words, std::size_t from) {
  Request request;
  std::vector<std::string>* into = &request.words;
  for (std::size_t i = from; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "with")
      into = &request.with;
    else if (word == "like")
      into = &request.like;
    else if (word == "for")
      into = &request.only;
    else if (word == "diff")
      request.diff = true;
    else if (word == "--no-warn")
      request.warns = false;
    else if (word == "-flip" || word == "--flip")
      request.flips = true;
    else if (word == "-r" && i + 1 < words.size() && parse_u64(words[i + 1]))
      request.repeats_after = *parse_u64(words[++i]);
    else if (word == "undo")
      // No node is called so, and 'manage quiesce with A undo' must not quiesce.
      request.words.push_back(word);
    else
      into->push_back(word);
  }
  return request;
}

Outcome run_line(Console& console, std::string_view line) {
  const auto words = words_of(line);
  if (words.empty()) return Outcome::Done;
  if (words[0] == "exit" || words[0] == "quit" || words[0] == "q") return Outcome::Exit;
  static const std::vector<Command> kAll = commands();
  const auto found = find_command(kAll, words);
  if (!found) {
    console.complain(found.error());
    return Outcome::Failed;
  }
  if (found->command->needs_privilege && !console.is_privileged) {
    console.complain(
        fmt::format("'{}' changes the cluster: type 'enable' first, or start with --enable",
                    found->command->path));
    return Outcome::Failed;
  }
  const Request request = parse_request(words, found->taken);
  if (found->command->words == Words::None && !request.words.empty()) {
    console.complain(fmt::format("'{}' does not take '{}'", found->command->path,
                                 fmt::join(request.words, " ")));
    return Outcome::Failed;
  }
  if (const auto stranger = means_nobody(console.fleet, request.with)) {
    console.complain(fmt::format("no node is meant by '{}'", *stranger));
    return Outcome::Failed;
  }
  console.flips = request.flips;
  console.repeats_after = request.repeats_after;
  const bool done = found->command->run(console, request);
  console.out.flush();
  return done ? Outcome::Done : Outcome::Failed;
}

}  // namespace flotilla::tools::admin
