// Cluster-wide metadata under splits, wrong clocks, and processes that end at any write of their
// disks: all nodes end with the same items, a later command wins, and what is deleted stays so.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "membership_cluster.h"
#include "schedules.h"

namespace flotilla::sim {
namespace {

using cluster::Epoch;

constexpr const char* kModule = "m";
struct Command {
  std::uint64_t id = 0;  // Its value, unless it removes.
  std::string key;
  bool removes = false;
  std::size_t node = 0;
  Instant began;
  Epoch in;  // The view of the node when it began.
};

/// A world whose nodes are told to set and remove items, and what must come of that.
class Metadata : public Cluster {
 public:
  explicit Metadata(std::size_t nodes, WorldSetup setup) : Cluster(nodes, std::move(setup)) {
    at_view = [this](std::size_t node) { note_view(node); };
  }

  void command(std::size_t node, const std::string& key, bool removes) {
    if (!up(node) || paused(node)) return;
    Command c{next_++, key, removes, node, now(), view_of(node)};
    std::optional<Buffer> value;
    if (!removes) {
      value.emplace();
      append_be(*value, c.id);
    }
    commands_.push_back(c);
    event(node, Membership::SetMetadata{c.id, kModule, key, value, false});
  }

  void empty(std::size_t node) {
    last_.erase(node);
    restart(node, false);
  }

  /// Heals, starts who is down, and waits until all nodes have the same items.
  void reunite() {
    heal();
    for (std::size_t i = 0; i < size(); ++i) {
      pause(i, Duration(0));
      if (!up(i)) start(i);
    }
    if (!together(seconds(30))) return;
    const auto equal = [&] {
      return std::ranges::all_of(
          all_up(), [&](std::size_t i) { return at(i).metadata_digest() == digest(); });
    };
    EXPECT_TRUE(run_until(equal, seconds(10))) << "I21: nodes have different items";
  }

  void check() {
    std::map<std::string, std::uint64_t> there;
    for (const auto& [key, value] : at(0).metadata(kModule))
      there[key] = load_be<std::uint64_t>(value.data());
    std::set<std::string> keys;
    for (const Command& c : commands_) keys.insert(c.key);
    for (const std::string& key : keys) {
      const std::uint64_t value = there.contains(key) ? there[key] : 0;
      if (!is_possible(key, value))
        ADD_FAILURE() << "I21: " << key << " is " << (value == 0 ? "gone" : std::to_string(value))
                      << " in the end; " << history(key);
    }
  }

 private:
  std::uint64_t digest() { return at(*all_up().begin()).metadata_digest(); }

  Epoch view_of(std::size_t node) const {
    return view(node) == nullptr ? Epoch{} : view(node)->epoch;
  }

  /// What a member has on its disk it brings into its next view, also by way of a restart.
  void note_view(std::size_t node) {
    if (view(node) == nullptr) return;
    const Epoch now_in = view_of(node);
    if (last_.contains(node)) parents_[now_in].insert(last_[node]);
    last_[node] = now_in;
  }

  bool comes_from(const Epoch& view, const Epoch& older) const {
    std::vector<Epoch> left{view};
    std::set<Epoch> seen;
    while (!left.empty()) {
      const Epoch epoch = left.back();
      left.pop_back();
      if (epoch == older) return true;
      if (!seen.insert(epoch).second) continue;
      if (const auto at = parents_.find(epoch); at != parents_.end())
        left.insert(left.end(), at->second.begin(), at->second.end());
    }
    return false;
  }

  bool is_everywhere(const Command& c) const { return settings_done_when.contains(c.id); }

  /// It was everywhere when another command began in a view that comes from that one, and that is
  /// everywhere too.
  bool is_over(const Command& c) const {
    if (!is_everywhere(c)) return false;
    const Done& done = settings_done_when.at(c.id);
    // Done again by another leader: if the first died as it wrote it, unseen, and its clock was far
    // ahead, its stamp is higher than any since.
    if (c.in != done.leader_in && !skew_ms.empty()) return false;
    return std::ranges::any_of(commands_, [&](const Command& by) {
      return by.key == c.key && is_everywhere(by) && by.in != Epoch{} && done.at < by.began &&
             comes_from(by.in, done.leader_in);
    });
  }

  bool is_possible(const std::string& key, std::uint64_t value) const {
    bool any_acknowledged = false;
    for (const Command& c : commands_) {
      if (c.key != key) continue;
      any_acknowledged |= is_everywhere(c);
      if ((value == 0 ? c.removes : c.id == value && !c.removes) && !is_over(c)) return true;
    }
    return value == 0 && !any_acknowledged;
  }

  std::string history(const std::string& key) const {
    std::string out;
    for (const Command& c : commands_)
      if (c.key == key)
        out += fmt::format(
            "{} {} at {} ms by {} in view {}, {}; ", c.removes ? "remove" : "set", c.id,
            c.began.since_start / milliseconds(1), c.node, c.in.number,
            is_everywhere(c)
                ? fmt::format("everywhere in view {}", settings_done_when.at(c.id).leader_in.number)
                : "in doubt");
    return out;
  }

