#include "exp_regex_syntax.h"

#include <algorithm>
#include <array>

namespace flotilla::model::exp {
namespace {

using Kind = RegexTree::Kind;
using Set = std::bitset<256>;

constexpr int kGroupsMax = 250;

std::uint8_t byte_of(char c) { return static_cast<std::uint8_t>(c); }
bool is_between(std::uint8_t b, char least, char most) {
  return b >= byte_of(least) && b <= byte_of(most);
}
bool is_lower(std::uint8_t b) { return is_between(b, 'a', 'z'); }
bool is_upper(std::uint8_t b) { return is_between(b, 'A', 'Z'); }
bool is_alpha(std::uint8_t b) { return is_lower(b) || is_upper(b); }
bool is_digit(std::uint8_t b) { return is_between(b, '0', '9'); }
bool is_alnum(std::uint8_t b) { return is_alpha(b) || is_digit(b); }
bool is_xdigit(std::uint8_t b) {
  return is_digit(b) || is_between(b, 'a', 'f') || is_between(b, 'A', 'F');
}
bool is_space(std::uint8_t b) { return b == ' ' || is_between(b, '\t', '\r'); }
bool is_blank(std::uint8_t b) { return b == ' ' || b == '\t'; }
bool is_control(std::uint8_t b) { return b < 0x20 || b == 0x7F; }
bool is_graph(std::uint8_t b) { return b > 0x20 && b < 0x7F; }
bool is_print(std::uint8_t b) { return b >= 0x20 && b < 0x7F; }
bool is_punct(std::uint8_t b) { return is_graph(b) && !is_alnum(b); }

struct ByteClass {
  std::string_view name;
  bool (*has)(std::uint8_t);
};
constexpr ByteClass kClasses[] = {
    {"alnum", &is_alnum}, {"alpha", &is_alpha}, {"blank", &is_blank}, {"cntrl", &is_control},
    {"digit", &is_digit}, {"graph", &is_graph}, {"lower", &is_lower}, {"print", &is_print},
    {"punct", &is_punct}, {"space", &is_space}, {"upper", &is_upper}, {"xdigit", &is_xdigit},
};

Set set_of(bool (*has)(std::uint8_t)) {
  Set out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = has(static_cast<std::uint8_t>(i));
  return out;
}

/// What an escaped letter stands for, where it is not itself.
struct EscapedPlace {
  char letter;
  Place place;
};
constexpr EscapedPlace kEscapedPlaces[] = {
    {'b', Place::WordEdge}, {'B', Place::NoWordEdge}, {'<', Place::WordStart},
    {'>', Place::WordEnd},  {'`', Place::TextStart},  {'\'', Place::TextEnd},
};

enum class Token : std::uint8_t {
  End,
  Byte,
  Any,
  Bracket,
  Open,
  Close,
  Or,
  Star,
  Plus,
  Question,
  Brace,
  Caret,
  Dollar,
  Escape
};

/// Recursive descent: alternatives of sequences of repeated atoms. Anything malformed latches
/// failed_.
class RegexParser {
 public:
  RegexParser(std::string_view pattern, const RegexSyntax& syntax)
      : in_(pattern), syntax_(syntax) {}

  std::optional<RegexTree> run() {
    advance();
    alternatives(0);
    if (failed_ || token_ != Token::End) return std::nullopt;
    return std::move(tree_);
  }

 private:
  // Tokens: the two syntaxes differ in which operators want a backslash.

  void advance() {
    if (at_ == in_.size()) {
      token_ = Token::End;
      return;
    }
    byte_ = in_[at_++];
    const bool escaped = byte_ == '\\';
    if (escaped) {
      if (at_ == in_.size()) return fail();
      byte_ = in_[at_++];
    }
    token_ = classify(byte_, escaped);
  }

  Token classify(char c, bool escaped) const {
    if (escaped == !syntax_.is_extended) {
      switch (c) {
        case '(':
          return Token::Open;
        case ')':
          return Token::Close;
        case '{':
          return Token::Brace;
        case '|':
          return Token::Or;
        case '+':
          return Token::Plus;
        case '?':
          return Token::Question;
        default:
          break;
      }
    }
    if (escaped) return Token::Escape;
    switch (c) {
      case '.':
        return Token::Any;
      case '[':
        return Token::Bracket;
      case '*':
        return Token::Star;
      case '^':
        return Token::Caret;
      case '$':
        return Token::Dollar;
      default:
        return Token::Byte;
    }
  }

  void fail() {
    failed_ = true;
    token_ = Token::End;
    at_ = in_.size();
  }

  // Tree.

