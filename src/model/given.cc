#include "given.h"

namespace flotilla::model {

Bytes with_flags(Arena& arena, Bytes value, std::uint8_t flags) {
  const msgpack::Container box = msgpack::open(value);
  msgpack::Writer out(arena, value.size() + 8);
  if (box.kind == msgpack::Kind::Map) {
    out.map(box.count, flags);
  } else {
    out.list(box.count, flags);
  }
  out.encoded(box.elements);
  return out.finish();
}

Bytes stored_form(Arena& arena, Bytes value) {
  if (const auto stored = msgpack::normalise(arena, value, msgpack::Use::StoredTopLevel))
    return *stored;
  const auto flags = static_cast<std::uint8_t>(msgpack::open(value).flags & ~kAsGiven);
  return with_flags(arena, value, flags);
}

Bytes mark_as_given(Arena& arena, Bytes value) {
  const auto stored = msgpack::normalise(arena, value, msgpack::Use::StoredTopLevel);
  if (stored && equal(*stored, value)) return value;
  return with_flags(arena, value, msgpack::open(value).flags | kAsGiven);
}

Particle settled(Arena& arena, const Particle& bin) {
  if (bin.type != ParticleType::List && bin.type != ParticleType::Map) return bin;
  if ((msgpack::open(bin.bytes).flags & kAsGiven) == 0) return bin;
  return {bin.type, stored_form(arena, bin.bytes)};
}

}  // namespace flotilla::model
