#include "expression_program.h"

/// UNKNOWN, AND, OR, NOT, EXCLUSIVE: logic of three values.
namespace flotilla::model::exp {
namespace {

Value run_unknown(Machine&, const Node&) { return kUnknown; }

/// AND with `decides` false, OR with true: one such argument settles it, whatever is unknown beside
/// it.
Value settled_by(Machine& machine, const Node& node, bool decides) {
  bool met_unknown = false;
  for (Arguments arguments(machine, node); arguments.more();) {
    const Value value = arguments.next();
    if (value.is_unknown()) {
      met_unknown = true;
    } else if (value.truth() == decides) {
      return Value::boolean(decides);
    }
  }
  return met_unknown ? kUnknown : Value::boolean(!decides);
}
Value run_and(Machine& m, const Node& n) { return settled_by(m, n, false); }
Value run_or(Machine& m, const Node& n) { return settled_by(m, n, true); }

Value run_not(Machine& machine, const Node& node) {
  const Value value = Arguments(machine, node).next();
  return value.is_unknown() ? kUnknown : Value::boolean(!value.truth());
}

/// Exactly one is true. Read in order: a second true ends it, an unknown before that too.
Value run_exclusive(Machine& machine, const Node& node) {
  bool met_true = false;
  for (Arguments arguments(machine, node); arguments.more();) {
    const Value value = arguments.next();
    if (value.is_unknown()) return kUnknown;
    if (!value.truth()) continue;
    if (met_true) return Value::boolean(false);
    met_true = true;
  }
  return Value::boolean(met_true);
}

constexpr TypeSet kBool = only(Type::Bool);
constexpr Signature kSeveral{2, kUnbounded, kBool, kBool, false, Type::Bool};

constexpr Row kRows[] = {
    {0, "unknown", {0, 0, 0, 0, false, Type::Bool}, nullptr, &run_unknown},
    {16, "and", kSeveral, nullptr, &run_and},
    {17, "or", kSeveral, nullptr, &run_or},
    {18, "not", {1, 1, kBool, 0, false, Type::Bool}, nullptr, &run_not},
    {19, "exclusive", kSeveral, nullptr, &run_exclusive},
};

}  // namespace

std::span<const Row> logic_rows() { return kRows; }

}  // namespace flotilla::model::exp
