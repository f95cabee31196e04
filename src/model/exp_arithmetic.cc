#include <algorithm>
#include <bit>
#include <cmath>

#include "expression_program.h"

/// Arithmetic, bits of integers, MIN and MAX. Integers wrap.
namespace flotilla::model::exp {
namespace {

/// Folds all arguments, which are of one type, from left to right. Unknown if one is.
template <class OnInt, class OnFloat>
Value folded(Machine& machine, const Node& node, OnInt on_int, OnFloat on_float) {
  Arguments arguments(machine, node);
  Value sum = arguments.next();
  while (arguments.more() && !sum.is_unknown()) {
    const Value value = arguments.next();
    if (value.is_unknown()) return kUnknown;
    sum = sum.type == Type::Int ? Value{Type::Int, on_int(sum.bits, value.bits), {}}
                                : Value::real(on_float(sum.real(), value.real()));
  }
  return sum;
}

constexpr auto kAdd = [](auto a, auto b) { return a + b; };
constexpr auto kMultiply = [](auto a, auto b) { return a * b; };

Value run_add(Machine& m, const Node& n) { return folded(m, n, kAdd, kAdd); }
Value run_mul(Machine& m, const Node& n) { return folded(m, n, kMultiply, kMultiply); }

Value run_sub(Machine& machine, const Node& node) {
  if (node.n_args > 1)
    return folded(
        machine, node, [](auto a, auto b) { return a - b; }, [](auto a, auto b) { return a - b; });
  const Value value = Arguments(machine, node).next();
  if (value.is_unknown()) return kUnknown;
  return value.type == Type::Int ? Value{Type::Int, 0 - value.bits, {}}
                                 : Value::real(-value.real());
}

/// The lowest integer divided by -1 wraps to itself.
Value quotient(std::int64_t a, std::int64_t b) {
  if (b == 0) return kUnknown;
  return b == -1 ? Value{Type::Int, 0 - static_cast<std::uint64_t>(a), {}} : Value::integer(a / b);
}

/// One argument: its inverse. More: the first divided by the product of the others.
Value run_div(Machine& machine, const Node& node) {
  Arguments arguments(machine, node);
  Value dividend = node.type == Type::Int ? Value::integer(1) : Value::real(1.0);
  if (node.n_args > 1) dividend = arguments.next();
  Value divisor = arguments.next();
  while (arguments.more() && !divisor.is_unknown()) {
    const Value value = arguments.next();
    if (value.is_unknown()) return kUnknown;
    divisor = divisor.type == Type::Int ? Value{Type::Int, divisor.bits * value.bits, {}}
                                        : Value::real(divisor.real() * value.real());
  }
  if (dividend.is_unknown() || divisor.is_unknown()) return kUnknown;
  return dividend.type == Type::Int ? quotient(dividend.integer(), divisor.integer())
                                    : Value::real(dividend.real() / divisor.real());
}

template <class Function>
Value of_one(Machine& machine, const Node& node, Function function) {
  const Value value = Arguments(machine, node).next();
  return value.is_unknown() ? kUnknown : function(value);
}
template <class Function>
Value of_two(Machine& machine, const Node& node, Function function) {
  Arguments arguments(machine, node);
  const Value a = arguments.next();
  const Value b = arguments.next();
  return a.is_unknown() || b.is_unknown() ? kUnknown : function(a, b);
}

Value run_pow(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& b) {
    return Value::real(std::pow(a.real(), b.real()));
  });
}
Value run_log(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& base) {
    return Value::real(std::log(a.real()) / std::log(base.real()));
  });
}
Value run_mod(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& b) {
    if (b.integer() == 0) return kUnknown;
    return Value::integer(b.integer() == -1 ? 0 : a.integer() % b.integer());
  });
}
Value run_abs(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) {
    if (v.type == Type::Float) return Value::real(std::fabs(v.real()));
    return v.integer() < 0 ? Value{Type::Int, 0 - v.bits, {}} : v;
  });
}
Value run_floor(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) { return Value::real(std::floor(v.real())); });
}
Value run_ceil(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) { return Value::real(std::ceil(v.real())); });
}
/// What does not fit, NaN too, becomes the lowest integer, as on x86.
Value run_to_int(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) {
    const double real = v.real();
    const bool fits = real >= -0x1p63 && real < 0x1p63;
    return Value::integer(fits ? static_cast<std::int64_t>(real) : INT64_MIN);
  });
}
Value run_to_float(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) { return Value::real(static_cast<double>(v.integer())); });
}

