#include <fmt/format.h>

#include <algorithm>

#include "base/mark.h"
#include "membership_node.h"
#include "schedules.h"

namespace flotilla::sim {

using cluster::Endpoint;
using cluster::LinkId;
using cluster::NodeInfo;
using cluster::RowAsk;
using cluster::View;

namespace {

constexpr std::uint16_t kPort = 3002;

std::string host_of(std::size_t node) {
  return fmt::format("10.0.{}.{}", node / 250, node % 250 + 1);
}

}  // namespace

MembershipWorld::MembershipWorld(Setup setup)
    : random(setup.seed), setup_(std::move(setup)), ns_(cluster::namespace_tag("test")) {
  if (setup_.seeds.empty())
    for (std::size_t i = 0; i < 3; ++i) setup_.seeds.push_back({host_of(i), kPort});
}
MembershipWorld::~MembershipWorld() { count_schedule(events_); }

std::size_t MembershipWorld::add() { return add(setup_.seeds); }

std::size_t MembershipWorld::add(const std::vector<Endpoint>& seeds) {
  auto node = std::make_unique<Node>();
  const std::size_t index = nodes_.size();
  for (auto& byte : node->info.process.node) byte = static_cast<std::byte>(random.next());
  node->host = host_of(index);
  node->info.id = wire::NodeId(0xA000 + index);
  node->info.namespaces = {{"test", setup_.replication_factor, 0, setup_.durable}};
  node->seeds = seeds;
  nodes_.push_back(std::move(node));
  return index;
}

void MembershipWorld::start(std::size_t index) {
  Node& node = *nodes_[index];
  node.up = true;
  node.silent = false;
  node.paused_until = {};
  node.info.process.boot = random.next();
  node.info.heartbeat = {{node.host, kPort}};
  node.last_epoch = {};
  node.actions.clear();
  node.asked.clear();
  node.given.clear();
  node.writes.clear();
  node.written = 0;
  node.copies.held = node.data;
  Membership::Options options;
  options.cluster_name = "sim";
  options.seeds = node.seeds;
  options.partitions = setup_.partitions;
  options.random_seed = random.next();
  if (setup_.tune) setup_.tune(options);
  node.membership = std::make_unique<Membership>(options, node.info, node.copies, node.disk);
  step(index, Membership::Tick{});
  const std::uint64_t boot = node.info.process.boot;
  if (!setup_.writes) return;
  std::function<void()> again = [this, index, boot] { work(index), void(boot); };
  later(kWorkEvery, again);
}

void MembershipWorld::crash(std::size_t index, bool seen) {
  Node& node = *nodes_[index];
  if (!node.up) return;
  if (seen)
    FLOTILLA_MARK("fault: a process ends");
  else
    FLOTILLA_MARK("fault: a host is gone");
  node.up = false;
  node.silent = !seen;
  node.data.clear();
  if (setup_.durable) {
    node.data = node.copies.held;
    for (auto& [key, copy] : node.data) copy.row_from_disk = true;
  } else {
    node.disk.erase("view");
  }
  std::vector<LinkId> mine;
  for (const auto& [id, connection] : ends_)
    if ((connection->a == index && connection->at_a == id) ||
        (connection->b == index && connection->at_b == id))
      mine.push_back(id);
  for (const LinkId id : mine) {
    if (seen)
      hang_up(index, id);
    else
      ends_.erase(id);
  }
  node.membership.reset();
}

void MembershipWorld::restart(std::size_t index, bool with_disk) {
  crash(index);
  Node& node = *nodes_[index];
  if (with_disk) FLOTILLA_MARK("fault: a node starts with old data");
  if (!with_disk) {
    FLOTILLA_MARK("fault: a node starts empty");
    node.disk.clear();
    node.data.clear();
    for (auto& byte : node.info.process.node) byte = static_cast<std::byte>(random.next());
  }
  start(index);
}

void MembershipWorld::pause(std::size_t node, Duration time) {
  FLOTILLA_MARK("fault: a node stands still");
  nodes_[node]->paused_until = now_ + time;
}

std::size_t MembershipWorld::clone(std::size_t of) {
  const std::size_t index = add();
  Node& node = *nodes_[index];
  FLOTILLA_MARK("fault: a clone");
  node.info.process.node = nodes_[of]->info.process.node;
  node.info.id = nodes_[of]->info.id;
  node.disk = nodes_[of]->disk;
  node.data = nodes_[of]->copies.held;
  for (auto& [key, copy] : node.data) copy.row_from_disk = true;
  return index;
}

void MembershipWorld::move_to_host_of(std::size_t node, std::size_t of) {
  FLOTILLA_MARK("fault: an address has another node");
  nodes_[node]->host = nodes_[of]->host;
  nodes_[of]->host = "nowhere";
}

void MembershipWorld::cut(std::size_t a, std::size_t b) {
  FLOTILLA_MARK("fault: two nodes are cut");
  cut_one_way(a, b);
  cut_one_way(b, a);
}
void MembershipWorld::cut_one_way(std::size_t from, std::size_t to) { cuts_.insert({from, to}); }
void MembershipWorld::join_up(std::size_t a, std::size_t b) {
  cuts_.erase({a, b});
  cuts_.erase({b, a});
}
void MembershipWorld::heal() {
  cuts_.clear();
  faults = {};
}
void MembershipWorld::split(const std::set<std::size_t>& side) {
  FLOTILLA_MARK("fault: a split");
  for (const std::size_t a : side)
    for (std::size_t b = 0; b < nodes_.size(); ++b)
      if (!side.contains(b)) cut(a, b);
}

void MembershipWorld::reset_links(std::size_t index) {
  FLOTILLA_MARK("fault: connections are reset");
  std::vector<std::pair<std::size_t, LinkId>> ends;
  for (const auto& [id, connection] : ends_)
    if (connection->a == index || connection->b == index)
      ends.emplace_back(connection->at_a == id ? connection->a : connection->b, id);
  for (const auto& [node, id] : ends) {
    ends_.erase(id);
    deliver(node, nodes_[node]->info.process.boot, Membership::LinkDown{id, true});
  }
}

// --- Time.

void MembershipWorld::later(Duration in_time, std::function<void()> what) {
  queue_.push({now_ + in_time, order_++, std::move(what)});
}

Duration MembershipWorld::latency() {
  return Duration(static_cast<std::int64_t>(
      random.between(static_cast<std::uint64_t>(faults.latency_least.count()),
                     static_cast<std::uint64_t>(faults.latency_most.count()))));
}

void MembershipWorld::run(Duration time) {
  run_until([] { return false; }, time);
}

bool MembershipWorld::run_until(const std::function<bool()>& holds, Duration limit) {
  const Instant end = now_ + limit;
  Instant next_look = now_;
  while (!queue_.empty() && queue_.top().at <= end && broken.empty()) {
    if (now_ >= next_look) {
      if (holds()) return true;
      next_look = now_ + milliseconds(20);
    }
    Later next = queue_.top();
    queue_.pop();
    now_ = std::max(now_, next.at);
    ++events_;
    next.what();
  }
  if (broken.empty()) now_ = std::max(now_, end);
  return holds();
}

void MembershipWorld::schedule_tick(std::size_t index) {
  Node& node = *nodes_[index];
  const std::uint64_t mine = ++node.tick_order;
  const Instant at = std::max(node.membership->next_deadline(), now_);
  later(at - now_, [this, index, mine] {
    Node& n = *nodes_[index];
    if (n.up && n.tick_order == mine) deliver(index, n.info.process.boot, Membership::Tick{});
  });
}

void MembershipWorld::event(std::size_t node, const Membership::Event& event) { step(node, event); }

void MembershipWorld::deliver(std::size_t index, std::uint64_t boot,
                              const Membership::Event& event) {
  Node& node = *nodes_[index];
  if (!node.up || node.info.process.boot != boot) return;
  if (now_ < node.paused_until) {
    if (const auto* frame = std::get_if<Membership::Frame>(&event)) {
      const Buffer copied(frame->bytes.begin(), frame->bytes.end());
      const LinkId link = frame->link;
      later(node.paused_until - now_, [this, index, boot, link, copied] {
        deliver(index, boot, Membership::Frame{link, copied});
      });
      return;
    }
    later(node.paused_until - now_, [this, index, boot, event] { deliver(index, boot, event); });
    return;
  }
  step(index, event);
}

void MembershipWorld::step(std::size_t index, const Membership::Event& event) {
  Node& node = *nodes_[index];
  const auto skew = skew_ms.contains(index) ? skew_ms[index] : 0;
  if (skew != 0) FLOTILLA_MARK("fault: a clock is wrong");
  const WallTime wall{
      static_cast<std::uint64_t>(500'000'000'000 + now_.since_start / milliseconds(1) + skew)};
  const std::uint64_t boot = node.info.process.boot;
  const std::vector<Membership::Action> actions = node.membership->step(now_, wall, event);
  note_rows(index);
  for (const Membership::Action& action : actions) {
    if (!node.up || node.info.process.boot != boot) return;
    act(index, action);
  }
  if (!node.up || node.info.process.boot != boot) return;
  const bool holds = node.membership->answers_until() == Instant{};
  if (holds != node.holds) ++node.actions[holds ? "Hold" : "Release"];
  node.holds = holds;
  check_view(index);
  schedule_tick(index);
}

// --- Actions.

void MembershipWorld::act(std::size_t index, const Membership::Action& action) {
  Node& node = *nodes_[index];
  if (const auto* dial_to = std::get_if<Membership::Dial>(&action)) dial(index, dial_to->to);
  if (const auto* send = std::get_if<Membership::Send>(&action))
    transmit(index, send->link, send->bytes);
  if (const auto* hang = std::get_if<Membership::Hangup>(&action)) hang_up(index, hang->link);
  if (const auto* resolve = std::get_if<Membership::Resolve>(&action)) {
    const std::string name = resolve->name;
    later(milliseconds(5), [this, index, name, boot = node.info.process.boot] {
      deliver(index, boot, Membership::Resolved{name, names[name]});
    });
  }
  if (const auto* rows = std::get_if<Membership::InstallRows>(&action))
    for (const auto& [ns, partition, row] : rows->rows) {
      const Key key{ns, partition.raw()};
      if (view(index) == nullptr) {  // Excluded: the others' rows, for a start.
        install(index, key, row);
        continue;
      }
      if (row.version <= node.given[key].version)
        violate(fmt::format("I19: node {} partition {} was given an older row: {}.{}, had {}.{}",
                            index, key.second, row.version.epoch.number, row.version.n,
                            node.given[key].version.epoch.number, node.given[key].version.n));
      check_in_force(index, node.given[key], row);
      node.given[key] = row;
      install(index, key, row);
    }
  if (const auto* move = std::get_if<Membership::MoveRow>(&action);
      move != nullptr && answers_moves) {
    // P grants, N takes, at once or never.
    const Key key{move->ns, move->partition.raw()};
    const auto to = index_of(move->row.primary);
    CopyReport& from = node.copies.held[key];
    if (to && from.row.primary == node.info.process && reaches(index, *to) && reaches(*to, index)) {
      Node& taker = *nodes_[*to];
      CopyReport& its = taker.copies.held[key];
      if (its.row.version < move->row.version && its.row.term == from.row.term) {
        const cluster::RowVersion under = from.row.version;
        its.history = from.history;
        install(*to, key, move->row);
        install(index, key, move->row);
        later(milliseconds(1), [this, to = *to, key, under, row = move->row] {
          if (!nodes_[to]->up) return;
          deliver(to, nodes_[to]->info.process.boot,
                  Membership::Asked{{RowAsk::Kind::Moved, key.first, wire::PartitionId(key.second),
                                     under, row.primary, row}});
        });
      }
    }
  }
  if (const auto* what = std::get_if<Membership::Persist>(&action)) persist(index, *what);
  if (const auto* done = std::get_if<Membership::MetadataDone>(&action)) {
    settings_done[done->id] = done->outcome == Membership::MetadataDone::Outcome::Everywhere;
    if (!settings_done[done->id] || view(index) == nullptr) return;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (view(i) != nullptr && process(i) == view(index)->leader)
        settings_done_when[done->id] = {now_, view(i)->epoch};
  }
  if (std::holds_alternative<Membership::Orphaned>(action)) node.given.clear();
  if (std::holds_alternative<Membership::Orphaned>(action)) ++node.actions["Orphaned"];
  if (std::holds_alternative<Membership::Drained>(action)) ++node.actions["Drained"];
  if (const auto* renamed = std::get_if<Membership::Renamed>(&action)) {
    node.info.id = renamed->id;
    ++node.actions["Renamed"];
  }
  if (std::holds_alternative<Membership::Left>(action)) {
    ++node.actions["Left"];
    later(milliseconds(5), [this, index] { crash(index); });
  }
  if (const auto* log = std::get_if<Membership::Log>(&action); log != nullptr && trace)
    fmt::print("{:.3f} node {}: {}\n", std::chrono::duration<double>(now_.since_start).count(),
               index, log->text);
}

void MembershipWorld::persist(std::size_t index, Membership::Persist what) {
  Node& node = *nodes_[index];
  node.writes.push_back(std::move(what));
  const auto most = static_cast<std::uint64_t>(faults.disk_most.count());
  const Duration takes(static_cast<std::int64_t>(most == 0 ? 0 : random.below(most)));
  later(takes, [this, index, boot = node.info.process.boot] {
    if (nodes_[index]->up && nodes_[index]->info.process.boot == boot) write_next(index);
  });
}

/// A disk writes in order, whichever write was the one that took long.
void MembershipWorld::write_next(std::size_t index) {
  Node& node = *nodes_[index];
  const Membership::Persist what = std::move(node.writes.front());
  node.writes.pop_front();
  const AtWrite fate = at_write ? at_write(index) : AtWrite::Goes;
  if (fate != AtWrite::DiesBefore) {
    if (what.value.empty())
      node.disk.erase(what.key);
    else
      node.disk[what.key] = what.value;
  }
  if (fate == AtWrite::Goes)
    return deliver(index, node.info.process.boot, Membership::Persisted{++node.written});
  FLOTILLA_MARK("fault: a process ends at a write of its disk");
  crash(index);
}

void MembershipWorld::dial(std::size_t index, const Endpoint& to) {
  const std::uint64_t boot = nodes_[index]->info.process.boot;
  std::optional<std::size_t> target;
  bool silent = false;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i]->host == to.host) {
      if (nodes_[i]->up) target = i;
      silent |= nodes_[i]->silent;
    }
  if (!target || !reaches(index, *target) || !reaches(*target, index)) {
    const bool refused = !target && !silent;
    later(refused ? latency() : Duration(seconds(1)), [this, index, boot, to, refused] {
      deliver(index, boot, Membership::DialFailed{to, refused});
    });
    return;
  }
  later(2 * latency(),
        [this, index, boot, to, target = *target, other = nodes_[*target]->info.process.boot] {
          Node& node = *nodes_[index];
          if (!node.up || node.info.process.boot != boot) return;
          if (!nodes_[target]->up || nodes_[target]->info.process.boot != other)
            return deliver(index, boot, Membership::DialFailed{to, true});
          auto connection = std::make_shared<Connection>(
              Connection{index, target, LinkId(next_link_), LinkId(next_link_ + 1), now_, now_});
          next_link_ += 2;
          ends_[connection->at_a] = ends_[connection->at_b] = connection;
          deliver(index, boot, Membership::LinkUp{connection->at_a, to, to.host});
          deliver(target, other, Membership::LinkUp{connection->at_b, {}, node.host});
        });
}

void MembershipWorld::transmit(std::size_t index, LinkId link, const Buffer& sent) {
  const auto at = ends_.find(link);
  if (at == ends_.end()) return;
  ++frames;
  bytes += sent.size();
  Connection& connection = *at->second;
  const bool from_a = connection.at_a == link;
  const std::size_t to = from_a ? connection.b : connection.a;
  if (!reaches(index, to)) {
    if (reaches(to, index)) FLOTILLA_MARK("fault: cut one way");
    return;
  }
  if (random.chance(faults.drop)) {
    FLOTILLA_MARK("fault: a message is lost");
    return;
  }
  if (keep && keep(index, to, sent)) return kept.emplace_back(to, sent), void();
  const LinkId far = from_a ? connection.at_b : connection.at_a;
  const std::uint64_t boot = nodes_[to]->info.process.boot;
  const int times = random.chance(faults.twice) ? 2 : 1;
  if (times == 2) FLOTILLA_MARK("fault: a message comes twice");
  for (int i = 0; i < times; ++i) {
    Instant& last = from_a ? connection.last_to_b : connection.last_to_a;
    Instant when = now_ + latency();
    if (!faults.reorder)
      when = std::max(when, last);
    else if (when < last)
      FLOTILLA_MARK("fault: messages change places");
    last = when;
    later(when - now_, [this, to, boot, far, sent] {
      if (ends_.contains(far)) deliver(to, boot, Membership::Frame{far, sent});
    });
  }
}

void MembershipWorld::hang_up(std::size_t index, LinkId link) {
  const auto at = ends_.find(link);
  if (at == ends_.end()) return;
  const std::shared_ptr<Connection> connection = at->second;
  const bool is_a = connection->at_a == link;
  const LinkId far = is_a ? connection->at_b : connection->at_a;
  const std::size_t to = is_a ? connection->b : connection->a;
  ends_.erase(link);
  if (!ends_.contains(far) || !reaches(index, to)) return;
  // After what is under way.
  const Instant last = is_a ? connection->last_to_b : connection->last_to_a;
  later(std::max(last, now_ + latency()) - now_,
        [this, to, far, boot = nodes_[to]->info.process.boot] {
          if (ends_.erase(far) != 0) deliver(to, boot, Membership::LinkDown{far, true});
        });
}

// --- What is asked of the world.

std::optional<std::size_t> MembershipWorld::index_of(const Process& process) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i]->up && nodes_[i]->info.process == process) return i;
  return {};
}

