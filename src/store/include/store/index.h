#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "store/memory_record.h"

namespace flotilla::store {

/// The primary index of one partition: an extendible hash table addressed by the leading bits of
/// the digest itself, so that a walk over the buckets in order is a walk in digest order.
///
///   directory[leading `depth` bits] -> bucket of up to 20 entries -> record
///
/// An entry is 6 bytes: ten tag bits from the digest's end, and the number of the record's block
/// (SlabHeap); a slot of the directory is 4, a bucket's number. A full bucket
/// splits on its next bit; the directory doubles when a bucket's depth passes its own. Digests come
/// from clients: when equal leading bits would make the directory much larger than the number of
/// entries, the bucket chains some overflow buckets, and keeps what is beyond those in a tree.
///
/// The index does not own the records. Callers hold the partition's index lock, except for the
/// prefetches: those read without any lock what may be changing, only to guess addresses. For their
/// sake directories and buckets are never given back before the index goes: old directories
/// (together as large as the present one) and spare buckets stay with it.
class Index {
 public:
  Index();
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  /// How many records the index is about to get, in whatever order; heeded before the first one.
  /// Without this the directory grows on the way, by what is there: digests in order would make
  /// long chains until then.
  void expect(std::size_t records);

  /// Null when absent. All digests given to one index are of one partition.
  MemoryRecord* find(const wire::Digest& digest) const;
  /// Its digest must not be in the index yet.
  void insert(MemoryRecord* record);
  /// The entry of this digest, which must be in the index, now points to `record`.
  void replace(MemoryRecord* record);
  /// Must be in the index.
  void erase(const wire::Digest& digest);

  std::size_t size() const { return size_; }
  /// Bytes of directories and buckets.
  std::size_t memory() const;

  /// Hints before find(), when several digests are known ahead: first for all of them the bucket,
  /// then the record, so that their cache misses overlap. Any thread, without the lock.
  void prefetch_bucket(const wire::Digest& digest) const;
  void prefetch_record(const wire::Digest& digest) const;

  /// Collects the records of the next bucket in descending digest order, all with digests strictly
  /// below `below` (null: from the top). Empty: the walk is over. Small and bounded, so a lock is
  /// held for one bucket at a time; the caller goes on below the last record's digest.
  void next_below(const wire::Digest* below, std::vector<MemoryRecord*>& out) const;

  /// Puts other records in place of those of one bucket: `by` answers the one that an entry points
  /// to from now on, most often the same, with the same digest. The index itself looks at none of
  /// them. `position` is where in the order of digests to begin, 0 at first; answers where to go
  /// on, 0 at the end.
  std::uint64_t replace_some(std::uint64_t position,
                             const std::function<MemoryRecord*(MemoryRecord*)>& by);

 private:
  struct Bucket;
  struct Directory;
  struct Place;
  struct Crowd;

  Place place_of(const wire::Digest& digest) const;
  void make_directory(unsigned depth);
  bool split(std::size_t slot);
  bool double_directory();
  void add_to_chain(Bucket* bucket, std::uint64_t entry);
  void crowd_together(Bucket& head);
  void split_crowd(Bucket& head, Bucket& high);
  void erase_crowded(Bucket& head, const Place& place, const wire::Digest& digest);
  void next_crowded(const Bucket& head, const wire::Digest* below,
                    std::vector<MemoryRecord*>& out) const;
  Bucket* make_bucket(unsigned depth);
  void spare(Bucket* bucket);

  std::atomic<Directory*> directory_{nullptr};
  Bucket* spare_ = nullptr;  // Chained by `overflow`.
  std::uint32_t size_ = 0;
  std::uint32_t buckets_ = 0;  // Spare ones too; an entry of a crowd counts as one.
};

}  // namespace flotilla::store
