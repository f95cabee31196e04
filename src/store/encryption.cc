#include "store/encryption.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/stored_record.h"

namespace flotilla::store {
namespace {

constexpr std::size_t kTagSize = WrappedKey::kTagSize;
constexpr std::string_view kPurpose = "flotilla data file key";

using Nonce = std::array<std::byte, DataKey::kNonceSize>;

std::size_t key_size(Cipher cipher) { return cipher == Cipher::Aes128 ? 16 : 32; }

unsigned char* raw(std::byte* at) { return reinterpret_cast<unsigned char*>(at); }
const unsigned char* raw(const std::byte* at) { return reinterpret_cast<const unsigned char*>(at); }
int length(Bytes bytes) { return static_cast<int>(bytes.size()); }

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

enum class Way : int { Decrypt = 0, Encrypt = 1 };

Context make_context(Cipher cipher, Bytes key, Way way) {
  Context out(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* const type = cipher == Cipher::Aes128 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  FLOTILLA_CHECK(out != nullptr && key.size() == key_size(cipher));
  FLOTILLA_CHECK(EVP_CipherInit_ex(out.get(), type, nullptr, raw(key.data()), nullptr,
                                   static_cast<int>(way)) == 1);
  return out;
}

/// Of this thread, for this key. What a key is expanded to costs more than to encrypt a record.
struct ThreadContext {
  std::uint64_t serial = 0;
  Context context;
};
EVP_CIPHER_CTX* context_of(std::uint64_t serial, Cipher cipher, const Secret& key, Way way) {
  constexpr std::size_t kKeys = 16;  // That a thread uses in turns without making them anew.
  thread_local std::array<ThreadContext, kKeys> all[2];
  ThreadContext& mine = all[static_cast<int>(way)][serial % kKeys];
  if (mine.serial != serial) mine = {serial, make_context(cipher, key.view(), way)};
  return mine.context.get();
}

/// `to` has room for as many bytes and the tag behind them; `bound` cannot be changed either.
void encrypt_bytes(EVP_CIPHER_CTX* context, const Nonce& nonce, std::span<const Bytes> bound,
                   Bytes from, std::byte* to) {
  int size = 0;
  bool ok = EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, raw(nonce.data())) == 1;
  for (const Bytes part : bound)
    ok = ok && EVP_EncryptUpdate(context, nullptr, &size, raw(part.data()), length(part)) == 1;
  ok = ok && EVP_EncryptUpdate(context, raw(to), &size, raw(from.data()), length(from)) == 1;
  ok = ok && EVP_EncryptFinal_ex(context, raw(to) + from.size(), &size) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagSize, to + from.size()) == 1;
  FLOTILLA_CHECK(ok);
}

/// In place. False: not what was encrypted.
bool decrypt_bytes(EVP_CIPHER_CTX* context, const std::byte* nonce, Bytes bound, MutableBytes bytes,
                   std::byte* tag) {
  int size = 0;
  return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, raw(nonce)) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagSize, tag) == 1 &&
         EVP_DecryptUpdate(context, nullptr, &size, raw(bound.data()), length(bound)) == 1 &&
         EVP_DecryptUpdate(context, raw(bytes.data()), &size, raw(bytes.data()), length(bytes)) ==
             1 &&
         EVP_DecryptFinal_ex(context, raw(bytes.data()) + bytes.size(), &size) == 1;
}

/// What a data key is wrapped with: a new salt makes it another one.
Secret wrapping_key(const Secret& key, Bytes salt) {
  const auto param = [](const char* name, Bytes value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(value.data()),
                                             value.size());
  };
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      param(OSSL_KDF_PARAM_KEY, key.view()), param(OSSL_KDF_PARAM_SALT, salt),
      param(OSSL_KDF_PARAM_INFO, as_bytes(kPurpose)), OSSL_PARAM_construct_end()};
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(kdf);
  Secret out(key_size(Cipher::Aes256));
  const bool done = EVP_KDF_derive(context, raw(out.view().data()), out.view().size(), params) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  FLOTILLA_CHECK(done);
  return out;
}

/// Which file the key is of, and what it is for.
std::array<std::byte, 10> bound_to(std::uint64_t log_id, Cipher cipher) {
  std::array<std::byte, 10> out;
  store_le(out.data(), log_id);
  store_le(out.data() + 8, static_cast<std::uint16_t>(cipher));
  return out;
}

/// A wrapping key is used once.
constexpr Nonce kOnlyNonce{};

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

