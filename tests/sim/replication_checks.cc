#include <fmt/format.h>

#include <algorithm>

#include "replication_world.h"
#include "store/record_body.h"

namespace flotilla::sim {

using store::MemoryRecord;
using store::RecordHead;

namespace {

Buffer body_of(const std::vector<std::uint64_t>& ids) {
  Buffer list;
  for (const std::uint64_t id : ids) append_be(list, id);
  const store::BinView bins[] = {{"b", wire::ParticleType::Blob, list}};
  Buffer body(store::body_size({}, bins));
  store::write_body(body.data(), {}, bins);
  return body;
}

std::vector<std::uint64_t> ids_of(Bytes body) {
  std::vector<std::uint64_t> ids;
  store::BodyReader reader(body, false);
  store::BinView bin;
  if (!reader.next(bin)) return ids;
  Reader in(bin.value);
  while (in.left() >= 8) ids.push_back(in.be<std::uint64_t>());
  return ids;
}

}  // namespace

std::string ReplicationWorld::name(const RowVersion& v) {
  return std::to_string(v.epoch.number) + "." + std::to_string(v.n);
}

// --- clients ------------------------------------------------------------------------------------

std::optional<std::uint64_t> ReplicationWorld::write(unsigned index, unsigned key, bool remove) {
  Node& node = nodes_[index];
  if (!node.alive || node.paused) return {};
  if (node.replica->write_access() != Replica::Access::Here) return {};
  store::Partition& partition = node.records->partition(kPartition);
  MemoryRecord* const old = partition.index.find(digests_[key]);
  const WallTime wall_now = wall();
  const bool there = old != nullptr && !old->head().is_tombstone();
  if (remove && !there) return {};
  Write w;
  w.id = ++ids_;
  w.key = key;
  w.remove = remove;
  w.node = node.process.boot;
  std::vector<std::uint64_t> ids;
  std::shared_ptr<const store::RecordRead> keeps;
  if (there && !remove) {
    const auto read = node.records->image_of(*old, keeps);
    if (!read) return {};  // The client waits.
    ids = ids_of(read->body);
  }
  ids.push_back(w.id);
  const Buffer body = body_of(ids);
  const auto done =
      remove ? node.records->remove(partition, old, wall_now)
             : node.records->put(partition, old,
                                 {.digest = digests_[key],
                                  .generation = static_cast<std::uint16_t>(
                                      old == nullptr ? 1 : old->head().generation % 0xFFFF + 1),
                                  .body = body},
                                 wall_now);
  if (!done) {
    fail("a write failed");
    return {};
  }
  w.lsn = partition.last_lsn;
  w.position = {node.replica->row().term, w.lsn.seq()};
  writes_[w.id] = w;
  pending_.insert(w.id);
  writes_of_term_[w.position.term][w.position.seq] = w;
  poll_writes();
  return w.id;
}

void ReplicationWorld::workload(double deletes) {
  const auto node = static_cast<unsigned>(random_.below(nodes_.size()));
  const auto key = static_cast<unsigned>(random_.below(options_.keys));
  // Even keys only grow; the others come and go.
  write(node, key, key % 2 == 1 && random_.chance(deletes));
}

void ReplicationWorld::poll_writes() {
  for (auto it = pending_.begin(); it != pending_.end();) {
    Write& w = writes_.at(*it);
    const auto node = std::ranges::find_if(
        nodes_, [&](const Node& n) { return n.alive && n.process.boot == w.node; });
    auto outcome = Replica::Acknowledged::Deposed;
    if (node != nodes_.end()) {
      if (node->paused) {
        ++it;
        continue;
      }
      outcome = node->replica->acknowledged(w.lsn);
    }
    if (outcome == Replica::Acknowledged::Waiting) {
      ++it;
      continue;
    }
    w.state =
        outcome == Replica::Acknowledged::Yes ? Write::State::Acknowledged : Write::State::InDoubt;
    if (outcome == Replica::Acknowledged::Yes) {
      // I17: it is on every live copy that the row calls in sync.
      for (const Process& p : node->replica->row().in_sync) {
        const auto other = node_of(p);
        if (!other || options_.in_force == false) continue;
        Node& n = nodes_[*other];
        const MemoryRecord* const record =
            n.records->partition(kPartition).index.find(digests_[w.key]);
        if (record == nullptr && w.key % 2 == 0)
          fail(
              fmt::format("I17: write {} (key {}, {}) at {}:{} is acknowledged and not on node {}; "
                          "node {} row {} of term {}",
                          w.id, w.key, w.remove ? "delete" : "put", name(w.position.term),
                          w.position.seq, *other, node->index, name(node->replica->row().version),
                          name(node->replica->row().term)));
      }
    }
    it = pending_.erase(it);
  }
}

std::vector<std::uint64_t> ReplicationWorld::value(unsigned node, unsigned key) const {
  const MemoryRecord* const record =
      nodes_[node].records->partition(kPartition).index.find(digests_[key]);
  if (record == nullptr || record->head().is_tombstone()) return {};
  const auto found = body(nodes_[node], *record);
  return found ? ids_of(*found) : std::vector<std::uint64_t>{};
}

/// What stands there; nothing: it is damaged. The node does not notice.
std::optional<Buffer> ReplicationWorld::body(const Node& node, const MemoryRecord& record) const {
  if (node.log != nullptr) return node.log->body(node.records->wanted(record.head()));
  return Buffer(record.body().begin(), record.body().end());
}

bool ReplicationWorld::readable(unsigned node, unsigned key) const {
  const MemoryRecord* const record =
      nodes_[node].records->partition(kPartition).index.find(digests_[key]);
  return record == nullptr || body(nodes_[node], *record).has_value();
}

bool ReplicationWorld::exists(unsigned node, unsigned key) const {
  const MemoryRecord* const record =
      nodes_[node].records->partition(kPartition).index.find(digests_[key]);
  return record != nullptr && !record->head().is_tombstone();
}

void ReplicationWorld::forget_tombstones(unsigned index, bool all) {
  Node& node = nodes_[index];
  // What is out of reach may still have the key.
  for (const Node& other : nodes_)
    if (!all && (!other.alive || other.component != node.component)) return;
  store::Partition& partition = node.records->partition(kPartition);
  for (const wire::Digest& d : digests_) {
    MemoryRecord* const record = partition.index.find(d);
    if (record != nullptr && record->head().is_tombstone() &&
        node.replica->may_forget(record->head().lsn))
      node.records->drop(partition, record);
  }
}

// --- what must hold -----------------------------------------------------------------------------

void ReplicationWorld::check_step() {
  poll_writes();
  for (const Node& node : nodes_) {
    if (!node.alive) continue;
    const Replica& replica = *node.replica;
    if (replica.write_access() == Replica::Access::Here) {
      // I1: one process per term, for ever.
      const auto [at, fresh] = primary_of_term_.emplace(replica.row().term, node.process.boot);
      if (at->second != node.process.boot)
        fail(fmt::format("I1: two primaries in term {}", name(replica.row().term)));
      if (replica.row().primary != node.process) fail("I7: serves what its row does not give it");
    }
  }
  if (++steps_ % 16 == 0) check_copies();
}

/// I5 and I6, over all copies.
void ReplicationWorld::check_copies() {
  std::map<std::pair<wire::Digest, Position>, Buffer> seen;
  for (const Node& node : nodes_) {
    if (!node.alive) continue;
    const CopyReport report = node.replica->report();
    node.records->for_each(kPartition, [&](const MemoryRecord& of) {
      const RecordHead record = of.head();
      const Position p{node.terms->term(record.lsn.term()), record.lsn.seq()};
      const auto stored = body(node, of);
      if (!stored) return;
      Buffer bytes = *stored;
      append_be(bytes, record.generation);
      append_be(bytes, record.flags);
      const auto [at, fresh] = seen.emplace(std::pair(record.digest, p), bytes);
      if (at->second != bytes) fail("I5: one number, two contents");
    });
    if (report.history.empty()) continue;
    const Position claimed = cluster::newest(report.history);
    const auto term = writes_of_term_.find(claimed.term);
    if (term == writes_of_term_.end()) continue;
    std::map<unsigned, Write> last;
    std::set<unsigned> removed_later;
    for (const auto& [seq, write] : term->second) {
      if (seq <= claimed.seq)
        last[write.key] = write;
      else if (write.remove)
        removed_later.insert(write.key);
    }
    for (const auto& [key, write] : last) {
      const std::uint64_t seq = write.position.seq;
      const MemoryRecord* const record =
          node.records->partition(kPartition).index.find(digests_[key]);
      if (record == nullptr) continue;  // A forgotten tombstone, or a loss that others find.
      // Digests do not look at those, and were compared when the key was perhaps removed again.
      if (record->head().is_tombstone() && (write.remove || removed_later.contains(key))) continue;
      // A node alone with replication factor 1 leaves no tombstone, so an old holder may undo it.
      if (write.remove && options_.rf == 1) continue;
      const store::Lsn lsn = record->head().lsn;
      const Position p{node.terms->term(lsn.term()), lsn.seq()};
      if (p.term == claimed.term && p.seq < seq)
        fail(fmt::format(
            "I6: node {} claims {}:{} and has key {} at {}, not {}; row {} filling {} leads {}",
            node.index, name(claimed.term), claimed.seq, key, p.seq, seq,
            name(node.replica->row().version), node.replica->filling(),
            node.replica->row().primary == node.process));
    }
  }
}

/// I15, I16: all copies where they belong, and the same.
void ReplicationWorld::expect_converged() {
  std::optional<unsigned> at = primary();
  if (!at) return fail("nobody is primary at the end");
  const Row& row = nodes_[*at].replica->row();
  for (const Node& node : nodes_) {
    if (!node.alive) continue;
    if (node.replica->write_access() == Replica::Access::Nobody)
      fail(fmt::format("node {} knows no owner at the end", node.index));
    const bool target = std::ranges::find(row.targets, node.process.node) != row.targets.end();
    const bool in_sync = std::ranges::find(row.in_sync, node.process) != row.in_sync.end();
    if (target && !node.replica->in_sync())
      fail(fmt::format("node {} is a target and not in sync at the end", node.index));
    if (!target && !in_sync) {
      if (node.records->partition(kPartition).index.size() != 0)
        fail(fmt::format("I8: node {} keeps a copy that nobody needs", node.index));
      continue;
    }
    for (unsigned key = 0; key < options_.keys; ++key)
      if (!readable(node.index, key))
        fail(fmt::format("I15: node {} cannot read key {}", node.index, key));
      else if (value(node.index, key) != value(*at, key))
        fail(fmt::format("I15: node {} and primary {} differ in key {}", node.index, *at, key));
    if (node.copies->budget.in() != 0 || node.copies->budget.out() != 0)
      fail(fmt::format("I16: node {} holds transfers at the end", node.index));
    const auto& s = node.context->statistics;
    if (s.tx_remaining != 0 || s.rx_remaining != 0)
      fail(fmt::format("I11: node {} counts something remaining at the end", node.index));
    if (s.bad_frames != 0) fail(fmt::format("node {} got frames that do not parse", node.index));
  }
}

/// I18 where no fault allows a loss: every acknowledged append is there.
void ReplicationWorld::expect_nothing_lost() {
  const auto at = primary();
  if (!at) return fail("nobody is primary at the end");
  std::map<unsigned, std::vector<std::uint64_t>> there;
  for (unsigned key = 0; key < options_.keys; ++key) there[key] = value(*at, key);
  std::map<unsigned, std::uint64_t> removed;  // Last acknowledged delete, if nothing came after.
  for (const auto& [id, w] : writes_) {
    if (w.key % 2 == 1) {
      if (w.remove && w.state == Write::State::Acknowledged) removed[w.key] = id;
      if (!w.remove || w.state != Write::State::Acknowledged)
        if (!w.remove) removed.erase(w.key);
      continue;
    }
    if (w.state == Write::State::Acknowledged &&
        std::ranges::find(there[w.key], id) == there[w.key].end())
      fail(fmt::format("I18: acknowledged write {} of key {} is lost", id, w.key));
  }
  for (const auto& [key, id] : removed)
    if (exists(*at, key)) fail(fmt::format("key {} is back after delete {}", key, id));
  for (auto& [key, ids] : there) {
    std::ranges::sort(ids);
    if (std::ranges::adjacent_find(ids) != ids.end()) fail("I20: a write has been done twice");
  }
}

}  // namespace flotilla::sim
