// The model of copies that stands in for replication: who holds which history, and what a primary
// asks of the leader.
#include <fmt/format.h>

#include <algorithm>

#include "membership_node.h"

namespace flotilla::sim {

using cluster::HistoryEntry;
using cluster::RowAsk;
using cluster::View;

namespace {

bool in(const std::vector<Process>& list, const Process& process) {
  return std::ranges::find(list, process) != list.end();
}

bool has_all(const std::vector<HistoryEntry>& over, const std::vector<HistoryEntry>& under) {
  for (auto it = under.rbegin(); it != under.rend(); ++it) {
    if (it->absorbed || it->end == 0) continue;
    return std::ranges::any_of(
        over, [&](const HistoryEntry& e) { return e.term == it->term && e.end >= it->end; });
  }
  return true;
}

}  // namespace

void MembershipWorld::install(std::size_t index, Key key, const Row& row) {
  Node& node = *nodes_[index];
  CopyReport& copy = node.copies.held[key];
  if (!copy.row_from_disk && row.version <= copy.row.version) return;  // From before a hand-over.
  const bool leads = row.primary == node.info.process;
  if (leads && (copy.row.term != row.term || copy.row.primary != row.primary)) {
    const auto acked = acknowledged_.find(key);
    // While it merges, what others acknowledged is on its way in.
    const bool complete =
        !copy.history.empty() && copy.ever_full && !row.has(Row::kStale) && !row.has(Row::kMerging);
    if (check_acknowledged && complete && acked != acknowledged_.end() &&
        !has_all(copy.history, {{acked->second.term, acked->second.seq, false}}))
      violate(fmt::format("I17: node {} is promoted for partition {} without acknowledged writes",
                          index, key.second));
    copy.history.push_back({row.term, 0, false});
  }
  if (row.primary != Process{}) {
    const auto [at, fresh] = primaries_.try_emplace({key, row.term}, row.primary);
    if (!fresh && at->second != row.primary)
      violate(fmt::format("I1: partition {} has two primaries in one term", key.second));
    if (row.in_sync.empty() || row.in_sync.front() != row.primary)
      violate("a row's primary is not the first in sync");
  }
  copy.row = row;
  copy.row_from_disk = false;
  copy.durable = setup_.durable;
  if (in(row.in_sync, node.info.process) && (leads || row.has(Row::kWaiting) == false))
    copy.ever_full |= leads;
  const bool placed = in(row.in_sync, node.info.process) ||
                      std::ranges::find(row.targets, node.info.process.node) != row.targets.end();
  if (!placed && !row.has(Row::kWaiting) && !row.has(Row::kMerging)) {
    copy.history.clear();
    copy.ever_full = false;
    copy.records = 0;
  }
}

void MembershipWorld::work(std::size_t index) {
  Node& node = *nodes_[index];
  if (!node.up) return;
  if (now_ >= node.paused_until) {
    std::vector<Key> keys;
    for (const auto& [key, copy] : node.copies.held)
      if (copy.row.primary == node.info.process) keys.push_back(key);
    for (const Key& key : keys) work_on(index, key);
  }
  later(kWorkEvery, [this, index, boot = node.info.process.boot] {
    if (nodes_[index]->info.process.boot == boot) work(index);
  });
}

/// A primary writes, keeps its set in step, and asks the leader for what it needs.
void MembershipWorld::work_on(std::size_t index, Key key) {
  Node& node = *nodes_[index];
  CopyReport& copy = node.copies.held[key];
  // What was asked for another partition may have moved this one away meanwhile.
  if (copy.row.primary != node.info.process) return;
  const Row row = copy.row;
  const auto ask = [&](RowAsk::Kind kind, const Process& who) {
    Instant& last = node.asked[key];
    if (now_ - last < milliseconds(100)) return;
    last = now_;
    deliver(
        index, node.info.process.boot,
        Membership::Asked{{kind, key.first, wire::PartitionId(key.second), row.version, who, {}}});
  };
  const auto follows = [&](const Process& process) -> CopyReport* {
    const auto other = index_of(process);
    if (!other || !reaches(index, *other) || !reaches(*other, index)) return nullptr;
    if (now_ < nodes_[*other]->paused_until) return nullptr;
    CopyReport& its = nodes_[*other]->copies.held[key];
    // It refuses who is not its primary by a newer row.
    if (its.row.version > row.version && its.row.primary != node.info.process) return nullptr;
    return &its;
  };
  std::vector<CopyReport*> set;
  for (const Process& process : row.in_sync) {
    if (process == node.info.process) continue;
    CopyReport* its = follows(process);
    if (its == nullptr) return ask(RowAsk::Kind::Drop, process);
    if (!has_all(copy.history, its->history) && !row.has(Row::kMerging))
      return ask(RowAsk::Kind::Drop, process);
    set.push_back(its);
  }
  write(index, key.second);
  copy.ever_full = true;
  for (CopyReport* its : set) {
    its->history = copy.history;
    its->records = copy.records;
    its->ever_full = true;
  }
  if (!row.has(Row::kMerging)) acknowledged_[key] = {row.term, copy.history.back().end};
  if (row.has(Row::kMerging)) {
    for (const auto& other : nodes_) {
      if (!other->up || other->info.process == node.info.process) continue;
      CopyReport& its = other->copies.held[key];
      if (its.history.empty() || has_all(copy.history, its.history)) continue;
      const auto where = index_of(other->info.process);
      if (!where || !reaches(index, *where) || !reaches(*where, index)) continue;
      if (its.row.version != row.version) continue;
      for (const HistoryEntry& entry : its.history)
        copy.history.insert(copy.history.begin(), {entry.term, entry.end, true});
    }
    return ask(RowAsk::Kind::Merged, node.info.process);
  }
  for (const cluster::Uuid& target : row.targets)
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Node& other = *nodes_[i];
      if (!other.up || other.info.process.node != target || in(row.in_sync, other.info.process))
        continue;
      CopyReport* its = follows(other.info.process);
      if (its == nullptr || its->row.version != row.version) continue;
      if (!has_all(copy.history, its->history))  // A branch that no view saw.
        for (const HistoryEntry& entry : its->history)
          copy.history.insert(copy.history.begin(), {entry.term, entry.end, true});
      its->history = copy.history;
      its->records = copy.records;
      return ask(RowAsk::Kind::Add, other.info.process);
    }
}

void MembershipWorld::write(std::size_t index, std::uint16_t partition, std::uint64_t count) {
  CopyReport& copy = nodes_[index]->copies.held[{ns_, partition}];
  for (auto it = copy.history.rbegin(); it != copy.history.rend(); ++it)
    if (!it->absorbed) {
      it->end += count;
      copy.records += count;
      return;
    }
}

/// A leader that is primary itself counts a smaller in-sync set only once another member has the
/// row.
void MembershipWorld::check_in_force(std::size_t index, const Row& given, const Row& row) {
  const View& its = *nodes_[index]->membership->view();
  if (its.leader != process(index) || row.primary != process(index) || its.members.size() == 1)
    return;
  const bool smaller =
      std::ranges::any_of(given.in_sync, [&](const Process& p) { return !in(row.in_sync, p); });
  const auto have = followers_have_.find(its.epoch);
  const std::uint32_t n = row.version.epoch == its.epoch ? row.version.n : 0;
  if (smaller && (have == followers_have_.end() || have->second < n))
    violate(fmt::format("a row that is not in force was given to its primary, node {}", index));
}

}  // namespace flotilla::sim
