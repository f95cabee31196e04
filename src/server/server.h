#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cluster_thread.h"
#include "config/config.h"
#include "copies.h"
#include "durable_namespace.h"
#include "exec/node.h"
#include "fabric.h"
#include "http_port.h"
#include "info_port.h"
#include "net/reactor.h"
#include "server_view.h"
#include "store/data_folder.h"
#include "sweeper.h"
#include "term_file.h"

namespace flotilla::server {

/// One node: configuration, namespaces, reactors, listeners, its part in the cluster, and the
/// thread that looks after them.
class Server : public Fabric::Handler {
 public:
  explicit Server(config::Config& config);
  ~Server() override;

  /// Loads the data, then opens the ports. The log says what went wrong.
  Result<void> start();
  /// Hands what it serves to the other nodes and waits for its clients to follow, as long as the
  /// configuration allows; then stop().
  void leave();
  /// Ends the waits of leave(). Any thread.
  void hurry() { hurried_.store(true); }
  /// Closes the ports, ends what runs, flushes.
  void stop();

 private:
  struct ReactorParts;
  class Dealer;

  Result<void> take_identity();
  Result<void> load_truncations();
  Result<void> make_namespaces(unsigned reactors);
  void make_view(unsigned reactors);
  Result<void> open_http();
  Result<void> open_ports();
  Result<void> open_door(const std::string& address, std::uint16_t port, bool admin,
                         std::vector<net::Acceptor::Door>& doors);
  Result<void> make_cluster(unsigned reactors);
  Result<void> open_cluster_ports(std::vector<net::Acceptor::Door>& doors);
  cluster::NodeInfo describe_self() const;
  void take_metadata(const std::string& module, const std::string& key, const Buffer* value);
  void say_ready();
  bool wait_until(const std::function<bool()>& done, Duration limit) const;
  std::uint64_t requests() const;
  WallTime cluster_wall() const;
  /// Numbers that records may name. Any thread.
  void sync_terms();
  // Fabric::Handler
  void frame(unsigned reactor, exec::FabricPath path, const cluster::Process& from,
             Bytes frame) override;
  void peer_lost(unsigned reactor, const cluster::Process& process) override;

  void notify_reactors();
  void wake_background();
  info::Counts<exec::NodeCounter> counters() const;
  Histogram::Snapshot batches() const;

  void maintain();
  void apply_changes();
  void close_ranks();
  void watch_space();

  config::Config& config_;
  exec::Node node_;
  wire::NodeId id_;
  store::Uuid instance_{};
  std::string slot_folder_;  // Where this node's files are; empty: it keeps none.
  std::unique_ptr<PosixFolder> folder_;
  std::optional<store::DataFolder> slot_;
  std::vector<std::unique_ptr<DurableNamespace>>
      durable_;  // Below node_: flushed before records go.
  std::atomic<bool> storage_failed_{false};
  std::unique_ptr<ServerView> view_;
  std::unique_ptr<InfoPort> info_;
  std::mutex progress_mutex_;
  std::string progress_;               // Of the start, for /readyz.
  std::atomic<bool> viewable_{false};  // view_ may be asked.
  HttpPort http_;
  net::Reactor::Limits limits_;
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> connections_opened_{0};
  std::atomic<std::uint64_t> admin_connections_{0};
  std::atomic<std::uint64_t> admin_connections_opened_{0};
  std::vector<std::unique_ptr<ReactorParts>> reactors_;
  cluster::Process process_;
  std::unique_ptr<cluster::TermTable> terms_;
  std::atomic<TermFile*> term_file_{nullptr};  // Of terms_, if there is one.
  std::unique_ptr<Copies> copies_;
  std::unique_ptr<Fabric> fabric_;
  std::unique_ptr<ClusterThread> cluster_;
  std::atomic<bool> said_ready_{false};
  std::atomic<bool> hurried_{false};
  std::unique_ptr<Dealer> service_door_;
  std::unique_ptr<Dealer> admin_door_;
  std::unique_ptr<net::Acceptor> acceptor_;

  std::unique_ptr<Sweeper> sweeper_;
  std::thread maintenance_;
  std::mutex mutex_;  // For waking the maintenance thread at the end.
  std::condition_variable ending_;
  bool stopping_ = false;
  std::uint64_t config_seen_ = 0;
};

/// The wall clock, in the protocol's epoch.
WallTime wall_now();

}  // namespace flotilla::server
