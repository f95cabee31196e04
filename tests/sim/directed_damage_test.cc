// Records that one copy cannot read: brought from another, and never taken for deleted.
#include "replication_scenario.h"

namespace flotilla::sim {
namespace {

/// Nodes whose bodies can be damaged; nodes 0 and 1 have the copies, and all keys are written.
class Damage : public ScenarioTest {
 protected:
  static constexpr unsigned kKey = 4;

  ReplicationWorld& start_brittle(std::size_t ring_most = 64) {
    ReplicationWorld::Options o;
    o.durable = o.brittle = true;
    o.ring_most = ring_most;
    ReplicationWorld& w = start(o);
    for (unsigned key = 0; key < o.keys; ++key) w.write(0, key);
    w.run(50ms);
    return w;
  }
  /// Node 1 is away, and what node 0 cannot read nobody else has.
  void lose_node_1(ReplicationWorld& w) {
    w.save(1);
    w.crash(1);
    ASSERT_TRUE(w.damage(0, kKey));
    w.view(0);
    ASSERT_TRUE(w.settle(10s)) << w.broken();
  }
  /// Of a node that is down: what its log has of some keys is gone, and of one an older copy is
  /// found instead.
  void lose_in_log(ReplicationWorld& w, unsigned node, const store::RecordImage& older) {
    store::Namespace& records = w.records(node);
    store::Partition& partition = records.partition(ReplicationWorld::kPartition);
    for (const unsigned key : {kKey, kKey + 1, kKey + 2})
      records.drop(partition, partition.index.find(w.digest(key)));
    const auto place = records.log()->append(older);
    ASSERT_EQ(records.recover(older, place->at), store::Recovered::Kept);
    w.forget_saved(node);
  }
  std::uint64_t repaired(unsigned node) { return world_->statistics(node).records_repaired; }
};

TEST_F(Damage, APrimaryAndAReplicaTakeItFromEachOther) {
  ReplicationWorld& w = start_brittle();
  for (const unsigned node : {0U, 1U}) {
    const auto before = w.value(node, kKey);
    ASSERT_TRUE(w.damage(node, kKey));
    w.run(1s);
    EXPECT_FALSE(w.readable(node, kKey)) << "nobody has looked";
    w.read_all(node);
    w.run(50ms);
    EXPECT_EQ(w.value(node, kKey), before);
    EXPECT_EQ(repaired(node), 1U);
  }
  EXPECT_FALSE(w.replica(0).wants_tick());
  end();
}

TEST_F(Damage, ADamagedCopyAtBothIsGivenUpAndSaid) {
  ReplicationWorld& w = start_brittle();
  ASSERT_TRUE(w.damage(0, kKey));
  ASSERT_TRUE(w.damage(1, kKey));
  w.read_all(0);
  EXPECT_TRUE(w.records(0).damaged().is_hoped_for(w.digest(kKey)));
  w.run(1s);
  EXPECT_FALSE(w.records(0).damaged().is_hoped_for(w.digest(kKey)));
  EXPECT_EQ(w.records(1).damaged().size(), 1U) << "who was asked has found its own";
  EXPECT_FALSE(w.replica(0).wants_tick()) << "nobody asks for ever";
}

TEST_F(Damage, ANewWriteIsARepairToo) {
  ReplicationWorld& w = start_brittle();
  ASSERT_TRUE(w.damage(0, kKey + 1));
  ASSERT_TRUE(w.damage(1, kKey + 1));
  w.read_all(0);
  w.run(1s);
  w.write(0, kKey + 1, true);
  w.run(50ms);
  EXPECT_EQ(w.records(0).damaged().size() + w.records(1).damaged().size(), 0U);
  end();
}

TEST_F(Damage, AFillWaitsForTheRepair) {
  ReplicationWorld& w = start_brittle();
  w.set_preference({0, 2, 1});
  ASSERT_TRUE(w.damage(0, kKey));
  w.view(0);
  end();
  EXPECT_EQ(repaired(0), 1U);
  EXPECT_EQ(w.statistics(0).records_unreadable, 0U);
}

TEST_F(Damage, WhatAFillLeftOutComesWithTheNextCopy) {
  ReplicationWorld& w = start_brittle();
  lose_node_1(w);
  EXPECT_GE(w.statistics(0).records_unreadable, 1U);
  EXPECT_TRUE(w.replica(2).in_sync());
  EXPECT_FALSE(w.exists(2, kKey));
  w.restart(1);
  end();
  EXPECT_TRUE(w.exists(0, kKey));
  EXPECT_EQ(repaired(0), 1U);
}

TEST_F(Damage, AHolderIsNotReleasedWithTheLastCopy) {
  ReplicationWorld& w = start_brittle();
  lose_node_1(w);
  w.set_preference({0, 2, 1});
  w.restart(1);
  end();
  EXPECT_TRUE(w.exists(0, kKey));
  EXPECT_TRUE(w.exists(2, kKey)) << "it was filled without";
}

/// Whether the other copy is there, or comes later, or both come back at once.
TEST_F(Damage, AStartThatLostRecordsClaimsNothing) {
  for (const bool both : {false, true})
    for (const unsigned damaged : {0U, 1U}) {
      SCOPED_TRACE(testing::Message() << "node " << damaged << (both ? ", both" : ""));
      ReplicationWorld& w = start_brittle();
      const store::Partition& partition =
          w.records(damaged).partition(ReplicationWorld::kPartition);
      std::shared_ptr<const store::RecordRead> keeps;
      const auto older = w.records(damaged).image_of(*partition.index.find(w.digest(kKey)), keeps);
      ASSERT_TRUE(older.has_value());
      w.write(0, kKey);
      w.write(0, kKey + 1, true);
      w.run(50ms);
      const auto newest = w.value(0, kKey);
      for (const unsigned node : {0U, 1U}) {
        w.save(node);
        if (!both && node != damaged) continue;
        w.crash(node);
      }
      lose_in_log(w, damaged, *older);
      w.restart(damaged);
      EXPECT_FALSE(w.replica(damaged).report().ever_full);
      if (both) w.restart(1 - damaged);
      w.views();
      end();
      EXPECT_EQ(w.value(0, kKey), newest);
      EXPECT_TRUE(w.exists(0, kKey + 2));
      EXPECT_FALSE(w.exists(0, kKey + 1)) << "it was deleted";
    }
}

TEST_F(Damage, AnOlderVersionDoesNotPassForWhatCannotBeRead) {
  for (const std::size_t ring : {64, 2}) {  // By delta, by digest.
    ReplicationWorld& w = start_brittle(ring);
    w.set_preference({0, 2, 1});
    w.view(0);
    ASSERT_TRUE(w.settle(10s));
    w.save(2);
    w.crash(2);
    w.set_preference({0, 1, 2});
    w.view(0);
    ASSERT_TRUE(w.settle(10s));
    w.write(0, kKey);
    w.run(50ms);
    lose_node_1(w);
    w.restart(2);  // It has the version before.
    w.view(0);
    ASSERT_TRUE(w.settle(10s)) << w.broken();
    EXPECT_TRUE(w.replica(2).in_sync());
    EXPECT_FALSE(w.exists(2, kKey));
    w.restart(1);
    end();
    EXPECT_TRUE(w.exists(0, kKey));
  }
}

}  // namespace
}  // namespace flotilla::sim
