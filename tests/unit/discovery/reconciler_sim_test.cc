// The reconciler against a fake engine and fake nodes: any sequence of starts, stops, kills,
// renames, changes of address, lost events, restarts of the engine and of the service itself.
//
// DISCOVERY_SEQUENCES sets how many are tried (default 1500), DISCOVERY_SEED where they begin.

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "unit/discovery/world.h"

namespace flotilla::discovery::testing {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string why(const World& world) {
  std::string text;
  for (const ClusterStatus& cluster : world.reconciler().status().clusters)
    for (const std::string& line : cluster.why) text += cluster.name + ": " + line + "\n";
  return text;
}

void disturb(World& world, std::uint64_t seed) {
  Random random(seed * 2 + 1);
  for (std::uint64_t i = random.between(3, 20); i > 0; --i) {
    world.disturb();
    world.run(std::chrono::milliseconds(random.below(random.chance(0.2) ? 40'000 : 3000)));
  }
}

TEST(ReconcilerSim, ConvergesToOneClusterPerLabelWithinThreePeriodsOfCalm) {
  const std::uint64_t first = from_environment("DISCOVERY_SEED", 1);
  const std::uint64_t count = from_environment("DISCOVERY_SEQUENCES", 1500);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE(::testing::Message()
                 << "reproduce with DISCOVERY_SEQUENCES=1 DISCOVERY_SEED=" << seed);
    World world({.seed = seed});
    disturb(world, seed);
    world.calm_down();
    world.run(27s);  // The engine may be down for 20 s, a container takes 5, its node 2 more.
    world.run(36s);  // Three periods, each at most 12 s.
    ASSERT_EQ(world.violations(), std::vector<std::string>{});
    ASSERT_EQ(world.apart(), "") << why(world);
    world.run(60s);
    ASSERT_EQ(world.stale_seeds(), 0U);
    const std::uint64_t steps = world.steps_carried_out();
    world.run(120s);
    ASSERT_EQ(world.apart(), "");
    ASSERT_EQ(world.steps_carried_out(), steps) << "it goes on doing things when all is well";
    ASSERT_EQ(world.violations(), std::vector<std::string>{});
  }
}

TEST(ReconcilerSim, NeverTipsAcrossLabelsEvenWhenNothingElsePartsThem) {
  const std::uint64_t first = from_environment("DISCOVERY_SEED", 1);
  const std::uint64_t count = from_environment("DISCOVERY_SEQUENCES", 1500);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE(::testing::Message()
                 << "reproduce with DISCOVERY_SEQUENCES=1 DISCOVERY_SEED=" << seed);
    World world({.seed = seed, .one_cluster_name = true});
    disturb(world, seed);
    ASSERT_EQ(world.violations(), std::vector<std::string>{});
  }
}

TEST(ReconcilerSim, ForgetsWhatHasGone) {
  // Containers come and go every ten seconds; DISCOVERY_CONTAINERS of them for DISCOVERY_HOURS.
  World world({.seed = 7});
  const auto hours = from_environment("DISCOVERY_HOURS", 1);
  const auto containers = from_environment("DISCOVERY_CONTAINERS", 100);
  for (std::uint64_t i = 0; i < containers; ++i)
    world.start("fleet" + std::to_string(i % (containers / 5)));
  world.run(300s);
  const std::size_t before = world.reconciler().remembered();
  std::size_t heap_before = ::mallinfo2().uordblks;
  for (std::uint64_t i = 0; i < hours * 360; ++i) {
    const std::string label = world.containers().begin()->second.label;
    world.remove(world.containers().begin()->first);
    world.start(label);
    world.run(10s);
    if (i == 359) heap_before = ::mallinfo2().uordblks;
  }
  world.run(4000s);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
  EXPECT_EQ(world.apart(), "") << why(world);
  EXPECT_LT(world.reconciler().remembered(), before + 400);
  const std::size_t heap = ::mallinfo2().uordblks;
  std::printf("%llu containers for %llu h: %zu KiB in use after the first hour, %zu at the end\n",
              static_cast<unsigned long long>(containers), static_cast<unsigned long long>(hours),
              heap_before >> 10, heap >> 10);
  EXPECT_LT(heap, heap_before + (1U << 20));
}

}  // namespace
}  // namespace flotilla::discovery::testing
