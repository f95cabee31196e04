#include "store/index.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/check.h"

namespace flotilla::store {
namespace {

using wire::Digest;

constexpr std::size_t kEntries = 14;
constexpr unsigned kDepthMost = 28;

/// Order-preserving position of a digest within its partition: the high half of byte 1 (the low
/// half and byte 0 name the partition), then bytes 2 to 9.
std::uint64_t position_of(const Digest& digest) {
  const std::byte* const d = digest.bytes.data();
  return (static_cast<std::uint64_t>(d[1]) >> 4 << 60) | load_be<std::uint64_t>(d + 2) >> 4;
}

/// An entry: tag in the high 16 bits; user-space pointers fit in 48.
std::uint64_t tag_of(const Digest& digest) {
  return std::uint64_t{load_le<std::uint16_t>(digest.bytes.data() + 18)} << 48;
}
constexpr std::uint64_t kTagMask = 0xFFFFULL << 48;

std::uint64_t entry_of(MemoryRecord* record) {
  return tag_of(record->digest) | reinterpret_cast<std::uint64_t>(record);
}
MemoryRecord* record_of(std::uint64_t entry) {
  return reinterpret_cast<MemoryRecord*>(entry & ~kTagMask);
}

/// A value that prefetches read while it changes. Everybody else holds the lock.
template <class T>
class Racy {
 public:
  Racy() = default;
  Racy& operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator T() const {
    return value_.load(std::memory_order_relaxed);
  }  // NOLINT(google-explicit-constructor)

 private:
  std::atomic<T> value_{};
};

void prefetch(const void* at) { __builtin_prefetch(at); }

}  // namespace

struct alignas(64) Index::Bucket {
  Racy<std::uint32_t> count;
  std::uint32_t depth = 0;  // Leading bits that all its digests share; of the chain's head.
  Bucket* overflow = nullptr;
  std::array<Racy<std::uint64_t>, kEntries> entries;
};

/// Fixed once made, its slots aside.
struct Index::Directory {
  explicit Directory(unsigned depth_) : depth(depth_), slots(std::size_t{1} << depth_) {}

  std::size_t slot_of(std::uint64_t position) const {
    return depth == 0 ? 0 : static_cast<std::size_t>(position >> (64 - depth));
  }
  /// The first of the slots that lead to the bucket in `slot`, and their number.
  std::pair<std::size_t, std::size_t> span_of(std::size_t slot) const {
    const std::size_t span = std::size_t{1} << (depth - slots[slot]->depth);
    return {slot / span * span, span};
  }
  struct Slot : Racy<Bucket*> {
    using Racy::operator=;
    Bucket* operator->() const { return *this; }
  };

  const unsigned depth;
  std::vector<Slot> slots;
  Directory* older = nullptr;
};

/// Where a digest's entry is; entry null: nowhere.
struct Index::Place {
  Bucket* bucket = nullptr;
  Racy<std::uint64_t>* entry = nullptr;
};

Index::Index() { static_assert(sizeof(Bucket) == kBucketSize); }

Index::~Index() {
  Directory* const directory = directory_.load();
  if (directory == nullptr) return;
  for (std::size_t slot = 0; slot < directory->slots.size();) {
    Bucket* bucket = directory->slots[slot];
    slot += directory->span_of(slot).second;
    while (bucket != nullptr) delete std::exchange(bucket, bucket->overflow);
  }
  while (spare_ != nullptr) delete std::exchange(spare_, spare_->overflow);
  for (Directory* d = directory; d != nullptr;) delete std::exchange(d, d->older);
}

std::size_t Index::memory() const {
  std::size_t bytes = buckets_ * kBucketSize;
  for (const Directory* d = directory_.load(std::memory_order_relaxed); d != nullptr; d = d->older)
    bytes += sizeof(Directory) + d->slots.size() * sizeof(Bucket*);
  return bytes;
}

Index::Bucket* Index::make_bucket(unsigned depth) {
  Bucket* bucket = spare_;
  if (bucket != nullptr) {
    spare_ = std::exchange(bucket->overflow, nullptr);
  } else {
    bucket = new Bucket;
    ++buckets_;
  }
  bucket->depth = depth;
  return bucket;
}

void Index::spare(Bucket* bucket) {
  bucket->count = 0;
  bucket->overflow = std::exchange(spare_, bucket);
}

Index::Place Index::place_of(const Digest& digest) const {
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return {};
  const std::uint64_t tag = tag_of(digest);
  for (Bucket* b = directory->slots[directory->slot_of(position_of(digest))]; b != nullptr;
       b = b->overflow) {
    const std::uint32_t count = b->count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t entry = b->entries[i];
      if ((entry & kTagMask) == tag && record_of(entry)->digest == digest)
        return {b, &b->entries[i]};
    }
  }
  return {};
}

MemoryRecord* Index::find(const Digest& digest) const {
  const Place place = place_of(digest);
  return place.entry == nullptr ? nullptr : record_of(*place.entry);
}

void Index::insert(MemoryRecord* record) {
  if (directory_.load(std::memory_order_relaxed) == nullptr) {
    auto* const first = new Directory(0);
    first->slots[0] = make_bucket(0);
    directory_.store(first, std::memory_order_release);
  }
  const std::uint64_t position = position_of(record->digest);
  for (;;) {
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    const std::size_t slot = directory->slot_of(position);
    if (directory->slots[slot]->count < kEntries || !split(slot)) {
      add_to_chain(directory->slots[slot], entry_of(record));
      break;
    }
  }
  ++size_;
}

