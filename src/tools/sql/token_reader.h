#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/sql/lexer.h"
#include "tools/sql/parser.h"

namespace flotilla::tools::sql {

/// Reads the tokens of one statement from left to right. The first thing that does not fit latches
/// error(); from then on nothing matches and every reading function yields an empty value, so that
/// a parser reads on and asks once.
class TokenReader {
 public:
  explicit TokenReader(std::string_view statement) : tokens_(tokenize(statement)) {}

  bool ok() const { return !error_; }
  const std::optional<SyntaxError>& error() const { return error_; }
  bool at_end() const { return peek().kind == TokenKind::End; }
  const Token& peek(std::size_t ahead = 0) const;

  bool next_is(std::string_view keyword) const;
  /// Takes the next token if it is that keyword (any case) or that symbol.
  bool take(std::string_view keyword);
  bool take(char symbol);
  void expect(std::string_view keyword);
  void expect(char symbol);
  void expect_end();

  /// A word, a quoted text, or digits. `what` names it when it is missing: "a bin name".
  std::string name(std::string_view what);
  /// Namespace, '.' and set, or the namespace alone.
  Target target();
  /// A literal, CAST(literal AS type), or type(literal).
  client::Value value();
  std::int64_t integer(std::string_view what);
  std::uint64_t unsigned_integer(std::string_view what);
  std::string quoted(std::string_view what);
  /// What is left of the statement, as one text per token.
  std::string rest();

  void unexpected(std::string_view expected);
  /// The grammar is kept, but the token just read cannot be meant.
  void meaningless(std::string sentence);

 private:
  void take_any() {
    if (tokens_[next_].kind != TokenKind::End) ++next_;
  }
  client::Value literal();
  client::Value cast_to(const client::Value& literal, std::string_view type);
  std::string checked_name(std::string_view what);

  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::optional<SyntaxError> error_;
};

}  // namespace flotilla::tools::sql
