// Copies of one partition under faults, with a leader that follows the rules.
//
//   FLOTILLA_SIM_ROUNDS=10 sim_replication_test          ten times as many worlds
//   FLOTILLA_REPLICATION_SEED=17 sim_replication_test    one world alone
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace flotilla::sim
