#include "lineage.h"
#include "replica_core.h"

namespace flotilla::cluster {

using store::Lsn;

/// Whether the frame is of the primary of our row.
bool ReplicaCore::follows(const Process& from, const FrameHead& head) const {
  return !row_from_disk_ && row_.term == head.term && row_.primary == from;
}

/// A primary whose term is over is told so.
void ReplicaCore::refuse(const Process& from, const FrameHead& head, const RowVersion& its_row) {
  if (row_from_disk_ || its_row >= row_.version || head.term == row_.term) return;
  FLOTILLA_MARK("an old primary is refused");
  ++statistics().refused;
  context_.node.effects.send(
      from, encode({.kind = Kind::Refuse, .ns = context_.tag, .partition = id_, .term = head.term},
                   RowFrame{row_.version}));
}

/// After a new row: makes ourselves known to its primary, unless its stream simply goes on.
void ReplicaCore::follow() {
  if (row_.primary == Process{}) return;
  if (in_row()) {
    offered_ = now();  // START is on its way.
  } else if (is_target() || may_be_needed()) {
    offer();
  } else {
    filling_ = dirty_ = false;
  }
}

void ReplicaCore::offer() {
  const bool nothing_new =
      !is_target() && !in_row() && following_ &&
      (following_->complete || (following_->fill && following_->fill->phase == Fill::Phase::Idle));
  send(row_.primary, Kind::Offer, OfferFrame{.row = row_.version, .nothing_new = nothing_new});
  offered_ = now();
}

void ReplicaCore::follow_tick() {
  if (dropping_) return drop_some();
  if (row_.primary == Process{} || !wants_stream()) return;
  const Instant at = now();
  Fill* const fill = following_ ? following_->fill.get() : nullptr;
  const bool idle = fill != nullptr && fill->phase == Fill::Phase::Idle;
  if (fill != nullptr && fill->phase == Fill::Phase::Slot) {
    send_pull();
  } else if (fill != nullptr && !idle && at - fill->sent >= fill->wait) {
    // The primary may have many to answer: what is asked again too soon only makes it later.
    fill->wait = std::min(2 * fill->wait, options().silence / 2);
    if (fill->phase == Fill::Phase::Branch) {
      send_branch();
    } else {
      ++statistics().records_retransmitted;
      send_pull();
    }
  }
  // Also while all seems well: the primary may have forgotten us, as it does with one that is
  // dropped. A copy that has everything and is not called in sync is missed by the next fault.
  const bool seems_well = following_ && (in_row() || !following_->complete);
  const Duration again = seems_well ? 5 * options().offer_again : options().offer_again;
  if (at - offered_ >= again) offer();
}

// --- START --------------------------------------------------------------------------------------

void ReplicaCore::on(const Process& from, const FrameHead& head, StartFrame& frame) {
  // The one to whom we granted says that it took over.
  if (leads() && leading_->granted && leading_->moving->version == frame.row &&
      leading_->moving->primary == from && leading_->moving->term == head.term) {
    FLOTILLA_MARK("START of the one that took over");
    const Row row = *leading_->moving;
    install(row);
  }
  if (!follows(from, head)) return refuse(from, head, frame.row);
  // One that is late, after RELEASE.
  if (!in_row() && !is_target() && (dropping_ || !may_be_needed())) return;
  if (frame.history.empty() || frame.history.back().term != head.term ||
      frame.history.back().absorbed || frame.from == 0 || frame.from > kSeqMost)
    return bad_frame();
  if (following_ && following_->term == head.term) {
    resume_stream(frame.from);
  } else {
    begin_following(from, head, frame);
  }
  refresh();
}

/// The first START of a term. Its history's terms are numbered here in its order, before anything
/// of the term is applied.
void ReplicaCore::begin_following(const Process& from, const FrameHead& head, StartFrame& start) {
  stop_following();
  auto next = std::make_unique<Following>();
  next->primary = from;
  next->term = head.term;
  next->from = start.from;
  next->contiguous = next->highest = start.from - 1;
  next->line = std::move(start.history);
  TermTable& terms = context_.node.terms;
  std::uint32_t after = 0;
  for (std::size_t i = 0; i + 1 < next->line.size(); ++i) {
    const bool absorbed = next->line[i].absorbed;  // Of those no record is left.
    if (!absorbed) after = terms.intern(next->line[i].term, after);
    next->line_index.push_back(absorbed ? 0 : after);
  }
  const std::uint32_t held = partition_.last_lsn.term();
  after = std::max(after, terms.term(held) == head.term && held > after ? held - 1 : held);
  next->index = terms.intern(head.term, after);
  next->line_index.push_back(next->index);
  next->line.back().end = kSeqMost;  // Whatever we see of the term is the primary's.

  // In line: we stand exactly where the stream begins.
  const bool unsure = dirty_ || filling_ || (history_.empty() && partition_.index.size() != 0);
  const std::span line(next->line);
  // Terms in which nothing was numbered do not count: the primary may have left them out.
  const std::span before = line.first(line.size() - 1);
  const bool at_base = cluster::position_of(history_) == cluster::position_of(before) &&
                       next->from == 1 && covers_all(line, history_);
  const Position mine = newest(history_);
  const bool in_term = mine.term == head.term && mine.seq + 1 >= next->from;
  following_ = std::move(next);
  if (!unsure && (at_base || in_term)) {
    if (in_term)
      FLOTILLA_MARK("back in line within a term");
    else
      FLOTILLA_MARK("in line at the base");
    if (in_term) following_->contiguous = following_->highest = mine.seq;
    following_->complete = ever_full_ = true;
    released_ = false;
    note_complete(head.term);
    history_ = following_->line;
    settle();
    if (ring_.size() == 0) forget_changes(mine);
    touch();
    return acknowledge();
  }
  begin_fill();
}

/// START again. The primary may have forgotten us meanwhile, so that a part is missing.
void ReplicaCore::resume_stream(std::uint64_t from) {
  Following& f = *following_;
  if (from <= f.contiguous + 1) {
    f.from = std::max(f.from, from);
    const bool idle = f.fill && f.fill->phase == Fill::Phase::Idle;
    if (idle && (is_target() || in_row())) return begin_pull();
    return acknowledge();
  }
  FLOTILLA_MARK("START again, and a part is missing");
  settle();
  f.from = from;
  f.contiguous = from - 1;
  std::erase_if(f.early, [&](std::uint64_t seq) { return seq < from; });
  while (!f.early.empty() && f.early.front() == f.contiguous + 1) {
    ++f.contiguous;
    f.early.erase(f.early.begin());
  }
  f.complete = false;
  begin_fill();
}

// --- the stream ---------------------------------------------------------------------------------

void ReplicaCore::on(const Process& from, const FrameHead& head, ReplFrame& frame) {
  if (!follows(from, head)) return refuse(from, head, frame.row);
  if (!following_) {
    const bool wanted = in_row() || is_target() || may_be_needed();
    if (wanted && !dropping_ && now() - offered_ >= options().resend) offer();
    return;
  }
  Following& f = *following_;
  const bool known = frame.seq <= f.contiguous || std::ranges::binary_search(f.early, frame.seq);
  if (!known) {
    // Never the one that they all wait for.
    const bool is_next = frame.seq == f.contiguous + 1;
    if ((!is_next && f.early.size() >= options().early_most) || frame.seq > kSeqMost) {
      FLOTILLA_MARK("too much came before its predecessors");
      return;
    }
    if (frame.what == ReplFrame::What::Record && !take(frame.record)) return;
    if (frame.what == ReplFrame::What::Absorb) {
      absorb_into(f.line, frame.absorbed);
      if (f.complete) absorb_into(history_, frame.absorbed);
      f.line_index.insert(f.line_index.end() - 1, f.line.size() - f.line_index.size(), 0);
    }
    mark_received(frame.seq);
  }
  acknowledge();
}

void ReplicaCore::mark_received(std::uint64_t seq) {
  Following& f = *following_;
  f.highest = std::max(f.highest, seq);
  if (seq != f.contiguous + 1) {
    FLOTILLA_MARK("a mutation before its predecessor");
    f.early.insert(std::ranges::lower_bound(f.early, seq), seq);
    return;
  }
  ++f.contiguous;
  std::size_t next = 0;
  while (next < f.early.size() && f.early[next] == f.contiguous + 1) {
    ++f.contiguous;
    ++next;
  }
  f.early.erase(f.early.begin(), f.early.begin() + static_cast<std::ptrdiff_t>(next));
}

void ReplicaCore::acknowledge() {
  const Following& f = *following_;
  send(f.primary, Kind::Ack,
       AckFrame{.from = f.from, .contiguous = f.contiguous, .complete = f.complete});
}

/// Notes stand before the open entry.
void ReplicaCore::absorb_into(std::vector<HistoryEntry>& history,
                              const std::vector<HistoryEntry>& notes) {
  for (const HistoryEntry& note : notes) {
    if (covers(history, {note.term, note.end}) || history.size() >= kHistoryMost) continue;
    history.insert(history.end() - 1, {.term = note.term, .end = note.end, .absorbed = true});
  }
}

/// A copy that we are primary for has a newer row: our term may be over. The row will come by way
/// of Membership; until then nothing new is begun.
void ReplicaCore::on(const Process& from, const FrameHead& head, RowFrame& frame) {
  switch (head.kind) {
    case Kind::Refuse:
      if (!leads() || head.term != row_.term || frame.row <= row_.version) return;
      ++statistics().refused;
      refused_ = true;
      return refresh();
    case Kind::Ungrant:
      if (!leads() || !leading_->granted || leading_->moving->version != frame.row) return;
      if (leading_->moving->primary != from) return;
      FLOTILLA_MARK("a GRANT was not taken");
      leading_->moving.reset();
      leading_->granted = false;
      return refresh();
    default:
      break;
  }
  // Release.
  if (!follows(from, head) || frame.row != row_.version || is_target() || in_row()) return;
  FLOTILLA_MARK("a copy is released");
  stop_following();
  touch();
  released_ = context_.node.leaving.load(std::memory_order_relaxed);
  if (released_) return refresh();
  dropping_ = true;
  history_.clear();
  ever_full_ = filling_ = dirty_ = unlike_saved_ = false;
  ++statistics().copies_dropped;
  need_tick();
}

}  // namespace flotilla::cluster
