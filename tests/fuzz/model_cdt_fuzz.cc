// A bin and operations on it, both any bytes. Property: nothing outside is read; an error changes
// nothing; what a change leaves is stored as it is, so importing it again gives the same bytes; a
// result is one whole value.
//
// Input: one byte of choices (bit 0: the bin is a map, bit 1: read), the size of the bin's bytes
// (16 bits), the bin, and the operation up to the end.
#include <cstdint>

#include "base/check.h"
#include "model/msgpack.h"
#include "model/operation.h"
#include "model/particle.h"

using namespace flotilla;
using namespace flotilla::model;

namespace {

/// A context can make a map with a key that import refuses (nil or a number with a fraction), as
/// the original does.
bool has_odd_key(Bytes value) {
  msgpack::Cursor at(value);
  for (; !at.done();) {
    const msgpack::Head head = at.next();
    if (head.kind != msgpack::Kind::Map || head.count == 0) continue;
    msgpack::Cursor keys = at;
    for (std::uint32_t i = 0; i < head.count; ++i) {
      const msgpack::Kind key = keys.peek().kind;
      if (!msgpack::may_be_key(keys.peek()) && key != msgpack::Kind::Ext) return true;
      keys.skip(2);
    }
  }
  return false;
}

void check_stored(Arena& arena, const Particle& bin) {
  // Padding makes millions of nils from a few bytes; looking at all of them again takes seconds.
  if (bin.bytes.size() > 1U << 20) return;
  const auto again = import_particle(arena, bin.type, bin.bytes);
  if (!again) {
    FLOTILLA_CHECK(has_odd_key(bin.bytes));
    return;
  }
  // Signposts depend on how a value came about.
  FLOTILLA_CHECK(msgpack::open(again->bytes).flags == msgpack::open(bin.bytes).flags);
  FLOTILLA_CHECK(again->type == bin.type &&
                 equal(export_particle(arena, *again).bytes, export_particle(arena, bin).bytes));
}

void check_result(const Particle& result) {
  if (result.type != ParticleType::List && result.type != ParticleType::Map) return;
  msgpack::Cursor at(result.bytes);
  at.skip();
  FLOTILLA_CHECK(at.ok() && at.done());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader in({reinterpret_cast<const std::byte*>(data), size});
  const auto choices = in.be<std::uint8_t>();
  const auto bin_size = in.be<std::uint16_t>();
  const Bytes bin_bytes = in.bytes(bin_size);
  if (!in.ok()) return 0;
  Arena arena;
  Particle bin;
  const auto type = (choices & 1) != 0 ? ParticleType::Map : ParticleType::List;
  if (const auto imported = import_particle(arena, type, bin_bytes)) bin = *imported;
  const bool is_read = (choices & 2) != 0;
  const auto outcome =
      is_read ? cdt_read(arena, bin, in.rest()) : cdt_modify(arena, bin, in.rest());
  if (!outcome) return 0;
  check_result(outcome->result);
  FLOTILLA_CHECK(!(is_read && outcome->changed));
  if (outcome->changed) check_stored(arena, outcome->bin);
  return 0;
}
