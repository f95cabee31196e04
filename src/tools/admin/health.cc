#include "tools/admin/health.h"

#include <fmt/format.h>

#include <algorithm>

#include "answers.h"
#include "base/parse.h"

namespace flotilla::tools::admin {
namespace {

using Severity = Finding::Severity;
using Nodes = std::vector<NodeFacts>;
using Findings = std::vector<Finding>;

/// Of the nodes that belong to the cluster and answer.
std::vector<const NodeFacts*> members_of(const Nodes& nodes) {
  std::vector<const NodeFacts*> members;
  for (const NodeFacts& node : nodes)
    if (node.answers && !node.is_outsider) members.push_back(&node);
  return members;
}

void look_for_silence(const Nodes& nodes, Findings& found) {
  for (const NodeFacts& node : nodes)
    if (!node.answers)
      found.push_back({Severity::Critical, node.member.name, "The node does not answer.",
                       "See whether its process runs and its log says why; from here its port must "
                       "be reachable."});
  std::set<std::string> known;
  for (const NodeFacts& node : nodes) known.insert(node.member.id);
  std::set<std::string> told;
  for (const NodeFacts* node : members_of(nodes)) {
    for (const std::string& peer : node->peers) {
      if (known.contains(peer) || !told.insert(peer).second) continue;
      found.push_back({Severity::Critical, peer,
                       fmt::format("{} names this node as its peer, but it cannot be reached from "
                                   "here.",
                                   node->member.name),
                       "Let its 'access-address' be one that clients can reach, or use "
                       "--services-alternate."});
    }
  }
}

/// The reasons that can be seen from outside for a node to be on its own.
Finding why_outside(const NodeFacts& node, const NodeFacts& inside) {
  Finding finding{Severity::Critical, node.member.name, {}, {}};
  const auto differs = [&](std::string_view name) {
    return value_of(node.network, name) != value_of(inside.network, name);
  };
  if (node.cluster_name != inside.cluster_name) {
    finding.problem =
        fmt::format("The node is not in the cluster: its cluster-name is '{}', not '{}'.",
                    node.cluster_name, inside.cluster_name);
    finding.advice = "Set cluster-name alike everywhere.";
  } else if (differs("heartbeat.mode") || differs("heartbeat.protocol")) {
    finding.problem = fmt::format(
        "The node is not in the cluster: its heartbeat is {} {}, not {} {}.",
        value_of(node.network, "heartbeat.mode"), value_of(node.network, "heartbeat.protocol"),
        value_of(inside.network, "heartbeat.mode"), value_of(inside.network, "heartbeat.protocol"));
    finding.advice = "Give all nodes the same heartbeat mode and protocol.";
  } else if (value_of(node.network, "heartbeat.address").starts_with("127.") !=
             value_of(inside.network, "heartbeat.address").starts_with("127.")) {
    finding.problem =
        "The node is not in the cluster: one side's heartbeat listens on loopback only.";
    finding.advice = "Set heartbeat address to an interface that the other nodes reach.";
  } else if (number_of(node.statistics, "heartbeat_connections") == 0) {
    finding.problem =
        "The node is not in the cluster, and it has no heartbeat connection to anybody.";
    finding.advice = fmt::format(
        "Name a member as mesh-seed-address-port, or at run time: manage tip <host> <heartbeat "
        "port> with {}; port {} must be open between the nodes.",
        node.member.address, value_of(node.network, "heartbeat.port"));
  } else {
    finding.problem = "The node is not in the cluster, although it hears heartbeats.";
    finding.advice =
        "Wait a few seconds; if it stays, look for 'cluster' in both nodes' logs and "
        "see whether the fabric port is open between them.";
  }
  return finding;
}

void look_for_outsiders(const Nodes& nodes, Findings& found) {
  const auto members = members_of(nodes);
  if (members.empty()) return;
  for (const NodeFacts& node : nodes)
    if (node.answers && node.is_outsider) found.push_back(why_outside(node, *members.front()));
}

void look_at_views(const Nodes& nodes, Findings& found) {
  const auto members = members_of(nodes);
  std::set<std::string> keys;
  for (const NodeFacts* node : members) {
    keys.emplace(value_of(node->statistics, "cluster_key"));
    const auto size = static_cast<std::size_t>(number_of(node->statistics, "cluster_size"));
    if (size != 0 && size < members.size())
      found.push_back({Severity::Critical, node->member.name,
                       fmt::format("The node sees a cluster of {}, but {} nodes are known.", size,
                                   members.size()),
                       "See whether the heartbeat and fabric ports are open between it and the "
                       "others."});
    if (value_of(node->statistics, "cluster_integrity") == "false")
      found.push_back(
          {Severity::Critical, node->member.name,
           "The node does not see the same cluster as its neighbours.",
           "Wait a few seconds; if it stays, the network is cut between some of them."});
    if (number_of(node->statistics, "cluster_clock_skew_ms") > 1000)
      found.push_back({Severity::Warning, node->member.name,
                       fmt::format("Its clock and the others' differ by {:.1f} s.",
                                   number_of(node->statistics, "cluster_clock_skew_ms") / 1000),
                       "Let all hosts synchronize their clocks: expiry depends on them."});
  }
  if (keys.size() > 1)
    found.push_back({Severity::Critical, "cluster",
                     fmt::format("The nodes are in {} clusters.", keys.size()),
                     "While migrations begin this is normal for a second; if it stays, the network "
                     "is cut."});
}

void look_at_builds(const Nodes& nodes, Findings& found) {
  std::map<std::string, int> builds;
  for (const NodeFacts* node : members_of(nodes)) ++builds[node->build];
  if (builds.size() < 2) return;
  std::vector<std::string> texts;
  for (const auto& [build, count] : builds) texts.push_back(fmt::format("{} ({})", build, count));
  found.push_back({Severity::Note, "cluster",
                   fmt::format("The nodes have different versions: {}.", fmt::join(texts, ", ")),
                   "Finish the rolling upgrade."});
}

void look_at_resources(const Nodes& nodes, Findings& found) {
  for (const NodeFacts* node : members_of(nodes)) {
    const Answers& statistics = node->statistics;
    const double most = number_of(node->service, "proto-fd-max");
    const double used = number_of(statistics, "client_connections");
    if (most > 0 && used > 0.9 * most)
      found.push_back({Severity::Warning, node->member.name,
                       fmt::format("{:.0f} of {:.0f} client connections are in use.", used, most),
                       "Raise proto-fd-max, or let clients open fewer."});
    if (statistics.contains("system_free_mem_pct") &&
        number_of(statistics, "system_free_mem_pct") < 10)
      found.push_back({Severity::Warning, node->member.name,
                       fmt::format("Only {}% of the memory is free.",
                                   value_of(statistics, "system_free_mem_pct")),
                       "Give it more memory, or add a node."});
    if (truth_of(statistics, "failed_best_practices"))
      found.push_back({Severity::Note, node->member.name,
                       "The node's configuration goes against best practices.",
                       "'show best-practices' lists them."});
    for (const std::string_view line : split(node->outliers, ';'))
      if (!line.empty())
        found.push_back({Severity::Warning, node->member.name,
                         fmt::format("It is an outlier: {}.", line),
                         "Compare it to the others with 'show statistics'."});
  }
}

/// Which threshold has stopped the writes.
std::string why_stopped(const Answers& stats, const Answers& service) {
  struct Limit {
    std::string_view metric;
    std::string_view limit;
    bool is_least;
  };
  constexpr Limit kLimits[] = {
      {"data_used_pct", "storage-engine.stop-writes-used-pct", false},
      {"data_avail_pct", "storage-engine.stop-writes-avail-pct", true},
      {"indexes_memory_used_pct", "evict-indexes-memory-pct", false},
  };
  for (const Limit& limit : kLimits) {
    const double wanted = number_of(stats, limit.limit);
    const double is = number_of(stats, limit.metric);
    if (wanted > 0 && (limit.is_least ? is < wanted : is >= wanted))
      return fmt::format(": {} is {:.0f}, {} is {:.0f}", limit.metric, is, limit.limit, wanted);
  }
  const double memory = 100 - number_of(service, "system_free_mem_pct");
  const double most = number_of(stats, "stop-writes-sys-memory-pct");
  if (most > 0 && service.contains("system_free_mem_pct") && memory >= most)
    return fmt::format(": {:.0f}% of the memory is used, stop-writes-sys-memory-pct is {:.0f}",
                       memory, most);
  return truth_of(stats, "clock_skew_stop_writes") ? ": the clocks differ too much" : "";
}

void look_at_namespace(const NodeFacts& node, const std::string& name, const Answers& stats,
                       Findings& found) {
  const std::string subject = fmt::format("{} on {}", name, node.member.name);
  if (truth_of(stats, "stop_writes"))
    found.push_back({Severity::Critical, subject,
                     fmt::format("Writes are refused{}.", why_stopped(stats, node.statistics)),
                     "Delete or expire data, give it more room, or add a node."});
  if (number_of(stats, "dead_partitions") > 0)
    found.push_back(
        {Severity::Critical, subject,
         fmt::format("{} partitions are dead: all their copies were lost at once.",
                     value_of(stats, "dead_partitions")),
         fmt::format("Bring the lost nodes back, or accept the loss: manage revive ns {}, "
                     "then manage recluster.",
                     name)});
  if (number_of(stats, "unavailable_partitions") > 0)
    found.push_back(
        {Severity::Critical, subject,
         fmt::format("{} partitions are unavailable.", value_of(stats, "unavailable_partitions")),
         "Bring the missing nodes of its roster back."});
  if (truth_of(stats, "hwm_breached"))
    found.push_back({Severity::Warning, subject, "It evicts records: a high-water mark is passed.",
                     "Give it more room, or let records expire sooner."});
  if (number_of(stats, "nodes_quiesced") > 0 && truth_of(stats, "effective_is_quiesced"))
    found.push_back({Severity::Note, subject, "The node is quiesced and owns nothing.",
                     "Stop it, or take it back: manage quiesce undo, then manage recluster."});
}

void look_at_namespaces(const Nodes& nodes, Findings& found) {
  const auto members = members_of(nodes);
  std::map<std::string, std::size_t> holders;
  double migrations = 0;
  for (const NodeFacts* node : members) {
    migrations += number_of(node->statistics, "migrate_partitions_remaining");
    for (const auto& [name, stats] : node->namespaces) {
      ++holders[name];
      look_at_namespace(*node, name, stats, found);
    }
  }
  for (const auto& [name, count] : holders)
    if (count < members.size())
      found.push_back(
          {Severity::Warning, name,
           fmt::format("Only {} of {} nodes have this namespace.", count, members.size()),
           "Configure the same namespaces on all nodes."});
  for (const auto& [name, count] : holders) {
    for (const NodeFacts* node : members) {
      const auto at = node->namespaces.find(name);
      if (at == node->namespaces.end()) continue;
      const double wanted = number_of(at->second, "replication-factor");
      const double is = number_of(at->second, "effective_replication_factor");
      if (is > 0 && is < wanted)
        found.push_back(
            {members.size() > 1 ? Severity::Warning : Severity::Note, name,
             fmt::format("Records have {:.0f} of {:.0f} copies: the cluster has {} node{}.", is,
                         wanted, members.size(), members.size() == 1 ? "" : "s"),
             "Add nodes, or lower replication-factor."});
      break;
    }
  }
  if (migrations > 0)
    found.push_back({Severity::Note, "cluster",
                     fmt::format("{:.0f} partitions are still to be migrated.", migrations),
                     "Do not stop further nodes until it is none."});
}

/// Settings that all nodes must agree on for the cluster to behave alike everywhere.
void look_at_settings(const Nodes& nodes, Findings& found) {
  constexpr std::string_view kShared[] = {"default-ttl",        "replication-factor",
                                          "strong-consistency", "conflict-resolution-policy",
                                          "nsup-period",        "max-record-size"};
  std::map<std::pair<std::string, std::string_view>, std::set<std::string>> values;
  for (const NodeFacts* node : members_of(nodes))
    for (const auto& [name, stats] : node->namespaces)
      for (const std::string_view setting : kShared)
        values[{name, setting}].emplace(value_of(stats, setting));
  for (const auto& [place, seen] : values)
    if (seen.size() > 1)
      found.push_back(
          {Severity::Warning, place.first,
           fmt::format("{} differs between nodes: {}.", place.second, fmt::join(seen, ", ")),
           fmt::format("Set it alike: manage config namespace {} param {} to <value>.", place.first,
                       place.second)});
}

}  // namespace

std::vector<Finding> diagnose(const std::vector<NodeFacts>& nodes) {
  Findings found;
  look_for_silence(nodes, found);
  look_for_outsiders(nodes, found);
  look_at_views(nodes, found);
  look_at_namespaces(nodes, found);
  look_at_resources(nodes, found);
  look_at_settings(nodes, found);
  look_at_builds(nodes, found);
  std::ranges::stable_sort(found, {}, &Finding::severity);
  return found;
}

}  // namespace flotilla::tools::admin
