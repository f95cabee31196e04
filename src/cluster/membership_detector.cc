#include <algorithm>

#include "membership_core.h"

namespace flotilla::cluster {

namespace {

constexpr std::size_t kSeniors = 4;  // The leader and its three deputies.
constexpr std::size_t kOthers = 4;
constexpr std::size_t kHelpers = 3;
constexpr std::size_t kStrangersBeaten = 1024;
constexpr unsigned kFalseDeathsMax = 3;
constexpr Duration kFalseDeathsWithin = std::chrono::minutes(10);

std::uint64_t count(Instant at) { return static_cast<std::uint64_t>(at.since_start.count()); }

}  // namespace

message::Beat Membership::Core::beat_to(const Known& known, bool answer_me, bool direct) const {
  message::Beat beat;
  beat.sent = count(now_) + 1;  // Zero is nothing.
  beat.echo = direct ? known.direct_sent : known.beat.sent;
  beat.answer_me = answer_me;
  beat.wall_ms = wall_.ms;
  beat.epoch_number = epoch_number_;
  beat.hlc = clock_.last();
  beat.late_ms = late_ms_;
  beat.metadata = items.digest();
  if (in_view) {
    beat.epoch = view->epoch;
    beat.n = n;
    beat.leader = view->leader;
    beat.view_size = static_cast<std::uint32_t>(view->members.size());
  }
  return beat;
}

/// Up to a number of members, all of them; above, the seniors, who decide, and a few others drawn
/// anew each time, so that the load of each node does not grow with the cluster.
std::vector<Process> Membership::Core::contacts() {
  std::vector<Process> out;
  std::size_t strangers = 0;
  for (const auto& [process, known] : known_)
    if (known.link && !(in_view && view->member(process) != nullptr) &&
        strangers++ < kStrangersBeaten)
      out.push_back(process);
  if (!in_view) return out;
  const bool all = view->members.size() <= o.beat_to_all_up_to;
  std::size_t seniors = 0;
  for (const NodeInfo& member : view->members) {
    if (member.process == self.process) {
      ++seniors;
      continue;
    }
    Known* known = find(member.process);
    if (known == nullptr) continue;
    const bool senior = seniors < kSeniors || member.process == view->leader;
    if (senior && !dead(member.process)) ++seniors;
    if (!all && !senior) continue;
    if (!known->in_contact) known->heard = std::max(known->heard, now_);
    known->in_contact = true;
    out.push_back(member.process);
  }
  for (std::size_t i = 0; !all && i < kOthers; ++i) {
    const NodeInfo& other = view->members[random_.below(view->members.size())];
    if (other.process != self.process) out.push_back(other.process);
  }
  return out;
}

void Membership::Core::beat_round() {
  next_beat_ = now_ + o.interval;
  const bool answers = in_view && view->members.size() > o.beat_to_all_up_to;
  for (const Process& process : contacts()) {
    const Known* known = find(process);
    if (known == nullptr) continue;
    // By the connection, also if it is doubtful: how else would it be known that it is sound again?
    if (known->link)
      send_bytes(*known->link,
                 encode_message(self.process, process, beat_to(*known, answers, true)));
    if (known->via && (!known->link || doubtful(*known)))
      send_through(*known->via, process, beat_to(*known, answers, false));
  }
  late_ms_ = 0;
}

void Membership::Core::heard_from(Known& known) {
  if (known.link_lost && known.heard > known.link_lost_at && known.link) known.link_lost = false;
  if (known.heard <= known.link_lost_at) return;
  known.unreachable = false;
  known.found_gone_by.clear();
  known.proven = false;
}

void Membership::Core::on_message(const Process& from, const message::Beat& beat) {
  Known* known = find(from);
  if (known == nullptr) return;
  if (beat.echo > 0 && beat.echo <= count(now_) + 1) {
    const Instant at{Duration(static_cast<std::int64_t>(beat.echo - 1))};
    known->heard = std::max(known->heard, at);
    if (!arrived_by_) known->heard_direct = std::max(known->heard_direct, at);
    heard_from(*known);
  }
  if (!arrived_by_) known->direct_sent = std::max(known->direct_sent, beat.sent);
  if (beat.sent < known->beat.sent) return;  // Late or doubled.
  known->beat = beat;
  known->beat_at = now_;
  known->skew_ms = static_cast<std::int64_t>(beat.wall_ms) - static_cast<std::int64_t>(wall_.ms);
  epoch_number_ = std::max(epoch_number_, beat.epoch_number);
  if (!clock_.saw(beat.hlc, std::max(wall_.ms, stamp_ms()))) ++stats.hlc_rejected;
  if (beat.answer_me) {  // The way it came.
    if (arrived_by_)
      send_through(*arrived_by_, from, beat_to(*known, false, false));
    else if (known->link)
      send_bytes(*known->link, encode_message(self.process, from, beat_to(*known, false, true)));
  }
  if (!in_view) return;
  const bool member = view->member(from) != nullptr;
  if (holding_clients_ && nothing_was_missed()) holding_clients_ = false;
  if (is_leader()) {
    if (member && beat.leader != self.process && beat.epoch > view->epoch)
      return member_left_for(from, beat);
    if (member && beat.epoch == view->epoch) {
      if (told_[from].has(beat.epoch, beat.n)) release_held();
      compare_items(from, *known);
    }
    if (!member && beat.view_size > 0 && beat.leader != self.process) {
      heard_of(beat.leader, from);
      other_component(beat.leader, beat.epoch, beat.view_size);
    }
    return;
  }
  if (!member && beat.view_size > 0 && beat.leader != view->leader && now_ >= next_rumour_) {
    next_rumour_ = now_ + o.interval;
    send(view->leader, message::Rumour{beat.leader, beat.epoch, beat.view_size});
  }
  // Somebody of this view has a newer one.
  if (beat.epoch > view->epoch && now_ >= next_pull_ &&
      (beat.leader == view->leader || member || dead(view->leader))) {
    next_pull_ = now_ + o.interval;
    heard_of(beat.leader, from);
    if (!send(beat.leader, message::Pull{view->epoch, n}))
      send(from, message::Pull{view->epoch, n});
  }
}

bool Membership::Core::silent(const Known& known) const {
  return now_ - known.heard > dead_after() && now_ >= no_accusing_until_;
}

bool Membership::Core::dead(const Process& process) const {
  if (process == self.process) return false;
  const Known* known = find(process);
  if (known == nullptr) return true;
  return known->proven || known->said_left || known->moved_on || silent(*known);
}

/// Who was not heard for two thirds of the time gets a beat by way of others: it may live, and only
/// the connection to it not.
void Membership::Core::probe(const Process& target, Known& known) {
  if (now_ - known.probed_at < o.interval) return;
  known.probed_at = now_;
  std::vector<Process> helpers;
  for (const NodeInfo& member : view->members) {
    const Known* helper = find(member.process);
    if (member.process == target || helper == nullptr || !helper->link || silent(*helper)) continue;
    helpers.push_back(member.process);
  }
  for (std::size_t i = 0; i < kHelpers && !helpers.empty(); ++i) {
    const std::size_t at = random_.below(helpers.size());
    FLOTILLA_MARK("a silent member is probed by way of another");
    send_through(helpers[at], target, beat_to(known, true, false));
    helpers.erase(helpers.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void Membership::Core::detect() {
  if (!in_view) return;
  // Whoever lost its connection is looked at by all, as the leader needs a second word.
  for (auto& [process, known] : known_)
    if (known.is_looked_for() && now_ - known.link_lost_at > o.redial_limit)
      find_unreachable(process, known);
  bool seniors_only = !is_leader();
  for (const NodeInfo& member : view->members) {
    if (member.process == self.process) {
      if (seniors_only) break;  // Juniors are the leader's business.
      continue;
    }
    Known* known = find(member.process);
    if (known == nullptr) continue;
    // Those that no beats go to are silent all the time.
    const bool expected = is_leader() || known->in_contact;
    if (expected && now_ - known->heard > dead_after() * 2 / 3) probe(member.process, *known);
    if (!dead(member.process)) known->thrown_out = false;
    if (!is_leader() || !dead(member.process) || known->thrown_out) continue;
    known->thrown_out = true;
    if (known->proven)
      FLOTILLA_MARK("a death is proven");
    else
      FLOTILLA_MARK("a death by silence");
    ++(known->proven ? stats.proven_deaths : stats.silent_deaths);
    want_view(known->proven || known->said_left || known->moved_on ? Hurry::Now : Hurry::Quiet,
              name(member.process) + " is gone");
  }
}

/// All connections to it ended, and it takes none: dead, if one more member finds the same.
void Membership::Core::find_unreachable(const Process& process, Known& known) {
  if (known.unreachable) return;
  known.unreachable = true;
  if (!in_view || view->member(process) == nullptr) return;
  known.found_gone_by.insert(self.process);
  const bool all = view->members.size() <= o.beat_to_all_up_to;
  std::size_t told = 0;
  for (const NodeInfo& member : view->members) {
    if (member.process == self.process || member.process == process) continue;
    if (!all && told >= kSeniors && member.process != view->leader) continue;
    if (send(member.process, message::Gone{process})) ++told;
  }
  weigh_findings(process, known);
}

void Membership::Core::on_message(const Process& from, const message::Gone& gone) {
  Known* known = find(gone.who);
  if (known == nullptr || known->link || !in_view || view->member(from) == nullptr) return;
  known->found_gone_by.insert(from);
  weigh_findings(gone.who, *known);
}

void Membership::Core::weigh_findings(const Process& process, Known& known) {
  if (known.false_deaths >= kFalseDeathsMax && now_ - known.false_death_at < kFalseDeathsWithin) {
    FLOTILLA_MARK("no proof against one that was falsely dead too often");
    return;
  }
  if (!known.found_gone_by.contains(self.process)) return;
  const bool second = known.found_gone_by.size() > 1;
  const bool nobody_else = std::ranges::none_of(view->members, [&](const NodeInfo& member) {
    const Known* other = find(member.process);
    return member.process != self.process && member.process != process && other != nullptr &&
           (other->link || !other->unreachable) && !dead(member.process);
  });
  if (!second && nobody_else) FLOTILLA_MARK("a death is proven by one alone");
  if (second || nobody_else) known.proven = true;
}

/// This node stood still. What it did not hear then, nobody is to blame for; and it may itself have
/// been given up by the others.
void Membership::Core::note_pause() {
  no_accusing_until_ = now_ + 2 * o.interval;
  for (auto& [process, known] : known_)
    known.heard = std::max(known.heard, now_ + -(dead_after() / 2));
  if (std::chrono::milliseconds(late_ms_) * 2 <= dead_after() || !in_view) return;
  if (view->members.size() == 1) return;
  FLOTILLA_MARK("clients are held after a pause");
  paused_until_ = now_;
  holding_clients_ = true;
}

Instant Membership::Core::answers_until() const {
  if (holding_clients_) return {};
  const bool alone = !in_view || view->members.size() == 1;
  return alone ? Instant{Duration::max()} : now_ + dead_after() / 2;
}

/// Since it goes on, this node has heard that nobody made a view or rows without it: from its
/// leader, or as leader from everybody. That the leader lives is not enough: it may lead a newer
/// view.
bool Membership::Core::nothing_was_missed() const {
  const auto same_view = [this](const Process& process) {
    const Known* known = find(process);
    return known != nullptr && known->heard >= paused_until_ &&
           known->beat.leader == view->leader && known->beat.epoch == view->epoch &&
           known->beat.n <= n;
  };
  if (!is_leader()) return same_view(view->leader);
  return std::ranges::all_of(view->members, [&](const NodeInfo& member) {
    return member.process == self.process || same_view(member.process);
  });
}

}  // namespace flotilla::cluster
