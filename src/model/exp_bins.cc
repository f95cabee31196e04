#include "expression_program.h"

/// Bins, the user key, and the parts of maps.
namespace flotilla::model::exp {
namespace {

using msgpack::Cursor;
using msgpack::Kind;

constexpr std::size_t kBinNameMax = 15;

Value if_of_type(const Value& value, Type wanted) {
  return value.type == wanted ? value : kUnknown;
}

bool parse_bin_name(Parser& parser, Node& node) {
  return parser.name(node.constant.bytes) && node.constant.bytes.size() <= kBinNameMax;
}

bool parse_bin(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 2 || !parser.type(node.wanted)) return false;
  node.type = node.wanted;
  return parse_bin_name(parser, node);
}
Value run_bin(Machine& machine, const Node& node) {
  if (machine.record == nullptr) return kUnknown;
  const Particle bin = machine.record->bin(as_text(node.constant.bytes));
  return bin.is_null() ? kUnknown : if_of_type(value_of(bin), node.wanted);
}

bool parse_bin_type(Parser& parser, Node& node, std::uint32_t n_args) {
  node.type = Type::Int;
  return n_args == 1 && parse_bin_name(parser, node);
}
Value run_bin_type(Machine& machine, const Node& node) {
  if (machine.record == nullptr) return kUnknown;
  const Particle bin = machine.record->bin(as_text(node.constant.bytes));
  return Value::integer(static_cast<std::int64_t>(bin.type));
}

bool parse_key(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 1 || !parser.type(node.wanted)) return false;
  node.type = node.wanted;
  return contains(any_of(Type::Int, Type::String, Type::Blob), node.type);
}
Value run_key(Machine& machine, const Node& node) {
  if (machine.record == nullptr) return kUnknown;
  const auto key = machine.record->key();
  return key ? if_of_type(value_of(*key), node.wanted) : kUnknown;
}
Value run_key_exists(Machine& machine, const Node&) {
  return machine.record == nullptr ? kUnknown : Value::boolean(machine.record->key().has_value());
}

/// The first or second of each pair of a map, as a list.
Value half_of(Machine& machine, const Node& node, bool keys) {
  const Value map = Arguments(machine, node).next();
  if (map.type != Type::Map || !machine.pay(map.bytes.size())) return kUnknown;
  const msgpack::Container open = msgpack::open(map.bytes);
  msgpack::Writer out(machine.arena, map.bytes.size());
  out.list(open.count);
  Cursor at(open.elements);
  for (std::uint32_t i = 0; i < open.count; ++i) {
    const Bytes key = at.skip();
    const Bytes value = at.skip();
    out.encoded(keys ? key : value);
  }
  return Value::of(Type::List, out.finish());
}
Value run_map_keys(Machine& m, const Node& n) { return half_of(m, n, true); }
Value run_map_values(Machine& m, const Node& n) { return half_of(m, n, false); }

// What is no map turns out only at run time.
constexpr Signature kHalf{1, 1, kAnyValue, 0, false, Type::List};

constexpr Row kRows[] = {
    {71, "key_exists", {0, 0, 0, 0, false, Type::Bool}, nullptr, &run_key_exists},
    {80, "key", {}, &parse_key, &run_key},
    {81, "bin", {}, &parse_bin, &run_bin},
    {82, "bin_type", {}, &parse_bin_type, &run_bin_type},
    {101, "map_keys", kHalf, nullptr, &run_map_keys},
    {102, "map_values", kHalf, nullptr, &run_map_values},
};

}  // namespace

std::span<const Row> bin_rows() { return kRows; }

}  // namespace flotilla::model::exp
