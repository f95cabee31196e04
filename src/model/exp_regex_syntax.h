#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace flotilla::model::exp {

/// Conditions on a place between two bytes.
enum class Place : std::uint8_t {
  LineStart,
  LineEnd,
  TextStart,
  TextEnd,
  WordStart,
  WordEnd,
  WordEdge,
  NoWordEdge
};

/// A regular expression as a tree, in a vector: children stand before their parents, the root is
/// last.
struct RegexTree {
  static constexpr std::uint32_t kRepeatMax = 32'767;
  static constexpr std::uint32_t kEndless = UINT32_MAX;
  static constexpr std::uint32_t kDepthMax = 1000;

  enum class Kind : std::uint8_t { Empty, Bytes, Place, Then, Or, Repeat };
  struct Node {
    Kind kind = Kind::Empty;
    std::uint32_t a = 0;      // Bytes: a set. Place: which. Others: a child.
    std::uint32_t b = 0;      // Then, Or: the other child.
    std::uint32_t least = 0;  // Repeat.
    std::uint32_t most = 0;
    std::uint32_t depth = 0;
  };

  std::vector<Node> nodes;
  std::vector<std::bitset<256>> sets;

  std::uint32_t root() const { return static_cast<std::uint32_t>(nodes.size() - 1); }
};

struct RegexSyntax {
  bool is_extended = false;
  bool ignores_case = false;
  bool newline_ends_lines = false;
};

/// Nothing when the pattern is malformed, has a back-reference, or nests too deep.
std::optional<RegexTree> parse_regex(std::string_view pattern, const RegexSyntax& syntax);

bool is_word_byte(std::uint8_t byte);

}  // namespace flotilla::model::exp