bool MembershipWorld::paused(std::size_t index) const { return now_ < nodes_[index]->paused_until; }
bool MembershipWorld::up(std::size_t node) const { return nodes_[node]->up; }
Membership& MembershipWorld::at(std::size_t node) { return *nodes_[node]->membership; }
Process MembershipWorld::process(std::size_t node) const { return nodes_[node]->info.process; }

const View* MembershipWorld::view(std::size_t index) const {
  const Node& node = *nodes_[index];
  if (!node.up) return nullptr;
  const View* view = node.membership->view();
  return view != nullptr && view->member(node.info.process) != nullptr ? view : nullptr;
}

std::set<std::size_t> MembershipWorld::all_up() const {
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i]->up) out.insert(i);
  return out;
}

bool MembershipWorld::one_view(const std::set<std::size_t>& nodes) const {
  const View* first = nullptr;
  for (const std::size_t node : nodes) {
    const View* its = view(node);
    if (its == nullptr || its->members.size() != nodes.size()) return false;
    if (first == nullptr) first = its;
    if (its->epoch != first->epoch) return false;
  }
  return true;
}

bool MembershipWorld::all_in_one_view() const { return one_view(all_up()); }

Row MembershipWorld::row(std::size_t node, std::uint16_t partition) const {
  return view(node) == nullptr ? Row{} : view(node)->namespaces.at(0).rows.at(partition);
}

