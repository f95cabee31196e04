// Any bytes, taken as a value. Property: what a value becomes when it is stored is a fixed point,
// is no longer than what came in, is equal to itself, and its elements are what a walk over it
// finds.
#include <cstdint>

#include "base/check.h"
#include "model/msgpack.h"

using namespace flotilla;
using namespace flotilla::model;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in{reinterpret_cast<const std::byte*>(data), size};
  Arena arena;
  msgpack::Cursor at(in);
  while (!at.done()) at.skip();
  // Two values in a row compare some way round, and the other way round the other way.
  msgpack::Cursor pair(in);
  const Bytes a = pair.skip();
  const Bytes b = pair.skip();
  if (pair.ok()) FLOTILLA_CHECK((msgpack::compare(a, b) < 0) == (msgpack::compare(b, a) > 0));

  for (const auto use :
       {msgpack::Use::Stored, msgpack::Use::StoredTopLevel, msgpack::Use::Compared}) {
    const auto once = msgpack::normalise(arena, in, use);
    if (!once) continue;
    FLOTILLA_CHECK(once->size() <= size);
    const auto twice = msgpack::normalise(arena, *once, use);
    FLOTILLA_CHECK(twice && equal(*once, *twice));
    FLOTILLA_CHECK(msgpack::compare(*once, *twice) == 0);
    const msgpack::Container box = msgpack::open(*once);
    if (box.kind == msgpack::Kind::Broken) {
      const Particle particle = msgpack::to_particle(arena, *once);
      msgpack::Writer out(arena);
      out.particle(particle);
      // All but short floats, big numbers and what has no type of its own come back the same.
      FLOTILLA_CHECK(msgpack::Cursor(out.written()).peek().kind <= msgpack::Kind::GeoJson);
      continue;
    }
    msgpack::Cursor elements(box.elements);
    elements.skip(std::uint64_t{box.count} * (box.kind == msgpack::Kind::Map ? 2 : 1));
    FLOTILLA_CHECK(elements.ok() && elements.done());
  }
  return 0;
}
