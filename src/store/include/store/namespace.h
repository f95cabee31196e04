#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/mutex.h"
#include "store/clock.h"
#include "store/damaged_records.h"
#include "store/index.h"
#include "store/record_log.h"
#include "store/record_read.h"
#include "store/set_table.h"

namespace flotilla::store {

/// Told of every mutation that this node makes in a partition (not of those it takes over from
/// others), with the partition's write lock held; and asked what other copies need.
class MutationListener {
 public:
  virtual ~MutationListener() = default;
  /// `image` is what the index is about to hold, before the lock is released; a view. `replaced`:
  /// number of what stood there, zero for nothing.
  virtual void mutated(const RecordImage& image, Lsn replaced) = 0;
  /// Whether this node decides that a record has expired. Any thread.
  virtual bool decides() const = 0;
  /// Whether a deleted record leaves a tombstone even without a log.
  virtual bool keeps_tombstones() const = 0;
  /// Whether no other copy needs the tombstone any more.
  virtual bool may_forget(Lsn tombstone) const = 0;
  /// Whether other copies are asked for records that this node cannot read. Any thread.
  virtual bool can_repair() const { return false; }
};

/// One of the 4096 parts of a namespace: a monitor. All changes happen under `write`; the index and
/// the records themselves are read and changed under `index_lock`, which is only ever held for a
/// short copy. Order: write, then index_lock; never two partitions at once.
struct alignas(64) Partition {
  mutable Mutex index_lock;
  Mutex write;
  Index index;
  Lsn last_lsn;                          // Of the newest mutation; under `write`.
  MutationListener* listener = nullptr;  // Null: a node by itself. Set before the first request.
  std::atomic<std::uint32_t> tombstones{0};
};
static_assert(sizeof(Partition) == 64,
              "one cache line, since nearly every request touches one partition");

/// A record's new contents. The set must be of this namespace.
struct RecordUpdate {
  wire::Digest digest{};
  SetId set{};
  std::uint32_t void_time = 0;
  std::uint16_t generation = 0;
  std::uint8_t flags = 0;
  HlcTime last_update{};  // Zero: a new time is taken.
  Bytes body{};
};

/// The records of one namespace on this node: in memory, with or without a log behind them; or with
/// their bodies in the log alone, on a device.
class Namespace {
 public:
  Namespace(std::string name, HybridClock& clock);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const { return name_; }
  SetTable& sets() { return sets_; }
  const SetTable& sets() const { return sets_; }
  HybridClock& clock() { return clock_; }

  /// Before the first request, and after recovery. The log must outlive the namespace.
  void attach(RecordLog* log) { log_ = log; }
  RecordLog* log() const { return log_; }
  /// Bodies stay in the log, and are read back by this. Before recovery; it must outlive the
  /// namespace's requests.
  void keep_on_device(RecordReader* reader) { reader_ = reader; }
  bool on_device() const { return reader_ != nullptr; }

  Partition& partition(wire::PartitionId id) { return (*partitions_)[id.raw()]; }
  Partition& partition_of(const wire::Digest& digest) { return partition(digest.partition()); }

  /// A hint that these records will be looked up soon: their cache misses are waited for together.
  /// Any thread.
  void prefetch(std::span<const wire::Digest> digests) const;

  /// Whether a client may see the record: it is no tombstone, not expired, not truncated.
  bool visible(const RecordHead& record, std::uint32_t now_seconds) const {
    return !record.is_tombstone() && !record.expired(now_seconds) && !truncated(record);
  }
  bool truncated(const RecordHead& record) const;

