#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "replication_world.h"

namespace flotilla::sim {

using namespace std::chrono_literals;
using Access = Replica::Access;
using State = ReplicationWorld::Write::State;

/// A world on a good network, whose node 0 is primary, and what a scenario asks of it.
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
    return start(o);
  }
  ReplicationWorld& start(const ReplicationWorld::Options& o) {
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

}  // namespace flotilla::sim
