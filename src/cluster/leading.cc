#include "replica_core.h"

namespace flotilla::cluster {

using store::Lsn;
using store::MemoryRecord;

namespace {

constexpr unsigned kShortAcksMost = 64;
constexpr std::size_t kPeersMost = 1024;
constexpr std::uint64_t kResentAtOnce = 64;
constexpr Duration kStartWaitMost = std::chrono::seconds(1);

}  // namespace

// --- peers --------------------------------------------------------------------------------------

ReplicaCore::Peer* ReplicaCore::peer(const Process& who) {
  const auto at = std::ranges::find(leading_->peers, who, &Peer::who);
  return at == leading_->peers.end() ? nullptr : &*at;
}

/// The sender of a frame that speaks of our term and of the present stream to it.
ReplicaCore::Peer* ReplicaCore::peer(const Process& who, std::uint64_t from) {
  if (!leads()) return nullptr;
  Peer* const found = peer(who);
  if (found == nullptr || found->from != from) return nullptr;
  found->heard = now();
  found->start_wait = kStartWaitMost;  // It has arrived.
  return found;
}

ReplicaCore::Peer& ReplicaCore::add_peer(const Process& who, std::uint64_t from, bool row) {
  if (shown_.alone.exchange(false)) forget_changes(own_position());
  Peer peer;
  peer.who = who;
  peer.from = from;
  peer.acked = peer.mark = from - 1;
  peer.in_row = peer.counted = row;
  peer.heard = peer.mark_since = now();
  leading_->peers.push_back(std::move(peer));
  send_start(leading_->peers.back());
  need_tick();
  return leading_->peers.back();
}

void ReplicaCore::remove_peer(const Process& who) {
  Peer* const gone = peer(who);
  if (gone == nullptr) return;
  if (gone->has_slot) give_out();
  leading_->peers.erase(leading_->peers.begin() + (gone - leading_->peers.data()));
}

/// A new row of the same term: who is in sync may have changed.
void ReplicaCore::update_peers() {
  if (leading_->moving && leading_->moving->version <= row_.version) leading_->moving.reset();
  if (leading_->moving == std::nullopt) leading_->granted = false;
  std::vector<Process> dropped;
  for (Peer& peer : leading_->peers) {
    const bool in = std::ranges::find(row_.in_sync, peer.who) != row_.in_sync.end();
    if (!in && peer.in_row) dropped.push_back(peer.who);
    // An Add that was asked under an older row cannot be granted any more, so it need not count.
    if (!in) peer.counted = false;
    if (in) peer.counted = true;
    peer.in_row = in;
    peer.asked = {};
  }
  for (const Process& who : dropped) remove_peer(who);
  for (const Process& process : row_.in_sync) {
    if (process == self() || peer(process) != nullptr) continue;
    renumber();
    add_peer(process, last_seq() + 1, true);
  }
  recount();
}

/// What every copy that counts has, is acknowledged.
void ReplicaCore::recount() {
  const std::uint32_t index = leading_->index;
  const Lsn before(shown_.acknowledged.load(std::memory_order_relaxed));
  std::uint64_t seq = kSeqMost;  // Nobody counts: whatever is numbered.
  for (const Peer& peer : leading_->peers)
    if (peer.counted)
      seq = std::min(seq, peer.complete ? std::max(peer.acked, peer.counted_from) : 0);
  if (seq != kSeqMost) seq = std::max(seq, std::min(before.seq(), last_seq()));
  const bool base =
      std::ranges::all_of(leading_->peers, [](const Peer& p) { return p.complete || !p.counted; });
  if (base && !shown_.base_acknowledged.exchange(true))
    context_.node.effects.acknowledged_for_all();
  if (seq == before.seq()) return;
  shown_.acknowledged.store(Lsn(index, seq).raw());
  const bool readers = shown_.reader_waits.load() && shown_.reader_waits.exchange(false);
  if (readers || seq > before.seq() + 1) {
    context_.node.effects.acknowledged_for_all();
  } else if (seq > before.seq()) {
    context_.node.effects.acknowledged();
  }
}

bool ReplicaCore::window_full() const {
  return last_seq() > Lsn(shown_.acknowledged.load()).seq() + options().window_most;
}

std::size_t ReplicaCore::unacknowledged() const {
  const std::uint64_t seq = Lsn(shown_.acknowledged.load()).seq();
  return leads() && last_seq() > seq ? last_seq() - seq : 0;
}

// --- the stream ---------------------------------------------------------------------------------

void ReplicaCore::mutated(const store::RecordImage& image, Lsn) {
  if (!leads()) return;
  remember(image.lsn, image.digest, false);
  if (leading_->peers.empty()) return;
  ReplFrame frame;
  frame.row = row_.version;
  frame.seq = image.lsn.seq();
  frame.record = {.position = {row_.term, image.lsn.seq()}, .image = image};
  const Buffer bytes =
      encode({.kind = Kind::Repl, .ns = context_.tag, .partition = id_, .term = row_.term}, frame);
  for (Peer& peer : leading_->peers) {
    if (peer.acked + 1 == frame.seq) {  // It was up to date: the limits run from now.
      peer.mark = frame.seq;
      peer.mark_since = peer.sent = now();
    }
    context_.node.effects.send(peer.who, bytes);
    ++statistics().replicated;
  }
  need_tick();
  if (ring_.size() > options().window_most) forget_laggards();
  if (window_full()) {
    FLOTILLA_MARK("the window is full");
    refresh();
  }
}

/// The window is bounded: a receiver that is further behind starts anew. Those that count are
/// dropped by the leader, and writes wait meanwhile.
void ReplicaCore::forget_laggards() {
  std::vector<Process> behind;
  for (const Peer& peer : leading_->peers)
    if (!peer.counted && last_seq() - peer.acked >= options().window_most) {
      FLOTILLA_MARK("a receiver falls out of the window");
      behind.push_back(peer.who);
    }
  for (const Process& who : behind) remove_peer(who);
}

/// A mutation to be sent again. What its key holds now may be newer; that includes it. Nothing: it
/// cannot be read, and no other copy must claim to have it.
std::optional<ReplFrame> ReplicaCore::repl_of(std::uint64_t seq) const {
  ReplFrame frame;
  frame.row = row_.version;
  frame.seq = seq;
  frame.what = ReplFrame::What::Empty;
  const std::uint64_t back = last_seq() - seq;
  if (back >= ring_.size()) return frame;
  const ChangeRing::Change& change = ring_.newest(back);
  if (change.absorb) {
    FLOTILLA_MARK("a note of a merge is sent");
    frame.what = ReplFrame::What::Absorb;
    for (const HistoryEntry& entry : history_)
      if (entry.absorbed) frame.absorbed.push_back(entry);
  } else if (const MemoryRecord* const record = partition_.index.find(change.digest)) {
    auto numbered_record = numbered(*record);
    if (!numbered_record) return std::nullopt;
    frame.what = ReplFrame::What::Record;
    frame.record = std::move(*numbered_record);
  }
  return frame;
}

void ReplicaCore::send_start(Peer& peer) {
  StartFrame start{.row = row_.version, .from = peer.from, .history = history_};
  start.history.back().end = last_seq();
  send(peer.who, Kind::Start, start);
  peer.sent = now();
  peer.start_wait = std::clamp(2 * peer.start_wait, options().resend, kStartWaitMost);
}

void ReplicaCore::send_again(Peer& peer) {
  const std::uint64_t end = std::min(last_seq(), peer.acked + kResentAtOnce);
  for (std::uint64_t seq = peer.acked + 1; seq <= end; ++seq) {
    const auto frame = repl_of(seq);
    if (!frame) continue;
    send(peer.who, Kind::Repl, *frame);
    ++statistics().resent;
  }
  peer.sent = now();
}

void ReplicaCore::on(const Process& from, const FrameHead& head, AckFrame& frame) {
  if (!leads() || head.term != row_.term) return;
  Peer* const sender = peer(from, frame.from);
  if (sender == nullptr) return;
  // It began to follow anew, from where it stood before a fill that another primary broke off; what
  // it had of the stream then is gone. One that is only late is followed by a newer one.
  sender->short_acks = frame.contiguous < sender->acked ? sender->short_acks + 1 : 0;
  if (sender->short_acks >= kShortAcksMost && !leading_->granted) {
    FLOTILLA_MARK("a receiver has gone back in the stream");
    const bool in_row = sender->in_row;
    remove_peer(from);
    renumber();
    add_peer(from, last_seq() + 1, in_row);
    recount();
    return refresh();
  }
  if (frame.contiguous > sender->acked && frame.contiguous <= last_seq()) {
    sender->acked = frame.contiguous;
    if (sender->acked < last_seq()) sender->sent = now();
  }
  if (sender->acked >= sender->mark) {
    sender->mark = last_seq();
    sender->mark_since = now();
  }
  if (frame.complete) {
    sender->complete = sender->past_branch = true;
    sender->queued.reset();  // Asked twice, and the first answer was enough.
    if (std::exchange(sender->has_slot, false)) give_out();
    if (!sender->counted && is_target(from)) {
      // From here on it counts, so that nothing is missing when the leader calls it in sync.
      sender->counted = true;
      sender->counted_from = last_seq();
      sender->mark = last_seq();
      sender->mark_since = now();
    }
  }
  recount();
  watch(*sender);
  try_grant();
  refresh();
}

/// A holder that is not in the stream, or that wonders whether it still is.
void ReplicaCore::on(const Process& from, const FrameHead& head, OfferFrame& frame) {
  if (!leads() || head.term != row_.term) return;
  if (Peer* const known = peer(from)) {
    known->heard = now();
    if (frame.nothing_new && !known->counted)
      remove_peer(from);
    else
      return send_start(*known);
  }
  if (frame.nothing_new && !is_target(from)) {
    // It may be the last that has what cannot be read here.
    if (unneeded_elsewhere() && !ask_for_repairs(from))
      send(from, Kind::Release, RowFrame{row_.version});
    return refresh();
  }
  if (leading_->peers.size() >= kPeersMost) return;
  renumber();
  add_peer(from, last_seq() + 1, false);
  refresh();
}

// --- time ---------------------------------------------------------------------------------------

void ReplicaCore::ask(RowAsk::Kind kind, const Process& who, std::optional<Row> moved) {
  RowAsk ask;
  ask.kind = kind;
  ask.ns = context_.tag;
  ask.partition = id_;
  ask.expected = row_.version;
  ask.who = who;
  ask.moved = std::move(moved);
  context_.node.effects.ask(ask);
}

/// A copy in sync where none belongs, while those that do are complete.
bool ReplicaCore::surplus(const Peer& peer) const {
  return peer.in_row && !is_target(peer.who) && is_target() && targets_in_sync();
}

/// Asks the leader to take a copy in or out, when it is time.
void ReplicaCore::watch(Peer& peer) {
  if (!peer.counted || leading_->granted) return;
  const Instant at = now();
  const bool asked_lately = peer.asked != Instant{} && at - peer.asked < options().ask_again;
  const bool behind = !peer.complete || peer.acked < peer.mark;
  if (behind && at - peer.mark_since >= options().ack_limit) {
    if (asked_lately) return;
    peer.asked = at;
    FLOTILLA_MARK("a drop is asked");
    ++statistics().drops_asked;
    ask(RowAsk::Kind::Drop, peer.who);
  } else if (surplus(peer) && !asked_lately && at - leading_->since >= options().clients_follow) {
    FLOTILLA_MARK("a copy that has served is to be dropped");
    peer.asked = at;  // It has served, also scans of clients that took it for the primary still.
    ask(RowAsk::Kind::Drop, peer.who);
  } else if (!peer.in_row && peer.complete && peer.acked >= peer.counted_from && !asked_lately) {
    peer.asked = at;
    ask(RowAsk::Kind::Add, peer.who);
  }
}

void ReplicaCore::lead_tick() {
  const Instant at = now();
  std::vector<Process> silent;
  for (Peer& peer : leading_->peers) {
    if (!peer.complete && at - peer.sent >= peer.start_wait) send_start(peer);
    if (peer.acked < last_seq() && at - peer.sent >= options().resend) send_again(peer);
    if (peer.queued) answer_queued(peer);
    // One that was asked to be taken in counts until the leader can be taken to have refused.
    const bool given_up =
        !peer.in_row && at - peer.mark_since >= options().silence && peer.acked < peer.mark;
    if ((!peer.counted && at - peer.heard >= options().silence) || given_up) {
      if (given_up) FLOTILLA_MARK("one that was asked to be taken in is given up");
      silent.push_back(peer.who);
    }
    watch(peer);
  }
  for (const Process& who : silent) remove_peer(who);
  if (!silent.empty()) recount();
  if (leading_->moving) {
    if (!leading_->granted && at >= leading_->gate_until) {
      FLOTILLA_MARK("a gate that cannot close opens again");
      leading_->moving.reset();
    }
    if (leading_->granted && at - leading_->grant_sent >= options().resend) {
      FLOTILLA_MARK("GRANT is sent again");
      send_grant();
    }
  }
  const bool merging = std::ranges::any_of(leading_->peers, std::not_fn(&Peer::past_branch));
  if (row_.has(Row::kMerging) && !merging && at - leading_->since >= options().merge_settle &&
      at - leading_->merged_asked >= options().ask_again) {
    leading_->merged_asked = at;
    ask(RowAsk::Kind::Merged, self());
  }
}

}  // namespace flotilla::cluster
