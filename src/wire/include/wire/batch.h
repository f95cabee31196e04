#pragma once

#include "wire/message.h"

namespace flotilla::wire {

/// Field 41: | row count u32 | flags u8 | rows |. A row is
///
///   | index u32 | digest 20 | row flags u8 | unless REPEAT: info1 u8 | info2, info3 u8, u8 (flag
///   0x02) | info4 u8 (0x10) | generation u16 (0x04) | ttl u32 (0x08) | field count u16 | operation
///   count u16 | fields | operations |
///
/// REPEAT (0x01): everything after the row flags equals that of the row before.
struct BatchHeader {
  static constexpr std::uint8_t kRespondAllKeys = 0x04;
  static constexpr std::uint8_t kReportFailedRow = 0x08;

  std::uint32_t count = 0;
  std::uint8_t flags = 0;
};

struct BatchRow {
  std::uint32_t index = 0;
  Digest digest;
  bool namespace_first = false;  // As the protocol wants it.
  bool repeats = false;          // Shares header, fields, and operations with the row before.
  MessageHeader header;          // As of a single-record request with the same meaning.
  Fields fields;
  Ops ops;
};

/// Reads the rows one after the other; a row is valid until the next call. The caller checks
/// namespaces.
class BatchReader {
 public:
  /// `parent` gives read flags to rows in the old, read-only form.
  BatchReader(Bytes field, const MessageHeader& parent);

  const BatchHeader& header() const { return header_; }
  /// Parameter: malformed row, illegal REPEAT. Do not call more often than header().count.
  Result<void> next();
  const BatchRow& row() const { return row_; }
  /// Digests of the rows to come, up to `most`, without checking them: only hints. A copy of the
  /// reader does the look.
  std::size_t peek(Digest* digests, std::size_t most) const;
  /// False when not even the header could be read, or it announces more rows than the bytes could
  /// hold.
  bool ok() const { return ok_; }

 private:
  Result<void> read_body(std::uint8_t row_flags);

  Reader rest_;
  std::uint8_t parent_read_mode_;
  BatchHeader header_;
  BatchRow row_;
  bool first_ = true;
  bool ok_ = false;
};

}  // namespace flotilla::wire
