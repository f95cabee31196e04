#include "serving.h"

#include <algorithm>
#include <optional>

#include "base/mark.h"

namespace flotilla::cluster {

namespace {

class Partition {
 public:
  Partition(const ServingRules& rules, std::span<const CopyWord> words,
            const std::vector<Uuid>& targets, bool move_issued)
      : rules_(rules), words_(words), targets_(targets), move_issued_(move_issued) {}

  Serving run();

 private:
  bool is_member(const Process& process) const { return rules_.members.contains(process); }
  bool lives(const Row& row) const { return row.primary != Process{} && is_member(row.primary); }
  const CopyWord* word(const Process& by) const;
  const CopyReport* copy(const Process& by) const;
  std::size_t target_rank(const Process& process) const;

  static const RowVersion& known_since(const Row& row);
  void find_rows();
  std::optional<Row> living() const;
  Row reunion(const Row& a, const Row& b);
  bool has_branch(const Process& primary, const std::vector<Process>& in_sync, bool known) const;
  Serving keep(const Row& row);
  Serving promote_or_wait();
  std::vector<Process> live_in_sync(const Row& row) const;
  std::vector<const CopyWord*> back_in_sync() const;
  bool whole_set_is_back() const;
  bool may_wait() const;
  Serving promote(const Process& primary, std::vector<Process> in_sync, Serving::Origin origin);
  Serving wait() const;
  Serving fresh();

  template <class Range>
  const CopyWord* best(const Range& candidates) const;

  const ServingRules& rules_;
  std::span<const CopyWord> words_;
  const std::vector<Uuid>& targets_;
  bool move_issued_;

