#include "exp_regex.h"

#include <algorithm>
#include <utility>

#include "exp_regex_syntax.h"

namespace flotilla::model::exp {

/// Writes the tree out as instructions, repetitions copy by copy. Stops short when there are too
/// many.
class PatternCompiler {
 public:
  PatternCompiler(const RegexTree& tree, Pattern& out) : tree_(tree), out_(out) {}

  bool run() {
    write(tree_.root());
    emit(Pattern::Op::Match);
    return !is_full();
  }

 private:
  using Kind = RegexTree::Kind;
  using Op = Pattern::Op;

  bool is_full() const { return out_.code_.size() > Pattern::kStatesMax; }
  std::uint32_t here() const { return static_cast<std::uint32_t>(out_.code_.size()); }
  std::uint32_t emit(Op op, std::uint32_t x = 0, std::uint32_t y = 0) {
    if (!is_full()) out_.code_.push_back({op, x, y});
    return here() - 1;
  }

  void write(std::uint32_t index) {
    if (is_full()) return;
    const RegexTree::Node& node = tree_.nodes[index];
    switch (node.kind) {
      case Kind::Empty:
        return;
      case Kind::Bytes:
        emit(Op::Byte, node.a);
        return;
      case Kind::Place:
        emit(Op::Assert, node.a);
        return;
      case Kind::Then:
        write_sequence(index);
        return;
      case Kind::Or:
        return write_alternatives(node);
      case Kind::Repeat:
        return write_repeat(node);
    }
  }

  /// A sequence leans to the left, as long as the pattern: it is walked, not descended.
  void write_sequence(std::uint32_t index) {
    std::vector<std::uint32_t> parts;
    for (; tree_.nodes[index].kind == Kind::Then; index = tree_.nodes[index].a)
      parts.push_back(tree_.nodes[index].b);
    write(index);
    for (auto part = parts.rbegin(); part != parts.rend() && !is_full(); ++part) write(*part);
  }

  void write_alternatives(const RegexTree::Node& last) {
    std::vector<std::uint32_t> branches{last.b};
    std::uint32_t left = last.a;
    for (; tree_.nodes[left].kind == Kind::Or; left = tree_.nodes[left].a)
      branches.push_back(tree_.nodes[left].b);
    branches.push_back(left);
    std::vector<std::uint32_t> jumps;
    while (branches.size() > 1 && !is_full()) {
      const std::uint32_t split = emit(Op::Split, here() + 1);
      write(branches.back());
      branches.pop_back();
      jumps.push_back(emit(Op::Jump));
      out_.code_[split].y = here();
    }
    write(branches.back());
    for (const std::uint32_t jump : jumps) out_.code_[jump].x = here();
  }

  void write_repeat(const RegexTree::Node& node) {
    for (std::uint32_t i = 0; i < node.least && !is_full(); ++i) write(node.a);
    if (node.most == RegexTree::kEndless) {
      const std::uint32_t split = emit(Op::Split, here() + 1);
      write(node.a);
      emit(Op::Jump, split);
      out_.code_[split].y = here();
      return;
    }
    std::vector<std::uint32_t> exits;
    for (std::uint32_t i = node.least; i < node.most && !is_full(); ++i) {
      exits.push_back(emit(Op::Split, here() + 1));
      write(node.a);
    }
    for (const std::uint32_t split : exits) out_.code_[split].y = here();
  }

  const RegexTree& tree_;
  Pattern& out_;
};

std::optional<Pattern> Pattern::compile(Bytes pattern, std::int64_t flags) {
  const std::string_view text = as_text(pattern).substr(0, as_text(pattern).find('\0'));
  const RegexSyntax syntax{.is_extended = (flags & 1) != 0,
                           .ignores_case = (flags & 2) != 0,
                           .newline_ends_lines = (flags & 4) != 0};
  auto tree = parse_regex(text, syntax);
  if (!tree) return std::nullopt;
  Pattern out;
  out.newline_ends_lines_ = syntax.newline_ends_lines;
  if (!PatternCompiler(*tree, out).run()) return std::nullopt;
  out.sets_ = std::move(tree->sets);
  return out;
}

/// The states alive before one byte, and those after it. A state is entered once for each byte at
/// most.
class Pattern::Run {
 public:
  Run(Arena& arena, const Pattern& pattern, std::string_view text)
      : pattern_(pattern),
        text_(text),
        alive_(numbers(arena)),
        next_(numbers(arena)),
        stack_(numbers(arena, 2)),
        entered_(numbers(arena)) {
    std::ranges::fill(entered_, UINT32_MAX);
  }

