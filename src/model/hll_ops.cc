#include "model/operation.h"

namespace flotilla::model {

Result<Outcome> hll_read(Arena&, const Particle&, Bytes) {
  return fail(Code::Unsupported, "hll: not in this build");
}
Result<Outcome> hll_modify(Arena&, const Particle&, Bytes) {
  return fail(Code::Unsupported, "hll: not in this build");
}

}  // namespace flotilla::model
