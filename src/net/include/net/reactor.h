#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "net/fd.h"
#include "net/session.h"

namespace flotilla::net {

class Reactor;

/// One client connection. Belongs to its reactor; only that thread touches it.
class Connection {
 public:
  Connection(Reactor& reactor, Fd fd, std::string peer, std::string local);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  OutBuffer& out() { return out_; }
  Reactor& reactor() { return reactor_; }
  const std::string& peer() const { return peer_; }    // "10.0.0.7:41234"
  const std::string& local() const { return local_; }  // The address that the client connected to.
  /// When what the session is offered reached this machine. Usually that is now; a thread that
  /// stood still (a stopped process, a machine without time) finds what was sent, and given up,
  /// long ago.
  Instant arrived() const { return arrived_; }

 private:
  friend class Reactor;

  Reactor& reactor_;
  Fd fd_;
  std::string peer_;
  std::string local_;
  std::unique_ptr<Session> session_;
  Buffer in_;  // Bytes of a message that has not arrived whole, or must wait.
  std::size_t in_size_ = 0;
  OutBuffer out_;
  std::size_t index_ = 0;  // In the reactor's list.
  Instant last_heard_;
  Instant arrived_;
  bool is_fresh_ = true;   // Nothing was received yet.
  Instant stalled_since_;  // Zero: nothing waits.
  Instant turn_at_;
  bool readable_ = true;
  bool in_turn_list_ = false;
  bool is_written_ = false;  // Is in the reactor's list of those to send from.
  bool doomed_ = false;
  bool closing_ = false;
  std::atomic<std::uint64_t>* open_count_ = nullptr;
};

/// One thread with an edge-triggered epoll loop: one receive per wake-up of a connection, one send
/// for all replies that are ready. Connections that are ready together are received from, handled,
/// and sent to together (docs/adr/0026-groups.md). Long work of sessions runs in slices between.
class Reactor {
 public:
  struct Limits {
    std::atomic<std::uint32_t> idle_ms{0};  // Connections silent for longer are closed; 0: never.
  };
  struct Counts {
    std::atomic<std::uint64_t> reaped{0};
    std::atomic<std::uint64_t> stalled{0};
    std::atomic<std::uint64_t> closed{0};
  };

  explicit Reactor(Limits& limits);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Starts the thread; `cpu` pins it, -1 does not.
  void start(int cpu);
  /// Closes every connection and ends the thread.
  void stop();

  /// Takes over an accepted socket. Any thread. `open_count` is decremented when it closes.
  void adopt(Fd fd, Protocol& protocol, std::atomic<std::uint64_t>* open_count);
  /// Opens a connection on a socket whose connecting has begun (net::begin_connect); what the
  /// session writes leaves when it stands, and when it fails the session is destroyed. On this
  /// reactor's thread.
  Connection& attach(Fd fd, Protocol& protocol);
  /// Bytes were appended to the connection's out() outside of its session's calls: they are sent at
  /// the end of the loop's round, all of them together. On this reactor's thread.
  void send_soon(Connection& connection);
  /// Hangs up at the end of the round. On this reactor's thread.
  void close_soon(Connection& connection);
  /// Something that sessions wait for may have come: every session that said Later or holds bytes
  /// back gets a turn. Any thread; cheap when called again before the reactor woke.
  void notify();
  /// Called on the reactor's thread for each notify(), before the sessions get their turns. Set
  /// before start().
  void set_on_notify(std::function<void()> run) { on_notify_ = std::move(run); }
  /// The reactor whose thread this is; null: none's.
  static Reactor* current();
  /// Runs on the reactor's thread between connections: work that belongs to no connection. True:
  /// call again soon. Set before start().
  void set_background(std::function<bool()> run) { background_ = std::move(run); }
  /// Called with what several connections have just sent, before any of it is handled: a chance to
  /// fetch into the cache what the requests will need. Set before start().
  void set_look_ahead(std::function<void(std::span<const Bytes>)> hint) {
    look_ahead_ = std::move(hint);
  }
  /// Any thread: the background has work.
  void wake_background();
  /// Calls back on the reactor's thread for each connection, once.
  void run_on_thread(std::function<void()> task);
  void for_each_session(const std::function<void(Session&)>& visit);

