#include "document.h"

#include <fmt/format.h>

#include "base/parse.h"

namespace flotilla::config {
namespace {

// name and at most three values.
constexpr std::size_t kTokensMax = 4;

std::vector<std::string_view> tokens_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  std::vector<std::string_view> out;
  line = line.substr(0, line.find('#'));
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    std::size_t end = line.find_first_of(kBlanks, at);
    if (end == std::string_view::npos) end = line.size();
    std::string_view token = line.substr(at, end - at);
    // `name {}` and `name{` are seen in examples.
    while (token.size() > 1 && (token.ends_with("{}") || token.back() == '{')) {
      const std::size_t cut = token.ends_with("{}") ? token.size() - 2 : token.size() - 1;
      if (cut > 0) out.push_back(token.substr(0, cut));
      token = token.substr(cut);
      if (token == "{}") {
        out.push_back(token.substr(0, 1));
        token = token.substr(1);
      }
    }
    out.push_back(token);
    at = line.find_first_not_of(kBlanks, end);
  }
  return out;
}

class ConfParser {
 public:
  ConfParser(std::string_view path, const Variables& variables)
      : path_(path), variables_(variables) {}

  Outcome<std::vector<Entry>> parse(std::string_view text) {
    if (text.size() > kFileSizeMax)
      return refuse(fmt::format("{}: larger than {} bytes", path_, kFileSizeMax));
    std::vector<Entry> top;
    open_.push_back(&top);
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      if (auto done = take(text.substr(0, end)); !done) return tl::unexpected(done.error());
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (open_.size() > 1)
      return refuse(fmt::format("{}:{}: '{{' is never closed", path_, opened_.back()));
    return top;
  }

 private:
  template <class... Args>
  tl::unexpected<std::string> bad(fmt::format_string<Args...> format, Args&&... args) const {
    return refuse(
        fmt::format("{}:{}: {}", path_, line_, fmt::format(format, std::forward<Args>(args)...)));
  }

  Outcome<void> take(std::string_view line) {
    if (line.size() > kLineMax) return bad("line longer than {} characters", kLineMax);
    if (line.find('\0') != std::string_view::npos) return bad("a zero byte");
    std::vector<std::string_view> tokens = tokens_of(line);
    while (!tokens.empty()) {
      std::size_t used = 1;
      Outcome<void> done = tokens[0] == "}" ? close() : open_or_add(tokens, used);
      if (!done) return done;
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(used));
    }
    return {};
  }

  Outcome<void> close() {
    if (open_.size() == 1) return bad("'}}' without a section");
    open_.pop_back();
    opened_.pop_back();
    return {};
  }

  // A section, up to its brace, or a parameter, up to the end of the line or a closing brace.
  Outcome<void> open_or_add(const std::vector<std::string_view>& tokens, std::size_t& used) {
    if (tokens[0] == "{") return bad("'{{' must stand on the line of its section's name");
    Entry entry;
    entry.line = line_;
    entry.name = tokens[0];
    for (used = 1; used < tokens.size() && tokens[used] != "{" && tokens[used] != "}"; ++used) {
      if (used == kTokensMax)
        return bad("'{}' has more than {} values", entry.name, kTokensMax - 1);
      auto value = substituted(tokens[used]);
      if (!value) return tl::unexpected(value.error());
      entry.values.push_back(std::move(*value));
    }
    entry.section = used < tokens.size() && tokens[used] == "{";
    open_.back()->push_back(std::move(entry));
    if (!open_.back()->back().section) return {};
    ++used;
    if (open_.back()->back().values.size() > 1)
      return bad("section '{}' has more than one argument", open_.back()->back().name);
    if (open_.size() > kDepthMax) return bad("sections nest deeper than {}", kDepthMax);
    opened_.push_back(line_);
    open_.push_back(&open_.back()->back().children);
    return {};
  }

  Outcome<std::string> substituted(std::string_view token) const {
    std::string out;
    while (true) {
      const std::size_t at = token.find("${");
      out += token.substr(0, at);
      if (at == std::string_view::npos) return out;
      const std::size_t end = token.find('}', at);
      if (end == std::string_view::npos) return bad("'{}' is never closed", token);
      const std::string_view name = token.substr(at + 2, end - at - 2);
      const auto value = variables_ ? variables_(name) : std::nullopt;
      if (!value) return bad("variable '{}' is not set", name);
      out += *value;
      if (out.size() > kLineMax)
        return bad("'{}' becomes longer than {} characters", token, kLineMax);
      token.remove_prefix(end + 1);
    }
  }

  std::string_view path_;
  const Variables& variables_;
  std::uint32_t line_ = 0;
  // The vectors grow only at their ends, and only the innermost one: pointers into the outer ones
  // stay good.
  std::vector<std::vector<Entry>*> open_;
  std::vector<std::uint32_t> opened_;
};

}  // namespace

Outcome<std::vector<Entry>> parse_conf(std::string_view text, std::string_view path,
                                       const Variables& variables) {
  return ConfParser(path, variables).parse(text);
}

bool is_yaml(std::string_view text, std::string_view path) {
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return true;
  if (path.ends_with(".conf")) return false;
  for (const std::string_view raw : split(text, '\n')) {
    const std::string_view line = trim(raw.substr(0, raw.find('#')));
    if (line.empty()) continue;
    return line == "---" || line.ends_with(':');
  }
  return false;
}

}  // namespace flotilla::config
