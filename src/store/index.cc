#include "store/index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <new>
#include <utility>

#include "base/check.h"
#include "store/slab_heap.h"

namespace flotilla::store {
namespace {

using wire::Digest;

constexpr std::size_t kEntries = 20;
constexpr unsigned kDepthMost = 28;
constexpr std::size_t kChainMost = 8;    // Overflow buckets; uniform digests hardly ever need one.
constexpr std::size_t kCrowdStep = 256;  // Records of a crowd that a walk takes at a time.

/// Order-preserving position of a digest within its partition: the high half of byte 1 (the low
/// half and byte 0 name the partition), then bytes 2 to 9.
std::uint64_t position_of(const Digest& digest) {
  const std::byte* const d = digest.bytes.data();
  return (static_cast<std::uint64_t>(d[1]) >> 4 << 60) | load_be<std::uint64_t>(d + 2) >> 4;
}

/// An entry, 48 bits: ten of the digest's end as its tag, and the number of the record's block.
constexpr unsigned kNumberBits = 38;
constexpr std::uint64_t kTagMask = 0x3FFULL << kNumberBits;

std::uint64_t tag_of(const Digest& digest) {
  return std::uint64_t{load_le<std::uint16_t>(digest.bytes.data() + 18)} << 32 & kTagMask;
}
std::uint64_t entry_of(const MemoryRecord* record) {
  return tag_of(record->digest()) | SlabHeap::number_of(record);
}
MemoryRecord* record_of(std::uint64_t entry) {
  return static_cast<MemoryRecord*>(SlabHeap::block_of(entry & ~kTagMask));
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
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for its value.
  operator T() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

void prefetch(const void* at) { __builtin_prefetch(at); }

}  // namespace

struct Index::Bucket {
  Racy<std::uint8_t> count;
  std::uint8_t depth : 5 = 0;  // Leading bits that all its digests share; of the chain's head.
  bool crowded : 1 = false;    // The head alone, and a crowd behind it, in place of more buckets.

  Bucket* next() const { return crowded ? nullptr : static_cast<Bucket*>(behind()); }
  Crowd* crowd() const { return static_cast<Crowd*>(behind()); }
  void set_next(Bucket* bucket) { set_behind(bucket); }
  void set_crowd(Crowd* crowd) {
    crowded = crowd != nullptr;
    set_behind(crowd);
  }

  std::uint64_t entry(std::size_t i) const { return std::uint64_t{highs_[i]} << 32 | lows_[i]; }
  void set_entry(std::size_t i, std::uint64_t entry) {
    highs_[i] = static_cast<std::uint16_t>(entry >> 32);
    lows_[i] = static_cast<std::uint32_t>(entry);
  }
  /// Whether the entry may be that of a digest with this tag.
  bool has_tag(std::size_t i, std::uint64_t tag) const {
    return ((highs_[i] ^ tag >> 32) & kTagMask >> 32) == 0;
  }

 private:
  void* behind() const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of user space have 48 bits.
    return reinterpret_cast<void*>(std::uint64_t{behind_high_} << 32 | behind_low_);
  }
  void set_behind(const void* to) {
    const auto address = reinterpret_cast<std::uint64_t>(to);
    behind_high_ = static_cast<std::uint16_t>(address >> 32);
    behind_low_ = static_cast<std::uint32_t>(address);
  }

  std::uint16_t behind_high_ = 0;
  std::uint32_t behind_low_ = 0;
  std::array<Racy<std::uint16_t>, kEntries> highs_;
  std::array<Racy<std::uint32_t>, kEntries> lows_;
};

/// What a long chain becomes: whoever chooses digests with equal leading bits, and equal ends, must
/// not make every look-up among them a search.
struct Index::Crowd {
  std::map<Digest, std::uint64_t> entries;
};

/// Fixed once made, its slots aside.
struct Index::Directory {
  explicit Directory(unsigned depth_) : depth(depth_), slots(std::size_t{1} << depth_) {}

