#pragma once

#include "cluster/replica.h"

namespace flotilla::cluster {

class ReplicaCore {
 public:
  using Access = Replica::Access;

  ReplicaCore(CopyContext& context, wire::PartitionId id, Replica::Shown& shown)
      : context_(context), partition_(context.records.partition(id)), id_(id), shown_(shown) {}

  const Row& row() const { return row_; }
  void mutated(const store::RecordImage&, store::Lsn) {}
  bool keeps_tombstones() const { return false; }
  bool may_forget(store::Lsn) const { return true; }
  void install(const Row& row) {
    if (row.version <= row_.version) return;
    row_ = row;
    const bool here = row.primary == context_.node.self;
    if (here) {
      partition_.last_lsn =
          store::Lsn(context_.node.terms.intern(row.term, partition_.last_lsn.term()), 0);
      shown_.acknowledged = store::Lsn(partition_.last_lsn.term() + 1, 0).raw() - 1;
    }
    shown_.leading = here;
    shown_.alone = here;
    const Access access = here                       ? Access::Here
                          : row.primary == Process{} ? Access::Nobody
                                                     : Access::Elsewhere;
    shown_.write = shown_.read = shown_.read_any = access;
    context_.node.effects.bits_changed(context_.tag, id_);
  }
  void move(const Row&) {}
  void orphan() {}
  void set_holders_away(bool) {}
  void receive(const Process&, Bytes) {}
  void tick() {}
  bool wants_tick() const { return false; }
  CopyReport report() const {
    CopyReport r;
    r.row = row_;
    r.ever_full = true;
    return r;
  }
  Buffer save() { return {}; }
  Result<void> load(Bytes) { return {}; }
  std::size_t memory() const { return sizeof *this; }
  bool in_sync() const { return row_.primary == context_.node.self; }
  bool filling() const { return false; }
  std::size_t unacknowledged() const { return 0; }

 private:
  CopyContext& context_;
  store::Partition& partition_;
  wire::PartitionId id_;
  Replica::Shown& shown_;
  Row row_;
};

}  // namespace flotilla::cluster
