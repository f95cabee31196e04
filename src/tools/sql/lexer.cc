#include "tools/sql/lexer.h"

#include <algorithm>

#include "base/parse.h"

namespace flotilla::tools::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool starts_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool continues_word(char c) { return starts_word(c) || c == ':' || c == '-'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool starts_comment(std::string_view rest) {
  return rest.starts_with('#') || rest.starts_with("--") || rest.starts_with("//");
}

std::size_t line_size(std::string_view rest) { return std::min(rest.find('\n'), rest.size()); }

/// Bytes of a quoted text with its quotes; the whole rest when it is not closed.
std::size_t quoted_size(std::string_view rest) {
  const std::size_t close = rest.find(rest[0], 1);
  return close == std::string_view::npos ? rest.size() : close + 1;
}

bool is_hex_number(std::string_view word) {
  return word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X') &&
         std::ranges::all_of(word.substr(2), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::size_t word_size(std::string_view rest) {
  const auto end = std::ranges::find_if_not(rest, continues_word);
  return static_cast<std::size_t>(end - rest.begin());
}

/// A word or a number; `rest` begins with a letter, a digit, '_', or a sign before a digit.
Token word_or_number(std::string_view rest) {
  const bool is_signed = rest[0] == '-' || rest[0] == '+';
  const std::string_view unsigned_rest = rest.substr(is_signed ? 1 : 0);
  const std::string_view word = unsigned_rest.substr(0, word_size(unsigned_rest));
  const std::size_t sign = is_signed ? 1 : 0;
  if (is_hex_number(word)) return {TokenKind::Integer, rest.substr(0, sign + word.size())};
  const bool all_digits = std::ranges::all_of(word, is_digit);
  if (!all_digits) {
    if (!is_signed) return {TokenKind::Word, word};
    return {TokenKind::Symbol, rest.substr(0, 1)};
  }
  const std::string_view behind = unsigned_rest.substr(word.size());
  if (behind.size() > 1 && behind[0] == '.' && is_digit(behind[1])) {
    const auto end = std::ranges::find_if_not(behind.substr(1), is_digit);
    const auto fraction = static_cast<std::size_t>(end - behind.begin());
    return {TokenKind::Real, rest.substr(0, sign + word.size() + fraction)};
  }
  return {TokenKind::Integer, rest.substr(0, sign + word.size())};
}

Token quoted(std::string_view rest) {
  const std::size_t size = quoted_size(rest);
  const bool closed = size > 1 && rest[size - 1] == rest[0];
  if (!closed) return {TokenKind::Unclosed, rest};
  return {TokenKind::Quoted, rest.substr(1, size - 2), 0, size};
}

Token next_token(std::string_view rest) {
  const char c = rest[0];
  if (c == '\'' || c == '"') return quoted(rest);
  const bool number_follows = (c == '-' || c == '+') && rest.size() > 1 && is_digit(rest[1]);
  if (starts_word(c) || number_follows) return word_or_number(rest);
  return {TokenKind::Symbol, rest.substr(0, 1)};
}

}  // namespace

std::vector<Token> tokenize(std::string_view statement) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < statement.size()) {
    const std::string_view rest = statement.substr(at);
    if (is_blank(rest[0])) {
      ++at;
    } else if (starts_comment(rest)) {
      at += line_size(rest);
    } else {
      Token token = next_token(rest);
      token.at = at;
      if (token.size == 0) token.size = token.text.size();
      at += token.size;
      tokens.push_back(token);
    }
  }
  tokens.push_back({TokenKind::End, statement.substr(statement.size()), statement.size(), 0});
  return tokens;
}

std::vector<std::string_view> split_statements(std::string_view text) {
  std::vector<std::string_view> statements;
  std::size_t begin = 0;
  const auto cut = [&](std::size_t end) {
    const std::string_view statement = trim(text.substr(begin, end - begin));
    // A statement of comments alone is none.
    if (tokenize(statement).size() > 1) statements.push_back(statement);
    begin = end + 1;
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest[0] == '\'' || rest[0] == '"') {
      at += quoted_size(rest);
    } else if (starts_comment(rest)) {
      at += line_size(rest);
    } else if (starts_word(rest[0])) {
      at += word_size(rest);
    } else {
      if (rest[0] == ';') cut(at);
      ++at;
    }
  }
  cut(text.size());
  return statements;
}

}  // namespace flotilla::tools::sql
