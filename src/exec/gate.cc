#include "exec/gate.h"

namespace flotilla::exec {

Gate::State Gate::state(Instant now) const {
  using Acknowledged = cluster::Replica::Acknowledged;
  if (log != nullptr && !log->is_durable(position)) return State::Shut;
  if (replica == nullptr) return State::Open;
  switch (replica->acknowledged(lsn)) {
    case Acknowledged::Yes:
      return State::Open;
    case Acknowledged::Deposed:
      return State::InDoubt;
    case Acknowledged::Waiting:
      break;
  }
  return now >= deadline ? State::InDoubt : State::Shut;
}

}  // namespace flotilla::exec
