#pragma once

// The contract of a partition's copy; see docs/algorithms/replication.md.

#include <atomic>
#include <memory>

#include "base/time.h"
#include "cluster/row.h"
#include "store/namespace.h"

namespace flotilla::cluster {

/// Numbers terms for this node, so that a record can name its term in 24 bits. Only grows; index 0
/// is no term. A term is on disk before intern() returns, where there is a disk. Any thread.
class TermTable {
 public:
  virtual ~TermTable() = default;
  virtual std::uint32_t intern(const Term& term) = 0;
  virtual Term term(std::uint32_t index) const = 0;
};

/// What the copies of a node need of the world. One for all copies; called with a partition's write
/// lock held, on whatever thread stepped the copy, so nothing here may block or call back.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
  /// Sends a frame to the process's fabric: may be lost, doubled, late, and in any order. The bytes
  /// are copied before this returns.
  virtual void send(const Process& to, Bytes frame) = 0;
  /// To the leader, by way of this node's Membership. May be lost.
  virtual void ask(const RowAsk& ask) = 0;
  /// Replies that wait for acknowledgements may be ready.
  virtual void acknowledged() = 0;
  /// The copy wants tick() until it says otherwise by wants_tick().
  virtual void want_tick(std::uint32_t ns, wire::PartitionId partition) = 0;
  /// What this node may serve of the partition has changed.
  virtual void bits_changed(std::uint32_t ns, wire::PartitionId partition) = 0;
};

/// One node's copy of one partition: numbers and replicates writes while it is primary, applies
/// them while it is not, and brings copies that fell behind back in sync. A machine without I/O.
///
/// A monitor: everything is called with the partition's write lock held, except what says "any
/// thread". It never takes another partition's lock.
class Replica final : public store::MutationListener {
 public:
  enum class Access : std::uint8_t {
    Here,       // This node serves it.
    Wait,       // Soon: a gate is closed. Try again.
    Elsewhere,  // primary() serves it.
    Nobody,     // Unavailable: no row yet, or waiting.
  };

  /// May a write be executed here and now? Asked again under the lock that the write holds.
  Access write_access() const;
  /// May a read be? `any_copy`: the client is content with a replica in sync. Any thread.
  Access read_access(bool any_copy) const;
  /// Whom to proxy to when Elsewhere. Zero: nobody known.
  Process primary() const;

  /// After a mutation by this node as primary (put, remove): who applied it tells others. From
  /// store::Namespace, under the lock.
  void mutated(const store::RecordImage& image, store::Lsn replaced) override;

  enum class Acknowledged : std::uint8_t { Waiting, Yes, Deposed };
  /// Whether every in-sync copy has the mutation. Any thread.
  Acknowledged acknowledged(store::Lsn lsn) const;

  /// A row from the leader, newer than what it has (older ones are ignored).
  void install(const Row& row);
  /// The leader wants `to` to be primary under `row`.
  void move(const Row& row);
  /// A frame from a copy on another process. Any bytes: garbage is counted and dropped.
  void receive(const Process& from, Bytes frame);
  void tick();
  bool wants_tick() const;

  CopyReport report() const;
};

}  // namespace flotilla::cluster
