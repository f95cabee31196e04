#include "given.h"

namespace flotilla::model {

namespace {

/// Header of `box` with other flags and without signposts.
Bytes header_with_flags(Arena& arena, const msgpack::Container& box, std::uint8_t flags) {
  const bool hides_another =
      box.count != 0 && msgpack::Cursor(box.elements).peek().kind == msgpack::Kind::Ext;
  msgpack::Writer out(arena, 16);
  out.container(box.kind, box.count, flags == 0 && hides_another ? msgpack::kNoFlags : flags);
  return out.finish();
}

}  // namespace

Bytes with_flags(Arena& arena, Bytes value, std::uint8_t flags) {
  const msgpack::Container box = msgpack::open(value);
  msgpack::Writer out(arena, value.size() + 8);
  out.encoded(header_with_flags(arena, box, flags));
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

ShownParticle show_particle(Arena& arena, const Particle& bin) {
  if (bin.type != ParticleType::Map && bin.type != ParticleType::List)
    return {bin.type, {}, bin.bytes};
  constexpr std::uint8_t kOwn = msgpack::kPersistIndex | kAsGiven;
  const msgpack::Container box = msgpack::open(bin.bytes);
  if ((box.flags & kOwn) == 0 && box.signposts.empty()) return {bin.type, {}, bin.bytes};
  const auto flags = static_cast<std::uint8_t>(box.flags & ~kOwn);
  return {bin.type, header_with_flags(arena, box, flags), box.elements};
}

Particle settled(Arena& arena, const Particle& bin) {
  if (bin.type != ParticleType::List && bin.type != ParticleType::Map) return bin;
  if ((msgpack::open(bin.bytes).flags & kAsGiven) == 0) return bin;
  return {bin.type, stored_form(arena, bin.bytes)};
}

}  // namespace flotilla::model
