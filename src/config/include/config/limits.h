#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "config/load.h"

namespace flotilla::config {

/// Contents of a file; nothing when it cannot be read. The caller decides what that means: real
/// files, or a test's.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

/// What the container, or else the machine, lets this process have.
struct Limits {
  std::uint32_t processors = 1;
  std::uint64_t memory_bytes = 0;     // 0: unknown.
  std::uint64_t open_files = 0;       // Soft limit of descriptors; 0: unknown.
  std::uint64_t open_files_most = 0;  // Hard limit: what setrlimit may raise it to.
  bool processors_limited = false;    // A quota or a set of processors is smaller than the machine.
  bool memory_limited = false;        // A cgroup has less than the machine.

  Machine machine() const { return {processors, memory_bytes, open_files_most}; }
  /// One line for the log at start.
  std::string text() const;
};

/// Reads /proc and /sys/fs/cgroup, version 1 or 2, through `read`. The limit of every group above
/// counts too. Part of a processor counts as one.
Limits find_limits(const ReadFile& read);

/// Memory now, in bytes.
struct MemoryUse {
  std::uint64_t total = 0;  // The container's limit, if it has one: of the group with least left.
  std::uint64_t free = 0;   // Without the container's reclaimable cache counted as used.
  std::uint64_t host_total = 0;
  std::uint64_t host_free = 0;
  std::uint64_t huge_pages = 0;  // Transparent ones, on the host.
};
/// `in_container`: measure against the cgroup where it has a limit (cgroup-mem-tracking).
MemoryUse find_memory_use(const ReadFile& read, bool in_container);

}  // namespace flotilla::config
