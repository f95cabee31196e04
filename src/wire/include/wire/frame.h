#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace flotilla::wire {

enum class FrameKind : std::uint8_t {
  Info = 1,
  Security = 2,
  Message = 3,
  Compressed = 4,
  Internal = 5
};

/// The eight bytes in front of every message, both ways:
///
///   | version u8 = 2 | kind u8 | body size u48, big-endian |
///
/// `body_size` counts bytes after the header. It comes from a peer that may be hostile, so it is
/// bounded here, before anybody allocates for it. Version 0 is let through for security messages,
/// which old clients send so.
struct FrameHeader {
  static constexpr std::size_t kSize = 8;
  static constexpr std::uint8_t kVersion = 2;
  static constexpr std::uint64_t kBodySizeMax = 128ULL << 20;

  FrameKind kind = FrameKind::Message;
  std::uint64_t body_size = 0;

  /// Parameter: short input, foreign version, or unknown kind. TooBig: body past the bound.
  static Result<FrameHeader> parse(Bytes in);
  /// Writes kSize bytes.
  void write(std::byte* to) const;

  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

}  // namespace flotilla::wire
