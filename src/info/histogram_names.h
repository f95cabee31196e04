#pragma once

#include <array>
#include <string_view>

namespace flotilla::info {

/// Latencies of a namespace, "{ns}-read" and so on, in the order of `latencies:`.
inline constexpr std::string_view kNamespaceLatencies[] = {
    "read",          "write",    "udf",      "batch-sub-read", "batch-sub-write",
    "batch-sub-udf", "pi-query", "si-query",
};
/// Answered when asked for by name.
inline constexpr std::string_view kHiddenLatencies[] = {"proxy", "re-repl", "read-touch"};

/// The steps that "{ns}-benchmarks-read" and the like stand for.
struct BenchmarkSteps {
  std::string_view name;
  std::array<std::string_view, 10> steps;
};
inline constexpr BenchmarkSteps kBenchmarkSteps[] = {
    {"benchmarks-read",
     {"read-start", "read-restart", "read-dup-res", "read-repl-ping", "read-local",
      "read-response"}},
    {"benchmarks-write",
     {"write-start", "write-restart", "write-dup-res", "write-master", "write-repl-write",
      "write-response"}},
    {"benchmarks-udf",
     {"udf-start", "udf-restart", "udf-dup-res", "udf-master", "udf-repl-write", "udf-response"}},
    {"benchmarks-batch-sub",
     {"batch-sub-prestart", "batch-sub-start", "batch-sub-restart", "batch-sub-dup-res",
      "batch-sub-repl-ping", "batch-sub-read-local", "batch-sub-write-master",
      "batch-sub-udf-master", "batch-sub-repl-write", "batch-sub-response"}},
    {"benchmarks-udf-sub",
     {"udf-sub-start", "udf-sub-restart", "udf-sub-dup-res", "udf-sub-master", "udf-sub-repl-write",
      "udf-sub-response"}},
    {"benchmarks-ops-sub",
     {"ops-sub-start", "ops-sub-restart", "ops-sub-dup-res", "ops-sub-master", "ops-sub-repl-write",
      "ops-sub-response"}},
};

}  // namespace flotilla::info
