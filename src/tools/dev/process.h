#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/dev/plan.h"

namespace flotilla::tools::dev {

/// A flotillad of this cluster that runs. Signals go through a handle on the process, so that a
/// number that the system gave to another program meanwhile is never hit.
class Process {
 public:
  /// The process that the node's pid file names, if it runs, its program is a flotillad, and the
  /// node's configuration is what it was started with. Nothing: the node does not run.
  static std::optional<Process> find(const NodeFiles& files);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  bool is_paused() const;
  bool send(int signal) const;
  /// Whether it has ended, at the latest after `limit`.
  bool wait_for_end(std::chrono::milliseconds limit) const;

 private:
  Process(pid_t pid, int handle) : pid_(pid), handle_(handle) {}

  pid_t pid_;
  int handle_;
};

/// Starts a program in a session of its own, its output at the end of the file `log`. Returns when
/// it is that program, not a copy of this one: Process::find() sees it from then on.
/// `network`: the name of the network namespace it runs in; empty: ours.
Outcome<pid_t> spawn(const std::vector<std::string>& command, const std::filesystem::path& log,
                     const std::string& network);

/// Runs a program to its end; the error is what it wrote.
Outcome<void> run(const std::vector<std::string>& command);

/// The last lines of a file.
std::string tail_of(const std::filesystem::path& file, std::size_t lines);
/// Nothing when it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& file);
/// Replaces the file as a whole.
Outcome<void> write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace flotilla::tools::dev
