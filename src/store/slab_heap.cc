#include "store/slab_heap.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"

#ifdef FLOTILLA_SANITIZED
#include <sanitizer/asan_interface.h>
#endif

namespace flotilla::store {
namespace {

constexpr std::size_t kSlabSize = 16 << 10;
constexpr std::size_t kChunkSize = 2 << 20;  // Taken from the kernel at a time: a huge page.
constexpr std::uint32_t kSlabsPerChunk = kChunkSize / kSlabSize;
constexpr std::size_t kSlabsMost = SlabHeap::kRoom / kSlabSize;
constexpr std::uint8_t kArenas = 16;

/// Steps of 2 bytes up to 64, then 16 steps from each power of two to the next.
constexpr std::size_t kFine = 64;
constexpr std::uint8_t kBuckets = 0;  // The class of buckets; the others follow.
constexpr std::uint8_t kClasses = 1 + 32 + 4 * 16;

constexpr std::uint8_t class_for(std::size_t size) {
  if (size <= kFine) return static_cast<std::uint8_t>(std::max<std::size_t>(1, (size + 1) / 2));
  const std::size_t power = std::bit_ceil(size);
  const auto doublings = static_cast<std::size_t>(std::countr_zero(power / kFine)) - 1;
  const std::size_t step = power / 32;
  return static_cast<std::uint8_t>(33 + doublings * 16 + (size - power / 2 - 1) / step);
}
constexpr auto kSizes = [] {
  std::array<std::uint16_t, kClasses> sizes{};
  for (std::size_t size = 1; size <= SlabHeap::kLargest; ++size)
    sizes[class_for(size)] = static_cast<std::uint16_t>(size);
  sizes[kBuckets] = SlabHeap::kBucketSize;
  return sizes;
}();
constexpr auto kCapacities = [] {
  std::array<std::uint16_t, kClasses> blocks{};
  for (std::size_t of = 0; of < kClasses; ++of)
    blocks[of] = static_cast<std::uint16_t>(kSlabSize / kSizes[of]);
  return blocks;
}();
static_assert(kSizes[class_for(3)] == 4 && kSizes[class_for(65)] == 68);
static_assert(class_for(SlabHeap::kLargest) + 1 == kClasses && kSizes[class_for(513)] == 544);

/// What is free is out of bounds, where a sanitizer looks.
void poison(void* block, std::size_t size) {
#ifdef FLOTILLA_SANITIZED
  ASAN_POISON_MEMORY_REGION(block, size);
#else
  static_cast<void>(block), static_cast<void>(size);
#endif
}
void unpoison(void* block, std::size_t size) {
#ifdef FLOTILLA_SANITIZED
  ASAN_UNPOISON_MEMORY_REGION(block, size);
#else
  static_cast<void>(block), static_cast<void>(size);
#endif
}

/// What is known of a slab; beside it, not in it, so that many fit into the processor's cache.
/// Guarded by its arena's lock, or by the ground's while it has no blocks. Class and arena do not
/// change while it has some: whoever has one may look.
struct Slab {
  std::uint32_t next = 0;  // In the list that it is in; 0: none.
  std::uint32_t previous = 0;
  // Offset of a released block, plus 1; in that block stands the same of the next one. 0: none.
  std::uint16_t free = 0;
  std::uint16_t fresh = 0;  // Offset from where on no block was ever used.
  std::uint16_t used = 0;   // Blocks.
  std::uint8_t size_class = 0;
  std::uint8_t arena = 0;
  std::atomic<bool> leaving = false;

  std::size_t size() const { return kSizes[size_class]; }
  std::uint16_t capacity() const { return kCapacities[size_class]; }
  bool full() const { return used == capacity(); }
};

/// A stretch of addresses without memory behind them. Null: refused.
void* reserve(std::size_t size) {
  void* const at =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

/// Whatever is written there gets memory. False: the kernel refuses.
bool make_usable(void* at, std::size_t size) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(at) / page * page;
  const std::size_t all = reinterpret_cast<std::uintptr_t>(at) + size - first;
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return ::mprotect(reinterpret_cast<void*>(first), all, PROT_READ | PROT_WRITE) == 0;
}

std::byte* reserve_aligned(std::size_t size) {
  auto* const at = static_cast<std::byte*>(reserve(size + kChunkSize));
  if (at == nullptr) return nullptr;
  return at + (kChunkSize - reinterpret_cast<std::uintptr_t>(at) % kChunkSize) % kChunkSize;
}

// By number; those of open chunks. Zeros are slabs without blocks.
auto* const slabs = static_cast<Slab*>(reserve(kSlabsMost * sizeof(Slab)));

/// Linked both ways through the slabs' own numbers.
class SlabList {
 public:
  bool empty() const { return first_ == 0; }
  std::uint32_t first() const { return first_; }
  void push(std::uint32_t number) {
    slabs[number].next = first_;
    slabs[number].previous = 0;
    if (first_ != 0) slabs[first_].previous = number;
    first_ = number;
  }
  void remove(std::uint32_t number) {
    const Slab& slab = slabs[number];
    (slab.previous == 0 ? first_ : slabs[slab.previous].next) = slab.next;
    if (slab.next != 0) slabs[slab.next].previous = slab.previous;
  }

