#include "store/index.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace flotilla::store {
namespace {

using wire::Digest;

/// Order-preserving position of a digest within its partition: the high half of byte 1 (the low half and byte 0 name the
/// partition), then bytes 2 to 9.
std::uint64_t position_of(const Digest& digest) {
  const std::byte* const d = digest.bytes.data();
  return (static_cast<std::uint64_t>(d[1]) >> 4 << 60) | load_be<std::uint64_t>(d + 2) >> 4;
}

std::uint16_t tag_of(const Digest& digest) { return load_le<std::uint16_t>(digest.bytes.data() + 18); }

constexpr std::size_t kEntries = 14;
constexpr unsigned kDepthMost = 28;

}  // namespace

/// Tag in the high 16 bits; user-space pointers fit in 48.
struct Index::Entry {
  std::uint64_t raw = 0;

  Entry() = default;
  Entry(std::uint16_t tag, MemoryRecord* record)
      : raw(std::uint64_t{tag} << 48 | reinterpret_cast<std::uint64_t>(record)) {}
  MemoryRecord* record() const {
    return reinterpret_cast<MemoryRecord*>(raw & 0x0000'FFFF'FFFF'FFFFULL);
  }
  std::uint16_t tag() const { return static_cast<std::uint16_t>(raw >> 48); }
};

struct alignas(64) Index::Bucket {
  std::uint32_t count = 0;
  std::uint32_t depth = 0;   // Leading bits that all its digests share; of the chain's head.
  Bucket* overflow = nullptr;
  std::array<Entry, kEntries> entries;
};

Index::Index() { static_assert(sizeof(Bucket) == kBucketSize); }

Index::~Index() { release_all(); }

void Index::release_all() {
  Bucket* last = nullptr;
  for (Bucket* head : directory_) {
    if (head == last) continue;
    last = head;
    for (Bucket* b = head; b != nullptr;) delete std::exchange(b, b->overflow);
  }
  directory_.clear();
  directory_.shrink_to_fit();
  buckets_ = size_ = 0;
  depth_ = 0;
}

Index::Bucket* Index::make_bucket(unsigned depth) {
  ++buckets_;
  auto* const bucket = new Bucket;
  bucket->depth = depth;
  return bucket;
}

Index::Entry* Index::entry_of(const Digest& digest) const {
  if (directory_.empty()) return nullptr;
  const std::uint16_t tag = tag_of(digest);
  for (Bucket* b = bucket_of(position_of(digest)); b != nullptr; b = b->overflow) {
    for (std::size_t i = 0; i < b->count; ++i) {
      Entry& entry = b->entries[i];
      if (entry.tag() == tag && entry.record()->digest == digest) return &entry;
    }
  }
  return nullptr;
}

MemoryRecord* Index::find(const Digest& digest) const {
  const Entry* const entry = entry_of(digest);
  return entry == nullptr ? nullptr : entry->record();
}

void Index::insert(MemoryRecord* record) {
  if (directory_.empty()) directory_.push_back(make_bucket(0));
  const std::uint64_t position = position_of(record->digest);
  while (bucket_of(position)->count == kEntries && split(slot_of(position))) {
  }
  add_to_chain(bucket_of(position), Entry(tag_of(record->digest), record));
  ++size_;
}

void Index::replace(MemoryRecord* record) {
  Entry* const entry = entry_of(record->digest);
  FLOTILLA_CHECK(entry != nullptr);
  *entry = Entry(tag_of(record->digest), record);
}

void Index::erase(const Digest& digest) {
  Entry* const entry = entry_of(digest);
  FLOTILLA_CHECK(entry != nullptr);
  // The chain's last entry takes the free place, so only its last bucket is ever partly filled.
  Bucket* before = nullptr;
  Bucket* last = bucket_of(position_of(digest));
  while (last->overflow != nullptr) before = std::exchange(last, last->overflow);
  *entry = last->entries[--last->count];
  if (last->count == 0 && before != nullptr) {
    before->overflow = nullptr;
    delete last;
    --buckets_;
  }
  if (--size_ == 0) release_all();
}

void Index::add_to_chain(Bucket* bucket, Entry entry) {
  while (bucket->count == kEntries) {
    if (bucket->overflow == nullptr) bucket->overflow = make_bucket(bucket->depth);
    bucket = bucket->overflow;
  }
  bucket->entries[bucket->count++] = entry;
}

bool Index::split(std::size_t slot) {
  Bucket* const head = directory_[slot];
  if (head->depth == depth_) {
    // Uniform digests keep the directory below the number of entries; equal ones must not blow it up.
    if (depth_ >= kDepthMost || directory_.size() * 2 > std::max<std::size_t>(16, size_)) return false;
    std::vector<Bucket*> doubled(directory_.size() * 2);
    for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++depth_;
    slot *= 2;
  }
  const std::size_t span = std::size_t{1} << (depth_ - head->depth);
  const std::size_t first = slot / span * span;
  Bucket* const low = make_bucket(head->depth + 1);
  Bucket* const high = make_bucket(head->depth + 1);
  for (std::size_t i = 0; i < span; ++i) directory_[first + i] = i < span / 2 ? low : high;
  for (Bucket* b = head; b != nullptr; delete std::exchange(b, b->overflow), --buckets_) {
    for (std::size_t i = 0; i < b->count; ++i)
      add_to_chain(bucket_of(position_of(b->entries[i].record()->digest)), b->entries[i]);
  }
  return true;
}

void Index::next_below(const Digest* below, std::vector<MemoryRecord*>& out) const {
  out.clear();
  if (directory_.empty()) return;
  std::size_t slot = below == nullptr ? directory_.size() - 1 : slot_of(position_of(*below));
  for (;;) {
    const Bucket* const head = directory_[slot];
    for (const Bucket* b = head; b != nullptr; b = b->overflow) {
      for (std::size_t i = 0; i < b->count; ++i) {
        MemoryRecord* const record = b->entries[i].record();
        if (below == nullptr || record->digest < *below) out.push_back(record);
      }
    }
    const std::size_t span = std::size_t{1} << (depth_ - head->depth);
    const std::size_t first = slot / span * span;
    if (!out.empty()) break;
    if (first == 0) return;
    slot = first - 1;
  }
  std::ranges::sort(out, [](const auto* a, const auto* b) { return b->digest < a->digest; });
}

}  // namespace flotilla::store
