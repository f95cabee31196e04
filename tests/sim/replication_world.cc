#include "replication_world.h"

#include <algorithm>

#include "base/mark.h"
#include "schedules.h"

namespace flotilla::sim {

using namespace std::chrono_literals;
using store::MemoryRecord;
using wire::PartitionId;

namespace {

constexpr std::uint32_t kTag = 77;

}  // namespace

class ReplicationWorld::NodeEffects final : public cluster::Effects {
 public:
  NodeEffects(ReplicationWorld& world, unsigned node) : world_(world), node_(node) {}

  Instant now() const override { return world_.now_; }
  WallTime wall() const override { return world_.wall(); }
  void send(const Process& to, Bytes frame) override { world_.send(node_, to, frame); }
  void ask(const RowAsk& ask) override {
    ReplicationWorld& world = world_;
    world.at(world.delay(), [&world, ask, node = node_] { world.asked(node, ask); });
  }
  void acknowledged() override {}
  void want_tick(std::uint32_t, PartitionId) override {}
  void bits_changed(std::uint32_t, PartitionId) override {}
  Epoch promised() const override {
    return world_.options_.promises ? world_.nodes_[node_].promised : Epoch{};
  }

 private:
  ReplicationWorld& world_;
  unsigned node_;
};

ReplicationWorld::ReplicationWorld(std::uint64_t seed, Options options)
    : random_(seed), options_(options), nodes_(options.nodes), leaders_(options.nodes + 1) {
  for (unsigned key = 0; key < options.keys; ++key) {
    wire::Digest digest;
    for (auto& byte : digest.bytes) byte = static_cast<std::byte>(random_.below(256));
    digest.bytes[0] = static_cast<std::byte>(kPartition.raw() & 0xFF);
    digest.bytes[1] =
        (digest.bytes[1] & std::byte{0xF0}) | static_cast<std::byte>(kPartition.raw() >> 8);
    digests_.push_back(digest);
  }
  for (unsigned i = 0; i < options.nodes; ++i) {
    nodes_[i].index = i;
    preference_.push_back(i);
    restart(i);
  }
}

ReplicationWorld::~ReplicationWorld() { count_schedule(steps_); }

// --- nodes --------------------------------------------------------------------------------------

void ReplicationWorld::crash(unsigned index) {
  Node& node = nodes_[index];
  FLOTILLA_MARK("fault: a process ends");
  node.alive = false;
  node.paused = false;
  node.inbox.clear();
  node.replica.reset();
  node.records->partition(kPartition).listener = nullptr;
  if (!options_.durable) node.records.reset();
}

void ReplicationWorld::restart(unsigned index) {
  Node& node = nodes_[index];
  node.process.node[0] = static_cast<std::byte>(index + 1);
  node.process.boot = ++boots_;
  node.alive = true;
  node.promised = {};
  const bool fresh = !node.records;
  if (fresh)
    FLOTILLA_MARK("fault: a node starts empty");
  else
    FLOTILLA_MARK("fault: a node starts with old data");
  if (fresh) {
    node.terms = std::make_unique<cluster::MemoryTermTable>();
    node.clock = std::make_unique<store::HybridClock>();
    node.records = std::make_unique<store::Namespace>("test", *node.clock);
    if (options_.brittle) {
      node.log = std::make_unique<BrittleLog>();
      node.records->attach(node.log.get());
      node.records->keep_on_device(node.log.get());
    }
    node.saved.clear();
  }
  node.effects = std::make_unique<NodeEffects>(*this, index);
  node.copies = std::unique_ptr<cluster::CopyNode>(
      new cluster::CopyNode{.effects = *node.effects,
                            .terms = *node.terms,
                            .self = node.process,
                            .pace = cluster::TransferPace({.slowest = options_.pace})});
  node.context = std::unique_ptr<cluster::CopyContext>(
      new cluster::CopyContext{*node.copies, *node.records, kTag});
  cluster::CopyOptions& o = node.context->options;
  o.replication_factor = options_.rf;
  o.durable = options_.durable;
  o.ring_most = options_.ring_most;
  o.rings_most = options_.ring_most;
  o.ring_least = 2;
  o.answer_bytes = options_.answer_bytes;
  o.list_most = options_.list_most;
  o.window_most = options_.window_most;
  o.early_most = options_.early_most;
  o.named_most = options_.named_most;
  node.replica = std::make_unique<Replica>(*node.context, kPartition);
  if (!node.saved.empty() && !node.replica->load(node.saved)) fail("what was saved is not loaded");
  const auto tick = [this](auto&& self, unsigned i, std::uint64_t boot) -> void {
    at(20ms, [this, self, i, boot] {
      Node& n = nodes_[i];
      if (!n.alive || n.process.boot != boot) return;
      if (!n.paused && n.replica->wants_tick()) n.replica->tick();
      if (random_.chance(0.05)) n.saved = n.replica->save();
      self(self, i, boot);
    });
  };
  tick(tick, index, node.process.boot);
}

std::optional<unsigned> ReplicationWorld::node_of(const Process& process) const {
  for (const Node& node : nodes_)
    if (node.alive && node.process == process) return node.index;
  return {};
}

std::optional<unsigned> ReplicationWorld::primary() const {
  for (const Node& node : nodes_)
    if (node.alive && node.replica->write_access() == Replica::Access::Here) return node.index;
  return {};
}

// --- network ------------------------------------------------------------------------------------

void ReplicationWorld::at(Duration after, std::function<void()> what) {
  events_.push({now_ + after, ++order_, std::move(what)});
}

Duration ReplicationWorld::delay() {
  const auto most = static_cast<std::uint64_t>(options_.delay_most.count());
  Duration d(static_cast<Duration::rep>(random_.between(most / 20, most)));
  if (random_.chance(options_.slow)) {
    FLOTILLA_MARK("fault: a message is slow");
    d *= static_cast<int>(random_.between(1, 50));
  }
  return d;
}

void ReplicationWorld::deliver(unsigned to, std::uint64_t boot, std::function<void(Node&)> what) {
  Node& node = nodes_[to];
  if (!node.alive || node.process.boot != boot) return;
  if (node.paused) {
    FLOTILLA_MARK("fault: a node stands still");
    if (node.inbox.size() < 10'000)
      node.inbox.emplace_back([this, to, boot, what] { deliver(to, boot, what); });
    return;
  }
  what(node);
}

void ReplicationWorld::send(unsigned from, const Process& to, Bytes frame) {
  const auto target = node_of(to);
  if (!target) return;
  if (filter && filter(from, *target, frame)) return;
  const unsigned copies = random_.chance(options_.twice) ? 2 : 1;
  if (copies == 2) FLOTILLA_MARK("fault: a message comes twice");
  for (unsigned i = 0; i < copies; ++i) {
    if (random_.chance(options_.loss)) {
      FLOTILLA_MARK("fault: a message is lost");
      continue;
    }
    at(delay(), [this, from, to, target = *target, sender = nodes_[from].process,
                 bytes = Buffer(frame.begin(), frame.end())] {
      if (cuts_.contains({from, target})) return;
      deliver(target, to.boot,
              [sender, bytes](Node& node) { node.replica->receive(sender, bytes); });
    });
  }
}

void ReplicationWorld::cut(unsigned a, unsigned b, bool cut) {
  for (const auto& pair : {std::pair(a, b), std::pair(b, a)})
    if (cut)
      cuts_.insert(pair);
    else
      cuts_.erase(pair);
}

void ReplicationWorld::split(const std::vector<std::vector<unsigned>>& components) {
  FLOTILLA_MARK("fault: a split");
  for (unsigned c = 0; c < components.size(); ++c) {
    leaders_[c + 1] = leaders_[0];
    for (const unsigned i : components[c]) nodes_[i].component = c + 1;
  }
  for (unsigned a = 0; a < nodes_.size(); ++a)
    for (unsigned b = a + 1; b < nodes_.size(); ++b)
      cut(a, b, nodes_[a].component != nodes_[b].component);
}

void ReplicationWorld::heal() {
  cuts_.clear();
  for (Node& node : nodes_) {
    node.component = 0;
    node.rows_held = false;
    node.paused = false;
  }
}

bool ReplicationWorld::damage(unsigned index, unsigned key) {
  const Node& node = nodes_[index];
  const MemoryRecord* const record = node.records->partition(kPartition).index.find(digests_[key]);
  if (record == nullptr || record->head().is_tombstone() || !readable(index, key)) return false;
  FLOTILLA_MARK("fault: a stored copy is damaged");
  node.log->damage(node.records->wanted(record->head()).at);
  return true;
}

bool ReplicationWorld::damage_one_of_two(unsigned index, unsigned key) {
  const auto position = [&](const Node& node) {
    const MemoryRecord* const record =
        node.records->partition(kPartition).index.find(digests_[key]);
    if (record == nullptr) return Position{};
    const store::Lsn lsn = record->head().lsn;
    return Position{node.terms->term(lsn.term()), lsn.seq()};
  };
  const Node& node = nodes_[index];
  if (!node.alive || !node.replica->in_sync()) return false;
  for (const Node& other : nodes_)
    if (other.alive && other.index != index && other.replica->in_sync() &&
        other.component == node.component && position(other) == position(node) &&
        readable(other.index, key))
      return damage(index, key);
  return false;
}

void ReplicationWorld::read_all(unsigned index) {
  const Node& node = nodes_[index];
  for (const wire::Digest& digest : digests_) {
    const MemoryRecord* const record = node.records->partition(kPartition).index.find(digest);
    std::shared_ptr<const store::RecordRead> keeps;
    if (record != nullptr) (void)node.records->image_of(*record, keeps);
  }
}

// --- the leader ---------------------------------------------------------------------------------

std::vector<unsigned> ReplicationWorld::members(unsigned component) const {
  std::vector<unsigned> list;
  for (const Node& node : nodes_)
    if (node.alive && node.component == component) list.push_back(node.index);
  return list;
}

void ReplicationWorld::views() {
  std::set<unsigned> components;
  for (const Node& node : nodes_) components.insert(node.component);
  for (const unsigned c : components) view(c);
}

void ReplicationWorld::view(unsigned component) {
  const auto list = members(component);
  if (list.empty()) return;
  Leader& leader = leaders_[component];
  const Row before = leader.row;
  leader.epoch = {++epochs_, nodes_[list.front()].process.boot};
  leader.n = 0;
  leader.moving.reset();
  for (const unsigned i : list) nodes_[i].promised = leader.epoch;
  leader.row = compute(component, {leader.epoch, 0});
  publish(component, leader.row, true);
}

/// 4.4: who serves, from what the members report.
Row ReplicationWorld::compute(unsigned component, RowVersion version) {
  const auto list = members(component);
  std::map<unsigned, CopyReport> reports;
  for (const unsigned i : list) reports[i] = nodes_[i].replica->report();
  Row newest;
  bool from_disk = true;
  for (const auto& [i, report] : reports)
    if (report.row.version > newest.version) newest = report.row;
  for (const auto& [i, report] : reports)
    if (report.row.version == newest.version && !report.row_from_disk) from_disk = false;

  Row row;
  row.version = version;
  for (const unsigned i : preference_)
    if (std::ranges::find(list, i) != list.end() && row.targets.size() < options_.rf)
      row.targets.push_back(nodes_[i].process.node);
  const auto position = [&](unsigned i) { return cluster::newest(reports[i].history); };
  const auto lives = [&](const Process& p) {
    const auto i = node_of(p);
    return i && std::ranges::find(list, *i) != list.end();
  };
  const auto serve = [&](unsigned i, RowVersion term, const std::vector<Process>& in_sync) {
    row.primary = nodes_[i].process;
    row.term = term;
    row.in_sync = {row.primary};
    for (const Process& p : in_sync)
      if (p != row.primary && lives(p)) row.in_sync.push_back(p);
    return row;
  };
  // Primaries of several components meet.
  std::vector<unsigned> primaries;
  for (const auto& [i, report] : reports)
    if (!report.row_from_disk && report.row.primary == nodes_[i].process) primaries.push_back(i);
  // One that only missed the view that another comes from has been deposed.
  std::erase_if(primaries, [&, all = primaries](unsigned i) {
    return std::ranges::any_of(all, [&](unsigned by) {
      return ancestors_[reports[by].row.version.epoch].contains(reports[i].row.version.epoch);
    });
  });
  std::set<Epoch>& older = ancestors_[version.epoch];
  for (const auto& [i, report] : reports) {
    const Epoch& its = report.row.version.epoch;
    if (report.row_from_disk || its == Epoch{}) continue;
    older.insert(its);
    const std::set<Epoch> further = ancestors_[its];
    older.insert(further.begin(), further.end());
  }
  if (primaries.size() > 1) {
    const auto better = [&](unsigned a, unsigned b) {
      const auto& ha = reports[a].history;
      const auto& hb = reports[b].history;
      const bool a_covers = cluster::covers_all(ha, hb);
      const bool b_covers = cluster::covers_all(hb, ha);
      if (a_covers != b_covers) return a_covers;
      if (reports[a].records != reports[b].records) return reports[a].records > reports[b].records;
      return position(a) > position(b);
    };
    const unsigned best = *std::ranges::min_element(primaries, better);
    bool diverged = false;
    for (const unsigned i : primaries)
      if (!cluster::covers_all(reports[best].history, reports[i].history)) diverged = true;
    const Row& old = reports[best].row;
    row.flags = old.flags;
    if (diverged) row.flags |= Row::kMerging;
    return serve(best, diverged ? version : old.term, old.in_sync);
  }
  if (const auto p = node_of(newest.primary); p && lives(newest.primary)) {
    row.flags = newest.flags;
    return serve(*p, newest.term, newest.in_sync);
  }
  std::optional<unsigned> best;
  const auto consider = [&](unsigned i) {
    if (reports[i].history.empty()) return;
    if (!best || position(i) > position(*best)) best = i;
  };
  for (const unsigned i : list)
    if (std::ranges::find(newest.in_sync, nodes_[i].process) != newest.in_sync.end()) consider(i);
  if (best) return serve(*best, version, newest.in_sync);
  std::size_t back = 0;
  for (const unsigned i : list) {
    const auto& uuid = nodes_[i].process.node;
    if (std::ranges::find(newest.in_sync, uuid, &Process::node) == newest.in_sync.end()) continue;
    ++back;
    if (reports[i].ever_full) consider(i);
  }
  if (best && (!from_disk || back == newest.in_sync.size())) return serve(*best, version, {});
  if (from_disk && newest.version != RowVersion{} && component == 0 &&
      back < newest.in_sync.size()) {
    row.flags = Row::kWaiting;
    return row;
  }
  for (const unsigned i : list)
    if (reports[i].ever_full) consider(i);
  if (best) {
    row.flags = Row::kStale;
    return serve(*best, version, {});
  }
  for (const unsigned i : preference_)
    if (std::ranges::find(list, i) != list.end()) return serve(i, version, {});
  return row;
}

/// A row goes to all; to its primary only once another member has it, if it shrank.
void ReplicationWorld::publish(unsigned component, const Row& row, bool shrinks) {
  const auto list = members(component);
  const auto primary = node_of(row.primary);
  const unsigned leader = list.front();
  const auto to_primary = [this, row, primary] {
    if (!primary) return;
    at(delay(), [this, row, p = *primary] { install(p, row); });
  };
  bool witnessed =
      list.size() == 1 || !shrinks || !options_.in_force || (primary && leader != *primary);
  if (witnessed) to_primary();
  const auto done = std::make_shared<bool>(witnessed);
  for (const unsigned i : list) {
    if (primary && i == *primary) continue;
    const std::uint64_t boot = nodes_[i].process.boot;
    // Sent again until it is installed.
    const auto again = [this, i, boot, row, done, to_primary](auto&& self, Duration after) -> void {
      at(after, [this, self, i, boot, row, done, to_primary] {
        if (!nodes_[i].alive || nodes_[i].process.boot != boot) return;
        if (row.version.epoch < nodes_[i].promised && options_.promises) return;
        if (nodes_[i].paused || nodes_[i].rows_held) return self(self, 100ms);
        install(i, row);
        if (!std::exchange(*done, true)) to_primary();
      });
    };
    again(again, i == leader ? 0ms : delay());
  }
}

void ReplicationWorld::install(unsigned i, const Row& row) {
  Node& node = nodes_[i];
  if (!node.alive) return;
  if (node.paused || node.rows_held) {
    const std::uint64_t boot = node.process.boot;
    at(100ms, [this, i, boot, row] {
      if (nodes_[i].process.boot == boot) install(i, row);
    });
    return;
  }
  if (row.version.epoch < node.promised && options_.promises) return;
  node.replica->install(row);
}

void ReplicationWorld::grant(unsigned component, Row row, bool shrinks) {
  Leader& leader = leaders_[component];
  row.version = {leader.epoch, ++leader.n};
  leader.row = row;
  publish(component, row, shrinks);
}

void ReplicationWorld::asked(unsigned from, const RowAsk& ask) {
  if (ask_filter && ask_filter(ask)) return;
  const Node& sender = nodes_[from];
  if (!sender.alive || sender.paused) return;
  Leader& leader = leaders_[sender.component];
  Row row = leader.row;
  if (ask.kind == RowAsk::Kind::Moved) {
    if (!leader.moving || !ask.moved || ask.moved->version != leader.moving->version) return;
    if (row.version > ask.moved->version) return;
    leader.moving.reset();
    leader.row = *ask.moved;
    return publish(sender.component, leader.row, false);
  }
  if (ask.expected != row.version) return;
  if (leader.moving) return;
  const auto known = std::ranges::find(row.in_sync, ask.who);
  switch (ask.kind) {
    case RowAsk::Kind::Drop:
      if (known != row.in_sync.end() && ask.who != row.primary) row.in_sync.erase(known);
      return grant(sender.component, row, true);
    case RowAsk::Kind::Add: {
      const auto node = node_of(ask.who);
      if (!node || nodes_[*node].component != sender.component) return;
      if (known == row.in_sync.end()) row.in_sync.push_back(ask.who);
      return grant(sender.component, row, false);
    }
    case RowAsk::Kind::Merged:
      row.flags &= static_cast<std::uint8_t>(~Row::kMerging);
      return grant(sender.component, row, false);
    case RowAsk::Kind::Moved:
      return;
  }
}

void ReplicationWorld::move(unsigned to) {
  const unsigned component = nodes_[to].component;
  Leader& leader = leaders_[component];
  const auto old = node_of(leader.row.primary);
  if (!old || leader.row.primary == nodes_[to].process) return;
  Row row = leader.row;
  if (std::ranges::find(row.in_sync, nodes_[to].process) == row.in_sync.end()) return;
  row.version = {leader.epoch, ++leader.n};
  row.term = row.version;
  row.primary = nodes_[to].process;
  std::erase(row.in_sync, row.primary);
  row.in_sync.insert(row.in_sync.begin(), row.primary);
  leader.moving = row;
  at(delay(), [this, i = *old, row] {
    deliver(i, nodes_[i].process.boot, [row](Node& node) { node.replica->move(row); });
  });
  // Asked in vain: the row stays as it was.
  at(2s, [this, component, version = row.version] {
    Leader& l = leaders_[component];
    if (l.moving && l.moving->version == version) {
      l.moving.reset();
      view(component);
    }
  });
}

// --- time ---------------------------------------------------------------------------------------

void ReplicationWorld::run(Duration time) {
  const Instant end = now_ + time;
  while (!events_.empty() && events_.top().at <= end && broken_.empty()) {
    auto event = events_.top();
    events_.pop();
    now_ = event.at;
    event.run();
    for (Node& node : nodes_) {
      if (!node.alive || node.paused || node.inbox.empty()) continue;
      auto inbox = std::move(node.inbox);
      node.inbox.clear();
      for (auto& what : inbox) what();
    }
    for (Node& node : nodes_)
      if (node.alive && !node.paused)
        for (const auto& copy : node.records->damaged().take_new()) node.replica->repair(copy);
    check_step();
  }
  now_ = std::max(now_, end);
}

bool ReplicationWorld::settle(Duration most) {
  const auto calm = [this] {
    unsigned here = 0;
    for (Node& node : nodes_) {
      if (!node.alive) continue;
      if (node.replica->wants_tick() || node.replica->filling()) return false;
      if (node.replica->unacknowledged() != 0) return false;
      here += node.replica->write_access() == Replica::Access::Here;
    }
    return here == 1;
  };
  for (const Instant end = now_ + most; now_ < end && broken_.empty();) {
    run(100ms);
    if (calm()) {
      run(600ms);  // More than the slowest message, which may bring a row.
      if (calm()) return broken_.empty();
    }
  }
  return false;
}

}  // namespace flotilla::sim
