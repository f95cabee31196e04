#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "store/encryption.h"
#include "store/file.h"
#include "store/log_format.h"
#include "store/packing.h"
#include "store/record_log.h"

namespace flotilla::store {

/// What may change while the log runs.
struct LogTuning {
  std::uint32_t flush_size = 1U << 20;  // Bytes; a unit is written when it has grown to this.
  Duration flush_max =
      std::chrono::seconds(1);  // What a crash may lose. 0: no bound, only full units are written.
  std::uint64_t write_cache_max =
      64ULL << 20;  // Bytes waiting to be written, per file; DeviceOverload beyond.
  std::uint32_t defrag_lwm_pct = 50;   // Sealed segments with less in use than this are compacted.
  std::uint32_t defrag_queue_min = 0;  // ... once there are more of them than this.
  std::uint32_t keep_free_pct = 0;  // Of segments: with less free, the emptiest are compacted all
                                    // the same; some are kept free in any case.
  Duration defrag_sleep =
      std::chrono::milliseconds(1);  // Between two reads of a flush size while space is not short.
  Duration scrub_period{};  // Within which each segment is read and checked once. 0: none is.
  Duration
      checkpoint_period{};  // Between two index checkpoints, at least. 0: only at a clean stop.
  Packing packing;          // Of what is appended from now on; for LogOptions::packs alone.
  std::uint64_t post_write_cache = 0;  // Bytes of written units kept for peek(), per file.
};

/// What a namespace's log is made with.
struct LogOptions {
  std::string namespace_name;
  Uuid instance{};  // The node's; files of another node are refused.
  std::uint64_t fresh_id =
      0;             // Random; becomes part of the log id of files that are formatted now.
  WallTime created;  // Now, for the same.
  bool commit_to_device = false;
  bool start_empty =
      false;  // Formats the files again whatever records they hold (never foreign ones).
  std::uint32_t segment_size =
      kSegmentSizeDefault;  // For new files, as `align`; others keep what they have.
  std::uint32_t align = kSectorSize;
  bool checkpoint = false;  // Keep the owner's index in the file, for the next start.
  bool packs = false;  // Records may be compressed. Without it a file that has such is refused.
  const Encryption* encryption =
      nullptr;  // Null: files are not encrypted. Needed until no file is Recovering.
  LogTuning tuning;
};

/// A place in a file where bytes did not check.
struct LogDamage {
  enum class What : std::uint8_t {
    Header,
    Mark,
    Units,
    Unreadable,  // The device gave an error.
    Unusable,    // Intact, but the owner cannot hold it.
  };

  What what = What::Units;
  bool torn = false;          // The end of what a crash cut off: normal, nothing durable was lost.
  std::uint32_t slot = 0;     // Segment of the file.
  std::uint64_t segment = 0;  // Its number; 0 when unknown.
  std::uint32_t offset = 0;   // In the segment.
  std::uint32_t bytes = 0;
  std::optional<std::uint32_t> lost{};  // Records that could not be salvaged; none: unknown.
};

/// What a file was found to hold when it was opened. Also written to the log, damage as warnings.
struct LogReport {
  static constexpr std::size_t kPlacesMax = 1000;  // In `damage`; the counts go on.

