#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"
#include "wire/ids.h"

namespace flotilla::store {

/// Log sequence number of a mutation within its partition: term (24 bits) and sequence (40 bits),
/// compared as one number. A term begins with every start and every change of primary, so a number
/// is never used twice.
class Lsn {
 public:
  constexpr Lsn() = default;
  constexpr explicit Lsn(std::uint64_t raw) : raw_(raw) {}
  constexpr Lsn(std::uint32_t term, std::uint64_t seq) : raw_(std::uint64_t{term} << 40 | seq) {}
  constexpr std::uint64_t raw() const { return raw_; }
  constexpr std::uint32_t term() const { return static_cast<std::uint32_t>(raw_ >> 40); }
  constexpr std::uint64_t seq() const { return raw_ & ((std::uint64_t{1} << 40) - 1); }
  constexpr Lsn next() const { return Lsn(raw_ + 1); }
  friend constexpr auto operator<=>(const Lsn&, const Lsn&) = default;

 private:
  std::uint64_t raw_ = 0;
};

/// Hybrid logical clock: milliseconds since 2010 (48 bits) and a counter (16 bits), compared as one
/// number.
class HlcTime {
 public:
  constexpr HlcTime() = default;
  constexpr explicit HlcTime(std::uint64_t raw) : raw_(raw) {}
  constexpr HlcTime(std::uint64_t ms, std::uint16_t counter) : raw_(ms << 16 | counter) {}
  constexpr std::uint64_t raw() const { return raw_; }
  constexpr std::uint64_t ms() const { return raw_ >> 16; }
  friend constexpr auto operator<=>(const HlcTime&, const HlcTime&) = default;

 private:
  std::uint64_t raw_ = 0;
};

/// Bits of RecordImage::flags; they stand on disk (docs/formats/record.md).
inline constexpr std::uint8_t kTombstone = 0x01;  // The record is deleted: no key, no bins.
inline constexpr std::uint8_t kHasKey = 0x02;     // The body begins with the user key.
inline constexpr std::uint8_t kPortableFlags = kTombstone | kHasKey;
inline constexpr std::uint8_t kPacked = 0x04;     // In a log alone: the body is compressed.
inline constexpr std::uint8_t kEncrypted = 0x08;  // In a log alone: and then encrypted.

/// A record in its portable form, as the log, the device, and other nodes see it: the set by name,
/// the body (key and bins, docs/formats/record.md) as bytes. A view: it owns nothing.
struct RecordImage {
  wire::Digest digest{};
  Lsn lsn{};
  HlcTime last_update{};
  std::uint32_t void_time = 0;  // Seconds since 2010; 0: never expires.
  std::uint16_t generation = 0;
  std::uint8_t flags = 0;
  std::string_view set{};
  Bytes body{};
};

}  // namespace flotilla::store
