#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "membership_cluster.h"

namespace flotilla::sim {
namespace {

using cluster::Epoch;
using std::chrono::minutes;

WorldSetup with_disks() {
  WorldSetup setup;
  setup.durable = true;
  return setup;
}

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

TEST(Membership, OneNameStandsForAllNodesTheOwnIncluded) {
  WorldSetup setup;
  setup.seeds = {{"db", 3002}};
  Cluster world(0, setup);
  world.names["db"] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  for (int i = 0; i < 3; ++i) world.start(world.add());
  EXPECT_TRUE(world.together(seconds(3)));
  // Names are looked up again: a fourth one is known only to itself.
  world.names["db"].push_back("10.0.0.4");
  world.start(world.add(std::vector<cluster::Endpoint>{{"nothing", 3002}}));
  EXPECT_TRUE(world.together(seconds(20)));
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

// --- The scenarios of the design, by their numbers.

TEST(MembershipScenario, D2ACommitForAnEarlierLifeIsNotTaken) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t victim = world.follower();
  const std::size_t leader = world.leader();
  world.keep = [&](std::size_t from, std::size_t to, const Buffer& frame) {
    return from == leader && to == victim && frame[0] == std::byte{12};  // Commit
  };
  world.event(leader, Membership::Recluster{});
  ASSERT_TRUE(world.run_until([&] { return !world.kept.empty(); }, seconds(2)));
  const Buffer late = world.kept.front().second;
  world.keep = nullptr;
  world.restart(victim, true);
  const Process now = world.process(victim);
  world.run(milliseconds(30));
  world.inject(leader, victim, late);
  EXPECT_TRUE(world.view(victim) == nullptr || world.view(victim)->member(now) != nullptr);
  EXPECT_TRUE(world.settle());
}

TEST(MembershipScenario, D3ALeaderThatForgotItsEpochsUsesNoneTwice) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  for (int i = 0; i < 4; ++i) {
    const std::size_t leader = world.leader();
    const std::uint64_t number = world.view(leader)->epoch.number;
    for (const std::size_t node : world.all_up()) world.crash(node);
    world.run(milliseconds(50));
    for (std::size_t node = 0; node < 3; ++node) world.restart(node, node != leader);
    ASSERT_TRUE(world.settle());  // Two views of one epoch would be I1.
    EXPECT_GT(number, 0U);
  }
}

TEST(MembershipScenario, D4TwoLeadersDoNotTakeEachOthersMember) {
  WorldSetup setup;
  Cluster world(0, setup);
  for (int i = 0; i < 4; ++i) world.add();
  world.cut(0, 3);
  world.cut(1, 3);
  for (const std::size_t i : {0U, 1U, 2U}) world.start(i);
  ASSERT_TRUE(world.run_until([&] { return world.one_view({0, 1, 2}); }, seconds(4)));
  world.start(3);  // Reaches node 2 only.
  EXPECT_TRUE(world.together(seconds(10)));
  const std::uint64_t views = world.epochs();
  world.run(seconds(20));
  EXPECT_LE(world.epochs(), views + 2);
  EXPECT_TRUE(world.all_in_one_view());
}

TEST(MembershipScenario, D5AHiccupDuringAViewChangeCostsNobodyItsPlace) {
  Cluster world(4);
  ASSERT_TRUE(world.settle());
  const std::size_t slow = world.follower();
  const std::size_t other = world.follower(1);
  const Process life = world.process(slow);
  world.pause(slow, milliseconds(300));
  world.event(other, Membership::Recluster{});
  for (int i = 0; i < 40; ++i) {
    world.run(milliseconds(20));
    ASSERT_NE(world.view(world.leader())->member(life), nullptr);
  }
  EXPECT_TRUE(world.settle());
}

TEST(MembershipScenario, D8ALeaderFalselyHeldForDeadFindsBack) {
  Cluster world(4);
  ASSERT_TRUE(world.settle());
  const std::size_t leader = world.leader();
  world.split({leader});
  std::set<std::size_t> rest = world.all_up();
  rest.erase(leader);
  EXPECT_TRUE(world.run_until([&] { return world.one_view(rest); }, seconds(4)));
  world.heal();
  EXPECT_TRUE(world.together(seconds(8)));
  EXPECT_TRUE(world.settle(seconds(30)));
}

/// It wakes with a view that looks larger than the others' new one, and they yield to it while it
/// yields to them. Whoever it is that goes on, nothing is served from the old copies meanwhile.
TEST(MembershipScenario, D8ALeaderThatStoodStillFoundsNoViewOfItsOldCopies) {
  for (std::uint64_t seed = 41; seed <= 80; ++seed) {
    WorldSetup setup;
    setup.seed = seed;
    Cluster world(3 + seed % 3, setup);
    world.check_acknowledged = true;
    world.faults.latency_most = milliseconds(1 + seed % 5);
    world.faults.reorder = seed % 2 == 0;
    ASSERT_TRUE(world.settle());
    const std::size_t leader = world.leader();
    // As with a machine that is suspended: what was sent to it meanwhile never comes, the view
    // without it among that.
    world.keep = [&world, leader](std::size_t, std::size_t to, const Buffer&) {
      return to == leader && world.paused(leader);
    };
    world.pause(leader, milliseconds(2500 + 7 * static_cast<int>(seed)));
    std::set<std::size_t> rest = world.all_up();
    rest.erase(leader);
    ASSERT_TRUE(world.run_until([&] { return world.one_view(rest); }, seconds(4)));
    const auto alone = [&] {
      const cluster::View* const its = world.view(leader);
      return its != nullptr && its->members.size() == 1;
    };
    bool was_alone = false;
    EXPECT_TRUE(world.run_until(
        [&] {
          was_alone |= alone();
          return !world.paused(leader) && world.balanced();
        },
        seconds(15)))
        << world.describe();
    EXPECT_FALSE(was_alone) << "seed " << seed;
    if (HasFailure()) return;
  }
}

TEST(MembershipScenario, D13AfterAPowerCutRowsFromDiskNeedTheWholeInSyncSet) {
  Cluster world(3, with_disks());
  ASSERT_TRUE(world.settle());
  const Row row = world.row(0, 0);
  std::size_t dropped = 3;
  for (std::size_t i = 0; i < 3; ++i)
    if (row.in_sync[1] == world.process(i)) dropped = i;
  // It is dropped and acknowledged writes follow; then everything loses power.
  world.pause(dropped, seconds(3));
  world.run(milliseconds(2500));
  for (std::size_t i = 0; i < 3; ++i) world.crash(i);
  world.run(seconds(1));
  world.start(dropped);
  world.run(seconds(10));
  ASSERT_NE(world.view(dropped), nullptr);
  EXPECT_TRUE(world.row(dropped, 0).has(Row::kWaiting));
  for (std::size_t i = 0; i < 3; ++i)
    if (i != dropped) world.start(i);
  ASSERT_TRUE(world.settle(seconds(30)));
  EXPECT_EQ(world.at(world.leader()).statistics().stale_promotions, 0U);
}

TEST(MembershipScenario, D13WhatNobodyBringsBackIsServedStaleAfterStartWait) {
  Cluster world(3, with_disks());
  ASSERT_TRUE(world.settle());
  for (std::size_t i = 0; i < 3; ++i) world.crash(i);
  world.start(1);
  EXPECT_TRUE(world.run_until(
      [&] {
        return world.view(1) != nullptr && world.at(1).statistics().waiting_partitions == 0 &&
               world.at(1).statistics().stale_promotions > 0;
      },
      seconds(40)));
}

TEST(MembershipScenario, D14TheFullClusterWinsOverALoneFreshBoot) {
  WorldSetup setup = with_disks();
  setup.tune = [](Membership::Options& o) { o.start_wait = seconds(2); };
  Cluster world(3, setup);
  ASSERT_TRUE(world.settle());
  for (std::size_t i = 0; i < 3; ++i) world.write(i, 0, 1000);
  world.run(milliseconds(100));
  // A new node that sees nobody takes writes of its own, under higher epochs.
  const std::size_t lone = world.add();
  world.split({lone});
  world.start(lone);
  ASSERT_TRUE(world.run_until([&] { return world.one_view({lone}); }, seconds(5)));
  for (int i = 0; i < 30; ++i)
    world.event(lone, Membership::Recluster{}), world.run(milliseconds(100));
  const Process before = world.row(0, 0).primary;
  world.heal();
  bool merging = false;
  EXPECT_TRUE(world.run_until(
      [&] {
        merging |= world.all_in_one_view() && world.row(0, 0).has(Row::kMerging);
        if (merging) {
          EXPECT_EQ(world.row(0, 0).primary, before);
        }
        return merging || HasFailure();
      },
      seconds(10)));
  EXPECT_TRUE(world.settle(seconds(30)));
}

TEST(MembershipScenario, D17ResetsOfALiveNodesConnectionsEvictNobody) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t node = world.follower();
  const Process life = world.process(node);
  for (int i = 0; i < 15; ++i) {
    world.reset_links(node);
    world.run(seconds(4));
  }
  EXPECT_TRUE(world.all_in_one_view());
  EXPECT_NE(world.view(world.leader())->member(life), nullptr);
  EXPECT_GT(world.at(world.leader()).statistics().link_resets, 5U);
  EXPECT_EQ(world.at(world.leader()).statistics().proven_deaths, 0U);
}

