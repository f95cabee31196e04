#include <algorithm>

#include "answers.h"
#include "client/topology.h"
#include "tools/admin/health.h"

namespace flotilla::tools::admin {
namespace {

const std::vector<std::string> kQuestions = {"node",
                                             "build",
                                             "cluster-name",
                                             "statistics",
                                             "namespaces",
                                             "peers-clear-std",
                                             "health-outliers",
                                             "latencies:",
                                             "get-config:context=network",
                                             "get-config:context=service"};

NodeFacts facts_of(Member member, const Answers& answers) {
  NodeFacts facts{.member = std::move(member),
                  .answers = !answers.empty(),
                  .build = std::string(value_of(answers, "build")),
                  .cluster_name = std::string(value_of(answers, "cluster-name")),
                  .statistics = pairs_of(answers, "statistics"),
                  .network = pairs_of(answers, "get-config:context=network"),
                  .service = pairs_of(answers, "get-config:context=service")};
  if (const auto outliers = value_of(answers, "health-outliers"); !client::is_info_error(outliers))
    facts.outliers = outliers;
  if (const auto latencies = value_of(answers, "latencies:"); !client::is_info_error(latencies))
    facts.latencies = latencies;
  if (const auto peers = client::parse_peers(value_of(answers, "peers-clear-std")))
    for (const client::Peer& peer : peers->peers)
      if (!peer.addresses.empty()) facts.peers.push_back(peer.node);
  return facts;
}

void add_outsiders(const Fleet& fleet, std::vector<NodeFacts>& nodes) {
  for (const client::Address& seed : fleet.seeds()) {
    const Answers answers = fleet.ask_address(seed, kQuestions);
    const std::string id(value_of(answers, "node"));
    const bool known = std::ranges::any_of(
        nodes, [&](const NodeFacts& node) { return !id.empty() && node.member.id == id; });
    if (known) continue;
    NodeFacts facts = facts_of({.id = id, .name = seed.text(), .address = seed.text()}, answers);
    facts.is_outsider = true;
    nodes.push_back(std::move(facts));
  }
}

}  // namespace

std::vector<NodeFacts> gather_facts(const Fleet& fleet) {
  const auto members = fleet.members();
  const auto answers = fleet.ask(members, kQuestions);
  std::vector<std::string> more;
  for (const std::string& name : namespaces_of(answers)) more.push_back("namespace/" + name);
  const auto namespaces = fleet.ask(members, more);
  std::vector<NodeFacts> nodes;
  for (std::size_t i = 0; i < members.size(); ++i) {
    nodes.push_back(facts_of(members[i], answers[i]));
    for (const std::string& command : more)
      if (Answers stats = pairs_of(namespaces[i], command); !stats.empty())
        nodes.back().namespaces[command.substr(command.find('/') + 1)] = std::move(stats);
  }
  add_outsiders(fleet, nodes);
  return nodes;
}

}  // namespace flotilla::tools::admin
