// The first msgpack value is an operation on bits, what follows it the blob. Property: an operation
// that succeeds does the same again, its blob is read back whole, and undoing NOT and XOR gives the
// blob before.
#include <cstdint>

#include "base/check.h"
#include "model/msgpack.h"
#include "model/operation.h"

using namespace flotilla;
using namespace flotilla::model;

namespace {

void check_reads_back(Arena& arena, const Particle& blob) {
  FLOTILLA_CHECK(blob.type == ParticleType::Blob && blob.bytes.size() < (128U << 20));
  if (blob.bytes.empty()) return;
  msgpack::Writer get(arena);
  get.list(3);
  get.integer(50);
  get.integer(0);
  get.unsigned_integer(blob.bytes.size() * 8);
  const auto whole = bits_read(arena, blob, get.finish());
  FLOTILLA_CHECK(whole && equal(whole->result.bytes, blob.bytes));
}

bool is_involution(Bytes op) {
  const msgpack::Container list = msgpack::open(op);
  const auto opcode = msgpack::Cursor(list.elements).peek().integer();
  return opcode == 5 || opcode == 7;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in{reinterpret_cast<const std::byte*>(data), size};
  msgpack::Cursor at(in);
  const Bytes op = at.skip();
  const Particle blob{ParticleType::Blob, at.rest()};
  Arena arena;
  if (const auto read = bits_read(arena, blob, op)) {
    const auto again = bits_read(arena, blob, op);
    FLOTILLA_CHECK(again && equal(read->result.bytes, again->result.bytes) && !read->changed);
  }
  for (const Particle& bin : {blob, Particle{}}) {
    const auto changed = bits_modify(arena, bin, op);
    if (!changed || !changed->changed || changed->bin.bytes.size() > (1U << 20)) continue;
    check_reads_back(arena, changed->bin);
    const auto again = bits_modify(arena, bin, op);
    FLOTILLA_CHECK(again && equal(changed->bin.bytes, again->bin.bytes));
    if (!is_involution(op)) continue;
    const auto back = bits_modify(arena, changed->bin, op);
    FLOTILLA_CHECK(back && equal(back->bin.bytes, bin.bytes));
  }
  return 0;
}
