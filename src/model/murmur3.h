#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace flotilla::model {

struct Hash128 {
  std::uint64_t low;
  std::uint64_t high;
};

/// MurmurHash3, its 128-bit variant for 64-bit machines, seed 0: what places elements in HLL
/// registers.
Hash128 murmur3_128(Bytes key);

}  // namespace flotilla::model
