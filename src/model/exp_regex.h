#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"

namespace flotilla::model::exp {

/// A POSIX regular expression, basic or extended, with the extensions of GNU regcomp() but
/// back-references.
///
/// It is run as a set of states that all advance byte by byte, so time is bounded by states times
/// text; the C library's own engine takes the square of the text for patterns that nearly match
/// everywhere. Only whether there is a match is told, not where. Threads may match with one at
/// once.
class Pattern {
 public:
  static constexpr std::size_t kStatesMax = 10'000;         // Repetitions written out.
  static constexpr std::size_t kMatchWorkMax = 256U << 20;  // States times bytes of text.

  /// `flags` are those of the C library: 1 extended, 2 ignore case (ASCII), 4 newline ends lines;
  /// others mean nothing. The pattern ends at its first NUL. Nothing when it is malformed or above
  /// the bounds.
  static std::optional<Pattern> compile(Bytes pattern, std::int64_t flags);

  /// Nothing when matching might cost too much. Scratch memory is taken from the arena.
  std::optional<bool> matches(Arena& arena, std::string_view text) const;

  std::size_t states() const { return code_.size(); }

 private:
  friend class PatternCompiler;
  class Run;

  using ByteSet = std::bitset<256>;
  enum class Op : std::uint8_t { Byte, Split, Jump, Assert, Match };
  struct Instruction {
    Op op = Op::Match;
    std::uint32_t x = 0;  // Byte: a set. Split, Jump: next. Assert: its kind.
    std::uint32_t y = 0;  // Split: the other next.
  };

  std::vector<Instruction> code_;
  std::vector<ByteSet> sets_;
  bool newline_ends_lines_ = false;
};

}  // namespace flotilla::model::exp
