#include "wire/ids.h"

#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace flotilla::wire {

Digest digest_of(std::string_view set, ParticleType key_type, Bytes key) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  FLOTILLA_CHECK(context != nullptr);
  const auto type = static_cast<std::uint8_t>(key_type);
  Digest digest;
  unsigned size = 0;
  const bool done =
      EVP_DigestInit_ex(context.get(), EVP_ripemd160(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), set.data(), set.size()) == 1 &&
      EVP_DigestUpdate(context.get(), &type, 1) == 1 &&
      EVP_DigestUpdate(context.get(), key.data(), key.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.bytes.data()),
                         &size) == 1;
  FLOTILLA_CHECK(done && size == Digest::kSize);
  return digest;
}

}  // namespace flotilla::wire
