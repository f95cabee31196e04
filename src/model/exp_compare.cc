#include <algorithm>
#include <compare>

#include "expression_program.h"

/// EQ to LE, REGEX, GEO, IN_LIST.
namespace flotilla::model::exp {
namespace {

using msgpack::Cursor;
using msgpack::Head;
using msgpack::Kind;

/// Outcome of comparing encoded values, by the order of values; Undefined: a map in no order of
/// keys was met.
enum class Order : std::uint8_t { Less, Equal, Greater, EqualByWildcard, Undefined };

Order order_of(std::weak_ordering o) {
  return o < 0 ? Order::Less : o > 0 ? Order::Greater : Order::Equal;
}

Order compare_next(Cursor& a, Cursor& b);

Order compare_run(Cursor& a, Cursor& b, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const Order order = compare_next(a, b);
    if (order != Order::Equal) return order;
  }
  return Order::Equal;
}

/// A list's or map's elements without its flags element, which the cursor is led past.
struct Body {
  std::uint32_t count = 0;
  bool has_order = false;

  Body(const Head& head, Cursor& at) : count(head.count) {
    const Head flags = count == 0 ? Head{} : at.peek();
    if (flags.kind != Kind::Ext) return;
    at.skip(head.kind == Kind::Map ? 2 : 1);
    has_order = (flags.ext_type & msgpack::kOrdered) != 0;
    --count;
  }
};

Order compare_bodies(Kind kind, const Body& body_a, const Body& body_b, Cursor& a, Cursor& b) {
  const Order by_count = order_of(body_a.count <=> body_b.count);
  if (kind == Kind::Map) {
    if ((body_a.count != 0 && !body_a.has_order) || (body_b.count != 0 && !body_b.has_order))
      return Order::Undefined;
    return by_count == Order::Equal ? compare_run(a, b, std::uint64_t{2} * body_a.count) : by_count;
  }
  const Order order = compare_run(a, b, std::min(body_a.count, body_b.count));
  return order == Order::Equal ? by_count : order;
}

/// The cursors stand behind what was compared only where it is equal: else nobody looks further.
Order compare_next(Cursor& a, Cursor& b) {
  const Bytes from_a = a.rest();
  const Bytes from_b = b.rest();
  const Head head_a = a.next();
  const Head head_b = b.next();
  if (head_a.kind == Kind::Wildcard || head_b.kind == Kind::Wildcard) return Order::EqualByWildcard;
  if (head_a.kind != head_b.kind) return order_of(head_a.kind <=> head_b.kind);
  if (head_a.kind == Kind::Integer) {
    if (head_a.is_negative != head_b.is_negative)
      return head_a.is_negative ? Order::Less : Order::Greater;
    return order_of(head_a.bits <=> head_b.bits);
  }
  if (head_a.kind != Kind::List && head_a.kind != Kind::Map)
    return order_of(msgpack::compare(from_a, from_b));
  const Body body_a(head_a, a);
  const Body body_b(head_b, b);
  return compare_bodies(head_a.kind, body_a, body_b, a, b);
}

std::partial_ordering compare_collections(Machine& machine, const Value& a, const Value& b,
                                          bool& is_undefined) {
  Cursor at_a(a.bytes);
  Cursor at_b(b.bytes);
  const Order order = machine.pay(std::min(a.bytes.size(), b.bytes.size()))
                          ? compare_next(at_a, at_b)
                          : Order::Undefined;
  is_undefined = order == Order::Undefined;
  return order == Order::Less      ? std::partial_ordering::less
         : order == Order::Greater ? std::partial_ordering::greater
                                   : std::partial_ordering::equivalent;
}

template <class Holds>
Value compared(Machine& machine, const Node& node, Holds holds) {
  Arguments arguments(machine, node);
  const Value a = arguments.next();
  const Value b = arguments.next();
  if (a.is_unknown() || b.is_unknown()) return kUnknown;
  bool is_undefined = false;
  std::partial_ordering order = std::partial_ordering::equivalent;
  switch (a.type) {
    case Type::Int:
      order = a.integer() <=> b.integer();
      break;
    case Type::Bool:
      order = a.bits <=> b.bits;
      break;
    case Type::Float:
      order = a.real() <=> b.real();
      break;
    case Type::String:
    case Type::Blob:
      is_undefined = !machine.pay(std::min(a.bytes.size(), b.bytes.size()));
      order = as_text(a.bytes) <=> as_text(b.bytes);
      break;
    case Type::List:
    case Type::Map:
      order = compare_collections(machine, a, b, is_undefined);
      break;
    default:
      break;
  }
  return is_undefined ? kUnknown : Value::boolean(holds(order));
}

Value run_eq(Machine& m, const Node& n) {
  return compared(m, n, [](auto o) { return o == 0; });
}
Value run_ne(Machine& m, const Node& n) {
  return compared(m, n, [](auto o) { return o != 0; });
}
Value run_gt(Machine& m, const Node& n) {
  return compared(m, n, [](auto o) { return o > 0; });
}
Value run_ge(Machine& m, const Node& n) {
  return compared(m, n, [](auto o) { return o >= 0; });
}
Value run_lt(Machine& m, const Node& n) {
  return compared(m, n, [](auto o) { return o < 0; });
}
Value run_le(Machine& m, const Node& n) {
  return compared(m, n, [](auto o) { return o <= 0; });
}

// REGEX: flags, pattern, text.

bool parse_regex(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 3) return false;
  const Head flags = parser.head();
  Bytes pattern;
  if (flags.kind != Kind::Integer || !parser.name(pattern)) return false;
  auto compiled = Pattern::compile(pattern, flags.integer());
  if (!compiled || !parser.claim_states(compiled->states())) return false;
  node.slot = static_cast<std::uint32_t>(parser.program().patterns.size());
  parser.program().patterns.push_back(std::move(*compiled));
  const Node* const text = parser.expression();
  node.type = Type::Bool;
  node.n_args = 1;
  return text != nullptr && text->type == Type::String;
}

