#pragma once

// The contract of a partition's copy; see docs/algorithms/replication.md.

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "base/time.h"
#include "cluster/row.h"
#include "cluster/transfer_pace.h"
#include "store/namespace.h"

namespace flotilla::cluster {

/// Numbers terms for this node, so that a record can name its term in 24 bits. Only grows; index 0
/// is no term. Any thread.
///
/// One term may have several numbers: terms are met in another order by another partition, and
/// within a partition a higher number must mean newer, since recovery keeps the record with the
/// highest Lsn.
class TermTable {
 public:
  virtual ~TermTable() = default;
  /// The newest number of the term if it is above `after`, else a new one. On disk before this
  /// returns, where there is a disk.
  virtual std::uint32_t intern(const Term& term, std::uint32_t after) = 0;
  /// Zero for a number never given.
  virtual Term term(std::uint32_t index) const = 0;
  /// Records name terms by numbers up to this one, some of which may be lost: they are not given
  /// again.
  virtual void reserve(std::uint32_t index) = 0;
};

/// The table of a node without a disk.
class MemoryTermTable final : public TermTable {
 public:
  std::uint32_t intern(const Term& term, std::uint32_t after) override;
  Term term(std::uint32_t index) const override;
  void reserve(std::uint32_t index) override;

 private:
  mutable std::mutex mutex_;
  std::vector<Term> terms_;  // Index 1 comes first.
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
  /// Replies to this thread's clients that wait for acknowledgements may be ready.
  virtual void acknowledged() = 0;
  /// Those of any thread: an acknowledgement comes back to whoever wrote, but one that overtakes
  /// others covers what other threads wrote as well.
  virtual void acknowledged_for_all() { acknowledged(); }
  /// The copy wants tick() until it says otherwise by wants_tick(): about every 20 ms.
  virtual void want_tick(std::uint32_t ns, wire::PartitionId partition) = 0;
  /// The copy has found no free transfer: it is to be ticked when one ends, as slot_freed() tells,
  /// sooner than its turn would come. Pace: when CopyNode::pace allows.
  enum class Slot : std::uint8_t { In, Out, Pace };
  virtual void want_slot(std::uint32_t, wire::PartitionId, Slot) {}
  virtual void slot_freed() {}
  /// What this node may serve of the partition has changed.
  virtual void bits_changed(std::uint32_t ns, wire::PartitionId partition) = 0;
  /// The highest epoch that this process's Membership has promised: a GRANT of a lower one is
  /// refused. Must be set before Membership asks for the reports that go with the promise.
  virtual Epoch promised() const { return {}; }
};

/// How many copies of a node are filled, or fill others, at a time. Any thread.
class TransferBudget {
 public:
  std::atomic<std::uint32_t> in_most{4};
  std::atomic<std::uint32_t> out_most{4};  // 0: transfers pause.

  bool take_in() { return take(in_, in_most); }
  bool take_out() { return take(out_, out_most); }
  void give_in() { in_.fetch_sub(1, std::memory_order_relaxed); }
  void give_out() { out_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t in() const { return in_.load(std::memory_order_relaxed); }
  std::uint32_t out() const { return out_.load(std::memory_order_relaxed); }

 private:
  static bool take(std::atomic<std::uint32_t>& used, const std::atomic<std::uint32_t>& most);

  std::atomic<std::uint32_t> in_{0};
  std::atomic<std::uint32_t> out_{0};
};

/// What all copies of a node share.
struct CopyNode {
  Effects& effects;
  TermTable& terms;
  Process self;
  TransferBudget budget{};
  TransferPace pace{};
  /// The process ends soon: what is released meanwhile stays, for its next life. Any thread.
  std::atomic<bool> leaving{false};
};

/// What is decided and counted for all copies of a namespace, since start. Any thread.
struct CopyStatistics {
  using Count = std::atomic<std::uint64_t>;

