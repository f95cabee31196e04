#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace flotilla::model::exp {

/// A compiled POSIX regular expression. Threads may match with one at once.
///
/// The C library's engine takes memory by the pattern's size once its repetitions are written out,
/// and by that times the text's. Both are bounded, and back-references, which cost exponential
/// time, are refused.
class Pattern {
 public:
  static constexpr std::size_t kWeightMax = 10'000;        // Characters, repetitions written out.
  static constexpr std::size_t kMatchWorkMax = 64U << 20;  // Weight times bytes of text.

  /// `flags` are those of the C library: 1 extended, 2 ignore case, 4 newline, 8 no
  /// sub-expressions. Nothing when the pattern does not compile or is out of bounds.
  static std::optional<Pattern> compile(Bytes pattern, std::int64_t flags);

  /// Nothing when matching might cost too much.
  std::optional<bool> matches(Bytes text) const;

 private:
  struct Compiled;
  struct Free {
    void operator()(Compiled* compiled) const;
  };

  explicit Pattern(std::size_t weight) : weight_(weight) {}

  std::unique_ptr<Compiled, Free> compiled_;
  std::size_t weight_;
};

/// Size of a pattern with its repetitions written out, nested ones multiplied; SIZE_MAX: has a
/// back-reference.
std::size_t pattern_weight(std::string_view pattern, bool is_extended);

}  // namespace flotilla::model::exp
