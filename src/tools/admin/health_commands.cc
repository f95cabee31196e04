#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "answers.h"
#include "base/parse.h"
#include "client/topology.h"
#include "command_tables.h"
#include "info_sheets.h"
#include "tools/admin/health.h"

namespace flotilla::tools::admin {
namespace {

constexpr std::string_view kSeverities[] = {"CRITICAL", "WARNING", "NOTE"};

bool health(Console& console, const Request&) {
  const auto nodes = gather_facts(console.fleet);
  const auto findings = diagnose(nodes);
  if (console.json) {
    Sheet sheet{.title = "Health", .columns = {}, .rows = {}};
    for (const std::string_view title : {"Severity", "Subject", "Problem", "Advice"})
      sheet.columns.push_back({.group = {}, .title = std::string(title)});
    for (const Finding& f : findings)
      sheet.rows.push_back(
          {.cells = {{.text = std::string(kSeverities[static_cast<int>(f.severity)])},
                     {.text = f.subject},
                     {.text = f.problem},
                     {.text = f.advice}}});
    console.show(sheet);
    return true;
  }
  for (const Finding& f : findings)
    console.out << fmt::format("{:<9}{}: {}\n         {}\n\n",
                               kSeverities[static_cast<int>(f.severity)], f.subject, f.problem,
                               f.advice);
  console.out << fmt::format("{} of {} nodes answer; {}\n",
                             std::ranges::count(nodes, true, &NodeFacts::answers), nodes.size(),
                             findings.empty() ? "nothing is wrong"
                                              : fmt::format("{} finding{}", findings.size(),
                                                            findings.size() == 1 ? "" : "s"));
  return true;
}

struct Item {
  std::string name;
  std::string value;
};

Sheet list_sheet(std::string title, const std::vector<Item>& items) {
  Sheet sheet{.title = std::move(title), .columns = {}, .rows = {}};
  sheet.columns = {{.group = {}, .title = "Subject", .align = Align::Left},
                   {.group = {}, .title = "Value", .align = Align::Left}};
  for (const Item& item : items)
    sheet.rows.push_back({.cells = {{.text = item.name}, {.text = item.value}}});
  return sheet;
}

/// All different values, joined.
template <class Get>
std::string distinct(const std::vector<NodeFacts>& nodes, Get get) {
  std::set<std::string> values;
  for (const NodeFacts& node : nodes)
    if (node.answers) values.insert(std::string(get(node)));
  return fmt::format("{}", fmt::join(values, ", "));
}

struct Feature {
  std::string_view name;
  std::string_view statistic;
  std::string_view value = {};  // In use when it is this; empty: not 0, "false", "none", or "null".
};
constexpr Feature kFeatures[] = {
    {"Aggregation", "si_query_aggr_complete"},
    {"Batch", "batch_index_initiate"},
    {"Compression", "storage-engine.compression"},
    {"Encryption", "storage-engine.encryption-key-file"},
    {"Index-on-flash", "index-type", "flash"},
    {"Index-on-pmem", "index-type", "pmem"},
    {"Index-on-shmem", "index-type", "shmem"},
    {"KVS", "client_read_success"},
    {"KVS", "client_write_success"},
    {"LDT", "ldt-enabled"},
    {"PIndex Query", "pi_query_short_basic_complete"},
    {"PIndex Query", "pi_query_long_basic_complete"},
    {"Query", "query_reqs"},
    {"Rack-aware", "rack-id"},
    {"SC", "strong-consistency"},
    {"Scan", "scan_basic_complete"},
    {"SIndex", "sindex_used_bytes"},
    {"SIndex Query", "si_query_short_basic_complete"},
    {"SIndex Query", "si_query_long_basic_complete"},
    {"Security", "enable-security"},
    {"TLS (Fabric)", "fabric.tls-port"},
    {"TLS (Heartbeat)", "heartbeat.tls-port"},
    {"TLS (Service)", "service.tls-port"},
    {"UDF", "client_udf_complete"},
    {"XDR Destination", "xdr_client_write_success"},
    {"XDR Source", "xdr_ship_success"},
};

bool is_used(const NodeFacts& node, const Feature& feature) {
  const auto says = [&](const Answers& answers) {
    const std::string_view value = value_of(answers, feature.statistic);
    if (!feature.value.empty()) return value == feature.value;
    return !value.empty() && value != "0" && value != "false" && value != "none" && value != "null";
  };
  return says(node.statistics) || says(node.network) || says(node.service) ||
         std::ranges::any_of(node.namespaces, [&](const auto& ns) { return says(ns.second); });
}

std::set<std::string_view> features_of(const NodeFacts& node) {
  std::set<std::string_view> used;
  for (const Feature& feature : kFeatures)
    if (is_used(node, feature)) used.insert(feature.name);
  return used;
}

bool features(Console& console, const Request& request) {
  std::vector<NodeFacts> nodes = gather_facts(console.fleet);
  std::erase_if(nodes, [](const NodeFacts& node) { return node.is_outsider; });
  Sheet sheet{.title = "Features",
              .columns = {{.group = {}, .title = "Node", .align = Align::Left}},
              .rows = {}};
  std::set<std::string_view> names;
  for (const Feature& feature : kFeatures) names.insert(feature.name);
  std::vector<std::set<std::string_view>> used;
  for (const NodeFacts& node : nodes) {
    sheet.columns.push_back({.group = {}, .title = node.member.name, .align = Align::Left});
    used.push_back(features_of(node));
  }
  for (const std::string_view name : names) {
    if (!is_like(name, request.like)) continue;
    Row row{.cells = {{.text = std::string(name)}}};
    for (const auto& of_node : used)
      row.cells.push_back({.text = of_node.contains(name) ? "YES" : "NO"});
    sheet.rows.push_back(std::move(row));
  }
  console.show(sheet);
  return true;
}

Sheet namespace_summary(const std::vector<NodeFacts>& nodes) {
  Sheet sheet{.title = "Namespace Summary", .columns = {}, .rows = {}};
  sheet.columns = {{"", "Namespace", Align::Left},
                   {"", "Nodes"},
                   {"", "Replication Factors"},
                   {"Records", "Master"},
                   {"Records", "All Copies"},
                   {"Storage Engine", "Type"},
                   {"Storage Engine", "Used"},
                   {"Storage Engine", "Total"},
                   {"Index", "Used"},
                   {"", "Stop Writes", Align::Left}};
  std::map<std::string, std::vector<const Answers*>> by_name;
  for (const NodeFacts& node : nodes)
    for (const auto& [name, stats] : node.namespaces) by_name[name].push_back(&stats);
  for (const auto& named : by_name) {
    const auto& [name, all] = named;
    const auto sum = [&all = named.second](std::string_view stat) {
      double total = 0;
      for (const Answers* stats : all) total += number_of(*stats, stat);
      return fmt::format("{:.0f}", total);
    };
    const bool stopped =
        std::ranges::any_of(all, [](const Answers* s) { return truth_of(*s, "stop_writes"); });
    const auto count = [&sum](std::string_view stat) {
      return Cell{.text = scaled_count(sum(stat)), .raw = sum(stat)};
    };
    const auto bytes = [&sum](std::string_view stat) {
      return Cell{.text = scaled_bytes(sum(stat)), .raw = sum(stat)};
    };
    sheet.rows.push_back(
        {.cells = {
             {.text = name},
             {.text = std::to_string(all.size())},
             {.text = std::string(value_of(*all.front(), "effective_replication_factor"))},
             count("master_objects"),
             count("objects"),
             {.text = std::string(value_of(*all.front(), "storage-engine"))},
             bytes("data_used_bytes"),
             bytes("data_total_bytes"),
             bytes("index_used_bytes"),
             {.text = stopped ? "True" : "False", .tint = stopped ? Tint::Alert : Tint::None}}});
  }
  return sheet;
}

bool summary(Console& console, const Request&) {
  std::vector<NodeFacts> nodes = gather_facts(console.fleet);
  std::erase_if(nodes, [](const NodeFacts& n) { return n.is_outsider || !n.answers; });
  double migrations = 0;
  std::set<std::string_view> used;
  std::set<std::string> namespaces;
  double least_memory = 100;
  for (const NodeFacts& node : nodes) {
    migrations += number_of(node.statistics, "migrate_partitions_remaining");
    used.merge(features_of(node));
    for (const auto& [name, stats] : node.namespaces) namespaces.insert(name);
    if (node.statistics.contains("system_free_mem_pct"))
      least_memory = std::min(least_memory, number_of(node.statistics, "system_free_mem_pct"));
  }
  const auto of_statistics = [](std::string_view name) {
    return [name](const NodeFacts& node) { return value_of(node.statistics, name); };
  };
  console.show(list_sheet(
      "Cluster Summary",
      {{"Migrations", migrations > 0 ? fmt::format("True ({:.0f} left)", migrations) : "False"},
       {"Cluster Name", distinct(nodes, [](const NodeFacts& n) { return n.cluster_name; })},
       {"Server Version", distinct(nodes, [](const NodeFacts& n) { return n.build; })},
       {"Cluster Size", distinct(nodes, of_statistics("cluster_size"))},
       {"Cluster Key", distinct(nodes, of_statistics("cluster_key"))},
       {"Principal", distinct(nodes, of_statistics("cluster_principal"))},
       // Of the node that has least.
       {"System Memory Used%", fmt::format("{:.0f}", 100 - least_memory)},
       {"System Memory Avail%", fmt::format("{:.0f}", least_memory)},
       {"Namespaces", fmt::format("{} ({})", namespaces.size(), fmt::join(namespaces, ", "))},
       {"Active Features", fmt::format("{}", fmt::join(used, ", "))}}));
  console.show(namespace_summary(nodes));
  return true;
}

constexpr Command kCommands[] = {
    {"summary", "[-l]: the cluster and its namespaces at a glance", false, &summary, Words::Any},
    {"features", "What is in use, by node", false, &features},
    {"health", "What is wrong, and what to do about it", false, &health},
};

}  // namespace

std::span<const Command> health_commands() { return kCommands; }

}  // namespace flotilla::tools::admin
