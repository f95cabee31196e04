#pragma once

#include <netdb.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "client/access.h"
#include "client/address.h"
#include "client/failure.h"
#include "tls.h"
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

/// One connection to a node, used by one thread at a time: over TLS and after a login where its
/// Access says so. After any failure it is good for nothing but closing.
///
/// Failures: Timeout (9) past the deadline, Tls where certificates or protocols do not fit, the
/// node's code where it refuses the login, Connection otherwise; all name the node.
class Connection {
 public:
  /// `access`: null for a plain connection of nobody.
  static Expected<Connection> open(const Address& address, Deadline deadline,
                                   const std::shared_ptr<Access>& access = nullptr);
  /// Begins to connect and does not wait: it may be sent on once it is writable; handshake and
  /// login are part of the first try_send(). Looking a name up blocks; numeric addresses do not.
  static Expected<Connection> begin(const Address& address,
                                    const std::shared_ptr<Access>& access = nullptr);
  int raw() const { return fd_; }
  Connection(Connection&& from) noexcept;
  Connection& operator=(Connection from) noexcept;
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
  bool is_stale();
  bool has_tls() const { return tls_.has_value(); }
  const std::string& peer() const { return peer_; }
  /// The node does not know the session of this connection any more: the next one logs in anew.
  void forget_session();

 private:
  /// What is still to be done before the first request.
  struct Opening {
    enum class Step : std::uint8_t { Handshake, Sending, Receiving } step = Step::Handshake;
    bool shows_session = false;  // What is sent is the token of an earlier login.
    Buffer message = {};
    Bytes left = {};  // Of the message.
  };

  Connection(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  static Expected<Connection> begin_to(const addrinfo& to, const Address& address,
                                       const std::shared_ptr<Access>& access);
  Expected<void> wait(short events, Deadline deadline) const;
  /// True: ready for requests.
  Expected<bool> try_open();
  void begin_login(bool with_session);
  Expected<void> take_login_reply(const Frame& frame);
  Expected<void> push(Bytes& bytes);
  /// What has arrived, at least one byte; nothing: wait for wants_.
  Expected<std::optional<std::size_t>> pull(MutableBytes into);
  /// Receives what is there; true: at least `size` bytes are not yet handed out.
  Expected<bool> try_fill(std::size_t size);
  tl::unexpected<Failure> told_by(Failure failure) const;

  int fd_;
  std::string peer_;
  std::shared_ptr<Access> access_;  // Shared: its sessions outlive any connection.
  std::optional<TlsStream> tls_;
  std::unique_ptr<Opening> opening_;  // Null: ready.
  short wants_ = 0;                   // What to poll() for before going on.
  Buffer in_;                         // [taken_, filled_) has been received and not yet handed out.
  std::size_t taken_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace flotilla::client
