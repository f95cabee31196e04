#include "cluster_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/mark.h"
#include "schedules.h"
#include "store/record_body.h"

namespace flotilla::sim {
namespace {

using cluster::Membership;
using cluster::Process;
using cluster::Replica;
using std::chrono::milliseconds;

constexpr const char* kNamespace = "test";
constexpr std::uint16_t kHeartbeatPort = 3002;
constexpr Duration kCopiesTick = milliseconds(20);
constexpr Duration kClientLimit = std::chrono::seconds(1);
constexpr Duration kDialLimit = milliseconds(500);

wire::PartitionId partition_of(std::size_t number) {
  return wire::PartitionId(static_cast<std::uint16_t>(number));
}

std::string host_of(unsigned node) { return "10.0.0." + std::to_string(node + 1); }

std::optional<unsigned> node_of(const std::string& host) {
  constexpr std::string_view kPrefix = "10.0.0.";
  if (!host.starts_with(kPrefix)) return std::nullopt;
  return static_cast<unsigned>(std::stoul(host.substr(kPrefix.size())) - 1);
}

cluster::CopyOptions copy_options(const World::Options& options) {
  cluster::CopyOptions out;
  out.replication_factor = options.replication_factor;
  out.durable = options.durable;
  out.conflict = cluster::CopyOptions::Conflict::LastUpdate;
  return out;
}

/// A record whose one bin is the write's id.
Buffer body_of(std::uint64_t id) {
  Buffer value(8);
  store_be(value.data(), id);
  const store::BinView bin{"v", wire::ParticleType::Integer, value};
  Buffer body(store::body_size({}, {&bin, 1}));
  store::write_body(body.data(), {}, {&bin, 1});
  return body;
}

}  // namespace

std::uint64_t value_of(const store::MemoryRecord& record) {
  if (record.head().is_tombstone()) return 0;
  store::BodyReader reader(record.body(), false);
  store::BinView bin;
  return reader.next(bin) ? load_be<std::uint64_t>(bin.value.data()) : 0;
}

std::string text_of(const cluster::Row& row) {
  const auto number = [](const cluster::Uuid& uuid) {
    return std::to_string(static_cast<unsigned>(uuid[15]) - 1);
  };
  std::string out = "in sync";
  for (const Process& process : row.in_sync) out += " " + number(process.node);
  out += ", targets";
  for (const cluster::Uuid& target : row.targets) out += " " + number(target);
  return out + ", n " + std::to_string(row.version.n) + ", epoch " +
         std::to_string(row.version.epoch.number) + ", flags " + std::to_string(row.flags);
}

// --- WorldNode

WorldNode::WorldNode(World& in, unsigned number, std::uint64_t boot, NodeDisk& its)
    : world(in),
      index(number),
      self(in.info_of(number, {}).process.node, boot),
      disk(its),
      records(kNamespace, clock),
      copies{*this, in.options().durable ? static_cast<cluster::TermTable&>(its.terms) : terms,
             self},
      context{.node = copies,
              .records = records,
              .tag = cluster::namespace_tag(kNamespace),
              .options = copy_options(in.options())} {
  for (std::size_t i = 0; i < in.options().partitions; ++i)
    replicas.push_back(
        std::make_unique<Replica>(context, wire::PartitionId(static_cast<std::uint16_t>(i))));
  if (!in.options().durable) return;
  records.attach(&disk.log);
  disk.log.recover(records);
  for (std::size_t p = 0; p < replicas.size(); ++p)
    disk.terms.reserve(records.partition(partition_of(p)).last_lsn.term());
  for (const auto& [id, state] : disk.states)
    FLOTILLA_CHECK(replicas[id.raw()]->load(state).has_value());
}

WorldNode::~WorldNode() = default;

Instant WorldNode::now() const { return world.now(); }
WallTime WorldNode::wall() const { return world.wall_of(index); }

void WorldNode::send(const Process& to, Bytes frame) { world.carry_fabric(*this, to, frame); }

/// Asked under a partition's lock: stepping Membership there would be wrong in the server too.
void WorldNode::ask(const cluster::RowAsk& ask) {
  world.to_node(*this, Duration(0), [ask](WorldNode& node) { node.step(Membership::Asked{ask}); });
}

void WorldNode::step(const Membership::Event& event) {
  world.carry_out(*this, membership->step(now(), wall(), event));
}

void WorldNode::tick_copies() {
  for (const wire::PartitionId id : std::exchange(ticking, {})) {
    replica(id).tick();
    if (replica(id).wants_tick()) ticking.insert(id);
  }
}

void WorldNode::save_copies() {
  if (!states.empty() && states_need.is_durable()) disk.states = std::exchange(states, {});
  if (!states.empty() || world.now() - saved < world.options().save_every) return;
  saved = now();
  if (std::ranges::none_of(replicas, [](const auto& copy) { return copy->unsaved(); })) return;
  for (std::size_t p = 0; p < replicas.size(); ++p) states[partition_of(p)] = replicas[p]->save();
  states_need = {};
  states_need.add(disk.log);
}

/// After that the executor lets clients wait.
bool WorldNode::answers() const { return world.now() <= membership->answers_until(); }

bool WorldNode::serves_something() const {
  return std::ranges::any_of(
      replicas, [](const auto& copy) { return copy->write_access() == Replica::Access::Here; });
}

// --- World

struct World::Link {
  struct End {
    unsigned node = 0;
    std::uint64_t boot = 0;
    cluster::LinkId id;
    Instant last;  // What was sent to this end arrives in order.
  };
  End ends[2];
  bool open = true;
};

struct World::Pending {
  std::uint64_t key = 0;
  std::shared_ptr<ClientWrite> write;  // Null: a read.
  Instant began;
  Instant deadline;
  bool over = false;
  unsigned hops = 0;
};

World::World(std::uint64_t seed, const Options& options) : options_(options), random_(seed) {
  nodes_.resize(options.nodes);
  for (unsigned i = 0; i < options.nodes; ++i) {
    cluster::Uuid uuid{};
    for (std::size_t b = 0; b < 8; ++b) uuid[b] = static_cast<std::byte>(random_.next());
    uuid[15] = static_cast<std::byte>(i + 1);
    uuids_.push_back(uuid);
    disks_.push_back(std::make_unique<NodeDisk>(random_, options.log_files));
    const auto most = static_cast<std::uint64_t>(options.skew_ms_most);
    skew_ms_.push_back(static_cast<std::int64_t>(random_.between(0, 2 * most)) -
                       options.skew_ms_most);
  }
  at(options_.client_every, [this] { client_turn(); });
}

World::~World() { count_schedule(events_); }

WallTime World::wall_of(unsigned node) const {
  return {static_cast<std::uint64_t>(1'000'000'000 + now_.since_start.count() / 1'000'000 +
                                     skew_ms_[node])};
}

cluster::NodeInfo World::info_of(unsigned node, const Process& process) const {
  cluster::NodeInfo info;
  info.process = process;
  info.process.node = uuids_[node];
  info.id = wire::NodeId(0xBB9'0000'0000'0000ULL + node + 1);
  info.heartbeat = {{host_of(node), kHeartbeatPort}};
  info.fabric = {{host_of(node), 3001}};
  info.service = {{host_of(node), 3000}};
  info.namespaces = {{.name = kNamespace,
                      .replication_factor = options_.replication_factor,
                      .durable = options_.durable}};
  return info;
}

std::vector<unsigned> World::up() const {
  std::vector<unsigned> out;
  for (unsigned i = 0; i < nodes_.size(); ++i)
    if (nodes_[i] != nullptr) out.push_back(i);
  return out;
}

/// Those that a client would use: they have maps to show.
std::vector<unsigned> World::ready() const {
  auto out = up();
  std::erase_if(out, [this](unsigned i) { return nodes_[i]->membership->view() == nullptr; });
  return out;
}

void World::at(Duration after, std::function<void()> what) {
  queue_.emplace(std::pair(now_ + after, next_order_++), std::move(what));
}

/// Not if the process has ended by then; later if it is paused.
void World::to_node(const WorldNode& node, Duration after, std::function<void(WorldNode&)> what) {
  at(after, [this, i = node.index, boot = node.self.boot, what = std::move(what)] {
    WorldNode* const found = nodes_[i].get();
    if (found == nullptr || found->self.boot != boot) return;
    if (found->paused) {
      found->deferred.push_back([found, what] { what(*found); });
      return;
    }
    what(*found);
  });
}

bool World::step_one(Instant until) {
  if (queue_.empty() || queue_.begin()->first.first > until) return false;
  now_ = std::max(now_, queue_.begin()->first.first);
  const auto what = std::move(queue_.begin()->second);
  queue_.erase(queue_.begin());
  ++events_;
  what();
  graveyard_.clear();
  return true;
}

void World::run(Duration time) {
  const Instant until = now_ + time;
  while (step_one(until)) {
  }
  now_ = until;
}

bool World::run_until(const std::function<bool()>& done, Duration most) {
  const Instant until = now_ + most;
  while (now_ < until) {
    if (done()) return true;
    run(milliseconds(20));
  }
  return done();
}

// --- processes

void World::start(unsigned i) {
  FLOTILLA_CHECK(nodes_[i] == nullptr);
  if (options_.durable && !disks_[i]->states.empty())
    FLOTILLA_MARK("fault: a node starts with old data");
  else
    FLOTILLA_MARK("fault: a node starts empty");
  dark_.erase(i);
  nodes_[i] = std::make_unique<WorldNode>(*this, i, next_boot_ * 0x9E3779B97F4A7C15ULL, *disks_[i]);
  ++next_boot_;
  WorldNode& node = *nodes_[i];
  Membership::Options options;
  options.cluster_name = "sim";
  options.partitions = options_.partitions;
  options.random_seed = random_.next();
  for (unsigned other = 0; other < nodes_.size(); ++other)
    options.seeds.push_back({host_of(other), kHeartbeatPort});
  node.membership = std::make_unique<Membership>(std::move(options), info_of(i, node.self), node,
                                                 disks_[i]->items);
  node.step(Membership::Tick{});
  schedule_membership(i, node.self.boot);
  schedule_copies(i, node.self.boot);
  if (options_.durable) schedule_disk(i, node.self.boot);
}

void World::schedule_membership(unsigned i, std::uint64_t boot) {
  WorldNode* const node = nodes_[i].get();
  if (node == nullptr || node->self.boot != boot) return;
  const Instant due = node->membership->next_deadline();
  const Duration wait = std::clamp<Duration>(due - now_, milliseconds(1), milliseconds(50));
  at(wait, [this, i, boot] {
    WorldNode* const found = nodes_[i].get();
    if (found == nullptr || found->self.boot != boot) return;
    if (!found->paused && found->membership->next_deadline() <= now_)
      found->step(Membership::Tick{});
    schedule_membership(i, boot);
  });
}

void World::schedule_copies(unsigned i, std::uint64_t boot) {
  at(kCopiesTick, [this, i, boot] {
    WorldNode* const node = nodes_[i].get();
    if (node == nullptr || node->self.boot != boot) return;
    if (!node->paused) {
      node->tick_copies();
      if (options_.durable) node->save_copies();
    }
    schedule_copies(i, boot);
  });
}

/// A disk goes on while its node stands still.
void World::schedule_disk(unsigned i, std::uint64_t boot) {
  const auto most = static_cast<std::uint64_t>(options_.flush_most.count());
  at(Duration(static_cast<std::int64_t>(random_.between(most / 8, most))), [this, i, boot] {
    WorldNode* const node = nodes_[i].get();
    if (node == nullptr || node->self.boot != boot) return;
    node->disk.log.flush();
    schedule_disk(i, boot);
  });
}

void World::kill(unsigned i, Parting parting, End how) {
  for (auto& [id, link] : std::map(links_)) {
    for (const Link::End& end : link->ends)
      if (end.node == i && end.boot == nodes_[i]->self.boot) {
        if (parting == Parting::Silent)
          link->open = false;
        else
          close_link(*link, nodes_[i].get(), parting == Parting::Resets);
        break;
      }
  }
  if (how == End::Clean && options_.durable)
    for (std::size_t p = 0; p < options_.partitions; ++p)
      disks_[i]->states[partition_of(p)] = nodes_[i]->replica(partition_of(p)).save();
  disks_[i]->end(how, random_);
  graveyard_.push_back(std::move(nodes_[i]));
}

void World::crash(unsigned i) {
  FLOTILLA_MARK("fault: a process ends");
  kill(i, Parting::Resets, End::Killed);
}

void World::cut_power(unsigned i) {
  FLOTILLA_MARK("fault: a host is gone");
  kill(i, Parting::Silent, End::PowerCut);
  dark_.insert(i);
}

void World::stop(unsigned i) {
  FLOTILLA_MARK("fault: a node is told to leave");
  node(i).copies.leaving.store(true);
  node(i).step(Membership::Leave{});
}

void World::pause(unsigned i) {
  FLOTILLA_MARK("fault: a node stands still");
  node(i).paused = true;
}

void World::resume(unsigned i) {
  WorldNode& node = this->node(i);
  node.paused = false;
  for (auto& what : std::exchange(node.deferred, {})) at(Duration(0), std::move(what));
}

void World::replace(unsigned i) {
  FLOTILLA_CHECK(nodes_[i] == nullptr);
  FLOTILLA_MARK("fault: an address has another node");
  disks_[i] = std::make_unique<NodeDisk>(random_, options_.log_files);
  for (std::size_t b = 0; b < 8; ++b) uuids_[i][b] = static_cast<std::byte>(random_.next());
}

void World::cut(unsigned a, unsigned b) {
  FLOTILLA_MARK("fault: two nodes are cut");
  cuts_.insert({std::min(a, b), std::max(a, b)});
}
void World::mend() { cuts_.clear(); }

// --- networks

void World::carry_fabric(WorldNode& from, const Process& to, Bytes frame) {
  if (random_.chance(options_.drop)) {
    FLOTILLA_MARK("fault: a message is lost");
    return;
  }
  for (const auto& node : nodes_) {
    if (node == nullptr || node->self != to) continue;
    if (is_cut(from.index, node->index)) return;
    to_node(*node, from.index == node->index ? Duration(0) : delay(),
            [this, sender = from.self, from_index = from.index,
             bytes = Buffer(frame.begin(), frame.end())](WorldNode& at) {
              if (is_cut(from_index, at.index)) return;
              const wire::PartitionId id(load_le<std::uint16_t>(bytes.data() + 5));
              if (id.raw() < at.replicas.size()) at.replica(id).receive(sender, bytes);
            });
    return;
  }
}

void World::dial(WorldNode& from, const cluster::Endpoint& to) {
  const auto other = node_of(to.host);
  const bool reaches =
      other && *other < nodes_.size() && !is_cut(from.index, *other) && !dark_.contains(*other);
  WorldNode* const there = reaches ? nodes_[*other].get() : nullptr;
  if (there == nullptr || there->paused) {
    to_node(from, reaches && there == nullptr ? delay() : kDialLimit,
            [to, reaches](WorldNode& node) {
              node.step(Membership::DialFailed{.to = to, .refused = reaches});
            });
    return;
  }
  auto link = std::make_shared<Link>();
  link->ends[0] = {from.index, from.self.boot, cluster::LinkId(next_link_++), now_};
  link->ends[1] = {there->index, there->self.boot, cluster::LinkId(next_link_++), now_};
  for (const Link::End& end : link->ends) links_[end.id] = link;
  const Duration later = delay();
  link->ends[0].last = link->ends[1].last = now_ + later;
  to_node(from, later, [id = link->ends[0].id, to](WorldNode& node) {
    node.step(Membership::LinkUp{.link = id, .dialled = to, .remote_host = to.host});
  });
  to_node(*there, later, [id = link->ends[1].id, host = host_of(from.index)](WorldNode& node) {
    node.step(Membership::LinkUp{.link = id, .dialled = std::nullopt, .remote_host = host});
  });
}

void World::send_link(WorldNode& from, cluster::LinkId id, Buffer bytes) {
  const auto it = links_.find(id);
  if (it == links_.end() || !it->second->open) return;
  Link& link = *it->second;
  Link::End& to = link.ends[0].id == id ? link.ends[1] : link.ends[0];
  if (is_cut(from.index, to.node)) return;  // TCP would repeat it; beats come again anyway.
  WorldNode* const there = nodes_[to.node].get();
  if (there == nullptr || there->self.boot != to.boot) return;
  to.last = std::max(to.last, now_ + delay());
  to_node(*there, to.last - now_,
          [this, held = it->second, to_id = to.id, bytes = std::move(bytes)](WorldNode& node) {
            if (held->open) node.step(Membership::Frame{.link = to_id, .bytes = bytes});
          });
}

void World::close_link(Link& link, const WorldNode* except, bool reset) {
  if (!link.open) return;
  link.open = false;
  for (const Link::End& end : link.ends) {
    links_.erase(end.id);
    WorldNode* const node = nodes_[end.node].get();
    if (node == nullptr || node == except || node->self.boot != end.boot) continue;
    if (except != nullptr && is_cut(except->index, end.node)) continue;
    to_node(*node, delay(), [id = end.id, reset](WorldNode& at) {
      at.step(Membership::LinkDown{.link = id, .reset = reset});
    });
  }
}

/// Carries out the actions of one node's Membership, in order.
struct World::Doer {
  World& world;
  WorldNode& node;

  void operator()(Membership::Dial& a) const { world.dial(node, a.to); }
  void operator()(Membership::Send& a) const { world.send_link(node, a.link, std::move(a.bytes)); }
  void operator()(Membership::Hangup& a) const {
    const auto it = world.links_.find(a.link);
    if (it != world.links_.end()) world.close_link(*std::shared_ptr(it->second), &node, false);
  }
  void operator()(Membership::InstallRows& a) const {
    for (const auto& [ns, partition, row] : a.rows) {
      if (std::getenv("FLOTILLA_SIM_LOG") != nullptr)
        std::printf("%6ld ms node %u: row of %u: %s, term %lu.%u\n",
                    world.now_.since_start.count() / 1'000'000, node.index,
                    unsigned{partition.raw()}, text_of(row).c_str(), row.term.epoch.number,
                    row.term.n);
      node.replica(partition).install(row);
    }
  }
  void operator()(Membership::MoveRow& a) const { node.replica(a.partition).move(a.row); }
  void operator()(Membership::Persist& a) const {
    node.disk.items[a.key] = a.value;
    world.to_node(node, Duration(0), [count = ++node.persists](WorldNode& at) {
      at.step(Membership::Persisted{count});
    });
  }
  void operator()(Membership::Orphaned&) const {
    for (const auto& copy : node.replicas) copy->orphan();
  }
  void operator()(Membership::Log& a) const {
    if (std::getenv("FLOTILLA_SIM_LOG") != nullptr)
      std::printf("%6ld ms node %u: %s\n", world.now_.since_start.count() / 1'000'000, node.index,
                  a.text.c_str());
  }
  void operator()(Membership::Drained&) const {
    node.drained = true;
    // Clients look at the map once a second; then nobody comes any more.
    world.to_node(node, milliseconds(2500), [](WorldNode& at) { at.step(Membership::Part{}); });
  }
  void operator()(Membership::Left&) const {
    node.left = true;
    world.to_node(node, Duration(0), [&in = world](WorldNode& at) {
      in.kill(at.index, World::Parting::Closes, End::Clean);
    });
  }
  template <class Other>
  void operator()(Other&) const {}  // Names, metadata, and the log matter to nobody here.
};

void World::carry_out(WorldNode& node, std::vector<Membership::Action> actions) {
  for (Membership::Action& action : actions) std::visit(Doer{*this, node}, action);
}

// --- clients

wire::Digest World::digest_of(std::uint64_t key) const {
  wire::Digest digest;
  digest.bytes[0] = static_cast<std::byte>(key % options_.partitions);
  for (std::size_t i = 0; i < 8; ++i)
    digest.bytes[4 + i] = static_cast<std::byte>((key * 0x9E3779B97F4A7C15ULL) >> (8 * i));
  store_be(digest.bytes.data() + 12, key);
  return digest;
}

void World::client_at(unsigned node, std::uint64_t first_key, std::uint64_t keys) {
  bindings_.push_back({node, first_key, keys});
}

void World::client_turn() {
  at(options_.client_every, [this] { client_turn(); });
  const auto alive = ready();
  if (!clients_on_ || alive.empty()) return;
  std::uint64_t key = random_.below(options_.keys);
  unsigned via = alive[random_.below(alive.size())];
  if (!bindings_.empty()) {
    const Binding& binding = bindings_[random_.below(bindings_.size())];
    key = binding.first + random_.below(binding.count);
    via = binding.node;
    if (!is_up(via)) return;
  }
  if (options_.reads > 0 && random_.chance(options_.reads)) return begin_read(key, via);
  auto pending = std::make_shared<Pending>();
  pending->key = key;
  pending->write = std::make_shared<ClientWrite>();
  pending->write->id = next_write_++;
  pending->write->removes = random_.chance(options_.removes);
  pending->write->began = now_;
  pending->deadline = now_ + kClientLimit;
  writes_[key].push_back(pending->write);
  at(kClientLimit + milliseconds(1),
     [this, pending] { finish(*pending, ClientWrite::State::InDoubt, "no answer"); });
  try_write(pending, via);
}

/// As the executor does: here, or on to the primary, or a little later.
void World::try_write(const std::shared_ptr<Pending>& pending, unsigned i) {
  if (pending->over) return;
  WorldNode* const node = nodes_[i].get();
  if (node == nullptr || node->paused || !node->answers()) return;
  const wire::Digest digest = digest_of(pending->key);
  Replica& replica = node->replica(digest.partition());
  switch (replica.write_access()) {
    case Replica::Access::Nobody:
      return finish(*pending, ClientWrite::State::Failed, "unavailable");
    case Replica::Access::Wait:
      return retry(pending);
    case Replica::Access::Elsewhere: {
      const Process to = replica.primary();
      for (const auto& other : nodes_) {
        if (other == nullptr || other->self != to || is_cut(i, other->index)) continue;
        if (++pending->hops > 200) return finish(*pending, ClientWrite::State::Failed, "hops");
        to_node(*other, delay(), [this, pending](WorldNode& at) { try_write(pending, at.index); });
        return;
      }
      return retry(pending);
    }
    case Replica::Access::Here:
      break;
  }
  store::Partition& partition = node->records.partition_of(digest);
  store::MemoryRecord* const old = partition.index.find(digest);
  const ClientWrite& write = *pending->write;
  Result<store::LogPosition> done{store::LogPosition(0)};
  if (write.removes) {
    if (old == nullptr || old->head().is_tombstone())
      return finish(*pending, ClientWrite::State::Failed, "not found");
    done = node->records.remove(partition, old, node->wall());
  } else {
    const Buffer body = body_of(write.id);
    const std::uint16_t generation = old == nullptr || old->head().is_tombstone()
                                         ? 1
                                         : static_cast<std::uint16_t>(old->head().generation + 1);
    done = node->records.put(
        partition, old, {.digest = digest, .generation = generation, .body = body}, node->wall());
  }
  FLOTILLA_CHECK(done.has_value());
  const auto position = options_.commit_to_device ? *done : store::LogPosition(0);
  await(*node, digest.partition(), partition.last_lsn, position,
        [this, pending](Replica::Acknowledged became) {
          if (became == Replica::Acknowledged::Yes)
            finish(*pending, ClientWrite::State::Acknowledged, "");
          else
            finish(*pending, ClientWrite::State::InDoubt, "deposed");
        });
}

/// What a client sent to a node that stands still waits in the connection, and is looked at first
/// thing when it goes on.
void World::begin_read(std::uint64_t key, unsigned via) {
  auto pending = std::make_shared<Pending>();
  pending->key = key;
  pending->began = now_;
  at(kClientLimit, [pending] { pending->over = true; });
  to_node(*nodes_[via], delay(), [this, pending](WorldNode& at) { try_read(pending, at.index); });
}

void World::try_read(const std::shared_ptr<Pending>& pending, unsigned i) {
  if (pending->over) return;
  WorldNode* const node = nodes_[i].get();
  if (node == nullptr || node->paused) return;
  const wire::Digest digest = digest_of(pending->key);
  const Replica& replica = node->replica(digest.partition());
  const Replica::Access access =
      node->answers() ? replica.read_access(false) : Replica::Access::Wait;
  if (access == Replica::Access::Nobody) return;
  if (access == Replica::Access::Wait) return retry(pending);
  if (access == Replica::Access::Elsewhere) {
    for (const auto& other : nodes_) {
      if (other == nullptr || other->self != replica.primary() || is_cut(i, other->index)) continue;
      if (++pending->hops > 200) return;
      to_node(*other, delay(), [this, pending](WorldNode& at) { try_read(pending, at.index); });
      return;
    }
    return retry(pending);
  }
  const auto* const record = node->records.partition_of(digest).index.find(digest);
  const std::uint64_t value = record == nullptr ? 0 : value_of(*record);
  const store::Lsn seen = record == nullptr ? store::Lsn{} : replica.unsettled(record->head().lsn);
  if (seen.raw() == 0) return show(*pending, value, i);
  await(*node, digest.partition(), seen, store::LogPosition(0),
        [this, pending, value, i](Replica::Acknowledged became) {
          if (became == Replica::Acknowledged::Yes) show(*pending, value, i);
        });
}

void World::show(Pending& pending, std::uint64_t value, unsigned by) {
  if (std::exchange(pending.over, true)) return;
  reads_[pending.key].push_back({value, pending.began, now_, by});
  ++reads_answered_;
}

/// As the gate of the executor. Calls `then` once copies have the mutation and it is durable here
/// (position 0: that is not waited for), or it is known that they never will.
void World::await(WorldNode& node, wire::PartitionId partition, store::Lsn lsn,
                  store::LogPosition position, std::function<void(Replica::Acknowledged)> then) {
  if (node.disk.log.is_durable(position)) {
    const Replica::Acknowledged now = node.replica(partition).acknowledged(lsn);
    if (now != Replica::Acknowledged::Waiting) return then(now);
  }
  to_node(node, milliseconds(1),
          [this, partition, lsn, position, then = std::move(then)](WorldNode& at) {
            await(at, partition, lsn, position, then);
          });
}

void World::retry(const std::shared_ptr<Pending>& pending) {
  at(milliseconds(3), [this, pending] {
    const auto now_up = ready();
    if (pending->write == nullptr) {
      if (!now_up.empty()) try_read(pending, now_up[random_.below(now_up.size())]);
      return;
    }
    if (!now_up.empty() && bindings_.empty())
      try_write(pending, now_up[random_.below(now_up.size())]);
    for (const Binding& binding : bindings_)
      if (pending->key >= binding.first && pending->key < binding.first + binding.count)
        try_write(pending, binding.node);
  });
}

void World::finish(Pending& pending, ClientWrite::State state, const char* why) {
  if (pending.over) return;
  pending.over = true;
  pending.write->state = state;
  if (state != ClientWrite::State::InDoubt) pending.write->ended = now_;
  const bool harmless = std::string_view(why) == "not found";
  if (state == ClientWrite::State::Acknowledged) ++acknowledged_;
  if (state == ClientWrite::State::Failed && !harmless) ++failed_;
  if (state == ClientWrite::State::InDoubt) ++in_doubt_;
  if (state != ClientWrite::State::Acknowledged && !harmless)
    last_failure_ = std::string(why) + " at " +
                    std::to_string(now_.since_start.count() / 1'000'000) + " ms, key " +
                    std::to_string(pending.key);
}

// --- what must hold

}  // namespace flotilla::sim
