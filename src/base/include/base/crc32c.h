#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace flotilla {

/// CRC-32C (Castagnoli) of `bytes`, continuing from `seed` (the CRC of what came before, 0 at the
/// start).
std::uint32_t crc32c(Bytes bytes, std::uint32_t seed = 0);

}  // namespace flotilla
