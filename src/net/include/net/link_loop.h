#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/out_buffer.h"
#include "base/strong.h"
#include "base/time.h"
#include "net/address.h"
#include "net/reactor.h"

namespace flotilla::net {

/// A connection that carries frames between two nodes. Never used twice.
using LinkNumber = Strong<struct LinkNumberTag, std::uint64_t>;

/// One thread with an epoll loop for the few connections by which nodes watch each other. They
/// carry frames, | size u32, big-endian | bytes |, and are kept apart from clients' connections, so
/// that no load there delays them.
///
/// Whoever connects may be hostile or lost: a frame past the bound, a connection that brings no
/// whole frame within 5 s, and connections past the bound are closed, for a line in the log once
/// for each remote host.
class LinkLoop {
 public:
  static constexpr std::size_t kFrameMost = 1 << 20;        // Bytes.
  static constexpr std::size_t kFirstFrameMost = 64 << 10;  // Of one that has said nothing yet.
  static constexpr std::size_t kUnsentMost = 8 << 20;  // A link that is so far behind is closed.
  static constexpr std::size_t kAcceptedMost = 1024;   // Links that others opened.

  enum class Refusal : std::uint8_t {
    Refused,      // The host is there and nobody listens.
    TimedOut,     // Nothing came within the limit.
    Unreachable,  // No way there, or no numeric address.
  };

  /// Is called on the loop's thread only, and may call everything of the loop there.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// `dialled`: what dial() was given; nothing when the other side connected.
    virtual void link_up(LinkNumber link, const std::optional<Target>& dialled,
                         const std::string& remote_host) = 0;
    /// The link is gone. `reset`: torn down, not ended. Not called after hang_up().
    virtual void link_down(LinkNumber link, bool reset) = 0;
    virtual void dial_failed(const Target& to, Refusal refusal) = 0;
    /// One whole frame; the bytes are only lent.
    virtual void frame(LinkNumber link, Bytes bytes) = 0;
    /// After each round of events. Returns when it wants to be called at the latest.
    virtual Instant round(Instant now) = 0;
  };
  struct Counts {
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> closed{0};
    std::atomic<std::uint64_t> received{0};          // Frames.
    std::atomic<std::uint64_t> garbage{0};           // Connections closed for what they sent.
    std::atomic<std::uint64_t> longest_round_ms{0};  // Nobody was heard, and nothing sent, so long.
  };

  explicit LinkLoop(Handler& handler);
  ~LinkLoop();
  LinkLoop(const LinkLoop&) = delete;
  LinkLoop& operator=(const LinkLoop&) = delete;

  void start(std::vector<Listener> listeners);
  /// Closes everything and ends the thread. The handler is not told.
  void stop();
  /// Runs the task on the loop's thread. Any thread.
  void post(std::function<void()> task);

  // On the loop's thread.

  /// Answered by link_up() or dial_failed(), never before this returns; they get `to`. `at`: a
  /// numeric address, if `to` is a name.
  void dial(const Target& to, const Target& at, Duration limit);
  /// Bytes are copied. Nothing happens when the link is gone.
  void send(LinkNumber link, Bytes bytes);
  /// Sends what waits, as far as the socket takes it, and closes.
  void hang_up(LinkNumber link);

  const Counts& counts() const { return counts_; }

 private:
  struct Link;

  void loop();
  int wait_ms(Instant until) const;
  void note_round(Duration took);
  void run_tasks();
  void accept_all(const Listener& listener);
  Link& add(Fd fd, std::uint32_t events);
  void handle(Link& link, std::uint32_t events);
  void connected(Link& link);
  void receive(Link& link);
  bool take_frames(Link& link);
  void flush(Link& link);
  void flush_unsent();
  void watch(Link& link);
  void end(Link& link, bool reset);
  void drop_garbage(Link& link, const char* what);
  void remove(Link& link);
  Instant check_limits(Instant now);

  Handler& handler_;
  Counts counts_;
  Fd epoll_;
  Fd event_;
  std::vector<Listener> listeners_;
  std::map<std::uint64_t, std::unique_ptr<Link>> links_;
  std::vector<LinkNumber> unsent_;  // Links to be flushed after the event that is handled.
  std::vector<std::unique_ptr<Link>> removed_;  // Until the end of the round.
  std::vector<std::pair<Target, Refusal>> failed_at_once_;
  std::vector<std::string> told_of_;  // Hosts whose garbage the log has said.
  std::uint64_t next_ = 1;
  std::size_t accepted_ = 0;
  Buffer scratch_;
  Instant now_;
  Duration said_round_{0};  // How long the round took of which the log speaks.
  std::mutex mutex_;        // Guards tasks_. Nothing else is locked under it.
  std::vector<std::function<void()>> tasks_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace flotilla::net