constexpr auto kNoFloat = [](double a, double) { return a; };
Value run_int_and(Machine& m, const Node& n) {
  return folded(m, n, [](auto a, auto b) { return a & b; }, kNoFloat);
}
Value run_int_or(Machine& m, const Node& n) {
  return folded(m, n, [](auto a, auto b) { return a | b; }, kNoFloat);
}
Value run_int_xor(Machine& m, const Node& n) {
  return folded(m, n, [](auto a, auto b) { return a ^ b; }, kNoFloat);
}
Value run_int_not(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) { return Value{Type::Int, ~v.bits, {}}; });
}

/// Shifts go by the low six bits of their count.
unsigned shift_of(const Value& count) { return static_cast<unsigned>(count.bits & 63U); }
Value run_lshift(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& by) {
    return Value{Type::Int, a.bits << shift_of(by), {}};
  });
}
Value run_rshift(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& by) {
    return Value{Type::Int, a.bits >> shift_of(by), {}};
  });
}
Value run_arshift(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& by) {
    return Value::integer(a.integer() >> shift_of(by));
  });
}

Value run_count(Machine& m, const Node& n) {
  return of_one(m, n, [](const Value& v) { return Value::integer(std::popcount(v.bits)); });
}
std::uint64_t with_ones_as(const Value& number, const Value& wanted) {
  return wanted.truth() ? number.bits : ~number.bits;
}
Value run_lscan(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& wanted) {
    const std::uint64_t bits = with_ones_as(a, wanted);
    return Value::integer(bits == 0 ? -1 : std::countl_zero(bits));
  });
}
Value run_rscan(Machine& m, const Node& n) {
  return of_two(m, n, [](const Value& a, const Value& wanted) {
    const std::uint64_t bits = with_ones_as(a, wanted);
    return Value::integer(bits == 0 ? -1 : 63 - std::countr_zero(bits));
  });
}

std::uint64_t smaller(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(b) < static_cast<std::int64_t>(a) ? b : a;
}
std::uint64_t larger(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b) ? b : a;
}
Value run_min(Machine& m, const Node& n) {
  return folded(m, n, &smaller, [](double a, double b) { return std::min(a, b); });
}
Value run_max(Machine& m, const Node& n) {
  return folded(m, n, &larger, [](double a, double b) { return std::max(a, b); });
}

constexpr TypeSet kInt = only(Type::Int);
constexpr TypeSet kFloat = only(Type::Float);
constexpr Signature kNumbers{1, kUnbounded, kNumber, kNumber, true, Type::Unknown};
constexpr Signature kInts{1, kUnbounded, kInt, kInt, false, Type::Int};
constexpr Signature kTwoInts{2, 2, kInt, kInt, false, Type::Int};
constexpr Signature kTwoFloats{2, 2, kFloat, kFloat, false, Type::Float};
constexpr Signature kFloatToFloat{1, 1, kFloat, 0, false, Type::Float};
constexpr Signature kIntToInt{1, 1, kInt, 0, false, Type::Int};
constexpr Signature kScan{2, 2, kInt, only(Type::Bool), false, Type::Int};

constexpr Row kRows[] = {
    {20, "add", kNumbers, nullptr, &run_add},
    {21, "sub", kNumbers, nullptr, &run_sub},
    {22, "mul", kNumbers, nullptr, &run_mul},
    {23, "div", kNumbers, nullptr, &run_div},
    {24, "pow", kTwoFloats, nullptr, &run_pow},
    {25, "log", kTwoFloats, nullptr, &run_log},
    {26, "mod", kTwoInts, nullptr, &run_mod},
    {27, "abs", {1, 1, kNumber, 0, false, Type::Unknown}, nullptr, &run_abs},
    {28, "floor", kFloatToFloat, nullptr, &run_floor},
    {29, "ceil", kFloatToFloat, nullptr, &run_ceil},
    {30, "to_int", {1, 1, kFloat, 0, false, Type::Int}, nullptr, &run_to_int},
    {31, "to_float", {1, 1, kInt, 0, false, Type::Float}, nullptr, &run_to_float},
    {32, "int_and", kInts, nullptr, &run_int_and},
    {33, "int_or", kInts, nullptr, &run_int_or},
    {34, "int_xor", kInts, nullptr, &run_int_xor},
    {35, "int_not", kIntToInt, nullptr, &run_int_not},
    {36, "int_lshift", kTwoInts, nullptr, &run_lshift},
    {37, "int_rshift", kTwoInts, nullptr, &run_rshift},
    {38, "int_arshift", kTwoInts, nullptr, &run_arshift},
    {39, "int_count", kIntToInt, nullptr, &run_count},
    {40, "int_lscan", kScan, nullptr, &run_lscan},
    {41, "int_rscan", kScan, nullptr, &run_rscan},
    {50, "min", kNumbers, nullptr, &run_min},
    {51, "max", kNumbers, nullptr, &run_max},
};

}  // namespace

std::span<const Row> arithmetic_rows() { return kRows; }

}  // namespace flotilla::model::exp