void Index::replace(MemoryRecord* record) {
  const Place place = place_of(record->digest);
  FLOTILLA_CHECK(place.entry != nullptr);
  *place.entry = entry_of(record);
}

void Index::erase(const Digest& digest) {
  const Place place = place_of(digest);
  FLOTILLA_CHECK(place.entry != nullptr);
  // The chain's last entry takes the free place, so only its last bucket is ever partly filled.
  Bucket* before = nullptr;
  Bucket* last = place.bucket;
  while (last->overflow != nullptr) before = std::exchange(last, last->overflow);
  const std::uint32_t count = last->count - 1;
  *place.entry = static_cast<std::uint64_t>(last->entries[count]);
  last->count = count;
  --size_;
  if (count > 0) return;
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  Bucket* const head = directory->slots[directory->slot_of(position_of(digest))];
  if (last == head) return;
  if (before == nullptr)
    for (before = head; before->overflow != last;) before = before->overflow;
  before->overflow = nullptr;
  spare(last);
}

void Index::add_to_chain(Bucket* bucket, std::uint64_t entry) {
  while (bucket->count == kEntries) {
    if (bucket->overflow == nullptr) bucket->overflow = make_bucket(bucket->depth);
    bucket = bucket->overflow;
  }
  const std::uint32_t count = bucket->count;
  bucket->entries[count] = entry;
  bucket->count = count + 1;
}

bool Index::double_directory() {
  Directory* const old = directory_.load(std::memory_order_relaxed);
  // Uniform digests keep the directory below the number of entries; equal ones must not blow it up.
  if (old->depth >= kDepthMost || old->slots.size() * 2 > std::max<std::size_t>(16, size_))
    return false;
  auto* const doubled = new Directory(old->depth + 1);
  for (std::size_t i = 0; i < doubled->slots.size(); ++i)
    doubled->slots[i] = static_cast<Bucket*>(old->slots[i / 2]);
  doubled->older = old;
  directory_.store(doubled, std::memory_order_release);
  return true;
}

/// False: the bucket must chain. The directory may have been replaced.
bool Index::split(std::size_t slot) {
  Directory* directory = directory_.load(std::memory_order_relaxed);
  Bucket* const head = directory->slots[slot];
  if (head->depth == directory->depth) {
    if (!double_directory()) return false;
    directory = directory_.load(std::memory_order_relaxed);
    slot *= 2;
  }
  const auto [first, span] = directory->span_of(slot);
  std::vector<std::uint64_t> entries;
  for (Bucket* b = head; b != nullptr; b = b->overflow)
    entries.insert(entries.end(), b->entries.begin(), b->entries.begin() + b->count);
  while (Bucket* const chained = head->overflow) {
    head->overflow = chained->overflow;
    spare(chained);
  }
  // The head keeps the lower half.
  head->count = 0;
  ++head->depth;
  Bucket* const high = make_bucket(head->depth);
  for (std::size_t i = span / 2; i < span; ++i) directory->slots[first + i] = high;
  for (const std::uint64_t entry : entries)
    add_to_chain(directory->slots[directory->slot_of(position_of(record_of(entry)->digest))],
                 entry);
  return true;
}

void Index::next_below(const Digest* below, std::vector<MemoryRecord*>& out) const {
  out.clear();
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return;
  std::size_t slot =
      below == nullptr ? directory->slots.size() - 1 : directory->slot_of(position_of(*below));
  for (;;) {
    for (const Bucket* b = directory->slots[slot]; b != nullptr; b = b->overflow) {
      const std::uint32_t count = b->count;
      for (std::size_t i = 0; i < count; ++i) prefetch(record_of(b->entries[i]));
      for (std::size_t i = 0; i < count; ++i) {
        MemoryRecord* const record = record_of(b->entries[i]);
        if (below == nullptr || record->digest < *below) out.push_back(record);
      }
    }
    const std::size_t first = directory->span_of(slot).first;
    if (!out.empty()) break;
    if (first == 0) return;
    slot = first - 1;
  }
  std::ranges::sort(out, [](const auto* a, const auto* b) { return b->digest < a->digest; });
}

void Index::prefetch_bucket(const Digest& digest) const {
  const Directory* const directory = directory_.load(std::memory_order_acquire);
  if (directory == nullptr) return;
  const auto* const bucket = reinterpret_cast<const std::byte*>(
      static_cast<Bucket*>(directory->slots[directory->slot_of(position_of(digest))]));
  prefetch(bucket);
  prefetch(bucket + 64);
}

void Index::prefetch_record(const Digest& digest) const {
  const Directory* const directory = directory_.load(std::memory_order_acquire);
  if (directory == nullptr) return;
  const Bucket* const bucket = directory->slots[directory->slot_of(position_of(digest))];
  const std::uint64_t tag = tag_of(digest);
  const std::size_t count = std::min<std::size_t>(bucket->count, kEntries);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t entry = bucket->entries[i];
    if ((entry & kTagMask) != tag) continue;
    const auto* const record = reinterpret_cast<const std::byte*>(record_of(entry));
    for (std::size_t line = 0; line < 3; ++line) prefetch(record + 64 * line);
    return;
  }
}

}  // namespace flotilla::store
