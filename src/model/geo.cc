#include "geo.h"

#include <cstring>

#include "model/geometry.h"

namespace flotilla::model {
namespace {

constexpr std::size_t kHead = 3;  // Flags and number of cells.

}  // namespace

Result<Particle> import_geo(Arena& arena, Bytes bytes) {
  return import_geo_text(arena, geo_parts(bytes).json);
}

Result<Particle> import_geo_text(Arena& arena, std::string_view json) {
  const auto geometry = Geometry::parse(json);
  if (!geometry) return tl::unexpected(geometry.error());
  const auto cells = geometry->cells(kStoredCovering);
  if (!cells) return tl::unexpected(cells.error());
  const MutableBytes out = arena.allocate(kHead + 8 * cells->size() + json.size());
  out[0] = geometry->is_region() ? std::byte{1} : std::byte{0};
  store_be(out.data() + 1, static_cast<std::uint16_t>(cells->size()));
  std::byte* at = out.data() + kHead;
  for (const std::uint64_t cell : *cells) {
    store_be(at, cell);
    at += 8;
  }
  std::memcpy(at, json.data(), json.size());
  return Particle{ParticleType::GeoJson, out};
}

Particle geo_without_cells(Arena& arena, std::string_view json) {
  const MutableBytes out = arena.allocate(kHead + json.size());
  std::memset(out.data(), 0, kHead);
  if (!json.empty()) std::memcpy(out.data() + kHead, json.data(), json.size());
  return {ParticleType::GeoJson, out};
}

GeoParts geo_parts(Bytes value) {
  Reader in(value);
  const auto flags = in.be<std::uint8_t>();
  const auto count = in.be<std::uint16_t>();
  const Bytes cells = in.bytes(std::size_t{8} * count);
  if (!in.ok()) return {};
  return {.is_region = (flags & 1U) != 0, .cells = cells, .json = as_text(in.rest())};
}

}  // namespace flotilla::model
