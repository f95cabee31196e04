#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "store/record.h"

namespace flotilla::store {

/// What the records of a file are encrypted with, AES-GCM both. The numbers stand on disk.
enum class Cipher : std::uint16_t { None = 0, Aes128 = 1, Aes256 = 2 };
std::string_view name_of(Cipher cipher);

/// Bytes that are overwritten when they are not needed any more.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size) : bytes_(size) {}
  explicit Secret(Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}
  Secret(Secret&& other) noexcept = default;
  Secret& operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  bool empty() const { return bytes_.empty(); }
  Bytes view() const { return bytes_; }
  MutableBytes view() { return bytes_; }
  static void wipe(MutableBytes bytes);

 private:
  Buffer bytes_;
};

/// How a namespace's files are encrypted.
struct Encryption {
  Cipher cipher = Cipher::Aes128;            // Of files that are formatted now; others keep theirs.
  Secret key;                                // Any bytes that nobody guesses.
  Secret old_key;                            // What files may be encrypted with still; empty: none.
  std::function<void(MutableBytes)> random;  // Fills it with what nobody guesses. Any thread.
};

/// A file's own key, itself encrypted: with AES-256-GCM and a key that is derived (HKDF-SHA256)
/// from the operator's and the salt, used for nothing else.
struct WrappedKey {
  static constexpr std::size_t kTagSize = 16;

  Cipher cipher = Cipher::None;  // None: the file is not encrypted.
  std::array<std::byte, 16> salt{};
  std::array<std::byte, 32> key{};  // Zeros behind a shorter one.
  std::array<std::byte, kTagSize> tag{};

  friend bool operator==(const WrappedKey&, const WrappedKey&) = default;
};

/// The key that the records of one file are encrypted with. Any thread.
class DataKey {
 public:
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kMore = kNonceSize + WrappedKey::kTagSize;  // Bytes of each record.

  /// A new one, and the one that a file has: null if it is not wrapped with the operator's `key`.
  static std::unique_ptr<const DataKey> make(const Encryption& with);
  static std::unique_ptr<const DataKey> unwrap(const WrappedKey& wrapped, std::uint64_t log_id,
                                               const Encryption& with, const Secret& key);
  /// For the header of the file with this id, with `with.key`.
  WrappedKey wrap(std::uint64_t log_id, const Encryption& with) const;
  Cipher cipher() const { return cipher_; }

  /// The record with its body encrypted and the flag kEncrypted, unless it has that already. All of
  /// its head is bound to the body: neither is of use with another. The new body is a view into
  /// `room`, which grows as need be.
  RecordImage encrypt(const RecordImage& image, Buffer& room) const;

 private:
  friend bool decrypt(RecordImage& image, MutableBytes stored, const DataKey* key);
  DataKey(Cipher cipher, Secret key, const Encryption& with);
  std::array<std::byte, kNonceSize> next_nonce() const;

  const std::uint64_t serial_;  // Of all in this process: whose a thread's context is.
  const Cipher cipher_;
  const Secret key_;
  std::uint32_t nonce_high_ = 0;                     // Both are drawn at every start ...
  mutable std::atomic<std::uint64_t> nonce_low_{0};  // ... and this one counts on from there.
};

/// Makes a record what it was before encrypt(), in place; `image` is a view into `stored`, which
/// begins with its head. `key`: of the file that it is from; null: that is not encrypted. False: it
/// is not what was encrypted with this key, or is encrypted where it must not be, or is not where
/// it must be; the body is lost.
bool decrypt(RecordImage& image, MutableBytes stored, const DataKey* key);

}  // namespace flotilla::store
