#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "tools/dev/plan.h"

namespace flotilla::tools::dev {

/// The cluster whose files stand in a folder. Every call looks at the processes anew: nothing is
/// remembered between calls but the files.
class Cluster {
 public:
  using Seconds = std::chrono::duration<double>;

  /// `root`: the folder, absolute; made by save().
  Cluster(std::filesystem::path root, Plan plan) : root_(std::move(root)), plan_(std::move(plan)) {}
  static Outcome<Cluster> load(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }
  const Plan& plan() const { return plan_; }
  NodeFiles files(Number node) const { return files_of(root_, node); }
  std::vector<Number> all() const;
  bool runs(Number node) const;

  Outcome<void> save() const;

  /// Starts those that do not run, all at once, and returns when each answers "ok" to "status".
  /// `empty`: without the data and the identity they had. The error of a node that ended tells its
  /// last words.
  Outcome<void> start(const std::vector<Number>& nodes, bool empty) const;
  /// Waits until all running nodes of the plan are in one view.
  Outcome<void> wait_until_formed(Seconds limit) const;

  /// SIGTERM to all of them at once; waits for their end. What has not ended at the limit is an
  /// error, and goes on.
  Outcome<void> stop(const std::vector<Number>& nodes, Seconds limit) const;
  Outcome<void> kill(const std::vector<Number>& nodes) const;
  Outcome<void> pause(const std::vector<Number>& nodes) const;
  Outcome<void> resume(const std::vector<Number>& nodes) const;

 private:
  Outcome<void> launch(Number node, bool empty) const;
  Outcome<void> wait_until_ready(Number node) const;
  Outcome<void> check_ports(Number node) const;
  Outcome<void> signal_all(const std::vector<Number>& nodes, int signal) const;

  std::filesystem::path root_;
  Plan plan_;
};

}  // namespace flotilla::tools::dev
