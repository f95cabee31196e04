// Copies of one partition under faults, with a leader that follows the rules.
//
//   FLOTILLA_SIM_ROUNDS=10 sim_replication_test    ten times as many worlds
//   FLOTILLA_SIM_SEED=17 sim_replication_test      one world alone
#include <algorithm>

#include "base/parse.h"
#include "replication_scenario.h"
#include "schedules.h"

namespace flotilla::sim {
namespace {

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

enum class Faults { Network, OneAtATime, Anything, Damage };

ReplicationWorld::Options drawn(Random& random, Faults faults) {
  ReplicationWorld::Options o;
  o.nodes = static_cast<unsigned>(at_most_nodes(random.between(2, 5)));
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
  o.named_most = random.between(0, 3);
  if (random.chance(0.3)) o.pace = 30'000;
  if (random.chance(0.2)) o.window_most = random.between(2, 16);
  if (random.chance(0.2)) o.early_most = random.between(1, 8);
  if (faults == Faults::Damage) o.durable = o.brittle = true;
  if (faults == Faults::Anything) o.rf = static_cast<unsigned>(random.between(1, o.rf));
  return o;
}

/// Some copies of keys that another copy has too, found by whoever reads them: a fill, a client,
/// or nobody.
void damage_some(ReplicationWorld& world, Random& random, const ReplicationWorld::Options& o) {
  for (auto times = random.between(1, 8); times > 0; --times) {
    const auto node = static_cast<unsigned>(random.below(o.nodes));
    world.damage_one_of_two(node, static_cast<unsigned>(random.below(o.keys)));
  }
}

/// Clients at work, for so many turns of up to so long.
void work(ReplicationWorld& world, Random& random, int turns, std::chrono::milliseconds most) {
  const auto longest = static_cast<std::uint64_t>(most.count());
  for (; turns > 0; --turns) {
    world.workload(0.3);
    world.run(std::chrono::milliseconds(random.between(1, longest)));
  }
}

/// A clean stop: no partition is to be at the node any more, and it is waited for.
void leave_and_return(ReplicationWorld& world, Random& random, unsigned nodes, unsigned node) {
  if (!world.alive(node) || nodes < 2) return;
  std::vector<unsigned> stay;
  for (unsigned i = 0; i < nodes; ++i)
    if (i != node) stay.push_back(i);
  world.leave(node);
  world.set_preference(stay);
  world.views();
  work(world, random, 20, 60ms);
  if (world.primary() == node) world.move(stay.front());
  work(world, random, 30, 150ms);
  world.save(node);
  world.crash(node);
  world.views();
  work(world, random, 20, 60ms);
  world.restart(node);
  stay.push_back(node);
  world.set_preference(stay);
  world.views();
}

void one_fault(ReplicationWorld& world, Random& random, unsigned nodes, Faults faults) {
  const auto some = static_cast<unsigned>(random.below(nodes));
  const auto kind = random.below(faults == Faults::Network || faults == Faults::Damage ? 3
                                 : faults == Faults::OneAtATime                        ? 6
                                                                                       : 8);
  switch (kind) {
    case 0:  // A hiccup, or a pause that is noticed.
      world.pause(some, true);
      work(world, random, 20, 60ms);
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
      work(world, random, 10, 30ms);
      world.views();
      work(world, random, 20, 60ms);
      world.restart(some);
      world.views();
      break;
    case 5:
      leave_and_return(world, random, nodes, some);
      break;
    case 6: {
      std::vector<std::vector<unsigned>> parts(2);
      for (unsigned i = 0; i < nodes; ++i) parts[random.below(2)].push_back(i);
      if (parts[0].empty() || parts[1].empty()) return;
      world.split(parts);
      work(world, random, 10, 40ms);
      world.views();
      work(world, random, 40, 40ms);
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
  const auto rounds = at_most_faults(random.between(1, 6));
  for (std::uint64_t round = 0; round < rounds && world.broken().empty(); ++round) {
    for (int i = 0; i < 40; ++i) {
      world.workload(0.3);
      world.run(std::chrono::milliseconds(random.below(10)));
    }
    // What is saved may be a second old: a fault within a second of the last change is two.
    if (faults == Faults::OneAtATime)
      for (unsigned i = 0; i < options.nodes; ++i) world.save(i);
    if (faults == Faults::Damage) damage_some(world, random, options);
    one_fault(world, random, options.nodes, faults);
    if (faults == Faults::Damage) {
      for (unsigned i = 0; i < options.nodes; ++i)
        if (random.chance(0.8)) world.read_all(i);
      if (!world.settle(60s)) return world.broken().empty() ? "does not settle" : world.broken();
    }
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
  if (options.brittle)
    for (unsigned i = 0; i < options.nodes; ++i) world.read_all(i);
  world.views();
  if (!world.settle(60s)) return world.broken().empty() ? "does not settle" : world.broken();
  world.expect_converged();
  if (faults != Faults::Anything) world.expect_nothing_lost();
  note_marks(world, options.nodes);
  return world.broken();
}

void live_many(Faults faults, std::uint64_t first) {
  for_each_seed(first, 400, [&](std::uint64_t seed) { ASSERT_EQ(live(seed, faults), ""); });
}

TEST(ReplicationTest, LosesNothingOnABadNetwork) { live_many(Faults::Network, 1); }

TEST(ReplicationTest, LosesNothingToOneFaultAtATime) { live_many(Faults::OneAtATime, 5001); }

TEST(ReplicationTest, ConvergesAfterAnything) { live_many(Faults::Anything, 2001); }

TEST(ReplicationTest, RepairsWhatIsDamaged) { live_many(Faults::Damage, 8001); }

TEST(ReplicationTest, ReachesItsRareBranches) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) live(seed, Faults::Anything);
  for (const char* mark : {"resent", "conflict", "branch", "drop asked", "copy dropped", "transfer",
                           "refused", "pulled again", "skipped equal"})
    EXPECT_GT(marks()[mark], 0U) << mark;
}

// --- directed scenarios -------------------------------------------------------------------------

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
  EXPECT_EQ(w.replica(0).read_access(true), Access::Elsewhere);  // Clients take it for the primary.
  EXPECT_TRUE(w.replica(0).may_be_scanned());
  w.run(3s);
  EXPECT_EQ(w.replica(0).read_access(true), Access::Here);
  end();
  EXPECT_TRUE(has(2, id));
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

TEST_F(ScenarioTest, AGrantThatOvertakesTheRowIsTakenWithIt) {
  ReplicationWorld& w = start(3, 2);
  w.pause(1, true);
  w.write(0, 2);
  w.run(1s);
  const auto in_sync = [&w](const Row& row) {
    return std::ranges::find(row.in_sync, w.process(1)) != row.in_sync.end();
  };
  ASSERT_FALSE(in_sync(w.row()));
  w.pause(1, false);
  for (int ms = 0; ms < 1000 && !in_sync(w.row()); ++ms) w.run(1ms);
  ASSERT_TRUE(in_sync(w.row()));
  w.hold_rows_from(1, true);
  w.run(10ms);
  w.move(1);
  w.run(10ms);
  EXPECT_EQ(w.replica(0).read_access(false), Access::Wait) << "it has granted";
  EXPECT_EQ(w.replica(1).read_access(false), Access::Elsewhere);
  w.hold_rows_from(1, false);
  for (int ms = 0; ms < 1000 && !in_sync(w.replica(1).row()); ++ms) w.run(1ms);
  EXPECT_EQ(w.replica(1).read_access(false), Access::Here) << "and is not asked again";
  end();
}

/// No leader of these worlds brings one back; a reunion of equal copies might.
TEST_F(ScenarioTest, ATermThatComesBackGivesNoNumberTwice) {
  ReplicationWorld& w = start(3, 2);
  w.write(0, 2);
  w.run(50ms);
  const Row first = w.row();
  w.move(1);
  w.run(1s);
  ASSERT_EQ(w.primary(), 1U);
  Row again = w.row();
  again.version.n += 100;
  again.term = first.term;
  again.primary = first.primary;
  std::ranges::reverse(again.in_sync);
  const auto end_of_first = w.records(0).partition(ReplicationWorld::kPartition).last_lsn.seq();
  for (unsigned i = 0; i < 3; ++i) w.replica(i).install(again);
  const auto id = *w.write(0, 4);
  w.run(1s);
  EXPECT_EQ(state(id), State::Acknowledged);
  EXPECT_GT(w.outcome(id).position.seq, end_of_first);
  end();
  EXPECT_TRUE(has(4, id));
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

TEST_F(ScenarioTest, TermsThatWroteNothingLeaveNoHistoryAndTheOthersNotForEver) {
  ReplicationWorld& w = start(1, 1, true);
  const auto restart = [&](bool writes) {
    if (writes) w.write(0, 2);
    w.run(20ms);
    w.save(0);
    w.crash(0);
    w.restart(0);
    w.views();
    EXPECT_TRUE(w.settle(10s));
    return w.replica(0).report().history.size();
  };
  restart(true);
  const std::size_t before = restart(false);
  for (int i = 0; i < 20; ++i) EXPECT_LE(restart(false), before);
  std::size_t most = 0;
  for (int i = 0; i < 200; ++i) most = std::max(most, restart(true));
  EXPECT_GE(most, 20U);
  EXPECT_LE(most, cluster::kHistoryCalm);
  end();
}

/// Node 1 of two leaves for as many terms of node 0, and key 3 is deleted meanwhile.
class Leaving : public ScenarioTest {
 protected:
  void leave_and_return(int terms) {
    ReplicationWorld& w = start(2, 2, true);
    for (unsigned key = 0; key < 12; ++key) w.write(0, key);
    ASSERT_TRUE(w.settle(10s));
    w.leave(1);
    w.set_preference({0});
    w.view(0);
    ASSERT_TRUE(w.settle(10s));
    w.run(2s);
    ASSERT_FALSE(w.replica(1).in_sync());
    ASSERT_TRUE(w.exists(1, 3)) << "only one copy is left";
    restart(1, false);
    ASSERT_TRUE(w.write(0, 3, true));
    w.run(50ms);
    w.forget_tombstones(0, true);
    for (int i = 0; i < terms; ++i) {
      restart(0, true);
      w.views();
      ASSERT_TRUE(w.settle(10s));
      w.write(0, 2);
      w.run(50ms);
    }
    w.set_preference({0, 1});
    w.restart(1);
    end();
    EXPECT_TRUE(w.replica(1).in_sync());
    EXPECT_FALSE(w.exists(0, 3));
    EXPECT_FALSE(w.exists(1, 3));
    EXPECT_LE(w.statistics(1).records_received, 1U);
  }

 private:
  void restart(unsigned node, bool comes_back) {
    world_->save(node);
    world_->crash(node);
    if (comes_back) world_->restart(node);
  }
};

TEST_F(Leaving, ACopyThatIsReleasedStaysAndNeedsOnlyWhatChangedMeanwhile) { leave_and_return(1); }

TEST_F(Leaving, ACopyThatWasReleasedIsNoBranchHoweverLongItWasAway) {
  leave_and_return(static_cast<int>(cluster::kHistoryCalm) + 8);
}

/// Node 1 knows no change before the term in which it was filled. Nothing is written in that term,
/// so it is in no history when node 2 asks node 1 for all since an older one.
TEST_F(ScenarioTest, ADeltaIsNotTakenFromOneThatWasFilledInAnEmptyTerm) {
  ReplicationWorld& w = start(3, 3, true);
  w.write(0, 2);
  w.run(50ms);
  const auto stop = [&](unsigned node) {
    w.save(node);
    w.crash(node);
  };
  stop(2);
  stop(1);
  w.views();
  ASSERT_TRUE(w.settle(10s));
  const auto missed = *w.write(0, 2);
  w.run(50ms);
  stop(0);
  w.restart(0);
  w.views();
  w.restart(1);
  w.views();
  ASSERT_TRUE(w.settle(10s));
  w.move(1);
  w.run(100ms);
  ASSERT_EQ(w.primary(), 1U);
  w.restart(2);
  end();
  EXPECT_TRUE(has(2, missed));
}

TEST_F(ScenarioTest, ARowThatNobodyChangedMeanwhileHoldsAgain) {
  ReplicationWorld& w = start(3, 2, true);
  const cluster::Row row = w.replica(0).report().row;
  w.save(2);
  w.crash(2);
  w.restart(2);
  EXPECT_EQ(w.replica(2).write_access(), Access::Nobody);
  w.replica(2).install(row);
  EXPECT_EQ(w.replica(2).write_access(), Access::Elsewhere);
  w.replica(2).orphan();
  EXPECT_EQ(w.replica(2).write_access(), Access::Nobody);
  w.replica(2).install(row);
  EXPECT_EQ(w.replica(2).write_access(), Access::Elsewhere);
  end();
}

TEST_F(ScenarioTest, ReplicasDoNotDecideThatRecordsExpire) {
  ReplicationWorld& w = start(3, 2);
  EXPECT_TRUE(w.replica(0).decides());
  EXPECT_FALSE(w.replica(1).decides());
}

}  // namespace
}  // namespace flotilla::sim
