#include <fmt/format.h>

#include <algorithm>

#include "membership_core.h"

namespace flotilla::cluster {

namespace {
constexpr unsigned kTwinJoinsMax = 3;
}

bool Membership::Core::seeds_are_settled() const {
  return std::ranges::all_of(names_, [](const auto& each) { return each.second.answered; }) &&
         std::ranges::all_of(addresses_, [](const auto& each) {
           return !each.second.configured || each.second.tried || each.second.own;
         });
}

/// All that was configured is this node itself.
bool Membership::Core::nobody_to_look_for() const {
  return std::ranges::all_of(names_, [](const auto& each) { return each.second.answered; }) &&
         std::ranges::all_of(addresses_, [](const auto& each) {
           return !each.second.configured || each.second.own;
         });
}

std::vector<Process> Membership::Core::orphans_in_sight() const {
  std::vector<Process> out;
  for (const auto& [process, known] : known_)
    if (known.link && known.beat.sent > 0 && known.beat.view_size == 0 &&
        now_ - known.beat_at < dead_after())
      out.push_back(process);
  return out;
}

const Membership::Core::Known* Membership::Core::view_in_sight() const {
  const Known* found = nullptr;
  for (const auto& [process, known] : known_) {
    if (!known.link || known.beat.view_size == 0 || now_ - known.beat_at >= dead_after()) continue;
    if (found == nullptr || known.beat.view_size > found->beat.view_size) found = &known;
  }
  return found;
}

void Membership::Core::orphan_tick() {
  if (left_) return;
  if (excluded_since_ && now_ - *excluded_since_ > dead_after()) {
    FLOTILLA_MARK("no view takes an excluded node");
    become_orphan("no view takes it");
  }
  if (const Known* seen = view_in_sight()) {
    if (now_ < next_join_) return;
    join_backoff_ = std::clamp(join_backoff_ * 2, o.retry_least, o.retry_most);
    next_join_ = now_ + join_backoff_;
    message::Join join{self, true, view ? view->epoch : Epoch{}};
    if (!find(seen->beat.leader) || !send(seen->beat.leader, join)) send(seen->info.process, join);
    return;
  }
  join_backoff_ = Duration(0);
  if (proposal_ || now_ < no_proposal_until_) return;
  const std::vector<Process> others = orphans_in_sight();
  for (const Process& other : others)
    if (seen_orphans_.insert(other).second) last_orphan_seen_ = now_;
  const Duration age = now_ - orphan_since_;
  if (others.empty()) {
    if (nobody_to_look_for() || age > o.form_wait) propose(false);
    return;
  }
  const bool first =
      std::ranges::all_of(others, [&](const Process& other) { return self.process < other; });
  const bool quiet = seeds_are_settled() && now_ - last_orphan_seen_ > o.join_window;
  if (first ? quiet || age > o.join_window_max : age > o.form_wait + o.join_window_max)
    propose(false);
}

void Membership::Core::become_orphan(const char* why) {
  in_view = false;
  excluded_since_.reset();
  view.reset();
  n = 0;
  lineage_.clear();
  held_.clear();
  moving_.clear();
  log(true, fmt::format("in no view any more: {}", why));
  act(Orphaned{});
}

// --- JOIN and HOLD.

bool Membership::Core::may_join(const message::Join& join) {
  const Process& process = join.node.process;
  const auto hold = [&](message::Hold::Reason reason, wire::NodeId proposed = {}) {
    send(process,
         message::Hold{reason,
                       static_cast<std::uint32_t>(o.retry_least / std::chrono::milliseconds(1)),
                       proposed,
                       {}});
    return false;
  };
  for (const NodeInfo& member : view->members) {
    if (member.process == process) continue;
    if (member.process.node == process.node) {
      const Known* old = find(member.process);
      const bool answers =
          member.process == self.process ||
          (old != nullptr && old->link && !old->proven && now_ - old->heard < 3 * o.interval);
      if (!answers) continue;
      if (++twin_joins_[process] < kTwinJoinsMax) return hold(message::Hold::Reason::Busy);
      FLOTILLA_MARK("a clone is held out");
      duplicates.insert(process);
      return hold(message::Hold::Reason::Duplicate);
    }
    if (member.id != join.node.id || dead(member.process)) continue;
    FLOTILLA_MARK("a node id is taken");
    // The same low 48 bits, another number above.
    const std::uint64_t low = join.node.id.raw() & 0xFFFF'FFFF'FFFFULL;
    std::uint64_t high = 1;
    const auto taken = [&](std::uint64_t id) {
      return std::ranges::any_of(view->members,
                                 [&](const NodeInfo& m) { return m.id.raw() == id; }) ||
             std::ranges::any_of(view->away, [&](const Away& a) { return a.id.raw() == id; });
    };
    while (taken(high << 48 | low)) ++high;
    return hold(message::Hold::Reason::NodeIdTaken, wire::NodeId(high << 48 | low));
  }
  twin_joins_.erase(process);
  return true;
}

void Membership::Core::on_message(const Process& from, const message::Join& join) {
  if (!in_view || join.node.process == self.process) return;
  if (!is_leader()) {
    if (join.node.process == from) {
      FLOTILLA_MARK("JOIN is passed on to the leader");
      send(view->leader, join);
    }
    return;
  }
  const Process process = join.node.process;
  Known& known = know(join.node);
  if (from != process) {
    known.via = from;
    known.via_at = now_;
  }
  if (view->member(process) != nullptr && !known.thrown_out) {
    told_[process] = {};
    return send_view(process);
  }
  if (!may_join(join)) return;
  const bool back = std::exchange(known.thrown_out, false);
  if (back) {
    FLOTILLA_MARK("one that was held for dead comes back");
    ++stats.false_deaths;
    ++known.false_deaths;
    known.false_death_at = now_;
  }
  known.said_left = known.moved_on = known.proven = false;
  known.heard = std::max(known.heard, now_);
  const bool fresh = joiners_.try_emplace(process).second;
  Joiner& joiner = joiners_[process];
  joiner.node = join.node;
  joiner.has_data = join.has_data;
  if (fresh) {
    joiner.since = now_;
    want_view(back ? Hurry::Now : Hurry::Quiet, name(process) + " joins");
  }
}

void Membership::Core::on_message(const Process& from, const message::Hold& hold) {
  if (in_view) return;
  next_join_ = now_ + std::chrono::milliseconds(std::min<std::uint32_t>(hold.retry_ms, 5000));
  switch (hold.reason) {
    case message::Hold::Reason::Duplicate:
      held_why_ = "held out: another node runs with this node's UUID; its data folder was copied";
      duplicates.insert(from);
      break;
    case message::Hold::Reason::NodeIdTaken:
      if (o.node_id_configured) {
        held_why_ =
            fmt::format("held out: its configured node-id {:X} is another node's", self.id.raw());
      } else if (hold.proposed.raw() != 0) {
        self.id = hold.proposed;
        act(Renamed{self.id});
      }
      break;
    default:
      break;
  }
}

// --- Two components.

/// A leader that may have no connection to this node: `by` can pass messages on to it.
Membership::Core::Known& Membership::Core::heard_of(const Process& leader, const Process& by) {
  Known& known = known_.try_emplace(leader).first->second;
  known.info.process = leader;
  if (!known.link && leader != by) {
    known.via = by;
    known.via_at = now_;
  }
  return known;
}

void Membership::Core::on_message(const Process& from, const message::Rumour& rumour) {
  if (!is_leader() || view->member(from) == nullptr) return;
  if (rumour.leader == self.process) return;
  heard_of(rumour.leader, from);
  other_component(rumour.leader, rumour.epoch, rumour.size);
}

/// Than what lives of this view.
bool Membership::Core::is_larger(const Epoch& epoch, std::size_t size) const {
  const auto alive = std::ranges::count_if(
      view->members, [&](const NodeInfo& member) { return !dead(member.process); });
  return std::pair(size, epoch) > std::pair(static_cast<std::size_t>(alive), view->epoch);
}

/// A view of those who are left would serve old copies. While a member tells of a larger one, this
/// leader goes on yielding to it, also if a YIELD was lost.
bool Membership::Core::most_went_elsewhere() const {
  return std::ranges::any_of(view->members, [this](const NodeInfo& member) {
    const Known* known = find(member.process);
    return known != nullptr && known->moved_on && known->beat.leader != self.process &&
           !silent(*known) && is_larger(known->beat.epoch, known->beat.view_size);
  });
}

/// The larger one takes over; of two equal ones that of the higher epoch. This one gives itself up
/// if it is the other, and goes on if nothing comes of it.
void Membership::Core::other_component(const Process& leader, const Epoch& epoch,
                                       std::uint32_t size) {
  if (!is_leader() || proposal_ || now_ < next_yield_) return;
  if (view->member(leader) != nullptr && !dead(leader)) return;
  if (!is_larger(epoch, size)) return;
  next_yield_ = now_ + 2 * prepare_time() + o.interval +
                Duration(static_cast<std::int64_t>(
                    random_.below(static_cast<std::uint64_t>(o.interval.count()))));
  message::Yield yield{view->epoch, {}};
  for (const NodeInfo& member : view->members)
    if (!dead(member.process)) yield.members.push_back(member);
  if (!send(leader, yield)) return;
  yielded_until_ = now_ + 2 * prepare_time();
  FLOTILLA_MARK("a leader yields");
  yielded_ = {leader, {yield.members.size(), yield.epoch}};
}

/// Each of two leaders may hold the other's component for the larger one, as a beat tells the size
/// of a view, and who of it lives its leader finds out only later. Then both have both messages,
/// and so the same answer.
bool Membership::Core::goes_on_before(const Process& from, const message::Yield& yield) const {
  return yielded_until_ && yielded_.to == from &&
         yielded_.as > std::pair<std::size_t, Epoch>{yield.members.size(), yield.epoch};
}

void Membership::Core::on_message(const Process& from, const message::Yield& yield) {
  saw_epoch(yield.epoch);
  if (!in_view || proposal_) return;
  if (goes_on_before(from, yield)) {
    FLOTILLA_MARK("two leaders yield to each other");
    yielded_until_.reset();
  }
  if (yielded_until_) return;
  if (yield.epoch == view->epoch && from == view->leader) {  // The leader leaves.
    yielded_epochs_.insert(yield.epoch);
    return propose(true);
  }
  if (!is_leader()) return;
  // Nobody yields for members of this view: whoever is in both has to say so itself.
  for (const NodeInfo& member : yield.members) {
    if (member.process == self.process) continue;
    if (view->member(member.process) != nullptr && !dead(member.process)) continue;
    Known& known = know(member);
    if (!known.link && member.process != from) {
      known.via = from;
      known.via_at = now_;
    }
    known.said_left = known.moved_on = known.proven = known.thrown_out = false;
    known.heard = std::max(known.heard, now_);
    joiners_[member.process] = {member, true, true, now_};
  }
  yielded_epochs_.insert(yield.epoch);
  want_view(Hurry::Now, "another component joins");
}

/// It has promised itself to another leader, and is a member there now.
void Membership::Core::member_left_for(const Process& member, const message::Beat& beat) {
  FLOTILLA_MARK("a member follows another leader");
  if (Known* known = find(member)) known->moved_on = true;
  heard_of(beat.leader, member).moved_on = view->member(beat.leader) != nullptr;
  // If the others are more, nothing is served here alone first.
  other_component(beat.leader, beat.epoch, beat.view_size);
  want_view(Hurry::Now, name(member) + " follows another leader");
}

}  // namespace flotilla::cluster
