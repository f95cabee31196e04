#include <gtest/gtest.h>

#include "membership_world.h"

namespace flotilla::sim {
namespace {

using WorldSetup = MembershipWorld::Setup;

struct Cluster : MembershipWorld {
  explicit Cluster(std::size_t count, WorldSetup setup = {}) : MembershipWorld(std::move(setup)) {
    for (std::size_t i = 0; i < count; ++i) add();
    for (std::size_t i = 0; i < count; ++i) start(i);
  }
  ~Cluster() {
    for (const std::string& each : broken) ADD_FAILURE() << each;
  }
  bool settle(Duration limit = seconds(20)) {
    if (run_until([&] { return balanced(); }, limit)) return true;
    ADD_FAILURE() << describe();
    return false;
  }
};

TEST(Membership, ANodeWithoutSeedsIsAClusterAtOnce) {
  WorldSetup setup;
  setup.seeds = {{"10.0.0.1", 3002}};
  Cluster world(1, setup);
  EXPECT_TRUE(world.run_until([&] { return world.balanced(); }, milliseconds(100)));
}

TEST(Membership, ThreeNodesFormOneViewAndBalance) {
  Cluster world(3);
  EXPECT_TRUE(world.run_until([&] { return world.all_in_one_view(); }, seconds(2)));
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.at(0).diagnosis(), std::vector<std::string>{});
}

TEST(Membership, AKilledProcessIsOutWithinHalfASecond) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  for (const std::size_t victim : {2U, 0U}) {
    world.crash(victim);
    EXPECT_TRUE(world.run_until([&] { return world.all_in_one_view(); }, milliseconds(500)));
    world.restart(victim, true);
    EXPECT_TRUE(world.settle());
  }
}

TEST(Membership, ASilentHostIsOutAfterTheTimeout) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  for (const std::size_t victim : {2U, 0U}) {
    world.crash(victim, false);
    EXPECT_TRUE(world.run_until([&] { return world.all_in_one_view(); }, milliseconds(2500)));
    EXPECT_TRUE(world.settle());
    world.restart(victim, true);
    EXPECT_TRUE(world.settle());
  }
}

}  // namespace
}  // namespace flotilla::sim