CopyReport& MembershipWorld::copy(std::size_t node, std::uint16_t partition) {
  return nodes_[node]->copies.held[{ns_, partition}];
}

bool MembershipWorld::balanced() const {
  const std::set<std::size_t> nodes = all_up();
  if (nodes.empty() || !one_view(nodes)) return false;
  const View& v = *view(*nodes.begin());
  for (const cluster::NamespaceRows& ns : v.namespaces)
    for (const Row& row : ns.rows) {
      if (row.targets.empty() || row.primary.node != row.targets[0]) return false;
      if (row.in_sync.size() != row.targets.size()) return false;
      if ((row.flags & ~Row::kStale) != 0) return false;  // Stale it stays.
    }
  for (const std::size_t node : nodes)
    for (std::size_t p = 0; p < setup_.partitions; ++p)
      if (row(node, static_cast<std::uint16_t>(p)) !=
          row(*nodes.begin(), static_cast<std::uint16_t>(p)))
        return false;
  return true;
}

std::size_t MembershipWorld::done(std::size_t node, const char* action) const {
  const auto at = nodes_[node]->actions.find(action);
  return at == nodes_[node]->actions.end() ? 0 : at->second;
}

std::string MembershipWorld::describe() const {
  std::string out;
  const auto who = [&](const Process& process) {
    const auto at = index_of(process);
    return at ? std::to_string(*at) : process == Process{} ? std::string("-") : std::string("x");
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i]->up) continue;
    const View* its = view(i);
    out += fmt::format("node {}: {}", i, its == nullptr ? "in no view" : "");
    if (its != nullptr)
      out += fmt::format("view {} of {} led by {}, n {}", its->epoch.number, its->members.size(),
                         who(its->leader), nodes_[i]->membership->map_version());
    for (const std::string& why : nodes_[i]->membership->diagnosis()) out += "; " + why;
    out += "\n";
    if (its == nullptr || its->leader != nodes_[i]->info.process) continue;
    for (const cluster::NamespaceRows& ns : its->namespaces)
      for (std::size_t p = 0; p < ns.rows.size(); ++p) {
        const Row& r = ns.rows[p];
        if (!r.targets.empty() && r.primary.node == r.targets[0] && r.flags == 0 &&
            r.in_sync.size() == r.targets.size())
          continue;
        out += fmt::format("  {}: {}.{} primary {} flags {} in sync", p, r.version.epoch.number,
                           r.version.n, who(r.primary), r.flags);
        for (const Process& process : r.in_sync) out += " " + who(process);
        out += " targets";
        for (const cluster::Uuid& target : r.targets)
          for (std::size_t k = 0; k < nodes_.size(); ++k)
            if (nodes_[k]->info.process.node == target) out += fmt::format(" {}", k);
        for (std::size_t k = 0; k < nodes_.size(); ++k)
          if (nodes_[k]->up) {
            const CopyReport copy =
                nodes_[k]->copies.report(ns_, wire::PartitionId(static_cast<std::uint16_t>(p)));
            out += fmt::format(" [{}: {}.{} of {}]", k, copy.row.version.epoch.number,
                               copy.row.version.n, who(copy.row.primary));
          }
        out += "\n";
      }
  }
  return out;
}

