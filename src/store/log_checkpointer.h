#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint_filler.h"
#include "standing_checkpoint.h"
#include "store/aligned_buffer.h"
#include "store/log.h"

namespace flotilla::store {

class LogFile;

/// Writes the owner's index into free segments while the file is in use, so that a start after a
/// crash reads that and what is younger: docs/adr/0017-index-checkpoint.md has the rule and why it
/// holds. A piece at a time, with pauses. Part of LogFile: on its stepping thread.
///
///   Idle -> Filling <-> Writing -> Settling -> Naming -> Idle
///
/// Settling: all of it, and all that was appended until then, becomes durable. Naming: so does the
/// header that names it, or that names none any more; then the segments of the one before are free.
class LogCheckpointer {
 public:
  explicit LogCheckpointer(LogFile& log) : log_(log) {}

  /// Before the first advance(): what recovery read.
  void opened(const StandingCheckpoint& standing) { standing_ = standing; }
  void advance(Instant now, std::vector<IoRequest>& out);
  /// When to advance() at the latest. None: when something else happens.
  std::optional<Instant> deadline() const;
  /// A sync that begins now covers what has been written by now; under the file's mutex. The one
  /// that was under way has ended.
  void sync_begins();
  void sync_ends();
  /// Before the file closes, with no request under way: gives back what no header names yet.
  void stop();
  /// Whether segments are, or soon will be, free that are not now.
  bool holds_space() const { return phase_ != Phase::Idle || !standing_.slots.empty(); }

 private:
  enum class Phase : std::uint8_t { Idle, Filling, Writing, Settling, Naming };
  enum class Covered : std::uint8_t { No, UnderWay, Yes };  // By a sync.
  enum class Choice : std::uint8_t { Wait, GiveUp, Skip, Begin };

  bool gives_way() const;
  Duration period() const;
  void consider(Instant now);
  Choice choose(std::size_t needed) const;
  bool is_unwanted() const;
  std::size_t young_segments() const;
  void begin(Instant now, std::size_t needed);
  void fill();
  void write_next(std::vector<IoRequest>& out);
  void written();
  void write_root();
  void write_buffer(std::uint32_t slot, std::size_t size);
  std::optional<std::uint32_t> take_slot();
  void settle();
  void name(const StandingCheckpoint& next);
  void named();
  void abandon();
  std::size_t room() const;

  LogFile& log_;
  Phase phase_ = Phase::Idle;
  StandingCheckpoint standing_;  // Named by a durable header.
  StandingCheckpoint next_;      // Being taken, or named.
  std::optional<Instant> considered_;
  Instant go_on_;
  Duration pause_{};
  std::uint32_t piece_ = 0;  // Bytes written, or filled, in one step.
  CheckpointRoot root_;
  std::vector<bool> covered_;  // By slot: the segments that it speaks of.
  std::optional<CheckpointFiller> filler_;
  bool filled_ = false;  // The chunk in the buffer is the last one.
  AlignedBuffer buffer_;
  std::uint32_t slot_ = 0;        // Where it goes ...
  std::uint32_t size_ = 0;        // ... how much of it ...
  std::uint32_t written_ = 0;     // ... and how much has been written.
  std::uint64_t settled_at_ = 0;  // Position: durable up to here, it is settled.
  Covered by_sync_ = Covered::No;
};

}  // namespace flotilla::store