  std::uint32_t add(RegexTree::Node node) {
    // Sequences and alternatives lean to the left and are walked; the rest is descended.
    if (node.kind == Kind::Repeat) node.depth = tree_.nodes[node.a].depth + 1;
    if (node.kind == Kind::Then || node.kind == Kind::Or)
      node.depth = std::max(tree_.nodes[node.a].depth, tree_.nodes[node.b].depth + 1);
    if (node.depth > RegexTree::kDepthMax) fail();
    tree_.nodes.push_back(node);
    return tree_.root();
  }
  std::uint32_t add_set(Set set) {
    if (syntax_.ignores_case)
      for (std::size_t upper = 'A'; upper <= 'Z'; ++upper)
        set[upper] = set[upper + 32] = set[upper] || set[upper + 32];
    tree_.sets.push_back(set);
    return add({.kind = Kind::Bytes, .a = static_cast<std::uint32_t>(tree_.sets.size() - 1)});
  }
  std::uint32_t add_byte(char c) { return add_set(Set().set(byte_of(c))); }
  std::uint32_t add_place(Place place) {
    return add({.kind = Kind::Place, .a = static_cast<std::uint32_t>(place)});
  }

  // Grammar.

  std::uint32_t alternatives(int depth) {
    std::uint32_t left = sequence(depth);
    while (token_ == Token::Or) {
      advance();
      const std::uint32_t right = sequence(depth);
      left = add({.kind = Kind::Or, .a = left, .b = right});
    }
    return left;
  }

  bool ends_sequence(int depth) const {
    return token_ == Token::End || token_ == Token::Or ||
           (token_ == Token::Close && (depth > 0 || !syntax_.is_extended));
  }

  std::uint32_t sequence(int depth) {
    std::uint32_t left = add({});
    bool is_first = true;
    while (!ends_sequence(depth)) {
      const std::uint32_t right = repeated(depth, is_first);
      left = add({.kind = Kind::Then, .a = left, .b = right});
      is_first = false;
    }
    return left;
  }

  std::uint32_t repeated(int depth, bool is_first) {
    std::uint32_t out = atom(depth, is_first);
    // A place cannot be repeated: what follows begins anew, and is malformed or a plain character.
    if (tree_.nodes[out].kind == Kind::Place) return out;
    for (;;) {
      switch (token_) {
        case Token::Star:
          out = repeat(out, 0, RegexTree::kEndless);
          break;
        case Token::Plus:
          out = repeat(out, 1, RegexTree::kEndless);
          break;
        case Token::Question:
          out = repeat(out, 0, 1);
          break;
        case Token::Brace: {
          std::uint32_t least = 0;
          std::uint32_t most = 0;
          if (!bounds(least, most)) fail();
          out = repeat(out, least, most);
          break;
        }
        default:
          return out;
      }
      advance();
      // As GNU has it: in basic syntax a star does not repeat a repetition.
      if (!syntax_.is_extended && (token_ == Token::Star || token_ == Token::Brace)) fail();
    }
  }
  std::uint32_t repeat(std::uint32_t child, std::uint32_t least, std::uint32_t most) {
    return add({.kind = Kind::Repeat, .a = child, .least = least, .most = most});
  }

  std::uint32_t atom(int depth, bool is_first) {
    const char c = byte_;
    const Token token = token_;
    if (token == Token::Bracket) {
      const std::uint32_t out = bracket();
      advance();
      return out;
    }
    if (token == Token::Open) return group(depth);
    if (is_repetition(token)) return misplaced_repetition(token, c);
    advance();
    switch (token) {
      case Token::Any:
        return add_set(~Set().set(0).set('\n', syntax_.newline_ends_lines));
      case Token::Caret:
        return syntax_.is_extended || is_first ? add_place(Place::LineStart) : add_byte(c);
      case Token::Dollar:
        return syntax_.is_extended || ends_sequence(depth) ? add_place(Place::LineEnd)
                                                           : add_byte(c);
      case Token::Escape:
        return escape(c);
      default:
        return add_byte(c);
    }
  }

  static bool is_repetition(Token token) {
    return token == Token::Star || token == Token::Plus || token == Token::Question ||
           token == Token::Brace;
  }
  /// A repetition of nothing: malformed, but in basic syntax a leading star is a star, and \+ and
  /// \? are themselves.
  std::uint32_t misplaced_repetition(Token token, char c) {
    if (syntax_.is_extended || token == Token::Brace) fail();
    advance();
    return add_byte(c);
  }

  std::uint32_t group(int depth) {
    if (depth == kGroupsMax) fail();
    advance();
    const std::uint32_t out = alternatives(depth + 1);
    if (token_ != Token::Close) fail();
    advance();
    return out;
  }

