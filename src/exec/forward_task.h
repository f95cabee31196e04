#pragma once

#include "exec/executor.h"

namespace flotilla::exec {

/// A single-record request that another node serves, or this one soon. The task appends the reply.
std::unique_ptr<Task> start_forward(Executor& executor, std::unique_ptr<Forward> forward,
                                    WallTime wall);

}  // namespace flotilla::exec
