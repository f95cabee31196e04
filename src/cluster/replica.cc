#include "cluster/replica.h"

#include "replica_core.h"

namespace flotilla::cluster {
namespace {

/// Stands for all that was there when the term began; its own mutations count from 1.
store::Lsn base_of(std::uint32_t term) { return {term, 0}; }

}  // namespace

Replica::Replica(CopyContext& context, wire::PartitionId id)
    : core_(std::make_unique<ReplicaCore>(context, id, shown_)) {
  context.records.partition(id).listener = this;
}

Replica::~Replica() = default;

const Row& Replica::row() const { return core_->row(); }

const Row& Replica::claimed_row() const { return core_->claimed_row(); }

void Replica::mutated(const store::RecordImage& image, store::Lsn replaced) {
  if (!shown_.unsaved.load(std::memory_order_relaxed))
    shown_.unsaved.store(true, std::memory_order_relaxed);
  if (shown_.alone.load(std::memory_order_relaxed)) return;
  core_->mutated(image, replaced);
}

bool Replica::keeps_tombstones() const { return core_->keeps_tombstones(); }

bool Replica::may_forget(store::Lsn tombstone) const { return core_->may_forget(tombstone); }

Replica::Acknowledged Replica::acknowledged(store::Lsn lsn) const {
  const store::Lsn all(shown_.acknowledged.load(std::memory_order_acquire));
  const bool base = lsn != base_of(lsn.term()) || shown_.base_acknowledged.load();
  if (lsn.term() == all.term() && lsn <= all && base) return Acknowledged::Yes;
  const bool leading = shown_.leading.load(std::memory_order_acquire);
  return leading && lsn.term() == all.term() ? Acknowledged::Waiting : Acknowledged::Deposed;
}

store::Lsn Replica::unsettled(store::Lsn record) const {
  if (!shown_.leading.load(std::memory_order_acquire)) return {};
  const store::Lsn all(shown_.acknowledged.load(std::memory_order_acquire));
  const bool of_this_term = record.term() == all.term();
  if (of_this_term ? record <= all : shown_.base_acknowledged.load()) return {};
  // The gate is looked at after this, and the primary looks here after it has counted.
  shown_.reader_waits.store(true);
  return of_this_term ? record : base_of(all.term());
}

void Replica::install(const Row& row) { core_->install(row); }

void Replica::move(const Row& row) { core_->move(row); }

void Replica::orphan() { core_->orphan(); }

void Replica::repair(const store::RecordWanted& copy) { core_->repair(copy); }

void Replica::set_holders_away(bool away) { core_->set_holders_away(away); }

void Replica::receive(const Process& from, Bytes frame) { core_->receive(from, frame); }

void Replica::tick() { core_->tick(); }

bool Replica::wants_tick() const { return core_->wants_tick(); }

CopyReport Replica::report() const { return core_->report(); }

Buffer Replica::save() { return core_->save(); }

Result<void> Replica::load(Bytes saved) { return core_->load(saved); }

std::size_t Replica::memory() const { return sizeof *this + core_->memory(); }

bool Replica::in_sync() const { return core_->in_sync(); }

bool Replica::filling() const { return core_->filling(); }

std::size_t Replica::unacknowledged() const { return core_->unacknowledged(); }

}  // namespace flotilla::cluster
