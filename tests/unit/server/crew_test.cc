#include "server/crew.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

namespace flotilla::server {
namespace {

TEST(Crew, DoesEachPartOnce) {
  for (const unsigned size : {1U, 2U, 5U}) {
    Crew crew(size);
    EXPECT_EQ(crew.size(), size);
    for (const unsigned parts : {0U, 1U, 3U, 200U}) {
      std::array<std::atomic<int>, 200> done{};
      crew.run(parts, [&](unsigned part) { ++done[part]; });
      for (unsigned i = 0; i < done.size(); ++i) EXPECT_EQ(done[i], i < parts ? 1 : 0);
    }
  }
}

TEST(Crew, CallersTakeTurns) {
  Crew crew(3);
  std::atomic<int> sum{0};
  const auto call = [&] {
    for (int i = 0; i < 200; ++i) {
      std::atomic<int> mine{0};
      crew.run(4, [&](unsigned part) { mine += static_cast<int>(part); });
      sum += mine;
    }
  };
  std::thread other(call);
  call();
  other.join();
  EXPECT_EQ(sum, 2 * 200 * 6);
}

}  // namespace
}  // namespace flotilla::server
