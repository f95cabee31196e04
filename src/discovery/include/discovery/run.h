#pragma once

#include <string>
#include <vector>

#include "discovery/options.h"

namespace flotilla::discovery {

/// The program: parses, runs, and returns the exit code. 0: done, or told to stop; 1: failed;
/// 2: wrong options; 3: `once` and the like found that not all has converged.
int run_program(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace flotilla::discovery
