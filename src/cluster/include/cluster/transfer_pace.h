#pragma once

#include <cstddef>
#include <mutex>

#include "base/time.h"

namespace flotilla::cluster {

/// How fast a primary fills other copies, so that its clients hardly feel it: a bucket of bytes
/// whose rate follows how long requests wait, by additive increase and multiplicative decrease;
/// until the first decrease it grows by half. A machine without I/O. Any thread.
class TransferPace {
 public:
  /// The work for an answer beside its bytes, in bytes: that for a few small records.
  static constexpr std::size_t kAnswer = 1024;

  struct Options {
    double slowest = 24 << 20;  // Bytes a second: 100,000 small records. Where it begins, too.
    double step = 1 << 20;      // So much more after a good measurement ...
    double decrease = 0.75;     // ... and times this after a bad one.
    Duration tolerated = std::chrono::microseconds(300);  // What requests may wait, in the mean.
    Duration burst = std::chrono::milliseconds(5);        // What was not used adds up for so long.
    // Measurements in a row without a request after which nobody is there. Clients that the
    // transfers themselves keep from a processor for a while still are.
    int absent_after = 10;
  };

  TransferPace() = default;
  explicit TransferPace(const Options& options) : options_(options) {}

  /// Whether an answer may leave. It is as long as it is: what is spent beyond is owed.
  bool allows(Instant now) { return allows_at(now) <= now; }
  Instant allows_at(Instant now);
  void spend(std::size_t bytes);

  /// Every 20 ms while something is sent. `wait`: of requests since the last time, in the mean.
  /// `served`: whether there were any of clients; without clients there is no limit.
  void adjust(Instant now, Duration wait, bool served = true);
  /// Nothing is sent any more: next time it begins anew.
  void reset();
  /// Bytes a second; 0: no limit.
  double rate() const;

 private:
  void refill(Instant now);

  Options options_;
  mutable std::mutex mutex_;
  double rate_ = options_.slowest;
  double left_ = 0;  // Bytes; below zero: owed.
  bool is_starting_ = true;
  int unserved_ = 0;  // Measurements in a row.
  Instant refilled_;
};

}  // namespace flotilla::cluster
