#pragma once

#include <atomic>

#include "base/time.h"
#include "store/record.h"

namespace flotilla::store {

/// The node's hybrid logical clock: never goes back, never gives the same time twice. Any thread.
class HybridClock {
 public:
  /// Later than every time given or seen before, and not before `now`.
  HlcTime next(WallTime now) {
    const std::uint64_t wall = HlcTime(now.ms, 0).raw();
    std::uint64_t last = last_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t next = wall > last ? wall : last + 1;
      if (last_.compare_exchange_weak(last, next, std::memory_order_relaxed)) return HlcTime(next);
    }
  }
  /// A time found in stored records or heard from another node.
  void saw(HlcTime time) {
    std::uint64_t last = last_.load(std::memory_order_relaxed);
    while (time.raw() > last &&
           !last_.compare_exchange_weak(last, time.raw(), std::memory_order_relaxed)) {
    }
  }
  /// The latest time given or seen.
  HlcTime latest() const { return HlcTime(last_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace flotilla::store
