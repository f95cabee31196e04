#include "replica_core.h"

namespace flotilla::cluster {

using store::MemoryRecord;

namespace {

constexpr std::size_t kDroppedAtOnce = 4096;

}  // namespace

// --- MOVE, at the old primary -------------------------------------------------------------------

void ReplicaCore::move(const Row& row) {
  if (!leads() || orphaned_ || leading_->granted || row.version <= row_.version) return;
  if (row.primary == self() || row.primary == Process{}) return;
  const Peer* const next = peer(row.primary);
  if (next == nullptr || !next->in_row) return;  // Not complete: it has yet to answer START.
  leading_->moving = row;
  leading_->gate_until = now() + options().gate;
  need_tick();
  try_grant();
  refresh();
}

/// Once nothing waits for an acknowledgement, the other has all that clients were told.
void ReplicaCore::try_grant() {
  if (!leading_ || !leading_->moving || leading_->granted || unacknowledged() != 0) return;
  const Peer* const next = peer(leading_->moving->primary);
  if (next == nullptr || !next->complete || next->acked < last_seq()) return;
  leading_->granted = true;
  refresh();  // Clients see that this node serves it no more before another says that it does.
  send_grant();
}

void ReplicaCore::send_grant() {
  leading_->grant_sent = now();
  send(leading_->moving->primary, Kind::Grant,
       GrantFrame{.base = last_seq(), .row = *leading_->moving});
}

// --- GRANT, at the new one ----------------------------------------------------------------------

void ReplicaCore::on(const Process& from, const FrameHead& head, GrantFrame& frame) {
  if (frame.row.primary != self() || row_from_disk_) return;
  // Taken, and START tells, or never to be taken: the sender will get the newer row too. To refuse
  // now what was taken would open it again beside us.
  if (frame.row.version <= row_.version) return;
  if (frame.row.version.epoch < context_.node.effects.promised()) {
    FLOTILLA_MARK("GRANT refused: promised to a higher view");
    context_.node.effects.send(
        from,
        encode({.kind = Kind::Ungrant, .ns = context_.tag, .partition = id_, .term = head.term},
               RowFrame{frame.row.version}));
    return;
  }
  if (!follows(from, head) || !following_ || following_->contiguous != frame.base) return;
  if (!in_sync()) {
    FLOTILLA_MARK("GRANT overtakes the row that calls the copy in sync");
    following_->grant = std::make_unique<GrantFrame>(std::move(frame));
    return;
  }
  const Row row = frame.row;
  install(row);
  ask(RowAsk::Kind::Moved, self(), row);
}

/// The old primary was told by the leader first. Its gate is closed meanwhile: clients wait.
void ReplicaCore::take_early_grant() {
  if (!following_ || !following_->grant || !in_sync()) return;
  const auto grant = std::exchange(following_->grant, nullptr);
  on(following_->primary,
     {.kind = Kind::Grant, .ns = context_.tag, .partition = id_, .term = following_->term}, *grant);
}

// --- copies that nobody needs -------------------------------------------------------------------

/// Whether the copies where they belong are complete and have all there is.
bool ReplicaCore::unneeded_elsewhere() const {
  if (row_.has(Row::kMerging) || leading_->moving || unacknowledged() != 0) return false;
  if (!targets_in_sync()) return false;
  return std::ranges::all_of(leading_->peers,
                             [](const Peer& each) { return !each.in_row || each.complete; });
}

void ReplicaCore::drop_some() {
  std::vector<MemoryRecord*> bucket;
  for (std::size_t dropped = 0; dropped < kDroppedAtOnce; dropped += bucket.size()) {
    {
      const std::scoped_lock lock(partition_.index_lock);
      partition_.index.next_below(nullptr, bucket);
    }
    if (bucket.empty()) {
      dropping_ = false;
      forget_changes({});
      return;
    }
    for (MemoryRecord* record : bucket) context_.records.drop(partition_, record);
  }
}

}  // namespace flotilla::cluster
