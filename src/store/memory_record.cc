#include "store/memory_record.h"

#include <array>
#include <cstdlib>
#include <new>

#include "store/slab_heap.h"

#ifndef FLOTILLA_SANITIZED
#include <mimalloc.h>
#endif

namespace flotilla::store {
namespace {

// Large bodies. Under a sanitizer they come from its own heap.
#ifdef FLOTILLA_SANITIZED
void* allocate_body(std::size_t size) { return std::malloc(size); }
void release_body(void* body) { std::free(body); }
#else
void* allocate_body(std::size_t size) { return mi_malloc(size); }
void release_body(void* body) { mi_free(body); }
#endif

/// They may overlap.
void copy(void* to, Bytes from) {
  if (!from.empty()) std::memmove(to, from.data(), from.size());
}

bool fits(std::uint64_t value, unsigned bits) { return value >> bits == 0; }

}  // namespace

/// A head as it will stand in memory.
struct MemoryRecord::Packed {
  Packed(const RecordHead& head, bool on_device);

  bool here() const { return shape.body_here(); }
  bool elsewhere() const { return shape.body_elsewhere(); }
  /// Of the block.
  std::size_t block_size(std::size_t body_size) const {
    return size + (elsewhere() ? sizeof(void*) : 0) + (here() ? body_size : 0);
  }

  Shape shape;
  std::size_t size = 0;
  std::array<std::byte, 72> bytes;

 private:
  void add(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) bytes[size++] = static_cast<std::byte>(value >> 8 * i);
  }
  /// Adds a number of two parts in its shortest form, and answers which that is.
  unsigned add_shortest(const std::array<Form, 4>& forms, std::uint64_t high, std::uint64_t low) {
    const auto holds =
        [&](const Form& form) {  // What is below `high_from` wraps, and is too large.
          return fits(high - form.high_from, form.high_bits) && fits(low, form.low_bits);
        };
    unsigned form = 0;
    while (!holds(forms[form])) ++form;
    add((high - forms[form].high_from) << forms[form].low_bits | low, forms[form].bytes);
    return form;
  }
  unsigned add_void_time(std::uint32_t void_time, HlcTime written);
  unsigned add_place(const RecordPlace& at, bool on_device);
};

MemoryRecord::Packed::Packed(const RecordHead& head, bool on_device) {
  size = kDigestAt;
  std::memcpy(bytes.data() + size, head.digest.bytes.data(), wire::Digest::kSize);
  size += wire::Digest::kSize;
  const unsigned lsn = add_shortest(kLsns, head.lsn.term(), head.lsn.seq());
  const unsigned time =
      add_shortest(kTimes, head.last_update.ms(), head.last_update.raw() & 0xFFFF);
  const unsigned generation = fits(head.generation, 8) ? 0 : 1;
  add(head.generation, generation + 1);
  const unsigned body_size = fits(head.body_size, 8) ? 0 : fits(head.body_size, 16) ? 1 : 2;
  add(head.body_size, kBodySizes[body_size]);
  const unsigned void_time = add_void_time(head.void_time, head.last_update);
  const unsigned set = head.set.raw() == 0 ? 0 : fits(head.set.raw(), 8) ? 1 : 2;
  add(head.set.raw(), kSets[set]);
  const unsigned place = add_place(head.at, on_device);
  const unsigned elsewhere = !on_device && size + head.body_size > SlabHeap::kLargest ? 1 : 0;
  shape.bits = (head.flags & 3U) | lsn << 2 | time << 4 | body_size << 6 | set << 8 | place << 10 |
               void_time << 12 | generation << 14 | elsewhere << 15;
  store_le(bytes.data(), static_cast<std::uint16_t>(shape.bits));
}

unsigned MemoryRecord::Packed::add_void_time(std::uint32_t void_time, HlcTime written) {
  if (void_time == 0) return kNever;
  const std::uint64_t second = written.ms() / 1000;
  const std::uint64_t life = void_time - second;  // Wraps far up where it is in the past.
  if (life % kDay == 0 && fits(life / kDay, 8)) {
    add(life / kDay, kVoidTimes[kDaysLater]);
    return kDaysLater;
  }
  const bool soon = fits(life, 24);
  add(soon ? life : void_time, kVoidTimes[soon ? kSecondsLater : kThen]);
  return soon ? kSecondsLater : kThen;
}

