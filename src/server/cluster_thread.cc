#include "cluster_thread.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "net/reactor.h"
#include "store/metadata.h"

namespace flotilla::server {
namespace {

using cluster::Membership;
using cluster::NodeInfo;
using net::LinkNumber;

constexpr Duration kFabricTick = std::chrono::milliseconds(100);
constexpr Duration kRefreshEvery = std::chrono::seconds(1);
constexpr Duration kMetadataLimit = std::chrono::milliseconds(2100);

net::Target target_of(const cluster::Endpoint& endpoint) { return {endpoint.host, endpoint.port}; }
cluster::Endpoint endpoint_of(const net::Target& target) { return {target.host, target.port}; }

}  // namespace

const NodeInfo* ClusterState::member(const cluster::Uuid& node) const {
  const auto it =
      std::ranges::find(members, node, [](const NodeInfo& m) { return m.process.node; });
  return it == members.end() ? nullptr : &*it;
}

const NodeInfo* ClusterState::leader_info() const { return member(leader.node); }

Result<std::unique_ptr<ClusterThread>> ClusterThread::open(Options options, Copies& copies,
                                                           Fabric& fabric, Hooks hooks) {
  Membership::Restored restored;
  if (options.place.folder != nullptr) {
    const auto kept = store::load_metadata(*options.place.folder, options.place.file);
    if (!kept) return tl::unexpected(kept.error());
    for (const auto& [key, value] : *kept) {
      const Bytes bytes = as_bytes(value);
      restored.emplace(key, Buffer(bytes.begin(), bytes.end()));
    }
  }
  return std::unique_ptr<ClusterThread>(
      new ClusterThread(std::move(options), copies, fabric, std::move(hooks), std::move(restored)));
}

ClusterThread::ClusterThread(Options options, Copies& copies, Fabric& fabric, Hooks hooks,
                             Membership::Restored restored)
    : options_(std::move(options)),
      copies_(copies),
      fabric_(fabric),
      hooks_(std::move(hooks)),
      membership_(options_.membership, options_.self, copies, restored),
      state_(std::make_shared<ClusterState>()),
      kept_(std::move(restored)),
      loop_(*this) {
  if (membership_.self().id != options_.self.id) hooks_.renamed(membership_.self().id);
  for (const std::string module : {"truncate", "evict"})
    for (const auto& [key, value] : membership_.metadata(module))
      hooks_.metadata_changed(module, key, &value);
}

ClusterThread::~ClusterThread() { stop(); }

void ClusterThread::start(std::vector<net::Listener> listeners) {
  resolver_ = std::make_unique<net::Resolver>(
      [this](const std::string& name, std::vector<net::Target> found) {
        loop_.post([this, name, found = std::move(found)] { resolved(name, found); });
      });
  keeper_ = std::thread([this] { keep(); });
  // The machine's first event; the loop makes no round before it.
  loop_.post([this] { step(Membership::Tick{}); });
  loop_.start(std::move(listeners));
}

void ClusterThread::stop() {
  resolver_.reset();
  loop_.stop();
  if (!keeper_.joinable()) return;
  {
    const std::scoped_lock lock(kept_mutex_);
    keeper_ends_ = true;
  }
  keep_wake_.notify_all();
  keeper_.join();
}

void ClusterThread::post(Membership::Event event) {
  loop_.post([this, event = std::move(event)] { step(event); });
}

std::shared_ptr<const ClusterState> ClusterThread::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

void ClusterThread::link_up(LinkNumber link, const std::optional<net::Target>& dialled,
                            const std::string& remote_host) {
  Membership::LinkUp up{
      .link = cluster::LinkId(link.raw()), .dialled = {}, .remote_host = remote_host};
  if (dialled) up.dialled = endpoint_of(*dialled);
  step(up);
}

void ClusterThread::link_down(LinkNumber link, bool reset) {
  step(Membership::LinkDown{.link = cluster::LinkId(link.raw()), .reset = reset});
}

void ClusterThread::dial_failed(const net::Target& to, net::LinkLoop::Refusal refusal) {
  step(Membership::DialFailed{.to = endpoint_of(to),
                              .refused = refusal == net::LinkLoop::Refusal::Refused});
}

void ClusterThread::frame(LinkNumber link, Bytes bytes) {
  if (muted_.load(std::memory_order_relaxed)) return;
  step(Membership::Frame{.link = cluster::LinkId(link.raw()), .bytes = bytes});
  // Many frames may have come together: this node's own beats do not wait for all of them.
  if (membership_.next_deadline() <= net::Reactor::now()) step(Membership::Tick{});
}

Instant ClusterThread::round(Instant now) {
  if (membership_.next_deadline() <= now) step(Membership::Tick{});
  Instant next = membership_.next_deadline();
  if (fabric_.wants_tick()) {
    if (now - fabric_ticked_ >= kFabricTick) {
      fabric_ticked_ = now;
      fabric_.tick();
    }
    next = std::min(next, fabric_ticked_ + kFabricTick);
  }
  if (stale_ || now - refreshed_ >= kRefreshEvery) refresh();
  return next;
}

void ClusterThread::step(const Membership::Event& event) {
  for (Membership::Action& action : membership_.step(net::Reactor::now(), hooks_.wall(), event))
    std::visit([this](auto& what) { carry_out(what); }, action);
  hooks_.answers_until(membership_.answers_until());
}

void ClusterThread::carry_out(Membership::Dial& dial) {
  const net::Target to = target_of(dial.to);
  if (net::numeric_address(to)) {
    loop_.dial(to, to, Duration(dial_limit_ns_.load()));
    return;
  }
  dials_.emplace(dial.to.host, dial.to);
  resolver_->resolve(dial.to.host);
}

void ClusterThread::carry_out(Membership::Send& send) {
  if (!muted_.load(std::memory_order_relaxed)) loop_.send(LinkNumber(send.link.raw()), send.bytes);
}

void ClusterThread::carry_out(Membership::Hangup& hang_up) {
  loop_.hang_up(LinkNumber(hang_up.link.raw()));
}

void ClusterThread::carry_out(Membership::Resolve& resolve) {
  wanted_names_.insert(resolve.name);
  resolver_->resolve(resolve.name);
}

void ClusterThread::resolved(const std::string& name, const std::vector<net::Target>& found) {
  const auto [first, last] = dials_.equal_range(name);
  std::vector<cluster::Endpoint> dials;
  for (auto it = first; it != last; ++it) dials.push_back(it->second);
  dials_.erase(first, last);
  for (const cluster::Endpoint& to : dials) {
    // Without an address it fails as a dial does.
    const net::Target at{found.empty() ? to.host : found.front().host, to.port};
    loop_.dial(target_of(to), at, Duration(dial_limit_ns_.load()));
  }
  if (wanted_names_.erase(name) == 0) return;
  Membership::Resolved answer{name, {}};
  for (const net::Target& at : found) answer.addresses.push_back(endpoint_of(at));
  step(answer);
}

void ClusterThread::carry_out(Membership::InstallRows& install) {
  copies_.install(install.rows);
  stale_ = true;
  if (std::exchange(has_rows_, true)) return;
  refresh();
  set_flag(joined_);
  hooks_.joined();
}

void ClusterThread::carry_out(Membership::ViewChanged&) {
  const cluster::View& view = *membership_.view();
  std::vector<FabricPeer> peers;
  for (const NodeInfo& member : view.members) {
    FabricPeer peer{.process = member.process, .at = {}};
    for (const cluster::Endpoint& endpoint : member.fabric) peer.at.push_back(target_of(endpoint));
    peers.push_back(std::move(peer));
  }
  fabric_.set_peers(std::move(peers));
  copies_.set_away(view.away);
  ++views_;
  view_since_ = net::Reactor::now();
  stale_ = true;
}

void ClusterThread::carry_out(Membership::Orphaned&) {
  copies_.orphan();
  stale_ = true;
}

void ClusterThread::carry_out(Membership::MoveRow& move) {
  copies_.move(move.ns, move.partition, move.row);
}

void ClusterThread::carry_out(Membership::Persist& persist) {
  {
    const std::scoped_lock lock(kept_mutex_);
    if (persist.value.empty()) {
      kept_.erase(persist.key);
    } else {
      kept_[persist.key] = std::move(persist.value);
    }
    ++persists_;
  }
  keep_wake_.notify_all();
}

/// Heartbeats do not wait for a disk: the keeper's thread does.
void ClusterThread::keep() {
  std::unique_lock lock(kept_mutex_);
  std::uint64_t persisted = 0;
  for (;;) {
    keep_wake_.wait(lock, [&] { return keeper_ends_ || persists_ > persisted; });
    if (persists_ == persisted) return;
    persisted = persists_;
    store::Metadata metadata;
    for (const auto& [key, value] : kept_) metadata.emplace(key, as_text(value));
    lock.unlock();
    write(metadata);
    loop_.post([this, persisted] { step(Membership::Persisted{persisted}); });
    lock.lock();
  }
}

void ClusterThread::write(const store::Metadata& metadata) const {
  if (options_.place.folder == nullptr) return;
  if (auto ok = store::save_metadata(*options_.place.folder, options_.place.file, metadata); !ok)
    log_warning("cluster", "what the node knows of the cluster cannot be kept: {}", ok.error().why);
}

void ClusterThread::carry_out(Membership::MetadataChanged& changed) {
  hooks_.metadata_changed(changed.module, changed.key,
                          membership_.metadata(changed.module, changed.key));
}

void ClusterThread::carry_out(Membership::MetadataDone& done) {
  const std::scoped_lock lock(mutex_);
  if (const auto it = done_.find(done.id); it != done_.end()) it->second = done.outcome;
  changed_.notify_all();
}

void ClusterThread::carry_out(Membership::Renamed& renamed) {
  log_warning("cluster", "another node has this node's id: it is {:X} from now on",
              renamed.id.raw());
  hooks_.renamed(renamed.id);
  stale_ = true;
}

void ClusterThread::carry_out(Membership::Log& line) {
  log(line.warning ? LogLevel::Warning : LogLevel::Info, "cluster", "{}", line.text);
}

void ClusterThread::carry_out(Membership::Drained&) { set_flag(drained_); }
void ClusterThread::carry_out(Membership::Left&) { set_flag(left_); }

void ClusterThread::set_flag(bool& flag) {
  const std::scoped_lock lock(mutex_);
  flag = true;
  changed_.notify_all();
}

bool ClusterThread::wait_for(const bool& flag, Duration limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return flag; });
}
bool ClusterThread::wait_joined(Duration limit) { return wait_for(joined_, limit); }
bool ClusterThread::wait_drained(Duration limit) { return wait_for(drained_, limit); }
bool ClusterThread::wait_left(Duration limit) { return wait_for(left_, limit); }

