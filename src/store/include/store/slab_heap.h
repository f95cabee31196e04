#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/ids.h"

namespace flotilla::store {

/// Memory for many small blocks, the records and the buckets of indexes: no header in front of a
/// block, size classes a few bytes apart, and all of it within one stretch of addresses, so that a
/// number of 38 bits names any block. One heap for the process; any thread may release what another
/// allocated.
///
///   slabs of 16 KiB, each of blocks of one size class and of one arena -> free blocks, chained
///   arenas: a lock and the slabs with free blocks; partitions are dealt to them, so that what a
///   record leaves is there for what takes its place, whichever thread does either
///
/// A slab without blocks serves any class. Where sizes changed since, many slabs may be left with
/// few blocks: begin_leaving() chooses such, and whoever owns blocks in them moves those elsewhere.
class SlabHeap {
 public:
  /// Of a block, bytes. Larger ones are for another allocator.
  static constexpr std::size_t kLargest = 1024;
  static constexpr std::size_t kBucketSize = 128;
  /// Bytes of blocks that the heap can hold.
  static constexpr std::uint64_t kRoom = 1ULL << 39;

  /// False: the kernel refused the addresses (`ulimit -v`), and there is no block to be had.
  static bool has_room();
  /// Asks the kernel for huge pages from now on, which spares most look-ups a page walk. Once,
  /// before any block.
  static void prefer_huge_pages();

  /// A block of rounded(size) bytes at an even address, for a record of this partition. Null when
  /// memory is out.
  static void* allocate(std::size_t size, wire::PartitionId partition);
  /// A block of kBucketSize bytes, aligned to that, which never has to leave its slab.
  static void* allocate_bucket();
  static void release(void* block);
  /// What a block for so many bytes, at most kLargest, has.
  static std::size_t rounded(std::size_t size);

  /// A block's number, below 2^38; of a bucket also one below 2^32.
  static std::uint64_t number_of(const void* block) {
    return static_cast<std::uint64_t>(static_cast<const std::byte*>(block) - base) / kNumbered;
  }
  static void* block_of(std::uint64_t number) { return base + number * kNumbered; }
  static std::uint32_t bucket_number_of(const void* bucket) {
    return static_cast<std::uint32_t>(number_of(bucket) / (kBucketSize / kNumbered));
  }
  static void* bucket_of(std::uint32_t number) { return base + std::size_t{number} * kBucketSize; }

  struct Usage {
    std::uint64_t slabs = 0;   // Bytes of the slabs that have blocks.
    std::uint64_t blocks = 0;  // Bytes of those blocks.
  };
  static Usage usage();
  /// Marks slabs whose blocks fit into the free ones of others: nothing new is put there. Their
  /// bytes; 0: nothing would be gained. Blocks that stay where they are do no harm.
  static std::uint64_t begin_leaving();
  /// Whether the block is to be moved: allocated elsewhere, copied, released here. By its owner.
  static bool is_leaving(const void* block);

 private:
  static std::uint32_t slab_of(const void* block);

  static constexpr std::size_t kNumbered = 2;  // Bytes from one number to the next.
  static std::byte* base;                      // Set before main(); null: no addresses to be had.
};

}  // namespace flotilla::store
