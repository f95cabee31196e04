#include "base/arena.h"
#include "client/codec.h"

namespace flotilla::client {
namespace {

using model::msgpack::Cursor;
using model::msgpack::Head;
using model::msgpack::Kind;
using model::msgpack::Writer;
using wire::ParticleType;

struct Packer {
  Writer& out;
  int depth;

  bool pack(const Value& value) const {
    if (depth > kNestingMax) return false;
    return std::visit(*this, value.variant());
  }
  bool deeper(const Value& value) const { return Packer{out, depth + 1}.pack(value); }

  bool operator()(Nil) const { return out.nil(), true; }
  bool operator()(bool value) const { return out.boolean(value), true; }
  bool operator()(std::int64_t value) const { return out.integer(value), true; }
  bool operator()(double value) const { return out.real(value), true; }
  bool operator()(const std::string& value) const {
    return out.raw(ParticleType::String, as_bytes(value)), true;
  }
  bool operator()(const Blob& value) const { return out.raw(value.type, value.bytes), true; }
  bool operator()(const GeoJson& value) const {
    return out.raw(ParticleType::GeoJson, as_bytes(value.text)), true;
  }
  bool operator()(Marker marker) const {
    const std::byte bytes[] = {std::byte{0xD4}, std::byte{0xFF}, static_cast<std::byte>(marker)};
    return out.encoded(bytes), true;
  }
  bool operator()(const List& list) const {
    out.list(static_cast<std::uint32_t>(list.items.size()),
             list.is_ordered ? model::msgpack::kOrdered : std::uint8_t{0});
    for (const Value& item : list.items)
      if (!deeper(item)) return false;
    return true;
  }
  bool operator()(const Map& map) const {
    out.map(static_cast<std::uint32_t>(map.entries.size()), static_cast<std::uint8_t>(map.order));
    for (const auto& [key, value] : map.entries)
      if (!deeper(key) || !deeper(value)) return false;
    return true;
  }
};

/// Nothing when the bytes do not parse, nest too deeply, or hold what cannot be stored.
struct Unpacker {
  Cursor in;
  bool ok = true;

  Value nonsense() {
    ok = false;
    return {};
  }
  Value value(int depth);
  Value container(const Head& head, int depth);
  Value list(std::uint32_t count, std::uint8_t flags, int depth);
  Value map(std::uint32_t count, std::uint8_t flags, int depth);
};

Value Unpacker::value(int depth) {
  if (depth > kNestingMax) return nonsense();
  const Head head = in.peek();
  switch (head.kind) {
    case Kind::Nil:
      return in.next(), Nil{};
    case Kind::False:
      return in.next(), false;
    case Kind::True:
      return in.next(), true;
    case Kind::Integer:
      return in.next(), head.integer();
    case Kind::Float:
      return in.next(), head.real();
    case Kind::String:
      return in.next(), Value(as_text(head.content()));
    case Kind::GeoJson:
      return in.next(), GeoJson{std::string(as_text(head.content()))};
    case Kind::Blob: {
      in.next();
      const Bytes content = head.content();
      return Blob{
          .bytes = Buffer(content.begin(), content.end()),
          .type = head.raw.empty() ? ParticleType::Blob : static_cast<ParticleType>(head.raw[0])};
    }
    case Kind::List:
    case Kind::Map:
      return container(head, depth);
    default:
      return nonsense();
  }
}

Value Unpacker::container(const Head& head, int depth) {
  std::uint32_t count = head.count;
  std::uint8_t flags = 0;
  in.next();
  if (count > 0 && in.peek().kind == Kind::Ext) {
    flags = in.next().ext_type;
    --count;
    if (head.kind == Kind::Map && in.next().kind != Kind::Nil) return nonsense();
  }
  return head.kind == Kind::List ? list(count, flags, depth) : map(count, flags, depth);
}

Value Unpacker::list(std::uint32_t count, std::uint8_t flags, int depth) {
  List list{.items = {}, .is_ordered = (flags & model::msgpack::kOrdered) != 0};
  // No reserve: the count is the peer's word, the items must really be there.
  for (std::uint32_t i = 0; i < count && ok; ++i) list.items.push_back(value(depth + 1));
  return list;
}

Value Unpacker::map(std::uint32_t count, std::uint8_t flags, int depth) {
  Map map;
  if ((flags & model::msgpack::kOrdered) != 0)
    map.order = (flags & model::msgpack::kValueOrdered) != 0 ? MapOrder::KeyValueOrdered
                                                             : MapOrder::KeyOrdered;
  for (std::uint32_t i = 0; i < count && ok; ++i) {
    Value key = value(depth + 1);
    map.entries.emplace_back(std::move(key), value(depth + 1));
  }
  return map;
}

}  // namespace

Result<void> pack(const Value& value, Buffer& out) {
  Arena arena;
  Writer writer(arena);
  if (!Packer{writer, 0}.pack(value)) return fail(Code::Parameter, "value: nested too deeply");
  append(out, writer.finish());
  return {};
}

Result<Value> unpack(Bytes bytes) {
  Unpacker unpacker{.in = Cursor(bytes)};
  Value value = unpacker.value(0);
  if (!unpacker.ok || !unpacker.in.ok()) return fail(Code::Parameter, "msgpack: malformed");
  if (!unpacker.in.done()) return fail(Code::Parameter, "msgpack: trailing bytes");
  return value;
}

}  // namespace flotilla::client
