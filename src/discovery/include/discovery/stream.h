#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "discovery/engine_answers.h"

namespace flotilla::discovery {

/// Cuts a stream into its lines, however it arrives. A line over the bound is dropped whole.
class Lines {
 public:
  static constexpr std::size_t kLineMost = 1U << 20;

  /// Calls `line` for each that is complete now, without its end. Empty lines count for nothing.
  void feed(std::string_view bytes, const std::function<void(std::string_view)>& line);
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::string rest_;
  bool too_long_ = false;
  std::uint64_t dropped_ = 0;
};

/// Where a stream of events stands: what to ask for after a break, and which of the repeated ones
/// have been seen. Repeats are wanted: engines differ in how exactly they keep to `since`.
class EventCursor {
 public:
  /// False: it has been seen before.
  bool accept(const EngineEvent& event);
  /// The `since` to open the stream with, "seconds.nanoseconds". `now_ns` counts when there has
  /// been no event yet; both clocks are taken as good for a few seconds only.
  std::string since(std::int64_t now_ns) const;

 private:
  using Key = std::pair<std::int64_t, std::string>;
  std::int64_t newest_ns_ = 0;
  std::set<Key> seen_;
  std::deque<Key> order_;  // Of seen_, so that the oldest go.
};

}  // namespace flotilla::discovery
