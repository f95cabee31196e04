// What must hold of a simulated cluster: that it came to rest, that copies are equal, that nothing
// acknowledged is lost, and that reads are linearizable.
#include <algorithm>

#include "cluster_world.h"

namespace flotilla::sim {

using cluster::Membership;
using cluster::Process;
using cluster::Replica;

/// The leader's row, where it differs from what a copy acts by.
std::string World::leader_says(wire::PartitionId id) const {
  for (const unsigned i : up()) {
    const Membership& membership = *nodes_[i]->membership;
    if (!membership.is_leader()) continue;
    return "; leader " + std::to_string(i) + " has " +
           text_of(membership.view()->namespaces.front().rows[id.raw()]);
  }
  return "; no leader";
}

std::string World::unsettled_why() const {
  const cluster::View* view = nullptr;
  for (const unsigned i : up()) {
    const WorldNode& node = *nodes_[i];
    if (node.paused) continue;
    const cluster::View* const mine = node.membership->view();
    if (mine == nullptr) return "node " + std::to_string(i) + " is in no view";
    if (view == nullptr) view = mine;
    if (mine->epoch != view->epoch) return "node " + std::to_string(i) + " is in another view";
  }
  if (view == nullptr) return "nobody is up";
  if (view->members.size() != up().size())
    return "the view has " + std::to_string(view->members.size()) + " members";
  for (std::size_t p = 0; p < options_.partitions; ++p) {
    const wire::PartitionId id(static_cast<std::uint16_t>(p));
    unsigned primaries = 0;
    for (const unsigned i : up()) {
      const Replica& replica = nodes_[i]->replica(id);
      const Replica::Access access = replica.write_access();
      if (access == Replica::Access::Here) ++primaries;
      if (access == Replica::Access::Nobody)
        return "node " + std::to_string(i) + " knows no owner of partition " + std::to_string(p);
      const cluster::Row& row = replica.row();
      if (row.primary != nodes_[i]->self) continue;
      if (row.flags != 0) return "partition " + std::to_string(p) + " has flags";
      for (const cluster::Uuid& target : row.targets)
        if (std::ranges::none_of(row.in_sync, [&](const Process& m) { return m.node == target; }))
          return "partition " + std::to_string(p) + " lacks a target in sync: " + text_of(row);
      if (!row.targets.empty() && row.targets.front() != row.primary.node)
        return "partition " + std::to_string(p) + " is not at its target";
      if (row.in_sync.size() != row.targets.size())
        return "partition " + std::to_string(p) + " has a copy too many: " + text_of(row) +
               leader_says(id);
      if (!clients_on_ && replica.unacknowledged() != 0)
        return "partition " + std::to_string(p) + " has unacknowledged writes";
    }
    if (primaries != 1)
      return "partition " + std::to_string(p) + " has " + std::to_string(primaries) + " primaries";
  }
  return {};
}

bool World::settled() const { return unsettled_why().empty(); }

std::string World::unequal() const {
  for (std::size_t p = 0; p < options_.partitions; ++p) {
    const wire::PartitionId id(static_cast<std::uint16_t>(p));
    std::optional<std::map<wire::Digest, std::pair<std::uint64_t, std::uint64_t>>> first;
    for (const unsigned i : up()) {
      const WorldNode& node = *nodes_[i];
      const cluster::Row& row = node.replica(id).row();
      if (std::ranges::find(row.in_sync, node.self) == row.in_sync.end()) continue;
      std::map<wire::Digest, std::pair<std::uint64_t, std::uint64_t>> held;
      node.records.for_each(id, [&](const store::MemoryRecord& record) {
        const store::RecordHead head = record.head();
        if (!head.is_tombstone()) held[head.digest] = {value_of(record), head.generation};
      });
      if (!first) first = held;
      if (*first != held)
        return "partition " + std::to_string(p) + ": node " + std::to_string(i) + " holds " +
               std::to_string(held.size()) + " records, another " + std::to_string(first->size());
    }
  }
  return {};
}

void World::doubt(Instant since) {
  for (const auto& [key, writes] : writes_)
    for (const auto& write : writes) {
      if (write->state != ClientWrite::State::Acknowledged || *write->ended < since) continue;
      write->state = ClientWrite::State::InDoubt;
      write->ended.reset();
    }
}

std::vector<std::string> World::lost() {
  std::vector<std::string> out;
  for (const auto& [key, writes] : writes_) {
    const wire::Digest digest = digest_of(key);
    std::optional<std::uint64_t> value;
    for (const unsigned i : up()) {
      WorldNode& node = *nodes_[i];
      if (node.replica(digest.partition()).write_access() != Replica::Access::Here) continue;
      const auto* const record = node.records.partition_of(digest).index.find(digest);
      value = record == nullptr ? 0 : value_of(*record);
    }
    if (!value) {
      out.push_back("key " + std::to_string(key) + " has no primary");
      continue;
    }
    // The value, or for an absent record any removal (or nothing at all), must not be older than a
    // write that was acknowledged: one that began after it had ended.
    const auto overwritten = [&](const ClientWrite& by) {
      return std::ranges::any_of(writes, [&](const auto& w) {
        return w->state == ClientWrite::State::Acknowledged && by.ended && w->began > *by.ended;
      });
    };
    bool possible = false;
    for (const auto& w : writes) {
      if (w->state == ClientWrite::State::Failed) continue;
      const bool candidate = *value == 0 ? w->removes : w->id == *value;
      possible = possible || (candidate && !overwritten(*w));
    }
    if (*value == 0 && std::ranges::none_of(writes, [](const auto& w) {
          return w->state == ClientWrite::State::Acknowledged;
        }))
      possible = true;
    if (!possible)
      out.push_back("key " + std::to_string(key) + " has value " + std::to_string(*value));
  }
  return out;
}

// --- reads

namespace {

std::string at_ms(Instant at) { return std::to_string(at.since_start.count() / 1'000'000) + " ms"; }

/// A write and the reads that saw it: the first end of them, and the last begin. If that end is
/// before that begin, the register must have held the value all the time between them.
struct Zone {
  std::uint64_t value = 0;
  Instant first_end;
  Instant last_begin;
  unsigned by = 0;  // Who answered the read that began last.