  /// Creates or replaces a record: numbers the mutation, logs it, and swaps it in. `old` is what
  /// the index holds for the digest (null: nothing), visible or not. Caller holds partition.write,
  /// not index_lock. OutOfSpace, DeviceOverload: from the log, nothing changed.
  Result<LogPosition> put(Partition& partition, MemoryRecord* old, const RecordUpdate& update,
                          WallTime now);
  /// Removes the record that the index holds; with a log, or with other copies, a tombstone takes
  /// its place. Caller as for put().
  Result<LogPosition> remove(Partition& partition, MemoryRecord* old, WallTime now);
  /// Takes over a record from another node, under the number that it brings; the listener is not
  /// told. `image.lsn` must be above `old->lsn`. Caller as for put(). Errors as put(), Parameter:
  /// the body does not parse or the set does not fit.
  Result<LogPosition> apply(Partition& partition, MemoryRecord* old, const RecordImage& image);
  /// Writes a record again whose stored copy cannot be read: `image` is the same mutation as
  /// another copy has it; its number does not count. Caller as for put(). Errors as put(),
  /// Parameter: it is another.
  Result<void> repair(Partition& partition, MemoryRecord& record, const RecordImage& image);
  /// Forgets a tombstone, or any record without a log, leaving nothing behind. Caller as for put().
  void drop(Partition& partition, MemoryRecord* old);

  /// A record found in the log at start; the newest of its digest wins. One thread per partition at
  /// a time. Unusable: its body does not parse, or there is no room for its set.
  Recovered recover(const RecordImage& image, const RecordPlace& at);
  /// The same for some at once; their cache misses are waited for together.
  void recover(std::span<FoundRecord> found);
  /// The index of a namespace on a device, for its checkpoint: LogOwner has the same. Any thread.
  IndexHead index_head(wire::PartitionId id) const;
  void index_below(wire::PartitionId id, const wire::Digest* below,
                   std::vector<IndexedRecord>& out) const;
  /// At start, in place of recover().
  bool restore_index(const IndexHead& head, std::span<const IndexedRecord> records);
  /// Forgets what was restored in a partition; sets stay.
  void forget_index(wire::PartitionId id);
  /// Moves the records of a partition that stand in the way of giving memory back to where they do
  /// not (SlabHeap::begin_leaving), a bucket at a time. Any thread.
  void close_ranks(wire::PartitionId id);
  /// The portable form of a record; a view into it, or into what `body` keeps then. One on a device
  /// is read before this returns: under partition.write, for work that no client waits for.
  /// Unavailable: it cannot be read, and the log was told.
  Result<RecordImage> image_of(const MemoryRecord& record,
                               std::shared_ptr<const RecordRead>& body) const;

  /// Of a namespace on a device, for readers that hold no lock while they wait: which copy a
  /// record's newest is. Caller holds partition.write or index_lock.
  RecordWanted wanted(const RecordHead& record) const;
  /// The record, if it is in memory; a view into what it takes of `room`. Nothing: it must be read,
  /// or is not there any more.
  std::optional<RecordImage> peek(const RecordWanted& wanted, Arena& room) const;
  /// Begins to read it from the device; read() looks into memory first. `wake` (null: nobody) is
  /// called once a device has answered, and outlives that. What is done without an image may have
  /// been moved: look again, and ask missing().
  std::shared_ptr<RecordRead> read_device(const RecordWanted& wanted,
                                          const std::function<void()>* wake) const;
  std::shared_ptr<RecordRead> read(const RecordWanted& wanted,
                                   const std::function<void()>* wake) const;
  enum class Missing : std::uint8_t {
    Moved,    // Or changed meanwhile: read again.
    Damaged,  // Another copy is asked for it: look again soon.
    Lost,     // No other copy is known to have it.
  };
  /// Why a read brought nothing, `now` being what the index wants by now. Of a copy that cannot be
  /// had the log is told, once.
  Missing missing(const RecordRead& read, const RecordWanted& now) const;
  DamagedRecords& damaged() const { return damaged_; }
  /// Records that were written again because their stored copy could not be read, since start.
  std::uint64_t repaired() const { return repaired_.load(std::memory_order_relaxed); }
  /// Moves a record's newest copy within the log: true when `image` in `from` still is that copy
  /// and was appended anew. For compaction, any thread.
  Result<bool> relocate(const RecordImage& image, SegmentSlot from);
  /// The same for whatever record of that digest has its newest copy there, which cannot be read:
  /// what is in memory is written again. False: nothing is, or the copy is elsewhere.
  Result<bool> move_from(const wire::Digest& digest, SegmentSlot from);

