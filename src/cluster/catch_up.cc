#define XXH_INLINE_ALL
#include <xxhash.h>

#include <set>
#include <utility>

#include "replica_core.h"

namespace flotilla::cluster {

using store::MemoryRecord;
using store::RecordHead;
using wire::Digest;

namespace {

/// Records looked at for one answer, so that the lock is held for a bounded time.
constexpr std::size_t kExaminedMost = 8192;

/// The next eight bits of a digest after those that make its partition.
int leaf_of(const Digest& digest) {
  return (static_cast<int>(digest.bytes[1]) & 0xF0) | (static_cast<int>(digest.bytes[2]) >> 4);
}

/// The least digest of a leaf.
Digest low_of(wire::PartitionId partition, int leaf) {
  Digest digest;
  digest.bytes[0] = static_cast<std::byte>(partition.raw() & 0xFF);
  digest.bytes[1] = static_cast<std::byte>((partition.raw() >> 8) | (leaf & 0xF0));
  digest.bytes[2] = static_cast<std::byte>((leaf & 0x0F) << 4);
  return digest;
}

bool has(const LeafSet& set, int leaf) {
  return (set[static_cast<std::size_t>(leaf) / 8] >> (leaf % 8) & 1) != 0;
}

void put(LeafSet& set, int leaf) {
  auto& byte = set[static_cast<std::size_t>(leaf) / 8];
  byte = static_cast<std::uint8_t>(byte | 1U << (leaf % 8));
}

/// Visits records in descending order of digest from below `below` (null: the top) until `visit`
/// says false. The partition's write lock is held, so nothing changes between buckets.
void descend(store::Partition& partition, const Digest* below, const auto& visit) {
  std::vector<MemoryRecord*> bucket;
  Digest last;
  for (;; below = &last) {
    {
      const std::scoped_lock lock(partition.index_lock);
      partition.index.next_below(below, bucket);
    }
    if (bucket.empty()) return;
    for (const MemoryRecord* record : bucket)
      if (!visit(*record)) return;
    last = bucket.back()->digest();
  }
}

}  // namespace

/// One sum for each leaf, over what is alive: equal sums, equal records.
LeafHashes ReplicaCore::leaf_hashes() const {
  LeafHashes hashes{};
  descend(partition_, nullptr, [&](const MemoryRecord& of) {
    const RecordHead record = of.head();
    if (record.is_tombstone() || context_.records.truncated(record)) return true;
    std::array<std::uint64_t, 7> key{};
    const Position at = position_of(record.lsn);
    std::memcpy(key.data(), record.digest.bytes.data(), Digest::kSize);
    key[3] = at.term.epoch.number;
    key[4] = at.term.epoch.tag;
    key[5] = at.term.n;
    key[6] = at.seq;
    hashes[static_cast<std::size_t>(leaf_of(record.digest))] += XXH3_64bits(key.data(), sizeof key);
    return true;
  });
  return hashes;
}

// --- transfers ----------------------------------------------------------------------------------

bool ReplicaCore::take_in() {
  const bool taken = context_.node.budget.take_in();
  if (!taken) context_.node.effects.want_slot(context_.tag, id_, Effects::Slot::In);
  return taken;
}

void ReplicaCore::give_in() {
  context_.node.budget.give_in();
  context_.node.effects.slot_freed();
}

bool ReplicaCore::take_out() {
  const bool taken = context_.node.budget.take_out();
  if (!taken) context_.node.effects.want_slot(context_.tag, id_, Effects::Slot::Out);
  return taken;
}

void ReplicaCore::give_out() {
  context_.node.budget.give_out();
  context_.node.effects.slot_freed();
}

// --- the receiver -------------------------------------------------------------------------------

/// From here on the copy takes part in the stream; its position stays what it was until all that
/// came before is here too.
void ReplicaCore::begin_fill() {
  Following& f = *following_;
  if (f.fill && f.fill->has_slot) give_in();
  f.fill = std::make_unique<Fill>();
  f.fill->wait = 2 * options().resend;
  const bool unsure = dirty_ || filling_ || history_.empty();
  if (!released_ && (unsure || !covers_all(f.line, history_))) f.fill->branch = uncovered(f.line);
  // What was saved of the row may be a second old, and name the primary by an earlier life.
  f.fill->tail = !filling_ && std::ranges::any_of(last_in_sync_, [&](const Process& process) {
    return in_sync_from_disk_ ? process.node == f.primary.node : process == f.primary;
  });
  filling_ = true;
  touch();
  acknowledge();
  if (f.fill->branch.empty()) return begin_pull();
  send_branch();
  need_tick();
}

void ReplicaCore::begin_pull() {
  Fill& fill = *following_->fill;
  fill.branch = {};
  fill.phase = is_target() || in_row() ? Fill::Phase::Slot : Fill::Phase::Idle;
  need_tick();
  if (fill.phase == Fill::Phase::Idle) return offer();
  send_pull();
}

/// This copy's line left the primary's, whether or not its branch is merged by now.
bool ReplicaCore::went_apart() const {
  return std::ranges::any_of(history_, [this](const HistoryEntry& mine) {
    if (mine.absorbed || mine.end == 0) return false;
    return std::ranges::none_of(following_->line, [&](const HistoryEntry& its) {
      return !its.absorbed && its.term == mine.term && its.end >= mine.end;
    });
  });
}

void ReplicaCore::send_pull() {
  Following& f = *following_;
  Fill& fill = *f.fill;
  fill.sent = now();
  if (fill.phase == Fill::Phase::Slot) {
    // Who is waited for does not queue.
    if (!in_row()) {
      if (!take_in()) {
        FLOTILLA_MARK("a fill waits for a slot");
        return;
      }
      fill.has_slot = true;
    }
    const auto fork = fork_of(f.line, history_);
    // What the log lost is missing below the position, and what it has beyond need not be sent.
    // A branch may also have dropped keys without a trace, and of those the ring knows nothing.
    const bool by_position = ever_full_ && fork && !unlike_saved_ && !went_apart();
    fill.phase = by_position ? Fill::Phase::Delta : Fill::Phase::Hashes;
    if (fork) fill.after = *fork;
    const std::size_t held = partition_.index.size();
    if (held == 0 || (!by_position && held <= options().named_most)) {
      fill.phase = Fill::Phase::Range;
      fill.differing.fill(0xFF);
    }
  }
  PullFrame pull{.from = f.from, .number = fill.number};
  switch (fill.phase) {
    case Fill::Phase::Delta:
      pull.mode = PullMode::Delta;
      pull.after = fill.after;
      break;
    case Fill::Phase::Hashes:
      pull.mode = PullMode::Hashes;
      pull.hashes = leaf_hashes();
      break;
    case Fill::Phase::Range:
      pull.mode = PullMode::Range;
      add_range(pull);
      break;
    default:
      return;
  }
  send(f.primary, Kind::Pull, pull);
}

/// Moves to the next leaf that differs. False: there is none.
bool ReplicaCore::next_range() {
  Fill& fill = *following_->fill;
  while (fill.leaf >= 0 && !has(fill.differing, fill.leaf)) {
    --fill.leaf;
    fill.within = false;
  }
  return fill.leaf >= 0;
}

/// Leaves that differ are one range with what lies between them, as long as that is little. All
/// that is held in it is named; when that is too much, the range ends there.
void ReplicaCore::add_range(PullFrame& pull) {
  const Fill& fill = *following_->fill;
  pull.from_top = !fill.within && fill.leaf == kLeaves - 1;
  pull.below = fill.within ? fill.below : pull.from_top ? Digest{} : low_of(id_, fill.leaf + 1);
  int last = 0;
  while (!has(fill.differing, last)) ++last;
  pull.low = low_of(id_, last);
  int above = fill.leaf;  // The leaf that differs to which records between belong.
  std::size_t between = 0;
  descend(partition_, pull.from_top ? nullptr : &pull.below, [&](const MemoryRecord& of) {
    const RecordHead record = of.head();
    if (record.digest < pull.low) return false;
    if (context_.records.truncated(record)) return true;
    int leaf = leaf_of(record.digest);
    while (!has(fill.differing, leaf)) ++leaf;
    if (std::exchange(above, leaf) != leaf) between = 0;
    if (leaf != leaf_of(record.digest)) ++between;
    if (between > options().named_most) {
      FLOTILLA_MARK("a range ends before leaves that are equal");
      pull.held.resize(pull.held.size() - options().named_most);
      pull.low = low_of(id_, leaf);
      return false;
    }
    pull.held.push_back({.digest = record.digest, .position = position_of(record.lsn)});
    if (pull.held.size() < options().list_most) return true;
    pull.low = record.digest;
    return false;
  });
}

void ReplicaCore::on(const Process& from, const FrameHead& head, CopiesFrame& frame) {
  if (!follows(from, head) || !following_ || !following_->fill) return;
  const Fill& fill = *following_->fill;
  const bool expected = (fill.phase == Fill::Phase::Delta && frame.mode == PullMode::Delta) ||
                        (fill.phase == Fill::Phase::Hashes && frame.mode == PullMode::Hashes) ||
                        (fill.phase == Fill::Phase::Range && frame.mode == PullMode::Range);
  if (!expected || frame.number != fill.number || frame.from != following_->from) return;
  take_copies(frame);
  refresh();
}

void ReplicaCore::take_copies(const CopiesFrame& copies) {
  Fill& fill = *following_->fill;
  for (const NumberedRecord& record : copies.records)
    if (!take(record)) return;  // Asked for again by and by.
  statistics().records_received += copies.records.size();
  for (const Digest& digest : copies.gone) {
    MemoryRecord* const own = partition_.index.find(digest);
    if (own == nullptr) continue;
    const Position mine = position_of(own->head().lsn);
    FLOTILLA_MARK("a record that the primary lacks goes");
    // Unless the stream brought it after the primary looked.
    if (mine.term != following_->term || mine.seq <= copies.as_of)
      context_.records.drop(partition_, own);
  }
  ++fill.number;
  fill.wait = 2 * options().resend;
  switch (copies.mode) {
    case PullMode::Delta:
      if (copies.possible && copies.done) {
        FLOTILLA_MARK("filled by delta");
        return end_fill();
      }
      fill.after = copies.reached;
      if (!copies.possible) {
        FLOTILLA_MARK("a delta is not possible");
        fill.phase = Fill::Phase::Hashes;
      }
      break;
    case PullMode::Hashes:
      FLOTILLA_MARK("sums are compared");
      fill.differing = copies.differing;
      fill.phase = Fill::Phase::Range;
      if (!next_range()) return end_fill();
      break;
    case PullMode::Range: {
      const int leaf = leaf_of(copies.low);
      fill.within = copies.low != low_of(id_, leaf);
      if (fill.within) FLOTILLA_MARK("a range ends within a leaf");
      fill.leaf = fill.within ? leaf : leaf - 1;
      fill.below = copies.low;
      if (!next_range()) return end_fill();
      break;
    }
  }
  send_pull();
}

/// All that came before the stream is here: the copy's line is the primary's.
void ReplicaCore::end_fill() {
  Following& f = *following_;
  if (f.fill->has_slot) give_in();
  f.fill.reset();
  f.complete = ever_full_ = true;
  note_complete(f.term);
  filling_ = dirty_ = unlike_saved_ = released_ = false;
  history_ = f.line;
  settle();
  forget_changes({f.term, f.highest});
  ++statistics().transfers_done;
  touch();
  acknowledge();
}

// --- the primary --------------------------------------------------------------------------------

void ReplicaCore::on(const Process& from, const FrameHead& head, PullFrame& frame) {
  if (!leads() || head.term != row_.term) return;
  Peer* const receiver = peer(from, frame.from);
  if (receiver == nullptr || receiver->complete) return;  // The latter: a late copy of a request.
  receiver->past_branch = true;
  receiver->queued = std::make_unique<PullFrame>(std::move(frame));
  answer_queued(*receiver);
  refresh();
}

/// Unless the request is to wait for a slot, or its turn; then a tick tries again. A receiver that
/// writes wait for does not queue.
void ReplicaCore::answer_queued(Peer& receiver) {
  if (!receiver.in_row) {
    if (!receiver.has_slot && !take_out()) {
      FLOTILLA_MARK("a request waits for a slot");
      return;
    }
    receiver.has_slot = true;
    if (!context_.node.pace.allows(now())) {
      FLOTILLA_MARK("a request waits for its turn");
      context_.node.effects.want_slot(context_.tag, id_, Effects::Slot::Pace);
      return;
    }
  }
  answer(receiver, *std::exchange(receiver.queued, nullptr));
}

void ReplicaCore::answer(Peer& receiver, const PullFrame& pull) {
  CopiesFrame copies{
      .from = pull.from, .number = pull.number, .mode = pull.mode, .as_of = last_seq()};
  bool ready = true;
  switch (pull.mode) {
    case PullMode::Delta:
      ready = answer_delta(pull, copies);
      break;
    case PullMode::Hashes:
      answer_hashes(pull, copies);
      break;
    case PullMode::Range:
      ready = answer_range(pull, copies);
      break;
  }
  if (!ready) return;  // It is asked again by and by.
  statistics().records_sent += copies.records.size();
  context_.node.pace.spend(send(receiver.who, Kind::Copies, copies));
}

/// What changed after a position, in the order of the last change of each key. False: a record of
/// it is being repaired.
bool ReplicaCore::answer_delta(const PullFrame& pull, CopiesFrame& copies) {
  const auto place = [this](const Position& p) { return std::pair(rank(p.term), p.seq); };
  const auto after = place(pull.after);
  const Position floor = ring_.floor();
  const bool is_known = floor.term == Term{} || rank(floor.term) >= 0;
  copies.possible = after.first >= 0 && is_known && !shown_.alone.load() && after >= place(floor);
  if (!copies.possible) return true;
  struct Changed {
    std::pair<int, std::uint64_t> at;
    const ChangeRing::Change* change;
  };
  std::set<Digest> seen;
  std::vector<Changed> changed;
  for (std::size_t back = 0; back < ring_.size(); ++back) {
    const ChangeRing::Change& change = ring_.newest(back);
    const auto at = place(position_of(change.lsn));
    if (at <= after || change.absorb || !seen.insert(change.digest).second) continue;
    changed.push_back({at, &change});
  }
  std::ranges::sort(changed, {}, &Changed::at);
  std::size_t bytes = 0;
  for (const auto& [at, change] : changed) {
    copies.done = bytes < options().answer_bytes;
    if (!copies.done) return true;
    copies.reached = position_of(change->lsn);
    const MemoryRecord* const record = partition_.index.find(change->digest);
    if (record == nullptr || context_.records.truncated(record->head())) {
      copies.gone.push_back(change->digest);
      bytes += Digest::kSize;
    } else {
      auto numbered_record = numbered(*record);
      if (!numbered_record && is_being_repaired(change->digest)) return false;
      if (!numbered_record) {  // What the receiver has of it must be looked at.
        copies = {.from = copies.from,
                  .number = copies.number,
                  .mode = copies.mode,
                  .as_of = copies.as_of,
                  .possible = false};
        return true;
      }
      copies.records.push_back(std::move(*numbered_record));
      bytes += wire_size(copies.records.back());
    }
  }
  return true;
}

void ReplicaCore::answer_hashes(const PullFrame& pull, CopiesFrame& copies) {
  const LeafHashes mine = leaf_hashes();
  for (int leaf = 0; leaf < static_cast<int>(kLeaves); ++leaf) {
    const auto i = static_cast<std::size_t>(leaf);
    if (mine[i] != pull.hashes[i]) put(copies.differing, leaf);
  }
}

/// Both lists go down the digests side by side: what the receiver lacks or has otherwise is sent,
/// what it has and we do not, goes. False: a record of it is being repaired.
bool ReplicaCore::answer_range(const PullFrame& pull, CopiesFrame& copies) {
  copies.low = pull.low;
  auto held = pull.held.begin();
  std::size_t bytes = 0;
  std::size_t examined = 0;
  bool ready = true;
  descend(partition_, pull.from_top ? nullptr : &pull.below, [&](const MemoryRecord& of) {
    const RecordHead record = of.head();
    if (record.digest < pull.low) return false;
    if (bytes >= options().answer_bytes || examined >= kExaminedMost) {
      copies.done = false;
      return false;
    }
    ++examined;
    for (; held != pull.held.end() && record.digest < held->digest; ++held)
      copies.gone.push_back(held->digest);
    copies.low = record.digest;
    const bool theirs = held != pull.held.end() && held->digest == record.digest;
    const bool same = theirs && held->position == position_of(record.lsn);
    if (theirs) ++held;
    if (same) ++statistics().records_skipped;
    if (same || context_.records.truncated(record)) return true;
    auto numbered_record = numbered(of);
    ready = numbered_record || !is_being_repaired(record.digest);
    if (!numbered_record) {  // An older version must not pass for it.
      if (theirs) copies.gone.push_back(record.digest);
      return ready;
    }
    copies.records.push_back(std::move(*numbered_record));
    bytes += wire_size(copies.records.back());
    return true;
  });
  if (!copies.done || !ready) return ready;
  copies.low = pull.low;
  for (; held != pull.held.end(); ++held) copies.gone.push_back(held->digest);
  return true;
}

}  // namespace flotilla::cluster
