// Any text, taken as GeoJSON. Property: what is stored is stored again as itself, its cells ascend,
// and a point has one leaf whose ancestors all contain it.
#include <cstdint>

#include "base/check.h"
#include "model/geometry.h"

using namespace flotilla;
using namespace flotilla::model;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  Arena arena;
  static_cast<void>(import_particle(arena, ParticleType::GeoJson, as_bytes(text)));
  const auto geometry = Geometry::parse(text);
  const MutableBytes sent = arena.allocate(3 + size);
  std::memset(sent.data(), 0, 3);
  if (size != 0) std::memcpy(sent.data() + 3, data, size);
  const auto stored = import_particle(arena, ParticleType::GeoJson, sent);
  if (!geometry) {
    FLOTILLA_CHECK(!stored);
    return 0;
  }
  FLOTILLA_CHECK(!geometry->matches(*geometry));
  if (!stored) return 0;
  const auto again = import_particle(arena, ParticleType::GeoJson, stored->bytes);
  FLOTILLA_CHECK(again && equal(again->bytes, stored->bytes));
  const GeoParts parts = geo_parts(stored->bytes);
  FLOTILLA_CHECK(parts.json == text && parts.is_region == geometry->is_region());
  std::uint64_t before = 0;
  for (Reader cells(parts.cells); cells.left() != 0;) {
    const auto cell = cells.be<std::uint64_t>();
    FLOTILLA_CHECK(cell > before);
    before = cell;
  }
  if (geometry->is_region()) return 0;
  for (const std::uint64_t cell : ancestors_of(geometry->leaf_cell())) {
    const CellRange leaves = leaves_of(cell);
    FLOTILLA_CHECK(leaves.least <= geometry->leaf_cell() && geometry->leaf_cell() <= leaves.most);
  }
  return 0;
}
