#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cluster/membership.h"
#include "cluster/replica.h"
#include "config/config.h"
#include "exec/node.h"
#include "info/node_view.h"
#include "store/file.h"
#include "store/metadata.h"
#include "store/record_log.h"
#include "wait_probe.h"

namespace flotilla::server {

/// This node's copies of all partitions: gives them the world that they need, hands rows and frames
/// to them, ticks those that want it on a thread of its own, keeps on another what they must know
/// again after a restart, and knows which partitions the node owns. Any thread, unless said
/// otherwise.
class Copies final : public cluster::Effects, public cluster::LocalCopies {
 public:
  using Rows = std::vector<std::tuple<std::uint32_t, wire::PartitionId, cluster::Row>>;

  struct Outlets {
    std::function<void(const cluster::Process&, Bytes)> send;
    std::function<void(const cluster::RowAsk&)> ask;
    /// Replies may be ready: those that wait on this thread's reactor; on any.
    std::function<void()> acknowledged;
    std::function<void()> nudge;
    std::function<WallTime()> wall;
    /// These terms are about to be used: they may be written down together.
    std::function<void(const std::vector<cluster::Term>&)> prepare;
    std::function<void()> sync_terms;
    /// What was appended to the logs is wanted on disk.
    std::function<void()> flush;
    /// Of clients, since start.
    std::function<std::uint64_t()> requests;
    /// How long requests wait for them.
    std::vector<net::Reactor*> reactors;
  };
  /// Where states are kept.
  struct Place {
    store::Folder* folder = nullptr;  // Null: nowhere.
    std::string file;
  };

  /// One for each partition of each namespace, which must be there and outlive this.
  Copies(const cluster::Process& self, cluster::TermTable& terms, exec::Node& node,
         const config::Config& config, Outlets outlets);
  ~Copies() override;

  /// After recovery of the records, before the first row. Of namespaces that are not `whole` no
  /// state is believed. Unknown: the file is damaged.
  Result<void> load(Place place, const std::set<std::string>& whole);
  void start();
  /// Ends the thread and keeps the last states. Nothing changes any more.
  void stop();
  void retune(const config::Config& config);

  void install(const Rows& rows);
  void move(std::uint32_t ns, wire::PartitionId partition, const cluster::Row& row);
  /// This process is in no view any more.
  void orphan();
  void set_away(const std::vector<cluster::Away>& away);
  /// The process ends soon: no record is dropped any more because it is not needed here.
  void set_leaving() { copy_node_.leaving.store(true, std::memory_order_relaxed); }
  /// A frame of a partition; any bytes.
  void receive(const cluster::Process& from, Bytes frame);

  // What others may know of it.

  /// -1: no rows yet. Rises after the maps show a change.
  std::int64_t generation() const { return generation_.load(); }
  info::ReplicaMap replicas(std::string_view ns) const;
  /// `id_of`: what clients call a process; zero for an unknown one.
  std::vector<info::PartitionLine> partitions(
      std::string_view ns, const std::function<wire::NodeId(const cluster::Uuid&)>& id_of) const;
  struct Tally {
    std::uint64_t primaries = 0;  // Partitions, here and below.
    std::uint64_t replicas = 0;
    std::uint64_t waiting = 0;
    std::uint64_t tx_remaining = 0;
    std::uint64_t tx_lead_remaining = 0;
    std::uint64_t rx_remaining = 0;
    std::uint64_t replication_factor = 0;  // In effect.
    std::uint64_t master_objects = 0;
    std::uint64_t prole_objects = 0;
  };
  Tally tally(std::string_view ns) const;
  /// Adds the records by role: a look at every partition.
  void count_objects(std::string_view ns, Tally& tally) const;
  const cluster::CopyStatistics* statistics(std::string_view ns) const;
  /// Partitions of which this node is the primary, over all namespaces; those of which its copy is
  /// not in sync.
  std::uint64_t primaries() const;
  std::uint64_t receiving() const;

  // cluster::Effects
  Instant now() const override;
  WallTime wall() const override { return outlets_.wall(); }
  void send(const cluster::Process& to, Bytes frame) override { outlets_.send(to, frame); }
  void ask(const cluster::RowAsk& ask) override { outlets_.ask(ask); }
  void acknowledged() override { outlets_.acknowledged(); }
  void acknowledged_for_all() override { outlets_.nudge(); }
  void want_tick(std::uint32_t ns, wire::PartitionId partition) override;
  void want_slot(std::uint32_t ns, wire::PartitionId partition, Slot slot) override;
  void slot_freed() override;
  void bits_changed(std::uint32_t ns, wire::PartitionId partition) override;
  cluster::Epoch promised() const override;

  // cluster::LocalCopies
  cluster::CopyReport report(std::uint32_t ns, wire::PartitionId partition) const override;
  void promise(const cluster::Epoch& epoch) const override;
  std::uint64_t last_update_ms() const override;

 private:
  struct NamespaceCopies;
  /// What a partition is to this node.
  enum class Role : std::uint8_t { None, Primary, Replica };

  NamespaceCopies* find(std::uint32_t tag) const;
  NamespaceCopies* find(std::string_view name) const;
  void show(NamespaceCopies& ns, wire::PartitionId partition);
  void begin_changes();
  void end_changes();
  void show_again();
  void run();
  void keep();
  void take_damaged();
  bool tick_all();
  void tick_queued();
  bool tick_paced();
  bool tick_next_queued(Slot slot);
  void keep_states();
  bool take_states();
  void write_states();
  Instant follow_clients(Instant now);

  cluster::Process self_;
  exec::Node& node_;
  Outlets outlets_;
  WaitProbe probe_{outlets_.reactors};
  Instant probe_at_;
  Instant adjust_at_;
  std::uint64_t requests_ = 0;
  cluster::CopyNode copy_node_;
  std::vector<std::unique_ptr<NamespaceCopies>> namespaces_;
  Place place_;
  /// Of keeper_: to be written once the logs are durable up to where they were when these were
  /// taken: a state that spoke of records that a crash took would have others drop theirs.
  store::Metadata states_;
  store::LogMark states_need_;
  Instant states_taken_;
  std::atomic<bool> orphaned_{false};
  std::atomic<int> changing_{0};
  std::atomic<bool> changed_{false};
  std::atomic<std::int64_t> generation_{-1};
  std::atomic<std::int64_t> shown_at_ns_{0};  // When it last rose for a change.
  std::atomic<bool> show_again_{false};       // And will rise once more.
  mutable std::mutex promise_mutex_;
  mutable cluster::Epoch promised_;

  std::mutex mutex_;  // For waking and ending the threads.
  std::condition_variable wake_;
  std::atomic<bool> tick_wanted_{false};
  std::atomic<bool> slot_wanted_{false};
  std::atomic<bool> slot_free_{false};  // And somebody wants one.
  std::atomic<bool> pace_wanted_{false};
  std::atomic<bool> damaged_{false};  // Records that cannot be read are new.
  bool stopping_ = false;
  std::thread thread_;
  std::condition_variable keeper_wake_;
  std::thread keeper_;
};

}  // namespace flotilla::server
