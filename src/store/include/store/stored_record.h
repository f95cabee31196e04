#pragma once

#include <array>

#include "base/result.h"
#include "store/record.h"

namespace flotilla::store {

/// Where a record or unit stands. It goes into the checksums, so that bytes that were written
/// elsewhere, by an earlier life of the segment, or to another file, never check.
struct StoredPlace {
  std::uint64_t log_id = 0;   // Of the file.
  std::uint64_t segment = 0;  // Number of the segment, never used twice in a file.
  std::uint32_t offset = 0;   // From the start of the segment.

  friend bool operator==(const StoredPlace&, const StoredPlace&) = default;
};

/// A record outside of memory (docs/formats/record.md): little-endian header, set name, body,
/// padded to 16 bytes.
///
///   | crc u32 | size u32 | digest 20 | void_time u32 | lsn u64 | last_update u64 | generation u16
///   | flags u8 | | set name size u8 | set name | body |
struct StoredRecord {
  static constexpr std::size_t kHeaderSize = 52;
  static constexpr std::size_t kAlign = 16;

  RecordImage image;       // A view into the parsed bytes.
  std::uint32_t size = 0;  // With header, without padding.
  std::uint32_t crc = 0;
  Bytes covered;  // What the checksum covers, before the place: all after it, padding included.

  /// Bytes that it takes in a log, padding included.
  std::size_t padded_size() const { return (std::size_t{size} + kAlign - 1) / kAlign * kAlign; }
  bool checks_at(const StoredPlace& place) const;
  /// The record at the start of `in`, sizes checked, checksum not: ask checks_at(). Parameter: no
  /// record can be here.
  static Result<StoredRecord> parse(Bytes in);
};

/// Bytes that a record takes in a log, padding included.
std::size_t stored_size(std::size_t set_name_size, std::size_t body_size);
std::size_t stored_size(const RecordImage& image);

/// What stands in front of a record's set name and body; the checksum is not filled in.
struct StoredHead {
  static constexpr std::size_t kFieldsAt = 8;  // Behind checksum and size.

  explicit StoredHead(const RecordImage& image);
  Bytes fields() const { return Bytes(bytes).subspan(kFieldsAt); }

  std::array<std::byte, StoredRecord::kHeaderSize> bytes;
};

/// Encodes a record in two parts, so that the long one (the checksum over the body) needs no lock:
/// its place is known only when it is put there. The image must outlive this; set names are at most
/// 255 bytes.
class RecordEncoder {
 public:
  explicit RecordEncoder(const RecordImage& image);
  std::size_t padded_size() const;
  /// `to` holds padded_size() bytes.
  void write(MutableBytes to, const StoredPlace& place) const;

 private:
  const RecordImage& image_;
  StoredHead head_;
  std::uint32_t crc_;
};

}  // namespace flotilla::store
