#include "replica_core.h"

namespace flotilla::cluster {

using store::MemoryRecord;
using store::RecordHead;
using wire::Digest;

namespace {

bool same_content(const store::RecordImage& a, const store::RecordImage& b) {
  return a.generation == b.generation && a.last_update == b.last_update && a.flags == b.flags &&
         a.void_time == b.void_time && equal(a.body, b.body);
}

/// Generations wrap from 65535 to 1: whichever is less than half the circle ahead is later.
bool generation_after(std::uint16_t a, std::uint16_t b) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(a - b)) > 0;
}

/// Whether `theirs` beats `ours`. Decided by what both sides hold, never by who asks.
bool wins(const NumberedRecord& theirs, const NumberedRecord& ours, CopyOptions::Conflict policy) {
  const store::RecordImage& a = theirs.image;
  const store::RecordImage& b = ours.image;
  if (policy == CopyOptions::Conflict::Generation) {
    if (a.generation != b.generation) return a.generation > b.generation;
    if (a.last_update != b.last_update) return a.last_update > b.last_update;
  } else {
    if (a.last_update != b.last_update) return a.last_update > b.last_update;
    if (a.generation != b.generation) return generation_after(a.generation, b.generation);
  }
  if (theirs.position != ours.position) return theirs.position > ours.position;
  return std::ranges::lexicographical_compare(b.body, a.body);
}

std::uint16_t generation_beyond(std::uint16_t a, std::uint16_t b) {
  const std::uint16_t most = std::max(a, b);
  return most == 0xFFFF ? std::uint16_t{1} : static_cast<std::uint16_t>(most + 1);
}

}  // namespace

// --- the holder of a branch ---------------------------------------------------------------------

/// Sends what the primary never saw, a frame at a time, each again until it is answered.
void ReplicaCore::send_branch() {
  Following& f = *following_;
  Fill& fill = *f.fill;
  fill.sent = now();
  settle();
  BranchFrame frame;
  frame.from = f.from;
  frame.chunk = fill.chunk;
  frame.tail = fill.tail;
  frame.history = history_;
  std::size_t bytes = 0;
  std::size_t next = fill.branch_done;
  // A chunk that is sent again ends where it did, or an answer to the first would skip what is new.
  const bool again = fill.branch_sent > fill.branch_done;
  const std::size_t end = again ? fill.branch_sent : fill.branch.size();
  if (again) FLOTILLA_MARK("a chunk of a branch is sent again");
  for (; next < end && (again || bytes < options().answer_bytes); ++next) {
    const MemoryRecord* const record = partition_.index.find(fill.branch[next]);
    if (record == nullptr) continue;
    const RecordHead head = record->head();
    if (context_.records.truncated(head)) continue;
    // The stream has brought the primary's version of the key already.
    if (position_of(head.lsn).term == f.term) continue;
    auto numbered_record = numbered(*record);
    if (!numbered_record) continue;
    frame.records.push_back(std::move(*numbered_record));
    bytes += wire_size(frame.records.back());
  }
  fill.branch_sent = next;
  frame.last = next == fill.branch.size();
  send(f.primary, Kind::Branch, frame);
}

void ReplicaCore::on(const Process& from, const FrameHead& head, BranchedFrame& frame) {
  if (!follows(from, head) || !following_ || !following_->fill) return;
  Fill& fill = *following_->fill;
  if (fill.phase != Fill::Phase::Branch || frame.chunk != fill.chunk ||
      frame.from != following_->from)
    return;
  fill.branch_done = fill.branch_sent;
  ++fill.chunk;
  fill.wait = 2 * options().resend;
  if (fill.branch_done < fill.branch.size()) return send_branch();
  begin_pull();
  refresh();
}

// --- the primary --------------------------------------------------------------------------------

