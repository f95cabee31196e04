#pragma once

#include "base/arena.h"
#include "base/result.h"
#include "model/particle.h"

namespace flotilla::model {

/// A GeoJSON value as a client sends it (flags, cells, text), parsed, with the server's own flags
/// and cells. GeoInvalid: the text is no geometry that is supported.
Result<Particle> import_geo(Arena& arena, Bytes bytes);
/// The same from the text alone, as values inside lists, maps and expressions carry it.
Result<Particle> import_geo_text(Arena& arena, std::string_view json);
/// A GeoJSON value of this text, as it stands inside a list: not looked at, flags and cells zero.
Particle geo_without_cells(Arena& arena, std::string_view json);

}  // namespace flotilla::model
