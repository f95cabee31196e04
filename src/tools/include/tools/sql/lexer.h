#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace flotilla::tools::sql {

enum class TokenKind : std::uint8_t {
  Word,      // Letter, digit, or '_' first; then also ':' and '-'. Not all digits.
  Quoted,    // Between ' or "; `text` is what stands inside. There are no escapes: the other quote
             // may appear inside.
  Integer,   // Optional sign; decimal, 0x hexadecimal, or octal with a leading zero.
  Real,      // Optional sign, digits, '.', digits. No exponent.
  Symbol,    // One of . , ( ) = * < > [ ] { } and any other single character.
  Unclosed,  // A quote without its end.
  End,       // Behind the last token; `text` is empty.
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;  // Of a quoted one without the quotes. Part of the statement's text.
  std::size_t at = 0;     // Offset in the statement's text, of the quote if there is one.
  std::size_t size = 0;   // Bytes in the statement's text, quotes included.
};

/// All tokens of one statement, the last of kind End. Comments (from '#', '--', or '//' to the end
/// of the line) are skipped. Never fails: what fits nowhere becomes a Symbol of one character.
std::vector<Token> tokenize(std::string_view statement);

/// The statements of a text: cut at ';' outside of quotes and comments, trimmed, empty ones left
/// out. Views into the text.
std::vector<std::string_view> split_statements(std::string_view text);

}  // namespace flotilla::tools::sql
