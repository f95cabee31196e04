#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/encryption.h"
#include "store/memory_record.h"
#include "store/stored_record.h"

namespace flotilla::store {

/// How far a log has been written, counted in records; only positions of the same partition
/// compare. A record is durable once the log says so of the position it was appended at. 0: nothing
/// to wait for.
using LogPosition = Strong<struct LogPositionTag, std::uint64_t>;

/// The same for whoever reads it: which bytes of which file, and what they must be to count.
struct RecordExtent {
  unsigned file = 0;
  std::uint64_t offset = 0;  // In the file, bytes.
  std::uint32_t size = 0;
  StoredPlace place{};
  const DataKey* key = nullptr;  // As RecordLog::key_of() has it.

  friend bool operator==(const RecordExtent&, const RecordExtent&) = default;
};

/// What became of a copy that was found in a log.
enum class Recovered : std::uint8_t {
  Kept,      // The newest of its digest so far.
  Old,       // Not needed: its space is garbage.
  Unusable,  // Intact, and yet it cannot be held: reported as lost, and its segment never reused.
};

/// A copy that was found, and what the owner makes of it.
struct FoundRecord {
  RecordImage image;  // A view.
  RecordPlace at;
  Recovered verdict = Recovered::Kept;
};

/// What an index has of one record: all but its body, and where that is. Views.
struct IndexedRecord {
  RecordImage image;  // Without its body.
  std::uint32_t body_size = 0;
  RecordPlace at;
};

/// What an index has of one partition, beside its records.
struct IndexHead {
  wire::PartitionId partition{};
  Lsn last{};                 // The highest number used in it, also by what is not there any more.
  std::uint32_t records = 0;  // Tombstones too.

  friend bool operator==(const IndexHead&, const IndexHead&) = default;
};

/// What keeps a namespace's records beyond the process. append() is called under the partition's
/// write lock, by any reactor; a failure means that nothing was kept and the write must not happen.
class RecordLog {
 public:
  struct Place {
    RecordPlace at{};
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
  /// What was appended so far is durable once all of these are: see LogMark. Any thread.
  virtual std::vector<LogPosition> ends() const { return {}; }
  /// The copy of a record there is superseded. Under the same lock as the append() that did it.
  virtual void released(const RecordPlace& at) = 0;

  /// Copies the bytes that stand there into `into` (`at.size` bytes) if they still are in memory:
  /// not written yet, or written lately. They are whatever stands there now: the caller checks that
  /// it is the record that it means. False: they must be read. Any thread.
  virtual bool peek(const RecordPlace& /*at*/, MutableBytes /*into*/) const { return false; }
  /// Where to read them. Any thread; a copy that was moved meanwhile does not check.
  virtual RecordExtent extent(const RecordPlace& /*at*/) const { return {}; }
  /// What the records there are encrypted with; null: with nothing. Lives as long as the log.
  virtual const DataKey* key_of(const RecordPlace& /*at*/) const { return nullptr; }
  /// A copy that should be there cannot be read, or does not check. Any thread.
  virtual void unreadable(const RecordPlace& /*at*/, std::string_view /*why*/) {}
};

/// Where logs stood at some moment. They must outlive it.
class LogMark {
 public:
  void add(const RecordLog& log) {
    for (const LogPosition end : log.ends()) ends_.emplace_back(&log, end);
  }
  /// Whether everything that had been appended by then would survive a crash.
  bool is_durable() const {
    return std::ranges::all_of(ends_,
                               [](const auto& at) { return at.first->is_durable(at.second); });
  }

 private:
  std::vector<std::pair<const RecordLog*, LogPosition>> ends_;
};

}  // namespace flotilla::store
