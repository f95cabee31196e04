#pragma once

#include <cstddef>

#include "base/time.h"

namespace flotilla::store {

/// Spreads a walk over all records over its period, so that nobody notices it: parts of a fraction
/// of a millisecond, and a rest after each, in which others have the processor and the locks.
///
/// In step with its period a walk rests at least three times as long as it worked, and where that
/// is early, longer. Behind its time it works half of the time, so one that needs no more than half
/// its period is done at its end; pressed, four fifths.
///
/// A machine without a clock: who walks says what time it is. Not thread-safe.
class WalkPace {
 public:
  static constexpr Duration kPart = std::chrono::microseconds(300);  // At most, about.

  struct Walk {
    Duration period{};     // From its beginning to its end. Zero: as soon as may be.
    double done = 0;       // Share of it, 0 to 1.
    bool pressed = false;  // What it removes is waited for.
  };

  explicit WalkPace(Instant begun) : begun_(begun), ended_(begun) {}

  /// How many records the next part should visit; grows and shrinks with what they cost.
  std::size_t part() const { return part_; }
  /// A part is over. `was_full`: it visited as many as it should.
  void worked(Instant began, Instant ended, bool was_full);

  /// Until then nobody should walk, over whatever.
  Instant rests_until(const Walk& walk) const;
  /// When the walk should go on; at its end, when the next one should begin.
  Instant next(const Walk& walk) const;

 private:
  Instant due(const Walk& walk) const;

  Instant begun_;
  Instant ended_;    // The last part.
  Duration took_{};  // Likewise.
  std::size_t part_ = 256;
};

}  // namespace flotilla::store
