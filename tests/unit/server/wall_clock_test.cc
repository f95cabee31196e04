#include "wall_clock.h"

#include <gtest/gtest.h>

namespace flotilla::server {
namespace {

using namespace std::chrono_literals;

TEST(WallClock, IsLookedAtOnceInAMillisecond) {
  std::uint64_t looks = 0;
  WallClock clock([&] { return WallTime{1000 + ++looks}; });
  const Instant start{5s};
  struct Row {
    Duration after;
    std::uint64_t ms;
  };
  constexpr Row kRows[] = {{0ns, 1001},    {1us, 1001}, {999'999ns, 1001}, {1ms, 1002},
                           {1999us, 1002}, {2ms, 1003}, {20s, 1004}};
  for (const Row& row : kRows) EXPECT_EQ(clock.at(start + row.after).ms, row.ms);
}

}  // namespace
}  // namespace flotilla::server
