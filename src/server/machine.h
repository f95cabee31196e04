#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"
#include "config/limits.h"

namespace flotilla::server {

/// At most some MiB of a file: enough for any configuration, an end for files that have none. None:
/// it cannot be read.
std::optional<std::string> read_file(const std::string& path);

/// Processor use of the machine and of this process, in percent, over the time since it was last
/// looked at (a second at least). Any thread.
class ProcessorUse {
 public:
  struct Share {
    std::uint64_t total_pct = 0;
    std::uint64_t user_pct = 0;
    std::uint64_t kernel_pct = 0;
    std::uint64_t process_pct = 0;  // 100: one processor.
  };
  Share look(Instant now);

 private:
  struct Ticks {
    std::uint64_t user = 0;
    std::uint64_t kernel = 0;
    std::uint64_t idle = 0;
    std::uint64_t process = 0;
  };
  static Ticks read();

  std::mutex mutex_;  // Nothing else is locked under it.
  Ticks last_;
  Instant looked_at_{};
  Share share_;
};

/// Memory and threads of this process.
struct ProcessMemory {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
};
ProcessMemory process_memory();

}  // namespace flotilla::server
