#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cluster_thread.h"
#include "durable_namespace.h"
#include "exec/node.h"
#include "info/node_view.h"
#include "machine.h"
#include "space_limits.h"
#include "store/sweep.h"

namespace flotilla::server {

/// The node as info commands and metrics see it. Made once the namespaces are there. Any thread.
class ServerView : public info::NodeView {
 public:
  /// What it looks at; all of it outlives the view.
  struct Sources {
    config::Config& config;
    exec::Node& node;
    wire::NodeId id;
    const std::vector<std::unique_ptr<DurableNamespace>>& durable;
    std::function<info::Counts<exec::NodeCounter>()> counters;
    std::function<Histogram::Snapshot()> batches;  // How long whole ones took.
    const std::atomic<std::uint64_t>& connections;
    const std::atomic<std::uint64_t>& admin_connections;
    unsigned reactors;
    std::function<WallTime()> wall;
  };

  explicit ServerView(Sources sources);

  /// The node's part in the cluster, once it is there.
  void attach(const Copies* copies, ClusterThread* cluster, const Fabric* fabric);
  void set_node_id(wire::NodeId id) { id_.store(id.raw()); }
  void set_serving(bool serving) { serving_.store(serving); }
  /// It goes on serving, and is ready for nothing more.
  void set_stopping() { stopping_.store(true); }
  /// Once a ticker interval: what latencies: and the machine's figures are measured over.
  void roll();
  /// Counts sizes and lives of all records of a namespace: a walk over them.
  void take_census(exec::Namespace& ns);
  /// What a part of a walk for expired records did; and a whole one, which took so long.
  void count_swept(const std::string& ns, const store::Sweep& done);
  void count_walk(const std::string& ns, const store::Sweep& all, Duration took);
  /// How much is used of what a namespace may have.
  SpaceUse space_use(const config::NamespaceConfig& ns_config) const;
  /// Has all nodes evict what does not live longer.
  Result<void> evict_until(std::string_view ns, std::uint32_t void_time);

  config::Config& config() override { return from_.config; }
  wire::NodeId node_id() const override { return wire::NodeId(id_.load()); }
  bool serving() const override { return serving_.load(); }
  bool ready() const override;
  Instant now() const override { return from_.node.now(); }
  WallTime wall_time() const override { return from_.wall(); }
  info::ClusterView cluster() const override;
  std::vector<std::string> addresses_of(std::string_view word) const override;
  info::NodeStatistics node_statistics() const override;
  info::NamespaceStatistics namespace_statistics(const config::NamespaceConfig& ns) const override;
  std::vector<info::SetStatistics> set_statistics(const config::NamespaceConfig& ns) const override;
  info::ReplicaMap replicas(const config::NamespaceConfig& ns) const override;
  std::vector<info::Rack> racks(const config::NamespaceConfig& ns) const override;
  std::vector<info::PartitionLine> partitions(const config::NamespaceConfig& ns) const override;
  std::optional<info::LatencyWindow> latency(std::string_view name) const override;
  std::optional<info::Census> census(const config::NamespaceConfig& ns,
                                     std::string_view set) const override;
  exec::QueryJobs& jobs() override { return from_.node.jobs; }
  info::UserAgents& user_agents() override { return user_agents_; }
  void count_deprecated() override { deprecated_.fetch_add(1); }
  Result<void> truncate(std::string_view ns, std::string_view set, WallTime before) override;
  Result<void> undo_truncate(std::string_view ns, std::string_view set) override;
  Result<void> reset_eviction(std::string_view ns, std::optional<std::uint64_t> ttl) override;
  void apply_log_levels() override;
  void dump(std::string_view what) override;
  Result<void> tip(const info::Endpoint& seed, bool tls) override;
  bool clear_tip(const info::Endpoint& seed) override;
  void forget_alumni() override;
  Result<void> recluster() override;
  Result<void> quiesce(bool on) override;
  std::vector<std::pair<std::string, std::string>> metadata(std::string_view kind) const override;

 private:
  void fill_cluster(info::NodeStatistics& out) const;
  void fill_cluster(const config::NamespaceConfig& ns_config, info::NamespaceStatistics& out) const;
  std::uint64_t bytes_without_room(const DurableNamespace& of) const;
  void fill_storage(const config::NamespaceConfig& ns_config, const exec::Namespace& ns,
                    info::NamespaceStatistics& out) const;

  Sources from_;
  const Copies* copies_ = nullptr;  // These three are set together, before the first request.
  ClusterThread* cluster_ = nullptr;
  const Fabric* fabric_ = nullptr;
  std::atomic<std::uint64_t> id_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> quiesce_asked_{false};
  Instant started_;
  std::atomic<bool> serving_{false};
  std::atomic<std::uint64_t> deprecated_{0};
  mutable ProcessorUse processors_;
  info::LatencyWindows latencies_;
  info::UserAgents user_agents_;
  mutable std::mutex mutex_;  // Guards the maps below.
  std::map<std::pair<std::string, std::string>, info::Census>
      censuses_;  // By namespace and set; "" is all.
  struct Swept {
    std::uint64_t expired = 0;
    std::uint64_t evicted = 0;
    Duration last_took{};
    double last_removed_pct = 0;
  };
  std::map<std::string, Swept> swept_;
};

}  // namespace flotilla::server
