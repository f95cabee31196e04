// The scenarios of the design (D1 to D22) that views and rows decide, by their numbers.
// Those of the copies stand in directed_copies_test.cc.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "membership_cluster.h"

namespace flotilla::sim {
namespace {

// First bytes of messages.
constexpr std::byte kGone{4};
constexpr std::byte kPrepare{9};
constexpr std::byte kPromise{10};
constexpr std::byte kCommit{12};
constexpr std::byte kRows{14};
constexpr std::byte kAsk{16};

std::size_t node_of(const Cluster& world, const Process& process) {
  for (std::size_t i = 0; i < world.size(); ++i)
    if (world.process(i) == process) return i;
  return world.size();
}

/// The first partition of which `fits` says so, by its primary and the next in sync.
std::uint16_t partition_where(const Cluster& world, std::size_t knows,
                              const std::function<bool(std::size_t, std::size_t)>& fits) {
  for (std::uint16_t p = 0; p < 16; ++p) {
    const Row row = world.row(knows, p);
    if (fits(node_of(world, row.primary), node_of(world, row.in_sync.at(1)))) return p;
  }
  ADD_FAILURE() << "there is no such partition";
  return 0;
}

/// Of four nodes: the leader, who is next in seniority, and the others, which have a partition.
struct FourApart {
  std::size_t leader, next;
  std::uint16_t partition;
  std::size_t primary, backup;
};
FourApart four_apart(Cluster& world) {
  FourApart out{};
  out.leader = world.leader();
  out.next = node_of(world, world.view(out.leader)->members.at(1).process);
  const auto is_other = [&](std::size_t i) { return i != out.leader && i != out.next; };
  out.partition = partition_where(
      world, out.leader, [&](std::size_t a, std::size_t b) { return is_other(a) && is_other(b); });
  const Row row = world.row(out.leader, out.partition);
  out.primary = node_of(world, row.primary);
  out.backup = node_of(world, row.in_sync.at(1));
  return out;
}

WorldSetup with_disks() {
  WorldSetup setup;
  setup.durable = true;
  return setup;
}

TEST(DirectedD02, ACommitForAnEarlierLifeIsNotTaken) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t leader = world.leader();
  const std::size_t victim = world.add();  // Who joins is sent the whole view.
  world.keep = [&](std::size_t from, std::size_t to, const Buffer& frame) {
    return from == leader && to == victim && frame[0] == kCommit;
  };
  world.start(victim);
  ASSERT_TRUE(world.run_until([&] { return !world.kept.empty(); }, seconds(3)));
  const Buffer late = world.kept.front().second;
  world.restart(victim, true);
  const Process now = world.process(victim);
  world.run(milliseconds(30));
  world.inject(leader, victim, late);
  const cluster::View* const its = world.at(victim).view();
  EXPECT_TRUE(its == nullptr || its->member(now) != nullptr) << "a view of an earlier life";
  world.keep = nullptr;
  EXPECT_TRUE(world.settle());
}

TEST(DirectedD03, ALeaderThatForgotItsEpochsUsesNoneTwice) {
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

TEST(DirectedD04, TwoLeadersDoNotTakeEachOthersMember) {
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

TEST(DirectedD04, TwoComponentsThatTouchAtOneNodeBecomeOne) {
  Cluster world(0);
  for (int i = 0; i < 4; ++i) world.add();
  world.split({3});
  for (std::size_t i = 0; i < 4; ++i) world.start(i);
  ASSERT_TRUE(world.run_until([&] { return world.one_view({0, 1, 2}) && world.one_view({3}); },
                              seconds(9)));
  world.join_up(2, 3);
  EXPECT_TRUE(world.together(seconds(10)));
  const std::uint64_t views = world.epochs();
  world.run(seconds(20));
  EXPECT_LE(world.epochs(), views + 2);
}

TEST(DirectedD05, AHiccupDuringAViewChangeCostsNobodyItsPlace) {
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

TEST(DirectedD06, ADropThatNobodyElseKnowsDoesNotCount) {
  Cluster world(3);
  world.check_acknowledged = true;
  ASSERT_TRUE(world.settle());
  const std::size_t leader = world.leader();
  const std::uint16_t p = partition_where(
      world, leader, [&](std::size_t primary, std::size_t) { return primary == leader; });
  const std::size_t dropped = node_of(world, world.row(leader, p).in_sync.at(1));
  world.keep = [&](std::size_t from, std::size_t, const Buffer& frame) {
    return from == leader && frame[0] == kRows;
  };
  world.pause(dropped, milliseconds(900));
  world.run(milliseconds(500));
  EXPECT_EQ(world.row(leader, p).in_sync.size(), 1U) << "it is dropped";
  EXPECT_EQ(world.copy(leader, p).row.in_sync.size(), 2U) << "and waited for still";
  world.crash(leader);
  world.keep = nullptr;
  EXPECT_TRUE(world.settle());  // Promoted without an acknowledged write it would be I17.
  EXPECT_EQ(world.at(world.leader()).statistics().stale_promotions, 0U);
}

/// A new leader leaves out a primary that it cannot reach, after the old one has told it all it
/// knows. A drop granted now would be known to that primary alone.
TEST(DirectedD07, ALeaderThatPromisedItselfAwayGrantsNothing) {
  Cluster world(4);
  world.check_acknowledged = true;
  ASSERT_TRUE(world.settle());
  const auto [leader, next, p, primary, backup] = four_apart(world);
  bool promised = false;
  world.keep = [&](std::size_t from, std::size_t to, const Buffer& frame) {
    if (from == leader && to == next && frame[0] == kPromise && !promised) {
      promised = true;
      world.cut(primary, next);
      world.cut(primary, backup);
    }
    return from == next && to == primary && frame[0] == kPrepare;
  };
  world.event(leader, Membership::Leave{});
  ASSERT_TRUE(world.run_until([&] { return promised; }, seconds(2)));
  const Process old_life = world.process(primary);
  EXPECT_TRUE(
      world.run_until([&] { return world.view(next)->leader == world.process(next); }, seconds(3)));
  EXPECT_EQ(world.view(next)->member(old_life), nullptr);
  EXPECT_EQ(world.row(next, p).primary, world.process(backup));
  world.keep = nullptr;
  world.heal();
  EXPECT_TRUE(world.together(seconds(10)));
}

/// The others promise themselves to a new leader while the old one stands still; then it goes on,
/// and grants what they ask of it.
TEST(DirectedD07, WhoPromisedTakesNoRowsOfTheOldLeader) {
  Cluster world(4);
  world.check_acknowledged = true;
  ASSERT_TRUE(world.settle());
  const auto [leader, next, p, primary, backup] = four_apart(world);
  bool promised = false;
  bool decides = false;  // The last promise arrives.
  world.keep = [&](std::size_t from, std::size_t to, const Buffer& frame) {
    promised |= from == primary && to == next && frame[0] == kPromise;
    if (from == leader && frame[0] == kPrepare) return true;  // Its way back to the lead.
    return from == backup && to == next && frame[0] == kPromise && !decides;
  };
  world.pause(leader, milliseconds(2200));
  ASSERT_TRUE(world.run_until([&] { return promised; }, seconds(3)));
  world.pause(leader, Duration(0));
  world.cut(primary, backup);
  ASSERT_TRUE(
      world.run_until([&] { return world.row(leader, p).in_sync.size() == 1; }, milliseconds(300)));
  world.run(milliseconds(50));
  EXPECT_EQ(world.copy(primary, p).row.in_sync.size(), 2U) << "it has promised itself to another";
  decides = true;
  ASSERT_TRUE(
      world.run_until([&] { return world.view(next)->leader == world.process(next); }, seconds(1)));
  EXPECT_NE(world.view(next)->member(world.process(backup)), nullptr);
  world.crash(primary);
  world.keep = nullptr;
  world.heal();
  EXPECT_TRUE(world.settle(seconds(30)));  // Promoted without an acknowledged write: I17.
}

TEST(DirectedD08, ALeaderFalselyHeldForDeadFindsBack) {
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
TEST(DirectedD08, ALeaderThatStoodStillFoundsNoViewOfItsOldCopies) {
  for (std::uint64_t seed = 41; seed <= 240; ++seed) {
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

TEST(DirectedD12, ACopyThatWasNeverFilledWaitsForOneThatWas) {
  Cluster world(3, with_disks());
  ASSERT_TRUE(world.settle());
  const std::size_t leader = world.leader();
  const std::uint16_t p = partition_where(
      world, leader, [&](std::size_t a, std::size_t b) { return a != leader && b != leader; });
  const std::size_t primary = node_of(world, world.row(leader, p).primary);
  const std::size_t backup = node_of(world, world.row(leader, p).in_sync.at(1));
  world.keep = [&](std::size_t from, std::size_t, const Buffer& frame) {
    return from == primary && frame[0] == kAsk;  // The fill does not come to its end.
  };
  world.crash(backup);
  ASSERT_TRUE(world.run_until([&] { return !world.copy(leader, p).history.empty(); }, seconds(3)));
  EXPECT_FALSE(world.copy(leader, p).ever_full);
  world.crash(primary);
  world.keep = nullptr;
  world.run(seconds(3));
  EXPECT_TRUE(world.row(leader, p).has(Row::kWaiting));
  world.start(primary);
  world.start(backup);
  EXPECT_TRUE(world.settle(seconds(30)));
  EXPECT_EQ(world.at(world.leader()).statistics().stale_promotions, 0U);
}

TEST(DirectedD13, AfterAPowerCutRowsFromDiskNeedTheWholeInSyncSet) {
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

TEST(DirectedD13, WhatNobodyBringsBackIsServedStaleAfterStartWait) {
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

TEST(DirectedD14, TheFullClusterWinsOverALoneFreshBoot) {
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
  for (int i = 0; i < 4; ++i) {  // Each time it starts it begins a term.
    world.event(lone, Membership::Recluster{});
    world.run(seconds(2));
    world.restart(lone, true);
    ASSERT_TRUE(world.run_until([&] { return world.row(lone, 0).primary == world.process(lone); },
                                seconds(10)));
  }
  ASSERT_GT(world.row(lone, 0).term, world.row(0, 0).term);
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

TEST(DirectedD17, ResetsOfALiveNodesConnectionsEvictNobody) {
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

TEST(DirectedD18, PartialNamesAndManyAtOnceEndInOneView) {
  Cluster world(0);
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string mine = fmt::format("name{}", i);
    world.names[mine] = {{fmt::format("10.0.0.{}", i + 1)},
                         {fmt::format("10.0.0.{}", (i + 1) % 5 + 1)}};
    world.add(std::vector<cluster::Endpoint>{{mine, 3002}});
  }
  for (std::size_t i = 0; i < 5; ++i) world.start(i);
  EXPECT_TRUE(world.together(seconds(15)));
  EXPECT_TRUE(world.settle());
}

TEST(DirectedD19, AClockAnHourAheadCostsAWarningNotTheOrder) {
  Cluster world(4);
  ASSERT_TRUE(world.settle());
  const std::size_t ahead = world.leader();
  world.skew_ms[ahead] = 3'600'000;
  world.run(seconds(1));
  world.event(ahead, Membership::Recluster{});
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
  world.crash(ahead);
  ASSERT_TRUE(world.settle());
  set(world.leader(), 3, again);  // Later, by a leader with a sane clock: it wins.
  world.start(ahead);
  ASSERT_TRUE(world.settle());
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

TEST(DirectedD20, TwoHoldersThatLeaveTogetherHandOverToThoseThatStay) {
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

TEST(DirectedD20, AllThatLeaveTogetherJustStop) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  for (std::size_t i = 0; i < 3; ++i) world.event(i, Membership::Leave{});
  world.run(milliseconds(300));
  for (std::size_t i = 0; i < 3; ++i)
    if (world.up(i)) world.event(i, Membership::Part{});
  EXPECT_TRUE(world.run_until([&] { return world.all_up().empty(); }, seconds(10)));
}

/// The successor waits for a member that takes a while to answer. If the old leader resumed its
/// lead meanwhile, it would take the others away again.
TEST(DirectedD20, ALeaderThatLeavesWaitsUntilItsSuccessorHasHeardAll) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    WorldSetup setup;
    setup.seed = seed;
    Cluster world(5, setup);
    ASSERT_TRUE(world.settle());
    const std::size_t leader = world.leader();
    const std::set<std::size_t> all = world.all_up();
    const std::size_t slow = node_of(world, world.view(leader)->members.back().process);
    world.event(leader, Membership::Leave{});
    ASSERT_TRUE(world.run_until(
        [&] { return world.view(leader)->member(world.process(leader))->leaving; }, seconds(1)));
    std::set<cluster::Epoch> epochs;
    world.at_view = [&](std::size_t node) { epochs.insert(world.at(node).view()->epoch); };
    world.pause(slow, milliseconds(530 + static_cast<int>(seed)));
    EXPECT_TRUE(world.run_until(
        [&] { return world.one_view(all) && world.view(slow)->leader != world.process(leader); },
        seconds(3)));
    EXPECT_EQ(epochs.size(), 1U) << "seed " << seed;
    if (HasFailure()) return;
  }
}

TEST(DirectedD21, ACopiedDataFolderIsHeldOut) {
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

TEST(DirectedD21, AnotherNodeAtTheOldAddressIsAnotherNode) {
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

/// Of two that lost their connections to the leader one hears nothing of what the other found. The
/// PREPARE itself tells it.
TEST(DirectedD22, WhoLooksForTheLeaderTakesTheCandidatesWordThatItIsGone) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t leader = world.leader();
  const std::size_t next = node_of(world, world.view(leader)->members.at(1).process);
  const std::size_t last = 3 - leader - next;
  world.keep = [&](std::size_t from, std::size_t to, const Buffer& frame) {
    return from == next && to == last && frame[0] == kGone;
  };
  const Instant killed = world.now();
  world.crash(leader);
  ASSERT_TRUE(world.run_until([&] { return world.one_view({next, last}); }, seconds(5)));
  EXPECT_FALSE(world.kept.empty());
  EXPECT_LT(world.now() - killed, milliseconds(700)) << "it waited for the leader's silence";
  EXPECT_EQ(world.epochs(), 2U) << "one was left out";
}

/// A COMMIT names the last 64 views that it comes from. Who missed more cannot know whether its own
/// is among them: it is asked for its promise again instead of taking rows that it did not report
/// to.
TEST(DirectedViews, WhoMissedMoreViewsThanACommitNamesIsAskedAgain) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t leader = world.leader();
  const std::size_t slow = world.follower();
  const Process life = world.process(slow);
  const cluster::Epoch before = world.view(slow)->epoch;
  world.keep = [&](std::size_t from, std::size_t to, const Buffer& frame) {
    return from == leader && to == slow && (frame[0] == kPrepare || frame[0] == kCommit);
  };
  const std::uint64_t views = world.epochs();
  for (int i = 0; i < 1000 && world.epochs() < views + 70; ++i) {
    world.event(leader, Membership::Recluster{});
    world.run(milliseconds(500));
  }
  ASSERT_GE(world.epochs(), views + 70);
  ASSERT_EQ(world.view(slow)->epoch, before);
  world.keep = nullptr;
  EXPECT_TRUE(world.settle());
  EXPECT_NE(world.view(leader)->member(life), nullptr) << "it lost its place";
}

/// Its connections are open as long as its kernel answers; the view without it is whole all the
/// same.
TEST(DirectedViews, WhoStandsStillCountsAsReachedNoLongerThanAsMember) {
  Cluster world(3);
  ASSERT_TRUE(world.settle());
  const std::size_t still = world.follower();
  std::set<std::size_t> rest = world.all_up();
  rest.erase(still);
  world.pause(still, seconds(5));
  ASSERT_TRUE(world.run_until([&] { return world.one_view(rest); }, seconds(3)));
  for (const std::size_t node : rest)
    for (const Membership::Peer& peer : world.at(node).peers()) {
      EXPECT_EQ(peer.reachable, peer.member);
      EXPECT_TRUE(peer.linked);
    }
}

}  // namespace
}  // namespace flotilla::sim
