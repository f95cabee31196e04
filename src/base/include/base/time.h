#pragma once

#include <chrono>
#include <cstdint>

namespace flotilla {

using Duration = std::chrono::nanoseconds;

/// Monotonic time since an arbitrary start; what machines and timers get as `now`. Never goes
/// backwards.
struct Instant {
  Duration since_start{0};

  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
  friend constexpr Instant operator+(Instant at, Duration by) { return {at.since_start + by}; }
  friend constexpr Duration operator-(Instant a, Instant b) {
    return a.since_start - b.since_start;
  }
};

/// Wall time, in milliseconds since 2010-01-01 00:00:00 UTC, the epoch of the protocol.
struct WallTime {
  std::uint64_t ms = 0;

  constexpr std::uint32_t seconds() const { return static_cast<std::uint32_t>(ms / 1000); }
  friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};

/// Unix seconds of the protocol's epoch.
inline constexpr std::uint64_t kEpochUnixSeconds = 1'262'304'000;

}  // namespace flotilla