 private:
  std::uint32_t first_ = 0;
};

/// The slabs without blocks. Memory comes from the kernel a chunk at a time, and goes back when a
/// second chunk has no slab in use. Its lock is taken last.
class Ground {
 public:
  void prefer_huge_pages() { huge_pages_ = true; }

  /// 0: memory is out.
  std::uint32_t take(std::byte* base) {
    const std::scoped_lock lock(mutex_);
    if (free_.empty() && !open_chunk(base)) return 0;
    const std::uint32_t number = free_.first();
    free_.remove(number);
    if (free_in_[number / kSlabsPerChunk]-- == kSlabsPerChunk) --empty_;
    return number;
  }
  void give(std::byte* base, std::uint32_t number) {
    const std::scoped_lock lock(mutex_);
    free_.push(number);
    const std::uint32_t chunk = number / kSlabsPerChunk;
    if (++free_in_[chunk] < kSlabsPerChunk) return;
    if (++empty_ > 1) close_chunk(base, chunk);
  }

 private:
  bool open_chunk(std::byte* base) {
    std::uint32_t chunk = 0;
    if (!closed_.empty()) {
      chunk = closed_.back();
      closed_.pop_back();
    } else {
      chunk = static_cast<std::uint32_t>(free_in_.size());
      if (!SlabHeap::has_room() || chunk == SlabHeap::kRoom / kChunkSize) return false;
      std::byte* const at = base + std::size_t{chunk} * kChunkSize;
      if (!make_usable(at, kChunkSize) ||
          !make_usable(slabs + std::size_t{chunk} * kSlabsPerChunk, kSlabsPerChunk * sizeof(Slab)))
        return false;
      if (huge_pages_) ::madvise(at, kChunkSize, MADV_HUGEPAGE);
      free_in_.push_back(0);
    }
    const std::uint32_t first = chunk * kSlabsPerChunk;
    // Zero names no slab, so the first chunk is never wholly free.
    for (std::uint32_t number = first + kSlabsPerChunk; number-- > std::max(first, 1U);) {
      free_.push(number);
      ++free_in_[chunk];
    }
    if (free_in_[chunk] == kSlabsPerChunk) ++empty_;
    return true;
  }
  void close_chunk(std::byte* base, std::uint32_t chunk) {
    const std::uint32_t first = chunk * kSlabsPerChunk;
    for (std::uint32_t i = 0; i < kSlabsPerChunk; ++i) free_.remove(first + i);
    free_in_[chunk] = 0;
    --empty_;
    ::madvise(base + std::size_t{chunk} * kChunkSize, kChunkSize, MADV_DONTNEED);
    closed_.push_back(chunk);
  }

