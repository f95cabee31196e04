#pragma once

#include <array>
#include <compare>
#include <cstring>

#include "base/bytes.h"
#include "base/strong.h"

namespace flotilla::wire {

using NodeId = Strong<struct NodeIdTag, std::uint64_t>;
/// 0 to 4095.
using PartitionId = Strong<struct PartitionIdTag, std::uint16_t>;

inline constexpr std::size_t kPartitions = 4096;

/// RIPEMD-160 of set, key type, and key: the identity of a record. The server trusts the client's
/// computation.
struct Digest {
  static constexpr std::size_t kSize = 20;
  std::array<std::byte, kSize> bytes{};

  /// `from` must hold kSize bytes.
  static Digest load(const std::byte* from) {
    Digest d;
    std::memcpy(d.bytes.data(), from, kSize);
    return d;
  }
  constexpr PartitionId partition() const {
    return PartitionId(static_cast<std::uint16_t>(static_cast<unsigned>(bytes[0]) |
                                                  (static_cast<unsigned>(bytes[1]) & 0x0FU) << 8));
  }
  Bytes view() const { return bytes; }
  friend auto operator<=>(const Digest& a, const Digest& b) {
    return std::memcmp(a.bytes.data(), b.bytes.data(), kSize) <=> 0;
  }
  friend bool operator==(const Digest& a, const Digest& b) {
    return std::memcmp(a.bytes.data(), b.bytes.data(), kSize) == 0;
  }
};

/// Type byte of a value, on the wire and in records. Clients' language blobs (7 to 12) travel as
/// opaque bytes.
enum class ParticleType : std::uint8_t {
  Null = 0,
  Integer = 1,
  Float = 2,
  String = 3,
  Blob = 4,
  JavaBlob = 7,
  CSharpBlob = 8,
  PythonBlob = 9,
  RubyBlob = 10,
  PhpBlob = 11,
  ErlangBlob = 12,
  Vector = 16,
  Bool = 17,
  Hll = 18,
  Map = 19,
  List = 20,
  GeoJson = 23,
};

/// Digest of a key, as clients compute it: `key` is the value's bytes without its type.
Digest digest_of(std::string_view set, ParticleType key_type, Bytes key);

}  // namespace flotilla::wire
