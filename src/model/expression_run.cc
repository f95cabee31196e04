#include <bit>
#include <cstring>

#include "base/check.h"
#include "expression_program.h"
#include "geo.h"

namespace flotilla::model::exp {

double Value::real() const { return std::bit_cast<double>(bits); }
Value Value::real(double value) { return {Type::Float, std::bit_cast<std::uint64_t>(value), {}}; }

namespace {

constexpr std::size_t kNodeWork = 16;

/// That of the outermost evaluation on this thread.
thread_local Budget* t_budget = nullptr;

}  // namespace

Machine::Machine(Arena& a, const Program& p, Budget& budget)
    : arena(a),
      program(p),
      budget_(t_budget != nullptr ? t_budget : &budget),
      is_outermost_(t_budget == nullptr) {
  t_budget = budget_;
  if (p.n_variables == 0) return;
  const MutableBytes space = arena.allocate(p.n_variables * sizeof(Value));
  variables = {reinterpret_cast<Value*>(space.data()), p.n_variables};
  for (Value& variable : variables) new (&variable) Value;
}

Machine::~Machine() {
  if (is_outermost_) t_budget = nullptr;
}

Value Machine::run() { return run(program.root()); }
Value Machine::run(const Node& node) {
  return pay(kNodeWork) ? node.row->run(*this, node) : kUnknown;
}

Value value_of(const Particle& particle) {
  switch (particle.type) {
    case ParticleType::Null:
      return {Type::Nil, 0, {}};
    case ParticleType::Bool:
      return Value::boolean(particle.bytes[0] != std::byte{0});
    case ParticleType::Integer:
      return {Type::Int, load_be<std::uint64_t>(particle.bytes.data()), {}};
    case ParticleType::Float:
      return {Type::Float, load_be<std::uint64_t>(particle.bytes.data()), {}};
    case ParticleType::String:
      return Value::of(Type::String, particle.bytes);
    case ParticleType::Blob:
      return Value::of(Type::Blob, particle.bytes);
    case ParticleType::Hll:
      return Value::of(Type::Hll, particle.bytes);
    case ParticleType::List:
      return Value::of(Type::List, particle.bytes);
    case ParticleType::Map:
      return Value::of(Type::Map, particle.bytes);
    case ParticleType::GeoJson:
      return Value::of(Type::GeoJson, particle.bytes);
    default:
      return kUnknown;
  }
}

Value value_of_element(Arena& arena, Bytes element) {
  const msgpack::Kind kind = msgpack::Cursor(element).peek().kind;
  if (kind >= msgpack::Kind::Ext) return kUnknown;
  return value_of(msgpack::to_particle(arena, element));
}

Particle particle_of(Arena& arena, const Value& value) {
  const auto wide = [&](ParticleType type) {
    const MutableBytes out = arena.allocate(8);
    store_be(out.data(), value.bits);
    return Particle{type, out};
  };
  switch (value.type) {
    case Type::Nil:
      return {};
    case Type::Bool: {
      const MutableBytes out = arena.allocate(1);
      out[0] = static_cast<std::byte>(value.bits);
      return {ParticleType::Bool, out};
    }
    case Type::Int:
      return wide(ParticleType::Integer);
    case Type::Float:
      return wide(ParticleType::Float);
    case Type::String:
      return {ParticleType::String, value.bytes};
    case Type::Blob:
      return {ParticleType::Blob, value.bytes};
    case Type::Hll:
      return {ParticleType::Hll, value.bytes};
    case Type::List:
      return {ParticleType::List, value.bytes};
    case Type::Map:
      return {ParticleType::Map, value.bytes};
    case Type::GeoJson:
      return {ParticleType::GeoJson, value.bytes};
    case Type::Removal:
    case Type::Unknown:
      break;
  }
  FLOTILLA_CHECK(false && "a value that is no particle");
  return {};
}

}  // namespace flotilla::model::exp
