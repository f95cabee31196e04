#include "client/codec.h"

#include <bit>

namespace flotilla::client {
namespace {

using wire::ParticleType;

constexpr std::size_t kGeoHeaderSize = 3;  // Flags u8, count of cells u16.

Buffer be64(std::uint64_t value) {
  Buffer bytes;
  append_be(bytes, value);
  return bytes;
}

Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

struct Encoder {
  const Value& whole;

  Result<EncodedValue> operator()(Nil) const { return EncodedValue{}; }
  Result<EncodedValue> operator()(bool value) const {
    return EncodedValue{ParticleType::Bool, {value ? std::byte{1} : std::byte{0}}};
  }
  Result<EncodedValue> operator()(std::int64_t value) const {
    return EncodedValue{ParticleType::Integer, be64(static_cast<std::uint64_t>(value))};
  }
  Result<EncodedValue> operator()(double value) const {
    return EncodedValue{ParticleType::Float, be64(std::bit_cast<std::uint64_t>(value))};
  }
  Result<EncodedValue> operator()(const std::string& value) const {
    return EncodedValue{ParticleType::String, copy(as_bytes(value))};
  }
  Result<EncodedValue> operator()(const Blob& value) const {
    return EncodedValue{value.type, value.bytes};
  }
  Result<EncodedValue> operator()(const GeoJson& value) const {
    EncodedValue encoded{ParticleType::GeoJson, Buffer(kGeoHeaderSize)};
    append(encoded.bytes, value.text);
    return encoded;
  }
  Result<EncodedValue> operator()(Marker) const {
    return fail(Code::Parameter, "value: wildcard and infinity are only for arguments");
  }
  Result<EncodedValue> operator()(const List&) const { return container(ParticleType::List); }
  Result<EncodedValue> operator()(const Map&) const { return container(ParticleType::Map); }

  Result<EncodedValue> container(ParticleType type) const {
    EncodedValue encoded{type, {}};
    if (const auto packed = pack(whole, encoded.bytes); !packed)
      return tl::unexpected(packed.error());
    return encoded;
  }
};

Result<Value> decode_geo(Bytes bytes) {
  Reader r(bytes);
  r.be<std::uint8_t>();
  const auto cells = r.be<std::uint16_t>();
  r.bytes(std::size_t{cells} * 8);
  if (!r.ok()) return fail(Code::Parameter, "value: geojson cells");
  return Value(GeoJson{std::string(as_text(r.rest()))});
}

Result<Value> decode_container(ParticleType type, Bytes bytes) {
  auto value = unpack(bytes);
  if (!value) return value;
  const bool fits = type == ParticleType::List ? value->is<List>() : value->is<Map>();
  if (!fits) return fail(Code::Parameter, "value: list or map of the other type");
  return value;
}

}  // namespace

Result<EncodedValue> encode(const Value& value) {
  return std::visit(Encoder{value}, value.variant());
}

Result<Value> decode(ParticleType type, Bytes bytes) {
  switch (type) {
    case ParticleType::Null:
      return Value();
    case ParticleType::Integer:
      if (bytes.size() != 8) return fail(Code::Parameter, "value: integer size");
      return Value(static_cast<std::int64_t>(load_be<std::uint64_t>(bytes.data())));
    case ParticleType::Float:
      if (bytes.size() != 8) return fail(Code::Parameter, "value: double size");
      return Value(std::bit_cast<double>(load_be<std::uint64_t>(bytes.data())));
    case ParticleType::Bool:
      if (bytes.size() != 1) return fail(Code::Parameter, "value: bool size");
      return Value(bytes[0] != std::byte{0});
    case ParticleType::String:
      return Value(as_text(bytes));
    case ParticleType::GeoJson:
      return decode_geo(bytes);
    case ParticleType::List:
    case ParticleType::Map:
      return decode_container(type, bytes);
    case ParticleType::Blob:
    case ParticleType::JavaBlob:
    case ParticleType::CSharpBlob:
    case ParticleType::PythonBlob:
    case ParticleType::RubyBlob:
    case ParticleType::PhpBlob:
    case ParticleType::ErlangBlob:
    case ParticleType::Vector:
    case ParticleType::Hll:
      return Value(Blob{.bytes = copy(bytes), .type = type});
  }
  return fail(Code::Parameter, "value: unknown type");
}

}  // namespace flotilla::client
