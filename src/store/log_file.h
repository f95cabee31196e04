#pragma once

#include <atomic>
#include <deque>
#include <mutex>

#include "checkpoint_writer.h"
#include "log_checkpointer.h"
#include "log_compactor.h"
#include "log_recovery.h"
#include "segment_table.h"
#include "store/log.h"
#include "written_lately.h"

namespace flotilla::store {

/// One data file's part of the Log: same contract, same threads.
///
/// What only the stepping thread touches stands apart from what the mutex guards.
class LogFile {
 public:
  LogFile(const LogOptions& options, LogFileId id, LogOwner& owner, LogHost& host);
  ~LogFile();

  std::span<const IoRequest> step(Instant now, const Log::Event& event);
  std::optional<Instant> deadline() const;
  Log::State state() const { return state_.load(std::memory_order_acquire); }
  const std::string& refusal() const { return refusal_; }
  const LogReport& report() const { return recovery_->report(); }
  LogProgress progress() const { return recovery_->progress(); }

  /// Clients' records leave the reserve alone, tombstones take half of it, moved copies all.
  enum class Purpose : std::uint8_t { Record, Tombstone, Move };
  Result<RecordLog::Place> append(const RecordImage& image, Purpose purpose);
  void released(std::uint32_t slot, std::size_t bytes);
  bool peek(std::uint32_t slot, std::uint32_t offset, MutableBytes into) const;
  /// The size is the caller's.
  RecordExtent extent(std::uint32_t slot, std::uint32_t offset) const;
  /// Set before the first record is handed to the owner, and then the same for good.
  const DataKey* key() const { return recovery_->key(); }
  void unreadable(std::uint32_t slot, std::uint32_t offset, std::string_view why);
  bool is_durable(std::uint64_t position) const {
    return durable_.load(std::memory_order_acquire) >= position;
  }
  /// Durable once all that was appended so far is.
  LogPosition end() const;
  void request_flush();
  void close();
  void retune(const LogTuning& tuning);
  void collect_tombstones();
  LogStatistics statistics() const;

 private:
  friend class LogCheckpointer;
  friend class LogCompactor;

  /// As the log names it: behind the first `count` records that were appended here.
  LogPosition position(std::uint64_t count) const {
    return LogPosition(std::uint64_t{id_.index} << 56 | count);
  }

  /// A stretch of a segment that is filled in memory and written at once.
  struct Unit {
    enum class Phase : std::uint8_t { Filling, Waiting, Writing, Written };
    AlignedBuffer buffer;
    std::uint32_t slot = 0;
    std::uint32_t offset = 0;    // In the segment.
    std::uint32_t capacity = 0;  // Of the buffer's bytes, header included.
    std::uint32_t used = UnitHeader::kSize;
    std::uint32_t index = 0;
    std::uint32_t records = 0;
    std::uint32_t moved = 0;  // Bytes of records that compaction appended.
    std::uint64_t last = 0;   // Position of its last record.
    std::uint64_t token = 0;
    Phase phase = Phase::Filling;
  };
  struct MarkWrite {
    AlignedBuffer buffer;
    std::uint64_t offset = 0;  // In the file.
  };
  enum class IoOf : std::uint8_t { Recovery, Unit, Mark, Sync, Header, Compactor, Checkpoint };
  enum class Opening : std::uint8_t { Reading, Writing, Syncing, Done };
  enum class Closing : std::uint8_t {
    No,
    Flushing,
    Checkpoint,  // The index is being written.
    Settling,    // It must be durable before the header names it.
    Header,
    Syncing,
    Done
  };
  /// Whether compressed records may be appended: the file says that it has such, durably.
  enum class Packs : std::uint8_t { No, Saying, Syncing, Yes };
  void retune_locked(const LogTuning& tuning);
  void say_that_it_packs();

  // Under mutex_: log_append.cc.
  Result<void> open_unit(std::size_t record_size, Purpose purpose);
  bool cache_is_full(std::size_t more, Purpose purpose) const;
  std::uint32_t reserve(Purpose purpose) const;
  std::uint32_t few_segments() const;
  std::uint64_t take_number() { return std::uint64_t{header_.boot} << 32 | next_number_++; }
  tl::unexpected<Error> no_space() const;
  void open_segment();
  void close_segment();
  void close_unit(bool partial);
  void settle(std::uint32_t slot);
  void queue_mark(std::uint32_t slot, SegmentMark::State state);
  void list_if_empty_enough(std::uint32_t slot);
  AlignedBuffer take_buffer(std::size_t size);
  void give_buffer(AlignedBuffer buffer);

