// Copies of one partition under faults, with a leader that follows the rules.
//
//   FLOTILLA_SIM_ROUNDS=10 sim_replication_test          ten times as many worlds
//   FLOTILLA_REPLICATION_SEED=17 sim_replication_test    one world alone
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/parse.h"
#include "replication_world.h"

namespace flotilla::sim {
namespace {

using namespace std::chrono_literals;
using Access = Replica::Access;
using State = ReplicationWorld::Write::State;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Which rare things happened at all, over all worlds.
std::map<std::string, unsigned>& marks() {
  static std::map<std::string, unsigned> m;
  return m;
}

void note_marks(ReplicationWorld& world, unsigned nodes) {
  for (unsigned i = 0; i < nodes; ++i) {
    if (!world.alive(i)) continue;
    const auto& s = world.statistics(i);
    marks()["resent"] += s.resent != 0;
    marks()["conflict"] += s.conflicts_resolved != 0;
    marks()["branch"] += s.branches_merged != 0;
    marks()["drop asked"] += s.drops_asked != 0;
    marks()["copy dropped"] += s.copies_dropped != 0;
    marks()["transfer"] += s.transfers_done != 0;
    marks()["refused"] += s.refused != 0;
    marks()["pulled again"] += s.records_retransmitted != 0;
    marks()["skipped equal"] += s.records_skipped != 0;
  }
}

enum class Faults { Network, OneAtATime, Anything };

ReplicationWorld::Options drawn(Random& random, Faults faults) {
  ReplicationWorld::Options o;
  o.nodes = static_cast<unsigned>(random.between(2, 5));
  o.rf = static_cast<unsigned>(random.between(2, std::min(o.nodes, 3U)));
  o.keys = static_cast<unsigned>(random.between(4, 40));
  o.durable = random.chance(0.5);
  o.loss = random.chance(0.5) ? 0.1 : 0;
  o.twice = random.chance(0.5) ? 0.1 : 0;
  o.slow = random.chance(0.5) ? 0.1 : 0;
  o.delay_most = std::chrono::milliseconds(random.between(1, 10));
  o.ring_most = random.chance(0.5) ? 4 : 200;
  o.answer_bytes = random.chance(0.5) ? 1 : 1000;
  o.list_most = random.between(1, 20);
  if (faults == Faults::Anything) o.rf = static_cast<unsigned>(random.between(1, o.rf));
  return o;
}

void one_fault(ReplicationWorld& world, Random& random, unsigned nodes, Faults faults) {
  const auto some = static_cast<unsigned>(random.below(nodes));
  const auto kind = random.below(faults == Faults::Network      ? 3
                                 : faults == Faults::OneAtATime ? 5
                                                                : 7);
  switch (kind) {
    case 0:  // A hiccup, or a pause that is noticed.
      world.pause(some, true);
      for (int i = 0; i < 20; ++i) {
        world.workload(0.3);
        world.run(std::chrono::milliseconds(random.between(1, 60)));
      }
      world.pause(some, false);
      break;
    case 1:
      world.move(some);
      break;
    case 2: {
      auto order = std::vector<unsigned>(nodes);
      for (unsigned i = 0; i < nodes; ++i) order[i] = i;
      std::swap(order[0], order[random.below(nodes)]);
      if (nodes > 2) std::swap(order[1], order[1 + random.below(nodes - 1)]);
      world.set_preference(order);
      world.views();
      break;
    }
    case 3:
    case 4:
      if (!world.alive(some)) return;
      world.crash(some);
      for (int i = 0; i < 10; ++i) {
        world.workload(0.3);
        world.run(std::chrono::milliseconds(random.between(1, 30)));
      }
      world.views();
      for (int i = 0; i < 20; ++i) {
        world.workload(0.3);
        world.run(std::chrono::milliseconds(random.between(1, 60)));
      }
      world.restart(some);
      world.views();
      break;
    case 5: {
      std::vector<std::vector<unsigned>> parts(2);
      for (unsigned i = 0; i < nodes; ++i) parts[random.below(2)].push_back(i);
      if (parts[0].empty() || parts[1].empty()) return;
      world.split(parts);
      for (int i = 0; i < 10; ++i) {
        world.workload(0.3);
        world.run(std::chrono::milliseconds(random.between(1, 40)));
      }
      world.views();
      for (int i = 0; i < 40; ++i) {
        world.workload(0.3);
        world.run(std::chrono::milliseconds(random.between(1, 40)));
      }
      world.heal();
      world.views();
      break;
    }
    default:
      if (world.alive(some)) world.crash(some);
      world.views();
      break;
  }
}

std::string live(std::uint64_t seed, Faults faults) {
  Random random(seed);
  const auto options = drawn(random, faults);
  ReplicationWorld world(random.next(), options);
  world.views();
  world.run(300ms);
  if (faults == Faults::OneAtATime && !world.settle(60s))
    return world.broken().empty() ? "does not settle" : world.broken();
  const auto rounds = random.between(1, 6);
  for (std::uint64_t round = 0; round < rounds && world.broken().empty(); ++round) {
    for (int i = 0; i < 40; ++i) {
      world.workload(0.3);
      world.run(std::chrono::milliseconds(random.below(10)));
    }
    // What is saved may be a second old: a fault within a second of the last change is two.
    if (faults == Faults::OneAtATime)
      for (unsigned i = 0; i < options.nodes; ++i) world.save(i);
    one_fault(world, random, options.nodes, faults);
    // One fault at a time: all is well again before the next.
    if (faults == Faults::OneAtATime && !world.settle(60s))
      return world.broken().empty() ? "does not settle" : world.broken();
    if (random.chance(0.3) && world.settle(10s))
      for (unsigned i = 0; i < options.nodes; ++i)
        if (world.alive(i)) world.forget_tombstones(i);
  }
  world.heal();
  for (unsigned i = 0; i < options.nodes; ++i)
    if (!world.alive(i)) world.restart(i);
  world.views();
  if (!world.settle(60s)) return world.broken().empty() ? "does not settle" : world.broken();
  world.expect_converged();
  if (faults != Faults::Anything) world.expect_nothing_lost();
  note_marks(world, options.nodes);
  return world.broken();
}

void live_many(Faults faults, std::uint64_t base, unsigned worlds) {
  const std::uint64_t only = from_environment("FLOTILLA_REPLICATION_SEED", 0);
  const std::uint64_t rounds = from_environment("FLOTILLA_SIM_ROUNDS", 1);
  const std::uint64_t first = only != 0 ? only : base;
  const std::uint64_t last = only != 0 ? only : base + rounds * worlds - 1;
  for (std::uint64_t seed = first; seed <= last; ++seed)
    ASSERT_EQ(live(seed, faults), "")
        << "again: FLOTILLA_REPLICATION_SEED=" << seed << " sim_replication_test --gtest_filter="
        << testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() << "."
        << testing::UnitTest::GetInstance()->current_test_info()->name();
}

TEST(ReplicationTest, LosesNothingOnABadNetwork) { live_many(Faults::Network, 1, 400); }

TEST(ReplicationTest, LosesNothingToOneFaultAtATime) { live_many(Faults::OneAtATime, 5001, 400); }

TEST(ReplicationTest, ConvergesAfterAnything) { live_many(Faults::Anything, 2001, 400); }

TEST(ReplicationTest, ReachesItsRareBranches) {
  if (from_environment("FLOTILLA_REPLICATION_SEED", 0) != 0) GTEST_SKIP();
  for (std::uint64_t seed = 1; seed <= 100; ++seed) live(seed, Faults::Anything);
  for (const char* mark : {"resent", "conflict", "branch", "drop asked", "copy dropped", "transfer",
                           "refused", "pulled again", "skipped equal"})
    EXPECT_GT(marks()[mark], 0U) << mark;
}

// --- directed scenarios -------------------------------------------------------------------------

class ScenarioTest : public testing::Test {
 protected:
  ReplicationWorld& start(unsigned nodes, unsigned rf, bool durable = false, bool in_force = true,
                          bool promises = true) {
    ReplicationWorld::Options o;
    o.nodes = nodes;
    o.rf = rf;
    o.durable = durable;
    o.in_force = in_force;
    o.promises = promises;
    world_ = std::make_unique<ReplicationWorld>(42, o);
    world_->views();
    EXPECT_TRUE(world_->settle(10s)) << world_->broken();
    EXPECT_EQ(world_->primary(), 0U);
    return *world_;
  }
  /// Heals, and all copies agree in the end.
  void end() {
    ReplicationWorld& w = *world_;
    w.filter = nullptr;
    w.ask_filter = nullptr;
    w.heal();
    w.views();
    EXPECT_TRUE(w.settle(30s)) << w.broken();
    w.expect_converged();
    EXPECT_EQ(w.broken(), "");
  }
  State state(std::uint64_t id) const { return world_->outcome(id).state; }
  bool has(unsigned key, std::uint64_t id) const {
    const auto value = world_->value(*world_->primary(), key);
    return std::ranges::find(value, id) != value.end();
  }

