#include <algorithm>

#include "expression_program.h"
#include "geo.h"
#include "given.h"
#include "hll.h"

namespace flotilla::model::exp {
namespace {

using msgpack::Cursor;
using msgpack::Head;
using msgpack::Kind;

constexpr std::size_t kCodes = 128;

std::array<const Row*, kCodes> index_rows() {
  std::array<const Row*, kCodes> rows{};
  for (const auto& family : {comparison_rows(), logic_rows(), arithmetic_rows(), metadata_rows(),
                             bin_rows(), call_rows(), control_rows()})
    for (const Row& row : family) rows[row.code] = &row;
  return rows;
}

const Row* find_row(std::int64_t code) {
  static const std::array<const Row*, kCodes> kRows = index_rows();
  return code >= 0 && code < static_cast<std::int64_t>(kCodes)
             ? kRows[static_cast<std::size_t>(code)]
             : nullptr;
}

Value run_constant(Machine&, const Node& node) { return node.constant; }
constexpr Row kConstantRow{0xFF, "constant", {}, nullptr, &run_constant};

/// Nodes that an expression can have at most: one for each of its msgpack elements.
std::uint32_t most_nodes(Bytes expression) {
  Cursor at(expression);
  std::uint32_t count = 0;
  for (; !at.done() && at.ok() && count < Program::kNodesMax; ++count) at.next();
  return count;
}

/// Blobs of the languages are no values of expressions; names have no type.
bool raw_constant(Parser& parser, const Head& head, Node& node) {
  if (head.raw.empty()) return false;
  Value& out = node.constant;
  switch (static_cast<ParticleType>(head.raw[0])) {
    case ParticleType::String:
      out = Value::of(Type::String, head.content());
      return true;
    case ParticleType::Blob:
      out = Value::of(Type::Blob, head.content());
      return true;
    case ParticleType::Hll:
      out = Value::of(Type::Hll, head.content());
      return Sketch::parse(head.content()).has_value();
    case ParticleType::GeoJson: {
      auto geometry = Geometry::parse(as_text(head.content()));
      if (!geometry) return false;
      // The shape is kept beside the text, which GEO would else read for every record.
      parser.program().geometries.push_back(std::move(*geometry));
      node.slot = static_cast<std::uint32_t>(parser.program().geometries.size());
      out = value_of(geo_without_cells(parser.arena(), as_text(head.content())));
      return true;
    }
    default:
      return false;
  }
}

/// Constants go into bins as they are given; what only the server keeps must not come in with them.
bool claims_signposts(const Head& head) {
  return head.kind == Kind::Ext && (head.ext_type & msgpack::kHasSignposts) != 0 &&
         !head.raw.empty();
}

}  // namespace

bool is_shallow(Bytes value) {
  std::array<std::uint64_t, msgpack::kDepthMax> left;
  std::size_t depth = 0;
  Cursor at(value);
  while (!at.done()) {
    const Head head = at.next();
    if (!at.ok() || claims_signposts(head)) return false;
    const std::uint64_t children = head.kind == Kind::List  ? head.count
                                   : head.kind == Kind::Map ? std::uint64_t{2} * head.count
                                                            : 0;
    if (children != 0) {
      if (depth == left.size()) return false;
      left[depth++] = children;
      continue;
    }
    while (depth != 0 && --left[depth - 1] == 0) --depth;
  }
  return true;
}

Result<Program> Program::parse(Arena& arena, Bytes expression) {
  if (expression.size() > kSizeMax) return fail(Code::Parameter, "expression: too long");
  Program out;
  Parser parser(arena, out, expression);
  if (parser.expression() == nullptr || !parser.done())
    return fail(Code::Parameter, "expression: does not parse");
  return out;
}

Parser::Parser(Arena& arena, Program& program, Bytes expression)
    : arena_(arena), program_(program), in_(expression) {
  const std::uint32_t count = most_nodes(expression);
  const MutableBytes space = arena.allocate(count * sizeof(Node));
  nodes_ = {reinterpret_cast<Node*>(space.data()), count};
  program_.nodes = nodes_;
}

const Node* Parser::expression() {
  if (used_ == nodes_.size() || depth_ == Program::kDepthMax) return nullptr;
  Node& node = *new (&nodes_[used_++]) Node;
  const Bytes from = in_.rest();
  const Head head = in_.peek();
  ++depth_;
  bool ok = false;
  if (head.kind == Kind::List) {
    in_.next();
    ok = operation(node, head.count);
  } else {
    in_.skip();
    ok = in_.ok() && constant(node, head, from.first(from.size() - in_.rest().size()));
  }
  --depth_;
  node.span = static_cast<std::uint32_t>(&nodes_[0] + used_ - &node);
  return ok && in_.ok() ? &node : nullptr;
}

const Node* Parser::expression_in(Bytes value) {
  const Cursor outer = in_;
  in_ = Cursor(value);
  const Node* const node = expression();
  in_ = outer;
  return node;
}

bool Parser::operation(Node& node, std::uint32_t count) {
  if (count == 0) return false;
  const Head code = in_.next();
  if (code.kind != Kind::Integer) return false;
  node.row = find_row(code.integer());
  if (node.row == nullptr) return false;
  return node.row->parse != nullptr ? node.row->parse(*this, node, count - 1)
                                    : arguments(node, count - 1);
}

bool Parser::arguments(Node& node, std::uint32_t n_args) {
  const Signature& s = node.row->signature;
  if (n_args < s.least || n_args > s.most) return false;
  Type first = Type::Unknown;
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const Node* const argument = expression();
    if (argument == nullptr || !contains(i == 0 ? s.first : s.rest, argument->type)) return false;
    if (i == 0) first = argument->type;
    if (s.all_alike && argument->type != first) return false;
  }
  node.n_args = n_args;
  node.type = s.result == Type::Unknown ? first : s.result;
  return true;
}

