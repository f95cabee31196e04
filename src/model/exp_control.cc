#include "expression_program.h"
#include "given.h"

/// COND, LET, VAR, QUOTE, loop variables, RESULT_REMOVE.
namespace flotilla::model::exp {
namespace {

using msgpack::Head;
using msgpack::Kind;

// COND: condition, result, condition, result, ..., default.

bool is_any_type(const Node& node) {
  return node.row->code == kOpUnknown || node.type == Type::Removal;
}

bool parse_cond(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args < 3 || n_args % 2 == 0) return false;
  const Node* typed = nullptr;
  const Node* last = nullptr;
  for (std::uint32_t i = 0; i < n_args; ++i) {
    const Node* const argument = parser.expression();
    if (argument == nullptr) return false;
    const bool is_condition = i % 2 == 0 && i + 1 != n_args;
    if (is_condition) {
      if (argument->type != Type::Bool) return false;
      continue;
    }
    last = argument;
    if (is_any_type(*argument)) continue;
    if (typed != nullptr && typed->type != argument->type) return false;
    typed = argument;
  }
  node.n_args = n_args;
  node.type = typed != nullptr ? typed->type : last->type;
  return true;
}

Value run_cond(Machine& machine, const Node& node) {
  Arguments arguments(machine, node);
  for (std::uint32_t pair = 0; pair < node.n_args / 2; ++pair) {
    const Value condition = arguments.next();
    if (condition.is_unknown()) return kUnknown;
    if (condition.truth()) return arguments.next();
    arguments.skip();
  }
  return arguments.next();
}

// LET: name, value, name, value, ..., body.

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_variable_name(std::string_view name) {
  if (name.empty() || !is_letter(name.front())) return false;
  for (const char c : name)
    if (!is_letter(c) && (c < '0' || c > '9')) return false;
  return true;
}

bool parse_let(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args < 3 || n_args % 2 == 0) return false;
  const std::uint32_t n_variables = n_args / 2;
  if (!parser.reserve_variables(n_variables, node.slot)) return false;
  for (std::uint32_t i = 0; i < n_variables; ++i) {
    Bytes name;
    if (!parser.name(name) || !is_variable_name(as_text(name))) return false;
    const Node* const value = parser.expression();
    if (value == nullptr || !parser.define(name, value->type, node.slot + i)) return false;
  }
  const Node* const body = parser.expression();
  if (body == nullptr) return false;
  parser.forget(n_variables);
  node.n_args = n_variables + 1;
  node.type = body->type;
  return true;
}

Value run_let(Machine& machine, const Node& node) {
  Arguments arguments(machine, node);
  for (std::uint32_t i = 0; i + 1 < node.n_args; ++i)
    machine.variables[node.slot + i] = arguments.next();
  return arguments.next();
}

bool parse_var(Parser& parser, Node& node, std::uint32_t n_args) {
  Bytes name;
  return n_args == 1 && parser.name(name) && parser.find(name, node.type, node.slot);
}
Value run_var(Machine& machine, const Node& node) { return machine.variables[node.slot]; }

// QUOTE: a list as a constant.

bool parse_quote(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 1 || parser.peek().kind != Kind::List) return false;
  const Bytes list = parser.value();
  if (!is_shallow(list)) return false;
  node.type = Type::List;
  node.constant = Value::of(Type::List, mark_as_given(parser.arena(), list));
  return true;
}
Value run_quote(Machine&, const Node& node) { return node.constant; }

// Loop variables of path expressions.

enum class LoopVariable : std::uint8_t { Key = 0, Value = 1, Index = 2 };

bool parse_loop_variable(Parser& parser, Node& node, std::uint32_t n_args) {
  if (n_args != 2 || !parser.type(node.wanted)) return false;
  const Head id = parser.head();
  node.type = node.wanted;
  node.slot = static_cast<std::uint32_t>(id.bits);
  return id.kind == Kind::Integer && id.bits <= static_cast<std::uint64_t>(LoopVariable::Index);
}
Value run_loop_variable(Machine& machine, const Node& node) {
  if (machine.loop == nullptr) return kUnknown;
  const auto variable = static_cast<LoopVariable>(node.slot);
  if (variable == LoopVariable::Index) {
    if (!machine.loop->index || node.wanted != Type::Int) return kUnknown;
    return Value::integer(*machine.loop->index);
  }
  const Bytes element = variable == LoopVariable::Key ? machine.loop->key : machine.loop->value;
  if (element.empty()) return kUnknown;
  const Value value = value_of_element(machine.arena, element);
  return value.type == node.wanted ? value : kUnknown;
}

Value run_result_remove(Machine&, const Node&) { return {Type::Removal, 0, {}}; }

constexpr Row kRows[] = {
    {100, "result_remove", {0, 0, 0, 0, false, Type::Removal}, nullptr, &run_result_remove},
    {122, "loop_variable", {}, &parse_loop_variable, &run_loop_variable},
    {123, "cond", {}, &parse_cond, &run_cond},
    {124, "var", {}, &parse_var, &run_var},
    {125, "let", {}, &parse_let, &run_let},
    {126, "quote", {}, &parse_quote, &run_quote},
};

}  // namespace

std::span<const Row> control_rows() { return kRows; }

}  // namespace flotilla::model::exp
