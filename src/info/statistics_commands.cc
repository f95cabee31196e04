// Statistics of the node and its latencies.

#include <fmt/format.h>

#include <algorithm>

#include "command.h"
#include "histogram_names.h"

namespace flotilla::info {
namespace {

std::string statistics(Context& c, const Request&) { return print(c.node.node_statistics()); }

std::string best_practices(Context& c, const Request&) {
  const auto failed = c.node.failed_best_practices();
  return fmt::format("failed_best_practices={}",
                     failed.empty() ? "none" : fmt::format("{}", fmt::join(failed, ",")));
}

std::string nothing(Context&, const Request&) { return {}; }

void add_latency(Context& c, std::string& out, const std::string& name) {
  if (!out.empty()) out += ';';
  out += name;
  out += ':';
  if (const auto window = c.node.latency(name))
    out += print_latency(*window, c.node.config().service.microsecond_histograms());
}

std::string fabric_latencies() {
  std::string out;
  for (const std::string_view channel : {"bulk", "ctrl", "meta", "rw"})
    for (const std::string_view step : {"send-init", "send-fragment", "recv-fragment", "recv-cb"})
      out += fmt::format("{}fabric-{}-{}:", out.empty() ? "" : ";", channel, step);
  return out;
}

std::string all_latencies(Context& c) {
  std::string out;
  add_latency(c, out, "batch-index");
  for (const auto& ns : c.node.config().namespaces)
    for (const std::string_view kind : kNamespaceLatencies)
      add_latency(c, out, fmt::format("{{{}}}-{}", ns->name, kind));
  return out;
}

std::string latencies(Context& c, const Request& request) {
  constexpr std::size_t kLongest = 127;
  const auto hist = Params(request.args).optional({"hist", kLongest});
  if (!hist) return hist.error();
  if (!*hist) return all_latencies(c);
  const std::string name(**hist);
  std::string out;
  if (name == "batch-index" || name == "info") {
    add_latency(c, out, name);
    return out;
  }
  if (name == "benchmarks-fabric") return fabric_latencies();

  const std::size_t close = name.find("}-");
  const bool of_namespace =
      name.front() == '{' && close != std::string::npos &&
      c.node.config().find_namespace(std::string_view(name).substr(1, close - 1)) != nullptr;
  if (!of_namespace) return error(Code::Parameter, "bad hist name");
  const std::string_view kind = std::string_view(name).substr(close + 2);
  const auto has = [&](const auto& kinds) {
    return std::ranges::find(kinds, kind) != std::end(kinds);
  };
  if (has(kNamespaceLatencies) || has(kHiddenLatencies)) {
    add_latency(c, out, name);
    return out;
  }
  for (const BenchmarkSteps& steps : kBenchmarkSteps) {
    if (kind != steps.name) continue;
    for (const std::string_view step : steps.steps)
      if (!step.empty()) add_latency(c, out, fmt::format("{}-{}", name.substr(0, close + 1), step));
    return out;
  }
  return error(Code::Parameter, "bad hist name");
}

constexpr Command kCommands[] = {
    {"best-practices", "checks of the host that failed", &best_practices},
    {"health-outliers", "always empty", &nothing},
    {"health-stats", "always empty", &nothing},
    {"latencies",
     "[hist=NAME]: requests a second, and shares of them slower than 1, 2, 4, ... units",
     &latencies},
    {"statistics", "statistics of the node", &statistics},
};

}  // namespace

std::span<const Command> statistics_commands() { return kCommands; }

}  // namespace flotilla::info