void ReplicaCore::on(const Process& from, const FrameHead& head, BranchFrame& frame) {
  if (!leads() || head.term != row_.term) return;
  Peer* const sender = peer(from, frame.from);
  if (sender == nullptr) return;
  if (frame.chunk >= sender->branch_next) {
    if (write_access_now() != Access::Here || !merge(frame)) {
      FLOTILLA_MARK("a branch cannot be taken now");
      return;
    }  // It comes again.
    Peer* const still = peer(from, frame.from);
    if (still == nullptr) return;
    still->branch_next = frame.chunk + 1;
    if (frame.last) still->past_branch = true;
  }
  send(from, Kind::Branched, BranchedFrame{.from = frame.from, .chunk = frame.chunk});
  refresh();
}

bool ReplicaCore::merge(const BranchFrame& frame) {
  for (const NumberedRecord& record : frame.records) {
    if (record.image.digest.partition() != id_) {
      bad_frame();
      return false;
    }
    if (!merge_one(frame, record)) return false;
  }
  if (frame.last) {
    absorb(frame.history);
    ++statistics().branches_merged;
  }
  return true;
}

/// Whether this process had all of the line where the other left it: then nothing was acknowledged
/// there that it lacks. What an earlier life had, a crash may have taken. Terms rise along a line,
/// and one in which nothing was numbered has left it.
bool ReplicaCore::parted_in_this_life(const std::vector<HistoryEntry>& history) const {
  const auto fork = fork_of(history_, history);
  return fork && fork->term >= first_complete_;
}

/// One key of a branch. Not changed here since the fork: taken. Changed here too: of a tail nothing
/// was acknowledged, so ours stands; else the policy decides, and the result is a new version that
/// neither side has. False: it cannot be kept now.
bool ReplicaCore::merge_one(const BranchFrame& frame, const NumberedRecord& record) {
  settle();
  if (covers(history_, record.position)) return true;
  MemoryRecord* const own = partition_.index.find(record.image.digest);
  const store::RecordImage& theirs = record.image;
  const auto set = context_.records.sets().find_or_add(theirs.set);
  if (!set) return false;
  store::RecordUpdate update{.digest = theirs.digest,
                             .set = *set,
                             .void_time = theirs.void_time,
                             .generation = theirs.generation,
                             .flags = theirs.flags,
                             .last_update = theirs.last_update,
                             .body = theirs.body};
  if (theirs.last_update.ms() <= context_.node.effects.wall().ms + kAheadMostMs)
    context_.records.clock().saw(theirs.last_update);
  // Of one that cannot be read nothing is left to be compared.
  if (const auto read = own != nullptr ? numbered(*own) : std::nullopt) {
    const NumberedRecord& ours = *read;
    if (same_content(ours.image, theirs)) {
      FLOTILLA_MARK("both sides hold the same");
      return ours.position.term == row_.term || put_again(*own, own->head().generation).has_value();
    }
    if (!covers(frame.history, ours.position)) {
      if (frame.tail && parted_in_this_life(frame.history)) {
        FLOTILLA_MARK("of a tail ours stands");
        return true;
      }
      ++statistics().conflicts_resolved;
      const std::uint16_t generation = generation_beyond(ours.image.generation, theirs.generation);
      if (!wins(record, ours, options().conflict)) {
        FLOTILLA_MARK("a conflict that ours wins");
        return put_again(*own, generation).has_value();
      }
      FLOTILLA_MARK("a conflict that theirs wins");
      update.generation = generation;
    }
  }
  return context_.records.put(partition_, own, update, context_.node.effects.wall()).has_value();
}

/// Numbers a note into the history: whoever comes with this branch later is only behind.
void ReplicaCore::absorb(const std::vector<HistoryEntry>& branch) {
  settle();
  if (covers_all(history_, branch)) return;
  FLOTILLA_MARK("a branch is noted as absorbed");
  absorb_into(history_, branch);
  partition_.last_lsn = partition_.last_lsn.next();
  remember(partition_.last_lsn, {}, true);
  const ReplFrame frame = *repl_of(last_seq());
  for (Peer& each : leading_->peers) {
    if (each.acked + 1 == last_seq()) {
      each.mark = last_seq();
      each.mark_since = each.sent = now();
    }
    send(each.who, Kind::Repl, frame);
  }
  touch();
}

}  // namespace flotilla::cluster