  std::size_t slot_of(std::uint64_t position) const {
    return depth == 0 ? 0 : static_cast<std::size_t>(position >> (64 - depth));
  }
  /// The lowest position of a slot; behind the last one that is 0 again.
  std::uint64_t position_of_slot(std::size_t slot) const {
    return depth == 0 ? 0 : std::uint64_t{slot} << (64 - depth);
  }
  /// The first of the slots that lead to the bucket in `slot`, and their number.
  std::pair<std::size_t, std::size_t> span_of(std::size_t slot) const {
    const std::size_t span = std::size_t{1} << (depth - slots[slot]->depth);
    return {slot / span * span, span};
  }
  /// A bucket by its number.
  class Slot {
   public:
    Slot& operator=(const Bucket* bucket) {
      number_ = SlabHeap::bucket_number_of(bucket);
      return *this;
    }
    // NOLINTNEXTLINE(google-explicit-constructor): it stands for the bucket.
    operator Bucket*() const { return static_cast<Bucket*>(SlabHeap::bucket_of(number_)); }
    Bucket* operator->() const { return *this; }

   private:
    Racy<std::uint32_t> number_;
  };

  const unsigned depth;
  std::vector<Slot> slots;
  Directory* older = nullptr;
};

/// Where a digest's entry is.
struct Index::Place {
  Bucket* bucket = nullptr;
  std::size_t at = 0;
  std::uint64_t* crowded = nullptr;  // If it is in a crowd.