  Mutex mutex_;
  bool huge_pages_ = false;
  SlabList free_;
  std::vector<std::uint8_t> free_in_;  // Slabs of each chunk that are in the list.
  std::vector<std::uint32_t> closed_;  // Chunks without memory.
  std::uint32_t empty_ = 0;            // Chunks wholly in the list.
};

struct alignas(64) Arena {
  Mutex mutex;
  std::array<SlabList, kClasses> partial;  // Slabs with free blocks that are not leaving.
  SlabHeap::Usage usage;
};

// Never destroyed: blocks outlive whatever is static.
Ground& ground = *new Ground;
std::array<Arena, kArenas>& arenas = *new std::array<Arena, kArenas>;

void* allocate_in(std::byte* base, std::uint8_t number, std::uint8_t size_class) {
  Arena& arena = arenas[number];
  const std::scoped_lock lock(arena.mutex);
  SlabList& partial = arena.partial[size_class];
  if (partial.empty()) {
    const std::uint32_t taken = ground.take(base);
    if (taken == 0) return nullptr;
    Slab& slab = slabs[taken];
    slab.free = slab.fresh = 0;
    slab.size_class = size_class;
    slab.arena = number;
    partial.push(taken);
    arena.usage.slabs += kSlabSize;
  }
  const std::uint32_t at = partial.first();
  Slab& slab = slabs[at];
  const std::size_t size = slab.size();
  std::byte* block = base + std::size_t{at} * kSlabSize;
  if (slab.free != 0) {
    block += slab.free - 1;
    unpoison(block, size);
    std::memcpy(&slab.free, block, sizeof slab.free);
  } else {
    block += slab.fresh;
    unpoison(block, size);
    slab.fresh = static_cast<std::uint16_t>(slab.fresh + size);
  }
  ++slab.used;
  if (slab.full()) partial.remove(at);
  arena.usage.blocks += size;
  return block;
}

/// Marks the emptiest slabs of a class whose blocks fit into the free ones of its other slabs.
std::uint64_t begin_leaving(SlabList& partial) {
  constexpr std::size_t kSeenMost = 4096;  // At a time: a lock is held meanwhile.
  std::vector<std::uint32_t> seen;
  std::size_t room = 0;
  for (std::uint32_t at = partial.first(); at != 0 && seen.size() < kSeenMost;
       at = slabs[at].next) {
    seen.push_back(at);
    room += slabs[at].capacity() - slabs[at].used;
  }
  std::ranges::sort(seen, {}, [](std::uint32_t at) { return slabs[at].used; });
  std::uint64_t bytes = 0;
  for (const std::uint32_t at : seen) {
    Slab& slab = slabs[at];
    // It takes its own free blocks with it, and needs others for what it has.
    if (room < slab.capacity()) break;
    room -= slab.capacity();
    partial.remove(at);
    slab.leaving.store(true, std::memory_order_relaxed);
    bytes += kSlabSize;
  }
  return bytes;
}

}  // namespace

std::byte* SlabHeap::base = reserve_aligned(kRoom);

bool SlabHeap::has_room() { return base != nullptr && slabs != nullptr; }

void SlabHeap::prefer_huge_pages() { ground.prefer_huge_pages(); }

void* SlabHeap::allocate(std::size_t size, wire::PartitionId partition) {
  FLOTILLA_CHECK(size <= kLargest);
  return allocate_in(base, static_cast<std::uint8_t>(partition.raw() % kArenas), class_for(size));
}

void* SlabHeap::allocate_bucket() { return allocate_in(base, 0, kBuckets); }

void SlabHeap::release(void* block) {
  const std::uint32_t at = slab_of(block);
  Slab& slab = slabs[at];
  Arena& arena = arenas[slab.arena];
  const std::scoped_lock lock(arena.mutex);
  const std::size_t size = slab.size();
  SlabList& partial = arena.partial[slab.size_class];
  const bool was_listed = !slab.full() && !slab.leaving.load(std::memory_order_relaxed);
  std::memcpy(block, &slab.free, sizeof slab.free);
  poison(block, size);
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(block) - base) % kSlabSize;
  slab.free = static_cast<std::uint16_t>(offset + 1);
  --slab.used;
  arena.usage.blocks -= size;
  const bool leaving = slab.leaving.load(std::memory_order_relaxed);
  if (!was_listed && !leaving) partial.push(at);
  // The last slab of a class stays, so that one record that comes and goes takes no lock of others.
  const bool last = !leaving && slab.next == 0 && slab.previous == 0;
  if (slab.used != 0 || last) return;
  if (!leaving) partial.remove(at);
  slab.leaving.store(false, std::memory_order_relaxed);
  arena.usage.slabs -= kSlabSize;
  ground.give(base, at);
}

std::size_t SlabHeap::rounded(std::size_t size) { return kSizes[class_for(size)]; }

SlabHeap::Usage SlabHeap::usage() {
  Usage all;
  for (Arena& arena : arenas) {
    const std::scoped_lock lock(arena.mutex);
    all.slabs += arena.usage.slabs;
    all.blocks += arena.usage.blocks;
  }
  return all;
}

std::uint64_t SlabHeap::begin_leaving() {
  std::uint64_t bytes = 0;
  for (Arena& arena : arenas) {
    for (std::size_t of = kBuckets + 1; of < kClasses; ++of) {
      const std::scoped_lock lock(arena.mutex);
      bytes += store::begin_leaving(arena.partial[of]);
    }
  }
  return bytes;
}

bool SlabHeap::is_leaving(const void* block) {
  return slabs[slab_of(block)].leaving.load(std::memory_order_relaxed);
}

std::uint32_t SlabHeap::slab_of(const void* block) {
  return static_cast<std::uint32_t>(number_of(block) / (kSlabSize / kNumbered));
}

}  // namespace flotilla::store
