#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "client/operation.h"
#include "client/value.h"

/// Expressions that the server evaluates: filters of any call (CommandPolicy::filter), and values
/// that operate() reads or writes (docs/formats/wire.md).
///
///   policy.command.filter = exp::gt(exp::bin(exp::Type::Integer, "age"), exp::value(21)).bytes();
namespace flotilla::client {

/// One expression, packed. A value type; put together by the functions of `exp`.
class Expression {
 public:
  explicit Expression(Buffer packed) : packed_(std::move(packed)) {}
  const Buffer& bytes() const { return packed_; }

 private:
  Buffer packed_;
};

namespace exp {

/// What an expression yields. The server refuses one that does not fit where it stands (Parameter).
enum class Type : std::uint8_t {
  Nil = 0,
  Bool = 1,
  Integer = 2,
  String = 3,
  List = 4,
  Map = 5,
  Blob = 6,
  Double = 7,
  GeoJson = 8,
  Hll = 9,
};

/// A constant. A value that nests too deeply becomes unknown().
Expression value(const Value& constant);
/// Neither true nor false: a filter is not met, an operation fails.
Expression unknown();

// The record. A bin or key that is missing or of another type is unknown.
Expression bin(Type type, std::string_view name);
Expression bin_exists(std::string_view name);
/// The particle type as a number; 0: no such bin.
Expression bin_type(std::string_view name);
Expression key(Type type);
Expression key_exists();
Expression set_name();
Expression ttl_seconds();      // -1: never expires.
Expression void_time_ns();     // Since 1970; -1: never expires.
Expression last_update_ns();   // Since 1970.
Expression since_update_ms();  // Since the last update.
Expression record_bytes();     // As stored.
Expression is_tombstone();
Expression digest_modulo(std::int64_t modulo);

// Comparisons of two of the same type.
Expression eq(const Expression& a, const Expression& b);
Expression ne(const Expression& a, const Expression& b);
Expression gt(const Expression& a, const Expression& b);
Expression ge(const Expression& a, const Expression& b);
Expression lt(const Expression& a, const Expression& b);
Expression le(const Expression& a, const Expression& b);
/// POSIX; `flags`: 1 extended, 2 without regard to case.
Expression regex(std::int64_t flags, std::string_view pattern, const Expression& text);
/// A point inside a region.
Expression geo_within(const Expression& a, const Expression& b);
Expression in_list(const Expression& value, const Expression& list);

// At least two of them.
Expression all(std::span<const Expression> conditions);
Expression any(std::span<const Expression> conditions);
Expression exactly_one(std::span<const Expression> conditions);
Expression negate(const Expression& condition);

// Numbers, all integers or all doubles.
Expression add(std::span<const Expression> numbers);
/// The first less the others; of one: its negative.
Expression subtract(std::span<const Expression> numbers);
Expression multiply(std::span<const Expression> numbers);
Expression divide(std::span<const Expression> numbers);
Expression least(std::span<const Expression> numbers);
Expression greatest(std::span<const Expression> numbers);
Expression power(const Expression& base, const Expression& exponent);
Expression logarithm(const Expression& number, const Expression& base);
Expression modulo(const Expression& number, const Expression& divisor);
Expression absolute(const Expression& number);
Expression floor(const Expression& number);
Expression ceil(const Expression& number);
Expression to_integer(const Expression& number);
Expression to_double(const Expression& number);

// Integers as 64 bits.
Expression bit_and(std::span<const Expression> integers);
Expression bit_or(std::span<const Expression> integers);
Expression bit_xor(std::span<const Expression> integers);
Expression bit_not(const Expression& integer);
Expression shift_left(const Expression& integer, const Expression& by);
/// Zeros come in.
Expression shift_right(const Expression& integer, const Expression& by);
/// The sign stays.
Expression shift_right_signed(const Expression& integer, const Expression& by);
Expression bit_count(const Expression& integer);

struct Branch {
  Expression condition;
  Expression result;
};
/// The result of the first branch whose condition holds.
Expression conditional(std::span<const Branch> branches, const Expression& otherwise);
/// Names for expressions, each visible to later ones and to the body.
Expression let(std::span<const std::pair<std::string_view, Expression>> names,
               const Expression& body);
Expression variable(std::string_view name);

Expression map_keys(const Expression& map);
Expression map_values(const Expression& map);
/// What an operation on a list, map, blob, or sketch yields on `container`; of a modifying one: the
/// changed container, nothing is written. The operation's own bin name is not looked at.
Expression call(Type result, const Operation& operation, const Expression& container);

}  // namespace exp

namespace op {

/// Which writes of an expression's result are refused.
struct ExpressionPolicy {
  bool create_only = false;   // BinExists when there is the bin.
  bool update_only = false;   // BinNotFound when there is none.
  bool allow_delete = false;  // A nil result removes the bin.
  bool no_fail = false;       // What is refused is left out, and is no failure.
  bool unknown_is_no_failure = false;
};

/// The result comes back under `name`.
Operation read_expression(std::string_view name, const Expression& expression,
                          bool unknown_is_no_failure = false);
Operation write_expression(std::string_view bin, const Expression& expression,
                           const ExpressionPolicy& policy = {});

}  // namespace op
}  // namespace flotilla::client
