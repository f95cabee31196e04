#include <gtest/gtest.h>

#include <algorithm>

#include "cluster_world.h"
#include "schedules.h"

/// Whole nodes (membership, copies, real namespaces) under faults; what clients were promised must
/// hold.
namespace flotilla::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kSettle = seconds(20);

unsigned three_to_five(std::uint64_t seed) {
  return static_cast<unsigned>(at_most_nodes(3 + seed % 3));
}

void start_all(World& world) {
  for (unsigned i = 0; i < world.count(); ++i) world.start(i);
}

void expect_settled(World& world, Duration most = kSettle) {
  ASSERT_TRUE(world.run_until([&] { return world.settled(); }, most)) << world.unsettled_why();
}

void expect_nothing_lost(World& world) {
  world.clients(false);
  world.run(seconds(2));
  expect_settled(world);
  EXPECT_EQ(world.lost(), std::vector<std::string>{});
  EXPECT_EQ(world.unequal(), "");
  EXPECT_GT(world.writes_acknowledged(), 0U);
}

TEST(Cluster, FormsAndServesEveryPartitionWithAllItsCopies) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, {.nodes = 2 + static_cast<unsigned>(seed % 5), .replication_factor = 2});
    start_all(world);
    expect_settled(world, seconds(5));
    world.clients(true);
    world.run(seconds(2));
    expect_nothing_lost(world);
    EXPECT_EQ(world.writes_failed(), 0U) << world.last_failure();
    EXPECT_EQ(world.writes_in_doubt(), 0U) << world.last_failure();
  });
}

TEST(Cluster, AKilledNodeLosesNothingThatWasAcknowledged) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, {.nodes = three_to_five(seed)});
    start_all(world);
    expect_settled(world);
    world.clients(true);
    for (unsigned round = 0; round < at_most_faults(3); ++round) {
      world.run(milliseconds(500));
      const auto victim = static_cast<unsigned>(world.random().below(world.count()));
      world.crash(victim);
      world.run(milliseconds(world.random().below(3000)));
      world.start(victim);
      expect_settled(world);
      if (testing::Test::HasFailure()) return;
    }
    expect_nothing_lost(world);
  });
}

TEST(Cluster, ARollingRestartFailsNoRequest) {
  for_each_seed(1, 10, [](std::uint64_t seed) {
    World world(seed, {.nodes = three_to_five(seed)});
    start_all(world);
    expect_settled(world);
    world.clients(true);
    for (unsigned i = 0; i < world.count(); ++i) {
      world.run(milliseconds(300));
      world.stop(i);
      ASSERT_TRUE(world.run_until([&] { return !world.is_up(i); }, seconds(20)));
      world.start(i);
      expect_settled(world);
      if (testing::Test::HasFailure()) return;
    }
    expect_nothing_lost(world);
    EXPECT_EQ(world.writes_failed(), 0U) << world.last_failure();
    EXPECT_EQ(world.writes_in_doubt(), 0U) << world.last_failure();
  });
}

TEST(Cluster, APausedNodeComesBackWithoutLoss) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, {.nodes = three_to_five(seed)});
    start_all(world);
    expect_settled(world);
    world.clients(true);
    for (unsigned round = 0; round < at_most_faults(2); ++round) {
      world.run(milliseconds(500));
      const auto victim = static_cast<unsigned>(world.random().below(world.count()));
      world.pause(victim);
      world.run(milliseconds(world.random().between(100, 8000)));
      world.resume(victim);
      expect_settled(world);
      if (testing::Test::HasFailure()) return;
    }
    expect_nothing_lost(world);
  });
}

TEST(Cluster, ScalingUpAndDownLosesNothingAndFailsNothing) {
  for_each_seed(1, 10, [](std::uint64_t seed) {
    World world(seed, {.nodes = 5});
    world.start(0);
    expect_settled(world);
    world.clients(true);
    const unsigned sizes[] = {3, 5, 2, 1};
    unsigned size = 1;
    for (const unsigned next : sizes) {
      for (; size < next; ++size) world.start(size);
      expect_settled(world);
      for (; size > next; --size) {
        world.stop(size - 1);
        ASSERT_TRUE(world.run_until([&] { return !world.is_up(size - 1); }, seconds(20)));
        expect_settled(world);
      }
      if (testing::Test::HasFailure()) return;
    }
    expect_nothing_lost(world);
    EXPECT_EQ(world.writes_failed(), 0U) << world.last_failure();
    EXPECT_EQ(world.writes_in_doubt(), 0U) << world.last_failure();
  });
}