  /// The time when somebody last looked on this reactor's thread: at its work's beginning, or at
  /// the end of what was done before. On that thread.
  Instant time() const { return now_; }
  /// A session has looked at the clock: whoever comes next need not. On this reactor's thread.
  void saw(Instant now) { now_ = std::max(now_, now); }

  const Counts& counts() const { return counts_; }
  static Instant now();

 private:
  struct Arrival {
    Fd fd;
    Protocol* protocol;
    std::atomic<std::uint64_t>* open_count;
  };

  void loop();
  void wake();
  void take_arrivals();
  Connection& open(Arrival arrival);
  void finish_round();
  /// A connection with an event, and what was received from it ahead of handling it.
  struct Ready {
    Connection* connection;
    std::uint32_t events;
    Bytes received;
    bool alive = true;
    bool borrows = false;  // Its replies stand in a buffer of the reactor's.
  };
  int wait(std::span<epoll_event> events, int limit_ms) const;
  void handle_group(std::span<Ready> group);
  void receive_ahead(std::span<Ready> group);
  void receive_ahead(Ready& ready, MutableBytes room);
  bool handle(const Ready& ready);
  void lend(Ready& ready, OutBuffer& spare);
  void answer(std::span<Ready> group, std::span<OutBuffer> spares);
  bool receive(Connection& connection, Bytes received);
  bool take_in(Connection& connection, Bytes received);
  bool receive_more(Connection& connection);
  void note_arrival(Connection& connection) const;
  bool offer(Connection& connection, Bytes bytes, std::size_t& taken);
  bool offer_kept(Connection& connection);
  static bool has_room(const Connection& connection);
  bool send(Connection& connection);
  void schedule_turn(Connection& connection);
  void run_turns();
  void take_turn(Connection& connection);
  void settle(Connection& connection, bool alive);
  void sweep();
  void close(Connection& connection);
  int wait_ms() const;

  Limits& limits_;
  Counts counts_;
  Fd epoll_;
  Fd event_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> woken_{false};
  std::atomic<bool> notified_{false};
  std::atomic<bool> background_due_{false};
  std::function<bool()> background_;
  std::function<void()> on_notify_;
  std::function<void(std::span<const Bytes>)> look_ahead_;
  std::mutex mutex_;  // Guards arrivals_ and tasks_. Nothing else is locked under it.
  std::vector<Arrival> arrivals_;
  std::vector<std::function<void()>> tasks_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // Until the end of the loop's round.
  std::vector<Connection*> turns_;
  std::vector<Connection*> written_;   // By send_soon().
  Buffer scratch_;                     // Shared out among connections that are handled together.
  Buffer input_;                       // For one connection.
  std::vector<OutBuffer> spare_outs_;  // Likewise.
  Instant now_;
  Instant received_at_;  // What is received now reached this machine then, at the latest.
  Instant next_sweep_;
  bool stood_still_ = false;  // This round began later than it should have.
  bool is_busy_ = false;      // The last round had something for several connections.
};

/// A listening socket and the thread-less half of accepting: call accept_all() when it is readable.
struct Listener {
  Fd fd;
  std::string address;
  std::uint16_t port = 0;  // As bound, when 0 was asked for.
};

/// Listens on "any", an IP address, or a host name. Unavailable: with errno's text in the log.
Result<Listener> listen_on(const std::string& address, std::uint16_t port);

/// Accepts connections of all listeners on one thread and deals them to the reactors in turn.
class Acceptor {
 public:
  struct Door {
    Listener listener;
    Protocol* protocol;                      // For every reactor the same.
    std::atomic<std::uint64_t>* open_count;  // Connections open now.
    std::atomic<std::uint64_t>* opened_total;
    std::function<std::uint64_t()> most;  // Over it, a connection is closed at once.
  };

  explicit Acceptor(std::vector<Reactor*> reactors);
  ~Acceptor();

  void start(std::vector<Door> doors);
  /// Closes the listeners and ends the thread.
  void stop();

 private:
  void loop();
  void accept_all(Door& door);

  std::vector<Reactor*> reactors_;
  std::vector<Door> doors_;
  std::size_t next_ = 0;
  Fd event_;
  std::thread thread_;
};

}  // namespace flotilla::net
