#include "info/latency_window.h"

#include <fmt/format.h>

#include <chrono>

namespace flotilla::info {
namespace {

// Bounds of the shares: 2^0 to 2^16 units.
constexpr std::size_t kBounds = 17;
static_assert(kBounds < Histogram::kBuckets);

Histogram::Snapshot difference(const Histogram::Snapshot& a, const Histogram::Snapshot& b) {
  Histogram::Snapshot out;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    out.microseconds[i] = a.microseconds[i] - b.microseconds[i];
    out.milliseconds[i] = a.milliseconds[i] - b.milliseconds[i];
  }
  return out;
}

}  // namespace

void LatencyWindows::roll(std::string_view name, const Histogram::Snapshot& total, Instant now) {
  const std::scoped_lock lock(mutex_);
  auto at = windows_.find(name);
  if (at == windows_.end()) {
    windows_.emplace(
        name, Window{.shown = {.since_start = total, .last = {}, .length = {}}, .rolled_at = now});
    return;
  }
  Window& window = at->second;
  window.shown.last = difference(total, window.shown.since_start);
  window.shown.since_start = total;
  window.shown.length = now - window.rolled_at;
  window.rolled_at = now;
}

std::optional<LatencyWindow> LatencyWindows::find(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const auto at = windows_.find(name);
  if (at == windows_.end() || at->second.shown.since_start.count() == 0) return std::nullopt;
  return at->second.shown;
}

std::string print_latency(const LatencyWindow& window, bool microseconds) {
  const Histogram::Buckets& buckets =
      microseconds ? window.last.microseconds : window.last.milliseconds;
  std::uint64_t total = 0;
  for (const auto count : buckets) total += count;
  const double seconds = std::chrono::duration<double>(window.length).count();
  std::string out = fmt::format("{},{:.1f}", microseconds ? "usec" : "msec",
                                seconds > 0 ? static_cast<double>(total) / seconds : 0.0);
  // Bucket i + 1 and those above hold what took at least 2^i units.
  std::uint64_t slower = total - buckets[0];
  for (std::size_t bound = 0; bound < kBounds; ++bound) {
    const double share =
        total == 0 ? 0.0 : 100.0 * static_cast<double>(slower) / static_cast<double>(total);
    fmt::format_to(std::back_inserter(out), ",{:.2f}", share);
    slower -= buckets[bound + 1];
  }
  return out;
}

}  // namespace flotilla::info
