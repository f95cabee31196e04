#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "tools/bench/workload.h"

namespace flotilla::tools::bench {

/// A part of a run. The parts follow each other.
struct Stage {
  std::string description = {};        // Told when it begins; empty: nothing.
  std::chrono::seconds pause_most{0};  // Before it begins: a time from one second to this; 0: none.
  Plan plan = {};
};

/// What a stage is that says nothing of itself: the options of the command line.
struct StageDefaults {
  Plan plan = {};
  double compressed_share = 1;   // Of objects that are spelt out in the file.
  unsigned threads = 16;         // Operations at the same time of a stage that is not async,
  unsigned async_commands = 50;  // and of one that is.
};

/// The stages of a file of asbench: a YAML list of maps. Objects are as in the stage before, all
/// else that is not said as in `defaults`. The error is a sentence that names the stage.
tl::expected<std::vector<Stage>, std::string> parse_stages(std::string_view yaml,
                                                           const StageDefaults& defaults);

}  // namespace flotilla::tools::bench
