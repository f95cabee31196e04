#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "base/time.h"

namespace flotilla::info {

/// Latencies of one kind of request: since the start, and of the last whole interval, which is what
/// `latencies:` answers.
struct LatencyWindow {
  Histogram::Snapshot since_start;
  Histogram::Snapshot last;
  Duration length{0};  // Of the last interval; 0: none is over yet.
};

/// The windows of all kinds, rolled by the ticker. Any thread.
class LatencyWindows {
 public:
  /// Ends the running interval of `name` and begins the next; `total` is the sum over all threads
  /// since the start.
  void roll(std::string_view name, const Histogram::Snapshot& total, Instant now);
  /// Nothing when nothing was recorded up to the last roll().
  std::optional<LatencyWindow> find(std::string_view name) const;

 private:
  struct Window {
    LatencyWindow shown;
    Instant rolled_at;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Window, std::less<>> windows_;
};

/// "msec,100.0,0.00,...": requests a second, and the shares of them that took at least 1, 2, 4,
/// ..., 65536 units.
std::string print_latency(const LatencyWindow& window, bool microseconds);

}  // namespace flotilla::info
