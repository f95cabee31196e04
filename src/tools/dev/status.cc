#include "status.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/info.h"
#include "process.h"

namespace flotilla::tools::dev {
namespace {

using admin::Align;
using admin::Cell;
using admin::Tint;

constexpr std::chrono::milliseconds kPatience{1000};

using Pairs = std::map<std::string, std::string, std::less<>>;

std::string value_of(const Pairs& pairs, std::string_view name) {
  const auto found = pairs.find(name);
  return found == pairs.end() ? std::string() : found->second;
}

Pairs pairs_of(std::string_view answer) {
  Pairs pairs;
  for (auto& [name, value] : client::parse_pairs(answer)) pairs[name] = value;
  return pairs;
}

void ask(const client::Address& address, NodeState& node) {
  constexpr std::string_view kCommands[] = {"node", "statistics", "namespace/test"};
  const auto answers = client::ask(address, kCommands, kPatience);
  if (!answers || answers->size() != std::size(kCommands)) {
    node.state = State::Silent;
    return;
  }
  node.id = (*answers)[0].value;
  const Pairs service = pairs_of((*answers)[1].value);
  const Pairs ns = pairs_of((*answers)[2].value);
  node.cluster_key = value_of(service, "cluster_key");
  node.cluster_size = value_of(service, "cluster_size");
  node.principal = value_of(service, "cluster_principal");
  node.objects = value_of(ns, "objects");
  node.master_objects = value_of(ns, "master_objects");
  node.migrations = value_of(service, "migrate_partitions_remaining");
}

Cell state_cell(State state) {
  switch (state) {
    case State::Stopped:
      return {.text = "stopped", .tint = Tint::Note};
    case State::Running:
      return {.text = "running", .tint = Tint::Good};
    case State::Paused:
      return {.text = "paused", .tint = Tint::Note};
    case State::Silent:
      return {.text = "not answering", .tint = Tint::Alert};
  }
  return {};
}

Cell text_cell(std::string text) { return {.text = text.empty() ? "--" : std::move(text)}; }

std::vector<Cell> cells_of(const NodeState& node) {
  return {{.text = std::to_string(node.node)},
          text_cell(node.pid == 0 ? "" : std::to_string(node.pid)),
          state_cell(node.state),
          text_cell(node.address),
          text_cell(node.id),
          text_cell(node.cluster_key),
          text_cell(node.cluster_size),
          text_cell(node.principal),
          text_cell(node.objects),
          text_cell(node.master_objects),
          text_cell(node.migrations)};
}

}  // namespace

std::vector<NodeState> look_at(const Cluster& cluster) {
  std::vector<NodeState> nodes;
  for (const Number number : cluster.all()) {
    const client::Address address{.host = address_of(cluster.plan(), number),
                                  .port = ports_of(cluster.plan(), number).service,
                                  .tls_name = {}};
    NodeState node{.node = number, .address = address.text()};
    if (const auto process = Process::find(cluster.files(number))) {
      node.pid = process->pid();
      node.state = process->is_paused() ? State::Paused : State::Running;
      if (node.state == State::Running) ask(address, node);
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

bool is_one_cluster(const std::vector<NodeState>& nodes) {
  const auto runs = [](const NodeState& node) {
    return node.state == State::Running || node.state == State::Silent;
  };
  const auto size = std::to_string(std::ranges::count_if(nodes, runs));
  const auto first = std::ranges::find_if(nodes, runs);
  return first != nodes.end() && std::ranges::all_of(nodes, [&](const NodeState& node) {
           return !runs(node) ||
                  (node.cluster_key == first->cluster_key && node.cluster_size == size);
         });
}

admin::Sheet sheet_of(const std::vector<NodeState>& nodes, std::string title) {
  admin::Sheet sheet{.title = std::move(title),
                     .columns = {{.title = "Node"},
                                 {.title = "Pid"},
                                 {.title = "State", .align = Align::Left},
                                 {.title = "Address", .align = Align::Left},
                                 {.title = "Id"},
                                 {.group = "Cluster", .title = "Key"},
                                 {.group = "Cluster", .title = "Size"},
                                 {.group = "Cluster", .title = "Principal"},
                                 {.group = "Objects", .title = "All"},
                                 {.group = "Objects", .title = "Master"},
                                 {.title = "Migrations"}},
                     .rows = {}};
  for (const NodeState& node : nodes) sheet.rows.push_back({.cells = cells_of(node)});
  return sheet;
}

}  // namespace flotilla::tools::dev
