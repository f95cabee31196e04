#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/address.h"

namespace flotilla::net {

/// Looks names up on a thread of its own, one after the other, so that nobody waits for a name
/// server. The system's resolver decides: hosts file, DNS, in its order.
class Resolver {
 public:
  /// What look_up() finds. On the resolver's thread.
  using Answer = std::function<void(const std::string& name, std::vector<Target> found)>;

  explicit Resolver(Answer answer);
  /// Waits for the look-up under way; the rest is not done.
  ~Resolver();

  /// Any thread. A name that waits already is looked up once. Beyond a bound, names are dropped:
  /// whoever wants one asks again.
  void resolve(const std::string& name);

 private:
  static constexpr std::size_t kWaitingMost = 1024;

  void loop();

  Answer answer_;
  std::mutex mutex_;  // Guards waiting_ and stopping_. Nothing else is locked under it.
  std::condition_variable wake_;
  std::deque<std::string> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Numeric addresses, each once; empty: the name is unknown now. The port is zero, unless the name
/// is one of a service (net/srv.h), which tells it. Blocks.
std::vector<Target> look_up(const std::string& name);

}  // namespace flotilla::net
