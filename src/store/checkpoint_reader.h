#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "log_file_id.h"
#include "standing_checkpoint.h"
#include "store/aligned_buffer.h"
#include "store/checkpoint_format.h"
#include "store/log.h"

namespace flotilla::store {

/// Reads an index checkpoint and hands its entries to the owner: root first, then the chunks,
/// several at a time, checked and handed over in parallel, as the host can. Stepped by one thread.
///
/// An entry counts only if its segment is in use under the number that it had: what has been freed
/// since held nothing any more that is needed. Refused is decided only once nothing is under way.
/// Whatever the bytes are, the owner gets each digest once, and only places within the segments
/// that it was told of.
class CheckpointReader {
 public:
  enum class Outcome { Pending, Done, Refused };

  /// A segment as its marks have it.
  struct Used {
    std::uint32_t slot = 0;
    std::uint64_t number = 0;
    std::uint32_t end = 0;
    bool sealed = false;
  };

  /// `used`: all segments in use.
  CheckpointReader(const FileHeader& header, LogFileId id, std::vector<Used> used, LogOwner& owner,
                   LogHost& host);

  Outcome start(std::vector<IoRequest>& out);
  Outcome completed(const IoCompletion& completion, std::vector<IoRequest>& out);

  /// Why it was Refused; a literal.
  std::string_view why() const { return why_; }
  /// Whether the owner was given anything; how many entries so far.
  bool handed_over() const { return handed_over_; }
  std::uint64_t restored() const { return restored_entries_; }
  /// Whether it says nothing of a segment with this number: not known before the root is.
  bool is_young(std::uint64_t number) const { return number >= root_.young; }
  /// After Done: the segments that it speaks of and that are still in use ...
  const std::vector<CheckpointRoot::Segment>& standing() const { return standing_; }
  /// ... the entries that count, and tombstones among them ...
  std::uint64_t entries() const { return restored_entries_; }
  std::uint64_t tombstones() const { return tombstones_; }
  /// ... and what it consists of.
  StandingCheckpoint taken() const;
  /// Segments that it takes, and how many of them are done. Any thread.
  std::uint32_t size() const { return size_.load(std::memory_order_relaxed); }
  std::uint32_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  struct Reading {            // A segment that is being read.
    std::uint32_t index = 0;  // Of the chunk.
    AlignedBuffer buffer;
    bool done = false;
    bool ok = false;
    Result<CheckpointChunk> chunk{CheckpointChunk{}};
  };
  struct Restored {  // Of one partition.
    IndexHead head;
    std::optional<wire::Digest> last;
  };
  struct Part {                       // What one part of the work has found.
    std::vector<std::uint64_t> live;  // Of each segment, whether it still stands or not.
    std::uint64_t entries = 0;        // That count; and ...
    std::uint64_t tombstones = 0;     // ... of them.
    std::string_view why;
  };

  Outcome refuse(std::string_view why);
  Outcome root_read(bool ok, std::vector<IoRequest>& out);
  bool may_be_in(std::uint32_t slot) const;
  std::string_view mismatch();
  bool segments_are_possible() const;
  void ask(std::size_t window, std::uint32_t slot, std::vector<IoRequest>& out);
  void ask_next(std::size_t window, std::vector<IoRequest>& out);
  Outcome chunk_read(std::size_t window, bool ok, std::vector<IoRequest>& out);
  void take_in(std::span<Reading* const> batch);
  void hand_over(const CheckpointChunk& chunk, unsigned part);
  bool hand_over(const CheckpointChunk& chunk, const CheckpointChunk::Run& run, Part& part);
  bool take_head(const IndexHead& head, Restored& restored) const;
  bool fits(const IndexedRecord& record, Restored& restored) const;
  Outcome finish();
  Bytes content(const Reading& reading) const;

  const FileHeader& header_;
  const LogFileId id_;
  std::vector<Used> used_;  // By slots.
  LogOwner& owner_;
  LogHost& host_;
  CheckpointRoot root_;
  std::vector<CheckpointRoot::Segment> standing_;
  std::vector<std::uint32_t> ends_;  // Of those, by slot; 0 of others.
  bool root_known_ = false;
  std::vector<Reading> window_;
  std::uint32_t next_chunk_ = 0;
  std::uint32_t asked_ = 0;  // Requests under way.
  std::array<Restored, wire::kPartitions> restored_;
  std::vector<Part> parts_;
  bool handed_over_ = false;
  std::uint64_t read_entries_ = 0;
  std::uint64_t restored_entries_ = 0;  // Of them, those that count.
  std::uint64_t tombstones_ = 0;
  std::string_view why_;
  std::atomic<std::uint32_t> size_{0};
  std::atomic<std::uint32_t> done_{0};
};

}  // namespace flotilla::store
