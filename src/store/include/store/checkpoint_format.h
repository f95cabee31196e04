#pragma once

#include <array>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/log_format.h"
#include "store/record_log.h"

namespace flotilla::store {

/// The bytes of an index checkpoint: docs/formats/data-file.md. It stands in free segments of a
/// data file, between their marks, which go on to say "free". All integers are little-endian.
///
///   file header  | ... | slot of the root |
///   root         | header | slots of the chunks | segments in use |
///   chunk        | header | run | run | ... | names of sets |
///   run          | partition | entry | entry | ... |
///
/// Every byte of a root and of a chunk is covered by its checksum, which comes first.

/// Which checkpoint of which file a root or chunk belongs to.
struct CheckpointId {
  std::uint64_t log_id = 0;
  std::uint64_t number = 0;  // One of the file's segment numbers, of which none is used twice.

  friend bool operator==(const CheckpointId&, const CheckpointId&) = default;
};

/// What a checkpoint consists of, and the segments that it speaks of: those that were in use with a
/// number below `young`. What was appended since it was begun is in others.
struct CheckpointRoot {
  static constexpr std::size_t kHeaderSize = 64;

  struct Segment {
    static constexpr std::size_t kSize = 24;
    std::uint32_t slot = 0;
    std::uint32_t filled = 0;  // Bytes of all its records.
    std::uint32_t live = 0;    // Of those that the entries name.
    std::uint64_t number = 0;

    friend bool operator==(const Segment&, const Segment&) = default;
  };

  CheckpointId id;
  std::uint64_t young = 0;  // The lowest number of a segment that it says nothing of.
  std::uint64_t entries = 0;
  std::vector<std::uint32_t> chunks;  // Their slots.
  std::vector<Segment> segments;      // By slots.

  std::size_t size() const {
    return kHeaderSize + chunks.size() * sizeof(std::uint32_t) + segments.size() * Segment::kSize;
  }
  /// `to` holds size() bytes.
  void encode(MutableBytes to) const;
  /// The root at the start of `in`. Parameter: none that checks, or of another file.
  static Result<CheckpointRoot> parse(Bytes in, std::uint64_t log_id);
};

/// Fills one chunk after the other with runs.
class CheckpointChunkWriter {
 public:
  /// `room` is where the chunk is made.
  void start(MutableBytes room);
  /// What follows is of this partition. False: no room.
  bool begin_run(const IndexHead& head);
  /// False: no room, and nothing was added.
  bool add(const IndexedRecord& record);
  bool empty() const { return runs_ == 0; }
  std::uint32_t entries() const { return entries_; }
  /// Adds names, header, and checksum; `index`: which chunk of the checkpoint it is. Returns its
  /// size.
  std::size_t finish(const CheckpointId& id, std::uint32_t index);

 private:
  bool fits(std::size_t more) const { return at_ + names_size_ + more <= room_.size(); }
  std::uint16_t set_number(std::string_view name);

  MutableBytes room_;
  std::size_t at_ = 0;
  std::size_t run_at_ = 0;  // Of the open run.
  std::uint32_t run_entries_ = 0;
  std::uint32_t runs_ = 0;
  std::uint32_t entries_ = 0;
  std::vector<std::string_view> names_;
  std::size_t names_size_ = 0;
  std::unordered_map<std::string_view, std::uint16_t> numbers_;
  std::string_view last_name_;
  std::uint16_t last_number_ = 0;
};

/// A chunk as it was read. A view into the bytes that it was parsed from, which must outlive it.
class CheckpointChunk {
 public:
  static constexpr std::size_t kHeaderSize = 64;
  static constexpr std::size_t kRunSize = 24;
  static constexpr std::size_t kEntrySize = 60;

  /// Records of one partition, in descending order of their digests.
  struct Run {
    IndexHead head;
    Bytes entries;
    std::size_t size() const { return entries.size() / kEntrySize; }
  };

  /// The chunk at the start of `in`. Parameter: none that checks, or not this one. The work is
  /// bounded by the size of `in`.
  static Result<CheckpointChunk> parse(Bytes in, const CheckpointId& id, std::uint32_t index);
  const std::vector<Run>& runs() const { return runs_; }
  std::uint64_t entries() const { return entries_; }
  /// Entry `i` of a run, with slots of file `file`. Only the names of sets are checked: false, one
  /// that the chunk does not have.
  bool read(const Run& run, std::size_t i, unsigned file, IndexedRecord& out) const;

 private:
  std::vector<Run> runs_;
  std::vector<std::string_view> names_;  // [0]: none.
  std::uint64_t entries_ = 0;
};

}  // namespace flotilla::store