  bool formatted = false;        // It was blank, or is to start empty.
  bool clean = false;            // It had been closed.
  Cipher cipher = Cipher::None;  // Of an encrypted file.
  bool old_key = false;          // Its key was encrypted with the operator's old one until now.
  bool checkpoint = false;  // The index came from its checkpoint, and from the segments that are
                            // younger.
  std::string_view checkpoint_refused{};  // Why there was one, and it did not count. A literal.
  std::uint32_t segments = 0;
  std::uint64_t units = 0;
  std::uint64_t records = 0;             // Copies, old ones included.
  std::uint64_t checkpoint_records = 0;  // Of them, from the checkpoint.
  std::uint64_t tombstones = 0;          // Of them.
  std::uint64_t bytes_read = 0;
  std::uint64_t torn_places = 0;
  std::uint64_t torn_records = 0;  // Known to have been in them.
  std::uint64_t damaged_places = 0;
  std::uint64_t damaged_bytes = 0;
  std::uint64_t lost_records = 0;
  bool lost_records_exact = true;  // False: a lower bound.
  std::vector<LogDamage> damage;   // Torn places too.
  Duration took{};
};

/// How far reading back has come. Of segments in use; 0 of 0 before it is known which they are.
struct LogProgress {
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes = 0;
};

/// Figures of one file, or of all; a snapshot.
struct LogStatistics {
  std::uint64_t total_bytes = 0;  // What segments could hold.
  std::uint64_t used_bytes = 0;   // In live records.
  std::uint32_t segments = 0;
  std::uint32_t free_segments = 0;  // With those of the index checkpoint.
  std::uint64_t pending_bytes = 0;  // Appended and not yet written.
  std::uint64_t units_written = 0;
  std::uint64_t partial_units_written = 0;  // Flushed by time or commit before they were full.
  std::uint64_t bytes_written = 0;
  std::uint64_t body_bytes = 0;    // Of records that clients wrote, before compression ...
  std::uint64_t packed_bytes = 0;  // ... and after.
  std::uint64_t syncs = 0;
  std::uint64_t defrag_reads = 0;  // Segments.
  std::uint64_t defrag_moves = 0;  // Records.
  std::uint64_t defrag_frees = 0;  // Segments.
  std::uint32_t defrag_queue = 0;  // Segments waiting.
  std::uint32_t damaged_segments =
      0;  // Not reused, because records are indexed in them that cannot be read.
  std::uint64_t read_errors = 0;     // Copies that readers wanted and could not have.
  std::uint64_t scrub_segments = 0;  // Read and checked.
  std::uint64_t scrub_errors = 0;    // Places in them that did not check.
  std::uint64_t scrub_passes = 0;    // Over all segments of a file.
  std::uint64_t checkpoints = 0;     // Of the index, taken while running.
  std::uint32_t checkpoint_segments =
      0;                           // Parts of one stand in them; given back when it gets tight.
  std::uint64_t cache_hits = 0;    // peek() had the record.
  std::uint64_t cache_misses = 0;  // It had not.
  std::uint64_t cached_bytes = 0;
};

/// Whose records the log keeps: the namespace. Calls come from the thread that steps the file in
/// question, or from one that works for it (see LogHost::in_parallel()), with no lock of the log
/// held, so each may take a partition's lock and append.
class LogOwner {
 public:
  virtual ~LogOwner() = default;
  /// A copy of a record, tombstones included, in no order of age: the highest LSN of a digest wins,
  /// and a tombstone over a record with the same. A copy that it replaces is given up by
  /// released(). Copies of one partition come one at a time; those of different ones in parallel.
  virtual Recovered recovered(const RecordImage& image, const RecordPlace& at) = 0;
  /// The same for some at once, in order: an owner may fetch what they need ahead.
  virtual void recovered_some(std::span<FoundRecord> found) {
    for (FoundRecord& one : found) one.verdict = recovered(one.image, one.at);
  }
  /// How far reading back has come, in words, about once a second.
  virtual void reads_back(std::string_view) {}
  /// If this very copy (digest, LSN, segment) is the newest: append_moved() it, note where it went,
  /// released() the old copy, true. Else false. An error: it must be tried again. Locks the
  /// partition around all of it.
  virtual Result<bool> relocate(const RecordImage& image, SegmentSlot segment) = 0;
  /// Everything up to this position of its file is durable.
  virtual void durable(LogPosition) {}
  /// Records whose newest copy is in this segment cannot be read from it any more: an owner that
  /// has them elsewhere appends them again. False: not all, ask again.
  virtual bool segment_damaged(SegmentSlot) { return true; }
  /// The file takes no more writes, and what was not durable yet may never be.
  virtual void log_failed(unsigned file, std::string_view why) = 0;

  /// Of the index, for its checkpoint: LogOptions::checkpoint. The index may change between two
  /// calls; parts of the work have partitions of their own.
  /// Waits for whoever changes the partition: what was appended by then is in the index after this.
  virtual IndexHead index_head(wire::PartitionId partition) { return {.partition = partition}; }
  /// Some records of a partition with digests below `below` (null: from the top), in descending
  /// order. None: that was all. `out` is overwritten; names of sets in it stay for good.
  virtual void index_below(wire::PartitionId /*partition*/, const wire::Digest* /*below*/,
                           std::vector<IndexedRecord>& out) {
    out.clear();
  }
  /// Such records again, at start, in the same order; each partition from one part of the work at a
  /// time, and nothing else of it meanwhile. False: they cannot be held.
  virtual bool index_restored(const IndexHead& /*head*/,
                              std::span<const IndexedRecord> /*records*/) {
    return false;
  }
  /// All that was restored of this file does not count; its records come by recovered().
  virtual void index_refused(unsigned /*file*/) {}

