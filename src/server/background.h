#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "exec/executor.h"

namespace flotilla::server {

/// The tasks of a reactor that no connection waits for. Runs on the reactor's thread; add() from
/// there too.
class Background {
 public:
  /// Runs each task for a slice. Returns when to come back: now when `more`, else not before
  /// `next`; nothing when empty.
  struct Due {
    bool more = false;
    bool waiting = false;
    Instant next{};
  };
  void add(std::unique_ptr<exec::Task> task) { tasks_.push_back(std::move(task)); }
  Due run(Instant now);
  bool empty() const { return tasks_.empty(); }

 private:
  std::vector<std::unique_ptr<exec::Task>> tasks_;
  OutBuffer unread_;
};

}  // namespace flotilla::server