  std::map<std::size_t, Row> newest_;  // By component.
  Row newest_of_all_;
  bool lived_ = false;  // Somebody knows newest_of_all_ from this life.
  bool merging_ = false;
};

const CopyWord* Partition::word(const Process& by) const {
  const auto at = std::ranges::find_if(
      words_, [&](const CopyWord& w) { return w.by == by && w.copy != nullptr; });
  return at == words_.end() ? nullptr : &*at;
}

const CopyReport* Partition::copy(const Process& by) const {
  const CopyWord* its = word(by);
  return its == nullptr ? nullptr : its->copy;
}

std::size_t Partition::target_rank(const Process& process) const {
  return static_cast<std::size_t>(std::ranges::find(targets_, process.node) - targets_.begin());
}

/// A node that waits with what it knows from its disk numbers that anew, view after view, and knows
/// no more by that.
const RowVersion& Partition::known_since(const Row& row) {
  return row.has(Row::kRecalled) ? row.term : row.version;
}

void Partition::find_rows() {
  for (const CopyWord& w : words_) {
    if (w.row.version == RowVersion{}) continue;
    Row& row = newest_[w.component];
    if (known_since(w.row) > known_since(row)) row = w.row;
    if (known_since(w.row) > known_since(newest_of_all_)) {
      newest_of_all_ = w.row;
      lived_ = false;
    }
    if (known_since(w.row) == known_since(newest_of_all_))
      lived_ = lived_ || !(w.from_disk || w.row.has(Row::kRecalled));
  }
}

/// The row of a primary that lives. Of several components' rows, the one that goes on.
std::optional<Row> Partition::living() const {
  std::optional<Row> found;
  for (const auto& [component, row] : newest_) {
    if (!lives(row)) continue;
    if (found && found->primary != row.primary)
      found = const_cast<Partition*>(this)->reunion(*found, row);
    else if (!found || row.version > found->version)
      found = row;
  }
  return found;
}

/// Both primaries live. `a` is of the component that is larger.
Row Partition::reunion(const Row& a, const Row& b) {
  const CopyReport* of_a = copy(a.primary);
  const CopyReport* of_b = copy(b.primary);
  if (of_a == nullptr || of_b == nullptr) return of_b == nullptr ? a : b;
  switch (relation(of_a->history, of_b->history)) {
    case Relation::Equal:
    case Relation::Ahead:
      return a;
    case Relation::Behind:
      return b;
    case Relation::Diverged:
      break;
  }
  FLOTILLA_MARK("two lines meet that went apart");
  merging_ = true;
  const auto merit = [](const Row& row, const CopyReport& its) {
    return std::tuple(!row.has(Row::kStale), its.records, row.term);
  };
  return merit(b, *of_b) > merit(a, *of_a) ? b : a;
}

/// Somebody who is not in sync has data of its own, whose line went apart from the primary's.
/// `known`: a merge is under way; only who joins now is news.
bool Partition::has_branch(const Process& primary, const std::vector<Process>& in_sync,
                           bool known) const {
  const CopyReport* its = copy(primary);
  if (its == nullptr) return false;
  return std::ranges::any_of(words_, [&](const CopyWord& w) {
    if (w.copy == nullptr || (known && !w.joins) || w.by == primary) return false;
    if (std::ranges::find(in_sync, w.by) != in_sync.end()) return false;
    // The primary goes on numbering: what another has of its present term was only told later.
    const bool of_its_term =
        its->row.primary == primary && position_of(w.copy->history).term == its->row.term;
    if (of_its_term) return false;
    const Relation to_primary = relation(w.copy->history, its->history);
    return to_primary == Relation::Diverged || to_primary == Relation::Ahead;
  });
}

std::vector<Process> Partition::live_in_sync(const Row& row) const {
  std::vector<Process> out;
  for (const Process& process : row.in_sync)
    if (is_member(process)) out.push_back(process);
  return out;
}

Serving Partition::keep(const Row& row) {
  Serving out{row, Serving::Origin::Kept, false};
  out.row.in_sync = live_in_sync(row);
  out.row.targets = targets_;
  const bool branch = merging_ || has_branch(row.primary, row.in_sync, row.has(Row::kMerging));
  if (branch) {
    FLOTILLA_MARK("a branch is to be merged");
    out.row.flags |= Row::kMerging;
    out.new_term = true;
  }
  // If the row changes, whoever granted or was granted it must see that by the term.
  const bool changes = out.row != row || branch;
  if (move_issued_ && changes && row.version == newest_of_all_.version) {
    FLOTILLA_MARK("a row changes in a view under an open MOVE");
    return promote_or_wait();
  }
  return out;
}

/// The one that has come farthest; then the one that stays; then by targets.
template <class Range>
const CopyWord* Partition::best(const Range& candidates) const {
  const CopyWord* found = nullptr;
  const auto merit = [&](const CopyWord& w) {
    return std::tuple(position_of(w.copy->history), !rules_.leaving.contains(w.by),
                      targets_.size() - std::min(targets_.size(), target_rank(w.by)));
  };
  for (const CopyWord* w : candidates)
    if (found == nullptr || merit(*w) > merit(*found)) found = w;
  return found;
}

std::vector<const CopyWord*> Partition::back_in_sync() const {
  std::vector<const CopyWord*> out;
  for (const CopyWord& w : words_)
    if (w.copy != nullptr && w.copy->ever_full && !w.copy->history.empty() &&
        std::ranges::find(newest_of_all_.in_sync, w.by.node, &Process::node) !=
            newest_of_all_.in_sync.end())
      out.push_back(&w);
  return out;
}

bool Partition::whole_set_is_back() const {
  const std::vector<const CopyWord*> back = back_in_sync();
  return std::ranges::all_of(newest_of_all_.in_sync, [&](const Process& process) {
    return std::ranges::any_of(back, [&](const CopyWord* w) { return w->by.node == process.node; });
  });
}

/// Somebody is away who may have what nobody here has.
bool Partition::may_wait() const {
  if (rules_.wait_no_more || !rules_.durable) return false;
  return std::ranges::any_of(newest_of_all_.in_sync, [&](const Process& process) {
    return !rules_.back.contains(process.node);
  });
}

Serving Partition::promote(const Process& primary, std::vector<Process> in_sync,
                           Serving::Origin origin) {
  std::erase(in_sync, primary);
  std::ranges::stable_sort(in_sync, {}, [&](const Process& p) { return target_rank(p); });
  in_sync.insert(in_sync.begin(), primary);
  Serving out{{}, origin, true};
  out.row.primary = primary;
  out.row.in_sync = std::move(in_sync);
  out.row.targets = targets_;
  out.row.flags = newest_of_all_.flags & static_cast<std::uint8_t>(Row::kMerging | Row::kStale);
  if (origin == Serving::Origin::Stale) out.row.flags |= Row::kStale;
  // The others with data of their own, whose lines went apart from its: branches.
  if (merging_ || has_branch(primary, out.row.in_sync, false)) out.row.flags |= Row::kMerging;
  return out;
}

Serving Partition::wait() const {
  Serving out{newest_of_all_, Serving::Origin::Waiting, false};
  out.row.primary = {};
  out.row.targets = targets_;
  out.row.flags |= Row::kWaiting;
  if (!lived_ && newest_of_all_.version != RowVersion{}) {
    out.row.term = known_since(newest_of_all_);
    out.row.flags |= Row::kRecalled;
  }
  return out;
}

Serving Partition::fresh() {
  std::vector<Process> in_sync;
  const bool nothing_anywhere =
      rules_.everybody_told && std::ranges::none_of(words_, [](const CopyWord& w) {
        return w.copy != nullptr && !w.copy->history.empty();
      });
  for (const Uuid& target : targets_) {
    const auto at = std::ranges::find(rules_.members, target, &Process::node);
    if (at != rules_.members.end() && (in_sync.empty() || nothing_anywhere)) in_sync.push_back(*at);
  }
  if (in_sync.empty()) return wait();
  return promote(in_sync.front(), in_sync, Serving::Origin::Fresh);
}

Serving Partition::promote_or_wait() {
  const std::vector<Process> live = live_in_sync(newest_of_all_);
  std::vector<const CopyWord*> told;
  for (const Process& process : live)
    if (const CopyWord* w = word(process)) told.push_back(w);
  if (!told.empty()) return promote(best(told)->by, live, Serving::Origin::Promoted);
  if (!live.empty()) {
    FLOTILLA_MARK("promoted without a word of its copy");
    return promote(live.front(), live, Serving::Origin::Promoted);
  }

  if (const auto back = back_in_sync(); !back.empty() && (lived_ || whole_set_is_back())) {
    FLOTILLA_MARK("promoted from disk");
    const CopyWord* chosen = best(back);
    return promote(chosen->by, {}, Serving::Origin::Promoted);
  }
  std::vector<const CopyWord*> full;
  std::vector<const CopyWord*> any;
  for (const CopyWord& w : words_)
    if (w.copy != nullptr && !w.copy->history.empty()) {
      any.push_back(&w);
      if (w.copy->ever_full) full.push_back(&w);
    }
  if (!full.empty() && (lived_ || !may_wait())) {
    FLOTILLA_MARK("promoted stale");
    return promote(best(full)->by, {}, Serving::Origin::Stale);
  }
  if (may_wait()) {
    FLOTILLA_MARK("a partition waits for who is away");
    return wait();
  }
  if (!any.empty()) {
    FLOTILLA_MARK("promoted although never filled");
    return promote(best(any)->by, {}, Serving::Origin::Stale);
  }
  return fresh();
}

Serving Partition::run() {
  find_rows();
  if (rules_.owns_nothing) return wait();
  const std::optional<Row> row = living();
  if (row) return keep(*row);
  return promote_or_wait();
}

}  // namespace

Serving compute_serving(const ServingRules& rules, std::span<const CopyWord> words,
                        const std::vector<Uuid>& targets, bool move_issued) {
  return Partition(rules, words, targets, move_issued).run();
}

}  // namespace flotilla::cluster