  /// A pass over a file in search of tombstones that hide nothing: docs/algorithms/log.md. Between
  /// begin and end every copy in the file is shown (those made after the beginning may be missing).
  /// A tombstone that stood when the pass began, still stands with the same LSN, and of whose
  /// digest no copy with a lower LSN was shown, may be dropped when the pass ended complete. False:
  /// there is nothing to look for.
  virtual bool tombstone_pass_begins(unsigned /*file*/) { return false; }
  virtual void tombstone_pass_saw(unsigned /*file*/, const RecordImage&) {}
  virtual void tombstone_pass_ends(unsigned /*file*/, bool /*complete*/) {}
};

/// Who drives the log: one thread for each file.
class LogHost {
 public:
  virtual ~LogHost() = default;
  /// step() this file soon. Any thread, under a partition's lock: must not block or call back.
  virtual void wake(unsigned file) = 0;
  /// How many parts of work it carries out at the same time: 1 to 64, always the same.
  virtual unsigned parallel() const { return 1; }
  /// Runs work(0) ... work(parts - 1), in any order, and returns once all are done. The calling
  /// thread steps a file.
  virtual void in_parallel(unsigned parts, const std::function<void(unsigned)>& work) {
    for (unsigned part = 0; part < parts; ++part) work(part);
  }
};

/// The append log behind a namespace: one or several files of fixed size, each partition in one of
/// them. A machine without I/O: docs/algorithms/log.md has the invariants,
/// docs/formats/data-file.md the bytes.
///
///   append()    any thread, under the partition's lock: the record is in memory, in the open unit
///   step()      the file's thread: units are written, synced, compacted; owner.durable()
///   released()  any thread, under the partition's lock: the old copy's space is garbage
///
/// Threads
///  - append(), append_moved(), released(), peek(), extent(), key_of(), unreadable(), is_durable(),
///    ends(), request_flush(), retune(), statistics(): any thread. A short mutex per file inside,
///    taken last: never held over a call to the owner, the host, or any I/O.
///  - step(), deadline(): one thread at a time for each file, different files in parallel. All
///    calls to the owner are made from inside step().
///  - state(): any thread; report() and refusal() once the file is not Recovering.
///  - A record's append() and the index entry that points to it are made under one hold of its
///    partition's lock, and relocate() takes that lock: so compaction never sees a copy that the
///    index does not know yet.
///
/// Driving a file: step(Tick) to begin, then carry out the requests of each step in order, those of
/// them that read while the file is Recovering as many at a time as is quickest, and step() with
/// each completion; step(Tick) again at deadline() and when woken.
class Log final : public RecordLog {
 public:
  enum class State : std::uint8_t {
    Recovering,  // Records are handed to owner.recovered(); appends fail.
    Ready,
    Refused,  // Not ours, or too new: see refusal(). Untouched.
    Failed,   // After an I/O error; for good.
    Closed,   // After close(): all durable, marked clean.
  };
  struct Tick {};
  using Event = std::variant<Tick, IoCompletion>;

  /// `file_sizes`: of the files that the requests go to, in the order of the configuration; 1 to
  /// 128 of them.
  Log(const LogOptions& options, std::span<const std::uint64_t> file_sizes, LogOwner& owner,
      LogHost& host);
  ~Log() override;

  unsigned file_count() const { return static_cast<unsigned>(files_.size()); }
  unsigned file_of(wire::PartitionId partition) const { return partition.raw() % file_count(); }

  /// The requests to carry out now, in order; valid until the next step of this file.
  std::span<const IoRequest> step(unsigned file, Instant now, const Event& event);
  /// When to tick at the latest, wake() aside. None: not needed.
  std::optional<Instant> deadline(unsigned file) const;
  State state(unsigned file) const;
  /// Why a file is Refused or Failed, for the operator.
  std::string refusal(unsigned file) const;
  const LogReport& report(unsigned file) const;
  /// How much of its records is read back; any thread.
  LogProgress progress(unsigned file) const;

  /// OutOfSpace: no segment left but those kept for compaction and, partly, tombstones.
  /// DeviceOverload: the disk does not keep up, or compaction does not. TooBig: longer than a
  /// segment. Unavailable: not Ready.
  Result<Place> append(const RecordImage& image) override;
  Result<Place> append_moved(const RecordImage& image) override;
  void released(const RecordPlace& at) override;
  bool peek(const RecordPlace& at, MutableBytes into) const override;
  RecordExtent extent(const RecordPlace& at) const override;
  const DataKey* key_of(const RecordPlace& at) const override;
  void unreadable(const RecordPlace& at, std::string_view why) override;

  bool is_durable(LogPosition position) const override;
  std::vector<LogPosition> ends() const override;
  /// Writes and syncs what has been appended without waiting for its time.
  void request_flush();
  /// Flushes, marks the files clean, and takes no more appends. Closed once all requests are done.
  void close();
  void retune(const LogTuning& tuning);
  /// Begins a pass for tombstones over each file, unless one is under way there.
  void collect_tombstones();

  LogStatistics statistics() const;
  LogStatistics statistics(unsigned file) const;

 private:
  class LogFile& file_with(const RecordPlace& at) const;

  const LogOptions options_;
  std::vector<std::unique_ptr<class LogFile>> files_;
};

}  // namespace flotilla::store