Result<void> ClusterThread::set_metadata(const std::string& module, const std::string& key,
                                         std::optional<Buffer> value, bool value_is_cutoff) {
  using Outcome = Membership::MetadataDone::Outcome;
  std::unique_lock lock(mutex_);
  if (!state_->is_member) return fail(Code::Unavailable, "this node is in no cluster now");
  const std::uint64_t id = next_request_++;
  done_.emplace(id, Outcome::InDoubt);
  lock.unlock();
  post(Membership::SetMetadata{.id = id,
                               .module = module,
                               .key = key,
                               .value = std::move(value),
                               .value_is_cutoff = value_is_cutoff});
  lock.lock();
  const bool everywhere =
      changed_.wait_for(lock, kMetadataLimit, [&] { return done_.at(id) == Outcome::Everywhere; });
  done_.erase(id);
  if (everywhere) return {};
  return fail(Code::Timeout, "not every node has it yet; it goes on spreading");
}

std::vector<std::pair<std::string, Buffer>> ClusterThread::metadata(const std::string& module) {
  std::vector<std::pair<std::string, Buffer>> out;
  bool answered = false;
  loop_.post([&] {
    auto found = membership_.metadata(module);
    const std::scoped_lock lock(mutex_);
    out = std::move(found);
    answered = true;
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return answered; });
  return out;
}

