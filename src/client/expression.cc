#include "client/expression.h"

#include "base/arena.h"
#include "client/codec.h"
#include "model/msgpack.h"
#include "operation_call.h"

namespace flotilla::client {
namespace {

namespace msgpack = model::msgpack;
using msgpack::Writer;

constexpr std::int64_t kContext = 0xFF;  // In front of an operation that has one.

/// Codes of docs/formats/wire.md, as far as more than one function here needs them.
enum Opcode : std::int64_t {
  kUnknown = 0,
  kNe = 2,
  kBin = 81,
  kBinType = 82,
  kQuote = 126,
  kCall = 127
};

Buffer packed(std::uint32_t count, const auto& write_elements) {
  Arena arena;
  Writer writer(arena);
  writer.list(count);
  write_elements(writer);
  const Bytes bytes = writer.finish();
  return {bytes.begin(), bytes.end()};
}

Expression of(std::int64_t code, std::initializer_list<const Expression*> arguments) {
  return Expression(packed(static_cast<std::uint32_t>(arguments.size() + 1), [&](Writer& out) {
    out.integer(code);
    for (const Expression* argument : arguments) out.encoded(argument->bytes());
  }));
}

Expression of_all(std::int64_t code, std::span<const Expression> arguments) {
  return Expression(packed(static_cast<std::uint32_t>(arguments.size() + 1), [&](Writer& out) {
    out.integer(code);
    for (const Expression& argument : arguments) out.encoded(argument.bytes());
  }));
}

Expression of_name(std::int64_t code, std::string_view name) {
  return Expression(packed(2, [&](Writer& out) {
    out.integer(code);
    out.plain_raw(as_bytes(name));
  }));
}

Expression of_integer(std::int64_t code, std::int64_t argument) {
  return Expression(packed(2, [&](Writer& out) {
    out.integer(code);
    out.integer(argument);
  }));
}

Buffer quoted(Bytes list) {
  return packed(2, [&](Writer& out) {
    out.integer(kQuote);
    out.encoded(list);
  });
}

/// `[code, arguments...]` with the arguments that are lists quoted: unquoted they would be
/// expressions.
Buffer quoted_arguments(Bytes call) {
  const msgpack::Container list = msgpack::open(call);
  return packed(list.count, [&](Writer& out) {
    msgpack::Cursor elements(list.elements);
    for (std::uint32_t i = 0; i < list.count; ++i) {
      const bool is_list = elements.peek().kind == msgpack::Kind::List;
      const Bytes element = elements.skip();
      out.encoded(is_list ? Bytes(quoted(element)) : element);
    }
  });
}

Buffer call_of(Bytes operation) {
  msgpack::Cursor elements(msgpack::open(operation).elements);
  const msgpack::Head first = elements.peek();
  if (first.kind != msgpack::Kind::Integer || first.integer() != kContext)
    return quoted_arguments(operation);
  elements.skip();
  const Bytes context = elements.skip();
  return packed(3, [&](Writer& out) {
    out.integer(kContext);
    out.encoded(context);
    out.encoded(quoted_arguments(elements.skip()));
  });
}

/// Which part of the server's operations, and whether it modifies.
std::int64_t system_of(wire::OpType type) {
  constexpr std::int64_t kModifies = 0x40;
  switch (type) {
    case wire::OpType::CdtModify:
      return kModifies;
    case wire::OpType::BitsRead:
      return 1;
    case wire::OpType::BitsModify:
      return 1 | kModifies;
    case wire::OpType::HllRead:
      return 2;
    case wire::OpType::HllModify:
      return 2 | kModifies;
    default:
      return 0;
  }
}

Operation expression_operation(wire::OpType type, std::string_view bin,
                               const Expression& expression, std::int64_t flags) {
  Buffer value = packed(2, [&](Writer& out) {
    out.encoded(expression.bytes());
    out.integer(flags);
  });
  return {type, std::string(bin), Value(Blob{.bytes = std::move(value)})};
}

}  // namespace

namespace exp {

Expression value(const Value& constant) {
  Buffer bytes;
  if (!pack(constant, bytes)) return unknown();
  return Expression(constant.is<List>() ? quoted(bytes) : std::move(bytes));
}
Expression unknown() { return of(kUnknown, {}); }

Expression bin(Type type, std::string_view name) {
  return Expression(packed(3, [&](Writer& out) {
    out.integer(kBin);
    out.integer(static_cast<std::int64_t>(type));
    out.plain_raw(as_bytes(name));
  }));
}
Expression bin_exists(std::string_view name) {
  const Expression type = bin_type(name);
  const Expression none = value(0);
  return of(kNe, {&type, &none});
}
Expression bin_type(std::string_view name) { return of_name(kBinType, name); }
Expression key(Type type) { return of_integer(80, static_cast<std::int64_t>(type)); }
Expression key_exists() { return of(71, {}); }
Expression set_name() { return of(70, {}); }
Expression ttl_seconds() { return of(69, {}); }
Expression void_time_ns() { return of(68, {}); }
Expression last_update_ns() { return of(66, {}); }
Expression since_update_ms() { return of(67, {}); }
Expression record_bytes() { return of(74, {}); }
Expression is_tombstone() { return of(72, {}); }
Expression digest_modulo(std::int64_t modulo) { return of_integer(64, modulo); }

Expression eq(const Expression& a, const Expression& b) { return of(1, {&a, &b}); }
Expression ne(const Expression& a, const Expression& b) { return of(kNe, {&a, &b}); }
Expression gt(const Expression& a, const Expression& b) { return of(3, {&a, &b}); }
Expression ge(const Expression& a, const Expression& b) { return of(4, {&a, &b}); }
Expression lt(const Expression& a, const Expression& b) { return of(5, {&a, &b}); }
Expression le(const Expression& a, const Expression& b) { return of(6, {&a, &b}); }
Expression regex(std::int64_t flags, std::string_view pattern, const Expression& text) {
  return Expression(packed(4, [&](Writer& out) {
    out.integer(7);
    out.integer(flags);
    out.plain_raw(as_bytes(pattern));
    out.encoded(text.bytes());
  }));
}
Expression geo_within(const Expression& a, const Expression& b) { return of(8, {&a, &b}); }
Expression in_list(const Expression& value, const Expression& list) {
  return of(9, {&value, &list});
}

Expression all(std::span<const Expression> conditions) { return of_all(16, conditions); }
Expression any(std::span<const Expression> conditions) { return of_all(17, conditions); }
Expression exactly_one(std::span<const Expression> conditions) { return of_all(19, conditions); }
Expression negate(const Expression& condition) { return of(18, {&condition}); }

Expression add(std::span<const Expression> numbers) { return of_all(20, numbers); }
Expression subtract(std::span<const Expression> numbers) { return of_all(21, numbers); }
Expression multiply(std::span<const Expression> numbers) { return of_all(22, numbers); }
Expression divide(std::span<const Expression> numbers) { return of_all(23, numbers); }
Expression least(std::span<const Expression> numbers) { return of_all(50, numbers); }
Expression greatest(std::span<const Expression> numbers) { return of_all(51, numbers); }
Expression power(const Expression& base, const Expression& exponent) {
  return of(24, {&base, &exponent});
}
Expression logarithm(const Expression& number, const Expression& base) {
  return of(25, {&number, &base});
}
Expression modulo(const Expression& number, const Expression& divisor) {
  return of(26, {&number, &divisor});
}
Expression absolute(const Expression& number) { return of(27, {&number}); }
Expression floor(const Expression& number) { return of(28, {&number}); }
Expression ceil(const Expression& number) { return of(29, {&number}); }
Expression to_integer(const Expression& number) { return of(30, {&number}); }
Expression to_double(const Expression& number) { return of(31, {&number}); }

Expression bit_and(std::span<const Expression> integers) { return of_all(32, integers); }
Expression bit_or(std::span<const Expression> integers) { return of_all(33, integers); }
Expression bit_xor(std::span<const Expression> integers) { return of_all(34, integers); }
Expression bit_not(const Expression& integer) { return of(35, {&integer}); }
Expression shift_left(const Expression& integer, const Expression& by) {
  return of(36, {&integer, &by});
}
Expression shift_right(const Expression& integer, const Expression& by) {
  return of(37, {&integer, &by});
}
Expression shift_right_signed(const Expression& integer, const Expression& by) {
  return of(38, {&integer, &by});
}
Expression bit_count(const Expression& integer) { return of(39, {&integer}); }

Expression conditional(std::span<const Branch> branches, const Expression& otherwise) {
  const auto count = static_cast<std::uint32_t>(2 * branches.size() + 2);
  return Expression(packed(count, [&](Writer& out) {
    out.integer(123);
    for (const Branch& branch : branches) {
      out.encoded(branch.condition.bytes());
      out.encoded(branch.result.bytes());
    }
    out.encoded(otherwise.bytes());
  }));
}
Expression let(std::span<const std::pair<std::string_view, Expression>> names,
               const Expression& body) {
  const auto count = static_cast<std::uint32_t>(2 * names.size() + 2);
  return Expression(packed(count, [&](Writer& out) {
    out.integer(125);
    for (const auto& [name, expression] : names) {
      out.plain_raw(as_bytes(name));
      out.encoded(expression.bytes());
    }
    out.encoded(body.bytes());
  }));
}
Expression variable(std::string_view name) { return of_name(124, name); }

Expression map_keys(const Expression& map) { return of(101, {&map}); }
Expression map_values(const Expression& map) { return of(102, {&map}); }
Expression call(Type result, const Operation& operation, const Expression& container) {
  const Blob* const packed_call = operation.value.get_if<Blob>();
  if (packed_call == nullptr) return unknown();
  return Expression(packed(5, [&](Writer& out) {
    out.integer(kCall);
    out.integer(static_cast<std::int64_t>(result));
    out.integer(system_of(operation.type));
    out.encoded(call_of(packed_call->bytes));
    out.encoded(container.bytes());
  }));
}

}  // namespace exp

namespace op {

Operation read_expression(std::string_view name, const Expression& expression,
                          bool unknown_is_no_failure) {
  return expression_operation(wire::OpType::ExpRead, name, expression,
                              unknown_is_no_failure ? 16 : 0);
}

Operation write_expression(std::string_view bin, const Expression& expression,
                           const ExpressionPolicy& p) {
  const std::int64_t flags =
      flag_bits({p.create_only, p.update_only, p.allow_delete, p.no_fail, p.unknown_is_no_failure});
  return expression_operation(wire::OpType::ExpModify, bin, expression, flags);
}

}  // namespace op
}  // namespace flotilla::client
