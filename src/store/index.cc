#include "store/index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <new>
#include <utility>

#include "base/check.h"

namespace flotilla::store {
namespace {

using wire::Digest;

constexpr std::size_t kEntries = 14;
constexpr unsigned kDepthMost = 28;
constexpr std::size_t kChainMost = 8;    // Overflow buckets; uniform digests hardly ever need one.
constexpr std::size_t kCrowdStep = 256;  // Records of a crowd that a walk takes at a time.

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
  // NOLINTNEXTLINE(performance-no-int-to-ptr): that is what an entry is.
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
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for its value.
  operator T() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

void prefetch(const void* at) { __builtin_prefetch(at); }

}  // namespace

struct alignas(64) Index::Bucket {
  Racy<std::uint32_t> count;
  std::uint16_t depth = 0;  // Leading bits that all its digests share; of the chain's head.
  bool crowded = false;     // The head alone, and `crowd` behind it.
  union {
    Bucket* overflow = nullptr;
    Crowd* crowd;
  };
  std::array<Racy<std::uint64_t>, kEntries> entries;

  Bucket* next() const { return crowded ? nullptr : overflow; }
};

/// What a long chain becomes: whoever chooses digests with equal leading bits, and equal ends, must
/// not make every look-up among them a search.
struct Index::Crowd {
  std::map<Digest, Racy<std::uint64_t>> entries;
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
  Bucket* bucket = nullptr;  // Null: in a crowd.
  Racy<std::uint64_t>* entry = nullptr;
};

Index::Index() { static_assert(sizeof(Bucket) == kBucketSize); }

Index::~Index() {
  Directory* const directory = directory_.load();
  if (directory == nullptr) return;
  for (std::size_t slot = 0; slot < directory->slots.size();) {
    Bucket* bucket = directory->slots[slot];
    slot += directory->span_of(slot).second;
    if (bucket->crowded) delete bucket->crowd;
    while (bucket != nullptr) delete std::exchange(bucket, bucket->next());
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
  bucket->depth = static_cast<std::uint16_t>(depth);
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
  Bucket* const head = directory->slots[directory->slot_of(position_of(digest))];
  Bucket* b = head;
  do {
    const std::uint32_t count = b->count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t entry = b->entries[i];
      if ((entry & kTagMask) == tag && record_of(entry)->digest == digest)
        return {b, &b->entries[i]};
    }
    b = b->next();
  } while (b != nullptr);
  if (!head->crowded) return {};
  const auto found = head->crowd->entries.find(digest);
  return found == head->crowd->entries.end() ? Place{} : Place{nullptr, &found->second};
}

MemoryRecord* Index::find(const Digest& digest) const {
  const Place place = place_of(digest);
  return place.entry == nullptr ? nullptr : record_of(*place.entry);
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
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  Bucket* const head = directory->slots[directory->slot_of(position_of(digest))];
  if (head->crowded || place.bucket == nullptr) return erase_crowded(*head, place, digest);
  // The chain's last entry takes the free place, so only its last bucket is ever partly filled.
  Bucket* before = nullptr;
  Bucket* last = place.bucket;
  while (last->overflow != nullptr) before = std::exchange(last, last->overflow);
  const std::uint32_t count = last->count - 1;
  *place.entry = static_cast<std::uint64_t>(last->entries[count]);
  last->count = count;
  --size_;
  if (count > 0 || last == head) return;
  if (before == nullptr)
    for (before = head; before->overflow != last;) before = before->overflow;
  before->overflow = nullptr;
  spare(last);
}

void Index::erase_crowded(Bucket& head, const Place& place, const Digest& digest) {
  auto& entries = head.crowd->entries;
  if (place.bucket == nullptr) {
    entries.erase(digest);
  } else {
    const auto last = std::prev(entries.end());
    *place.entry = static_cast<std::uint64_t>(last->second);
    entries.erase(last);
  }
  --size_;
  --buckets_;
  if (!entries.empty()) return;
  delete head.crowd;
  head.overflow = nullptr;
  head.crowded = false;
}

/// Turns the chain behind a head into a crowd.
void Index::crowd_together(Bucket& head) {
  auto* const crowd = new Crowd;
  while (Bucket* const chained = head.overflow) {
    for (std::size_t i = 0; i < chained->count; ++i) {
      const std::uint64_t entry = chained->entries[i];
      crowd->entries[record_of(entry)->digest] = entry;
    }
    head.overflow = chained->overflow;
    spare(chained);
  }
  buckets_ += static_cast<std::uint32_t>(crowd->entries.size());
  head.crowd = crowd;
  head.crowded = true;
}

void Index::add_to_chain(Bucket* bucket, std::uint64_t entry) {
  Bucket* const head = bucket;
  for (std::size_t length = 0; bucket->count == kEntries && !head->crowded; ++length) {
    if (length == kChainMost) {
      crowd_together(*head);
      break;
    }
    if (bucket->overflow == nullptr) bucket->overflow = make_bucket(bucket->depth);
    bucket = bucket->overflow;
  }
  if (head->crowded && head->count == kEntries) {
    head->crowd->entries[record_of(entry)->digest] = entry;
    ++buckets_;
    return;
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
  for (Bucket* b = head; b != nullptr; b = b->next())
    entries.insert(entries.end(), b->entries.begin(), b->entries.begin() + b->count);
  while (Bucket* const chained = head->next()) {
    head->overflow = chained->overflow;
    spare(chained);
  }
  // The head keeps the lower half.
  head->count = 0;
  ++head->depth;
  Bucket* const high = make_bucket(head->depth);
  for (std::size_t i = span / 2; i < span; ++i) directory->slots[first + i] = high;
  if (head->crowded) split_crowd(*head, *high);
  for (const std::uint64_t entry : entries)
    add_to_chain(directory->slots[directory->slot_of(position_of(record_of(entry)->digest))],
                 entry);
  return true;
}

/// Most often all of a crowd stays together. `high` takes what the directory leads to it.
void Index::split_crowd(Bucket& head, Bucket& high) {
  const Directory* const directory = directory_.load(std::memory_order_relaxed);
  auto& entries = head.crowd->entries;
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
  high.crowd = crowd;
  high.crowded = true;
  if (!entries.empty()) return;
  delete head.crowd;
  head.overflow = nullptr;
  head.crowded = false;
}

namespace {

void take_below(MemoryRecord* record, const Digest* below, std::vector<MemoryRecord*>& out) {
  if (below == nullptr || record->digest < *below) out.push_back(record);
}

}  // namespace

/// A step of a walk within a crowd: its next records, and those of the head that lie among them.
void Index::next_crowded(const Bucket& head, const Digest* below,
                         std::vector<MemoryRecord*>& out) const {
  const auto& entries = head.crowd->entries;
  auto at = below == nullptr ? entries.end() : entries.lower_bound(*below);
  while (at != entries.begin() && out.size() < kCrowdStep) out.push_back(record_of((--at)->second));
  const Digest* const down_to = at == entries.begin() ? nullptr : &at->first;
  for (std::size_t i = 0; i < head.count; ++i) {
    MemoryRecord* const record = record_of(head.entries[i]);
    if (down_to == nullptr || *down_to < record->digest) take_below(record, below, out);
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
      for (std::size_t i = 0; i < count; ++i) prefetch(record_of(b->entries[i]));
      for (std::size_t i = 0; i < count; ++i) take_below(record_of(b->entries[i]), below, out);
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
