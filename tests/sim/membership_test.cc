#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "membership_cluster.h"
#include "schedules.h"

namespace flotilla::sim {
namespace {

using cluster::Epoch;
using std::chrono::minutes;

// --- Forming.

TEST(Membership, ANodeWithoutSeedsIsAClusterAtOnce) {
  WorldSetup setup;
  setup.seeds = {{"10.0.0.1", 3002}};
  Cluster world(1, setup);
  EXPECT_TRUE(world.run_until([&] { return world.balanced(); }, milliseconds(100)));
}

TEST(Membership, AClusterOfOneRestsUntilSomebodyComes) {
  WorldSetup setup;
  setup.seeds = {{"10.0.0.1", 3002}};
  Cluster world(1, setup);
  const auto rests = [&] { return world.at(0).next_deadline() - world.now() > milliseconds(500); };
  EXPECT_TRUE(world.run_until(rests, seconds(3)));
  world.run(seconds(5));
  world.start(world.add());
  EXPECT_TRUE(world.run_until([&] { return world.balanced(); }, seconds(3)));
  EXPECT_FALSE(world.run_until(rests, seconds(3)));
}

TEST(Membership, ANodeWhoseSeedsDoNotAnswerFormsAloneAndSaysWhatItMisses) {
  WorldSetup setup;
  setup.seeds = {{"10.9.9.9", 3002}, {"db.example", 3002}};
  Cluster world(1, setup);
  EXPECT_TRUE(world.run_until([&] { return world.balanced(); }, seconds(3)));
  const std::vector<std::string> why = world.at(0).diagnosis();
  ASSERT_EQ(why.size(), 2U);
  EXPECT_NE(why[0].find("10.9.9.9:3002"), std::string::npos);
  EXPECT_NE(why[1].find("db.example"), std::string::npos);
}

TEST(Membership, ThreeNodesFormOneViewAndBalance) {
  Cluster world(3);
  EXPECT_TRUE(world.together(seconds(2)));
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.at(0).diagnosis(), std::vector<std::string>{});
  EXPECT_EQ(world.at(0).view()->cluster_key(), world.at(2).view()->cluster_key());
}

TEST(Membership, NodesThatAnswerSlowlyGetMoreTimeUntilAViewComesAbout) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    WorldSetup setup;
    setup.seed = seed;
    Cluster world(0, setup);
    world.faults.latency_least = milliseconds(200);
    world.faults.latency_most = milliseconds(400);
    for (int i = 0; i < 5; ++i) world.start(world.add());
    EXPECT_TRUE(world.together(seconds(60))) << "seed " << seed;
    world.run(seconds(10));
    const std::uint64_t views = world.epochs();
    world.run(seconds(60));
    EXPECT_EQ(world.epochs(), views) << "seed " << seed;
  }
}

TEST(Membership, OneNameStandsForAllNodesTheOwnIncluded) {
  WorldSetup setup;
  setup.seeds = {{"db", 3002}};
  Cluster world(0, setup);
  world.names["db"] = {{"10.0.0.1"}, {"10.0.0.2"}, {"10.0.0.3"}};
  for (int i = 0; i < 3; ++i) world.start(world.add());
  EXPECT_TRUE(world.together(seconds(3)));
  // Names are looked up again: a fourth one is known only to itself.
  world.names["db"].push_back({"10.0.0.4"});
  world.start(world.add(std::vector<cluster::Endpoint>{{"nothing", 3002}}));
  EXPECT_TRUE(world.together(seconds(20)));
}

TEST(Membership, ANameMayTellThePortsToo) {
  WorldSetup setup;
  setup.seeds = {{"_mesh._tcp.db", 1}};
  Cluster world(0, setup);
  world.names["_mesh._tcp.db"] = {{"10.0.0.1", 3002}, {"10.0.0.2", 3002}};
  for (int i = 0; i < 2; ++i) world.start(world.add());
  EXPECT_TRUE(world.together(seconds(3)));
}

TEST(Membership, AnotherClusterNameIsHeldOutAndNamed) {
  Cluster world(0, [] {
    WorldSetup setup;
    setup.tune = [n = 0](Membership::Options& o) mutable {
      if (n++ == 1) o.cluster_name = "other";
    };
    return setup;
  }());
  world.start(world.add());
  world.start(world.add());
  world.run(seconds(10));
  EXPECT_TRUE(world.one_view({0}));
  EXPECT_TRUE(world.one_view({1}));
  ASSERT_FALSE(world.at(0).diagnosis().empty());
  bool named = false;
  for (const std::string& why : world.at(0).diagnosis())
    named |= why.find("cluster name is 'other'") != std::string::npos;
  EXPECT_TRUE(named);
}

TEST(Membership, BelowItsMinimumAClusterOwnsNothing) {
  WorldSetup setup;
  setup.tune = [](Membership::Options& o) { o.min_cluster_size = 3; };
  Cluster world(2, setup);
  ASSERT_TRUE(world.together(seconds(3)));
  EXPECT_TRUE(world.row(0, 0).has(Row::kWaiting));
  world.start(world.add());
  EXPECT_TRUE(world.settle());
  world.crash(world.follower());
  ASSERT_TRUE(world.together(seconds(1)));
  EXPECT_TRUE(world.row(world.leader(), 0).has(Row::kWaiting));
}

