#include "model/particle.h"

#include <bit>
#include <cstring>

#include "geo.h"
#include "given.h"
#include "hll.h"
#include "model/msgpack.h"
#include "signposts.h"

namespace flotilla::model {
namespace {

/// Integers of fewer bytes are unsigned on the wire.
Result<Particle> import_integer(Arena& arena, ParticleType type, Bytes bytes) {
  std::uint64_t value = 0;
  switch (bytes.size()) {
    case 8:
      return Particle{type, bytes};
    case 4:
      value = load_be<std::uint32_t>(bytes.data());
      break;
    case 2:
      value = load_be<std::uint16_t>(bytes.data());
      break;
    case 1:
      value = static_cast<std::uint64_t>(bytes[0]);
      break;
    default:
      return fail(Code::Parameter, "integer: size");
  }
  const MutableBytes wide = arena.allocate(8);
  store_be(wide.data(), value);
  return Particle{type, wide};
}

Result<Particle> import_float(Arena&, ParticleType type, Bytes bytes) {
  if (bytes.size() != 8) return fail(Code::Parameter, "float: size");
  return Particle{type, bytes};
}

Result<Particle> import_bool(Arena&, ParticleType type, Bytes bytes) {
  if (bytes.size() != 1 || bytes[0] > std::byte{1})
    return fail(Code::Parameter, "bool: not 0 or 1");
  return Particle{type, bytes};
}

Result<Particle> import_blob(Arena&, ParticleType type, Bytes bytes) {
  return Particle{type, bytes};
}

Result<Particle> import_collection(Arena& arena, ParticleType type, Bytes bytes) {
  const auto kind = type == ParticleType::List ? msgpack::Kind::List : msgpack::Kind::Map;
  if (msgpack::Cursor(bytes).peek().kind != kind)
    return fail(Code::Unknown, "collection: another type of value");
  const auto value = msgpack::normalise(arena, bytes, msgpack::Use::StoredTopLevel);
  if (!value) return fail(Code::Unknown, value.error().why);
  return Particle{type, with_signposts(arena, *value, {})};
}

Result<Particle> import_sketch(Arena& arena, ParticleType, Bytes bytes) {
  return import_hll(arena, bytes);
}

Result<Particle> import_geojson(Arena& arena, ParticleType, Bytes bytes) {
  return import_geo(arena, bytes);
}

struct TypeRow {
  ParticleType type;
  bool can_concatenate;  // APPEND and PREPEND go with a bin of this type.
  Result<Particle> (*import)(Arena&, ParticleType, Bytes);
};
constexpr TypeRow kTypes[] = {
    {ParticleType::Integer, false, &import_integer},
    {ParticleType::Float, false, &import_float},
    {ParticleType::String, true, &import_blob},
    {ParticleType::Blob, true, &import_blob},
    {ParticleType::JavaBlob, true, &import_blob},
    {ParticleType::CSharpBlob, true, &import_blob},
    {ParticleType::PythonBlob, true, &import_blob},
    {ParticleType::RubyBlob, true, &import_blob},
    {ParticleType::PhpBlob, true, &import_blob},
    {ParticleType::ErlangBlob, true, &import_blob},
    {ParticleType::Vector, true, &import_blob},
    {ParticleType::Bool, false, &import_bool},
    {ParticleType::Hll, false, &import_sketch},
    {ParticleType::Map, false, &import_collection},
    {ParticleType::List, false, &import_collection},
    {ParticleType::GeoJson, false, &import_geojson},
};

const TypeRow* find_type(ParticleType type) {
  for (const TypeRow& row : kTypes)
    if (row.type == type) return &row;
  return nullptr;
}

/// INCR alone also takes integers of 16 bytes, of which the first eight count.
Result<Particle> import_increment(Arena& arena, const Particle& operand) {
  if (operand.type == ParticleType::Integer && operand.bytes.size() == 16)
    return Particle{operand.type, operand.bytes.first(8)};
  return import_particle(arena, operand.type, operand.bytes);
}

Result<Particle> concatenate(Arena& arena, const Particle& bin, const Particle& operand,
                             bool operand_first) {
  if (bin.is_null()) return import_particle(arena, operand.type, operand.bytes);
  if (bin.type == ParticleType::GeoJson) return fail(Code::Unknown, "append: geojson bin");
  if (operand.is_null()) return fail(Code::Parameter, "append: no operand");
  const TypeRow* const row = find_type(bin.type);
  if (row == nullptr || !row->can_concatenate || operand.type != bin.type)
    return fail(Code::IncompatibleType, "append: types");
  const Bytes head = operand_first ? operand.bytes : bin.bytes;
  const Bytes tail = operand_first ? bin.bytes : operand.bytes;
  const MutableBytes out = arena.allocate(head.size() + tail.size());
  if (!head.empty()) std::memcpy(out.data(), head.data(), head.size());
  if (!tail.empty()) std::memcpy(out.data() + head.size(), tail.data(), tail.size());
  return Particle{bin.type, out};
}

}  // namespace

Result<Particle> import_particle(Arena& arena, ParticleType type, Bytes bytes) {
  const TypeRow* const row = find_type(type);
  if (row == nullptr) return fail(Code::Parameter, "particle: unknown type");
  return row->import(arena, type, bytes);
}

Particle export_particle(Arena& arena, const Particle& bin) {
  const ShownParticle shown = show_particle(arena, bin);
  if (shown.head.empty()) return bin;
  msgpack::Writer out(arena, shown.head.size() + shown.rest.size());
  out.encoded(shown.head);
  out.encoded(shown.rest);
  return {bin.type, out.finish()};
}

Result<Particle> increment(Arena& arena, const Particle& bin, const Particle& operand) {
  if (bin.type == ParticleType::GeoJson) return fail(Code::Unknown, "increment: geojson bin");
  if (operand.is_null()) return fail(Code::Parameter, "increment: no operand");
  if (bin.is_null()) return import_increment(arena, operand);
  const bool is_integer = bin.type == ParticleType::Integer;
  if (operand.type != bin.type || (!is_integer && bin.type != ParticleType::Float))
    return fail(Code::IncompatibleType, "increment: types");
  const auto by = import_increment(arena, operand);
  if (!by) return tl::unexpected(by.error());
  const auto a = load_be<std::uint64_t>(bin.bytes.data());
  const auto b = load_be<std::uint64_t>(by->bytes.data());
  const MutableBytes out = arena.allocate(8);
  store_be(out.data(), is_integer ? a + b
                                  : std::bit_cast<std::uint64_t>(std::bit_cast<double>(a) +
                                                                 std::bit_cast<double>(b)));
  return Particle{bin.type, out};
}

Result<Particle> append(Arena& arena, const Particle& bin, const Particle& operand) {
  return concatenate(arena, bin, operand, false);
}

Result<Particle> prepend(Arena& arena, const Particle& bin, const Particle& operand) {
  return concatenate(arena, bin, operand, true);
}

}  // namespace flotilla::model
