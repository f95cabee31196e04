#pragma once

#include <concepts>
#include <cstring>

#include "base/bytes.h"

namespace flotilla::store {

/// Writes little-endian numbers straight down a buffer that is known to be large enough.
class ByteWriter {
 public:
  explicit ByteWriter(std::byte* at) : at_(at) {}

  template <std::unsigned_integral T>
  ByteWriter& le(T value) {
    store_le(at_, value);
    at_ += sizeof value;
    return *this;
  }
  ByteWriter& bytes(Bytes bytes) {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
    return *this;
  }

 private:
  std::byte* at_;
};

}  // namespace flotilla::store
