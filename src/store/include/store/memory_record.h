#pragma once

#include <array>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "base/strong.h"
#include "store/record.h"

namespace flotilla::store {

/// A set within its namespace; 0 is "no set".
using SetId = Strong<struct SetIdTag, std::uint16_t>;
/// Where in the data file a record's newest copy lies; 0: nowhere.
using SegmentSlot = Strong<struct SegmentSlotTag, std::uint32_t>;

/// Where a copy of a record lies in a log.
struct RecordPlace {
  SegmentSlot segment{};     // 0: nowhere.
  std::uint32_t offset = 0;  // Of its first byte in the segment.
  std::uint32_t size = 0;    // Bytes that it takes there, padding included.

  /// The segment's slot in its file.
  std::uint32_t slot() const { return segment.raw() & 0xFFFFFF; }

  friend bool operator==(const RecordPlace&, const RecordPlace&) = default;
};

/// What is known of a record beside its body (key and bins, docs/formats/record.md).
struct RecordHead {
  wire::Digest digest{};
  Lsn lsn{};
  HlcTime last_update{};
  std::uint32_t void_time = 0;
  std::uint32_t body_size = 0;
  RecordPlace at{};  // Of its newest copy. Of a record whose body is in memory, the segment alone.
  SetId set{};
  std::uint16_t generation = 0;
  std::uint8_t flags = 0;

  /// What a head counts for in the sizes that clients and operators see: the same on every node,
  /// whatever it takes in memory.
  static constexpr std::size_t kCountedSize = 53;

  bool is_tombstone() const { return (flags & kTombstone) != 0; }
  bool expired(std::uint32_t now_seconds) const {
    return void_time != 0 && void_time <= now_seconds;
  }
  std::size_t size() const { return kCountedSize + body_size; }
};

/// A record as it stands in memory: a head in as few bytes as its numbers need, and the body, in
/// one block of the slab heap. A body that would make the block too large has memory of its own; a
/// namespace on a device has none here: ask the namespace for it, not the record.
///
///   | shape u16 | digest 20 | LSN 3 4 6 8 | last update 6 7 8 | generation 1 2 | body size 1 2 4
///   | void-time 0 1 3 4 | set 0 1 2 | place 0 4 7 12 | body, or a pointer to it, or nothing |
///
/// Made and changed under its partition's write lock and index lock; read under either. What
/// is written may lie within the record itself.
class MemoryRecord {
 public:
  MemoryRecord(const MemoryRecord&) = delete;
  MemoryRecord& operator=(const MemoryRecord&) = delete;

  /// A body of `head.body_size` bytes; nothing: it is on the device. Null when memory is out.
  static MemoryRecord* make(const RecordHead& head, std::optional<Bytes> body);
  /// Overwrites the record if the new one takes as much memory. False: nothing was done.
  bool overwrite(const RecordHead& head, std::optional<Bytes> body);
  static void release(MemoryRecord* record);
  /// Whether the record stands in the way of giving memory back: see SlabHeap.
  bool is_leaving() const;
  /// The same record in another place; this one is not to be used any more, but for forget(). Null
  /// when memory is out.
  MemoryRecord* move() const;
  /// Releases what move() left.
  static void forget(MemoryRecord* moved);

  const wire::Digest& digest() const {
    return *reinterpret_cast<const wire::Digest*>(start() + kDigestAt);
  }
  inline RecordHead head() const;
  /// Of a record whose body is in memory.
  inline Bytes body() const;
  /// Bytes of the record's block.
  std::size_t block_size() const;

 private:
  enum Place : std::uint8_t { kNowhere, kInSegment, kNear, kFar };  // The latter two on a device.
  /// Which of the forms of each field the record has: two bits for each, one where that will do.
  struct Shape {
    unsigned bits = 0;

    unsigned flags() const { return bits & 3; }
    unsigned lsn() const { return bits >> 2 & 3; }
    unsigned time() const { return bits >> 4 & 3; }
    unsigned body_size() const { return bits >> 6 & 3; }
    unsigned set() const { return bits >> 8 & 3; }
    unsigned place() const { return bits >> 10 & 3; }
    unsigned void_time() const { return bits >> 12 & 3; }
    bool long_generation() const { return (bits >> 14 & 1) != 0; }
    bool body_elsewhere() const { return (bits >> 15 & 1) != 0; }
    bool on_device() const { return place() >= kNear; }
    bool body_here() const { return !on_device() && !body_elsewhere(); }
  };
  /// A number of two parts in fewer bytes, if both parts are small.
  struct Form {
    unsigned bytes;
    unsigned high_bits;
    unsigned low_bits;
    std::uint64_t high_from;  // What the high part is counted from.
  };
  struct Packed;

  static constexpr std::size_t kDigestAt = 2;
  static constexpr std::size_t kLsnAt = kDigestAt + wire::Digest::kSize;
  // Of each form, in the order of its number in the shape.
  static constexpr std::array<Form, 4> kLsns{
      {{3, 6, 18, 0}, {4, 8, 24, 0}, {6, 16, 32, 0}, {8, 24, 40, 0}}};
  // From 2025 to 2042 the first one holds 512 updates in the same millisecond.
  static constexpr std::uint64_t kFrom2025 = 5479 * std::uint64_t{86'400'000};
  static constexpr std::array<Form, 4> kTimes{
      {{6, 39, 9, kFrom2025}, {7, 42, 14, 0}, {8, 48, 16, 0}, {}}};
  static constexpr std::array<std::size_t, 4> kBodySizes{1, 2, 4, 0};
  static constexpr std::array<std::size_t, 4> kSets{0, 1, 2, 0};
  static constexpr std::array<std::size_t, 4> kPlaces{0, 4, 7, 12};
  // When clients ask for whole days, few bytes say so: counted from the second of the last update.
  enum VoidTime : std::uint8_t { kNever, kDaysLater, kSecondsLater, kThen };
  static constexpr std::array<std::size_t, 4> kVoidTimes{0, 1, 3, 4};
  static constexpr std::uint32_t kDay = 86'400;