TEST(MembershipScenario, D18PartialNamesAndManyAtOnceEndInOneView) {
  Cluster world(0);
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string mine = fmt::format("name{}", i);
    world.names[mine] = {fmt::format("10.0.0.{}", i + 1),
                         fmt::format("10.0.0.{}", (i + 1) % 5 + 1)};
    world.add(std::vector<cluster::Endpoint>{{mine, 3002}});
  }
  for (std::size_t i = 0; i < 5; ++i) world.start(i);
  EXPECT_TRUE(world.together(seconds(15)));
  EXPECT_TRUE(world.settle());
}

TEST(MembershipScenario, D19AClockAnHourAheadCostsAWarningNotTheOrder) {
  Cluster world(4);
  const std::size_t ahead = 1;
  world.skew_ms[ahead] = 3'600'000;
  ASSERT_TRUE(world.settle());
  const auto set = [&](std::size_t node, std::uint64_t id, std::optional<Buffer> value) {
    world.event(node, Membership::SetMetadata{id, "sindex", "age", std::move(value), false});
    EXPECT_TRUE(world.run_until([&] { return world.settings_done.contains(id); }, seconds(5)));
    EXPECT_TRUE(world.settings_done[id]);
  };
  const Buffer created(3, std::byte{1});
  const Buffer again(3, std::byte{2});
  set(ahead, 1, created);
  set(ahead, 2, std::nullopt);
  set(2, 3, again);  // Later, by a node with a sane clock: it wins.
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_NE(world.at(i).metadata("sindex", "age"), nullptr);
    EXPECT_EQ(*world.at(i).metadata("sindex", "age"), again);
    EXPECT_EQ(world.at(i).metadata_digest(), world.at(0).metadata_digest());
  }
  world.event(ahead, Membership::SetMetadata{4, "truncate", "test", Buffer{}, true});
  EXPECT_TRUE(world.run_until([&] { return world.settings_done.contains(4); }, seconds(5)));
  const Buffer* cutoff = world.at(0).metadata("truncate", "test");
  ASSERT_NE(cutoff, nullptr);
  ASSERT_EQ(cutoff->size(), 8U);
}