  std::vector<Command> commands_;
  std::uint64_t next_ = 1;
  std::map<std::size_t, Epoch> last_;  // The view that a node was in last, in any life.
  std::map<Epoch, std::set<Epoch>> parents_;
};

WorldSetup without_data(std::uint64_t seed) {
  WorldSetup setup;
  setup.seed = seed;
  setup.partitions = 1;
  setup.durable = true;
  setup.writes = false;
  return setup;
}

// --- every write of every node

/// One course of things, in which node `victim` dies at its write number `at`. False: it has not
/// so many.
bool dies_at(std::size_t victim, unsigned at, MembershipWorld::AtWrite how) {
  Metadata world(3, without_data(1 + at));
  unsigned writes = 0;
  bool died = false;
  EXPECT_TRUE(world.together(seconds(10)));
  world.at_write = [&](std::size_t node) {
    if (node != victim || died || writes++ != at) return MembershipWorld::AtWrite::Goes;
    died = true;
    return how;
  };
  const auto a_while = [&] {
    world.run(milliseconds(400));
    if (!world.up(victim)) world.start(victim);
  };
  for (std::size_t node = 0; node < 3; ++node) {
    world.command(node, "a", node == 1);
    a_while();
    world.command(node, "b", false);
    a_while();
  }
  world.command(1, "a", true);
  a_while();
  world.reunite();
  world.split({2});
  for (int i = 0; i < 6; ++i) a_while();
  world.command(0, "a", false);
  world.command(2, "a", true);
  world.command(0, "b", true);
  world.command(2, "c", false);
  for (int i = 0; i < 3; ++i) a_while();
  world.reunite();
  world.command(0, "b", true);
  a_while();
  world.reunite();
  world.check();
  return died;
}

TEST(MetadataTest, ANodeMayDieAtAnyWriteOfItsDisk) {
  using AtWrite = MembershipWorld::AtWrite;
  for (std::size_t victim = 0; victim < 3; ++victim)
    for (const AtWrite how : {AtWrite::DiesBefore, AtWrite::DiesAfter})
      for (unsigned at = 0; dies_at(victim, at, how); ++at)
        ASSERT_FALSE(HasFailure()) << "node " << victim << " died at its write " << at;
}

// --- anything

struct MetadataChaos {
  Metadata& world;
  Random& random;
  std::map<std::size_t, unsigned> writes_left;

  std::size_t any() { return random.below(world.size()); }

  void commands() {
    for (std::uint64_t i = random.below(4); i > 0; --i) {
      world.command(any(), fmt::format("k{}", random.below(3)), random.chance(0.4));
      world.run(milliseconds(random.below(300)));
    }
  }

  void fault() {
    const std::size_t node = any();
    switch (random.below(7)) {
      case 0:
        if (world.up(node)) world.crash(node, random.chance(0.7));
        return;
      case 1:
        if (!world.up(node)) world.start(node);
        return;
      case 2:
        writes_left[node] = static_cast<unsigned>(random.between(1, 4));
        return;
      case 3:
        return world.split({node});
      case 4:
        writes_left.clear();
        return world.reunite();
      case 5:
        writes_left.clear();
        world.reunite();  // The others have what it has.
        return world.empty(node);
      default:
        return world.pause(node, milliseconds(random.between(50, 3000)));
    }
  }
};

void run_metadata(std::uint64_t seed) {
  Random random(seed);
  Metadata world(at_most_nodes(random.between(2, 5)), without_data(seed));
  for (std::size_t i = 0; i < world.size(); ++i)
    if (random.chance(0.4)) world.skew_ms[i] = random.chance(0.5) ? 3'600'000 : -3'600'000;
  MembershipWorld::Faults network;
  network.twice = random.chance(0.5) ? 0.1 : 0;
  network.reorder = random.chance(0.5);
  network.latency_most = milliseconds(random.between(1, 40));
  if (random.chance(0.5)) network.disk_most = milliseconds(random.between(1, 1500));
  MetadataChaos chaos{world, random, {}};
  world.at_write = [&](std::size_t node) {
    const auto left = chaos.writes_left.find(node);
    if (left == chaos.writes_left.end() || --left->second > 0)
      return MembershipWorld::AtWrite::Goes;
    chaos.writes_left.erase(left);
    return random.chance(0.5) ? MembershipWorld::AtWrite::DiesBefore
                              : MembershipWorld::AtWrite::DiesAfter;
  };
  ASSERT_TRUE(world.together(seconds(20)));
  for (std::uint64_t i = at_most_faults(16); i > 0; --i) {
    world.faults = network;  // Until all is healed.
    chaos.commands();
    chaos.fault();
    if (testing::Test::HasFailure()) return;
    world.run(milliseconds(random.below(2500)));
  }
  chaos.writes_left.clear();
  world.reunite();
  world.run(seconds(12));  // For what is in doubt.
  world.reunite();
  world.check();
}

TEST(MetadataSimulation, AllEndWithTheSameItemsAndTheLastCommandWins) {
  for_each_seed(1, 300, run_metadata);
}

/// Whoever loses its power then, and whoever comes back alone.
TEST(MetadataDisk, WhatIsEverywhereIsOnEveryDisk) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Metadata world(3, without_data(seed));
    ASSERT_TRUE(world.together(seconds(10)));
    world.faults.disk_most = milliseconds(1000);
    world.command(seed % 3, "a", false);
    ASSERT_TRUE(world.run_until([&] { return world.settings_done_when.contains(1); }, seconds(5)));
    for (std::size_t node = 0; node < 3; ++node) world.crash(node);
    for (std::size_t node = 0; node < 3; ++node) {
      world.start(node);
      EXPECT_EQ(world.at(node).metadata(kModule).size(), 1U)
          << "seed " << seed << ", node " << node;
      world.crash(node);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace flotilla::sim
