#pragma once

#include <deque>

#include "membership_world.h"

/// What the world of views keeps of one node; for its own files.
namespace flotilla::sim {

/// How often a primary looks after its copies.
inline constexpr Duration kWorkEvery = milliseconds(10);

struct MembershipWorld::Copies : cluster::LocalCopies {
  std::map<Key, CopyReport> held;
  CopyReport report(std::uint32_t ns, wire::PartitionId partition) const override {
    const auto at = held.find({ns, partition.raw()});
    return at == held.end() ? CopyReport{} : at->second;
  }
};

struct MembershipWorld::Node {
  cluster::NodeInfo info;
  std::string host;
  std::vector<cluster::Endpoint> seeds;
  std::unique_ptr<Membership> membership;  // Null: not running.
  Copies copies;
  Membership::Restored disk;
  std::deque<Membership::Persist> writes;  // On their way to the disk.
  std::uint64_t written = 0;
  std::map<Key, CopyReport> data;
  bool up = false;
  bool silent = false;  // Down, and its host answers nothing.
  Instant paused_until;
  std::uint64_t tick_order = 0;
  cluster::Epoch last_epoch;
  bool holds = false;  // Answers no client.
  std::map<std::string, std::size_t> actions;
  std::map<Key, Instant> asked;
  std::map<Key, Row> given;  // By its membership.
};

}  // namespace flotilla::sim
