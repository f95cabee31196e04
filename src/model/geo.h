#pragma once

#include "base/arena.h"
#include "base/result.h"
#include "model/particle.h"

namespace flotilla::model {

/// A GeoJSON value as a client sends it (flags, cells, text), parsed, with the server's own cells.
/// GeoInvalid: the text is no geometry that is supported.
Result<Particle> import_geo(Arena& arena, Bytes bytes);

}  // namespace flotilla::model
