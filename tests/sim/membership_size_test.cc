#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "membership_cluster.h"

namespace flotilla::sim {
namespace {

void grow(std::size_t count, std::size_t partitions) {
  WorldSetup setup;
  setup.partitions = partitions;
  setup.writes = false;
  Cluster world(0, setup);
  world.answers_moves = true;
  for (std::size_t i = 0; i < count; ++i) world.add();
  for (std::size_t i = 0; i < count; ++i) {
    world.start(i);
    world.run(milliseconds(10));
  }
  const Instant began = world.now();
  ASSERT_TRUE(world.together(seconds(60)));
  const auto took = [&](Instant from) {
    return static_cast<long>((world.now() - from) / milliseconds(1));
  };
  fmt::print("{} nodes: one view {} ms after the last start, {} views\n", count, took(began),
             world.epochs());
  world.run(seconds(3));
  const std::uint64_t frames = world.frames;
  const std::uint64_t bytes = world.bytes;
  world.run(seconds(3));
  fmt::print("{} nodes at rest: {} frames and {} bytes a second and node\n", count,
             (world.frames - frames) / 3 / count, (world.bytes - bytes) / 3 / count);
  std::uint64_t before = world.bytes;
  Instant from = world.now();
  world.crash(count - 1);
  ASSERT_TRUE(world.together(seconds(5)));
  fmt::print("{} nodes: one killed, out after {} ms, {} bytes a node\n", count, took(from),
             (world.bytes - before) / count);
  before = world.bytes;
  from = world.now();
  world.restart(count - 1, false);
  ASSERT_TRUE(world.together(seconds(20)));
  fmt::print("{} nodes: one joined after {} ms, {} bytes a node\n", count, took(from),
             (world.bytes - before) / count);
}

TEST(MembershipSize, EightNodes) { grow(8, wire::kPartitions); }
TEST(MembershipSize, ThirtyTwoNodes) { grow(32, 1024); }
/// 128 and 256 take minutes: SIM_NODES says how many.
TEST(MembershipSize, AsManyNodesAsAreAskedFor) {
  const char* const asked = std::getenv("SIM_NODES");
  grow(asked == nullptr ? 16 : std::strtoul(asked, nullptr, 10), 64);
}

}  // namespace
}  // namespace flotilla::sim
