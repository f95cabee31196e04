#include "expression_program.h"
#include "model/operation.h"
#include "op_arguments.h"

/// CALL: list, map, bit and HLL operations on values.
///
///   [127, result type, system, operation, bin]
///
/// The operation is what a client would send, but for its arguments that are lists: those are
/// expressions, whose values take their places. Contexts and path expressions go through as they
/// are.
namespace flotilla::model::exp {
namespace {

using msgpack::Container;
using msgpack::Cursor;
using msgpack::Head;
using msgpack::Kind;

using Operation = Result<Outcome> (*)(Arena&, const Particle&, Bytes);

struct System {
  TypeSet bins;  // Nil: the operation starts from nothing.
  Operation read;
  Operation modify;
};
constexpr System kSystems[] = {
    {any_of(Type::List, Type::Map, Type::Nil), &cdt_read, &cdt_modify},
    {any_of(Type::Blob, Type::Nil), &bits_read, &bits_modify},
    {any_of(Type::Hll, Type::Nil), &hll_read, &hll_modify},
};
constexpr std::uint64_t kModifies = 0x40;

constexpr std::int64_t kContextCode = 0xFF;
constexpr std::int64_t kPathCode = 0xFE;

/// The part of an operation that holds its opcode and arguments, and what stands around it.
struct Template {
  Bytes before;
  Container list;
  Bytes arguments;  // Of `list`, behind the opcode.
};

bool is_list_of(const Container& list, std::int64_t code) {
  return list.count != 0 && Cursor(list.elements).peek().kind == Kind::Integer &&
         Cursor(list.elements).peek().integer() == code;
}

/// Finds the arguments. A path's are none: its expressions are its own. What has not the shape of
/// an operation has no arguments either, and fails when it is run.
Template split(Bytes operation) {
  Template out{.before = {}, .list = msgpack::open(operation), .arguments = {}};
  if (is_list_of(out.list, kContextCode) && out.list.count == 3) {
    Cursor at(out.list.elements);
    at.skip(2);
    out.before = operation.first(operation.size() - at.rest().size());
    out.list = msgpack::open(at.skip());
  }
  if (out.list.kind != Kind::List || out.list.count == 0 || is_list_of(out.list, kPathCode))
    return {};
  Cursor at(out.list.elements);
  at.skip();
  out.arguments = at.rest();
  return out;
}

bool parse_arguments(Parser& parser, Node& node, Bytes operation) {
  const Template parts = split(operation);
  Cursor at(parts.arguments);
  for (std::uint32_t i = 1; i < parts.list.count; ++i) {
    const bool is_expression = at.peek().kind == Kind::List;
    const Bytes argument = at.skip();
    if (!is_expression) continue;
    if (parser.expression_in(argument) == nullptr) return false;
    ++node.n_args;
  }
  return at.ok();
}

bool parse_call(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 4 || !parser.type(node.wanted)) return false;
  const Head system = parser.head();
  if (system.kind != Kind::Integer || (system.bits & ~kModifies) >= std::size(kSystems))
    return false;
  node.slot = static_cast<std::uint32_t>(system.bits);
  if (parser.peek().kind != Kind::List) return false;
  node.constant.bytes = parser.value();
  if (!is_shallow(node.constant.bytes) || !parse_arguments(parser, node, node.constant.bytes))
    return false;
  const Node* const bin = parser.expression();
  if (bin == nullptr || !contains(kSystems[system.bits & ~kModifies].bins, bin->type)) return false;
  ++node.n_args;
  node.type = bin->type == Type::Nil ? Type::Nil : node.wanted;
  return true;
}

/// The operation with its expressions replaced by their values. False: one is unknown.
bool fill_in(Machine& machine, const Node& node, Arguments& values, Bytes& operation) {
  operation = node.constant.bytes;
  if (node.n_args == 1) return true;
  const Template parts = split(operation);
  msgpack::Writer out(machine.arena, operation.size() + 64);
  out.encoded(parts.before);
  out.list(parts.list.count);
  out.encoded(parts.list.elements.first(parts.list.elements.size() - parts.arguments.size()));
  Cursor at(parts.arguments);
  for (std::uint32_t i = 1; i < parts.list.count; ++i) {
    const bool is_expression = at.peek().kind == Kind::List;
    const Bytes argument = at.skip();
    if (!is_expression) {
      out.encoded(argument);
      continue;
    }
    const Value value = values.next();
    if (value.is_unknown() || value.type == Type::Removal || !machine.pay(value.bytes.size()))
      return false;
    out.particle(particle_of(machine.arena, value));
  }
  operation = out.finish();
  return true;
}

Value run_call(Machine& machine, const Node& node) {
  Arguments values(machine, node);
  Bytes operation;
  if (!fill_in(machine, node, values, operation)) return kUnknown;
  const Value bin = values.next();
  if (bin.is_unknown() || !machine.pay(2 * (bin.bytes.size() + operation.size())) ||
      !check_room(machine.arena))
    return kUnknown;
  const System& system = kSystems[node.slot & ~kModifies];
  const bool modifies = (node.slot & kModifies) != 0;
  const Particle before = particle_of(machine.arena, bin);
  const auto outcome = (modifies ? system.modify : system.read)(machine.arena, before, operation);
  if (!outcome) return kUnknown;
  const Value result = value_of(!modifies          ? outcome->result
                                : outcome->changed ? outcome->bin
                                                   : before);
  return result.type == node.wanted ? result : kUnknown;
}

constexpr Row kRows[] = {{127, "call", {}, &parse_call, &run_call}};

}  // namespace

std::span<const Row> call_rows() { return kRows; }

}  // namespace flotilla::model::exp
