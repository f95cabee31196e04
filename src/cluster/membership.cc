#include "cluster/membership.h"

#include <fmt/format.h>

#include <algorithm>

#include "membership_core.h"

// gcc 12 takes what an optional does not hold for uninitialized.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace flotilla::cluster {

namespace {

constexpr std::string_view kTipsKey = "tips";
constexpr std::string_view kViewKey = "view";
constexpr std::string_view kItemPrefix = "metadata/";
constexpr Duration kTickLeast = std::chrono::milliseconds(1);
constexpr Duration kRest = std::chrono::seconds(1);

}  // namespace

Membership::Core::Core(Options options, NodeInfo node, const LocalCopies& copies,
                       const Restored& restored)
    : o(std::move(options)),
      self(std::move(node)),
      copies_(copies),
      random_(o.random_seed ^ self.process.boot) {
  for (const auto& [key, value] : restored) {
    Decoder d(value);
    if (key == kTipsKey) {
      std::vector<Endpoint> list;
      d(list);
      if (d.done()) tips = list;
    } else if (key == kViewKey) {
      const Result<View> last = parse_view(value);
      if (!last) continue;
      epoch_number_ = last->epoch.number;
      restored_away_ = last->away;
      for (const NodeInfo& member : last->members) restored_members_.insert(member.process);
    } else if (key.starts_with(kItemPrefix)) {
      Item item;
      d(item);
      if (d.done()) items.merge(item);
    }
  }
}

std::vector<Membership::Action> Membership::Core::step(Instant now, WallTime wall,
                                                       const Event& event) {
  std::vector<Action> actions;
  out_ = &actions;
  const Instant before = now_;
  now_ = std::max(now, now_);
  wall_ = wall;
  if (!started_) {
    started_ = true;
    orphan_since_ = last_orphan_seen_ = next_beat_ = now_;
    for (const Item& item : items.items()) clock_.saw(item.stamp.hlc, wall_.ms);
    for (const Endpoint& seed : o.seeds) want_seed(seed);
    for (const Endpoint& tip : tips) want_seed(tip);
  } else if (!rests_ && now_ - before > 2 * o.interval) {
    late_ms_ = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now_ - before).count());
    note_pause();
  }
  std::visit([this](const auto& e) { on(e); }, event);
  tick();
  note_cluster_time();
  out_ = nullptr;
  return actions;
}

/// All that time brings about. Cheap when nothing is due.
void Membership::Core::tick() {
  dial_and_resolve();
  if (now_ >= next_beat_) beat_round();
  detect();
  if (!in_view)
    orphan_tick();
  else
    view_tick();
  proposal_tick();
  resend_tick();
  repeat_moved();
  issue_moves();
  flush_rows();
  leave_tick();
  items_tick();
  persist_view();
  next_deadline = deadline();
}

Instant Membership::Core::deadline() {
  rests_ = nothing_is_due();
  if (rests_) return next_call();
  // Everything else that is timed is coarser than this.
  Instant next = std::min(next_beat_, now_ + o.interval / 4);
  if (proposal_) next = std::min(next, proposal_->ends);
  if (view_due_) next = std::min(next, std::max(*view_due_, now_));
  if (rows_due_) next = std::min(next, *rows_due_);
  return std::max(next, now_ + kTickLeast);
}

/// A cluster of one that has settled: nobody hears its beats, and nobody can be late. Whatever ends
/// that is an event, and the tick after it sees to the deadlines.
bool Membership::Core::nothing_is_due() const {
  if (!is_leader() || view->members.size() > 1 || !known_.empty() || !links_.empty()) return false;
  if (proposal_ || view_due_ || rows_due_ || yielded_until_ || waiting_since_) return false;
  if (promised_ != view->epoch || view_changed_since_persist_ || self.leaving) return false;
  return unsettled_.empty() && moved_.empty() && settings_.empty() && own_settings_.empty() &&
         !stored_;
}

/// When a node that nothing else is due for looks for others again.
Instant Membership::Core::next_call() const {
  Instant next = now_ + kRest;
  for (const auto& [host, name] : names_)
    if (!name.asked) next = std::min(next, name.next);
  for (const auto& [at, address] : addresses_)
    if (wanted(address, at)) next = std::min(next, address.next_dial);
  return std::max(next, now_ + kTickLeast);
}

void Membership::Core::dispatch(const Process& from, const Message& message) {
  std::visit([&](const auto& m) { on_message(from, m); }, message);
}

void Membership::Core::persist(std::string key, Buffer value) {
  act(Persist{std::move(key), std::move(value)});
  ++persists_;
}

void Membership::Core::persist_view() {
  if (!view_changed_since_persist_ || now_ < next_persist_ || !view) return;
  view_changed_since_persist_ = false;
  next_persist_ = now_ + o.persist_every;
  persist(std::string(kViewKey), encode_view(*view));
}

void Membership::Core::persist_tips() {
  Encoder e;
  e(tips);
  persist(std::string(kTipsKey), std::move(e.out));
}