Value run_regex(Machine& machine, const Node& node) {
  const Value text = Arguments(machine, node).next();
  const Pattern& pattern = machine.program.patterns[node.slot];
  if (text.is_unknown() || !machine.pay(text.bytes.size() * (1 + pattern.states() / 4)))
    return kUnknown;
  const auto matches = pattern.matches(machine.arena, as_text(text.bytes));
  return matches ? Value::boolean(*matches) : kUnknown;
}

// GEO.

constexpr std::size_t kShapeWork =
    64;  // A byte of GeoJSON costs as much as walking through so many.

/// The shape of an argument: a constant's was made when the expression was parsed.
const Geometry* shape_of(Machine& machine, Arguments& arguments, std::optional<Geometry>& own) {
  const Node& node = arguments.peek();
  const Value value = arguments.next();
  if (node.slot != 0 && node.constant.type == Type::GeoJson)
    return &machine.program.geometries[node.slot - 1];
  if (value.is_unknown()) return nullptr;
  const GeoParts parts = geo_parts(value.bytes);
  if (!parts.is_region && parts.cells.size() == sizeof(std::uint64_t)) {
    own.emplace(Geometry::point(load_be<std::uint64_t>(parts.cells.data())));
    return &*own;
  }
  if (!machine.pay(value.bytes.size() * kShapeWork)) return nullptr;
  auto parsed = Geometry::parse(parts.json);
  if (!parsed) return nullptr;
  own.emplace(std::move(*parsed));
  return &*own;
}

Value run_geo(Machine& machine, const Node& node) {
  Arguments arguments(machine, node);
  std::optional<Geometry> own_a;
  std::optional<Geometry> own_b;
  const Geometry* const a = shape_of(machine, arguments, own_a);
  const Geometry* const b = shape_of(machine, arguments, own_b);
  return a == nullptr || b == nullptr ? kUnknown : Value::boolean(a->matches(*b));
}

// IN_LIST.

Value run_in_list(Machine& machine, const Node& node) {
  Arguments arguments(machine, node);
  const Value value = arguments.next();
  const Value list = arguments.next();
  if (value.is_unknown() || list.is_unknown() || !machine.pay(list.bytes.size())) return kUnknown;
  msgpack::Writer encoded(machine.arena, value.bytes.size() + 16);
  encoded.particle(particle_of(machine.arena, value));
  const Bytes wanted = encoded.finish();
  const msgpack::Container open = msgpack::open(list.bytes);
  Cursor at(open.elements);
  for (std::uint32_t i = 0; i < open.count; ++i)
    if (msgpack::compare(at.skip(), wanted) == 0) return Value::boolean(true);
  return Value::boolean(false);
}

constexpr TypeSet kComparable = kAnyValue & static_cast<TypeSet>(~any_of(Type::GeoJson, Type::Hll));
constexpr Signature kComparison{2, 2, kComparable, kComparable, true, Type::Bool};

constexpr Row kRows[] = {
    {1, "eq", kComparison, nullptr, &run_eq},
    {2, "ne", kComparison, nullptr, &run_ne},
    {3, "gt", kComparison, nullptr, &run_gt},
    {4, "ge", kComparison, nullptr, &run_ge},
    {5, "lt", kComparison, nullptr, &run_lt},
    {6, "le", kComparison, nullptr, &run_le},
    {7, "regex", {}, &parse_regex, &run_regex},
    {8,
     "geo",
     {2, 2, only(Type::GeoJson), only(Type::GeoJson), false, Type::Bool},
     nullptr,
     &run_geo},
    {9, "in_list", {2, 2, kAnyValue, only(Type::List), false, Type::Bool}, nullptr, &run_in_list},
};

}  // namespace

std::span<const Row> comparison_rows() { return kRows; }

}  // namespace flotilla::model::exp
