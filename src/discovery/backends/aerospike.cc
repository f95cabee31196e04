// Nodes by the info protocol alone, so that Flotilla's and Aerospike's are the same to it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <thread>

#include "backends/backends.h"
#include "backends/node_access.h"
#include "base/parse.h"
#include "client/info.h"
#include "client/topology.h"

namespace flotilla::discovery {
namespace {

using std::chrono::milliseconds;

using Questions = std::array<std::string_view, 8>;
constexpr Questions kQuestions = {"status",          "node",
                                  "build",           "cluster-name",
                                  "statistics",      "get-config:context=network",
                                  "peers-clear-std", "alumni-clear-std"};
/// A node tells of its peers by the way that it was asked itself.
constexpr Questions kQuestionsOverTls = {"status",        "node",
                                         "build",         "cluster-name",
                                         "statistics",    "get-config:context=network",
                                         "peers-tls-std", "alumni-tls-std"};

constexpr milliseconds kTimeout{2000};
constexpr std::size_t kThreadsMost = 16;
constexpr std::size_t kSeedsMost = 4096;

client::Address address_of(const Desired& member) {
  return {.host = member.host, .port = member.service_port, .tls_name = {}};
}

Observed ask_node(NodeAccess& access, const Desired& member) {
  const Questions& questions = access.has_tls() ? kQuestionsOverTls : kQuestions;
  const auto answers = access.ask(address_of(member), questions, kTimeout);
  if (!answers) {
    Observed out;
    out.id = member.id;
    out.failure = answers.error().text;
    return out;
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const client::InfoAnswer& answer : *answers)
    pairs.emplace_back(answer.command, answer.value);
  return read_answers(member.id, pairs);
}

void read_statistics(std::string_view text, Observed& out) {
  for (const auto& [name, value] : client::parse_pairs(text)) {
    if (name == "cluster_size")
      out.cluster_size = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(parse_u64(value).value_or(0), UINT32_MAX));
    else if (name == "cluster_key")
      out.cluster_key = value;
    else if (name == "cluster_principal")
      out.principal = value;
    else if (name == "cluster_integrity")
      out.integrity = value == "true";
    else if (name == "migrate_partitions_remaining")
      out.migrations_left = parse_u64(value).value_or(0);
  }
}

std::vector<PeerSeen> read_peers(std::string_view text) {
  std::vector<PeerSeen> out;
  const auto list = client::parse_peers(text);
  if (!list) return out;
  for (const client::Peer& peer : list->peers) {
    out.push_back({.node = peer.node, .hosts = {}});
    for (const client::Address& address : peer.addresses) out.back().hosts.push_back(address.host);
  }
  return out;
}

std::string command_of(const Step& step) {
  if (step.verb == Step::Verb::Tip)
    return fmt::format("tip:host={};port={}{}", step.seed.host, step.seed.port,
                       step.tls ? ";tls=true" : "");
  if (step.verb == Step::Verb::ClearTip)
    return "tip-clear:host-port-list=" + host_and_port(step.seed.host, step.seed.port);
  return "services-alumni-reset";
}

class Aerospike : public Backend {
 public:
  explicit Aerospike(std::unique_ptr<NodeAccess> access) : access_(std::move(access)) {}

  Planner planner() const override { return plan_clusters; }

  Observation observe(std::span<const Desired> members) override {
    Observation out;
    out.nodes.resize(members.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < members.size(); i = next++)
        out.nodes[i] = ask_node(*access_, members[i]);
    };
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(kThreadsMost, members.size()); ++i)
      threads.emplace_back(work);
    work();
    threads.clear();  // Joins them, while `out` still stands.
    return out;
  }

  Reconciler::Outcome carry_out(const Step& step) override {
    const std::string command = command_of(step);
    const std::string_view commands[] = {command};
    const auto answers = access_->ask(address_of(step.member), commands, kTimeout);
    using Kind = Reconciler::Outcome::Kind;
    if (!answers) return {Kind::Refused, answers.error().text};
    const std::string answer = answers->empty() ? std::string() : answers->front().value;
    client::InfoError error;
    if (!client::is_info_error(answer, &error)) return {Kind::Done, answer};
    // Without a code: the seed is known already, or not known any more. The next look tells.
    return {error.code == 0 ? Kind::Already : Kind::Refused, answer};
  }

 private:
  const std::unique_ptr<NodeAccess> access_;
};

}  // namespace

std::vector<Seed> read_seeds(std::string_view config) {
  std::vector<Seed> seeds;
  for (const auto& [name, value] : client::parse_pairs(config)) {
    if (!name.ends_with("mesh-seed-address-port") || seeds.size() == kSeedsMost) continue;
    if (const auto place = parse_host_port(value, kMeshPort))
      seeds.push_back({place->host, place->port});
  }
  return seeds;
}

Observed read_answers(std::string id,
                      std::span<const std::pair<std::string, std::string>> answers) {
  Observed out;
  out.id = std::move(id);
  const auto value = [&](std::string_view command) -> std::string_view {
    for (const auto& [name, text] : answers)
      if (name == command && !client::is_info_error(text)) return text;
    return {};
  };
  out.status = value("status");
  out.node = value("node");
  out.build = value("build");
  out.cluster_name = value("cluster-name");
  read_statistics(value("statistics"), out);
  for (const char* command : {"peers-clear-std", "peers-tls-std"})
    std::ranges::move(read_peers(value(command)), std::back_inserter(out.peers));
  for (const char* command : {"alumni-clear-std", "alumni-tls-std"})
    for (const PeerSeen& peer : read_peers(value(command)))
      out.alumni.insert(out.alumni.end(), peer.hosts.begin(), peer.hosts.end());
  out.seeds = read_seeds(value("get-config:context=network"));
  return out;
}

Expected<std::unique_ptr<Backend>> make_aerospike(const Options& options) {
  auto access = NodeAccess::make(options);
  if (!access) return tl::unexpected(access.error());
  return std::make_unique<Aerospike>(std::move(*access));
}

}  // namespace flotilla::discovery
