#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "durable_namespace.h"
#include "exec/node.h"
#include "net/reactor.h"
#include "session.h"

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

  Result<void> make_namespaces(unsigned reactors);
  void notify_reactors();
  void make_reactors(unsigned count);
  Result<void> open_ports();
  void maintain();
  void maintain_once(std::uint64_t second);

  config::Config& config_;
  exec::Node node_;
  std::vector<std::unique_ptr<DurableNamespace>> durable_;  // Above the reactors: flushed after they have ended.
  std::atomic<bool> storage_failed_{false};
  std::unique_ptr<InfoService> info_;
  net::Reactor::Limits limits_;
  std::vector<std::unique_ptr<ReactorParts>> reactors_;
  std::unique_ptr<Dealer> service_door_;
  std::unique_ptr<Dealer> admin_door_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> connections_opened_{0};
  std::atomic<std::uint64_t> admin_connections_{0};
  std::atomic<std::uint64_t> admin_connections_opened_{0};
  std::thread maintenance_;
  std::mutex mutex_;  // For waking the maintenance thread at the end.
  std::condition_variable ending_;
  bool stopping_ = false;
  std::uint64_t config_seen_ = 0;
};

/// The wall clock, in the protocol's epoch.
WallTime wall_now();

}  // namespace flotilla::server
