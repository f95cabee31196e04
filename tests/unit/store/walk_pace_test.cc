#include "store/walk_pace.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace flotilla::store {
namespace {

using namespace std::chrono_literals;

/// A walk on a clock of its own: each record takes the same time.
struct Walker {
  Walker(std::size_t all, Duration of_one) : records(all), cost(of_one) {}

  void part(Duration period, bool pressed = false) {
    const std::size_t some = std::min(pace.part(), records - visited);
    const Instant began = now;
    visited += some;
    now = now + static_cast<Duration::rep>(some) * cost;
    pace.worked(began, now, visited < records);
    worked += now - began;
    longest = ++parts <= 16 ? Duration{} : std::max(longest, now - began);
    const WalkPace::Walk walk{.period = period,
                              .done = static_cast<double>(visited) / static_cast<double>(records),
                              .pressed = pressed};
    EXPECT_GE(pace.next(walk), pace.rests_until(walk));
    rest = pace.next(walk) - now;
    now = pace.next(walk);
  }
  void finish(Duration period, bool pressed = false) {
    while (visited < records) part(period, pressed);
  }
  Duration elapsed() const { return now - kStart; }
  double busy() const {
    return static_cast<double>(worked.count()) / static_cast<double>(elapsed().count());
  }

  static constexpr Instant kStart{1h};
  const std::size_t records;
  const Duration cost;
  WalkPace pace{kStart};
  Instant now = kStart;
  std::size_t visited = 0;
  unsigned parts = 0;
  Duration worked{};
  Duration longest{};  // Part, once it knows what records cost.
  Duration rest{};     // After the last part.
};

TEST(WalkPace, PartsAreShortWhateverARecordCosts) {
  for (const Duration cost : {10ns, 100ns, 1000ns, 10'000ns}) {
    Walker walker(1'000'000, cost);
    walker.finish(1h);
    EXPECT_LE(walker.longest, WalkPace::kPart) << cost.count();
    EXPECT_GE(walker.longest, std::min<Duration>(WalkPace::kPart / 4, 1000 * cost)) << cost.count();
  }
}

TEST(WalkPace, AWalkIsSpreadOverItsPeriod) {
  Walker walker(10'000'000, 150ns);
  while (walker.visited < walker.records) {
    walker.part(120s);
    ASSERT_GE(walker.rest, 3 * Duration(50us));
    const double share = static_cast<double>(walker.visited) / 10'000'000;
    ASSERT_NEAR(std::chrono::duration<double>(walker.elapsed()).count(), 120 * share, 0.1);
  }
  EXPECT_LT(walker.busy(), 0.02);
}

TEST(WalkPace, OneThatNeedsHalfItsPeriodIsDoneInTime) {
  for (const double share : {0.1, 0.24, 0.26, 0.4, 0.49}) {
    constexpr Duration kPeriod = 10s;
    const auto records = static_cast<std::size_t>(share * 1e10 / 200);
    Walker walker(records, 200ns);
    walker.finish(kPeriod);
    EXPECT_NEAR(std::chrono::duration<double>(walker.elapsed()).count(), 10, 0.1) << share;
  }
}

TEST(WalkPace, OneThatNeedsMoreRestsAsLongAsItWorks) {
  Walker walker(10'000'000, 200ns);  // Two seconds of work.
  walker.finish(1s);
  EXPECT_NEAR(walker.busy(), 0.5, 0.01);
  Walker hurried(10'000'000, 200ns);
  hurried.finish(0s);
  EXPECT_NEAR(hurried.busy(), 0.5, 0.01);
}

TEST(WalkPace, OnePressedRestsAQuarter) {
  Walker walker(10'000'000, 200ns);
  walker.finish(120s, true);
  EXPECT_NEAR(walker.busy(), 0.8, 0.01);
}

TEST(WalkPace, APeriodThatGetsShorterIsKeptFromThereOn) {
  Walker walker(10'000'000, 150ns);
  while (walker.visited < walker.records / 2) walker.part(120s);
  EXPECT_NEAR(std::chrono::duration<double>(walker.elapsed()).count(), 60, 1);
  walker.finish(62s);
  EXPECT_NEAR(std::chrono::duration<double>(walker.elapsed()).count(), 62, 0.1);
}

}  // namespace
}  // namespace flotilla::store