  std::unique_ptr<ReplicationWorld> world_;
};

TEST_F(ScenarioTest, D1OfTwoLivePrimariesOnlyTheNewOneIsAcknowledged) {
  ReplicationWorld& w = start(3, 2);
  w.split({{0}, {1, 2}});
  w.restore_network();
  w.hold_rows_from(0, true);
  w.view(2);
  w.run(50ms);
  ASSERT_EQ(w.replica(1).write_access(), Access::Here);
  const auto old_side = *w.write(0, 2);
  const auto new_side = *w.write(1, 4);
  w.run(2s);
  EXPECT_NE(state(old_side), State::Acknowledged);
  EXPECT_EQ(state(new_side), State::Acknowledged);
  EXPECT_EQ(w.replica(0).write_access(), Access::Wait) << "it was refused by a newer row";
  end();
  EXPECT_TRUE(has(4, new_side));
}

/// A replica pauses, is dropped, and wakes after the primary's death.
void dropped_replica_wakes(ReplicationWorld& w) {
  w.pause(1, true);
  const auto id = *w.write(0, 2);
  for (int i = 0; i < 2000 && w.outcome(id).state == State::Pending; ++i) w.run(1ms);
  ASSERT_EQ(w.outcome(id).state, State::Acknowledged);
  w.crash(0);
  w.pause(1, false);
  w.view(0);
  w.run(200ms);
}

TEST_F(ScenarioTest, D6ADroppedReplicaIsNotTakenForComplete) {
  ReplicationWorld& w = start(3, 2);
  dropped_replica_wakes(w);
  EXPECT_TRUE(w.row().has(Row::kStale)) << "the loss is known";
}

TEST_F(ScenarioTest, D6WithoutInForceTheLossWouldBeSilent) {
  ReplicationWorld& w = start(3, 2, false, false);
  w.hold_rows_from(2, true);  // The row is on its way when the primary dies.
  dropped_replica_wakes(w);
  EXPECT_FALSE(w.row().has(Row::kStale)) << "or the test above proves nothing";
}

TEST_F(ScenarioTest, D7ADropGrantedDuringAViewChangeIsRefused) {
  ReplicationWorld& w = start(3, 2);
  w.pause(1, true);
  const auto id = *w.write(0, 2);
  bool asked = false;
  w.ask_filter = [&](const RowAsk& ask) {
    asked |= ask.kind == RowAsk::Kind::Drop;
    return false;
  };
  while (!asked) w.run(1ms);
  w.view(0);  // Computed from reports without the drop, while its rows are under way.
  for (int i = 0; i < 3000; ++i) {
    w.run(1ms);
    if (state(id) != State::Acknowledged) continue;
    EXPECT_EQ(std::ranges::find(w.row().in_sync, w.process(1)), w.row().in_sync.end())
        << "acknowledged without a copy that the leader calls in sync";
    break;
  }
  EXPECT_EQ(state(id), State::Acknowledged);
  w.pause(1, false);
  end();
  EXPECT_TRUE(has(2, id));
}

TEST_F(ScenarioTest, D9AWriteInFlightAtADeposedPrimaryBecomesATail) {
  ReplicationWorld& w = start(3, 2);
  const auto before = *w.write(0, 4);
  w.run(20ms);
  w.split({{0}, {1, 2}});
  const auto free_key = *w.write(0, 2);
  const auto taken_key = *w.write(0, 4);
  w.view(2);
  w.run(50ms);
  const auto newer = *w.write(1, 4);
  w.run(50ms);
  w.heal();
  w.view(0);
  w.run(100ms);
  EXPECT_EQ(state(free_key), State::InDoubt);
  end();
  EXPECT_TRUE(has(2, free_key)) << "adopted: nobody else changed the key";
  EXPECT_FALSE(has(4, taken_key)) << "what the new primary did stands";
  EXPECT_TRUE(has(4, newer));
  EXPECT_TRUE(has(4, before));
}

TEST_F(ScenarioTest, D10WhatWasAcknowledgedOnACutOffSideIsNoTail) {
  ReplicationWorld& w = start(3, 3);
  w.split({{0, 1}, {2}});
  w.views();
  w.run(600ms);
  const auto cut_off = *w.write(0, 2);
  const auto other = *w.write(2, 4);
  w.run(100ms);
  ASSERT_EQ(state(cut_off), State::Acknowledged);
  ASSERT_EQ(state(other), State::Acknowledged);
  end();
  EXPECT_TRUE(has(2, cut_off));
  EXPECT_TRUE(has(4, other));
}

TEST_F(ScenarioTest, D11AfterGrantThePrimaryStaysClosedUntilANewRow) {
  ReplicationWorld& w = start(3, 2);
  w.filter = [&](unsigned, unsigned to, Bytes frame) {
    const bool grant = frame[0] == std::byte{10};
    if (grant && w.alive(to)) w.pause(to, true);
    return grant;
  };
  w.move(1);
  w.run(1s);
  EXPECT_EQ(w.replica(0).write_access(), Access::Wait);
  EXPECT_EQ(w.replica(0).read_access(false), Access::Wait);
  w.crash(1);
  w.view(0);
  w.run(100ms);
  EXPECT_EQ(w.replica(0).write_access(), Access::Here);
  w.restart(1);
  end();
}

TEST_F(ScenarioTest, AGateThatCannotCloseOpensAgain) {
  ReplicationWorld& w = start(3, 2);
  w.pause(1, true);
  const auto id = *w.write(0, 2);
  w.move(1);
  w.run(10ms);
  EXPECT_EQ(w.replica(0).write_access(), Access::Wait);
  EXPECT_EQ(w.replica(0).read_access(false), Access::Here);
  w.run(300ms);
  EXPECT_EQ(w.replica(0).write_access(), Access::Here);
  w.pause(1, false);
  end();
  EXPECT_TRUE(has(2, id));
}

TEST_F(ScenarioTest, AMoveLosesNothingAndTheOldPrimaryFollows) {
  ReplicationWorld& w = start(3, 2);
  const auto id = *w.write(0, 2);
  w.run(20ms);
  w.move(1);
  w.run(100ms);
  EXPECT_EQ(w.primary(), 1U);
  EXPECT_EQ(w.replica(0).write_access(), Access::Elsewhere);
  EXPECT_TRUE(w.replica(0).in_sync());
  EXPECT_EQ(w.replica(0).read_access(true), Access::Here);
  end();
  EXPECT_TRUE(has(2, id));
}

TEST_F(ScenarioTest, D12ACopyThatWasNeverFilledSaysSo) {
  ReplicationWorld& w = start(2, 1, true);
  std::vector<std::uint64_t> ids;
  for (unsigned key = 0; key < 12; key += 2) ids.push_back(*w.write(0, key));
  w.run(50ms);
  w.set_preference({1, 0});
  unsigned copies = 0;
  w.filter = [&](unsigned, unsigned, Bytes frame) {
    return frame[0] == std::byte{9} && ++copies > 1;  // The second answer never comes.
  };
  w.view(0);
  w.run(500ms);
  EXPECT_TRUE(w.replica(1).filling());
  EXPECT_FALSE(w.replica(1).report().ever_full);
  EXPECT_TRUE(w.replica(1).report().history.empty());
  w.save(0);
  w.crash(0);
  w.run(3s);
  w.restart(0);
  EXPECT_TRUE(w.replica(0).report().ever_full);
  end();
  for (unsigned i = 0; i < ids.size(); ++i) EXPECT_TRUE(has(2 * i, ids[i]));
}

TEST_F(ScenarioTest, D14AFreshCopyWithTheHigherTermDoesNotWin) {
  ReplicationWorld& w = start(3, 2);
  std::vector<std::uint64_t> ids;
  for (unsigned key = 0; key < 10; key += 2) ids.push_back(*w.write(0, key));
  w.run(50ms);
  w.split({{0, 1}, {2}});
  w.view(1);
  w.view(2);
  w.run(100ms);
  const auto lone = *w.write(2, 10);
  w.run(50ms);
  ASSERT_EQ(state(lone), State::Acknowledged);
  end();
  for (unsigned i = 0; i < ids.size(); ++i) EXPECT_TRUE(has(2 * i, ids[i]));
  EXPECT_TRUE(has(10, lone));
}

TEST_F(ScenarioTest, D15ABranchThatIsMergedIsOnlyBehindWhenAnotherCopyOfItReturns) {
  ReplicationWorld& w = start(4, 3);
  const auto base = *w.write(0, 3);
  w.run(50ms);
  w.split({{0, 1}, {2}, {3}});
  w.view(1);
  w.view(2);
  w.run(600ms);
  w.write(0, 3);  // In the branch of 0 and 1.
  w.write(0, 4);
  for (unsigned key = 6; key < 12; key += 2) w.write(2, key);
  w.run(50ms);
  w.split({{0, 2, 3}, {1}});  // 1 is away; the others meet.
  w.view(1);
  w.run(5s);
  const unsigned merger = 2;  // It has more records.
  ASSERT_EQ(w.replica(merger).write_access(), Access::Here);
  ASSERT_EQ(w.statistics(merger).branches_merged, 1U);
  w.crash(merger);
  w.crash(0);
  w.view(1);
  w.run(1s);
  const unsigned next = 3;
  ASSERT_EQ(w.replica(next).write_access(), Access::Here);
  ASSERT_TRUE(w.write(next, 3, true));  // Deleted after the merge.
  w.run(1s);
  const auto conflicts = w.statistics(next).conflicts_resolved.load();
  w.restart(merger);
  w.restart(0);
  end();
  EXPECT_FALSE(w.exists(*w.primary(), 3)) << "back after a delete, written by " << base;
  EXPECT_EQ(w.statistics(next).conflicts_resolved.load(), conflicts);
}

TEST_F(ScenarioTest, D16ADeletedKeyStaysDeletedWhenAnOldHolderReturns) {
  ReplicationWorld& w = start(3, 2);
  w.write(0, 3);
  w.run(50ms);
  w.split({{0, 2}, {1}});
  w.view(1);
  w.run(2s);
  ASSERT_TRUE(w.write(0, 3, true));
  w.run(500ms);
  w.forget_tombstones(0, true);
  w.forget_tombstones(2, true);
  ASSERT_EQ(w.records(0).tombstones(), 0U);
  ASSERT_EQ(w.records(2).tombstones(), 0U);
  ASSERT_TRUE(w.exists(1, 3));
  end();
  EXPECT_FALSE(w.exists(*w.primary(), 3));
}

TEST_F(ScenarioTest, OfAKeyChangedOnBothSidesThePolicyDecides) {
  ReplicationWorld& w = start(3, 3);
  w.split({{0, 1}, {2}});
  w.views();
  w.run(600ms);
  const auto less = *w.write(0, 2);
  for (unsigned key = 4; key < 12; key += 2) w.write(0, key);  // This side has more records.
  std::uint64_t more = 0;
  for (int i = 0; i < 3; ++i) more = *w.write(2, 2);
  w.run(50ms);
  end();
  EXPECT_EQ(w.primary(), 0U);
  EXPECT_TRUE(has(2, more)) << "its generation is higher";
  EXPECT_FALSE(has(2, less));
  EXPECT_EQ(w.statistics(0).conflicts_resolved, 1U);
}

TEST_F(ScenarioTest, ANewPrimarySharesWhatCameToItEarly) {
  ReplicationWorld& w = start(3, 3);
  w.filter = [&](unsigned from, unsigned to, Bytes frame) {
    if (frame[0] != std::byte{1} || from != 0) return false;
    const auto seq = load_le<std::uint64_t>(frame.data() + 47);
    return seq == 1 || to != 1;  // The second alone arrives, at one copy.
  };
  w.write(0, 2);
  const auto early = *w.write(0, 4);
  w.run(10ms);
  w.crash(0);
  w.filter = nullptr;
  w.view(0);
  w.run(100ms);
  ASSERT_EQ(w.primary(), 1U);
  for (const unsigned node : {1U, 2U}) {
    const auto value = w.value(node, 4);
    EXPECT_EQ(std::ranges::count(value, early), 1) << "node " << node;
  }
  w.restart(0);
  end();
}

TEST_F(ScenarioTest, AMoveLeavesNoWriteInDoubt) {
  ReplicationWorld& w = start(4, 3);
  w.cut(0, 2, true);
  const auto id = *w.write(0, 2);
  w.run(10ms);
  w.move(1);
  w.run(20ms);
  EXPECT_EQ(state(id), State::Pending) << "one copy does not have it";
  w.cut(0, 2, false);
  w.run(150ms);
  EXPECT_EQ(state(id), State::Acknowledged);
  EXPECT_EQ(w.primary(), 1U);
  end();
}

TEST_F(ScenarioTest, AReplicaThatWasAwayTakesOnlyWhatChanged) {
  ReplicationWorld& w = start(3, 2);
  for (unsigned key = 0; key < 12; key += 2) w.write(0, key);
  w.run(50ms);
  w.pause(1, true);
  const auto id = *w.write(0, 2);
  w.run(1s);
  const auto before = w.statistics(0).records_sent.load();
  w.pause(1, false);
  end();
  EXPECT_TRUE(has(2, id));
  EXPECT_LE(w.statistics(0).records_sent - before, 1U);
}

TEST_F(ScenarioTest, ReplicasDoNotDecideThatRecordsExpire) {
  ReplicationWorld& w = start(3, 2);
  EXPECT_TRUE(w.replica(0).decides());
  EXPECT_FALSE(w.replica(1).decides());
}

}  // namespace
}  // namespace flotilla::sim
