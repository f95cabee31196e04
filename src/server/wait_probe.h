#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"

namespace flotilla::net {
class Reactor;
}

namespace flotilla::server {

/// How long a request waits before a reactor looks at it: work that is sent to each reactor's
/// thread and timed. It counts the thread's own work as well as its wait for a processor. One
/// thread.
class WaitProbe {
 public:
  /// They outlive this.
  explicit WaitProbe(const std::vector<net::Reactor*>& reactors);

  /// To each reactor that has taken up the last one.
  void send(Instant now);
  /// The mean since the last call; what is still under way has waited until now.
  std::optional<Duration> take(Instant now);

 private:
  struct Target {
    explicit Target(net::Reactor& reactor_) : reactor(reactor_) {}

    net::Reactor& reactor;
    std::atomic<bool> under_way{false};
    Instant sent;
    std::atomic<Duration::rep> waited{0};  // Nanoseconds, of all taken up since take().
    std::atomic<int> count{0};
  };

  std::vector<std::shared_ptr<Target>> targets_;  // Shared with what is under way.
};

}  // namespace flotilla::server