  // Now: partitions.
  Count tx_remaining{0};  // Receivers that this node, as primary, has yet to bring in sync.
  Count tx_active{0};
  Count rx_remaining{0};  // Copies of this node that are not in sync.
  Count rx_active{0};
  // Ever: records, unless said otherwise.
  Count records_sent{0};
  Count records_received{0};
  Count records_skipped{0};        // Equal on both sides.
  Count records_retransmitted{0};  // Asked for once more.
  Count transfers_done{0};         // Partitions received in whole or in part.
  Count records_repaired{0};       // Written again here as another copy has them.
  Count records_unreadable{0};     // Left out of what others are filled with.
  Count conflicts_resolved{0};     // ap_conflicts_resolved: keys changed on both sides of a split.
  Count branches_merged{0};
  Count replicated{0};  // Mutations sent as primary; resent; taken over as backup.
  Count resent{0};
  Count applied{0};
  Count apply_failed{0};  // The log took no more, or the set table was full.
  Count bad_frames{0};
  Count refused{0};  // Frames of a term that is over.
  Count drops_asked{0};
  Count copies_dropped{0};
};

/// Settings of a namespace's copies; fixed before the first row.
struct CopyOptions {
  enum class Conflict : std::uint8_t { Generation, LastUpdate };

  std::uint32_t replication_factor = 1;  // 1: deletes leave nothing while the node is alone.
  Conflict conflict = Conflict::Generation;
  bool durable = false;  // There is a log: told in reports.

  Duration resend = std::chrono::milliseconds(50);
  Duration ack_limit = std::chrono::milliseconds(300);  // Then a member is to be dropped.
  Duration gate = std::chrono::milliseconds(200);       // Writes wait for a MOVE at most so long.
  Duration ask_again = std::chrono::milliseconds(200);
  Duration offer_again = std::chrono::milliseconds(100);
  Duration clients_follow = std::chrono::milliseconds(1500);  // They hear of a new primary by then.
  Duration silence = std::chrono::seconds(3);       // A receiver that asks no more is forgotten.
  Duration merge_settle = std::chrono::seconds(1);  // Branches come forward within this.
  std::size_t window_most = 1 << 16;                // Unacknowledged mutations; then writes wait.
  std::size_t ring_most = 1 << 12;      // Changes remembered for copies that come back ...
  std::size_t ring_least = 16;          // ... so many at any rate, and more while all copies of the
  std::size_t rings_most = 1 << 18;     // namespace together have no more than this; 32 bytes each.
  std::size_t answer_bytes = 64 << 10;  // Of records in one frame; at least one record.
  std::size_t list_most = 1024;         // Keys named in one frame.
  std::size_t named_most = 64;          // So few keys are named rather than compared by sums.
  std::size_t early_most = 1024;        // Mutations taken before their predecessors.
};

/// The copies of one namespace share this. Outlives them.
struct CopyContext {
  CopyNode& node;
  store::Namespace& records;
  std::uint32_t tag = 0;  // namespace_tag() of its name.
  CopyOptions options{};
  CopyStatistics statistics{};
  std::atomic<std::size_t> changes_remembered{0};  // About: in steps of ring_least.
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

  /// Becomes the partition's listener. No row yet: Nobody. Without the lock, before the first
  /// request.
  Replica(CopyContext& context, wire::PartitionId id);
  ~Replica() override;
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  /// May a write be executed here and now? Asked again under the lock that the write holds. Any
  /// thread.
  Access write_access() const { return shown_.write.load(std::memory_order_acquire); }
  /// May a read be? `any_copy`: the client is content with a replica in sync. Any thread.
  Access read_access(bool any_copy) const {
    return (any_copy ? shown_.read_any : shown_.read).load(std::memory_order_acquire);
  }
  /// May a scan take the partition from here? From any copy in sync: it shows no single moment.
  /// Any thread.
  bool may_be_scanned() const { return shown_.scan.load(std::memory_order_acquire); }
  /// Whom to proxy to when Elsewhere. Zero: nobody known.
  Process primary() const { return row().primary; }
  const Row& row() const;
  /// What clients may see: row(), or once it has been handed over, the row under which another is
  /// primary.
  const Row& claimed_row() const;

