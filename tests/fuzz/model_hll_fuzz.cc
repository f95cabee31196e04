// The first msgpack value is an HLL operation, what follows it a sketch. Property: what an
// operation leaves is a sketch, doing it again gives the same, and added elements may be contained.
#include <cstdint>

#include "base/check.h"
#include "model/msgpack.h"
#include "model/operation.h"

using namespace flotilla;
using namespace flotilla::model;

namespace {

/// [56, elements]: MAY_CONTAIN of what [1, elements, ...] added.
void check_contains(Arena& arena, const Particle& sketch, Bytes op) {
  msgpack::Cursor arguments(msgpack::open(op).elements);
  if (arguments.next().integer() != 1) return;
  msgpack::Writer question(arena);
  question.list(2);
  question.integer(56);
  question.encoded(arguments.skip());
  const auto answer = hll_read(arena, sketch, question.finish());
  FLOTILLA_CHECK(answer && load_be<std::uint64_t>(answer->result.bytes.data()) == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in{reinterpret_cast<const std::byte*>(data), size};
  msgpack::Cursor at(in);
  const Bytes op = at.skip();
  Arena arena;
  const auto sketch = import_particle(arena, ParticleType::Hll, at.rest());
  if (sketch) static_cast<void>(hll_read(arena, *sketch, op));
  for (const Particle& bin : {sketch.value_or(Particle{}), Particle{}}) {
    const auto changed = hll_modify(arena, bin, op);
    if (!changed || !changed->changed) continue;
    FLOTILLA_CHECK(import_particle(arena, ParticleType::Hll, changed->bin.bytes));
    const auto again = hll_modify(arena, bin, op);
    FLOTILLA_CHECK(again && equal(changed->bin.bytes, again->bin.bytes));
    check_contains(arena, changed->bin, op);
  }
  return 0;
}
