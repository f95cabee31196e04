#pragma once

#include "exec/executor.h"

namespace flotilla::exec {

/// A single-record request (`body`, copied) that another node serves, or this one soon, or once
/// `wanted` (null: nothing) is read. The task appends the reply.
std::unique_ptr<Task> start_forward(Executor& executor, Namespace& ns, const wire::Digest& digest,
                                    Bytes body, WallTime wall,
                                    std::shared_ptr<store::RecordRead> wanted);

}  // namespace flotilla::exec