unsigned MemoryRecord::Packed::add_place(const RecordPlace& at, bool on_device) {
  const std::uint32_t segment = at.segment.raw();
  if (!on_device) {
    if (segment == 0) return kNowhere;
    add(segment, kPlaces[kInSegment]);
    return kInSegment;
  }
  const std::uint32_t file = segment >> 24;
  const std::uint32_t slot = segment & 0xFFFFFF;
  const bool near = fits(file, 4) && fits(slot, 20) && at.offset % 16 == 0 && at.size % 16 == 0 &&
                    fits(at.offset / 16, 20) && fits(at.size / 16, 12);
  if (near) {
    add(std::uint64_t{file} << 52 | std::uint64_t{slot} << 32 |
            std::uint64_t{at.offset / 16} << 12 | at.size / 16,
        kPlaces[kNear]);
    return kNear;
  }
  for (const std::uint32_t field : {segment, at.offset, at.size}) add(field, sizeof field);
  return kFar;
}

MemoryRecord* MemoryRecord::make(const RecordHead& head, std::optional<Bytes> body) {
  const Packed packed(head, !body);
  void* const block =
      SlabHeap::allocate(packed.block_size(head.body_size), head.digest.partition());
  if (block == nullptr) return nullptr;
  auto* const record = new (block) MemoryRecord;
  std::byte* const behind = record->start() + packed.size;
  if (packed.here()) copy(behind, *body);
  if (packed.elsewhere()) {
    void* const other = allocate_body(head.body_size);
    if (other == nullptr) {
      SlabHeap::release(block);
      return nullptr;
    }
    copy(other, *body);
    std::memcpy(behind, static_cast<const void*>(&other), sizeof other);
  }
  std::memcpy(record->start(), packed.bytes.data(), packed.size);
  return record;
}

bool MemoryRecord::overwrite(const RecordHead& head, std::optional<Bytes> body) {
  const Packed packed(head, !body);
  const std::byte* const own = shape().body_elsewhere() ? body_elsewhere() : nullptr;
  // A large body stays where it is, and is not overwritten by another.
  if (packed.elsewhere() != (own != nullptr) || (own != nullptr && body->data() != own))
    return false;
  if (SlabHeap::rounded(packed.block_size(head.body_size)) != SlabHeap::rounded(block_size()))
    return false;
  // The body may be this record's own, and the head is about to change its size.
  if (packed.here()) copy(start() + packed.size, *body);
  if (own != nullptr)
    std::memcpy(start() + packed.size, static_cast<const void*>(&own), sizeof own);
  std::memcpy(start(), packed.bytes.data(), packed.size);
  return true;
}

void MemoryRecord::release(MemoryRecord* record) {
  if (record->shape().body_elsewhere()) release_body(record->body_elsewhere());
  SlabHeap::release(record);
}

bool MemoryRecord::is_leaving() const { return SlabHeap::is_leaving(this); }

MemoryRecord* MemoryRecord::move() const {
  const std::size_t size = block_size();
  void* const block = SlabHeap::allocate(size, digest().partition());
  if (block == nullptr) return nullptr;
  auto* const moved = new (block) MemoryRecord;
  std::memcpy(moved->start(), start(), size);
  return moved;
}

void MemoryRecord::forget(MemoryRecord* moved) { SlabHeap::release(moved); }

std::size_t MemoryRecord::block_size() const {
  const Shape shape = this->shape();
  return head_size(shape) + (shape.body_elsewhere() ? sizeof(void*) : body().size());
}

std::byte* MemoryRecord::body_elsewhere() const {
  std::byte* body = nullptr;
  std::memcpy(static_cast<void*>(&body), start() + head_size(shape()), sizeof body);
  return body;
}

}  // namespace flotilla::store
