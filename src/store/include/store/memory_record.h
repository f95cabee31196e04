#pragma once

#include <cstring>
#include <memory>

#include "base/strong.h"
#include "store/record.h"

namespace flotilla::store {

/// A set within its namespace; 0 is "no set".
using SetId = Strong<struct SetIdTag, std::uint16_t>;
/// Where in the data file a record's newest copy lies; 0: nowhere.
using SegmentSlot = Strong<struct SegmentSlotTag, std::uint32_t>;

/// A record as it stands in memory: this header, then the body (key and bins,
/// docs/formats/record.md) in the same allocation. No checksum: that belongs to bytes outside of
/// memory. A namespace on a device keeps the body there alone, and a Stub in its place: ask the
/// namespace for the body, not the record.
///
/// Made and changed under its partition's write lock and index lock; read under the index lock.
struct MemoryRecord {
  Lsn lsn;
  HlcTime last_update;
  std::uint32_t void_time = 0;
  std::uint32_t body_size = 0;
  SegmentSlot segment;
  SetId set;
  std::uint16_t generation = 0;
  wire::Digest digest;
  std::uint8_t flags = 0;

  static constexpr std::size_t kHeaderSize = 53;

  /// Where in `segment` the record's newest copy lies, behind the header of one on a device.
  struct Stub {
    std::uint32_t offset = 0;
    std::uint32_t stored_size = 0;
  };
  Stub stub() const {
    Stub out;
    std::memcpy(&out, body_start(), sizeof out);
    return out;
  }
  void set_stub(const Stub& to) {
    std::memcpy(reinterpret_cast<std::byte*>(this) + kHeaderSize, &to, sizeof to);
  }

  const std::byte* body_start() const {
    return reinterpret_cast<const std::byte*>(this) + kHeaderSize;
  }
  Bytes body() const { return {body_start(), body_size}; }
  bool is_tombstone() const { return (flags & kTombstone) != 0; }
  bool expired(std::uint32_t now_seconds) const {
    return void_time != 0 && void_time <= now_seconds;
  }
  std::size_t size() const { return kHeaderSize + body_size; }
};
static_assert(offsetof(MemoryRecord, flags) + 1 == MemoryRecord::kHeaderSize);

/// Heap of records: size classes that waste little, any thread may free what another allocated.
class RecordHeap {
 public:
  /// Asks the kernel for huge pages from now on, which spares most look-ups a page walk. Once,
  /// before any record.
  static void prefer_huge_pages();
  /// Memory for a record with a body of this size; header uninitialised. Null when memory is out.
  static MemoryRecord* allocate(std::size_t body_size);
  static void release(MemoryRecord* record);
  /// True when a body of `size` fits in the memory that `record` has, without wasting much of it.
  static bool fits(const MemoryRecord& record, std::size_t size);
};

}  // namespace flotilla::store