TEST(MembershipScenario, D20TwoHoldersThatLeaveTogetherHandOverToThoseThatStay) {
  Cluster world(4);
  ASSERT_TRUE(world.settle());
  const std::size_t a = world.leader();  // The hardest one to lose.
  const std::size_t b = world.follower();
  for (const std::size_t node : {a, b}) world.event(node, Membership::Leave{});
  EXPECT_TRUE(world.run_until([&] { return world.done(a, "Drained") && world.done(b, "Drained"); },
                              seconds(5)));
  for (std::uint16_t p = 0; p < 16; ++p) {
    const Row row = world.row(a, p);
    EXPECT_NE(row.primary, world.process(a));
    EXPECT_NE(row.primary, world.process(b));
  }
  for (const std::size_t node : {a, b}) world.event(node, Membership::Part{});
  EXPECT_TRUE(world.run_until([&] { return !world.up(a) && !world.up(b); }, seconds(12)));
  EXPECT_TRUE(world.settle());
  std::uint64_t stale = 0;
  for (const std::size_t node : world.all_up())
    stale +=
        world.at(node).statistics().stale_promotions + world.at(node).statistics().proven_deaths;
  EXPECT_EQ(stale, 0U);
}

TEST(MembershipScenario, D20AllThatLeaveTogetherJustStop) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  for (std::size_t i = 0; i < 3; ++i) world.event(i, Membership::Leave{});
  world.run(milliseconds(300));
  for (std::size_t i = 0; i < 3; ++i)
    if (world.up(i)) world.event(i, Membership::Part{});
  EXPECT_TRUE(world.run_until([&] { return world.all_up().empty(); }, seconds(10)));
}

