#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cluster/ids.h"
#include "exec/forwarding.h"
#include "net/address.h"
#include "net/reactor.h"

namespace flotilla::server {

/// Another node, and where its fabric is.
struct FabricPeer {
  cluster::Process process;
  std::vector<net::Target> at;  // Numeric; tried in turn.

  friend bool operator==(const FabricPeer&, const FabricPeer&) = default;
};

/// Connections that carry data between nodes: each reactor has one of its own to each peer, so what
/// a reactor sends comes back to it, and no lock is shared between them. docs/formats/fabric.md.
///
/// Frames may be lost: when there is no connection, or more waits for it than it may. What must
/// arrive is sent again by whoever wants it so.
class Fabric {
 public:
  static constexpr std::size_t kFrameMost = 16 << 20;  // Bytes.
  static constexpr std::size_t kUnsentMost = 32
                                             << 20;  // Beyond, a connection's frames are dropped.

  struct Options {
    cluster::Process self;
    std::string cluster_name;
    net::KeepAlive keep_alive;
  };
  /// Called on the reactor that has the connection.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Not empty; the bytes are only lent.
    virtual void frame(unsigned reactor, exec::FabricPath path, const cluster::Process& from,
                       Bytes frame) = 0;
    /// The reactor's own connection to the process broke.
    virtual void peer_lost(unsigned reactor, const cluster::Process& process) = 0;
  };
  struct Counts {
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> closed{0};
    std::atomic<std::uint64_t> bytes_sent{0};
    std::atomic<std::uint64_t> bytes_received{0};
    std::atomic<std::uint64_t> dropped{0};  // Frames that found no room or no connection.
    std::atomic<std::uint64_t> garbage{0};  // Connections closed for what they sent.
  };

  /// Before the reactors start. They outlive this; stop them first.
  Fabric(Options options, std::vector<net::Reactor*> reactors, Handler& handler);
  ~Fabric();

  /// For the listener of the fabric's port.
  net::Protocol& door();
  std::atomic<std::uint64_t>& accepted() { return accepted_; }
  std::atomic<std::uint64_t>& accepted_total() { return accepted_total_; }

  /// From now on these are the peers: each reactor connects to those that are new and hangs up on
  /// those that are gone. Any thread.
  void set_peers(std::vector<FabricPeer> peers);
  /// On a reactor: by the connection whose frame is being handled if it is the process's, else by
  /// the reactor's own. On another thread: by reactor 0's, soon. Any thread; never blocks.
  void send(const cluster::Process& to, Bytes frame);
  /// For what this reactor sends of its own accord.
  exec::FabricPort& port(unsigned reactor);
  /// Connects again where a connection broke, and hangs up on those who never say who they are.
  /// Whoever owns this calls it about ten times a second while wants_tick().
  void tick();
  bool wants_tick() const { return wants_tick_.load(std::memory_order_relaxed); }

  const Counts& counts() const { return counts_; }

 private:
  class Share;
  class FabricSession;
  class Door;

  Share* share_of(const net::Reactor* reactor) const;
  void send_queued();
  void say_garbage(const std::string& peer, std::string_view what);

  Options options_;
  Handler& handler_;
  Counts counts_;
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> accepted_total_{0};
  std::atomic<bool> wants_tick_{false};
  std::vector<std::unique_ptr<Share>> shares_;  // By reactor.
  std::unique_ptr<Door> door_;
  std::mutex mutex_;  // Guards what stands below. Nothing else is locked under it.
  std::vector<std::pair<cluster::Process, Buffer>> queued_;  // From other threads.
  std::size_t queued_bytes_ = 0;
  std::vector<std::string> told_of_;
};

}  // namespace flotilla::server
