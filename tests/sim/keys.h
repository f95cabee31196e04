#pragma once

#include <memory>
#include <string_view>

#include "base/random.h"
#include "store/encryption.h"

namespace flotilla::sim {

/// An operator's keys, with bytes that are drawn from a seed in place of random ones.
inline store::Encryption make_encryption(std::string_view key, std::string_view old_key = {},
                                         store::Cipher cipher = store::Cipher::Aes128,
                                         std::uint64_t seed = 1) {
  store::Encryption out;
  out.cipher = cipher;
  out.key = store::Secret(as_bytes(key));
  out.old_key = store::Secret(as_bytes(old_key));
  out.random = [random = std::make_shared<Random>(seed)](MutableBytes to) {
    for (std::byte& b : to) b = static_cast<std::byte>(random->next());
  };
  return out;
}

}  // namespace flotilla::sim