TEST(MembershipScenario, D21ACopiedDataFolderIsHeldOut) {
  Cluster world(3, with_disks());
  ASSERT_TRUE(world.settle());
  const std::size_t twin = world.clone(world.follower());
  world.start(twin);
  world.run(seconds(6));
  std::set<std::size_t> real = world.all_up();
  real.erase(twin);
  EXPECT_TRUE(world.one_view(real)) << world.describe();
  bool listed = false;
  for (const std::size_t node : world.all_up()) listed |= !world.at(node).duplicates().empty();
  EXPECT_TRUE(listed);
}

TEST(MembershipScenario, D21AnotherNodeAtTheOldAddressIsAnotherNode) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t gone = world.follower();
  world.crash(gone);
  const std::size_t heir = world.add();
  world.move_to_host_of(heir, gone);
  world.start(heir);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.view(heir)->members.size(), 3U);
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
  SCOPED_TRACE(fmt::format("repeat with SIM_SEED={} sim_membership_test --gtest_filter='*{}*'",
                           seed, two_sides ? "AnyFaults" : "FaultsOfOneSide"));
  Random random(seed);
  WorldSetup setup;
  setup.seed = seed;
  setup.partitions = random.between(1, 12);
  setup.replication_factor = static_cast<std::uint32_t>(random.between(1, 3));
  setup.durable = random.chance(0.5);
  setup.tune = [wait = random.between(1, 4)](Membership::Options& o) {
    o.start_wait = seconds(wait);
  };
  const std::size_t nodes = random.between(two_sides ? 2 : 3, 7);
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
  for (int i = 0; i < 25; ++i) {
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

void run_many(bool two_sides) {
  if (const char* seed = std::getenv("SIM_SEED"))
    return run_chaos(std::strtoull(seed, nullptr, 10), two_sides);
  const char* runs = std::getenv("SIM_RUNS");
  const std::uint64_t few = two_sides ? 40 : 300;
  const std::uint64_t count = runs == nullptr ? few : std::strtoull(runs, nullptr, 10);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    run_chaos(seed, two_sides);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(MembershipSimulation, FaultsOfOneSideLoseNoAcknowledgedWrite) { run_many(false); }
TEST(MembershipSimulation, AnyFaultsEndInOneViewOnceTheyEnd) { run_many(true); }

}  // namespace
}  // namespace flotilla::sim