TEST(Cluster, ASplitKeepsWhatEachSideWroteAlone) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, {.nodes = 5, .keys = 64});
    start_all(world);
    expect_settled(world);
    for (unsigned a : {0U, 1U, 2U})
      for (unsigned b : {3U, 4U}) world.cut(a, b);
    // Each side writes keys of its own.
    world.client_at(0, 0, 32);
    world.client_at(3, 32, 32);
    world.run(seconds(5));  // Both sides have found that they are alone.
    world.clients(true);
    world.run(seconds(3));
    world.mend();
    world.run(seconds(2));
    expect_nothing_lost(world);
  });
}

TEST(Cluster, LostDoubledAndLateFramesOnlyCostTime) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, {.nodes = 3, .drop = 0.05, .delay_most = milliseconds(20)});
    start_all(world);
    expect_settled(world);
    world.clients(true);
    world.run(seconds(4));
    expect_nothing_lost(world);
  });
}

// --- restarts with old data

World::Options with_disks(std::uint64_t seed) {
  Random random(seed);
  const bool commits = random.chance(0.5);
  return {.nodes = three_to_five(seed),
          .partitions = random.between(1, 8),
          .replication_factor = static_cast<std::uint32_t>(random.between(2, 3)),
          .delay_most = milliseconds(random.between(1, 5)),
          .removes = random.chance(0.5) ? 0.1 : 0.4,
          .durable = true,
          .commit_to_device = commits,
          .log_files = static_cast<unsigned>(random.between(1, 3)),
          .flush_most = milliseconds(commits ? random.between(2, 50) : random.between(20, 600)),
          .save_every = milliseconds(random.between(20, 1000))};
}

void end_somehow(World& world, unsigned i) {
  switch (world.random().below(3)) {
    case 0:
      return world.crash(i);
    case 1:
      return world.cut_power(i);
    default:
      world.stop(i);
      EXPECT_TRUE(world.run_until([&] { return !world.is_up(i); }, seconds(20)));
  }
}

std::vector<unsigned> any_order(World& world) {
  std::vector<unsigned> order;
  for (unsigned i = 0; i < world.count(); ++i) order.push_back(i);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[world.random().below(i)]);
  return order;
}

void start_in(World& world, const std::vector<unsigned>& order) {
  for (const unsigned i : order) {
    world.run(milliseconds(world.random().below(3000)));
    world.start(i);
  }
}

void expect_all_there(World& world) {
  expect_settled(world);
  world.run(seconds(1));  // A holder where none belongs may have a branch still.
  expect_settled(world);
  EXPECT_EQ(world.lost(), std::vector<std::string>{});
}

TEST(ClusterDisks, ANodeThatComesBackWithOldDataLosesNothingAndBringsNothingBack) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, with_disks(seed));
    start_all(world);
    expect_settled(world);
    world.clients(true);
    for (unsigned round = 0; round < at_most_faults(5) && !testing::Test::HasFailure(); ++round) {
      world.run(milliseconds(world.random().below(2000)));
      const auto victim = static_cast<unsigned>(world.random().below(world.count()));
      end_somehow(world, victim);
      // Now and then nobody writes while it is away.
      if (world.random().chance(0.3)) world.clients(false);
      world.run(milliseconds(world.random().below(4000)));
      world.start(victim);
      world.clients(true);
      expect_settled(world);
    }
    expect_nothing_lost(world);
  });
}

