#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "store/record.h"

namespace flotilla::store {

/// How the bodies of records are compressed in a log. The numbers stand on disk.
enum class Codec : std::uint8_t { None = 0, Lz4 = 1, Zstd = 2 };

struct Packing {
  Codec codec = Codec::None;
  int level = 0;  // Zstd: 1 to 9; lz4: acceleration, 1 to 65537. 0: the library's.

  friend bool operator==(const Packing&, const Packing&) = default;
};

/// The record with its body compressed and the flag kPacked, if it takes fewer bytes in a log that
/// way; else, and when it is packed or encrypted already, as it is. The new body is a view into
/// `room`, which grows as need be.
RecordImage pack(const RecordImage& image, const Packing& packing, Buffer& room);

/// The size of the body before it was compressed; of one that is not, its size. Parameter: no body
/// can be so large, or it is too short to say.
Result<std::size_t> unpacked_size(const RecordImage& image);
/// Makes a packed record what it was. `room` holds unpacked_size() bytes and takes the body.
/// Parameter: the bytes do not expand to just that size; `image` is left alone.
Result<void> unpack(RecordImage& image, MutableBytes room);

}  // namespace flotilla::store
