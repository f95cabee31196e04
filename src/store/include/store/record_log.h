#pragma once

#include "base/result.h"
#include "store/memory_record.h"

namespace flotilla::store {

/// How far a log has been written, counted in records; only positions of the same partition
/// compare. A record is durable once the log says so of the position it was appended at. 0: nothing
/// to wait for.
using LogPosition = Strong<struct LogPositionTag, std::uint64_t>;

/// What became of a copy that was found in a log.
enum class Recovered : std::uint8_t {
  Kept,      // The newest of its digest so far.
  Old,       // Not needed: its space is garbage.
  Unusable,  // Intact, and yet it cannot be held: reported as lost, and its segment never reused.
};

/// What keeps a namespace's records beyond the process. append() is called under the partition's
/// write lock, by any reactor; a failure means that nothing was kept and the write must not happen.
class RecordLog {
 public:
  struct Place {
    SegmentSlot segment{};
    LogPosition end{};
  };

  virtual ~RecordLog() = default;
  /// OutOfSpace, DeviceOverload, TooBig; Unavailable once the log has failed.
  virtual Result<Place> append(const RecordImage& image) = 0;
  /// As append(), for a copy that compaction moves: it may use the space that is kept back for
  /// that.
  virtual Result<Place> append_moved(const RecordImage& image) { return append(image); }
  /// Whether everything up to this position would survive a crash. Any thread.
  virtual bool is_durable(LogPosition position) const = 0;
  /// The copy of a record in this segment is superseded. Under the same lock as the append() that
  /// did it.
  virtual void released(SegmentSlot segment, const RecordImage& image) = 0;
};

}  // namespace flotilla::store