bool ClusterThread::clear_tip(const cluster::Endpoint& at) {
  bool known = false;
  bool answered = false;
  loop_.post([&] {
    const auto tips = membership_.tips();
    const auto& seeds = options_.membership.seeds;
    const bool was_tip =
        std::ranges::find(tips, at) != tips.end() || std::ranges::find(seeds, at) != seeds.end();
    step(Membership::TipClear{at});
    const std::scoped_lock lock(mutex_);
    known = was_tip;
    answered = true;
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return answered; });
  return known;
}

void ClusterThread::forget_alumni() {
  loop_.post([this] {
    peers_.forget_alumni();
    stale_ = true;
  });
}

/// A leaving node that is primary of nothing is not shown to clients any more: they finish with it
/// by themselves.
bool ClusterThread::claims_nothing(const NodeInfo& member) const {
  for (const cluster::NamespaceRows& ns : membership_.view()->namespaces)
    if (std::ranges::find(ns.rows, member.process, &cluster::Row::primary) != ns.rows.end())
      return false;
  return true;
}

/// Clients do not believe the partitions of a node that knows no other while another one answers
/// them: it may be cut off. So the last node knows those that leave until they are gone.
std::vector<NodeInfo> ClusterThread::shown_peers(const cluster::View& view) const {
  std::vector<NodeInfo> shown;
  std::vector<NodeInfo> done;
  for (const NodeInfo& member : view.members) {
    if (member.process == options_.self.process || !peers_.may_show(member.process, refreshed_))
      continue;
    (member.leaving && claims_nothing(member) ? done : shown).push_back(member);
  }
  return shown.empty() ? done : shown;
}

