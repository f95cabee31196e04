#pragma once

#include <array>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/encryption.h"
#include "store/stored_record.h"

namespace flotilla::store {

/// The bytes of a data file around its records: docs/formats/data-file.md. All integers are
/// little-endian.
///
///   segment 0        | file header, copy 0 | ... | at 8192: file header, copy 1 | zeros ... |
///   other segments   | mark | unit | unit | ... | unused | mark |
///
/// Every structure fits one 512-byte sector, or is covered by a checksum of its own.

inline constexpr std::uint32_t kLogVersionPlain = 1;      // No record in it is packed.
inline constexpr std::uint32_t kLogVersionPacked = 2;     // Some may be.
inline constexpr std::uint32_t kLogVersionEncrypted = 3;  // All are encrypted.
inline constexpr std::uint32_t kLogVersion = 3;           // The highest that is understood.
inline constexpr std::size_t kSectorSize = 512;
inline constexpr std::uint32_t kSegmentSizeDefault = 8U << 20;
inline constexpr std::uint32_t kSegmentSizeMin = 16U << 10;
inline constexpr std::uint32_t kSegmentSizeMax = 64U << 20;

/// A point in a log: everything in segments with lower numbers, and in this one up to the offset.
struct LogPoint {
  std::uint64_t segment = 0;  // Number.
  std::uint32_t offset = 0;

  friend constexpr auto operator<=>(const LogPoint&, const LogPoint&) = default;
};

/// Where the second copy of the file header stands.
inline constexpr std::uint64_t kHeaderCopyAt = 8192;

using Uuid = std::array<std::byte, 16>;

/// Says whose file it is and how it is laid out. The copy with the higher sequence counts; they are
/// written in turns.
struct FileHeader {
  static constexpr std::size_t kSize = 128;
  static constexpr std::size_t kSizeEncrypted = 200;

  std::uint32_t version = kLogVersionPlain;
  std::uint64_t sequence = 0;
  std::uint64_t log_id = 0;  // Random, new with every formatting of the file.
  Uuid instance{};           // The node it belongs to.
  std::string namespace_name;
  std::uint16_t file_index = 0;  // Of the namespace's files.
  std::uint16_t file_count = 1;
  std::uint32_t segment_size = kSegmentSizeDefault;
  std::uint32_t segments = 0;  // Of the file, the header's included; the file may grow, not shrink.
  std::uint32_t align = kSectorSize;  // Of units; 512, or 4096 for direct I/O.
  WallTime created{};
  std::uint32_t boot = 0;  // Counts starts; the high half of every segment number.
  bool clean = false;      // Nothing was written after `end`.
  LogPoint end{};
  std::uint32_t checkpoint =
      0;               // Clean: the segment with the root of its index checkpoint; 0: none.
  bool packs = false;  // Records may be packed.
  WrappedKey key{};    // Of an encrypted file.

  /// These change the version too, as it must.
  void allow_packed();
  void set_key(const WrappedKey& to);

  enum class State { Blank, Valid, Damaged, Newer, Foreign };

  /// `to` holds kSectorSize bytes.
  void encode(MutableBytes to) const;
  /// `in` holds kSectorSize bytes. `out` is set when Valid, and its version when Newer.
  static State parse(Bytes in, FileHeader& out);
};

/// What a segment is, at its start and again at its end (at `segment_size - align`). Of two valid
/// ones the one with the higher number counts, then the one with the higher state.
struct SegmentMark {
  static constexpr std::size_t kSize = 64;

  enum class State : std::uint8_t { Open = 1, Sealed = 2, Free = 3 };

  State state = State::Open;
  std::uint64_t log_id = 0;
  std::uint64_t number = 0;
  std::uint32_t slot = 0;  // Which segment of the file this is.
  std::uint32_t end = 0;   // Sealed: where its units end.
  std::uint32_t torn_from =
      0;                      // Sealed: units that do not check from here on were torn by a crash.
  std::uint32_t records = 0;  // Sealed: how many records its units hold.
  LogPoint synced{};          // Known durable when this was written.

  enum class Reading { Blank, Valid, Damaged };

  void encode(MutableBytes to) const;
  static Reading parse(Bytes in, SegmentMark& out);
};

/// In front of the records that were written together. They carry their own checksums, padding
/// included, so every byte of the payload is covered, and a damaged unit is salvaged record by
/// record.
struct UnitHeader {
  static constexpr std::size_t kSize = 64;

  std::uint64_t log_id = 0;
  std::uint64_t segment = 0;  // Number.
  std::uint32_t offset = 0;   // Of this header in the segment.
  std::uint32_t index = 0;    // Of the unit in the segment.
  std::uint32_t payload_size = 0;
  std::uint32_t records = 0;
  LogPoint synced{};  // Known durable when this was written.

  void encode(MutableBytes to) const;
  /// Parameter: no unit header, or its checksum does not hold. Says nothing of the payload.
  static Result<UnitHeader> parse(Bytes in);
};

constexpr std::uint32_t align_up(std::size_t size, std::uint32_t align) {
  return static_cast<std::uint32_t>((size + align - 1) / align * align);
}

}  // namespace flotilla::store