void MembershipWorld::violate(std::string what) {
  broken.push_back(fmt::format("at {:.3f} s: {}",
                               std::chrono::duration<double>(now_.since_start).count(), what));
}

void MembershipWorld::inject(std::size_t from, std::size_t to, const Buffer& frame) {
  for (const auto& [id, connection] : ends_) {
    const bool at_a = connection->at_a == id && connection->a == to && connection->b == from;
    const bool at_b = connection->at_b == id && connection->b == to && connection->a == from;
    if (at_a || at_b)
      return deliver(to, nodes_[to]->info.process.boot, Membership::Frame{id, frame});
  }
}

std::uint64_t MembershipWorld::views_since(Instant at) const {
  std::uint64_t count = 0;
  for (const auto& [epoch, when] : view_times_) count += when >= at ? 1 : 0;
  return count;
}

/// What a member has it may confirm before its step is over.
void MembershipWorld::note_rows(std::size_t index) {
  const View* its = view(index);
  if (its == nullptr || its->leader == process(index)) return;
  std::uint32_t& have = followers_have_[its->epoch];
  have = std::max(have, at(index).map_version());
}

void MembershipWorld::check_view(std::size_t index) {
  Node& node = *nodes_[index];
  const View* its = node.membership->view();
  if (its == nullptr) return;
  if (its->epoch < node.last_epoch)
    violate(fmt::format("I2: node {} went back to an older view", index));
  if (its->epoch == node.last_epoch) return;
  node.last_epoch = its->epoch;
  if (at_view) at_view(index);
  std::string what(reinterpret_cast<const char*>(&its->leader), sizeof its->leader);
  for (const NodeInfo& member : its->members)
    what.append(reinterpret_cast<const char*>(&member.process), sizeof member.process);
  const auto [at, fresh] = views_.try_emplace(its->epoch, what);
  view_times_.try_emplace(its->epoch, now_);
  if (!fresh && at->second != what) violate("I1: two views of one epoch");
}

}  // namespace flotilla::sim
