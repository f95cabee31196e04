#include "model/operation.h"

namespace flotilla::model {

Result<Outcome> cdt_read(Arena&, const Particle&, Bytes) {
  return fail(Code::Parameter, "cdt: unknown operation");
}
Result<Outcome> cdt_modify(Arena&, const Particle&, Bytes) {
  return fail(Code::Parameter, "cdt: unknown operation");
}

}  // namespace flotilla::model