  bool matches() {
    for (std::size_t at = 0;; ++at) {
      // A match may begin anywhere: the first state joins those alive before each byte.
      if (enter(0, at)) return true;
      if (at == text_.size()) return false;
      std::swap(alive_, next_);
      n_alive_ = std::exchange(n_next_, 0);
      const auto byte = static_cast<std::uint8_t>(text_[at]);
      for (std::size_t i = 0; i < n_alive_; ++i) {
        const Instruction& instruction = pattern_.code_[alive_[i]];
        if (pattern_.sets_[instruction.x][byte] && enter(alive_[i] + 1, at + 1)) return true;
      }
    }
  }

 private:
  std::span<std::uint32_t> numbers(Arena& arena, std::size_t times = 1) const {
    const std::size_t count = times * pattern_.code_.size() + 1;
    return {reinterpret_cast<std::uint32_t*>(arena.allocate(count * sizeof(std::uint32_t)).data()),
            count};
  }

  /// Follows what consumes nothing from `state` on. True: that matches.
  bool enter(std::uint32_t state, std::size_t at) {
    std::size_t depth = 0;
    stack_[depth++] = state;
    while (depth != 0) {
      const std::uint32_t pc = stack_[--depth];
      if (entered_[pc] == static_cast<std::uint32_t>(at)) continue;
      entered_[pc] = static_cast<std::uint32_t>(at);
      const Instruction& instruction = pattern_.code_[pc];
      switch (instruction.op) {
        case Op::Match:
          return true;
        case Op::Byte:
          next_[n_next_++] = pc;
          break;
        case Op::Jump:
          stack_[depth++] = instruction.x;
          break;
        case Op::Split:
          stack_[depth++] = instruction.y;
          stack_[depth++] = instruction.x;
          break;
        case Op::Assert:
          if (is_at(static_cast<Place>(instruction.x), at)) stack_[depth++] = pc + 1;
          break;
      }
    }
    return false;
  }

  bool is_at(Place place, std::size_t at) const {
    const bool at_start = at == 0;
    const bool at_end = at == text_.size();
    const bool word_before = !at_start && is_word_byte(static_cast<std::uint8_t>(text_[at - 1]));
    const bool word_after = !at_end && is_word_byte(static_cast<std::uint8_t>(text_[at]));
    switch (place) {
      case Place::LineStart:
        return at_start || (pattern_.newline_ends_lines_ && text_[at - 1] == '\n');
      case Place::LineEnd:
        return at_end || (pattern_.newline_ends_lines_ && text_[at] == '\n');
      case Place::TextStart:
        return at_start;
      case Place::TextEnd:
        return at_end;
      case Place::WordStart:
        return !word_before && word_after;
      case Place::WordEnd:
        return word_before && !word_after;
      case Place::WordEdge:
        return word_before != word_after;
      case Place::NoWordEdge:
        return word_before == word_after;
    }
    return false;
  }

  const Pattern& pattern_;
  std::string_view text_;
  std::span<std::uint32_t> alive_;
  std::span<std::uint32_t> next_;
  std::span<std::uint32_t> stack_;
  std::span<std::uint32_t> entered_;  // By state: the byte before which it was entered last.
  std::size_t n_alive_ = 0;
  std::size_t n_next_ = 0;
};

std::optional<bool> Pattern::matches(Arena& arena, std::string_view text) const {
  if (code_.size() * (text.size() + 1) > kMatchWorkMax) return std::nullopt;
  return Run(arena, *this, text).matches();
}

}  // namespace flotilla::model::exp
