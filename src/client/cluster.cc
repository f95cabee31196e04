#include "cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/parse.h"
#include "info_exchange.h"

namespace flotilla::client {
namespace {

/// A node nobody answers for is kept this many rounds while all others are silent too.
constexpr int kFailuresMax = 5;

/// The value of one command; empty when the answer does not have it.
std::string_view value_of(const std::vector<InfoAnswer>& answers, std::string_view command) {
  const auto at = std::ranges::find(answers, command, &InfoAnswer::command);
  return at == answers.end() ? std::string_view() : std::string_view(at->value);
}

/// By number in `before`: the number of the same node in `after`.
std::vector<NodeNumber> renumbered(const Topology& before, const Topology& after) {
  std::vector<NodeNumber> out;
  for (const auto& node : before.nodes) {
    const auto at = std::ranges::find(after.nodes, node);
    out.push_back(at == after.nodes.end() ? kNoNode
                                          : static_cast<NodeNumber>(at - after.nodes.begin()));
  }
  return out;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1";
}

}  // namespace

Expected<std::shared_ptr<Node>> Topology::find_node(std::string_view name) const {
  const auto at = std::ranges::find_if(
      nodes, [&](const auto& node) { return name.empty() || node->name() == name; });
  if (at == nodes.end()) return fail(Status::NoNode, "there is no node of that name");
  return *at;
}

Cluster::Cluster(std::vector<Address> seeds, ClientOptions options, std::shared_ptr<Access> access)
    : seeds_(std::move(seeds)),
      options_(std::move(options)),
      access_(std::move(access)),
      topology_(std::make_shared<const Topology>()) {}

Expected<std::unique_ptr<Cluster>> Cluster::connect(std::vector<Address> seeds,
                                                    ClientOptions options) {
  auto access = Access::make(options.security);
  if (!access) return tl::unexpected(access.error());
  std::unique_ptr<Cluster> cluster(
      new Cluster(std::move(seeds), std::move(options), *std::move(access)));
  if (const auto tended = cluster->tend(); !tended) return tl::unexpected(tended.error());
  cluster->thread_ = std::thread([raw = cluster.get()] { raw->run(); });
  return cluster;
}

Cluster::~Cluster() {
  {
    std::lock_guard hold(lock_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const Topology> Cluster::topology() const {
  std::lock_guard hold(lock_);
  return topology_;
}

void Cluster::look_again() {
  {
    std::lock_guard hold(lock_);
    look_again_ = true;
  }
  wake_.notify_all();
}

void Cluster::run() {
  for (;;) {
    {
      std::unique_lock hold(lock_);
      wake_.wait_for(hold, options_.tend_interval, [this] { return stopping_ || look_again_; });
      if (stopping_) return;
      look_again_ = false;
    }
    // Without any node the next round begins at the seeds again.
    static_cast<void>(tend());
  }
}

Expected<void> Cluster::tend() {
  if (watched_.empty()) {
    if (auto seeded = seed(); !seeded) return seeded;
  }
  for (Watched& w : watched_) refresh(w);
  // A newcomer may name further nodes, so this goes on until nothing new turns up.
  while (add_peers()) {
  }
  changed_ |= drop_departed();
  if (changed_) publish();
  return {};
}

Expected<void> Cluster::seed() {
  Expected<void> last = fail(Status::InvalidHost, "no seed is given");
  for (const Address& seed : seeds_) {
    auto met = meet(seed, {});
    if (met) {
      watched_.push_back(*std::move(met));
      changed_ = true;
      return {};
    }
    last = tl::unexpected(met.error());
  }
  return last;
}

Expected<Cluster::Watched> Cluster::meet(const Address& address, const std::string& expected_name) {
  const Deadline deadline = deadline_after(options_.connect_timeout);
  auto connection = Connection::open(address, deadline, access_);
  if (!connection) return tl::unexpected(connection.error());
  const std::string_view service = service_command();
  const std::string_view commands[] = {"node", "build", "partition-generation", "cluster-name",
                                       service};
  const auto answers = exchange_info(*connection, commands, deadline);
  if (!answers) return tl::unexpected(answers.error());
  const std::string name(value_of(*answers, "node"));
  if (name.empty()) return fail(Status::Client, "the node does not tell its id", address.text());
  if (!expected_name.empty() && name != expected_name)
    return fail(Status::NoNode, fmt::format("found node {} instead of {}", name, expected_name),
                address.text());
  if (!options_.cluster_name.empty() && value_of(*answers, "cluster-name") != options_.cluster_name)
    return fail(Status::Client,
                fmt::format("the node belongs to cluster '{}'", value_of(*answers, "cluster-name")),
                address.text());
  const bool is_ready = parse_i64(value_of(*answers, "partition-generation")).value_or(-1) >= 0;
  if (!is_ready && !options_.use_nodes_not_ready)
    return fail(Status::NoNode, "the node is not ready yet", address.text());

  // A seed that the node does not know as its own address may be a load balancer: prefer what the
  // node names, unless it cannot be reached from here.
  if (expected_name.empty() && !is_loopback(address.host)) {
    const auto own = parse_addresses(value_of(*answers, service));
    if (own && std::ranges::find(*own, address.text(), &Address::text) == own->end()) {
      for (const Address& other : *own)
        if (auto met = meet(other, name)) return met;
    }
  }
  Watched watched;
  watched.node =
      std::make_shared<Node>(name, address,
                             Node::Options{.connections_max = options_.connections_per_node_max,
                                           .connect_timeout = options_.connect_timeout,
                                           .access = access_});
  const std::string agent = fmt::format(
      "user-agent-set:value={}",
      to_base64(
          as_bytes(fmt::format("1,flotilla-0.1.0,{}",
                               options_.application.empty() ? "unknown" : options_.application))));
  const std::string_view introduction[] = {agent};
  if (exchange_info(*connection, introduction, deadline))
    watched.connection = *std::move(connection);
  return watched;
}

void Cluster::refresh(Watched& w) {
  w.answered = false;
  const auto asked = ask_generations(w);
  if (!asked) {
    w.connection.reset();
    // The failed connection may have been merely old: a fresh one decides in the same round.
    if (!ask_generations(w)) {
      w.connection.reset();
      w.node->close_idle();
      ++w.failures;
      return;
    }
  }
  w.failures = 0;
  w.answered = true;
}

Expected<void> Cluster::ask_generations(Watched& w) {
  const Deadline deadline = deadline_after(options_.connect_timeout);
  if (!w.connection) {
    auto connection = Connection::open(w.node->address(), deadline, access_);
    if (!connection) return tl::unexpected(connection.error());
    w.connection = *std::move(connection);
  }
  constexpr std::string_view kCommands[] = {"node", "peers-generation", "partition-generation"};
  const auto answers = exchange_info(*w.connection, kCommands, deadline);
  if (!answers) return tl::unexpected(answers.error());
  if (value_of(*answers, "node") != w.node->name())
    return fail(Status::NoNode, "another node has taken the address", w.node->address_text());
  const auto peers = parse_i64(value_of(*answers, "peers-generation"));
  const auto partitions = parse_i64(value_of(*answers, "partition-generation"));
  if (peers && *peers != w.peers_generation) ask_peers(w);
  if (partitions && *partitions >= 0 && *partitions != w.partition_generation) ask_partitions(w);
  return {};
}

std::string_view Cluster::service_command() const {
  if (access_ && access_->has_tls())
    return options_.use_alternate_addresses ? "service-tls-alt" : "service-tls-std";
  return options_.use_alternate_addresses ? "service-clear-alt" : "service-clear-std";
}

std::string_view Cluster::peers_command() const {
  if (access_ && access_->has_tls())
    return options_.use_alternate_addresses ? "peers-tls-alt" : "peers-tls-std";
  return options_.use_alternate_addresses ? "peers-clear-alt" : "peers-clear-std";
}

void Cluster::ask_peers(Watched& w) {
  const std::string_view commands[] = {peers_command()};
  const auto answers =
      exchange_info(*w.connection, commands, deadline_after(options_.connect_timeout));
  if (!answers) return;
  auto list = parse_peers(value_of(*answers, peers_command()));
  if (!list) return;
  w.peers = std::move(list->peers);
  w.peers_generation = list->generation;
}

void Cluster::ask_partitions(Watched& w) {
  // A node's rack changes only with its place in the cluster, so both are asked together.
  constexpr std::string_view kCommands[] = {"partition-generation", "replicas", "rack-ids"};
  const auto answers =
      exchange_info(*w.connection, std::span(kCommands).first(options_.rack_id < 0 ? 2 : 3),
                    deadline_after(options_.connect_timeout));
  if (!answers) return;
  const auto generation = parse_i64(value_of(*answers, "partition-generation"));
  auto owned = parse_replicas(value_of(*answers, "replicas"));
  if (!generation || !owned) return;
  w.owned = *std::move(owned);
  w.racks = parse_rack_ids(value_of(*answers, "rack-ids"));
  w.partition_generation = *generation;
  changed_ = true;
}

bool Cluster::add_peers() {
  std::vector<Watched> found;
  for (Watched& w : watched_) w.is_mentioned = false;
  for (const Watched& teller : watched_) {
    if (!teller.answered) continue;
    for (const Peer& peer : teller.peers) {
      const auto known =
          std::ranges::find(watched_, peer.node, [](const Watched& w) { return w.node->name(); });
      if (known != watched_.end()) {
        known->is_mentioned = true;
        continue;
      }
      if (std::ranges::find(found, peer.node, [](const Watched& w) { return w.node->name(); }) !=
          found.end())
        continue;
      for (const Address& address : peer.addresses) {
        auto met = meet(address, peer.node);
        if (!met) continue;
        refresh(*met);
        met->is_mentioned = true;
        found.push_back(*std::move(met));
        break;
      }
    }
  }
  for (Watched& w : found) watched_.push_back(std::move(w));
  changed_ |= !found.empty();
  return !found.empty();
}

bool Cluster::maps_any_partition(const Watched& watched) const {
  return std::ranges::any_of(watched.owned, [](const OwnedPartitions& part) {
    return std::ranges::any_of(part.columns,
                               [](const PartitionSet& column) { return column.any(); });
  });
}

bool Cluster::drop_departed() {
  const bool any_answered = std::ranges::any_of(watched_, &Watched::answered);
  const std::size_t count = watched_.size();
  const auto departed = [&](const Watched& w) {
    if (!any_answered) return w.failures >= kFailuresMax;
    if (count < 2 || w.is_mentioned) return false;
    return !w.answered || !maps_any_partition(w);
  };
  return std::erase_if(watched_, departed) > 0;
}

void Cluster::publish() {
  auto next = std::make_shared<Topology>();
  std::vector<std::vector<OwnedPartitions>> owned;
  for (const Watched& w : watched_) {
    next->nodes.push_back(w.node);
    // With several nodes, one that sees no peer is on its own: its claims count only while nobody
    // else answers.
    const bool alone = w.peers.empty() && watched_.size() > 1;
    owned.push_back(alone ? std::vector<OwnedPartitions>() : w.owned);
  }
  next->partitions = PartitionMap(owned);
  next->partitions.keep_unclaimed(topology_->partitions, renumbered(*topology_, *next));
  for (std::size_t i = 0; i < watched_.size() && options_.rack_id >= 0; ++i)
    for (const auto& [ns, rack] : watched_[i].racks)
      if (rack == options_.rack_id) next->partitions.set_near(ns, static_cast<NodeNumber>(i));
  changed_ = false;
  std::lock_guard hold(lock_);
  topology_ = std::move(next);
}

}  // namespace flotilla::client
