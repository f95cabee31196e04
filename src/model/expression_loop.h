#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/expression.h"

namespace flotilla::model {

/// What the loop variables of a path expression stand for at one element. Each is one whole msgpack
/// value that outlives the call; an empty one does not exist at this element.
struct LoopVariables {
  Bytes key;                          // The key, when the element is a map's.
  Bytes value;                        // The element itself.
  std::optional<std::int64_t> index;  // Its position, when the element is a list's.
};

/// An expression inside a path (context entry EXPRESSION, or the last argument of APPLY): parsed
/// once, evaluated for each element. It sees the loop variables and nothing of the record. Borrows
/// the bytes it was parsed from, and must not outlive what the arena holds. All its evaluations
/// share one budget of work; beyond it, results are Unknown.
class LoopExpression {
 public:
  /// `expression` is exactly one msgpack value. Parameter: it does not parse or its types cannot
  /// fit.
  static Result<LoopExpression> parse(Arena& arena, Bytes expression);

  LoopExpression(LoopExpression&&) noexcept;
  LoopExpression& operator=(LoopExpression&&) noexcept;
  ~LoopExpression();

  /// As a condition. A result that is not Boolean is False.
  Truth test(Arena& arena, const LoopVariables& variables) const;

  struct Value {
    enum class Kind : std::uint8_t { Unknown, Remove, Value };
    Kind kind = Kind::Unknown;
    Bytes msgpack;  // One msgpack value, borrowed or in the arena; may contain a wildcard or
                    // infinity.
  };
  /// As the new value of the element; Remove: the expression was RESULT_REMOVE.
  Value apply(Arena& arena, const LoopVariables& variables) const;

 private:
  struct State;

  explicit LoopExpression(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace flotilla::model
