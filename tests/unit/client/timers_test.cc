#include "timers.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

namespace flotilla::client {
namespace {

using TimePoint = Timers::TimePoint;

TimePoint at(std::int64_t ticks) { return TimePoint(TimePoint::duration(ticks)); }

TEST(Timers, TheNextOneIsOnTopWhateverIsSetAgainOrTakenOut) {
  Random random(7);
  Timers timers;
  std::array<Timed, 50> all;
  std::array<std::int64_t, 50> due{};  // 0: is not in it.
  for (int step = 0; step < 20'000; ++step) {
    const auto i = static_cast<std::size_t>(random.below(all.size()));
    if (random.below(3) == 0) {
      timers.drop(all[i]);
      due[i] = 0;
    } else {
      due[i] = 1 + static_cast<std::int64_t>(random.below(1000));
      timers.set(all[i], at(due[i]));
    }
    std::int64_t least = 0;
    for (std::size_t k = 0; k < all.size(); ++k) {
      ASSERT_EQ(all[k].is_timed(), due[k] != 0);
      if (due[k] != 0 && (least == 0 || due[k] < least)) least = due[k];
    }
    ASSERT_EQ(timers.empty(), least == 0);
    if (least != 0) {
      ASSERT_EQ(timers.next_time(), at(least));
    }
  }
}

TEST(Timers, AllComeInTheOrderOfTheirTimes) {
  Random random(8);
  Timers timers;
  std::array<Timed, 200> all;
  for (Timed& timed : all) timers.set(timed, at(static_cast<std::int64_t>(random.below(100))));
  TimePoint last = at(0);
  for (; !timers.empty(); timers.drop(timers.next())) {
    EXPECT_GE(timers.next_time(), last);
    last = timers.next_time();
  }
}

}  // namespace
}  // namespace flotilla::client
