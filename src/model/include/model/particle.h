#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/ids.h"

namespace flotilla::model {

using wire::ParticleType;

/// One typed value: the type byte and the payload as it travels on the wire and stands in records
/// (integers 8 bytes big-endian, lists and maps one msgpack value, ...). It owns nothing: the bytes
/// live in a request, a record, or an arena. Type Null with no bytes means "no value".
struct Particle {
  ParticleType type = ParticleType::Null;
  Bytes bytes;

  bool is_null() const { return type == ParticleType::Null; }
};

/// The value that a client's bytes become when they are stored as a bin: checked, and rewritten
/// where the stored form differs (short integers widened, lists and maps normalised, GeoJSON with
/// its cells). New bytes live in `arena`; otherwise the result borrows `bytes`. Parameter: unknown
/// type or wrong size. Unknown: list or map that does not parse. GeoInvalid: bad GeoJSON.
Result<Particle> import_particle(Arena& arena, ParticleType type, Bytes bytes);

/// The value of a bin as a client reads it: what only the server keeps (the PERSIST_INDEX flag of a
/// map, the mark of a value kept as it was given, signposts) is gone. Borrows `bin` if nothing had
/// to change.
Particle export_particle(Arena& arena, const Particle& bin);
/// The same without copying the elements of a list or map: the value is `head` (often empty), then
/// `rest`, which borrows `bin`.
struct ShownParticle {
  ParticleType type = ParticleType::Null;
  Bytes head;
  Bytes rest;
};
ShownParticle show_particle(Arena& arena, const Particle& bin);

/// Results of INCR, APPEND, PREPEND on a bin (Null: the bin is absent) with an operand as the
/// client sent it. IncompatibleType: the types do not go together; Unknown: GeoJSON; Parameter: bad
/// operand.
Result<Particle> increment(Arena& arena, const Particle& bin, const Particle& operand);
Result<Particle> append(Arena& arena, const Particle& bin, const Particle& operand);
Result<Particle> prepend(Arena& arena, const Particle& bin, const Particle& operand);

}  // namespace flotilla::model