  std::uint32_t escape(char c) {
    if (c >= '1' && c <= '9') {
      fail();
      return add({});
    }
    for (const EscapedPlace& row : kEscapedPlaces)
      if (row.letter == c) return add_place(row.place);
    switch (c) {
      case 'w':
        return add_set(set_of(&is_word_byte));
      case 'W':
        return add_set(~set_of(&is_word_byte));
      case 's':
        return add_set(set_of(&is_space));
      case 'S':
        return add_set(~set_of(&is_space));
      default:
        return add_byte(c);
    }
  }

  bool take(char c) {
    const bool is_next = at_ < in_.size() && in_[at_] == c;
    if (is_next) ++at_;
    return is_next;
  }

  // {n}, {n,}, {,m}, {n,m}; in basic syntax closed by \}.
  bool bounds(std::uint32_t& least, std::uint32_t& most) {
    const bool has_least = number(least);
    most = least;
    if (take(',')) {
      const bool has_most = number(most);
      if (!has_most) most = RegexTree::kEndless;
      if (!has_least && !has_most) return false;
    } else if (!has_least) {
      return false;
    }
    if (!syntax_.is_extended && !take('\\')) return false;
    if (!take('}')) return false;
    return least <= RegexTree::kRepeatMax && least <= most &&
           (most == RegexTree::kEndless || most <= RegexTree::kRepeatMax);
  }
  bool number(std::uint32_t& out) {
    out = 0;
    const std::size_t from = at_;
    for (; at_ < in_.size() && is_digit(byte_of(in_[at_])); ++at_)
      out = std::min<std::uint32_t>(RegexTree::kRepeatMax + 1,
                                    out * 10 + (byte_of(in_[at_]) - byte_of('0')));
    return at_ != from;
  }

  // [...]: bytes, ranges, [:class:], [=x=], [.x.]. No escapes in there.
  std::uint32_t bracket() {
    const bool is_negated = at_ < in_.size() && in_[at_] == '^';
    if (is_negated) ++at_;
    Set set;
    for (bool is_first = true; !failed_; is_first = false) {
      if (at_ == in_.size()) {
        fail();
      } else if (in_[at_] == ']' && !is_first) {
        ++at_;
        break;
      } else {
        bracket_item(set);
      }
    }
    if (is_negated) {
      set.flip();
      if (syntax_.ignores_case)
        for (std::size_t upper = 'A'; upper <= 'Z'; ++upper)
          set[upper] = set[upper + 32] = set[upper] && set[upper + 32];
      if (syntax_.newline_ends_lines) set.reset('\n');
    }
    return add_set(set);
  }

  bool opens(char kind) const {
    return in_[at_] == '[' && at_ + 1 < in_.size() && in_[at_ + 1] == kind;
  }
  /// The text between [: and :], and the like.
  std::string_view enclosed(char kind) {
    const char end[] = {kind, ']'};
    const std::size_t from = at_ + 2;
    const std::size_t to = in_.find(std::string_view(end, 2), from);
    if (to == std::string_view::npos) {
      fail();
      return {};
    }
    at_ = to + 2;
    return in_.substr(from, to - from);
  }

  void bracket_item(Set& set) {
    if (opens(':')) {
      const std::string_view name = enclosed(':');
      const auto* const row = std::ranges::find(kClasses, name, &ByteClass::name);
      if (row == std::end(kClasses)) return fail();
      set |= set_of(row->has);
      return;
    }
    const bool can_begin_range = !opens('=');
    const std::uint8_t first = bracket_byte();
    if (failed_) return;
    std::uint8_t last = first;
    if (at_ + 1 < in_.size() && in_[at_] == '-' && in_[at_ + 1] != ']') {
      ++at_;
      if (!can_begin_range || opens(':') || opens('=')) return fail();
      last = bracket_byte();
      if (failed_ || last < first) return fail();
    }
    for (std::size_t b = first; b <= last; ++b) set.set(b);
  }
  std::uint8_t bracket_byte() {
    for (const char kind : {'.', '='}) {
      if (!opens(kind)) continue;
      const std::string_view element = enclosed(kind);
      if (element.size() != 1) fail();
      return failed_ ? 0 : byte_of(element[0]);
    }
    return byte_of(in_[at_++]);
  }

  std::string_view in_;
  RegexSyntax syntax_;
  RegexTree tree_;
  std::size_t at_ = 0;
  Token token_ = Token::End;
  char byte_ = 0;
  bool failed_ = false;
};

}  // namespace

bool is_word_byte(std::uint8_t byte) { return is_alnum(byte) || byte == '_'; }

std::optional<RegexTree> parse_regex(std::string_view pattern, const RegexSyntax& syntax) {
  return RegexParser(pattern, syntax).run();
}

}  // namespace flotilla::model::exp
