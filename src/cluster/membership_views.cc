#include <fmt/format.h>

#include <algorithm>

#include "membership_core.h"

namespace flotilla::cluster {

namespace {

constexpr std::size_t kLineageMax = 64;
constexpr Duration kResendLeast = std::chrono::milliseconds(100);
constexpr Duration kResendMost = std::chrono::seconds(1);
constexpr Duration kBetweenQuietViews = std::chrono::milliseconds(500);
constexpr Duration kSlowFor = std::chrono::seconds(10);
constexpr int kSlowMost = 4;
constexpr int kTakeOverTimes = 3;  // Prepare times that a new leader waits for promises.

}  // namespace

// --- When a view is due, and who proposes it.

void Membership::Core::want_view(Hurry hurry, std::string reason) {
  if (!view_first_wanted_) view_first_wanted_ = now_;
  view_reason_ = std::move(reason);
  Instant due = now_;
  if (hurry == Hurry::Quiet)
    due = std::max(std::min(now_ + o.join_window, *view_first_wanted_ + o.join_window_max),
                   last_view_at_ + kBetweenQuietViews);
  const bool hurried = view_due_ && *view_due_ <= now_;
  if (!hurried) view_due_ = hurry == Hurry::Now && view_due_ ? std::min(*view_due_, due) : due;
}

void Membership::Core::view_tick() {
  if (yielded_until_ && now_ >= *yielded_until_) {
    FLOTILLA_MARK("a yield came to nothing");
    yielded_until_.reset();
    std::deque<std::pair<Process, RowAsk>> asks;
    asks.swap(asks_);
    for (const auto& [from, ask] : asks) grant(from, ask);
  }
  if (!is_leader()) return candidate_tick();
  if (proposal_ || yielded_until_ || now_ < no_proposal_until_) return;
  // It promised itself away, and nothing came of it.
  if (promised_ != view->epoch && !view_due_) {
    FLOTILLA_MARK("a promise came to nothing");
    took_too_long();
    want_view(Hurry::Now, "a promise that came to nothing");
  }
  if (waiting_is_over() && !view_due_) want_view(Hurry::Now, "start-wait is over");
  if (view_due_ && now_ >= *view_due_ && !most_went_elsewhere()) propose(false);
}

/// All others seem to be dead. One that leaves then founds nothing by itself: it is more likely
/// that nobody hears it any more, and what it served alone would be lost with it.
bool Membership::Core::forsaken() const {
  return in_view && view->members.size() > 1 &&
         std::ranges::all_of(view->members, [this](const NodeInfo& member) {
           return member.process == self.process || dead(member.process);
         });
}

/// The most senior member that holds all before it for lost, each a little later than the one
/// before, so that two that see it at once do not get into each other's way.
void Membership::Core::candidate_tick() {
  if (proposal_ || now_ < no_proposal_until_) return;
  std::size_t rank = 0;
  bool alone = is_lost_to_us(view->leader);
  for (const NodeInfo& member : view->members) {
    if (member.process == self.process || !alone) break;
    if (member.process == view->leader) continue;
    alone = is_lost_to_us(member.process);
    ++rank;
  }
  if (!alone) {
    candidate_since_.reset();
    return;
  }
  if (!candidate_since_) candidate_since_ = now_;
  if (now_ - *candidate_since_ >= o.interval * static_cast<int>(std::min<std::size_t>(rank, 64)))
    propose(true);
}

void Membership::Core::propose(bool takes_over) {
  if (self.leaving && forsaken()) {
    FLOTILLA_MARK("a forsaken node that leaves proposes nothing");
    return;
  }
  proposal_ = Proposal{};
  Proposal& p = *proposal_;
  p.epoch = fresh_epoch();
  epoch_number_ = p.epoch.number;
  promised_ = p.epoch;
  copies_.promise(promised_);
  promised_to_ = self.process;
  p.started = now_;
  p.takes_over = takes_over;
  p.ends = now_ + prepare_time() * (takes_over ? kTakeOverTimes : 1);
  if (takes_over) FLOTILLA_MARK("another takes the lead over");
  p.yielded.assign(yielded_epochs_.begin(), yielded_epochs_.end());
  p.full = !in_view || !p.yielded.empty() || waiting_is_over();
  if (in_view) {
    for (const NodeInfo& member : view->members) {
      if (member.process == self.process) continue;
      if (dead(member.process))
        p.lost.insert(member.process);
      else
        p.asked.push_back(member.process);
    }
    for (const auto& [process, joiner] : joiners_) {
      if (view->member(process) == nullptr || p.lost.contains(process)) p.asked.push_back(process);
      p.full |= joiner.has_data;
    }
  } else {
    p.asked = orphans_in_sight();
  }
  view_due_.reset();
  view_first_wanted_.reset();
  candidate_since_.reset();
  ++stats.views_proposed;
  p.promises[self.process] = promise_for(prepare_message());
  ask_for_promises();
  if (p.asked.empty()) decide();
}

message::Prepare Membership::Core::prepare_message() const {
  message::Prepare prepare;
  prepare.epoch = proposal_->epoch;
  if (in_view) {
    prepare.base = view->epoch;
    prepare.n = n;
  }
  prepare.full = proposal_->full;
  prepare.lost.assign(proposal_->lost.begin(), proposal_->lost.end());
  prepare.yielded = proposal_->yielded;
  prepare.metadata = items.digest();
  return prepare;
}

void Membership::Core::ask_for_promises() {
  next_prepare_ = now_ + prepare_time() / 3;
  const message::Prepare prepare = prepare_message();
  for (const Process& process : proposal_->asked)
    if (!proposal_->promises.contains(process)) send(process, prepare);
}

/// A member that has not promised yet. The others were not asked about the copies that count
/// without it.
bool Membership::Core::one_asked_has_died() const {
  return in_view && std::ranges::any_of(proposal_->asked, [this](const Process& process) {
           return !proposal_->promises.contains(process) && !proposal_->lost.contains(process) &&
                  view->member(process) != nullptr && dead(process);
         });
}

void Membership::Core::proposal_tick() {
  if (!proposal_) return;
  if (one_asked_has_died()) {
    FLOTILLA_MARK("a member dies while a view is prepared");
    return most_went_elsewhere() ? give_up_proposal() : propose(proposal_->takes_over);
  }
  if (now_ >= proposal_->ends) {
    FLOTILLA_MARK("a view is decided without all promises");
    took_too_long();
    return decide();
  }
  if (now_ >= next_prepare_) ask_for_promises();
}

/// On a slow or busy machine what a promise takes may be longer than the usual time, and no view
/// would ever come about: each that fails gives the next ones more, for a while.
Duration Membership::Core::prepare_time() const {
  return now_ - slow_at_ > kSlowFor ? o.prepare_time : o.prepare_time * (1 << slow_);
}

/// What others leave to a new leader: the time it waits for promises, and for its COMMIT to come. A
/// proposal of theirs meanwhile would take its members away again.
Duration Membership::Core::take_over_time() const { return prepare_time() * (kTakeOverTimes + 2); }

void Membership::Core::took_too_long() {
  if (now_ - slow_at_ > kSlowFor) slow_ = 0;
  slow_ = std::min(slow_ + 1, kSlowMost);
  slow_at_ = now_;
}

void Membership::Core::give_up_proposal() {
  if (!proposal_) return;
  FLOTILLA_MARK("a proposal is given up");
  proposal_.reset();
  no_proposal_until_ = now_ + 2 * prepare_time() +
                       std::chrono::milliseconds(static_cast<std::int64_t>(random_.below(100)));
  if (is_leader()) want_view(Hurry::Now, "the last proposal was refused");
}

// --- The other side: to promise or to refuse.

/// Nobody follows anybody but its leader while that lives: so no two leaders take each other's
/// members for ever, however connections are cut.
bool Membership::Core::follows(const Process& from, const message::Prepare& prepare) const {
  if (!in_view || from == view->leader) return true;
  if (std::ranges::find(prepare.yielded, view->epoch) != prepare.yielded.end()) return true;
  return !is_leader() && is_lost_to_us(view->leader);
}

/// Who looks for the leader itself takes the proposer's word, that it is lost, for the second one
/// against it. To refuse would cost the proposer its proof, and everybody the time after which the
/// leader counts as dead for its silence; to say nothing for long would leave this node out.
bool Membership::Core::takes_word_of(const Process& from, const message::Prepare& prepare) {
  Known* const leader = find(view->leader);
  if (leader != nullptr && leader->is_looked_for() && now_ - leader->via_at > dead_after() &&
      std::ranges::find(prepare.lost, view->leader) != prepare.lost.end()) {
    if (!leader->unreachable) {
      FLOTILLA_MARK("PREPARE unanswered: the leader is being looked for");
      return false;  // For a moment: it comes again.
    }
    leader->found_gone_by.insert(from);
    weigh_findings(view->leader, *leader);
    if (follows(from, prepare)) return true;
  }
  FLOTILLA_MARK("PREPARE refused: the leader is alive");
  send(from, message::Refuse{message::Refuse::Reason::LeaderAlive, prepare.epoch, promised_,
                             view->leader});
  return false;
}

void Membership::Core::on_message(const Process& from, const message::Prepare& prepare) {
  saw_epoch(prepare.epoch);
  if (left_) return;
  if (prepare.epoch < promised_) {
    FLOTILLA_MARK("PREPARE refused: promised to a higher one");
    return void(send(from, message::Refuse{message::Refuse::Reason::Promised, prepare.epoch,
                                           promised_, view ? view->leader : Process{}}));
  }
  if (!follows(from, prepare) && !takes_word_of(from, prepare)) return;
  promised_ = prepare.epoch;
  copies_.promise(promised_);
  promised_to_ = from;
  if (proposal_) give_up_proposal();
  const bool taken_over = in_view && from != view->leader;
  no_proposal_until_ = now_ + (taken_over ? take_over_time() : 2 * prepare_time()) +
                       std::chrono::milliseconds(static_cast<std::int64_t>(random_.below(100)));
  send(from, promise_for(prepare));
}

message::Promise Membership::Core::promise_for(const message::Prepare& prepare) const {
  message::Promise promise;
  promise.epoch = prepare.epoch;
  if (view) {
    promise.installed = view->epoch;
    promise.n = n;
    promise.excluded = !in_view;
    promise.lineage = lineage_;
    if (view->epoch != prepare.base) promise.away = view->away;
  } else {
    promise.away = restored_away_;
  }
  promise.node = self;
  promise.metadata = items.digest();
  if (promise.metadata != prepare.metadata) promise.items = items.items();
  promise.wall_ms = wall_.ms;
  promise.epoch_number = epoch_number_;
  const bool same_base = in_view && view->epoch == prepare.base;
  if (view && in_view)
    for (const NamespaceRows& ns : view->namespaces)
      for (std::size_t p = 0; p < ns.rows.size(); ++p) {
        const RowVersion& version = ns.rows[p].version;
        // What the proposer has not: all, unless it is at the same view.
        if (same_base ? version > RowVersion{prepare.base, prepare.n} : true)
          promise.rows.push_back({namespace_tag(ns.name),
                                  wire::PartitionId(static_cast<std::uint16_t>(p)), ns.rows[p]});
      }
  report_copies(prepare, prepare.full || !same_base, promise);
  return promise;
}

/// All copies; or, if the proposer knows the rows, those of partitions whose primary is lost, and
/// those that know a newer row than their leader told (from a GRANT).
void Membership::Core::report_copies(const message::Prepare& prepare, bool full,
                                     message::Promise& out) const {
  const std::set<Process> lost(prepare.lost.begin(), prepare.lost.end());
  for (const NodeInfo::NamespaceInfo& ns : self.namespaces) {
    const std::uint32_t tag = namespace_tag(ns.name);
    const NamespaceRows* rows = nullptr;
    if (view)
      for (const NamespaceRows& each : view->namespaces)
        if (each.name == ns.name) rows = &each;
    for (std::size_t p = 0; p < o.partitions; ++p) {
      const wire::PartitionId partition(static_cast<std::uint16_t>(p));
      const Row* row = rows != nullptr && p < rows->rows.size() ? &rows->rows[p] : nullptr;
      if (!full && row != nullptr &&
          std::ranges::find(row->in_sync, self.process) == row->in_sync.end() &&
          !lost.contains(row->primary))
        continue;
      CopyReport copy = copies_.report(tag, partition);
      const bool newer = row != nullptr && copy.row.version > row->version;
      const bool wanted = full ? !copy.history.empty() || copy.row.version != RowVersion{}
                               : newer || row == nullptr || lost.contains(row->primary);
      if (wanted) out.copies.push_back({tag, partition, std::move(copy)});
    }
  }
}

// --- Answers.

void Membership::Core::on_message(const Process& from, const message::Promise& promise) {
  epoch_number_ = std::max(epoch_number_, promise.epoch_number);
  if (!proposal_ || promise.epoch != proposal_->epoch) return;
  if (std::ranges::find(proposal_->asked, from) == proposal_->asked.end()) return;
  if (promise.node.process != from) return;
  know(promise.node);
  proposal_->promises[from] = promise;
  const bool all = std::ranges::all_of(proposal_->asked, [&](const Process& process) {
    return proposal_->promises.contains(process);
  });
  if (all) decide();
}

void Membership::Core::on_message(const Process& from, const message::Refuse& refuse) {
  saw_epoch(refuse.promised);
  if (proposal_ && refuse.epoch == proposal_->epoch) {
    if (in_view && view->member(from) == nullptr) {  // A joiner that has found another leader.
      FLOTILLA_MARK("a joiner has found another leader");
      joiners_.erase(from);
      std::erase(proposal_->asked, from);
      return;
    }
    if (refuse.reason == message::Refuse::Reason::LeaderAlive && in_view &&
        refuse.leader == view->leader) {
      if (Known* leader = find(view->leader)) {  // It lives, seen from there.
        FLOTILLA_MARK("the leader is alive, seen from another");
        leader->via = from;
        leader->via_at = now_;
        leader->heard = std::max(leader->heard, now_ + -(dead_after() / 2));
        leader->proven = false;
        leader->found_gone_by.clear();
      }
    }
    // Asked again and again it would block every view. A leader waits for its beat instead, which
    // says whether most went there.
    const bool elsewhere = refuse.reason == message::Refuse::Reason::LeaderAlive && in_view &&
                           refuse.leader != view->leader && refuse.leader != self.process;
    if (Known* member = find(from); member != nullptr && elsewhere && proposal_->takes_over) {
      FLOTILLA_MARK("a member that is asked has another leader");
      member->moved_on = true;
    }
    return give_up_proposal();
  }
  // A member can take no rows of this view: it has promised a higher one, or comes from another.
  const bool unrelated = refuse.reason == message::Refuse::Reason::Unrelated;
  if (is_leader() && refuse.epoch == view->epoch && (refuse.promised > promised_ || unrelated) &&
      !view_due_) {
    want_view(Hurry::Quiet, "a member has promised itself to another");
    view_due_ = now_ + 2 * prepare_time();
  }
}

void Membership::Core::decide() {
  std::uint32_t next_n = 0;
  merge_promised_items();
  View next = compute(next_n);
  std::map<Process, Told> told;
  for (const auto& [process, promise] : proposal_->promises)
    if (process != self.process && !promise.excluded)
      told[process] = {promise.installed, promise.n, promise.n, now_, Duration(0)};
  // What a view that yielded comes from is told too: members that missed it learn that it is over.
  std::vector<Epoch> past;
  const auto comes_from = [&](const std::vector<Epoch>& older, const Epoch& newest) {
    for (const Epoch& epoch : older)
      if (std::ranges::find(past, epoch) == past.end()) past.push_back(epoch);
    std::erase(past, newest);
    past.push_back(newest);
  };
  for (const Epoch& epoch : proposal_->yielded)
    for (const auto& [process, promise] : proposal_->promises)
      if (promise.installed == epoch) comes_from(promise.lineage, epoch);
  if (in_view) comes_from(lineage_, view->epoch);
  const std::set<Process> lost = proposal_->lost;
  heard_.clear();
  for (const auto& [process, promise] : proposal_->promises) heard_.insert(process);
  proposal_.reset();
  base_members_ = in_view ? view->members : std::vector<NodeInfo>{};
  joiners_.clear();
  yielded_epochs_.clear();
  told_ = std::move(told);
  install(std::move(next), next_n, past);
  for (const NodeInfo& member : view->members)
    if (member.process != self.process) send_view(member.process);
  // Who was thrown out may live: it hears at once where its partitions are now.
  for (const Process& process : lost)
    if (const Known* known = find(process); known != nullptr && known->link) send_view(process);
  std::deque<std::pair<Process, RowAsk>> asks;
  asks.swap(asks_);
  for (const auto& [from, ask] : asks) grant(from, ask);
}

// --- Installing.

bool Membership::Core::in_lineage(const Epoch& epoch) const {
  return (view && view->epoch == epoch) || std::ranges::find(lineage_, epoch) != lineage_.end();
}

void Membership::Core::install(View next, std::uint32_t next_n, const std::vector<Epoch>& past) {
  const std::optional<View> before = std::exchange(view, std::move(next));
  const bool led = before && before->leader == self.process && in_view;
  in_view = true;
  // A node that was alone knew no better clock than its own.
  if (view->members.size() > 1 && (!before || before->members.size() == 1))
    stamps_ahead_ = std::numeric_limits<std::int64_t>::min() / 2;
  n = next_n;
  lineage_.assign(past.end() - static_cast<std::ptrdiff_t>(std::min(past.size(), kLineageMax)),
                  past.end());
  promised_ = std::max(promised_, view->epoch);
  promised_to_ = view->leader;
  saw_epoch(view->epoch);
  ++stats.views_installed;
  last_view_at_ = now_;
  log(false, fmt::format("view {}.{:x} of {}, led by {}{}{}", view->epoch.number,
                         view->epoch.tag >> 48, view->members.size(), name(view->leader),
                         view_reason_.empty() ? "" : ": ", view_reason_));
  view_reason_.clear();
  after_install();
  act(ViewChanged{});
  if (!is_leader() && led) moving_.clear();
  give_rows(before ? &*before : nullptr);
}

void Membership::Core::after_install() {
  excluded_since_.reset();
  yielded_until_.reset();
  candidate_since_.reset();
  seen_orphans_.clear();
  held_why_.clear();
  join_backoff_ = Duration(0);
  if (!is_leader()) {
    view_due_.reset();
    view_first_wanted_.reset();
    joiners_.clear();
    yielded_epochs_.clear();
  }
  look_at_all_rows();
  view_changed_since_persist_ = true;
  holding_clients_ = false;
  for (auto& [process, known] : known_) known.in_contact = false;
  for (const NodeInfo& member : view->members) {
    if (member.process == self.process) continue;
    Known& known = know(member);
    known.moved_on = known.said_left = false;
    known.heard = std::max(known.heard, now_ + -(dead_after() / 2));
  }
  stats.waiting_partitions = 0;
  for (const NamespaceRows& ns : view->namespaces)
    stats.waiting_partitions += static_cast<std::uint64_t>(
        std::ranges::count_if(ns.rows, [](const Row& row) { return row.has(Row::kWaiting); }));
  if (stats.waiting_partitions == 0) waiting_since_.reset();
  if (waiting_is_over()) waiting_since_ = now_;  // Nobody there to take them: looked at again then.
}

/// The copies get the rows that are new, except what is not in force.
void Membership::Core::give_rows(const View* before) {
  static const Row none;
  std::vector<std::tuple<std::uint32_t, wire::PartitionId, Row>> rows;
  std::map<PartitionKey, Row> held;
  for (const NamespaceRows& ns : view->namespaces) {
    const std::uint32_t tag = namespace_tag(ns.name);
    const NamespaceRows* old = nullptr;
    if (before != nullptr)
      for (const NamespaceRows& each : before->namespaces)
        if (each.name == ns.name) old = &each;
    for (std::size_t p = 0; p < ns.rows.size(); ++p) {
      const PartitionKey key{tag, static_cast<std::uint16_t>(p)};
      const auto was_held = held_.find(key);
      const Row& given = was_held != held_.end()                  ? was_held->second
                         : old != nullptr && p < old->rows.size() ? old->rows[p]
                                                                  : none;
      if (given.version == ns.rows[p].version) continue;
      if (must_hold(given, ns.rows[p])) {
        FLOTILLA_MARK("a row of a view is held until in force");
        held.emplace(key, given);
      } else
        rows.emplace_back(tag, wire::PartitionId(key.second), ns.rows[p]);
    }
  }
  held_ = std::move(held);
  give(std::move(rows));
}

void Membership::Core::give(std::vector<std::tuple<std::uint32_t, wire::PartitionId, Row>> rows) {
  if (!rows.empty()) act(InstallRows{std::move(rows)});
}

message::Commit Membership::Core::commit_for(const Process& member) const {
  message::Commit commit;
  commit.epoch = view->epoch;
  commit.base = view->base;
  commit.leader = view->leader;
  commit.n = n;
  commit.away = view->away;
  commit.clock_offset_ms = view->clock_offset_ms;
  commit.lineage = lineage_;
  commit.heard = heard_.contains(member);
  const auto told = told_.find(member);
  commit.whole = told == told_.end() || told->second.epoch != view->base || view->base == Epoch{} ||
                 base_members_.empty();
  for (const NodeInfo& old : base_members_)
    if (!commit.whole && view->member(old.process) == nullptr) commit.gone.push_back(old.process);
  for (const NodeInfo& each : view->members) {
    const auto old = std::ranges::find(base_members_, each.process, &NodeInfo::process);
    if (commit.whole || old == base_members_.end() || *old != each) commit.members.push_back(each);
  }
  for (const NamespaceRows& ns : view->namespaces) {
    commit.spaces.push_back({ns.name, ns.replication_factor});
    for (std::size_t p = 0; p < ns.rows.size(); ++p)
      if (commit.whole || ns.rows[p].version.epoch == view->epoch ||
          ns.rows[p].version > RowVersion{view->base, told->second.n})
        commit.rows.push_back(
            {namespace_tag(ns.name), wire::PartitionId(static_cast<std::uint16_t>(p)), ns.rows[p]});
  }
  commit.items = items.items();
  return commit;
}

void Membership::Core::send_view(const Process& member) {
  message::Commit commit = commit_for(member);
  if (const auto at = told_.find(member); at != told_.end()) {
    at->second.backoff = std::clamp(at->second.backoff * 2, kResendLeast, kResendMost);
    at->second.next = now_ + at->second.backoff;
  } else if (view->member(member) != nullptr) {
    told_[member] = {{}, 0, 0, now_ + kResendLeast, kResendLeast};
  }
  send(member, commit);
}

bool Membership::Core::assemble(const message::Commit& commit, View& out) const {
  if (!commit.whole && !(in_view && view->epoch == commit.base)) return false;
  if (!commit.whole) out = *view;
  out.epoch = commit.epoch;
  out.base = commit.base;
  out.leader = commit.leader;
  out.away = commit.away;
  out.clock_offset_ms = commit.clock_offset_ms;
  for (const Process& process : commit.gone)
    std::erase_if(out.members, [&](const NodeInfo& m) { return m.process == process; });
  for (const NodeInfo& info : commit.members) {
    const auto at = std::ranges::find(out.members, info.process, &NodeInfo::process);
    if (at == out.members.end())
      out.members.push_back(info);
    else
      *at = info;
  }
  std::vector<NamespaceRows> old = std::exchange(out.namespaces, {});
  for (const message::Commit::Space& space : commit.spaces) {
    const auto at = std::ranges::find(old, space.name, &NamespaceRows::name);
    NamespaceRows& rows = out.namespaces.emplace_back();
    if (at != old.end()) rows = std::move(*at);
    rows.name = space.name;
    rows.replication_factor = space.replication_factor;
    rows.rows.resize(o.partitions);
  }
  for (const PartitionRow& row : commit.rows)
    for (NamespaceRows& ns : out.namespaces)
      if (namespace_tag(ns.name) == row.ns && row.partition.raw() < ns.rows.size())
        ns.rows[row.partition.raw()] = row.row;
  return true;
}

void Membership::Core::on_message(const Process& from, const message::Commit& commit) {
  saw_epoch(commit.epoch);
  if (left_ || from != commit.leader || commit.spaces.size() > 1024) return;
  if (in_view && view->epoch == commit.epoch)
    return void(send(from, message::Installed{view->epoch, n}));
  if (commit.epoch < promised_) {
    FLOTILLA_MARK("COMMIT refused: promised to a higher one");
    return void(send(from, message::Refuse{message::Refuse::Reason::Promised, commit.epoch,
                                           promised_, view ? view->leader : Process{}}));
  }
  // A base is named only to who promised by it, and whoever promised installs nothing in between:
  // else it is no COMMIT of ours.
  View next;
  if (!assemble(commit, next)) return;
  if (next.member(self.process) == nullptr) {
    const bool of_ours =
        view && std::ranges::find(commit.lineage, view->epoch) != commit.lineage.end();
    if (in_view && (of_ours || left_behind()))
      excluded_by(std::move(next), commit.n, commit.lineage);
    return;
  }
  // Only a view that was promised, or one of the leader that this node follows.
  if (commit.epoch != promised_ && !(in_view && view->leader == commit.leader)) {
    FLOTILLA_MARK("COMMIT of a view that was not promised");
    return;
  }
  // Computed without this node's word, and it has installed or lost another view since.
  const bool of_ours =
      in_view && std::ranges::find(commit.lineage, view->epoch) != commit.lineage.end();
  if (!commit.heard && !of_ours) {
    FLOTILLA_MARK("COMMIT of a view that does not come from the member's");
    return void(send(from, message::Refuse{message::Refuse::Reason::Unrelated, commit.epoch,
                                           promised_, view ? view->leader : Process{}}));
  }
  if (proposal_) give_up_proposal();
  take_items(commit.items);
  base_members_.clear();
  told_.clear();
  install(std::move(next), commit.n, commit.lineage);
  send(from, message::Installed{view->epoch, n});
}

/// By its last beat it is in no view, or in one of another leader.
bool Membership::Core::is_elsewhere(const Process& member) const {
  const Known* const known = find(member);
  return known != nullptr && known->beat_at > last_view_at_ && known->beat.leader != view->leader;
}

/// Dead, or not of this view any more.
bool Membership::Core::is_lost_to_us(const Process& member) const {
  return dead(member) || is_elsewhere(member);
}

/// Every other member, the leader too, is dead, in no view, or in a newer one: nobody is left to
/// make a view with.
bool Membership::Core::left_behind() const {
  if (!in_view || is_leader()) return false;
  return std::ranges::all_of(view->members, [this](const NodeInfo& member) {
    if (member.process == self.process || dead(member.process)) return true;
    const message::Beat& beat = find(member.process)->beat;
    return is_elsewhere(member.process) && (beat.view_size == 0 || beat.epoch > view->epoch);
  });
}

/// The others went on without this node: it knows now who serves its partitions, and asks to be let
/// in again.
void Membership::Core::excluded_by(View next, std::uint32_t next_n,
                                   const std::vector<Epoch>& past) {
  const std::optional<View> before = std::exchange(view, std::move(next));
  FLOTILLA_MARK("excluded by a view");
  if (proposal_) proposal_.reset();
  in_view = false;
  promised_ = std::max(promised_, view->epoch);  // What it may still have promised is over.
  n = next_n;
  lineage_ = past;
  excluded_since_ = orphan_since_ = now_;
  next_join_ = now_;
  join_backoff_ = Duration(0);
  yielded_until_.reset();
  view_due_.reset();
  moving_.clear();
  asks_.clear();
  joiners_.clear();
  yielded_epochs_.clear();
  log(true, fmt::format("view {} of {} is without this node; it asks to be let in again",
                        view->epoch.number, view->members.size()));
  act(ViewChanged{});
  give_rows(before ? &*before : nullptr);
}

void Membership::Core::on_message(const Process& from, const message::Installed& installed) {
  if (!is_leader() || installed.epoch != view->epoch || view->member(from) == nullptr) return;
  Told& told = told_[from];
  if (told.has(installed.epoch, installed.n)) told.backoff = Duration(0);
  release_held();
}

void Membership::Core::on_message(const Process& from, const message::Pull& pull) {
  if (!is_leader() || now_ == Instant{}) return;
  if (view->member(from) != nullptr && pull.epoch == view->epoch) {
    Told& told = told_[from];
    told.epoch = pull.epoch;
    told.n = told.sent = pull.n;
    told.next = now_;
    return;
  }
  if (auto at = told_.find(from); at != told_.end()) at->second.epoch = {};  // Whole.
  send_view(from);
}

/// Views and rows that members have not confirmed, again.
void Membership::Core::resend_tick() {
  if (!is_leader()) return;
  for (const NodeInfo& member : view->members) {
    if (member.process == self.process) continue;
    Told& told = told_[member.process];
    if (now_ < told.next) continue;
    if (told.epoch != view->epoch) {
      if (!dead(member.process)) send_view(member.process);
    } else if (told.n < n && !rows_due_) {
      rows_due_ = now_;
    }
  }
}

}  // namespace flotilla::cluster