TEST(Membership, ATipBringsTwoClustersTogetherAndIsKept) {
  WorldSetup setup;
  setup.seeds = {{"10.0.0.1", 3002}};
  Cluster world(1, setup);
  world.start(world.add(std::vector<cluster::Endpoint>{{"10.0.0.2", 3002}}));
  world.run(seconds(3));
  EXPECT_TRUE(world.one_view({1}));
  world.event(1, Membership::Tip{{"10.0.0.1", 3002}});
  EXPECT_TRUE(world.settle());
  world.restart(1, true);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.at(1).tips().size(), 1U);
}

// --- Losing and finding.

TEST(Membership, AKilledProcessIsOutWithinHalfASecond) {
  Cluster world(3);
  world.check_acknowledged = true;
  ASSERT_TRUE(world.settle());
  for (const std::size_t victim : {2U, 0U, 1U}) {
    world.crash(victim);
    EXPECT_TRUE(world.together(milliseconds(500)));
    world.restart(victim, true);
    EXPECT_TRUE(world.settle());
  }
}

TEST(Membership, ASilentHostIsOutAfterTheTimeout) {
  Cluster world(3);
  world.check_acknowledged = true;
  ASSERT_TRUE(world.settle());
  for (const std::size_t victim : {2U, 0U, 1U}) {
    world.crash(victim, false);
    EXPECT_TRUE(world.together(milliseconds(2500)));
    EXPECT_TRUE(world.settle());
    world.restart(victim, true);
    EXPECT_TRUE(world.settle());
  }
}

TEST(Membership, OneBadConnectionEvictsNobody) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::uint64_t views = world.epochs();
  world.cut(world.leader(), world.follower());
  world.run(seconds(10));
  EXPECT_TRUE(world.all_in_one_view());
  EXPECT_EQ(world.epochs(), views);
  world.join_up(world.leader(), world.follower());
  world.run(seconds(3));  // For the connection that was given up.
  world.cut_one_way(world.leader(), world.follower(1));
  world.run(seconds(10));
  EXPECT_EQ(world.epochs(), views);
}

TEST(Membership, APausedNodeAnswersNoClientBeforeItKnowsWhereItStands) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t node = world.follower();
  world.pause(node, seconds(5));
  world.run(milliseconds(4900));
  EXPECT_EQ(world.view(world.leader())->members.size(), 2U);
  world.run(milliseconds(150));
  EXPECT_EQ(world.done(node, "Hold"), 1U);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.done(node, "Release"), 1U);
  EXPECT_EQ(world.done(node, "Orphaned"), 0U);  // It came back in before its maps were cleared.
}

TEST(Membership, TwoHalvesServeApartAndBecomeOneAgain) {
  for (const bool durable : {false, true}) {
    WorldSetup setup;
    setup.durable = durable;
    Cluster world(5, setup);
    ASSERT_TRUE(world.settle());
    world.split({0, 1});
    EXPECT_TRUE(world.run_until([&] { return world.one_view({0, 1}) && world.one_view({2, 3, 4}); },
                                seconds(4)));
    world.run(seconds(2));
    world.heal();
    EXPECT_TRUE(world.together(seconds(8)));
    EXPECT_TRUE(world.settle(seconds(30)));
  }
}

TEST(Membership, QuiescedNodesGiveTheirPartitionsAwayAndTakeThemBack) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t node = world.follower();
  const auto leads = [&] {
    std::size_t count = 0;
    for (std::uint16_t p = 0; p < 16; ++p)
      count += world.row(0, p).primary == world.process(node) ? 1U : 0U;
    return count;
  };
  world.event(node, Membership::Quiesce{true});
  EXPECT_TRUE(world.run_until([&] { return leads() == 0 && world.balanced(); }, seconds(10)));
  world.event(node, Membership::Quiesce{false});
  EXPECT_TRUE(world.run_until([&] { return leads() >= 5 && world.balanced(); }, seconds(10)));
}

TEST(Membership, ANodeThatLeavesGivesItsPartitionsToQuiescedOnesWhereThereIsNobodyElse) {
  Cluster world(2);
  ASSERT_TRUE(world.settle());
  const std::size_t stays = world.follower();
  const std::size_t leaves = world.leader();
  world.event(stays, Membership::Quiesce{true});
  ASSERT_TRUE(world.settle());
  world.event(leaves, Membership::Part{});
  const auto all_moved = [&] {
    for (std::uint16_t p = 0; p < 16; ++p)
      if (world.row(stays, p).primary != world.process(stays)) return false;
    return true;
  };
  EXPECT_TRUE(world.run_until(all_moved, seconds(5)));
}

