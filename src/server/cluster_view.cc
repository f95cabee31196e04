// The cluster as info commands and metrics see it, from here.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/parse.h"
#include "server_view.h"

namespace flotilla::server {
namespace {

using cluster::Membership;
using cluster::NodeInfo;

constexpr std::string_view kTruncate = "truncate";
constexpr std::string_view kEvict = "evict";
constexpr std::uint64_t kProtocol = 15;
constexpr std::int64_t kSkewOutlierMs = 1800;

std::string hex_of(wire::NodeId id) { return fmt::format("{:X}", id.raw()); }

std::string truncate_key(std::string_view ns, std::string_view set) {
  return std::string(ns) + '\0' + std::string(set);
}

const NodeInfo::NamespaceInfo* find_namespace(const NodeInfo& node, std::string_view name) {
  const auto it = std::ranges::find(node.namespaces, name, &NodeInfo::NamespaceInfo::name);
  return it == node.namespaces.end() ? nullptr : &*it;
}

}  // namespace

info::ClusterView ServerView::cluster() const {
  info::ClusterView view;
  const auto state = cluster_->state();
  view.partition_generation = serving() ? copies_->generation() : -1;
  view.key = view.partition_generation < 0 ? 0 : state->key;
  view.stable = state->is_member && state->settled;
  view.rebalance_generation = state->generation;
  view.peers_generation = state->peers.generation();
  view.peers = state->peers.peers();
  view.alumni = state->peers.alumni();
  if (const NodeInfo* const leader = state->leader_info()) view.succession.push_back(leader->id);
  for (const NodeInfo& member : state->members)
    if (member.process != state->leader) view.succession.push_back(member.id);
  return view;
}

bool ServerView::ready() const {
  return serving() && !stopping_.load() && cluster_->state()->is_member &&
         copies_->generation() >= 0 && copies_->receiving() == 0;
}

void ServerView::fill_cluster(info::NodeStatistics& out) const {
  const auto state = cluster_->state();
  const auto count = [&](exec::NodeCounter counter) -> std::uint64_t& {
    return out.counters[static_cast<std::size_t>(counter)];
  };
  out.cluster_size = state->members.size();
  out.cluster_key.value = state->key;
  out.cluster_generation = state->generation;
  if (const NodeInfo* const leader = state->leader_info())
    out.cluster_principal.value = out.paxos_principal.value = leader->id.raw();
  out.cluster_min_compatibility_id = out.cluster_max_compatibility_id = kProtocol;
  out.cluster_integrity = state->is_member && state->settled;
  out.cluster_is_member = state->is_member;
  for (const cluster::Process& duplicate : state->duplicates)
    if (const NodeInfo* const node = state->member(duplicate.node))
      out.cluster_duplicate_nodes.push_back(hex_of(node->id));
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (const Membership::Peer& peer : state->links) {
    least = std::min(least, peer.skew_ms);
    most = std::max(most, peer.skew_ms);
    if (std::abs(peer.skew_ms) >= kSkewOutlierMs)
      out.cluster_clock_skew_outliers.push_back(hex_of(peer.id));
  }
  out.cluster_clock_skew_ms = static_cast<std::uint64_t>(most - least);
  out.migrate_allowed = state->is_member;
  if (state->is_member)
    out.time_since_rebalance =
        static_cast<std::uint64_t>((now() - state->since).count() / 1'000'000'000);
  for (const auto& ns : from_.node.namespaces) {
    const Copies::Tally tally = copies_->tally(ns->name());
    out.migrate_partitions_remaining += tally.tx_remaining + tally.rx_remaining;
  }
  const auto& heartbeats = cluster_->counts();
  out.heartbeat_connections = heartbeats.open.load();
  count(exec::NodeCounter::heartbeat_connections_opened) = heartbeats.opened.load();
  count(exec::NodeCounter::heartbeat_connections_closed) = heartbeats.closed.load();
  count(exec::NodeCounter::heartbeat_received_foreign) = heartbeats.received.load();
  out.fabric_connections = fabric_->counts().open.load();
  count(exec::NodeCounter::fabric_connections_opened) = fabric_->counts().opened.load();
  count(exec::NodeCounter::fabric_connections_closed) = fabric_->counts().closed.load();
}

void ServerView::fill_cluster(const config::NamespaceConfig& ns_config,
                              info::NamespaceStatistics& out) const {
  const auto state = cluster_->state();
  Copies::Tally tally = copies_->tally(ns_config.name);
  for (const NodeInfo& member : state->members) {
    if (find_namespace(member, ns_config.name) != nullptr) ++out.ns_cluster_size;
    if (member.quiesced) ++out.nodes_quiesced;
    if (member.process.node == cluster_->self().node) out.effective_is_quiesced = member.quiesced;
  }
  out.pending_quiesce = quiesce_asked_.load() && !out.effective_is_quiesced;
  out.effective_replication_factor = tally.replication_factor;
  if (tally.primaries == wire::kPartitions) {
    out.master_objects = out.objects;
    out.master_tombstones = out.tombstones;
  } else {
    copies_->count_objects(ns_config.name, tally);
    out.master_objects = tally.master_objects;
    out.prole_objects = tally.prole_objects;
    const std::uint64_t placed = tally.master_objects + tally.prole_objects;
    out.non_replica_objects = out.objects > placed ? out.objects - placed : 0;
  }
  out.unavailable_partitions =
      copies_->generation() < 0 || !state->is_member ? wire::kPartitions : tally.waiting;
  out.migrate_tx_partitions_remaining = tally.tx_remaining;
  out.migrate_tx_partitions_lead_remaining = tally.tx_lead_remaining;
  out.migrate_rx_partitions_remaining = tally.rx_remaining;
  out.migrate_fresh_partitions = state->statistics.fresh_partitions;
  const cluster::CopyStatistics* const statistics = copies_->statistics(ns_config.name);
  if (statistics == nullptr) return;
  out.migrate_tx_partitions_active = out.migrate_tx_instances = statistics->tx_active.load();
  out.migrate_rx_partitions_active = out.migrate_rx_instances = statistics->rx_active.load();
  out.migrate_records_skipped.value = statistics->records_skipped.load();
  out.migrate_records_transmitted.value = statistics->records_sent.load();
  out.migrate_record_retransmits.value = statistics->records_retransmitted.load();
  out.migrate_record_receives.value = statistics->records_received.load();
  out.migrate_records_unreadable.value = statistics->records_unreadable.load();
  out.ap_conflicts_resolved.value = statistics->conflicts_resolved.load();
}

info::ReplicaMap ServerView::replicas(const config::NamespaceConfig& ns) const {
  return copies_->replicas(ns.name);
}

std::vector<info::PartitionLine> ServerView::partitions(const config::NamespaceConfig& ns) const {
  const auto state = cluster_->state();
  return copies_->partitions(ns.name, [&](const cluster::Uuid& node) {
    const NodeInfo* const member = state->member(node);
    return member == nullptr ? wire::NodeId() : member->id;
  });
}

std::vector<info::Rack> ServerView::racks(const config::NamespaceConfig& ns) const {
  std::map<std::uint32_t, std::vector<wire::NodeId>> racks;
  for (const NodeInfo& member : cluster_->state()->members)
    if (const auto* const info = find_namespace(member, ns.name))
      racks[info->rack].push_back(member.id);
  std::vector<info::Rack> out;
  for (auto& [id, nodes] : racks) out.push_back({.id = id, .nodes = std::move(nodes)});
  return out;
}

Result<void> ServerView::tip(const info::Endpoint& seed, bool tls) {
  if (tls) return fail(Code::Unsupported, "heartbeats over TLS do not exist yet");
  cluster_->post(Membership::Tip{{seed.address, seed.port}});
  return {};
}

bool ServerView::clear_tip(const info::Endpoint& seed) {
  return cluster_->clear_tip({seed.address, seed.port});
}

void ServerView::forget_alumni() { cluster_->forget_alumni(); }

Result<void> ServerView::recluster() {
  cluster_->post(Membership::Recluster{});
  return {};
}

Result<void> ServerView::quiesce(bool on) {
  quiesce_asked_.store(on);
  cluster_->post(Membership::Quiesce{on});
  return {};
}

/// The cut-off is agreed with all nodes, so that it hides the same records everywhere.
Result<void> ServerView::truncate(std::string_view ns, std::string_view set, WallTime before) {
  // "Now" takes every record there is, also those of this very millisecond; an older time is meant
  // to the letter.
  const bool now = before >= wall_time();
  Buffer cut_off;
  append_be(cut_off, before.ms + 1);
  return cluster_->set_metadata(std::string(kTruncate), truncate_key(ns, set), std::move(cut_off),
                                now);
}

Result<void> ServerView::undo_truncate(std::string_view ns, std::string_view set) {
  return cluster_->set_metadata(std::string(kTruncate), truncate_key(ns, set), std::nullopt, false);
}

Result<void> ServerView::evict_until(std::string_view ns, std::uint32_t void_time) {
  Buffer value;
  append_be(value, void_time);
  return cluster_->set_metadata(std::string(kEvict), std::string(ns), std::move(value), false);
}

Result<void> ServerView::reset_eviction(std::string_view ns, std::optional<std::uint64_t> ttl) {
  if (!ttl)
    return cluster_->set_metadata(std::string(kEvict), std::string(ns), std::nullopt, false);
  const std::uint64_t until = wall_time().seconds() + *ttl;
  if (until > UINT32_MAX) return fail(Code::Parameter, "bad ttl");
  return evict_until(ns, static_cast<std::uint32_t>(until));
}

std::vector<std::pair<std::string, std::string>> ServerView::metadata(std::string_view kind) const {
  std::vector<std::pair<std::string, std::string>> out;
  if (kind == kEvict)
    for (const auto& [key, value] : cluster_->metadata(std::string(kEvict)))
      if (value.size() == sizeof(std::uint32_t))
        out.emplace_back(key, std::to_string(load_be<std::uint32_t>(value.data())));
  if (kind != kTruncate) return out;
  for (const auto& [key, value] : cluster_->metadata(std::string(kTruncate))) {
    if (value.size() != sizeof(std::uint64_t)) continue;
    std::string name = key;
    std::ranges::replace(name, '\0', '|');
    if (name.ends_with('|')) name.pop_back();
    out.emplace_back(name, std::to_string(load_be<std::uint64_t>(value.data())));
  }
  return out;
}

void ServerView::dump(std::string_view what) {
  const auto state = cluster_->state();
  log_info(what, "view {}, key {:X}, {} member(s), leader {:X}, {}", state->epoch.number,
           state->key, state->members.size(),
           state->leader_info() == nullptr ? 0 : state->leader_info()->id.raw(),
           state->settled ? "settled" : "not settled");
  for (const Membership::Peer& peer : state->links) {
    std::string at;
    for (const cluster::Endpoint& endpoint : peer.at)
      at += fmt::format(" {}:{}", endpoint.host, endpoint.port);
    log_info(what, "node {:X} at{}: {}, {}, heard {} ms ago, clock {:+} ms{}{}", peer.id.raw(), at,
             peer.member ? "member" : "no member", peer.linked ? "linked" : "not linked",
             peer.since_heard.count() / 1'000'000, peer.skew_ms, peer.why.empty() ? "" : ": ",
             peer.why);
  }
  for (const std::string& line : state->diagnosis) log_info(what, "{}", line);
}

}  // namespace flotilla::server
