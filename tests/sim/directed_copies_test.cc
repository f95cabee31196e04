// The scenarios of the design (D1 to D21) that the copies of a partition decide, by their numbers.
// Those of views and rows stand in directed_views_test.cc.
#include "replication_scenario.h"

namespace flotilla::sim {
namespace {

using DirectedD01 = ScenarioTest;
using DirectedD06 = ScenarioTest;
using DirectedD07 = ScenarioTest;
using DirectedD09 = ScenarioTest;
using DirectedD10 = ScenarioTest;
using DirectedD11 = ScenarioTest;
using DirectedD12 = ScenarioTest;
using DirectedD14 = ScenarioTest;
using DirectedD15 = ScenarioTest;
using DirectedD16 = ScenarioTest;

TEST_F(DirectedD01, OfTwoLivePrimariesOnlyTheNewOneIsAcknowledged) {
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

TEST_F(DirectedD06, ADroppedReplicaIsNotTakenForComplete) {
  ReplicationWorld& w = start(3, 2);
  dropped_replica_wakes(w);
  EXPECT_TRUE(w.row().has(Row::kStale)) << "the loss is known";
}

TEST_F(DirectedD06, WithoutInForceTheLossWouldBeSilent) {
  ReplicationWorld& w = start(3, 2, false, false);
  w.hold_rows_from(2, true);  // The row is on its way when the primary dies.
  dropped_replica_wakes(w);
  EXPECT_FALSE(w.row().has(Row::kStale)) << "or the test above proves nothing";
}

TEST_F(DirectedD07, ADropGrantedDuringAViewChangeIsRefused) {
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

TEST_F(DirectedD09, AWriteInFlightAtADeposedPrimaryBecomesATail) {
  ReplicationWorld& w = start(3, 2);
  const auto before = *w.write(0, 4);
  w.run(20ms);
  w.split({{0}, {1, 2}});
  const auto free_key = *w.write(0, 2);
  w.write(0, 4);
  const auto taken_key = *w.write(0, 4);  // Of a higher generation than what comes to be there.
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

TEST_F(DirectedD10, WhatWasAcknowledgedOnACutOffSideIsNoTail) {
  ReplicationWorld& w = start(3, 3);
  w.split({{0, 1}, {2}});
  w.views();
  w.run(600ms);
  const auto cut_off = *w.write(0, 2);
  const auto other = *w.write(2, 4);
  // Of a key changed on both sides the policy decides: the higher generation.
  w.write(0, 6);
  const auto more_there = *w.write(0, 6);
  w.write(2, 6);
  w.write(0, 8);
  w.write(2, 8);
  const auto more_here = *w.write(2, 8);
  w.run(100ms);
  ASSERT_EQ(state(cut_off), State::Acknowledged);
  ASSERT_EQ(state(other), State::Acknowledged);
  end();
  EXPECT_TRUE(has(2, cut_off));
  EXPECT_TRUE(has(4, other));
  EXPECT_TRUE(has(6, more_there));
  EXPECT_TRUE(has(8, more_here));
}

TEST_F(DirectedD11, AfterGrantThePrimaryStaysClosedUntilANewRow) {
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

TEST_F(DirectedD12, ACopyThatWasNeverFilledSaysSo) {
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

TEST_F(DirectedD14, AFreshCopyWithTheHigherTermDoesNotWin) {
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

TEST_F(DirectedD15, ABranchThatIsMergedIsOnlyBehindWhenAnotherCopyOfItReturns) {
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

TEST_F(DirectedD16, ADeletedKeyStaysDeletedWhenAnOldHolderReturns) {
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

}  // namespace
}  // namespace flotilla::sim
