#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/out_buffer.h"
#include "base/time.h"

namespace flotilla::net {

class Connection;

/// What a protocol makes of one connection's bytes. Lives and is called on the connection's reactor
/// only.
class Session {
 public:
  struct Input {
    std::size_t consumed = 0;  // Whole messages taken from the front.
    std::size_t wanted =
        0;  // Bytes that the next message needs in all, if known: room is made as they arrive.
    bool close = false;  // Send what is ready and hang up.
  };

  virtual ~Session() = default;
  /// Takes the complete messages at the front of `in` and appends replies to connection.out(). May
  /// stop early (a long request is under way, or much waits to be sent): the rest is offered again
  /// after the next turn or send.
  virtual Input on_bytes(Bytes in) = 0;

  enum class Turn {
    Idle,   // Nothing to do until bytes arrive.
    Again,  // Has work: call soon.
    Later,  // Has work at wake_at().
    Close,
  };
  /// A slice of long work, between other connections' requests; called after Again, at wake_at(),
  /// and after notify().
  virtual Turn on_turn() { return Turn::Idle; }
  virtual Instant wake_at() const { return {}; }
  /// How many of the waiting bytes may be sent now.
  virtual std::size_t sendable(std::size_t waiting) { return waiting; }
  /// So many of the waiting bytes have left.
  virtual void on_sent(std::size_t) {}
  /// How long the peer may leave replies unread before it is cut off; zero: for ever.
  virtual Duration stall_limit() const { return std::chrono::seconds(10); }
  /// True while a request is under way: such a connection is not idle.
  virtual bool busy() const { return false; }
  /// A connection between nodes: it may be idle, and is read from however much waits to be sent, or
  /// two nodes that send each other much would wait for each other.
  virtual bool is_between_nodes() const { return false; }
};

/// Makes the sessions of one listener's connections. Called on the reactor that got the connection.
class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::unique_ptr<Session> open(Connection& connection) = 0;
};

}  // namespace flotilla::net
