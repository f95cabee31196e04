#include "geo.h"

#include <cstring>

namespace flotilla::model {

Result<Particle> import_geo(Arena& arena, Bytes bytes) {
  if (bytes.size() < 3) return fail(Code::GeoInvalid, "geo: size");
  const std::size_t head = 3 + 8 * std::size_t{load_be<std::uint16_t>(bytes.data() + 1)};
  if (bytes.size() <= head) return fail(Code::GeoInvalid, "geo: size");
  const MutableBytes out = arena.allocate(bytes.size() - head + 3);
  std::memset(out.data(), 0, 3);
  std::memcpy(out.data() + 3, bytes.data() + head, bytes.size() - head);
  return Particle{ParticleType::GeoJson, out};
}

}  // namespace flotilla::model