void ClusterThread::refresh() {
  stale_ = false;
  refreshed_ = net::Reactor::now();
  auto next = std::make_shared<ClusterState>();
  next->links = membership_.peers();
  next->diagnosis = membership_.diagnosis();
  next->duplicates = membership_.duplicates();
  next->statistics = membership_.statistics();
  next->generation = views_;
  next->since = view_since_;
  if (const cluster::View* const view = membership_.view()) {
    next->is_member = true;
    next->is_leader = membership_.is_leader();
    next->epoch = view->epoch;
    next->key = view->cluster_key();
    next->leader = view->leader;
    next->members = view->members;
    // Whom this node reaches is who is in the view. Nodes that went do not matter, nor does a
    // connection to one that stands still.
    next->settled = std::ranges::all_of(next->links, [](const Membership::Peer& peer) {
      return peer.member ? peer.why.empty() : !(peer.reachable && peer.process);
    });
    peers_.follow(view->members, refreshed_);
    peers_.update(shown_peers(*view));
  }
  next->peers = peers_;
  const WallTime wall = hooks_.wall();
  clock_offset_ms_.store(static_cast<std::int64_t>(membership_.cluster_time(wall).ms) -
                         static_cast<std::int64_t>(wall.ms));
  say_diagnosis(next->diagnosis);
  const std::scoped_lock lock(mutex_);
  state_ = std::move(next);
}

/// What keeps nodes apart, once for each reason, and that it is over.
void ClusterThread::say_diagnosis(const std::vector<std::string>& diagnosis) {
  for (const std::string& line : diagnosis)
    if (std::ranges::find(said_, line) == said_.end()) log_warning("cluster", "{}", line);
  if (diagnosis.empty() && !said_.empty())
    log_info("cluster", "all nodes that are known are heard");
  said_ = diagnosis;
}

}  // namespace flotilla::server
