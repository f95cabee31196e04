#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "membership_world.h"

namespace flotilla::sim {

using WorldSetup = MembershipWorld::Setup;

/// A world of nodes that were all started; what it found broken is a failure of the test.
struct Cluster : MembershipWorld {
  explicit Cluster(std::size_t count, WorldSetup setup = {}) : MembershipWorld(std::move(setup)) {
    for (std::size_t i = 0; i < count; ++i) add();
    for (std::size_t i = 0; i < count; ++i) start(i);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster() {
    for (const std::string& each : broken) ADD_FAILURE() << each;
  }
  bool settle(Duration limit = seconds(20)) {
    if (run_until([&] { return balanced(); }, limit)) return true;
    ADD_FAILURE() << describe();
    return false;
  }
  /// Once nobody is paused any more.
  bool awake() {
    return run_until(
        [&] { return std::ranges::none_of(all_up(), [&](std::size_t i) { return paused(i); }); },
        seconds(10));
  }
  bool together(Duration limit) {
    if (run_until([&] { return all_in_one_view(); }, limit)) return true;
    ADD_FAILURE() << describe();
    return false;
  }
  std::size_t leader() {
    for (const std::size_t i : all_up())
      if (at(i).is_leader()) return i;
    return 0;
  }
  std::size_t follower(std::size_t nth = 0) {
    for (const std::size_t i : all_up())
      if (!at(i).is_leader() && nth-- == 0) return i;
    return 0;
  }
};

}  // namespace flotilla::sim
