#include "exp_regex.h"

#include <regex.h>

#include <algorithm>
#include <string>
#include <vector>

namespace flotilla::model::exp {
namespace {

constexpr std::size_t kFar = std::size_t{1} << 40;

std::size_t product(std::size_t a, std::size_t b) { return std::min(kFar, a * std::min(b, kFar)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Adds up atoms from left to right; a group's sum becomes an atom of the group around it.
class Weigher {
 public:
  explicit Weigher(bool is_extended) : is_extended_(is_extended) {}

  std::size_t weigh(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size();) {
      const bool escaped = pattern[i] == '\\' && i + 1 < pattern.size();
      const char c = pattern[i + (escaped ? 1 : 0)];
      i += escaped ? 2 : 1;
      if (escaped && is_digit(c) && c != '0') return SIZE_MAX;
      if (!escaped && c == '[') {
        i = skip_bracket(pattern, i);
        atom(1);
      } else {
        i = step(pattern, i, c, escaped != is_extended_);
      }
    }
    while (groups_.size() > 1) close();
    return groups_.back().sum;
  }

 private:
  struct Group {
    std::size_t sum = 1;
    std::size_t last = 0;  // The newest atom, which a repetition multiplies.
  };

  void atom(std::size_t weight) {
    groups_.back().last = weight;
    groups_.back().sum = std::min(kFar, groups_.back().sum + weight);
  }
  void repeat(std::size_t times) {
    Group& group = groups_.back();
    const std::size_t repeated = product(group.last, times);
    group.sum = std::min(kFar, group.sum - group.last + repeated);
    group.last = repeated;
  }
  void close() {
    const std::size_t sum = groups_.back().sum;
    groups_.pop_back();
    atom(sum);
  }

  /// `is_special`: in this place the syntax gives parentheses and braces their meaning.
  std::size_t step(std::string_view pattern, std::size_t at, char c, bool is_special) {
    if (c == '(' && is_special) {
      groups_.push_back({});
    } else if (c == ')' && is_special && groups_.size() > 1) {
      close();
    } else if (c == '{' && is_special) {
      return repeat_counted(pattern, at);
    } else if (c == '+' || c == '*' || c == '?') {
      repeat(2);
    } else {
      atom(1);
    }
    return at;
  }

  /// {n}, {n,} or {n,m}: the largest number in it.
  std::size_t repeat_counted(std::string_view pattern, std::size_t at) {
    std::size_t most = 1;
    std::size_t number = 0;
    for (; at < pattern.size() && (is_digit(pattern[at]) || pattern[at] == ','); ++at) {
      number = pattern[at] == ','
                   ? 0
                   : std::min(kFar, number * 10 + static_cast<std::size_t>(pattern[at] - '0'));
      most = std::max(most, number);
    }
    repeat(most + 1);
    return at;
  }

  static std::size_t skip_bracket(std::string_view pattern, std::size_t at) {
    if (at < pattern.size() && pattern[at] == '^') ++at;
    if (at < pattern.size() && pattern[at] == ']') ++at;
    const std::size_t end = pattern.find(']', at);
    return end == std::string_view::npos ? pattern.size() : end + 1;
  }

  bool is_extended_;
  std::vector<Group> groups_{1};
};

}  // namespace

std::size_t pattern_weight(std::string_view pattern, bool is_extended) {
  return Weigher(is_extended).weigh(pattern);
}

struct Pattern::Compiled {
  regex_t regex;
};

void Pattern::Free::operator()(Compiled* compiled) const {
  ::regfree(&compiled->regex);
  delete compiled;
}

std::optional<Pattern> Pattern::compile(Bytes pattern, std::int64_t flags) {
  const std::string text(as_text(pattern).substr(0, as_text(pattern).find('\0')));
  const int c_flags = static_cast<int>(flags);
  Pattern out(pattern_weight(text, (c_flags & REG_EXTENDED) != 0));
  if (out.weight_ > kWeightMax) return std::nullopt;
  auto compiled = std::make_unique<Compiled>();
  if (::regcomp(&compiled->regex, text.c_str(), c_flags) != 0) return std::nullopt;
  out.compiled_.reset(compiled.release());
  return out;
}

std::optional<bool> Pattern::matches(Bytes text) const {
  if (weight_ * text.size() > kMatchWorkMax) return std::nullopt;
  regmatch_t range{.rm_so = 0, .rm_eo = static_cast<regoff_t>(text.size())};
  const char* const from = text.empty() ? "" : as_text(text).data();
  return ::regexec(&compiled_->regex, from, 1, &range, REG_STARTEND) == 0;
}

}  // namespace flotilla::model::exp