  bool held() const { return first_end < last_begin; }
  std::string text() const {
    return "value " + std::to_string(value) + " (first end " + at_ms(first_end) + ", last begin " +
           at_ms(last_begin) + ", read from node " + std::to_string(by) + ")";
  }
};

/// With each value written once, the history of a register is linearizable if no two values are
/// held at one time, and none can only have been there while another was held.
std::string clash_of(std::vector<Zone> zones) {
  std::ranges::sort(zones, {}, [](const Zone& z) { return std::min(z.first_end, z.last_begin); });
  const Zone* held = nullptr;
  for (const Zone& zone : zones) {
    const bool clash = held != nullptr && (zone.held() ? zone.first_end < held->last_begin
                                                       : zone.first_end < held->last_begin &&
                                                             held->first_end < zone.last_begin);
    if (clash) return zone.text() + " against " + held->text();
    if (zone.held() && (held == nullptr || held->last_begin < zone.last_begin)) held = &zone;
  }
  return {};
}

}  // namespace

std::string World::not_linearizable(std::uint64_t key) const {
  std::map<std::uint64_t, Zone> zones{{0, {}}};  // Nothing, from the beginning.
  std::set<std::uint64_t> in_doubt;
  std::map<std::uint64_t, Instant> began;
  if (const auto at = writes_.find(key); at != writes_.end())
    for (const auto& write : at->second) {
      began[write->id] = write->began;
      if (write->state == ClientWrite::State::Acknowledged)
        zones[write->id] = {write->id, *write->ended, write->began, 0};
      else if (write->state != ClientWrite::State::Failed)
        in_doubt.insert(write->id);
    }
  for (const ClientRead& read : reads_.at(key)) {
    if (in_doubt.contains(read.value)) continue;
    const auto zone = zones.find(read.value);
    if (zone == zones.end() || (read.value != 0 && read.ended < began[read.value]))
      return "value " + std::to_string(read.value) + " was read and not written";
    Zone& its = zone->second;
    its.first_end = std::min(its.first_end, read.ended);
    if (read.began > its.last_begin) its.last_begin = read.began, its.by = read.by;
  }
  std::vector<Zone> all;
  for (const auto& [value, zone] : zones) all.push_back(zone);
  return clash_of(std::move(all));
}

std::vector<std::string> World::not_linearizable() const {
  std::vector<std::string> out;
  for (const auto& [key, reads] : reads_)
    if (std::string why = not_linearizable(key); !why.empty())
      out.push_back("key " + std::to_string(key) + ": " + why);
  return out;
}

}  // namespace flotilla::sim