std::string_view name_of(Cipher cipher) {
  return cipher == Cipher::None ? "none" : cipher == Cipher::Aes128 ? "aes-128" : "aes-256";
}

void Secret::wipe(MutableBytes bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

DataKey::DataKey(Cipher cipher, Secret key, const Encryption& with)
    : serial_(next_serial()), cipher_(cipher), key_(std::move(key)) {
  Nonce drawn;
  with.random(drawn);
  nonce_high_ = load_be<std::uint32_t>(drawn.data());
  nonce_low_ = load_be<std::uint64_t>(drawn.data() + sizeof nonce_high_);
}

std::unique_ptr<const DataKey> DataKey::make(const Encryption& with) {
  Secret key(key_size(with.cipher));
  with.random(key.view());
  return std::unique_ptr<const DataKey>(new DataKey(with.cipher, std::move(key), with));
}

std::unique_ptr<const DataKey> DataKey::unwrap(const WrappedKey& wrapped, std::uint64_t log_id,
                                               const Encryption& with, const Secret& key) {
  const Secret wrapping = wrapping_key(key, wrapped.salt);
  const Context context = make_context(Cipher::Aes256, wrapping.view(), Way::Decrypt);
  Secret own(Bytes(wrapped.key).first(key_size(wrapped.cipher)));
  auto tag = wrapped.tag;
  if (!decrypt_bytes(context.get(), kOnlyNonce.data(), bound_to(log_id, wrapped.cipher), own.view(),
                     tag.data()))
    return nullptr;
  return std::unique_ptr<const DataKey>(new DataKey(wrapped.cipher, std::move(own), with));
}

WrappedKey DataKey::wrap(std::uint64_t log_id, const Encryption& with) const {
  WrappedKey out{.cipher = cipher_};
  with.random(out.salt);
  const Secret wrapping = wrapping_key(with.key, out.salt);
  const Context context = make_context(Cipher::Aes256, wrapping.view(), Way::Encrypt);
  const auto file = bound_to(log_id, cipher_);
  const Bytes bound[] = {file};
  std::array<std::byte, sizeof out.key + kTagSize> room;
  encrypt_bytes(context.get(), kOnlyNonce, bound, key_.view(), room.data());
  const std::size_t size = key_.view().size();
  std::ranges::copy(Bytes(room).first(size), out.key.begin());
  std::ranges::copy(Bytes(room).subspan(size, kTagSize), out.tag.begin());
  return out;
}

Nonce DataKey::next_nonce() const {
  Nonce out;
  store_be(out.data(), nonce_high_);
  store_be(out.data() + sizeof nonce_high_, nonce_low_.fetch_add(1, std::memory_order_relaxed));
  return out;
}

RecordImage DataKey::encrypt(const RecordImage& image, Buffer& room) const {
  if ((image.flags & kEncrypted) != 0) return image;
  const std::size_t size = image.body.size();
  if (room.size() < size + kMore) room.resize(size + kMore);
  RecordImage out = image;
  out.flags |= kEncrypted;
  out.body = Bytes(room).first(size + kMore);
  const StoredHead head(out);
  const Bytes bound[] = {head.fields(), as_bytes(image.set)};
  const Nonce nonce = next_nonce();
  std::ranges::copy(nonce, room.begin());
  encrypt_bytes(context_of(serial_, cipher_, key_, Way::Encrypt), nonce, bound, image.body,
                room.data() + kNonceSize);
  return out;
}

bool decrypt(RecordImage& image, MutableBytes stored, const DataKey* key) {
  const bool is_encrypted = (image.flags & kEncrypted) != 0;
  if (key == nullptr || !is_encrypted) return key == nullptr && !is_encrypted;
  if (image.body.size() < DataKey::kMore) return false;
  const auto head = static_cast<std::size_t>(image.body.data() - stored.data());
  const MutableBytes nonce = stored.subspan(head, DataKey::kNonceSize);
  const MutableBytes body = stored.subspan(head + nonce.size(), image.body.size() - DataKey::kMore);
  if (!decrypt_bytes(context_of(key->serial_, key->cipher_, key->key_, Way::Decrypt), nonce.data(),
                     stored.subspan(StoredHead::kFieldsAt, head - StoredHead::kFieldsAt), body,
                     body.data() + body.size()))
    return false;
  image.flags &= static_cast<std::uint8_t>(~kEncrypted);
  image.body = body;
  return true;
}

}  // namespace flotilla::store