/// All at once, or one after the other, so that the last ones alone have what came last.
TEST(ClusterDisks, AllThatEndTogetherComeBackWithWhatWasDurable) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    const World::Options options = with_disks(seed);
    World world(seed, options);
    start_all(world);
    expect_settled(world);
    for (unsigned round = 0; round < at_most_faults(3) && !testing::Test::HasFailure(); ++round) {
      world.clients(true);
      world.run(milliseconds(world.random().between(2500, 5000)));
      const bool cut = world.random().chance(0.5);
      for (const unsigned i : world.up()) cut ? world.cut_power(i) : world.crash(i);
      if (!options.commit_to_device) world.doubt(world.now() + -2 * options.flush_most);
      world.clients(false);
      start_in(world, any_order(world));
      expect_all_there(world);
    }
    world.clients(true);
    world.run(seconds(1));
    expect_nothing_lost(world);
  });
}

TEST(ClusterDisks, AllThatAreStoppedOneAfterTheOtherComeBackWithEverything) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, with_disks(seed));
    start_all(world);
    expect_settled(world);
    for (unsigned round = 0; round < at_most_faults(2) && !testing::Test::HasFailure(); ++round) {
      world.clients(true);
      world.run(milliseconds(world.random().between(300, 2000)));
      std::vector<unsigned> order = any_order(world);
      for (const unsigned i : order) {
        world.run(milliseconds(world.random().below(500)));
        world.stop(i);
        ASSERT_TRUE(world.run_until([&] { return !world.is_up(i); }, seconds(20)));
      }
      world.clients(false);
      world.run(seconds(2));
      std::ranges::reverse(order);
      if (world.random().chance(0.5)) std::swap(order.front(), order.back());
      start_in(world, order);
      expect_all_there(world);
    }
    world.clients(true);
    world.run(seconds(1));
    expect_nothing_lost(world);
  });
}

// --- every read, not only what is there in the end

World::Options registers(std::uint64_t seed) {
  Random random(seed);
  return {.nodes = three_to_five(seed),
          .partitions = random.between(1, 8),
          .replication_factor = static_cast<std::uint32_t>(random.between(2, 3)),
          .keys = 12,
          .delay_most = milliseconds(random.between(1, 5)),
          .skew_ms_most = random.chance(0.5) ? 3'600'000 : 0,
          .removes = 0,
          .reads = 0.5,
          .durable = random.chance(0.5)};
}

/// Clients go on all the time; what a node shows when it goes on after its time-out counts too.
void pause_under_reads(World& world, unsigned victim, Duration time) {
  world.run(milliseconds(500));
  world.pause(victim);
  world.run(time);
  world.resume(victim);
  world.run(seconds(1));  // What waited for it may cost it its place.
  expect_settled(world);
}

void expect_registers(World& world) {
  expect_nothing_lost(world);
  EXPECT_EQ(world.not_linearizable(), std::vector<std::string>{});
  EXPECT_GT(world.reads_answered(), 100U);
}

TEST(ClusterReads, ANodePausedPastItsTimeOutShowsNothingThatWasOverwritten) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, registers(seed));
    start_all(world);
    expect_settled(world);
    world.clients(true);
    for (unsigned round = 0; round < at_most_faults(3) && !testing::Test::HasFailure(); ++round) {
      unsigned victim = static_cast<unsigned>(world.random().below(world.count()));
      for (const unsigned i : world.up())
        if (round == 0 && world.node(i).membership->is_leader()) victim = i;
      pause_under_reads(world, victim, milliseconds(world.random().between(1600, 8000)));
    }
    expect_registers(world);
  });
}

TEST(ClusterReads, AnyOneFaultAtATimeLeavesRegistersLinearizable) {
  for_each_seed(1, 20, [](std::uint64_t seed) {
    World world(seed, registers(seed));
    start_all(world);
    expect_settled(world);
    world.clients(true);
    for (unsigned round = 0; round < at_most_faults(5) && !testing::Test::HasFailure(); ++round) {
      const auto victim = static_cast<unsigned>(world.random().below(world.count()));
      world.run(milliseconds(300));
      switch (world.random().below(4)) {
        case 0:
        case 1:
          end_somehow(world, victim);
          world.run(milliseconds(world.random().below(3000)));
          break;
        case 2:  // Its address and node id, another node.
          world.crash(victim);
          world.replace(victim);
          break;
        default:
          pause_under_reads(world, victim, milliseconds(world.random().between(100, 8000)));
          continue;
      }
      world.start(victim);
      expect_settled(world);
    }
    expect_registers(world);
  });
}

}  // namespace
}  // namespace flotilla::sim
