#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace flotilla::config {

/// What the caller found out about the machine (config/limits.h); zero: unknown.
struct Machine {
  std::uint32_t processors = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t open_files = 0;  // The hard limit of descriptors.
};

struct LoadOptions {
  /// Text of the configuration file; nothing when there is no file: then a complete single node is
  /// described.
  std::optional<std::string_view> file{};
  std::string_view path = "aerospike.conf";  // For messages.
  /// "NAME=value" each. Variables that are not ours are ignored, however odd.
  std::span<const std::string> environment{};
  Machine machine{};
  bool strict = false;  // Old names stop the start, as in the original.
};

struct Loaded {
  std::unique_ptr<Config> config;
  std::vector<std::string> warnings;  // One sentence each, with path and line.
};

/// Makes the configuration from the initial values, the file, the container's variables (NAMESPACE,
/// CLUSTER_SEEDS, ...), and FLOTILLA__context__name variables; each overrides what comes before.
/// The error is one line for the operator.
Outcome<Loaded> load(const LoadOptions& options);

/// What load() reads when there is no file, as a file.
std::string_view default_file();

}  // namespace flotilla::config