void Membership::Core::take_items(const std::vector<Item>& list) {
  for (const Item& item : list) {
    if (item.module.size() > Metadata::kKeyMax || item.key.size() > Metadata::kKeyMax) continue;
    if (!clock_.saw(item.stamp.hlc, std::max(wall_.ms, stamp_ms()))) ++stats.hlc_rejected;
    if (!items.merge(item)) continue;
    Encoder e;
    e(item);
    persist(std::string(kItemPrefix) + item.module + "/" + item.key, std::move(e.out));
    act(MetadataChanged{item.module, item.key});
  }
}

std::string Membership::Core::name(const Process& process) const {
  const Known* known = find(process);
  const std::uint64_t id = process == self.process ? self.id.raw()
                           : known != nullptr      ? known->info.id.raw()
                                                   : 0;
  return fmt::format("{:X}/{:08x}", id, process.boot >> 32);
}

std::vector<Membership::Peer> Membership::Core::peer_list() const {
  std::vector<Peer> out;
  for (const auto& [process, known] : known_) {
    Peer peer;
    peer.process = process;
    peer.id = known.info.id;
    peer.at = known.info.heartbeat;
    peer.linked = known.link.has_value();
    peer.reachable = peer.linked && !silent(known);
    peer.member = in_view && view->member(process) != nullptr;
    peer.skew_ms = known.skew_ms;
    peer.since_heard = now_ - known.heard;
    if (!peer.linked)
      peer.why = known.via ? "reached by way of another node only" : "no connection";
    else if (!peer.reachable)
      peer.why = "connected, but not heard both ways";
    else if (!peer.member)
      peer.why = known.beat.view_size > 0 ? "in another view" : "in no view";
    out.push_back(std::move(peer));
  }
  for (const auto& [at, address] : addresses_)
    if (!address.process && !address.own) {
      Peer peer;
      peer.at = {at};
      peer.why = address.why.empty() ? "not reached yet" : address.why;
      out.push_back(std::move(peer));
    }
  return out;
}

std::vector<std::string> Membership::Core::diagnosis() const {
  std::vector<std::string> out;
  if (!in_view) {
    if (!held_why_.empty())
      out.push_back(held_why_);
    else if (view_in_sight() != nullptr)
      out.push_back("has asked to join and waits for an answer");
    else
      out.push_back("looks for other nodes");
  }
  if (in_view && view->members.size() < o.min_cluster_size)
    out.push_back(fmt::format("the view has {} members, and owns nothing below {}",
                              view->members.size(), o.min_cluster_size));
  for (const auto& [at, address] : addresses_)
    if (address.configured && !address.own && !address.why.empty() &&
        !(address.process && find(*address.process) != nullptr && find(*address.process)->link))
      out.push_back(fmt::format("{}:{}: {}", at.host, at.port, address.why));
  for (const auto& [host, found] : names_)
    if (found.answered && found.found.empty())
      out.push_back(fmt::format("{}: the name is not known", host));
  for (const Process& twin : duplicates)
    out.push_back(
        fmt::format("{} has the UUID of another node that runs: its data was copied", name(twin)));
  return out;
}

// --- The public face.

Membership::Membership(Options options, NodeInfo self, const LocalCopies& copies,
                       const Restored& restored)
    : core_(std::make_unique<Core>(std::move(options), std::move(self), copies, restored)) {}
Membership::~Membership() = default;
Membership::Membership(Membership&&) noexcept = default;

std::vector<Membership::Action> Membership::step(Instant now, WallTime wall, const Event& event) {
  return core_->step(now, wall, event);
}
Instant Membership::next_deadline() const { return core_->next_deadline; }
Instant Membership::answers_until() const { return core_->answers_until(); }
const NodeInfo& Membership::self() const { return core_->self; }
const View* Membership::view() const { return core_->view ? &*core_->view : nullptr; }
std::uint32_t Membership::map_version() const { return core_->n; }
bool Membership::is_leader() const { return core_->is_leader(); }
WallTime Membership::cluster_time(WallTime wall) const {
  const std::int64_t offset = core_->clock_offset_ms();
  return {static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, static_cast<std::int64_t>(wall.ms) + offset))};
}
const Buffer* Membership::metadata(const std::string& module, const std::string& key) const {
  return core_->items.get(module, key);
}
std::vector<std::pair<std::string, Buffer>> Membership::metadata(const std::string& module) const {
  return core_->items.list(module);
}
std::uint64_t Membership::metadata_digest() const { return core_->items.digest(); }
std::vector<Membership::Peer> Membership::peers() const { return core_->peer_list(); }
std::vector<std::string> Membership::diagnosis() const { return core_->diagnosis(); }
std::vector<Endpoint> Membership::tips() const { return core_->tips; }
std::vector<Process> Membership::duplicates() const {
  return {core_->duplicates.begin(), core_->duplicates.end()};
}
const Membership::Statistics& Membership::statistics() const { return core_->stats; }

}  // namespace flotilla::cluster
