// Which partitions this node owns.

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"
#include "command.h"

namespace flotilla::info {
namespace {

using Column = std::bitset<wire::kPartitions>;

// Bit p is in byte p / 8, most significant bit first.
std::string text_of(const Column& column) {
  std::array<std::byte, wire::kPartitions / 8> bytes{};
  for (std::size_t p = 0; p < wire::kPartitions; ++p)
    if (column.test(p)) bytes[p / 8] |= static_cast<std::byte>(0x80U >> (p % 8));
  return to_base64(bytes);
}

std::string partition_generation(Context& c, const Request&) {
  return fmt::format("{}", c.node.cluster().partition_generation);
}

std::string rebalance_generation(Context& c, const Request&) {
  return fmt::format("{}", c.node.cluster().rebalance_generation);
}

std::string print_columns(const ReplicaMap& map, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < std::min(most, map.columns.size()); ++i)
    out += "," + text_of(map.columns[i]);
  return out;
}

std::string replicas(Context& c, const Request& request) {
  const auto max = Params(request.args).optional({"max", 3});
  if (!max) return max.error();
  std::size_t most = SIZE_MAX;
  if (*max) {
    const auto number = parse_u64(**max);
    if (!number) return error(Code::Parameter, "bad max");
    if (*number > 0) most = *number;
  }
  std::string out;
  for (const auto& ns : c.node.config().namespaces) {
    const ReplicaMap map = c.node.replicas(*ns);
    fmt::format_to(std::back_inserter(out), "{}{}:{},{}{}", out.empty() ? "" : ";", ns->name,
                   map.regime, map.columns.size(), print_columns(map, most));
  }
  return out;
}

std::string replicas_all(Context& c, const Request&) {
  std::string out;
  for (const auto& ns : c.node.config().namespaces) {
    const ReplicaMap map = c.node.replicas(*ns);
    fmt::format_to(std::back_inserter(out), "{}{}:{}{}", out.empty() ? "" : ";", ns->name,
                   map.columns.size(), print_columns(map, SIZE_MAX));
  }
  return out;
}

std::string replicas_master(Context& c, const Request&) {
  std::string out;
  for (const auto& ns : c.node.config().namespaces) {
    const ReplicaMap map = c.node.replicas(*ns);
    const Column masters = map.columns.empty() ? Column() : map.columns.front();
    fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ";", ns->name,
                   text_of(masters));
  }
  return out;
}

std::string node_or_zero(wire::NodeId node) { return node.raw() == 0 ? "0" : info::text_of(node); }

std::string partition_info(Context& c, const Request&) {
  std::string out =
      "namespace:partition:state:n_replicas:replica:succession:n_dupl:working_master:proxy_dst:"
      "emigrates:lead_emigrates:"
      "immigrates:records:tombstones:regime:tree_id:version:final_version";
  for (const auto& ns : c.node.config().namespaces) {
    std::size_t id = 0;
    for (const PartitionLine& p : c.node.partitions(*ns)) {
      fmt::format_to(std::back_inserter(out),
                     ";{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}", ns->name, id++,
                     p.state, p.replicas, p.replica, p.succession, p.duplicates,
                     node_or_zero(p.working_master), node_or_zero(p.proxy_destination), p.emigrates,
                     p.lead_emigrates, p.immigrates, p.records, p.tombstones, p.regime, p.tree,
                     p.version, p.final_version);
    }
  }
  return out;
}

std::string rack_ids(Context& c, const Request&) {
  std::string out;
  for (const auto& ns : c.node.config().namespaces)
    fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ";", ns->name,
                   ns->rack_id());
  return out;
}

std::string print_racks(Context& c, const config::NamespaceConfig& ns) {
  std::string out;
  for (const Rack& rack : c.node.racks(ns))
    fmt::format_to(std::back_inserter(out), "{}rack_{}={}", out.empty() ? "" : ":", rack.id,
                   info::text_of(rack.nodes));
  return out;
}

std::string racks(Context& c, const Request& request) {
  const Params params(request.args);
  if (!params.pairs().empty()) {
    const auto ns = params.namespace_of(c);
    return ns ? print_racks(c, **ns) : ns.error();
  }
  std::string out;
  for (const auto& ns : c.node.config().namespaces)
    fmt::format_to(std::back_inserter(out), "{}ns={}:{}", out.empty() ? "" : ";", ns->name,
                   print_racks(c, *ns));
  return out;
}

constexpr Command kCommands[] = {
    {"partition-generation", "changes with every change of replicas; -1: no partitions yet",
     &partition_generation},
    {"partition-info", "state of every partition", &partition_info},
    {"rack-ids", "this node's rack, by namespace", &rack_ids},
    {"racks", "[namespace=NS]: nodes by rack", &racks},
    {"rebalance-generation", "rises with every assignment of partitions", &rebalance_generation},
    {"replicas", "[max=N]: partitions this node owns, as bitmaps: masters, then each replica",
     &replicas},
    {"replicas-all", "the same without regime", &replicas_all},
    {"replicas-master", "the masters' bitmap only", &replicas_master},
};

}  // namespace

std::span<const Command> partition_commands() { return kCommands; }

}  // namespace flotilla::info