  /// After a mutation by this node as primary (put, remove): who applied it tells others. From
  /// store::Namespace, under the lock.
  void mutated(const store::RecordImage& image, store::Lsn replaced) override;
  /// Whether this copy decides that records expire: it is the primary and serves. Any thread.
  bool decides() const override { return write_access() == Access::Here; }
  bool keeps_tombstones() const override;
  /// Whether nobody needs this tombstone any more, as far as the row says: all copies are in sync.
  bool may_forget(store::Lsn tombstone) const override;
  /// Whether there is another copy in sync. Any thread.
  bool can_repair() const override { return shown_.can_repair.load(std::memory_order_relaxed); }

  enum class Acknowledged : std::uint8_t { Waiting, Yes, Deposed };
  /// Whether every in-sync copy has the mutation; `lsn` is partition.last_lsn right after it. Any
  /// thread.
  Acknowledged acknowledged(store::Lsn lsn) const;
  /// What must be acknowledged before a client may be shown the record with this number, which
  /// could otherwise vanish again; zero: nothing. Any thread.
  store::Lsn unsettled(store::Lsn record) const;

  /// A row from the leader, newer than what it has (older ones are ignored), or the one that it has
  /// from its disk or was orphaned with, which holds again. Where this process is the row's
  /// primary, whoever calls says with it that the row is *in force*: a copy that it does not name
  /// is not waited for any more. Membership sees to that.
  void install(const Row& row);
  /// The leader wants `to` to be primary under `row`.
  void move(const Row& row);
  /// This process is in no view any more: it serves nothing until the next row.
  void orphan();
  /// This node cannot read a record, as store::DamagedRecords says: other copies are asked for it.
  void repair(const store::RecordWanted& copy);
  /// Holders of durable data that are out of the view need tombstones to stay.
  void set_holders_away(bool away);
  /// A frame from a copy on another process. Any bytes: garbage is counted and dropped.
  void receive(const Process& from, Bytes frame);
  void tick();
  bool wants_tick() const;

  CopyReport report() const;

  /// What must be known again after a restart: history, position, last row, whether it is being
  /// filled. Not to be kept before the log is durable up to where it is now: what it says must be
  /// true of the records that come back.
  Buffer save();
  /// Whether save() would say something else than it last did. Any thread.
  bool unsaved() const { return shown_.unsaved.load(std::memory_order_relaxed); }
  /// After recovery of the records, before the first row. Parameter: the bytes are not a save();
  /// then the copy counts as never filled.
  Result<void> load(Bytes saved);

  /// Of the copy's bookkeeping, the records not included.
  std::size_t memory() const;

  // For tests and statistics.
  bool in_sync() const;
  bool filling() const;
  std::size_t unacknowledged() const;

 private:
  friend class ReplicaCore;

  /// What any thread may look at.
  struct Shown {
    std::atomic<Access> write{Access::Nobody};
    std::atomic<Access> read{Access::Nobody};
    std::atomic<Access> read_any{Access::Nobody};
    std::atomic<bool> scan{false};
    std::atomic<bool> can_repair{false};
    std::atomic<bool> unsaved{false};
    std::atomic<bool> leading{false};  // Primary, in the term of `acknowledged`.
    /// Nobody else has a copy, so a mutation needs no more work.
    std::atomic<bool> alone{false};
    std::atomic<std::uint64_t> acknowledged{0};  // Raw Lsn.
    /// A read waits for an acknowledgement, perhaps on another thread than the write's.
    mutable std::atomic<bool> reader_waits{false};
    /// As primary: every copy in sync has all that was there when the term began.
    std::atomic<bool> base_acknowledged{false};
  };

  Shown shown_;
  std::unique_ptr<class ReplicaCore> core_;
};

}  // namespace flotilla::cluster
