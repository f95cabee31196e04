#include "network.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "process.h"

namespace flotilla::tools::dev {
namespace {

constexpr int kHostNumber = 254;

std::string bridge_network(const Plan& plan) { return fmt::format("flotilla-{}", plan.base_port); }
std::string host_interface(const Plan& plan) { return fmt::format("flotilla{}", plan.base_port); }
std::string node_interface(Number node) { return fmt::format("node{}", node); }

bool exists(const std::string& network) { return std::filesystem::exists("/run/netns/" + network); }

Outcome<void> run_all(const std::vector<std::vector<std::string>>& commands) {
  for (const auto& command : commands)
    if (auto done = run(command); !done) return done;
  return {};
}

/// The bridge, and this machine on it.
Outcome<void> make_bridge(const Plan& plan) {
  const std::string net = bridge_network(plan);
  const std::string host = host_interface(plan);
  if (exists(net)) return {};
  return run_all({
      {"ip", "netns", "add", net},
      {"ip", "-n", net, "link", "add", "bridge", "type", "bridge"},
      {"ip", "-n", net, "link", "set", "bridge", "up"},
      {"ip", "link", "add", host, "type", "veth", "peer", "name", "host", "netns", net},
      {"ip", "-n", net, "link", "set", "host", "master", "bridge", "up"},
      {"ip", "addr", "add", fmt::format("{}{}/24", subnet_of(plan), kHostNumber), "dev", host},
      {"ip", "link", "set", host, "up"},
  });
}

Outcome<void> make_node(const Plan& plan, Number node) {
  const std::string net = bridge_network(plan);
  const std::string own = network_of(plan, node);
  const std::string port = node_interface(node);
  if (exists(own)) return {};
  return run_all({
      {"ip", "netns", "add", own},
      {"ip", "-n", net, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", own},
      {"ip", "-n", net, "link", "set", port, "master", "bridge", "up"},
      {"ip", "-n", own, "link", "set", "lo", "up"},
      {"ip", "-n", own, "addr", "add", address_of(plan, node) + "/24", "dev", "eth0"},
      {"ip", "-n", own, "link", "set", "eth0", "up"},
  });
}

Outcome<void> drop_packets(const Plan& plan, Number at, Number from) {
  return run({"ip", "netns", "exec", network_of(plan, at), "iptables", "-w", "-A", "INPUT", "-s",
              address_of(plan, from), "-j", "DROP"});
}

}  // namespace

std::string network_of(const Plan& plan, Number node) {
  return plan.isolated ? fmt::format("{}-{}", bridge_network(plan), node) : std::string();
}

Outcome<void> make_network(const Plan& plan) {
  if (!plan.isolated) return {};
  if (::geteuid() != 0)
    return tl::unexpected<std::string>("network namespaces need root: run it by sudo");
  if (auto made = make_bridge(plan); !made) return made;
  for (Number node = 1; node <= plan.nodes; ++node)
    if (auto made = make_node(plan, node); !made) return made;
  return {};
}

void remove_network(const Plan& plan) {
  if (!plan.isolated) return;
  // What is left of an attempt that failed half-way is removed as well: none of these must exist.
  for (Number node = 1; node <= plan.nodes; ++node)
    (void)run({"ip", "netns", "del", network_of(plan, node)});
  (void)run({"ip", "link", "del", host_interface(plan)});
  (void)run({"ip", "netns", "del", bridge_network(plan)});
}

Outcome<void> cut(const Plan& plan, const std::vector<Number>& side) {
  if (!plan.isolated)
    return tl::unexpected<std::string>(
        "nodes on 127.0.0.1 cannot be told apart by the network; make the cluster by 'flotilla dev "
        "up N --isolated' (as root), which gives each a network of its own");
  for (const Number inside : side) {
    for (Number outside = 1; outside <= plan.nodes; ++outside) {
      if (std::ranges::find(side, outside) != side.end()) continue;
      if (auto done = drop_packets(plan, inside, outside); !done) return done;
      if (auto done = drop_packets(plan, outside, inside); !done) return done;
    }
  }
  return {};
}

Outcome<void> heal(const Plan& plan) {
  if (!plan.isolated) return {};
  for (Number node = 1; node <= plan.nodes; ++node) {
    auto done =
        run({"ip", "netns", "exec", network_of(plan, node), "iptables", "-w", "-F", "INPUT"});
    if (!done) return done;
  }
  return {};
}

}  // namespace flotilla::tools::dev