  bool found() const { return bucket != nullptr || crowded != nullptr; }
  MemoryRecord* record() const { return record_of(crowded ? *crowded : bucket->entry(at)); }
  void set(std::uint64_t entry) const {
    if (crowded != nullptr)
      *crowded = entry;
    else
      bucket->set_entry(at, entry);
  }
};

Index::Index() { static_assert(sizeof(Bucket) == SlabHeap::kBucketSize); }

Index::~Index() {
  Directory* const directory = directory_.load();
  if (directory == nullptr) return;
  for (std::size_t slot = 0; slot < directory->slots.size();) {
    Bucket* bucket = directory->slots[slot];
    slot += directory->span_of(slot).second;
    if (bucket->crowded) delete bucket->crowd();
    while (bucket != nullptr) SlabHeap::release(std::exchange(bucket, bucket->next()));
  }
  while (spare_ != nullptr) SlabHeap::release(std::exchange(spare_, spare_->next()));
  for (Directory* d = directory; d != nullptr;) delete std::exchange(d, d->older);
}

std::size_t Index::memory() const {
  std::size_t bytes = buckets_ * SlabHeap::kBucketSize;
  for (const Directory* d = directory_.load(std::memory_order_relaxed); d != nullptr; d = d->older)
    bytes += sizeof(Directory) + d->slots.size() * sizeof(Directory::Slot);
  return bytes;
}

Index::Bucket* Index::make_bucket(unsigned depth) {
  Bucket* bucket = spare_;
  if (bucket != nullptr) {
    spare_ = bucket->next();
    bucket->set_next(nullptr);
  } else {
    void* const memory = SlabHeap::allocate_bucket();
    FLOTILLA_CHECK(memory != nullptr);
    bucket = new (memory) Bucket;
    ++buckets_;
  }
  bucket->depth = depth & 31;
  return bucket;
}

void Index::spare(Bucket* bucket) {
  bucket->count = 0;
  bucket->set_next(std::exchange(spare_, bucket));
}

Index::Place Index::place_of(const Digest& digest) const {
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return {};
  const std::uint64_t tag = tag_of(digest);
  Bucket* const head = directory->slots[directory->slot_of(position_of(digest))];
  Bucket* b = head;
  do {
    const std::uint32_t count = b->count;
    for (std::size_t i = 0; i < count; ++i) {
      if (b->has_tag(i, tag) && record_of(b->entry(i))->digest() == digest) return {b, i};
    }
    b = b->next();
  } while (b != nullptr);
  if (!head->crowded) return {};
  const auto found = head->crowd()->entries.find(digest);
  return found == head->crowd()->entries.end() ? Place{} : Place{.crowded = &found->second};
}

MemoryRecord* Index::find(const Digest& digest) const {
  const Place place = place_of(digest);
  return place.found() ? place.record() : nullptr;
}

void Index::make_directory(unsigned depth) {
  auto* const first = new Directory(depth);
  Bucket* const bucket = make_bucket(0);
  for (auto& slot : first->slots) slot = bucket;
  directory_.store(first, std::memory_order_release);
}

void Index::expect(std::size_t records) {
  if (directory_.load(std::memory_order_relaxed) != nullptr) return;
  // Uniform digests come to a depth like this, or one more, by themselves.
  constexpr std::size_t kRecordsPerSlot = 4;
  make_directory(std::min<unsigned>(
      kDepthMost, static_cast<unsigned>(std::bit_width(records / kRecordsPerSlot | 1)) - 1));
}

void Index::insert(MemoryRecord* record) {
  if (directory_.load(std::memory_order_relaxed) == nullptr) make_directory(0);
  const std::uint64_t position = position_of(record->digest());
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
  const Place place = place_of(record->digest());
  FLOTILLA_CHECK(place.found());
  place.set(entry_of(record));
}

void Index::erase(const Digest& digest) {
  const Place place = place_of(digest);
  FLOTILLA_CHECK(place.found());
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  Bucket* const head = directory->slots[directory->slot_of(position_of(digest))];
  if (head->crowded) return erase_crowded(*head, place, digest);
  // The chain's last entry takes the free place, so only its last bucket is ever partly filled.
  Bucket* before = nullptr;
  Bucket* last = place.bucket;
  FLOTILLA_CHECK(last != nullptr);
  while (last->next() != nullptr) before = std::exchange(last, last->next());
  const auto count = static_cast<std::uint8_t>(last->count - 1);
  place.set(last->entry(count));
  last->count = count;
  --size_;
  if (count > 0 || last == head) return;
  if (before == nullptr)
    for (before = head; before->next() != last;) before = before->next();
  before->set_next(nullptr);
  spare(last);
}

void Index::erase_crowded(Bucket& head, const Place& place, const Digest& digest) {
  auto& entries = head.crowd()->entries;
  if (place.crowded != nullptr) {
    entries.erase(digest);
  } else {
    const auto last = std::prev(entries.end());
    place.set(last->second);
    entries.erase(last);
  }
  --size_;
  --buckets_;
  if (!entries.empty()) return;
  delete head.crowd();
  head.set_crowd(nullptr);
}

/// Turns the chain behind a head into a crowd.
void Index::crowd_together(Bucket& head) {
  auto* const crowd = new Crowd;
  while (Bucket* const chained = head.next()) {
    for (std::size_t i = 0; i < chained->count; ++i) {
      const std::uint64_t entry = chained->entry(i);
      crowd->entries[record_of(entry)->digest()] = entry;
    }
    head.set_next(chained->next());
    spare(chained);
  }
  buckets_ += static_cast<std::uint32_t>(crowd->entries.size());
  head.set_crowd(crowd);
}

void Index::add_to_chain(Bucket* bucket, std::uint64_t entry) {
  Bucket* const head = bucket;
  for (std::size_t length = 0; bucket->count == kEntries && !head->crowded; ++length) {
    if (length == kChainMost) {
      crowd_together(*head);
      break;
    }
    if (bucket->next() == nullptr) bucket->set_next(make_bucket(bucket->depth));
    bucket = bucket->next();
  }
  if (head->crowded && head->count == kEntries) {
    head->crowd()->entries[record_of(entry)->digest()] = entry;
    ++buckets_;
    return;
  }
  const std::uint8_t count = bucket->count;
  bucket->set_entry(count, entry);
  bucket->count = static_cast<std::uint8_t>(count + 1);
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
  for (Bucket* b = head; b != nullptr; b = b->next())
    for (std::size_t i = 0; i < b->count; ++i) entries.push_back(b->entry(i));
  while (Bucket* const chained = head->next()) {
    head->set_next(chained->next());
    spare(chained);
  }
  // The head keeps the lower half.
  head->count = 0;
  head->depth = (head->depth + 1) & 31;
  Bucket* const high = make_bucket(head->depth);
  for (std::size_t i = span / 2; i < span; ++i) directory->slots[first + i] = high;
  if (head->crowded) split_crowd(*head, *high);
  for (const std::uint64_t entry : entries)
    add_to_chain(directory->slots[directory->slot_of(position_of(record_of(entry)->digest()))],
                 entry);
  return true;
}

/// Most often all of a crowd stays together. `high` takes what the directory leads to it.
void Index::split_crowd(Bucket& head, Bucket& high) {
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  auto& entries = head.crowd()->entries;
  const auto is_high = [&](const auto& entry) {
    return directory->slots[directory->slot_of(position_of(entry.first))] == &high;
  };
  if (!is_high(*entries.rbegin())) return;
  auto* const crowd = new Crowd;
  if (is_high(*entries.begin())) {
    crowd->entries.swap(entries);
  } else {
    while (is_high(*entries.rbegin()))
      crowd->entries.insert(crowd->entries.begin(), entries.extract(std::prev(entries.end())));
  }
  high.set_crowd(crowd);
  if (!entries.empty()) return;
  delete head.crowd();
  head.set_crowd(nullptr);
}

namespace {

void take_below(MemoryRecord* record, const Digest* below, std::vector<MemoryRecord*>& out) {
  if (below == nullptr || record->digest() < *below) out.push_back(record);
}

}  // namespace

/// A step of a walk within a crowd: its next records, and those of the head that lie among them.
void Index::next_crowded(const Bucket& head, const Digest* below,
                         std::vector<MemoryRecord*>& out) const {
  const auto& entries = head.crowd()->entries;
  auto at = below == nullptr ? entries.end() : entries.lower_bound(*below);
  while (at != entries.begin() && out.size() < kCrowdStep) out.push_back(record_of((--at)->second));
  const Digest* const down_to = at == entries.begin() ? nullptr : &at->first;
  for (std::size_t i = 0; i < head.count; ++i) {
    MemoryRecord* const record = record_of(head.entry(i));
    if (down_to == nullptr || *down_to < record->digest()) take_below(record, below, out);
  }
}

void Index::next_below(const Digest* below, std::vector<MemoryRecord*>& out) const {
  out.clear();
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return;
  std::size_t slot =
      below == nullptr ? directory->slots.size() - 1 : directory->slot_of(position_of(*below));
  for (;;) {
    const Bucket* const head = directory->slots[slot];
    if (head->crowded) next_crowded(*head, below, out);
    for (const Bucket* b = head->crowded ? nullptr : head; b != nullptr; b = b->next()) {
      const std::uint32_t count = b->count;
      for (std::size_t i = 0; i < count; ++i) prefetch(record_of(b->entry(i)));
      for (std::size_t i = 0; i < count; ++i) take_below(record_of(b->entry(i)), below, out);
    }
    const std::size_t first = directory->span_of(slot).first;
    if (!out.empty()) break;
    if (first == 0) return;
    slot = first - 1;
  }
  std::ranges::sort(out, [](const auto* a, const auto* b) { return b->digest() < a->digest(); });
}

std::uint64_t Index::replace_some(std::uint64_t position,
                                  const std::function<MemoryRecord*(MemoryRecord*)>& by) {
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return 0;
  const auto [first, span] = directory->span_of(directory->slot_of(position));
  // The tag stays: it is the digest's.
  const auto replaced = [&](std::uint64_t entry) {
    return (entry & kTagMask) | SlabHeap::number_of(by(record_of(entry)));
  };
  Bucket* const head = directory->slots[first];
  Bucket* b = head;
  do {
    for (std::size_t i = 0; i < b->count; ++i) b->set_entry(i, replaced(b->entry(i)));
    b = b->next();
  } while (b != nullptr);
  if (head->crowded)
    for (auto& [digest, entry] : head->crowd()->entries) entry = replaced(entry);
  return directory->position_of_slot(first + span);
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
    if (!bucket->has_tag(i, tag)) continue;
    const auto* const record = reinterpret_cast<const std::byte*>(record_of(bucket->entry(i)));
    for (std::size_t line = 0; line < 3; ++line) prefetch(record + 64 * line);
    return;
  }
}

}  // namespace flotilla::store