  /// Makes all records of the set (0: of the whole namespace) that are older than `before`
  /// invisible at once.
  void truncate_before(SetId set, HlcTime before);
  HlcTime truncated_before(SetId set) const;
  /// Takes the cut-off away again; what was dropped meanwhile stays dropped.
  void undo_truncate(SetId set);

  /// Records whose void-time is not behind this one are evicted by the next walk, except those of
  /// sets that are exempt. 0: none. Any thread.
  void evict_until(std::uint32_t void_time) { evict_until_.store(void_time); }
  std::uint32_t evicted_until() const { return evict_until_.load(std::memory_order_relaxed); }
  /// Whether eviction may take it at all.
  bool evictable(const RecordHead& record) const;

  /// Shows every record of a partition, tombstones too, with the partition's index locked for one
  /// bucket at a time.
  void for_each(wire::PartitionId id, const std::function<void(const MemoryRecord&)>& visit) const;
  /// Records of a partition, without its tombstones.
  std::uint64_t objects_in(wire::PartitionId id) const;

  std::uint64_t objects() const { return objects_.load(std::memory_order_relaxed); }
  std::uint64_t tombstones() const { return tombstones_.load(std::memory_order_relaxed); }
  /// Bytes of all records, headers included; of the index.
  std::uint64_t data_bytes() const { return data_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t index_bytes() const;

 private:
  /// What changes of the counters, added up before anything shared is touched.
  struct Tally {
    std::int64_t objects = 0;
    std::int64_t tombstones = 0;
    std::int64_t bytes = 0;

    friend bool operator==(const Tally&, const Tally&) = default;
  };
  struct Accounts {  // Of the namespace, and of one of its sets.
    Tally all;
    SetId set{};
    Tally of_set;
  };
  void account(const RecordHead& record, std::int64_t sign, Accounts& accounts);
  void settle(Accounts& accounts);
  void settle_set(Accounts& accounts);
  Recovered recover(const RecordImage& image, const RecordPlace& at, Accounts& accounts);
  bool restore(Partition& partition, std::span<const IndexedRecord> records, Accounts& accounts);
  RecordImage image_in_memory(const MemoryRecord& record) const;
  RecordPlace place_of(const RecordHead& record) const;
  Result<bool> append_again(MemoryRecord& record, Partition& partition, const RecordImage& image);
  RecordPlace place_in_memory(const RecordPlace& at) const;
  void write(Partition& partition, MemoryRecord* old, const RecordHead& head, Bytes body);
  Result<RecordLog::Place> append(MemoryRecord* old, const RecordImage& image);
  struct Replacement {
    MemoryRecord* old;  // Null: nothing stood there.
    Lsn lsn;
    RecordPlace at;
  };
  void swap_in(Partition& partition, const RecordUpdate& update, const Replacement& by,
               Accounts& accounts);

  std::string name_;
  HybridClock& clock_;
  SetTable sets_;
  RecordLog* log_ = nullptr;
  RecordReader* reader_ = nullptr;  // Null: bodies are in memory.
  std::unique_ptr<std::array<Partition, wire::kPartitions>> partitions_;
  std::atomic<std::uint64_t> truncate_before_{0};
  std::atomic<std::uint32_t> evict_until_{0};
  mutable DamagedRecords damaged_;
  std::atomic<std::uint64_t> repaired_{0};
  std::atomic<std::uint64_t> objects_{0};
  std::atomic<std::uint64_t> tombstones_{0};
  std::atomic<std::uint64_t> data_bytes_{0};
};

}  // namespace flotilla::store
