#pragma once

#include "exec/executor.h"

namespace flotilla::exec {

/// Executes a batch request (docs/formats/wire.md): rows in order, each as the single-record
/// command it states. A small one ends here; what takes longer than a slice goes on as a task.
Outcome start_batch(Executor& executor, const wire::Message& message, const Moment& moment,
                    OutBuffer& out);

}  // namespace flotilla::exec