TEST(Membership, ANodeThatNobodyTakesOverFromLeavesWhenItsTimeIsUp) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  world.answers_moves = false;
  const std::size_t node = world.follower();
  world.event(node, Membership::Leave{});
  world.event(node, Membership::Part{});
  const Instant asked = world.now();
  ASSERT_TRUE(world.run_until([&] { return !world.up(node); }, seconds(20)));
  EXPECT_GE(world.now() - asked, Membership::Options{}.drain_timeout);
  world.answers_moves = true;
  EXPECT_TRUE(world.together(seconds(10)));
}

TEST(Membership, QuiescedNodesAmongThemselvesShareAsPlacementSays) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  for (std::size_t i = 0; i < 3; ++i) {
    world.event(i, Membership::Quiesce{true});
    EXPECT_TRUE(world.settle());
  }
}

// --- Anything at all.

struct Chaos {
  Cluster& world;
  Random& random;
  bool two_sides;

  std::size_t any() { return random.below(world.size()); }

  void fault() {
    const std::size_t node = any();
    const std::size_t other = any();
    const std::uint64_t kind = random.below(two_sides ? 14 : 9);
    if (world.trace)
      fmt::print("{:.3f} fault {} at {}, {}\n",
                 std::chrono::duration<double>(world.now().since_start).count(), kind, node, other);
    switch (kind) {
      case 0:
        if (!two_sides && world.all_up().size() == 1) return;  // Nobody would have what is lost.
        return world.crash(node, random.chance(0.7));
      case 1:
      case 2:
        if (!two_sides && world.all_up() == std::set{node}) return;
        return world.restart(node, random.chance(0.8));
      case 3:
        return world.pause(node, milliseconds(random.between(50, 4000)));
      case 4:
        return world.reset_links(node);
      case 5:
        world.skew_ms[node] = static_cast<std::int64_t>(random.below(7'200'000)) - 3'600'000;
        return;
      case 6:
        if (world.up(node)) world.event(node, Membership::Recluster{});
        return;
      case 7:
        if (world.up(node))
          world.event(node, Membership::SetMetadata{
                                random.next(), "m", std::to_string(random.below(4)),
                                Buffer(2, static_cast<std::byte>(random.below(256))), false});
        return;
      case 8:
        if (world.up(node)) world.event(node, Membership::Quiesce{random.chance(0.5)});
        return;
      case 9:
        return world.cut(node, other);
      case 10:
        return world.cut_one_way(node, other);
      case 11:
        return world.split({node, other});
      case 12:
        return world.join_up(node, other);
      default:
        return world.heal();
    }
  }
};

void run_chaos(std::uint64_t seed, bool two_sides) {
  Random random(seed);
  WorldSetup setup;
  setup.seed = seed;
  setup.partitions = random.between(1, 12);
  setup.replication_factor = static_cast<std::uint32_t>(random.between(1, 3));
  setup.durable = random.chance(0.5);
  setup.tune = [wait = random.between(1, 4)](Membership::Options& o) {
    o.start_wait = seconds(wait);
  };
  const std::size_t nodes = at_most_nodes(random.between(two_sides ? 2 : 3, 7));
  if (!two_sides) {
    setup.replication_factor = std::max(2U, setup.replication_factor);
    // A node whose seeds are all down begins a cluster of its own, and that is another side.
    for (std::size_t i = 1; i <= nodes; ++i)
      setup.seeds.push_back({fmt::format("10.0.0.{}", i), 3002});
  }
  Cluster world(nodes, setup);
  world.check_acknowledged = !two_sides && !setup.durable;
  world.faults.drop = two_sides && random.chance(0.5) ? 0.03 : 0;
  world.faults.twice = random.chance(0.5) ? 0.05 : 0;
  world.faults.reorder = random.chance(0.5);
  // A redial that takes longer than its limit makes a live node falsely dead: that is two sides.
  world.faults.latency_most = milliseconds(random.between(1, two_sides ? 30 : 5));
  Chaos chaos{world, random, two_sides};
  for (std::uint64_t i = at_most_faults(25); i > 0; --i) {
    // What must not be lost by one fault may be by two at once.
    if (!two_sides && !(world.awake() && world.settle(seconds(60)))) return;
    world.run(milliseconds(random.below(1500)));
    chaos.fault();
  }
  world.heal();
  for (std::size_t i = 0; i < world.size(); ++i) {
    world.pause(i, Duration(0));
    if (!world.up(i)) world.restart(i, true);
    world.event(i, Membership::Quiesce{false});
  }
  const Instant healed = world.now();
  ASSERT_TRUE(world.together(seconds(20)));
  ASSERT_TRUE(world.settle(seconds(40)));
  EXPECT_LE(world.views_since(healed), 4 * world.size() + 8);
  world.run(seconds(3));
  for (const std::size_t node : world.all_up())
    EXPECT_EQ(world.at(node).metadata_digest(), world.at(0).metadata_digest());
}

TEST(MembershipSimulation, FaultsOfOneSideLoseNoAcknowledgedWrite) {
  for_each_seed(1, 300, [](std::uint64_t seed) { run_chaos(seed, false); });
}
TEST(MembershipSimulation, AnyFaultsEndInOneViewOnceTheyEnd) {
  for_each_seed(1, 40, [](std::uint64_t seed) { run_chaos(seed, true); });
}

}  // namespace
}  // namespace flotilla::sim
