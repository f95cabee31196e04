#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "client/address.h"
#include "client/failure.h"
#include "wire/frame.h"

namespace flotilla::client {

using Clock = std::chrono::steady_clock;
/// The moment after which nobody waits any more; nothing: for ever.
using Deadline = std::optional<Clock::time_point>;

inline Deadline deadline_after(std::chrono::milliseconds wait) {
  if (wait.count() <= 0) return std::nullopt;
  return Clock::now() + wait;
}
inline Deadline earlier(Deadline a, Deadline b) {
  if (!a) return b;
  return b ? std::min(*a, *b) : a;
}

/// One whole message from a node. The body is valid until the connection's next receive.
struct Frame {
  wire::FrameKind kind;
  Bytes body;
};

/// One TCP connection to a node, used by one thread at a time. After any failure it is good for
/// nothing but closing.
///
/// Failures: Timeout (9) past the deadline, Connection otherwise; both name the node.
class Connection {
 public:
  static Expected<Connection> open(const Address& address, Deadline deadline);
  /// Begins to connect and does not wait: it may be sent on once it is writable. Looking a name up
  /// blocks; numeric addresses do not.
  static Expected<Connection> begin(const Address& address);
  int raw() const { return fd_; }
  Connection(Connection&& from) noexcept
      : fd_(std::exchange(from.fd_, -1)),
        peer_(std::move(from.peer_)),
        in_(std::move(from.in_)),
        taken_(from.taken_),
        filled_(from.filled_) {}
  Connection& operator=(Connection from) noexcept {
    std::swap(fd_, from.fd_);
    std::swap(peer_, from.peer_);
    std::swap(in_, from.in_);
    std::swap(taken_, from.taken_);
    std::swap(filled_, from.filled_);
    return *this;
  }
  ~Connection();

  /// Sends all of it.
  Expected<void> send(Bytes bytes, Deadline deadline);
  Expected<Frame> receive(Deadline deadline);
  /// The same without waiting: what could be sent is taken from the front of `bytes`; nothing
  /// while the frame is not whole. Wait for the descriptor and call again.
  Expected<void> try_send(Bytes& bytes);
  Expected<std::optional<Frame>> try_receive();
  /// Whether the node has closed it or sent what nobody asked for: such a one is not to be used
  /// again.
  bool is_stale() const;
  const std::string& peer() const { return peer_; }

 private:
  Connection(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  Expected<void> wait(short events, Deadline deadline) const;
  /// Receives what is there; true: at least `size` bytes are not yet handed out.
  Expected<bool> try_fill(std::size_t size);

  int fd_;
  std::string peer_;
  Buffer in_;  // [taken_, filled_) has been received and not yet handed out.
  std::size_t taken_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace flotilla::client
