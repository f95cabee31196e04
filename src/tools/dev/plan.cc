#include "tools/dev/plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/parse.h"

namespace flotilla::tools::dev {
namespace {

constexpr int kPortsApart = 100;
constexpr int kLastOffset = 4;  // Of the ports of one node.

constexpr std::string_view kConfig = R"(# Written by 'flotilla dev' at every start of the node.
service {{
    cluster-name dev
    work-directory {work}
    data-folder {work}/data
}}
logging {{
    console {{
        context any info
    }}
}}
network {{
    service {{
        address {address}
        port {service}
    }}
    fabric {{
        address {address}
        port {fabric}
    }}
    heartbeat {{
        mode mesh
        address {address}
        port {heartbeat}
{seeds}    }}
    http {{
        address {address}
        port {http}
    }}
}}
namespace test {{
    replication-factor {factor}
    storage-engine memory {{
{storage}    }}
}}
)";

std::uint16_t port(int value) { return static_cast<std::uint16_t>(value); }

std::string seeds_of(const Plan& plan, Number node) {
  std::string seeds;
  for (Number other = 1; other <= plan.nodes; ++other) {
    if (other == node) continue;
    seeds += fmt::format("        mesh-seed-address-port {} {}\n", address_of(plan, other),
                         ports_of(plan, other).heartbeat);
  }
  return seeds;
}

std::string storage_of(const Plan& plan, const NodeFiles& files) {
  if (!plan.stored) return fmt::format("        data-size {}\n", plan.data_size);
  return fmt::format("        file {}\n        filesize {}\n", (files.work() / "test.dat").string(),
                     plan.data_size);
}

/// "3" or "2-4".
Outcome<std::pair<Number, Number>> parse_range(std::string_view text, const Plan& plan) {
  const std::size_t dash = text.find('-');
  const auto first = parse_u64(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_u64(text.substr(dash + 1));
  if (!first || !last) return tl::unexpected(fmt::format("'{}' is not the number of a node", text));
  if (*first < 1 || *first > *last || *last > static_cast<std::uint64_t>(plan.nodes))
    return tl::unexpected(fmt::format("there is no node '{}': this cluster has {}, 'up' adds more",
                                      text, plan.nodes));
  return std::pair(static_cast<Number>(*first), static_cast<Number>(*last));
}

}  // namespace

Ports ports_of(const Plan& plan, Number node) {
  const int first = plan.base_port + kPortsApart * (node - 1);
  return {.service = port(first),
          .fabric = port(first + 1),
          .heartbeat = port(first + 2),
          .http = port(first + kLastOffset)};
}

std::string address_of(const Plan& plan, Number node) {
  return plan.isolated ? fmt::format("{}{}", subnet_of(plan), node) : "127.0.0.1";
}

std::string subnet_of(const Plan& plan) {
  return fmt::format("10.91.{}.", plan.base_port / kPortsApart % 256);
}

Outcome<void> check(const Plan& plan) {
  if (plan.nodes < 1 || plan.nodes > kNodesMax)
    return tl::unexpected(fmt::format("a cluster has 1 to {} nodes", kNodesMax));
  if (plan.base_port + kPortsApart * (plan.nodes - 1) + kLastOffset > 65535)
    return tl::unexpected(
        fmt::format("{} nodes from port {} on go beyond 65535", plan.nodes, plan.base_port));
  if (plan.replication_factor < 1 || plan.replication_factor > kNodesMax)
    return tl::unexpected<std::string>("the replication factor is 1 or more");
  return {};
}

std::string to_text(const Plan& plan) {
  const nlohmann::ordered_json json = {{"nodes", plan.nodes},
                                       {"base-port", plan.base_port},
                                       {"replication-factor", plan.replication_factor},
                                       {"data-size", plan.data_size},
                                       {"stored", plan.stored},
                                       {"isolated", plan.isolated},
                                       {"binary", plan.binary}};
  return json.dump(2) + '\n';
}

Outcome<Plan> parse_plan(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Plan plan{.nodes = json.at("nodes").get<Number>(),
              .base_port = json.at("base-port").get<std::uint16_t>(),
              .replication_factor = json.at("replication-factor").get<int>(),
              .data_size = json.at("data-size").get<std::string>(),
              .stored = json.at("stored").get<bool>(),
              .isolated = json.at("isolated").get<bool>(),
              .binary = json.at("binary").get<std::string>()};
    if (auto checked = check(plan); !checked) return tl::unexpected(checked.error());
    return plan;
  } catch (const nlohmann::json::exception& error) {
    return tl::unexpected<std::string>(error.what());
  }
}

NodeFiles files_of(const std::filesystem::path& root, Number node) {
  return {.folder = root / fmt::format("node{}", node)};
}

std::string config_of(const Plan& plan, Number node, const NodeFiles& files) {
  const Ports ports = ports_of(plan, node);
  return fmt::format(
      fmt::runtime(kConfig), fmt::arg("work", files.work().string()),
      fmt::arg("address", address_of(plan, node)), fmt::arg("service", ports.service),
      fmt::arg("fabric", ports.fabric), fmt::arg("heartbeat", ports.heartbeat),
      fmt::arg("http", ports.http), fmt::arg("seeds", seeds_of(plan, node)),
      fmt::arg("factor", plan.replication_factor), fmt::arg("storage", storage_of(plan, files)));
}

Outcome<std::vector<Number>> parse_numbers(std::span<const std::string> words, const Plan& plan) {
  std::set<Number> found;
  for (const std::string& word : words) {
    for (const std::string_view part : split(word, ',')) {
      const auto range = parse_range(trim(part), plan);
      if (!range) return tl::unexpected(range.error());
      for (Number node = range->first; node <= range->second; ++node) found.insert(node);
    }
  }
  if (found.empty()) return tl::unexpected<std::string>("which node? Its number is wanted");
  return std::vector<Number>(found.begin(), found.end());
}

}  // namespace flotilla::tools::dev
