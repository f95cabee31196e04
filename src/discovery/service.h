#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "discovery/backend.h"
#include "discovery/provider.h"
#include "metrics.h"
#include "report.h"

namespace flotilla::discovery {

Instant steady_now();

/// Carries out what the reconcilers decide: one for each plug-in, all fed by the same sources. Each
/// source is watched by a thread of its own; everything else happens on the thread in run().
class Service {
 public:
  /// Problem: options that do not fit together.
  static Expected<std::unique_ptr<Service>> make(const Options& options);
  ~Service();

  /// Watches the sources and reconciles until `stop` is raised and wake() called.
  void run(const Stop& stop);
  /// Reconciles, without watching, until every plug-in has settled. False: not within `span`.
  bool settle(std::chrono::milliseconds span);
  /// One round of each plug-in.
  void look_once();

  // By any thread.
  void wake();
  Report report() const;
  Metrics& metrics() { return metrics_; }
  /// The loop has ended a round within three periods.
  bool is_alive() const;
  /// Every plug-in has seen all of its sources at least once.
  bool is_ready() const;
  /// "docker unix:///var/run/docker.sock", ...
  std::vector<std::string> source_names() const;

 private:
  struct Lane {
    std::string plugin;
    std::unique_ptr<Backend> backend;
    std::unique_ptr<Reconciler> reconciler;
  };

  explicit Service(const Options& options);
  void feed(Lane& lane, Reconciler::Event event);
  void carry_out(Lane& lane, const Reconciler::Action& action,
                 std::vector<Reconciler::Event>& answers);
  Listing list();
  void watch(std::size_t source, const Stop& stop);
  void hint();
  void publish();
  void sleep_until_next();

  const Options options_;
  const Instant started_ = steady_now();
  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Metrics metrics_;
  std::vector<std::thread> watchers_;

  mutable std::mutex lock_;  // Guards what follows.
  std::condition_variable woken_;
  bool hinted_ = false;
  bool is_woken_ = false;
  Report report_;
  std::vector<std::string> watch_problems_;  // Of each source; empty: it tells of changes.
};

}  // namespace flotilla::discovery