  // The stepping thread: log_file.cc.
  void recover(const IoCompletion* completion);
  void opened(LogRecovery::Outcome outcome);
  void report_progress();
  void report_recovery() const;
  void report_encryption() const;
  void finish_opening();
  void opening_synced();
  void completed(const IoCompletion& completion);
  void unit_written(std::uint64_t token);
  void synced();
  void flush();
  bool flush_is_due() const;
  bool sync_is_due() const;
  Duration flush_budget() const;
  void write_units();
  void write_marks();
  void write_headers(unsigned copies);
  void advance_closing();
  bool is_quiet();
  std::unique_ptr<CheckpointWriter> make_checkpoint();
  std::string_view why_no_checkpoint() const;
  void advance_checkpoint(CheckpointWriter::Outcome outcome, std::size_t before);
  void write_closing_header();
  void sync_closing(Closing next);
  void fail_for_good(std::string_view why);
  std::uint64_t token(IoOf of, std::uint64_t serial) const {
    return static_cast<std::uint64_t>(of) << 56 | serial;
  }

  const LogOptions& options_;
  const LogFileId id_;
  LogOwner& owner_;
  LogHost& host_;
  std::atomic<Log::State> state_{Log::State::Recovering};
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<Packing> packing_{};  // None until the file says that it has such records.

  mutable std::mutex mutex_;
  // --- under mutex_ ---
  LogTuning tuning_;
  SegmentTable table_;
  FileHeader header_;
  std::unique_ptr<Unit> open_;
  std::deque<std::unique_ptr<Unit>> units_;  // Closed, in order, until written.
  std::deque<MarkWrite> marks_waiting_;
  std::vector<AlignedBuffer> spare_;
  std::uint32_t segment_slot_ = 0;  // Being filled; 0: none.
  std::uint32_t segment_at_ = 0;    // Where its next unit goes.
  std::uint32_t segment_units_ = 0;
  std::uint32_t next_number_ = 1;  // Low half of numbers of segments and checkpoints.
  std::uint64_t appended_ = 0;     // Records; the newest position.
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t moved_waiting_ = 0;  // Of them, by compaction and in closed units.
  LogPoint synced_point_;
  bool wake_on_append_ = false;  // The stepping thread waits for it.
  bool wake_on_unit_ = false;
  bool urgent_ = false;      // Flush now.
  bool reclaiming_ = false;  // Compaction has begun with segments that will be free.
  Packs packs_ = Packs::No;
  bool closing_asked_ = false;
  bool failed_ = false;
  std::vector<std::uint32_t> suspects_;  // Segments to be checked soon.
  bool damage_seen_ = false;             // Since the last index checkpoint was begun.
  mutable LogStatistics figures_;
  WrittenLately written_lately_;

  // --- the stepping thread alone ---
  std::unique_ptr<LogRecovery> recovery_;
  LogCompactor compactor_;
  LogCheckpointer checkpointer_;
  Opening opening_ = Opening::Reading;
  bool forget_old_key_ = false;  // It is in one copy of the header still.
  Closing closing_ = Closing::No;
  std::unique_ptr<CheckpointWriter> checkpoint_;
  std::uint32_t checkpoint_in_flight_ = 0;
  Instant now_;
  Instant started_;
  Instant said_;  // How far reading back has come.
  bool begun_ = false;
  std::vector<IoRequest> out_;
  std::uint64_t serial_ = 0;
  std::deque<MarkWrite> marks_writing_;  // Kept until all of them are done.
  std::uint32_t marks_in_flight_ = 0;    // Headers too.
  AlignedBuffer header_buffer_;
  std::uint64_t written_ = 0;  // Position: this and all before are written.
  LogPoint written_point_;
  std::uint64_t flush_target_ = 0;          // Position that the next sync is wanted for.
  std::optional<Instant> unflushed_since_;  // The oldest append that no flush has taken up.
  bool sync_wanted_ = false;
  bool sync_in_flight_ = false;
  std::uint64_t sync_covers_ = 0;
  LogPoint sync_covers_point_;
  std::vector<std::uint32_t> sync_frees_;
  std::vector<std::uint32_t> freeing_;  // Their marks are written or under way.
  Instant flush_began_;
  Duration flush_took_{};
  std::string refusal_;
};

}  // namespace flotilla::store
