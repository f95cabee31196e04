#include "model/operation.h"

namespace flotilla::model {

Result<Outcome> bits_read(Arena&, const Particle&, Bytes) {
  return fail(Code::Unsupported, "bits: not in this build");
}
Result<Outcome> bits_modify(Arena&, const Particle&, Bytes) {
  return fail(Code::Unsupported, "bits: not in this build");
}

}  // namespace flotilla::model
