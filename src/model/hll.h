#pragma once

#include "base/arena.h"
#include "base/result.h"
#include "model/particle.h"

namespace flotilla::model {

/// A HyperLogLog sketch as a client sends it, checked. Borrows `bytes`.
/// Parameter: header or size are not those of a sketch.
Result<Particle> import_hll(Arena& arena, Bytes bytes);

}  // namespace flotilla::model
