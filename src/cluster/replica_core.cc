#include "replica_core.h"

#include "base/check.h"
#include "lineage.h"

namespace flotilla::cluster {

using store::Lsn;
using store::MemoryRecord;
using wire::Digest;

ReplicaCore::ReplicaCore(CopyContext& context, wire::PartitionId id, Replica::Shown& shown)
    : context_(context), partition_(context.records.partition(id)), id_(id), shown_(shown) {}

ReplicaCore::~ReplicaCore() { forget_changes({}); }

bool ReplicaCore::is_target(const Process& who) const {
  return std::ranges::find(row_.targets, who.node) != row_.targets.end();
}

bool ReplicaCore::targets_in_sync() const {
  return std::ranges::all_of(row_.targets, [this](const Uuid& target) {
    return std::ranges::find(row_.in_sync, target, &Process::node) != row_.in_sync.end();
  });
}

bool ReplicaCore::in_row() const {
  return std::ranges::find(row_.in_sync, self()) != row_.in_sync.end();
}

bool ReplicaCore::in_sync() const {
  return leads() || (in_row() && following_ && following_->complete);
}

// --- rows ---------------------------------------------------------------------------------------

void ReplicaCore::install(const Row& row) {
  // What nobody changed meanwhile comes with the number it had.
  const bool is_confirmation = acts_by_no_row() && row.version == row_.version;
  if (row.version <= row_.version && !is_confirmation) return;
  settle();
  const bool same_term = row.term == row_.term && row.primary == row_.primary;
  const bool was_leading = leads();
  if (in_sync()) {
    last_in_sync_ = row_.in_sync;
    in_sync_from_disk_ = false;
  }
  row_ = row;
  row_from_disk_ = orphaned_ = refused_ = dropping_ = false;
  touch();
  if (row.primary == self()) {
    if (was_leading && same_term) {
      update_peers();
    } else {
      if (was_leading) step_down();
      lead();
    }
  } else {
    if (was_leading) step_down();
    if (!same_term) stop_following();
    follow();
  }
  ask_others_anew();
  refresh();
  take_early_grant();
}

void ReplicaCore::orphan() {
  orphaned_ = true;
  refresh();
}

/// Begins a term of this copy.
void ReplicaCore::lead() {
  stop_following();
  dirty_ |= filling_ || (history_.empty() && partition_.index.size() != 0);
  // A fill that was broken off may also have dropped keys, and of that nothing is left to send on:
  // the others are to compare all they have. One number is left out, so that nobody is in line.
  std::uint64_t from = filling_ ? 2 : 1;
  // No number twice, even if the leader brings a term of ours back.
  for (const HistoryEntry& entry : history_)
    if (!entry.absorbed && entry.term == row_.term) {
      FLOTILLA_MARK("a term of its own comes back");
      from = std::max(from, entry.end + 2);
    }
  shorten_history();
  history_.push_back({.term = row_.term});
  note_complete(row_.term);
  ever_full_ = true;
  filling_ = unlike_saved_ = released_ = false;
  leading_ = std::make_unique<Leading>();
  leading_->index = context_.node.terms.intern(row_.term, partition_.last_lsn.term());
  leading_->since = now();
  partition_.last_lsn = Lsn(leading_->index, from - 1);
  if (from != 1) forget_changes({row_.term, from - 1});
  shown_.acknowledged.store(partition_.last_lsn.raw(), std::memory_order_release);
  shown_.base_acknowledged.store(false, std::memory_order_release);
  shown_.leading.store(true, std::memory_order_release);
  for (const Process& process : row_.in_sync)
    if (process != self()) add_peer(process, from, true);
  recount();
  if (!leading_->peers.empty()) renumber();
}

/// Before another entry. The old ones tell copies that come back where they left the line.
void ReplicaCore::shorten_history() {
  if (!history_.empty() && !history_.back().absorbed && history_.back().end == 0)
    history_.pop_back();  // A term in which nothing was numbered.
  const bool all_here = !holders_away_ && targets_in_sync();
  const std::size_t most = all_here ? kHistoryCalm : kHistoryMost;
  if (history_.size() >= most)
    history_.erase(history_.begin(), history_.end() - static_cast<std::ptrdiff_t>(most - 1));
}

/// What this copy holds beyond its history (mutations that came before their predecessors, parts of
/// a fill, records found after a crash) nobody else may have: all that is numbered anew, so that
/// every other copy gets it. Not before there is one.
void ReplicaCore::renumber() {
  if (!dirty_) return;
  FLOTILLA_MARK("what lies beyond the history is numbered anew");
  dirty_ = false;
  settle();
  for (const Digest& digest : uncovered(history_)) {
    MemoryRecord* const record = partition_.index.find(digest);
    if (put_again(*record, record->head().generation)) continue;
    ++statistics().apply_failed;
    dirty_ = true;
  }
}

void ReplicaCore::step_down() {
  led_until_ = now();
  for (Peer& peer : leading_->peers)
    if (peer.has_slot) give_out();
  const Lsn acknowledged(shown_.acknowledged.load());
  if (acknowledged > partition_.last_lsn) shown_.acknowledged.store(partition_.last_lsn.raw());
  shown_.leading.store(false, std::memory_order_release);
  if (shown_.alone.exchange(false)) forget_changes(own_position());
  leading_.reset();
  context_.node.effects.acknowledged_for_all();  // Who waits is told that it is over.
}

void ReplicaCore::stop_following() {
  if (!following_) return;
  if (following_->complete && following_->highest > following_->contiguous) dirty_ = true;
  if (following_->fill && following_->fill->has_slot) give_in();
  following_.reset();
}

/// Brings the end of the open entry up.
void ReplicaCore::settle() {
  if (history_.empty()) return;
  if (leads()) history_.back().end = last_seq();
  if (following_ && following_->complete) history_.back().end = following_->contiguous;
}

Position ReplicaCore::own_position() const {
  if (leads()) return {history_.back().term, last_seq()};
  if (following_ && following_->complete) return {history_.back().term, following_->contiguous};
  return newest(history_);
}

// --- what may be served -------------------------------------------------------------------------

Replica::Access ReplicaCore::write_access_now() const {
  if (acts_by_no_row() || row_.primary == Process{}) return Access::Nobody;
  if (!leads()) return Access::Elsewhere;
  return leading_->moving || refused_ || window_full() ? Access::Wait : Access::Here;
}

/// Clients still take it for the primary: what they ask, they ask the primary.
bool ReplicaCore::was_primary_lately() const {
  return led_until_ != Instant{} && now() - led_until_ < options().clients_follow;
}

void ReplicaCore::refresh() {
  const Access write = write_access_now();
  Access read = write;
  if (write == Access::Wait) read = leading_->granted ? Access::Wait : Access::Here;
  // A copy that is not where it belongs nobody has chosen: who comes here takes it for the primary
  // still, and may have been told of writes that it gets no more.
  const bool follows_in_sync = write == Access::Elsewhere && in_sync();
  const bool is_chosen = follows_in_sync && is_target();
  const Access any = is_chosen && !was_primary_lately() ? Access::Here : read;
  const bool alone =
      leads() && leading_->peers.empty() && options().replication_factor == 1 && !leading_->moving;
  if (!alone && shown_.alone.load() && leads()) forget_changes(own_position());
  shown_.alone.store(alone, std::memory_order_relaxed);
  bool changed = shown_.write.exchange(write) != write;
  changed |= shown_.read.exchange(read) != read;
  changed |= shown_.read_any.exchange(any) != any;
  const bool others =
      std::ranges::any_of(row_.in_sync, [this](const Process& p) { return p != self(); });
  shown_.can_repair.store(!acts_by_no_row() && others, std::memory_order_relaxed);
  shown_.scan.store(follows_in_sync || read == Access::Here, std::memory_order_release);
  if (changed) context_.node.effects.bits_changed(context_.tag, id_);
  refresh_gauges();
  if (has_work()) need_tick();
}

void ReplicaCore::refresh_gauges() {
  Gauges g;
  if (leads()) {
    for (const auto& target : row_.targets)
      if (std::ranges::find(row_.in_sync, target, &Process::node) == row_.in_sync.end()) ++g.tx;
    if (row_.has(Row::kMerging) && g.tx == 0) g.tx = 1;
    for (const Peer& peer : leading_->peers) g.tx_active += peer.has_slot ? 1 : 0;
  } else if (is_target() && !in_sync()) {
    g.rx = 1;
    g.rx_active = following_ && following_->fill && following_->fill->has_slot ? 1 : 0;
  }
  CopyStatistics& s = statistics();
  const auto add = [](CopyStatistics::Count& to, std::uint32_t& was, std::uint32_t is) {
    if (was != is) to.fetch_add(std::uint64_t{is} - was, std::memory_order_relaxed);  // Wraps.
    was = is;
  };
  add(s.tx_remaining, gauges_.tx, g.tx);
  add(s.tx_active, gauges_.tx_active, g.tx_active);
  add(s.rx_remaining, gauges_.rx, g.rx);
  add(s.rx_active, gauges_.rx_active, g.rx_active);
}

bool ReplicaCore::may_forget(Lsn tombstone) const {
  if (holders_away_ || !in_sync() || row_.has(Row::kMerging) || !targets_in_sync()) return false;
  // What came before it must have come: an older version that is late would bring the key back.
  if (!leads()) {
    const Position at = position_of(tombstone);
    return at.term != following_->term || at.seq <= following_->contiguous;
  }
  return tombstone.term() != leading_->index ||
         std::ranges::all_of(leading_->peers,
                             [&](const Peer& each) { return each.acked >= tombstone.seq(); });
}

// --- ticks --------------------------------------------------------------------------------------

bool ReplicaCore::has_work() const {
  if (acts_by_no_row()) return false;
  if (dropping_ || repairs_.asked_of != Process{}) return true;
  if (leads()) {
    return leading_->moving || row_.has(Row::kMerging) ||
           std::ranges::any_of(leading_->peers, [this](const Peer& each) {
             return !each.complete || !each.in_row || each.acked < last_seq() || surplus(each);
           });
  }
  if (row_.primary == Process{}) return false;
  return wants_stream() || was_primary_lately();  // What may be read here changes after that.
}

/// Of a copy that does not lead.
bool ReplicaCore::wants_stream() const {
  return (in_row() || is_target() || may_be_needed()) && !in_sync();
}

void ReplicaCore::need_tick() {
  if (ticking_) return;
  ticking_ = true;
  context_.node.effects.want_tick(context_.tag, id_);
}

void ReplicaCore::tick() {
  repair_tick();
  if (leads()) {
    lead_tick();
  } else if (!acts_by_no_row()) {
    follow_tick();
  }
  ticking_ = has_work();
  refresh();
}

// --- frames -------------------------------------------------------------------------------------

void ReplicaCore::receive(const Process& from, Bytes bytes) {
  Reader in(bytes);
  FrameHead head;
  if (!parse(in, head) || head.ns != context_.tag || head.partition != id_ || from == self())
    return bad_frame();
  switch (head.kind) {
    case Kind::Repl:
      return dispatch<ReplFrame>(from, head, in);
    case Kind::Ack:
      return dispatch<AckFrame>(from, head, in);
    case Kind::Start:
      return dispatch<StartFrame>(from, head, in);
    case Kind::Offer:
      return dispatch<OfferFrame>(from, head, in);
    case Kind::Refuse:
    case Kind::Ungrant:
    case Kind::Release:
      return dispatch<RowFrame>(from, head, in);
    case Kind::Branch:
      return dispatch<BranchFrame>(from, head, in);
    case Kind::Branched:
      return dispatch<BranchedFrame>(from, head, in);
    case Kind::Pull:
      return dispatch<PullFrame>(from, head, in);
    case Kind::Copies:
      return dispatch<CopiesFrame>(from, head, in);
    case Kind::Grant:
      return dispatch<GrantFrame>(from, head, in);
    case Kind::Want:
      return dispatch<WantFrame>(from, head, in);
    case Kind::Have:
      return dispatch<HaveFrame>(from, head, in);
  }
}

// --- records ------------------------------------------------------------------------------------

Position ReplicaCore::position_of(Lsn lsn) const {
  if (leads() && lsn.term() == leading_->index) return {row_.term, lsn.seq()};
  if (following_ && lsn.term() == following_->index) return {following_->term, lsn.seq()};
  return {context_.node.terms.term(lsn.term()), lsn.seq()};
}

std::optional<NumberedRecord> ReplicaCore::numbered(const MemoryRecord& record) const {
  NumberedRecord out{.position = position_of(record.head().lsn), .image = {}};
  const auto image = context_.records.image_of(record, out.keeps);
  if (!image) return std::nullopt;
  out.image = *image;
  return out;
}

/// Keys whose records this history does not account for.
std::vector<Digest> ReplicaCore::uncovered(std::span<const HistoryEntry> history) const {
  std::vector<Digest> found;
  context_.records.for_each(id_, [&](const MemoryRecord& record) {
    if (!covers(history, position_of(record.head().lsn))) found.push_back(record.digest());
  });
  return found;
}

Result<store::LogPosition> ReplicaCore::put_again(MemoryRecord& record, std::uint16_t generation) {
  std::shared_ptr<const store::RecordRead> keeps;
  const auto image = context_.records.image_of(record, keeps);
  if (!image) return tl::unexpected(image.error());
  const Buffer copy(image->body.begin(), image->body.end());
  const store::RecordHead head = record.head();
  return context_.records.put(partition_, &record,
                              {.digest = head.digest,
                               .set = head.set,
                               .void_time = head.void_time,
                               .generation = generation,
                               .flags = head.flags,
                               .last_update = head.last_update,
                               .body = copy},
                              context_.node.effects.wall());
}

/// The number under which a record of another copy is kept here: above what stands there, whatever
/// order this node met the terms in.
Lsn ReplicaCore::lsn_for(const Position& position, const MemoryRecord* own) const {
  TermTable& terms = context_.node.terms;
  std::uint32_t index = following_->index;
  if (position.term != following_->term) {
    index = 0;
    for (std::size_t i = 0; i < following_->line.size(); ++i)
      if (following_->line[i].term == position.term && !following_->line[i].absorbed)
        index = following_->line_index[i];
    if (index == 0) index = terms.intern(position.term, 0);
  }
  const Lsn lsn(index, position.seq);
  if (own == nullptr) return lsn;
  const Lsn stands = own->head().lsn;
  return stands < lsn ? lsn : Lsn(terms.intern(position.term, stands.term()), position.seq);
}

/// Takes a record over from the primary that is followed. What the primary has replaces anything
/// here but newer mutations of its own term. False: it could not be kept.
bool ReplicaCore::take(const NumberedRecord& record) {
  if (record.image.digest.partition() != id_ || record.position.seq > kSeqMost) {
    bad_frame();
    return false;
  }
  MemoryRecord* const own = partition_.index.find(record.image.digest);
  if (own != nullptr) {
    const Position mine = position_of(own->head().lsn);
    if (mine == record.position) return true;
    if (mine.term == following_->term &&
        (record.position.term != mine.term || record.position.seq < mine.seq)) {
      FLOTILLA_MARK("the stream was before a copied record");
      return true;
    }
  }
  store::RecordImage image = record.image;
  image.lsn = lsn_for(record.position, own);
  if (!context_.records.apply(partition_, own, image)) {
    ++statistics().apply_failed;
    return false;
  }
  const std::uint64_t limit = context_.node.effects.wall().ms + kAheadMostMs;
  if (image.last_update.ms() <= limit) context_.records.clock().saw(image.last_update);
  ++statistics().applied;
  remember(image.lsn, image.digest, false);
  touch();
  return true;
}

/// Place of a term in the copy's own line; -1: not there.
int ReplicaCore::rank(const Term& term) const {
  for (std::size_t i = history_.size(); i-- > 0;)
    if (!history_[i].absorbed && history_[i].term == term) return static_cast<int>(i);
  return -1;
}

/// Whether `b` comes after `a` in the copy's own line.
bool ReplicaCore::in_line_before(const Position& a, const Position& b) const {
  if (a.term == b.term) return a.seq < b.seq;
  return rank(a.term) < rank(b.term);
}

/// Notes a change. Old ones are forgotten, but never one that a copy in the stream still lacks.
void ReplicaCore::remember(Lsn lsn, const Digest& digest, bool absorb) {
  ring_.add({.lsn = lsn, .digest = digest, .absorb = absorb});
  std::uint64_t needed = ~std::uint64_t{0};
  if (leads())
    for (const Peer& peer : leading_->peers) needed = std::min(needed, peer.acked + 1);
  const CopyOptions& o = options();
  count_changes(o.ring_least);
  while (ring_.size() > o.ring_most ||
         (ring_.size() > o.ring_least &&
          context_.changes_remembered.load(std::memory_order_relaxed) > o.rings_most)) {
    const Position oldest = position_of(ring_.oldest().lsn);
    if (leads() && oldest.term == row_.term && oldest.seq >= needed) break;
    if (in_line_before(ring_.floor(), oldest)) ring_.set_floor(oldest);
    ring_.drop_oldest();
    count_changes(o.ring_least);
  }
}

/// A term in which nothing is numbered may leave the history, so it is no floor.
void ReplicaCore::forget_changes(const Position& floor) {
  ring_.restart(floor.seq == 0 ? cluster::position_of(history_) : floor);
  count_changes(0);
}

/// Keeps what all rings hold together roughly right, and without touching it for every write.
void ReplicaCore::count_changes(std::size_t least) {
  const std::size_t size = ring_.size();
  if (size > changes_counted_ + least)
    context_.changes_remembered.fetch_add(size - changes_counted_, std::memory_order_relaxed);
  else if (size + least < changes_counted_)
    context_.changes_remembered.fetch_sub(changes_counted_ - size, std::memory_order_relaxed);
  else
    return;
  changes_counted_ = size;
}

std::size_t ReplicaCore::memory() const {
  std::size_t bytes = sizeof *this + ring_.memory() + history_.capacity() * sizeof(HistoryEntry);
  if (leading_) bytes += sizeof *leading_ + leading_->peers.capacity() * sizeof(Peer);
  if (following_) bytes += sizeof *following_ + following_->line.capacity() * sizeof(HistoryEntry);
  return bytes;
}

}  // namespace flotilla::cluster
