#include "discovery/stream.h"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::discovery {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kOverlap = 5 * kSecond;
// An engine's own memory of events holds about 256.
constexpr std::size_t kSeenMost = 1024;

}  // namespace

void Lines::feed(std::string_view bytes, const std::function<void(std::string_view)>& line) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!too_long_ && rest_.size() + part.size() > kLineMost) {
      too_long_ = true;
      ++dropped_;
      rest_ = {};
    }
    if (!too_long_) rest_ += part;
    if (end == std::string_view::npos) return;
    if (rest_.ends_with('\r')) rest_.pop_back();
    if (!too_long_ && !rest_.empty()) line(rest_);
    rest_.clear();
    too_long_ = false;
    bytes.remove_prefix(end + 1);
  }
}

bool EventCursor::accept(const EngineEvent& event) {
  newest_ns_ = std::max(newest_ns_, event.time_ns);
  Key key{event.time_ns, event.type + ' ' + event.action + ' ' + event.actor};
  if (!seen_.insert(key).second) return false;
  order_.push_back(std::move(key));
  if (order_.size() > kSeenMost) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

std::string EventCursor::since(std::int64_t now_ns) const {
  // An engine whose clock is ahead must not make us ask from the future.
  const std::int64_t from = newest_ns_ == 0 ? now_ns : std::min(newest_ns_, now_ns);
  const std::int64_t at = std::max<std::int64_t>(from - kOverlap, 0);
  return fmt::format("{}.{:09}", at / kSecond, at % kSecond);
}

}  // namespace flotilla::discovery
