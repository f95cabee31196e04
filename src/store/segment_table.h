#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "store/log_format.h"

namespace flotilla::store {

/// The segments of one file: what each is, and how many of its bytes are in live records.
///
///   Free -> Open -> Full -> Sealed -> Moving -> Empty -> Freeing -> Free
///                             \________________/
///                          nothing live: no need to read it
///
///   Free -> Checkpoint -> Free
///
/// Damaged: a record is indexed in it that cannot be read; it stays until that is superseded. Live
/// counts belong to any thread; all else to whoever holds the file's mutex. Slot 0 is the file
/// header's and never used.
class SegmentTable {
 public:
  enum class State : std::uint8_t {
    Free,     // Durably so.
    Open,     // Being filled.
    Full,     // Closed; units of it are still being written.
    Sealed,   // All written.
    Moving,   // Compaction is reading it.
    Empty,    // Nothing live; waits until what superseded its records is durable.
    Freeing,  // The marks that say so are written, and not yet durable.
    Damaged,
    Checkpoint,  // Free by its marks, and a part of an index checkpoint stands in it.
  };
  struct Segment {
    std::atomic<std::uint32_t> live{0};
    std::uint64_t number = 0;
    std::uint32_t end = 0;
    std::uint32_t torn_from = 0;
    std::uint32_t records = 0;
    std::uint32_t filled = 0;  // Bytes of all its records, live or not.
    State state = State::Free;
    bool listed = false;  // Among the candidates for compaction.

    bool has_records() const { return state != State::Free && state != State::Checkpoint; }
  };

  /// All segments Free.
  void reset(std::uint32_t segments, std::uint32_t segment_size);

  std::uint32_t size() const { return size_; }
  std::uint32_t segment_size() const { return segment_size_; }
  Segment& operator[](std::uint32_t slot) { return segments_[slot]; }
  const Segment& operator[](std::uint32_t slot) const { return segments_[slot]; }

  void add_live(std::uint32_t slot, std::size_t bytes);
  /// Returns what is left.
  std::uint32_t sub_live(std::uint32_t slot, std::size_t bytes);

  std::size_t free_count() const { return free_.size(); }
  /// The lowest, so that a sparse file stays small. It must be put to use.
  std::optional<std::uint32_t> take_free();
  /// Takes one for a part of an index checkpoint.
  std::optional<std::uint32_t> take_for_checkpoint();
  void make_free(std::uint32_t slot);
  /// Takes a slot that recovery found in use out of the free ones.
  void occupy(std::uint32_t slot, State state);

  /// Sealed segments with less live than `pct` are worth compacting. Above 50 it also takes
  /// garbage: what is lost to padding and long records is not won back by moving it, again and
  /// again.
  void set_low_water(std::uint32_t pct);
  bool worth_moving(const Segment& segment) const;
  /// Live bytes below which a segment may be worth it. Any thread.
  std::uint32_t low_water() const { return low_water_.load(std::memory_order_relaxed); }
  /// Notes a sealed segment as a candidate, if it is worth it and not noted yet.
  void list(std::uint32_t slot);
  std::size_t listed() const { return listed_.size(); }
  /// Takes the candidate with the least live bytes, dropping those that are none any more.
  std::optional<std::uint32_t> take_emptiest_listed();
  /// The sealed segment with the least live bytes of those with any garbage to speak of. Looks at
  /// all.
  std::optional<std::uint32_t> emptiest() const;
  std::uint64_t live_bytes() const;
  std::uint32_t count(State state) const;

 private:
  std::unique_ptr<Segment[]> segments_;
  std::uint32_t size_ = 0;
  std::uint32_t segment_size_ = kSegmentSizeDefault;
  std::atomic<std::uint32_t> low_water_{0};
  std::uint32_t low_water_pct_ = 0;
  std::set<std::uint32_t> free_;
  std::vector<std::uint32_t> listed_;
};

}  // namespace flotilla::store
