#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/config.h"
#include "config/limits.h"
#include "info/node_view.h"
#include "server/posix_file.h"

namespace flotilla::server {

/// How much is used of what a namespace may have. Percent; above 100 where more is.
struct SpaceUse {
  std::uint64_t memory_pct = 0;   // Of the machine's, or the container's.
  std::uint64_t data_pct = 0;     // Of the space for data.
  std::uint64_t indexes_pct = 0;  // Of indexes-memory-budget; 0: there is none.
  std::uint64_t free_pct = 100;   // Of the space for data, in whole blocks.
  std::uint64_t index_bytes = 0;

  /// For the log.
  std::string text() const;
};

/// What is to be done about it.
struct SpaceVerdict {
  bool evicts = false;      // More is used than is wanted.
  bool stops = false;       // Writes are refused.
  bool stops_soon = false;  // Little is left until then.

  friend bool operator==(const SpaceVerdict&, const SpaceVerdict&) = default;
};

/// The limits of one namespace. Decides, and looks at nothing itself: whoever watches says what is
/// used.
class SpaceLimits {
 public:
  explicit SpaceLimits(const config::NamespaceConfig& config);

  SpaceVerdict judge(const SpaceUse& use) const;

 private:
  // Percent; 0: no limit.
  std::uint64_t evict_memory_;
  std::uint64_t evict_data_;
  std::uint64_t evict_indexes_;
  std::uint64_t stop_memory_;
  std::uint64_t stop_data_;
  std::uint64_t stop_free_;
  std::uint64_t indexes_budget_;  // Bytes; 0: no limit.
};

/// `for_records`: bytes that the process holds for records without having any there. They are as
/// good as free.
SpaceUse space_use(const config::MemoryUse& memory, std::uint64_t for_records,
                   const info::NamespaceStatistics& of);

/// How many bytes of the files will not be there when they are written to, as their mounts have no
/// room for that and for `others`.
std::uint64_t bytes_without_room(std::span<const FileOnMount> files,
                                 std::span<const FileOnMount> others);

}  // namespace flotilla::server
