#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "config/config.h"
#include "exec/node.h"
#include "server_view.h"
#include "store/sweep.h"
#include "store/walk_pace.h"

namespace flotilla::server {

/// The thread that walks over all records, so that what has expired, is truncated, or is to be
/// evicted goes: in small parts, with rests between them (WalkPace).
class Sweeper {
 public:
  /// All of them outlive it.
  Sweeper(exec::Node& node, const config::Config& config, ServerView& view);
  ~Sweeper();

  /// Once all namespaces have their data.
  void start();
  void stop();
  /// Begins all walks anew and has them done soon: something was truncated. Any thread.
  void hurry();

 private:
  struct Walk;

  void run();
  static void begin(std::unique_ptr<Walk>& walk, bool hurried);
  Instant step(Instant now);
  void step(std::unique_ptr<Walk>& walk);
  void end(const Walk& walk, Instant now);
  void choose_evicted(const Walk& walk);

  exec::Node& node_;
  const config::Config& config_;
  ServerView& view_;
  std::vector<std::unique_ptr<Walk>> walks_;  // Of the thread; one for each namespace.
  Instant rests_until_;                       // Likewise: no walk goes on before.
  std::thread thread_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  bool hurried_ = false;
  bool stopping_ = false;
};

}  // namespace flotilla::server
