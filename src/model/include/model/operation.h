#pragma once

#include "model/particle.h"

namespace flotilla::model {

/// What a typed operation did to its bin.
struct Outcome {
  Particle bin;  // The bin's new value; Null removes it. Meaningless after a read.
  Particle
      result;  // What to answer; Null: nothing (an empty answer when every operation must answer).
  bool changed = false;  // False: the bin keeps its value, `bin` is not to be looked at.
};

/// Operations on one bin, as pure functions: `bin` is its value (Null: absent) and `op` the
/// operation's value from the message (msgpack). New bytes live in `arena`. An error leaves nothing
/// changed and fails the whole command. Lists and maps share their two operation codes;
/// docs/formats/ has the encodings.
Result<Outcome> cdt_read(Arena& arena, const Particle& bin, Bytes op);
/// Whether cdt_read() takes hardly longer however large the bin is: it looks up one element by its
/// place or key, and the bin has what finds it.
bool is_brief_read(const Particle& bin, Bytes op);
Result<Outcome> cdt_modify(Arena& arena, const Particle& bin, Bytes op);
Result<Outcome> bits_read(Arena& arena, const Particle& bin, Bytes op);
Result<Outcome> bits_modify(Arena& arena, const Particle& bin, Bytes op);
Result<Outcome> hll_read(Arena& arena, const Particle& bin, Bytes op);
Result<Outcome> hll_modify(Arena& arena, const Particle& bin, Bytes op);

}  // namespace flotilla::model
