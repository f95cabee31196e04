#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "durable_namespace.h"
#include "exec/node.h"
#include "http_port.h"
#include "info_port.h"
#include "net/reactor.h"
#include "server_view.h"
#include "store/data_folder.h"

namespace flotilla::server {

/// One node: configuration, namespaces, reactors, listeners, and the thread that looks after them.
class Server {
 public:
  explicit Server(config::Config& config);
  ~Server();

  /// Loads the data, then opens the ports. The log says what went wrong.
  Result<void> start();
  /// Closes the ports, ends what runs, flushes.
  void stop();

 private:
  struct ReactorParts;
  class Dealer;

  Result<void> take_identity();
  Result<void> load_truncations();
  Result<void> save_truncations();
  Result<void> make_namespaces(unsigned reactors);
  void make_view(unsigned reactors);
  Result<void> open_ports();
  Result<void> open_door(const std::string& address, std::uint16_t port, bool admin,
                         std::vector<net::Acceptor::Door>& doors);
  void notify_reactors();
  void wake_background();
  info::Counts<exec::NodeCounter> counters() const;
  Histogram::Snapshot batches() const;

  void maintain();
  void apply_changes();
  void sweep(std::uint64_t second);
  void watch_space();

  config::Config& config_;
  exec::Node node_;
  wire::NodeId id_;
  store::Uuid instance_{};
  std::string slot_folder_;  // Where this node's files are; empty: it keeps none.
  std::unique_ptr<PosixFolder> folder_;
  std::optional<store::DataFolder> slot_;
  std::mutex metadata_mutex_;  // One writer of the metadata file at a time.
  std::vector<std::unique_ptr<DurableNamespace>>
      durable_;  // Below node_: flushed before records go.
  std::atomic<bool> storage_failed_{false};
  std::unique_ptr<ServerView> view_;
  std::unique_ptr<InfoPort> info_;
  HttpPort http_;
  net::Reactor::Limits limits_;
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> connections_opened_{0};
  std::atomic<std::uint64_t> admin_connections_{0};
  std::atomic<std::uint64_t> admin_connections_opened_{0};
  std::vector<std::unique_ptr<ReactorParts>> reactors_;
  std::unique_ptr<Dealer> service_door_;
  std::unique_ptr<Dealer> admin_door_;
  std::unique_ptr<net::Acceptor> acceptor_;

  std::atomic<bool> sweep_all_{false};  // At the next second.
  std::thread maintenance_;
  std::mutex mutex_;  // For waking the maintenance thread at the end.
  std::condition_variable ending_;
  bool stopping_ = false;
  std::uint64_t config_seen_ = 0;
};

/// The wall clock, in the protocol's epoch.
WallTime wall_now();

}  // namespace flotilla::server
