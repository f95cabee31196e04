#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "base/time.h"

namespace flotilla::server {

/// The wall time of requests. It counts in milliseconds, so it is looked at once in one: between,
/// it may be late by that. One thread.
class WallClock {
 public:
  explicit WallClock(std::function<WallTime()> look) : look_(std::move(look)) {}

  /// `now` never goes back.
  WallTime at(Instant now) {
    if (!looked_ || now - *looked_ >= kGoodFor) {
      wall_ = look_();
      looked_ = now;
    }
    return wall_;
  }

 private:
  static constexpr Duration kGoodFor = std::chrono::milliseconds(1);

  std::function<WallTime()> look_;
  WallTime wall_;
  std::optional<Instant> looked_;
};

}  // namespace flotilla::server
