#include "wire/ids.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace flotilla::wire {

namespace {

/// Looking the algorithm up takes longer than the digest of a key, so each thread does it once.
EVP_MD_CTX* ripemd160() {
  struct Begun {
    Begun() : context(EVP_MD_CTX_new()) {
      FLOTILLA_CHECK(context != nullptr &&
                     EVP_DigestInit_ex(context, EVP_ripemd160(), nullptr) == 1);
    }
    ~Begun() { EVP_MD_CTX_free(context); }
    Begun(const Begun&) = delete;
    Begun& operator=(const Begun&) = delete;

    EVP_MD_CTX* context;
  };
  thread_local const Begun begun;
  return begun.context;
}

}  // namespace

Digest digest_of(std::string_view set, ParticleType key_type, Bytes key) {
  EVP_MD_CTX* const context = ripemd160();
  const auto type = static_cast<std::uint8_t>(key_type);
  Digest digest;
  unsigned size = 0;
  const bool done = EVP_DigestInit_ex(context, nullptr, nullptr) == 1 &&
                    EVP_DigestUpdate(context, set.data(), set.size()) == 1 &&
                    EVP_DigestUpdate(context, &type, 1) == 1 &&
                    EVP_DigestUpdate(context, key.data(), key.size()) == 1 &&
                    EVP_DigestFinal_ex(
                        context, reinterpret_cast<unsigned char*>(digest.bytes.data()), &size) == 1;
  FLOTILLA_CHECK(done && size == Digest::kSize);
  return digest;
}

}  // namespace flotilla::wire
