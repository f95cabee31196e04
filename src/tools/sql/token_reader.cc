#include "token_reader.h"

#include <fmt/format.h>

#include "base/parse.h"
#include "text.h"
#include "value_words.h"

namespace flotilla::tools::sql {

using client::Value;

const Token& TokenReader::peek(std::size_t ahead) const {
  if (!ok()) return tokens_.back();
  return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
}

bool TokenReader::next_is(std::string_view keyword) const {
  return peek().kind == TokenKind::Word && same_word(peek().text, keyword);
}

bool TokenReader::take(std::string_view keyword) {
  if (!next_is(keyword)) return false;
  take_any();
  return true;
}

bool TokenReader::take(char symbol) {
  if (peek().kind != TokenKind::Symbol || peek().text[0] != symbol) return false;
  take_any();
  return true;
}

void TokenReader::expect(std::string_view keyword) {
  if (!take(keyword)) unexpected(keyword);
}

void TokenReader::expect(char symbol) {
  if (!take(symbol)) unexpected(fmt::format("'{}'", symbol));
}

void TokenReader::expect_end() {
  if (!at_end()) unexpected("the end of the statement");
}

void TokenReader::unexpected(std::string_view expected) {
  if (error_) return;
  const Token& token = tokens_[next_];
  // A quote that is never closed swallows the rest: more text might close it.
  const bool ended = token.kind == TokenKind::End || token.kind == TokenKind::Unclosed;
  const std::string_view last =
      token.kind == TokenKind::End && next_ > 0 ? tokens_[next_ - 1].text : token.text;
  error_ = SyntaxError{.kind = ended ? SyntaxError::Kind::Ended : SyntaxError::Kind::Unexpected,
                       .at = token.at,
                       .size = token.size,
                       .token = std::string(last),
                       .expected = std::string(expected)};
}

void TokenReader::meaningless(std::string sentence) {
  if (error_) return;
  const Token& token = tokens_[next_ > 0 ? next_ - 1 : 0];
  error_ = SyntaxError{.kind = SyntaxError::Kind::Meaning,
                       .at = token.at,
                       .size = token.size,
                       .token = std::string(token.text),
                       .expected = std::move(sentence)};
}

std::string TokenReader::name(std::string_view what) {
  const Token& token = peek();
  const bool is_name =
      token.kind == TokenKind::Word || token.kind == TokenKind::Quoted ||
      (token.kind == TokenKind::Integer && token.text[0] != '-' && token.text[0] != '+');
  if (!is_name) {
    unexpected(what);
    return {};
  }
  take_any();
  return std::string(token.text);
}

/// Names travel in info commands, where these two separate parameters.
std::string TokenReader::checked_name(std::string_view what) {
  std::string found = name(what);
  for (const char illegal : {';', ':'})
    if (found.find(illegal) != std::string::npos)
      meaningless(fmt::format("Illegal character - '{}'", illegal));
  return found;
}

Target TokenReader::target() {
  Target target{.ns = checked_name("a namespace"), .set = {}};
  if (take('.')) target.set = checked_name("a set");
  return target;
}

std::int64_t TokenReader::integer(std::string_view what) {
  const auto number = peek().kind == TokenKind::Integer ? parse_integer(peek().text) : std::nullopt;
  if (!number) {
    unexpected(what);
    return 0;
  }
  take_any();
  return *number;
}

std::uint64_t TokenReader::unsigned_integer(std::string_view what) {
  const auto number = peek().kind == TokenKind::Integer ? parse_u64(peek().text) : std::nullopt;
  if (!number) {
    unexpected(what);
    return 0;
  }
  take_any();
  return *number;
}

std::string TokenReader::quoted(std::string_view what) {
  if (peek().kind != TokenKind::Quoted) {
    unexpected(what);
    return {};
  }
  const std::string text(peek().text);
  take_any();
  return text;
}

std::string TokenReader::rest() {
  std::string text;
  while (!at_end()) {
    if (!text.empty()) text += ' ';
    text += peek().text;
    take_any();
  }
  return text;
}

Value TokenReader::literal() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::Quoted:
      take_any();
      return value_of_quoted(token.text);
    case TokenKind::Integer:
      return integer("an integer of 64 bits");
    case TokenKind::Real:
      take_any();
      return parse_real(token.text).value_or(0);
    case TokenKind::Word:
      if (take("true")) return true;
      if (take("false")) return false;
      if (take("null")) return client::Nil{};
      break;
    default:
      break;
  }
  unexpected("a value (strings in quotes)");
  return {};
}

Value TokenReader::cast_to(const Value& literal, std::string_view type) {
  if (!ok()) return {};
  auto value = cast(literal, type);
  if (value) return *std::move(value);
  meaningless(value.error());
  return {};
}

Value TokenReader::value() {
  const Token first = peek();
  const bool opens = peek(1).kind == TokenKind::Symbol && peek(1).text == "(";
  if (first.kind != TokenKind::Word || !opens) return literal();
  if (take("cast")) {
    expect('(');
    const Value plain = literal();
    expect("AS");
    const std::string type(peek().text);
    if (!is_type_word(type)) unexpected("a type");
    take_any();
    const Value value = cast_to(plain, type);
    expect(')');
    return value;
  }
  if (!is_type_word(first.text)) return literal();
  take_any();
  expect('(');
  const Value plain = literal();
  const Value value = cast_to(plain, first.text);
  expect(')');
  return value;
}

}  // namespace flotilla::tools::sql
