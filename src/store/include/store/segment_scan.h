#pragma once

#include <optional>
#include <vector>

#include "store/log_format.h"

namespace flotilla::store {

/// What to look for in a segment.
struct ScanTarget {
  std::uint64_t log_id = 0;
  std::uint64_t number = 0;
  std::uint32_t align = kSectorSize;
  std::uint32_t end =
      0;                // Where units must have ended; for an open segment, where they cannot pass.
  bool sealed = false;  // `end` is exact.
};

/// A stretch of a segment that does not check.
struct ScanGap {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
  std::optional<std::uint32_t>
      lost;  // Records in it that could not be salvaged; unknown without their unit's header.
};

/// What a segment holds.
struct SegmentScan {
  std::vector<std::uint32_t> records;  // Offsets of intact records, in order.
  std::vector<ScanGap> gaps;
  std::uint32_t units = 0;
  std::uint32_t end = 0;  // Behind the last unit or record found.
  LogPoint synced;        // The furthest that a unit knew to be durable.
};

/// Reads the units of a segment: `image` is the segment from its start, at least up to
/// `target.end`. Units of other segments, of earlier lives of this one, and of other files never
/// count. Where a unit does not check, every record that does is still found. The work is bounded
/// whatever the bytes are. `out` is overwritten; its memory is reused.
void scan_segment(Bytes image, const ScanTarget& target, SegmentScan& out);

}  // namespace flotilla::store
