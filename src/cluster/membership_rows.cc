#include <fmt/format.h>

#include <algorithm>

#include "membership_core.h"

namespace flotilla::cluster {

namespace {

constexpr std::size_t kAsksMax = 64 << 10;
constexpr Duration kMovesEvery = std::chrono::milliseconds(20);
constexpr Duration kDutiesEvery = std::chrono::milliseconds(50);
// A change of primaries brings thousands of changes that hurry, one after the other.
constexpr Duration kRowsApart = std::chrono::milliseconds(5);
constexpr Duration kRowsBackoffLeast = std::chrono::milliseconds(100);
constexpr Duration kRowsBackoffMost = std::chrono::seconds(1);

bool contains(const std::vector<Process>& list, const Process& process) {
  return std::ranges::find(list, process) != list.end();
}

}  // namespace

Row* Membership::Core::row_of(std::uint32_t ns, wire::PartitionId partition) {
  if (!view) return nullptr;
  for (NamespaceRows& rows : view->namespaces)
    if (namespace_tag(rows.name) == ns && partition.raw() < rows.rows.size())
      return &rows.rows[partition.raw()];
  return nullptr;
}

const NodeInfo* Membership::Core::member_of(const Uuid& node) const {
  const auto at = std::ranges::find_if(
      view->members, [&](const NodeInfo& member) { return member.process.node == node; });
  return at == view->members.end() ? nullptr : &*at;
}

// --- What copies ask.

void Membership::Core::on(const Asked& event) {
  const RowAsk& ask = event.ask;
  if (ask.kind == RowAsk::Kind::Moved) moved_[{ask.ns, ask.partition.raw()}] = ask;
  carry_ask(ask);
}

void Membership::Core::carry_ask(const RowAsk& ask) {
  if (!in_view) return;
  if (is_leader()) return grant(self.process, ask);
  send(view->leader,
       message::Ask{ask.kind, ask.ns, ask.partition, ask.expected, ask.who, ask.moved});
}

/// Other asks are repeated by the copies. A hand-over is done, and the leader must come to know.
void Membership::Core::repeat_moved() {
  if (moved_.empty() || now_ < next_moved_) return;
  next_moved_ = now_ + o.interval;
  std::erase_if(moved_, [&](const auto& each) {
    const Row* row = row_of(each.first.first, wire::PartitionId(each.first.second));
    return row == nullptr || !each.second.moved || row->version > each.second.moved->version;
  });
  const auto again = moved_;
  for (const auto& [key, ask] : again) carry_ask(ask);
}

void Membership::Core::on_message(const Process& from, const message::Ask& ask) {
  if (!is_leader() || view->member(from) == nullptr) return;
  if (ask.kind > RowAsk::Kind::Merged) return;
  grant(from, {ask.kind, ask.ns, ask.partition, ask.expected, ask.who, ask.moved});
}

/// One writer of rows, and each change against the row that the asker knew: so two wishes cannot
/// cross. What is not granted is asked again by the copy, or not wished any more.
void Membership::Core::grant(const Process& from, const RowAsk& ask) {
  if (!is_leader()) return;
  if (!may_grant()) {
    FLOTILLA_MARK("an ask waits while nothing is granted");
    if (asks_.size() < kAsksMax) asks_.emplace_back(from, ask);
    return;
  }
  const Row* now = row_of(ask.ns, ask.partition);
  if (now == nullptr || view->member(ask.who) == nullptr) return;
  // A hand-over is newer than the row that it was made from, and older than any change since.
  if (ask.kind != RowAsk::Kind::Moved && now->version != ask.expected) {
    FLOTILLA_MARK("an ask under an older row");
    return;
  }
  Row row = *now;
  const bool of_primary = from == row.primary;
  const PartitionKey key{ask.ns, ask.partition.raw()};
  if (ask.kind != RowAsk::Kind::Moved)
    if (const auto moving = moving_.find(key);
        moving != moving_.end() && now_ - moving->second.at < o.move_limit) {
      FLOTILLA_MARK("an ask while a MOVE is open");
      return;
    }
  switch (ask.kind) {
    case RowAsk::Kind::Drop:
      if (!(of_primary || from == ask.who) || ask.who == row.primary) return;
      if (std::erase(row.in_sync, ask.who) == 0) return;
      break;
    case RowAsk::Kind::Add: {
      if (!of_primary || contains(row.in_sync, ask.who)) return;
      row.in_sync.push_back(ask.who);
      const auto rank = [&](const Process& process) {
        return std::ranges::find(row.targets, process.node) - row.targets.begin();
      };
      std::ranges::stable_sort(row.in_sync.begin() + 1, row.in_sync.end(), {}, rank);
      break;
    }
    case RowAsk::Kind::Moved: {
      if (from != ask.who || !ask.moved || ask.moved->primary != ask.who) return;
      if (!contains(row.in_sync, ask.who) || ask.moved->version <= row.version) return;
      row.term = ask.moved->term;
      row.primary = ask.who;
      std::erase(row.in_sync, ask.who);
      row.in_sync.insert(row.in_sync.begin(), ask.who);
      moving_.erase(key);
      moved_at_ = now_;
      break;
    }
    case RowAsk::Kind::Merged:
      if (!of_primary || !row.has(Row::kMerging)) return;
      row.flags &= static_cast<std::uint8_t>(~Row::kMerging);
      break;
  }
  change_row(ask.ns, ask.partition, std::move(row),
             ask.kind == RowAsk::Kind::Drop || ask.kind == RowAsk::Kind::Moved);
}

// --- Changing a row.

/// A primary counts a shrink of its in-sync set only when another member has the row too, else one
/// more crash brings back the belief that who was dropped is complete. If the leader is not the
/// primary, it is that other member itself.
bool Membership::Core::must_hold(const Row& given, const Row& row) const {
  if (!is_leader() || row.primary != self.process || view->members.size() == 1) return false;
  return std::ranges::any_of(given.in_sync,
                             [&](const Process& p) { return !contains(row.in_sync, p); });
}

void Membership::Core::change_row(std::uint32_t ns, wire::PartitionId partition, Row row,
                                  bool urgent) {
  Row& now = *row_of(ns, partition);
  const PartitionKey key{ns, partition.raw()};
  row.version = {view->epoch, ++n};
  // An old MOVE of this row may have been carried out: a new term tells what came after.
  if (moving_.erase(key) != 0) {
    FLOTILLA_MARK("a row changes under an old MOVE: new term");
    row.term = row.version;
  }
  const auto held = held_.find(key);
  const Row given = held != held_.end() ? held->second : now;
  now = row;
  ++stats.rows_changed;
  unsettled_.insert(key);
  view_changed_since_persist_ = true;
  const Instant due = urgent ? std::max(now_, rows_flushed_ + kRowsApart) : now_ + o.rows_delay;
  rows_due_ = rows_due_ ? std::min(*rows_due_, due) : due;
  if (must_hold(given, row)) {
    FLOTILLA_MARK("a shrunk row is held until in force");
    held_.try_emplace(key, given);
  } else {
    held_.erase(key);
    give({{ns, partition, std::move(row)}});
  }
}

void Membership::Core::release_held() {
  if (held_.empty() || !is_leader()) return;
  // The newest that any other member has.
  std::optional<std::uint32_t> most;
  for (const NodeInfo& member : view->members) {
    const auto told = told_.find(member.process);
    if (member.process != self.process && told != told_.end() && told->second.epoch == view->epoch)
      most = std::max(most.value_or(0), told->second.n);
  }
  if (!most) return;
  std::vector<std::tuple<std::uint32_t, wire::PartitionId, Row>> rows;
  for (auto it = held_.begin(); it != held_.end();) {
    const wire::PartitionId partition(it->first.second);
    const Row* row = row_of(it->first.first, partition);
    const bool in_force =
        row == nullptr || row->version.epoch != view->epoch || row->version.n <= *most;
    if (in_force && row != nullptr) rows.emplace_back(it->first.first, partition, *row);
    it = in_force ? held_.erase(it) : std::next(it);
  }
  give(std::move(rows));
}

bool Membership::Core::Told::has(const Epoch& installed, std::uint32_t up_to) {
  if (epoch == installed && n >= up_to) return false;
  sent = epoch == installed ? std::max(sent, up_to) : up_to;
  epoch = installed;
  n = up_to;
  return true;
}

message::Rows Membership::Core::rows_since(std::uint32_t from) const {
  message::Rows rows{view->epoch, from, n, {}};
  for (const NamespaceRows& ns : view->namespaces)
    for (std::size_t p = 0; p < ns.rows.size(); ++p)
      if (ns.rows[p].version > RowVersion{view->epoch, from})
        rows.rows.push_back(
            {namespace_tag(ns.name), wire::PartitionId(static_cast<std::uint16_t>(p)), ns.rows[p]});
  return rows;
}

/// Sends each member what it lacks. Members that lack the same get the same.
void Membership::Core::flush_rows() {
  if (!rows_due_ || now_ < *rows_due_) return;
  rows_due_.reset();
  rows_flushed_ = now_;
  if (!is_leader()) return;
  std::map<std::uint32_t, message::Rows> made;
  for (const NodeInfo& member : view->members) {
    const auto found = told_.find(member.process);
    if (found == told_.end() || found->second.epoch != view->epoch) continue;
    Told& told = found->second;
    if (now_ >= told.next) told.sent = told.n;
    if (told.sent >= n) continue;
    if (told.sent == told.n) {
      told.backoff = std::clamp(told.backoff * 2, kRowsBackoffLeast, kRowsBackoffMost);
      told.next = now_ + told.backoff;
    }
    const auto at = made.find(told.sent);
    send(member.process, at != made.end()
                             ? at->second
                             : made.emplace(told.sent, rows_since(told.sent)).first->second);
    told.sent = n;
  }
}

void Membership::Core::on_message(const Process& from, const message::Rows& rows) {
  if (!in_view || from != view->leader || rows.epoch != view->epoch || is_leader()) return;
  if (promised_ > view->epoch) {  // To a higher view: nothing of this one counts any more.
    FLOTILLA_MARK("ROWS refused: promised to a higher view");
    return void(send(from, message::Refuse{message::Refuse::Reason::Promised, rows.epoch, promised_,
                                           view->leader}));
  }
  if (rows.from > n) {
    FLOTILLA_MARK("ROWS with a gap before them");
    return void(send(from, message::Pull{view->epoch, n}));
  }
  if (rows.to > n) {
    std::vector<std::tuple<std::uint32_t, wire::PartitionId, Row>> fresh;
    for (const PartitionRow& each : rows.rows) {
      Row* row = row_of(each.ns, each.partition);
      if (row == nullptr || each.row.version <= row->version) continue;
      *row = each.row;
      fresh.emplace_back(each.ns, each.partition, each.row);
    }
    n = rows.to;
    view_changed_since_persist_ = true;
    give(std::move(fresh));
  }
  send(from, message::Installed{view->epoch, n});
}

// --- Towards the targets.

/// Who should be primary instead, and can be: in sync. A quiesced one takes only what another that
/// should not serve either has to give.
std::optional<Process> Membership::Core::mover_target(const Row& row) const {
  const NodeInfo* primary = view->member(row.primary);
  if (primary == nullptr || row.has(Row::kWaiting) || row.has(Row::kMerging)) return {};
  const bool should_serve = !primary->leaving && !primary->quiesced;
  const auto can = [&](const Process& process, bool even_quiesced) {
    const NodeInfo* node = view->member(process);
    return node != nullptr && process != row.primary && !node->leaving &&
           (!node->quiesced || even_quiesced) && contains(row.in_sync, process) && !dead(process);
  };
  if (!row.targets.empty())
    if (const NodeInfo* first = member_of(row.targets[0]);
        first != nullptr && can(first->process, !should_serve))
      return first->process;
  if (should_serve) return {};
  for (const bool even_quiesced : {false, primary->leaving}) {
    for (const Uuid& target : row.targets)
      if (const NodeInfo* node = member_of(target);
          node != nullptr && can(node->process, even_quiesced))
        return node->process;
    for (const Process& process : row.in_sync)
      if (can(process, even_quiesced)) return process;
  }
  return {};
}

/// All targets are in sync: copies elsewhere have done their duty, once clients look for nothing
/// there any more. True: not yet.
bool Membership::Core::trim(std::uint32_t ns, wire::PartitionId partition, const Row& row) {
  if (row.targets.empty() || row.primary.node != row.targets[0] || row.has(Row::kMerging))
    return false;
  const auto is_target = [&](const Process& process) {
    return std::ranges::find(row.targets, process.node) != row.targets.end();
  };
  const auto there = static_cast<std::size_t>(std::ranges::count_if(row.in_sync, is_target));
  if (there < row.targets.size() || there == row.in_sync.size()) return false;
  if (now_ < moved_at_ + o.clients_follow) return true;
  FLOTILLA_MARK("copies where none belongs are trimmed");
  Row less = row;
  std::erase_if(less.in_sync, [&](const Process& process) { return !is_target(process); });
  change_row(ns, partition, std::move(less), false);
  return false;
}

void Membership::Core::look_at_all_rows() {
  unsettled_.clear();
  if (!is_leader()) return;
  for (const NamespaceRows& ns : view->namespaces)
    for (std::size_t p = 0; p < ns.rows.size(); ++p)
      unsettled_.insert({namespace_tag(ns.name), static_cast<std::uint16_t>(p)});
}

/// Nothing to do until the row changes. `to`: who should get the lead, if anybody.
bool Membership::Core::is_settled(const PartitionKey& key, std::optional<Process>& to) {
  const wire::PartitionId partition(key.second);
  const Row* const row = row_of(key.first, partition);
  if (row == nullptr) return true;
  const auto moving = moving_.find(key);
  if (moving != moving_.end() && now_ - moving->second.at < o.move_limit) return false;
  to = mover_target(*row);
  if (to) return false;
  // Who is taken for dead is heard again or will be gone from the view.
  const bool waits = std::ranges::any_of(row->in_sync, [&](const Process& p) { return dead(p); });
  return !trim(key.first, partition, *row) && !waits;
}

void Membership::Core::issue_moves() {
  if (!may_grant() || unsettled_.empty() || now_ < next_moves_) return;
  next_moves_ = now_ + kMovesEvery;
  std::optional<std::uint32_t> shared;  // One term for all of them: each new one costs a write.
  std::map<Process, message::Move> moves;
  const auto looked_at = std::exchange(unsettled_, {});
  for (const PartitionKey& key : looked_at) {
    std::optional<Process> to;
    if (is_settled(key, to)) continue;
    unsettled_.insert(key);
    if (!to) continue;
    const Row& now = *row_of(key.first, wire::PartitionId(key.second));
    Row row = now;
    if (!shared) shared = ++n;
    row.version = row.term = {view->epoch, *shared};
    row.primary = *to;
    std::erase(row.in_sync, *to);
    row.in_sync.insert(row.in_sync.begin(), *to);
    moves[now.primary].rows.push_back({key.first, wire::PartitionId(key.second), row});
    moving_[key] = {row, now.version, now_};
  }
  if (!moves.empty()) {
    rows_due_ = now_;  // A primary moves only to whom its own row calls in sync.
    flush_rows();
  }
  for (const auto& [primary, move] : moves) {
    if (primary == self.process)
      on_message(self.process, move);
    else
      send(primary, move);
  }
}

void Membership::Core::on_message(const Process& from, const message::Move& move) {
  if (!in_view || from != view->leader || promised_ > view->epoch) return;
  for (const PartitionRow& each : move.rows) {
    const Row* row = row_of(each.ns, each.partition);
    if (row == nullptr || row->primary != self.process || each.row.version.epoch != view->epoch)
      continue;
    act(MoveRow{each.ns, each.partition, each.row});
  }
}

// --- Quiesced, leaving, described anew.

void Membership::Core::on(const Quiesce& event) {
  self.quiesced = event.on;
  describe_self();
}

void Membership::Core::on(const Describe& event) {
  const NodeInfo old = self;
  self = event.self;
  self.process = old.process;
  self.quiesced = old.quiesced;
  self.leaving = old.leaving;
  describe_self();
}

void Membership::Core::on(const Leave&) {
  if (self.leaving) return;
  self.leaving = true;
  leave_asked_ = now_;
  describe_self();
}

void Membership::Core::on(const Part&) {
  if (!self.leaving) on(Leave{});
  part_ = true;
}

void Membership::Core::on(const Recluster&) {
  if (!in_view) return;
  if (is_leader()) return want_view(Hurry::Now, "recluster");
  send(view->leader, message::Recluster{});
}

void Membership::Core::on_message(const Process& from, const message::Recluster&) {
  if (is_leader() && view->member(from) != nullptr) want_view(Hurry::Now, "recluster");
}

void Membership::Core::describe_self() {
  next_describe_ = now_ + o.interval;
  if (!in_view) return;
  if (is_leader())
    want_view(Hurry::Now, self.leaving ? "the leader leaves" : "the leader has changed");
  else
    send(view->leader, message::Describe{self, part_});
}

void Membership::Core::on_message(const Process& from, const message::Describe& describe) {
  if (!is_leader() || describe.node.process != from) return;
  const NodeInfo* member = view->member(from);
  if (member == nullptr) return;
  know(describe.node);
  if (*member == describe.node || view_due_ || proposal_) return;
  const bool hurry =
      describe.node.leaving != member->leaving || describe.node.quiesced != member->quiesced;
  want_view(hurry ? Hurry::Now : Hurry::Quiet,
            name(from) + (describe.node.leaving ? " leaves" : " has changed"));
}

void Membership::Core::on_message(const Process& from, const message::Left&) {
  Known* known = find(from);
  if (known == nullptr) return;
  known->said_left = true;
  if (is_leader() && view->member(from) != nullptr) want_view(Hurry::Now, name(from) + " left");
}

bool Membership::Core::all_leave() const {
  return std::ranges::all_of(view->members, [&](const NodeInfo& member) {
    return member.leaving || member.process == self.process || dead(member.process);
  });
}

/// How many rows name this process primary, and how many in sync.
std::pair<std::size_t, std::size_t> Membership::Core::own_duties() const {
  std::pair<std::size_t, std::size_t> out;
  for (const NamespaceRows& ns : view->namespaces)
    for (const Row& row : ns.rows) {
      out.first += row.primary == self.process ? 1 : 0;
      out.second += contains(row.in_sync, self.process) ? 1 : 0;
    }
  return out;
}

void Membership::Core::leave_tick() {
  if (!self.leaving || left_) return;
  const NodeInfo* me = in_view ? view->member(self.process) : nullptr;
  const bool late = now_ - leave_asked_ > o.drain_timeout;
  if (late) FLOTILLA_MARK("leaving takes too long");
  const bool nobody = me == nullptr || all_leave();
  if (me != nullptr && !nobody && now_ >= next_describe_) {
    if (!me->leaving) {
      describe_self();
    } else if (is_leader() && !proposal_ && !yielded_until_) {
      // The next in seniority that stays takes the lead.
      next_describe_ = now_ + 2 * prepare_time();
      const auto next = std::ranges::find_if(view->members, [&](const NodeInfo& member) {
        return member.process != self.process && !member.leaving && !dead(member.process);
      });
      if (next != view->members.end() && send(next->process, message::Yield{view->epoch, {}})) {
        FLOTILLA_MARK("a leader that leaves hands the lead over");
        yielded_until_ = now_ + take_over_time();
      }
      return;
    }
  }
  // A look at every row is not for every frame, and thousands come while partitions are handed
  // over.
  if (!nobody && !late && now_ < next_duties_) return;
  next_duties_ = now_ + kDutiesEvery;
  const auto [primary, in_sync] =
      me != nullptr ? own_duties() : std::pair<std::size_t, std::size_t>{};
  const bool leads = is_leader() && !nobody;
  if (!drained_ && (nobody || late || (primary == 0 && me->leaving))) {
    drained_ = true;
    act(Drained{});
  }
  if (!part_ || !(nobody || late || (in_sync == 0 && me->leaving && !leads))) return;
  left_ = true;
  if (me != nullptr)
    for (const NodeInfo& member : view->members)
      if (member.process != self.process) send(member.process, message::Left{view->epoch});
  act(Left{});
}

}  // namespace flotilla::cluster
