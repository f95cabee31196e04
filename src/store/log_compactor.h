#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/aligned_buffer.h"
#include "store/log.h"
#include "store/segment_scan.h"

namespace flotilla::store {

class LogFile;

/// Gives segments with little left in them back, shows the owner all copies in the file when it
/// looks for tombstones that hide nothing, and checks each segment from time to time: what does not
/// check is moved out of as far as it can be read. One segment at a time, read in pieces, with
/// pauses unless space is short. Part of LogFile: on its stepping thread, except ask_for_pass().
class LogCompactor {
 public:
  explicit LogCompactor(LogFile& log) : log_(log) {}

  void advance(Instant now, std::vector<IoRequest>& out);
  /// The read that was asked for has ended.
  void completed(bool ok);
  /// When to advance() at the latest. None: when something else happens.
  std::optional<Instant> deadline() const;
  void ask_for_pass() { pass_asked_.store(true, std::memory_order_relaxed); }

 private:
  enum class Work : std::uint8_t { None, Move, Show, Check };
  enum class Phase : std::uint8_t { Reading, Handing };
  struct Emptied {
    std::uint32_t slot = 0;
    std::uint64_t position = 0;  // Durable up to here, its records are all superseded for sure.
  };
  struct Visit {  // A segment that a tombstone pass has to show.
    std::uint32_t slot = 0;
    std::uint64_t number = 0;
  };

  void free_emptied();
  void rescue(Instant now);
  void choose(Instant now);
  bool choose_segment_to_move();
  bool choose_segment_to_show();
  bool choose_segment_to_check(Instant now);
  std::optional<std::uint32_t> due_for_check(Instant now);
  std::optional<Instant> next_check() const;
  void begin_pass();
  void read_on(Instant now, std::vector<IoRequest>& out);
  void scan();
  void judge();
  bool marks_check() const;
  void note_checked(std::uint64_t errors);
  void hand_over();
  void finish_move();
  void abandon();
  bool gives_way() const;
  bool space_is_short() const;
  Duration pause() const;

  LogFile& log_;
  std::atomic<bool> pass_asked_{false};

  Work work_ = Work::None;
  Phase phase_ = Phase::Reading;
  Visit at_;
  std::uint32_t size_ = 0;     // Bytes of the segment that hold units.
  std::uint32_t to_read_ = 0;  // Of the segment: also its marks, if they are to be checked.
  std::uint32_t read_ = 0;
  bool reading_ = false;  // A request is under way.
  std::optional<Instant> next_;
  AlignedBuffer buffer_;
  SegmentScan scan_;
  std::size_t handed_ = 0;  // Records of scan_.
  bool stuck_ = false;      // The last record could not be moved: no space just now.

  std::vector<Emptied> emptied_;
  std::vector<std::uint32_t> damaged_;  // Segments that the owner is to be told of.
  Instant next_rescue_;
  bool in_pass_ = false;
  bool pass_complete_ = false;
  bool moved_last_ = false;
  bool checked_last_ = false;
  std::optional<Instant> checked_;  // When the scrub took its last step. None: not yet.
  std::uint32_t check_slot_ = 0;    // Where it stands.
  std::uint64_t pass_errors_ = 0;
  bool pass_done_ = false;  // And to be told.
  std::vector<Visit> to_show_;
};

}  // namespace flotilla::store
