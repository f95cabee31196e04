#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connect_options.h"
#include "latency_files.h"
#include "tools/bench/stages.h"
#include "tools/verbs.h"

namespace flotilla::tools::bench {

/// The command line of `flotilla bench`, checked.
struct Arguments {
  ConnectOptions connect;
  std::int64_t rack_id = -1;
  std::vector<Stage> stages;  // One, unless a file holds several.
  bool has_stages = false;    // From a file: each is told when it begins.

  std::vector<double> percentiles;
  unsigned period_s = 1;
  double max_error_percent = 100;
  bool latency = false;
  bool json = false;
  bool quiet = false;
  LatencyFiles::Options files;
};

/// Nothing: help or version was asked for, and has been told. The error is a sentence.
tl::expected<std::optional<Arguments>, std::string> parse_arguments(const Invocation& invocation);

}  // namespace flotilla::tools::bench
