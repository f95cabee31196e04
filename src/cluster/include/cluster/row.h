#pragma once

#include <optional>
#include <vector>

#include "cluster/ids.h"

namespace flotilla::cluster {

/// Who serves one partition. Decided by the leader of the view alone; a copy acts by the newest row
/// that it has installed.
struct Row {
  enum Flag : std::uint8_t {
    kStale = 1,     // The primary lacks acknowledged writes: nobody reachable had them.
    kWaiting = 2,   // Nobody serves yet: a better copy may come back (answer 11).
    kMerging = 4,   // Diverged copies are being merged; such a row begins a new term.
    kRecalled = 8,  // With kWaiting: `in_sync` is known from disks only, and may be out of date.
  };

  RowVersion version;
  Term term;                     // Version of the row that made this process primary. kRecalled:
                                 // of the one that `in_sync` is of.
  Process primary;               // Zero while waiting, unless `in_sync` says otherwise.
  std::vector<Process> in_sync;  // The primary first, then in the order of `targets`.
  std::vector<Uuid> targets;     // Where copies belong: targets[0] is the final primary.
  std::uint8_t flags = 0;

  bool has(Flag flag) const { return (flags & flag) != 0; }
  friend bool operator==(const Row&, const Row&) = default;
};

/// What a copy asks of the leader. Granted only if the row still is `expected`.
struct RowAsk {
  enum class Kind : std::uint8_t {
    Drop,    // `who` does not keep up, or leaves: take it out of the in-sync set.
    Add,     // `who` has caught up: take it in.
    Moved,   // `who` (the sender) has become primary by GRANT under `row`.
    Merged,  // All branches are merged: clear kMerging.
  };

  Kind kind = Kind::Drop;
  std::uint32_t ns = 0;  // namespace_tag()
  wire::PartitionId partition;
  RowVersion expected;
  Process who;
  std::optional<Row> moved;  // With Moved.
};

/// Names a namespace between nodes: XXH32 of its name.
std::uint32_t namespace_tag(std::string_view name);

/// One entry of a copy's history: a term and the last seq of it that the copy holds. `absorbed`: a
/// branch that was merged up to there, not a part of the line itself.
struct HistoryEntry {
  Term term;
  std::uint64_t end = 0;
  bool absorbed = false;

  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

/// What a node says of its copy of one partition.
struct CopyReport {
  Row row;                            // The newest it has installed; version zero: none.
  bool row_from_disk = false;         // Known only from an earlier boot.
  std::vector<HistoryEntry> history;  // Oldest first; the last one is open. Empty: no copy.
  bool ever_full = false;             // Was once in sync: false for a copy that is being filled.
  std::uint64_t records = 0;
  bool durable = false;  // Kept in files.
};

/// What a Membership asks of the copies beside it. Implemented by the server and by the simulator.
class LocalCopies {
 public:
  virtual ~LocalCopies() = default;
  virtual CopyReport report(std::uint32_t ns, wire::PartitionId partition) const = 0;
  /// The newest last-update of any record, in ms of WallTime: cut-offs must be above it.
  virtual std::uint64_t last_update_ms() const { return 0; }
  /// This process has promised that epoch: from now on a copy refuses a GRANT of a lower one.
  virtual void promise(const Epoch&) const {}
};

}  // namespace flotilla::cluster