bool Parser::constant(Node& node, const Head& head, Bytes whole) {
  node.row = &kConstantRow;
  switch (head.kind) {
    case Kind::Nil:
      node.constant.type = Type::Nil;
      break;
    case Kind::False:
    case Kind::True:
      node.constant = Value::boolean(head.kind == Kind::True);
      break;
    case Kind::Integer:
      node.constant = Value::integer(head.integer());
      break;
    case Kind::Float:
      node.constant = Value::real(head.real());
      break;
    case Kind::Map:
      if (!is_shallow(whole)) return false;
      node.constant = Value::of(Type::Map, mark_as_given(arena_, whole));
      break;
    case Kind::String:
    case Kind::Blob:
    case Kind::GeoJson:
      if (!raw_constant(*this, head, node)) return false;
      break;
    default:
      return false;
  }
  node.type = node.constant.type;
  return true;
}

bool Parser::type(Type& out) {
  const Head head = in_.next();
  if (head.kind != Kind::Integer || head.is_negative || head.bits >= kWireTypes) return false;
  out = static_cast<Type>(head.bits);
  return true;
}

bool Parser::name(Bytes& out) {
  const Head head = in_.next();
  out = head.raw;
  return head.is_raw();
}

bool Parser::reserve_variables(std::uint32_t count, std::uint32_t& first) {
  if (scope_.size() + count > Program::kVariablesMax) return false;
  first = program_.n_variables;
  program_.n_variables += count;
  return true;
}

bool Parser::define(Bytes name, Type type, std::uint32_t slot) {
  Type known{};
  std::uint32_t known_slot = 0;
  if (find(name, known, known_slot)) return false;
  scope_.push_back({as_text(name), type, slot});
  return true;
}

bool Parser::find(Bytes name, Type& type, std::uint32_t& slot) const {
  const auto found = std::ranges::find(scope_, as_text(name), &Variable::name);
  if (found == scope_.end()) return false;
  type = found->type;
  slot = found->slot;
  return true;
}

}  // namespace flotilla::model::exp
