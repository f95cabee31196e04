#pragma once

#include <atomic>
#include <set>
#include <vector>

#include "checkpoint_reader.h"
#include "log_file_id.h"
#include "segment_table.h"
#include "store/aligned_buffer.h"
#include "store/log.h"
#include "store/segment_scan.h"

namespace flotilla::store {

/// Reads a data file: header, then all marks, then every segment in use, and hands the records to
/// the owner; or, of a file with an index checkpoint, that, and then the segments that are younger.
/// Writes nothing. Stepped by one thread; several segments are read at a time, and those
/// that have come are checked and handed over in parallel, as the host can: each part of that has
/// partitions of its own.
class LogRecovery {
 public:
  enum class Outcome { Pending, Done, Refused };

  LogRecovery(const LogOptions& options, LogFileId id, SegmentTable& table, LogOwner& owner,
              LogHost& host);

  Outcome start(std::vector<IoRequest>& out);
  /// The answer to a request, and the next ones.
  Outcome completed(const IoCompletion& completion, std::vector<IoRequest>& out);

  /// After Done the table is filled, and these are to be written: the header (next sequence and
  /// boot count), and the marks of the segments in remark(), as the table has them: seals that were
  /// missing, marks that a crash or damage left different, and in a file that is formatted whatever
  /// stands where marks go.
  const FileHeader& header() const { return header_; }
  const std::set<std::uint32_t>& remark() const { return remark_; }
  const DataKey* key() const { return key_.get(); }  // Null: the file is not encrypted.
  LogPoint end() const { return end_; }              // Behind everything that was found.
  LogPoint durable() const { return durable_; }      // Known to have been synced.
  LogReport& report() { return report_; }
  /// The index checkpoint that was read, and still counts: its segments are not Free in the table.
  const StandingCheckpoint& standing() const { return standing_; }
  LogProgress progress() const;  // Any thread.
  const std::string& refusal() const { return refusal_; }

 private:
  struct Used {  // A segment that holds something.
    std::uint32_t slot = 0;
    SegmentMark mark{};
    bool number_known = true;
  };
  /// A segment that is being read, and then what it holds.
  struct Segment {
    Used used;
    AlignedBuffer buffer;
    bool done = false;
    bool ok = false;
    SegmentScan scan;
    std::vector<std::vector<std::uint32_t>> records;  // Offsets, for each part.
    std::uint64_t tombstones = 0;
    std::uint32_t filled = 0;
    std::vector<std::vector<LogDamage>> unusable;  // From each part.

    bool is_sealed() const {
      return used.number_known && used.mark.state == SegmentMark::State::Sealed;
    }
  };
  struct Suspect {  // A gap, until it is known how far the log was durable.
    std::uint64_t number = 0;
    std::uint32_t slot = 0;
    ScanGap gap;
    bool torn_before = false;  // Its seal says that it was torn by an earlier crash.
  };
  struct MarkSuspect {  // A mark that is not what the other one of its segment is.
    std::uint32_t slot = 0;
    std::uint64_t number = 0;
    std::uint32_t offset = 0;
    bool stale = false;  // Of the same life of the segment.
    bool freed = false;
  };
  enum class Phase { Header, Marks, Checkpoint, Segments };

  Outcome refuse(std::string why);
  Outcome header_read(bool ok, std::vector<IoRequest>& out);
  Outcome format(std::vector<IoRequest>& out);
  Outcome accept(const FileHeader& found, std::vector<IoRequest>& out);
  std::string mismatch(const FileHeader& found) const;
  std::string take_key(const FileHeader& found);
  Outcome ask_marks(std::vector<IoRequest>& out);
  Outcome marks_read(std::vector<IoRequest>& out);
  SegmentMark::Reading read_mark(std::uint32_t slot, std::size_t at, SegmentMark& mark);
  bool may_be_overwritten(std::uint32_t slot, std::size_t at);
  void judge_marks(std::uint32_t slot, std::size_t at);
  void damaged_header(std::uint32_t offset);
  void damaged_mark(const MarkSuspect& suspect);
  bool may_have_checkpoint() const;
  Outcome begin_checkpoint(std::vector<IoRequest>& out);
  Outcome advance_checkpoint(CheckpointReader::Outcome outcome, std::vector<IoRequest>& out);
  void take_checkpoint();
  std::uint64_t young_bytes() const;
  std::uint32_t size_of(const Used& used) const;
  Outcome begin_segments(std::vector<IoRequest>& out);
  void ask_segment(std::size_t window, std::vector<IoRequest>& out);
  Outcome segment_read(std::size_t window, bool ok, std::vector<IoRequest>& out);
  void take_in(std::span<Segment* const> batch);
  std::uint64_t number_by_units(Bytes image) const;
  void scan(Segment& reading) const;
  void settle(Segment& reading);
  void hand_over(Segment& reading, unsigned part);
  bool restore(RecordImage& image, MutableBytes stored, Buffer& room) const;
  void count_lost(Segment& reading);
  Outcome finish();
  void judge(const Suspect& suspect);
  void judge_end(std::uint32_t slot);
  void damaged(LogDamage damage);

  const LogOptions& options_;
  LogFileId id_;
  SegmentTable& table_;
  LogOwner& owner_;
  LogHost& host_;
  Phase phase_ = Phase::Header;
  std::uint32_t next_slot_ = 1;
  std::uint32_t asked_ = 0;  // Requests under way.
  AlignedBuffer buffer_;
  std::vector<bool> mark_failed_;  // Of the marks being read.
  bool blank_ = false;
  bool both_headers_ = false;  // Neither copy is damaged.
  std::unique_ptr<CheckpointReader> checkpoint_;
  StandingCheckpoint standing_;
  std::optional<std::uint32_t> blank_header_at_;
  std::vector<Used> used_;
  std::size_t next_used_ = 0;
  std::vector<Segment> window_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> bytes_done_{0};
  std::vector<Suspect> suspects_;
  std::vector<MarkSuspect> mark_suspects_;
  LogPoint durable_;
  LogPoint end_;
  FileHeader header_;
  std::unique_ptr<const DataKey> key_;
  std::vector<std::uint32_t> unsealed_;
  std::set<std::uint32_t> remark_;
  LogReport report_;
  std::string refusal_;
};

}  // namespace flotilla::store