  MemoryRecord() = default;

  static std::uint64_t load(const std::byte* at, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::to_integer<std::uint64_t>(at[i]) << 8 * i;
    return value;
  }
  /// What stands at `at`, as the number whose low part has `low_bits`. There are eight bytes.
  static std::uint64_t unpack(const std::byte* at, const Form& form, unsigned low_bits) {
    const std::uint64_t value =
        load_le<std::uint64_t>(at) & (~std::uint64_t{0} >> (64 - 8 * form.bytes));
    return ((value >> form.low_bits) + form.high_from) << low_bits |
           (value & ((std::uint64_t{1} << form.low_bits) - 1));
  }
  static inline std::uint32_t unpack_void_time(const std::byte* at, unsigned form, HlcTime written);
  static inline RecordPlace unpack_place(const std::byte* at, unsigned place);

  const std::byte* start() const { return reinterpret_cast<const std::byte*>(this); }
  std::byte* start() { return reinterpret_cast<std::byte*>(this); }
  Shape shape() const { return {load_le<std::uint16_t>(start())}; }
  /// Bytes in front of the body, or of its pointer.
  static inline std::size_t head_size(Shape shape);
  std::byte* body_elsewhere() const;
};

inline std::size_t MemoryRecord::head_size(Shape shape) {
  return kLsnAt + kLsns[shape.lsn()].bytes + kTimes[shape.time()].bytes +
         (shape.long_generation() ? 2 : 1) + kBodySizes[shape.body_size()] +
         kVoidTimes[shape.void_time()] + kSets[shape.set()] + kPlaces[shape.place()];
}

inline std::uint32_t MemoryRecord::unpack_void_time(const std::byte* at, unsigned form,
                                                    HlcTime written) {
  const auto value = static_cast<std::uint32_t>(load(at, kVoidTimes[form]));
  if (form == kNever || form == kThen) return value;
  return static_cast<std::uint32_t>(written.ms() / 1000) + value * (form == kDaysLater ? kDay : 1);
}

inline RecordPlace MemoryRecord::unpack_place(const std::byte* at, unsigned place) {
  if (place == kInSegment) return {.segment = SegmentSlot(load_le<std::uint32_t>(at))};
  if (place == kFar)
    return {.segment = SegmentSlot(load_le<std::uint32_t>(at)),
            .offset = load_le<std::uint32_t>(at + 4),
            .size = load_le<std::uint32_t>(at + 8)};
  if (place != kNear) return {};
  // File 4 bits, slot 20, offset 20, size 12; the latter two in units of 16 bytes.
  const std::uint64_t packed = load(at, kPlaces[kNear]);
  return {.segment = SegmentSlot(
              static_cast<std::uint32_t>((packed >> 52) << 24 | (packed >> 32 & 0xFFFFF))),
          .offset = static_cast<std::uint32_t>((packed >> 12 & 0xFFFFF) * 16),
          .size = static_cast<std::uint32_t>((packed & 0xFFF) * 16)};
}

inline RecordHead MemoryRecord::head() const {
  const Shape shape = this->shape();
  const Form& lsn = kLsns[shape.lsn()];
  const Form& time = kTimes[shape.time()];
  RecordHead out{.digest = digest(), .flags = static_cast<std::uint8_t>(shape.flags())};
  // Whatever follows them makes up for eight bytes each.
  out.lsn = Lsn(unpack(start() + kLsnAt, lsn, 40));
  const std::byte* at = start() + kLsnAt + lsn.bytes;
  out.last_update = HlcTime(unpack(at, time, 16));
  at += time.bytes;
  const std::size_t generation = shape.long_generation() ? 2 : 1;
  out.generation = static_cast<std::uint16_t>(load(at, generation));
  at += generation;
  const std::size_t body_size = kBodySizes[shape.body_size()];
  out.body_size = static_cast<std::uint32_t>(load(at, body_size));
  at += body_size;
  out.void_time = unpack_void_time(at, shape.void_time(), out.last_update);
  at += kVoidTimes[shape.void_time()];
  const std::size_t set = kSets[shape.set()];
  out.set = SetId(static_cast<std::uint16_t>(load(at, set)));
  at += set;
  out.at = unpack_place(at, shape.place());
  return out;
}

inline Bytes MemoryRecord::body() const {
  const Shape shape = this->shape();
  const std::byte* const at = start() + head_size(shape);
  const std::byte* const size_at = start() + kLsnAt + kLsns[shape.lsn()].bytes +
                                   kTimes[shape.time()].bytes + (shape.long_generation() ? 2 : 1);
  const std::size_t size = load(size_at, kBodySizes[shape.body_size()]);
  if (shape.body_elsewhere()) return {body_elsewhere(), size};
  return {at, shape.body_here() ? size : 0};
}

}  // namespace flotilla::store
