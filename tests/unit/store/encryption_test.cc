#include "store/encryption.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "sim/keys.h"
#include "store/stored_record.h"

namespace flotilla::store {
namespace {

constexpr Cipher kCiphers[] = {Cipher::Aes128, Cipher::Aes256};
constexpr std::uint64_t kLogId = 0x0102030405060708;

Buffer body_of(std::size_t size) {
  Buffer body(size);
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<std::byte>(i * 7);
  return body;
}

RecordImage image_of(Bytes body) {
  RecordImage image{.lsn = Lsn(1, 2),
                    .last_update = HlcTime(99),
                    .void_time = 77,
                    .generation = 5,
                    .flags = kHasKey,
                    .set = "set",
                    .body = body};
  for (std::size_t i = 0; i < wire::Digest::kSize; ++i)
    image.digest.bytes[i] = static_cast<std::byte>(20 + i);
  return image;
}

/// As it stands in a file.
Buffer stored(const RecordImage& image) {
  Buffer out(stored_size(image));
  RecordEncoder(image).write(out, {});
  return out;
}

/// What those bytes are when they are read with this key.
std::optional<Buffer> read(Buffer bytes, const DataKey* key) {
  RecordImage image = StoredRecord::parse(bytes).value().image;
  if (!decrypt(image, bytes, key)) return std::nullopt;
  EXPECT_EQ(image.flags & kEncrypted, 0);
  return Buffer(image.body.begin(), image.body.end());
}

/// Computed with another implementation (Python's cryptography): "random" bytes are 0, 1, 2 ...
TEST(DataKey, MakesTheseBytes) {
  struct Row {
    Cipher cipher;
    const char* salt;
    const char* key;
    const char* tag;
    const char* body;
  };
  const Row rows[] = {{Cipher::Aes128, "1c1d1e1f202122232425262728292a2b",
                       "1c677f085b437fb7090030abcbd53ec400000000000000000000000000000000",
                       "84e248a532f0417cfd51d3dcca746c28",
                       "101112131415161718191a1ba50e61c06b3665534b5dcc8012af12ad9b8d62cfb3bc"},
                      {Cipher::Aes256, "2c2d2e2f303132333435363738393a3b",
                       "b9236d2e9da7bd2c3d6c75c6f0f76a32174bf5665c713c68f9281ecded074f9f",
                       "5517a84850e1d947af5c938342bd3c85",
                       "202122232425262728292a2bb31ac41f08e107bc3b24591a1f4d5e9bfa5a81f019b9"}};
  for (const Row& row : rows) {
    Encryption with;
    with.cipher = row.cipher;
    with.key = Secret(as_bytes("0123456789abcdef"));
    with.random = [count = 0](MutableBytes to) mutable {
      for (std::byte& b : to) b = static_cast<std::byte>(count++);
    };
    const auto key = DataKey::make(with);
    const WrappedKey wrapped = key->wrap(kLogId, with);
    EXPECT_EQ(to_hex(wrapped.salt), row.salt);
    EXPECT_EQ(to_hex(wrapped.key), row.key);
    EXPECT_EQ(to_hex(wrapped.tag), row.tag);
    Buffer room;
    EXPECT_EQ(to_hex(key->encrypt(image_of(as_bytes("a body")), room).body), row.body);
  }
}

TEST(DataKey, BodiesComeBackAndAreNotToBeSeen) {
  for (const Cipher cipher : kCiphers) {
    const Encryption with = sim::make_encryption("the operator's key", {}, cipher);
    const auto made = DataKey::make(with);
    const auto again = DataKey::unwrap(made->wrap(kLogId, with), kLogId, with, with.key);
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->cipher(), cipher);
    Buffer room;
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U, 1U << 20}) {
      const Buffer body = body_of(size);
      const RecordImage image = made->encrypt(image_of(body), room);
      EXPECT_EQ(image.flags, kHasKey | kEncrypted);
      EXPECT_EQ(image.body.size(), size + DataKey::kMore);
      if (size > 16) {
        EXPECT_EQ(std::ranges::search(image.body, Bytes(body).first(16)).size(), 0U);
      }
      for (const auto& key : {made.get(), again.get()}) EXPECT_EQ(read(stored(image), key), body);
    }
  }
}

TEST(DataKey, IsUnwrappedWithTheKeyAndForTheFileAlone) {
  const Encryption with = sim::make_encryption("the operator's key");
  const WrappedKey wrapped = DataKey::make(with)->wrap(kLogId, with);
  const auto opens = [&](const WrappedKey& one, std::uint64_t id, std::string_view key) {
    return DataKey::unwrap(one, id, with, Secret(as_bytes(key))) != nullptr;
  };
  EXPECT_TRUE(opens(wrapped, kLogId, "the operator's key"));
  EXPECT_FALSE(opens(wrapped, kLogId, "the operator's kez"));
  EXPECT_FALSE(opens(wrapped, kLogId, "the operator's key\n"));
  EXPECT_FALSE(opens(wrapped, kLogId + 1, "the operator's key"));
  WrappedKey other = wrapped;
  other.cipher = Cipher::Aes256;
  EXPECT_FALSE(opens(other, kLogId, "the operator's key"));
  other = wrapped;
  other.salt[3] ^= std::byte{1};
  EXPECT_FALSE(opens(other, kLogId, "the operator's key"));
  other = wrapped;
  other.key[15] ^= std::byte{1};
  EXPECT_FALSE(opens(other, kLogId, "the operator's key"));
}

TEST(DataKey, WrapsEveryTimeWithAnotherKey) {
  const Encryption with = sim::make_encryption("the operator's key");
  const auto key = DataKey::make(with);
  const WrappedKey one = key->wrap(kLogId, with);
  const WrappedKey two = key->wrap(kLogId, with);
  EXPECT_NE(one.salt, two.salt);
  EXPECT_NE(one.key, two.key);
}

/// Any byte of head, set, nonce, body, and tag; the checksum is not asked here.
TEST(DataKey, AChangedByteIsNoticedWhereverItStands) {
  for (const Cipher cipher : kCiphers) {
    const auto key = DataKey::make(sim::make_encryption("the operator's key", {}, cipher));
    Buffer room;
    const RecordImage image = key->encrypt(image_of(body_of(40)), room);
    const Buffer good = stored(image);
    const std::size_t end = StoredRecord::kHeaderSize + image.set.size() + image.body.size();
    ASSERT_EQ(read(good, key.get()), body_of(40));
    for (std::size_t at = StoredHead::kFieldsAt; at < end; ++at)
      for (unsigned bit = 0; bit < 8; ++bit) {
        Buffer bad = good;
        bad[at] ^= static_cast<std::byte>(1U << bit);
        if (StoredRecord::parse(bad)) {
          EXPECT_EQ(read(bad, key.get()), std::nullopt) << at;
        }
      }
  }
}

TEST(DataKey, ABodyIsOfNoUseInAnotherRecord) {
  const auto key = DataKey::make(sim::make_encryption("the operator's key"));
  Buffer room;
  RecordImage other = key->encrypt(image_of(body_of(40)), room);
  other.lsn = Lsn(1, 3);
  EXPECT_EQ(read(stored(other), key.get()), std::nullopt);
  other.lsn = Lsn(1, 2);
  EXPECT_NE(read(stored(other), key.get()), std::nullopt);
  other.digest.bytes[7] ^= std::byte{1};
  EXPECT_EQ(read(stored(other), key.get()), std::nullopt);
}

TEST(DataKey, WhatIsNotEncryptedIsNotTakenForIt) {
  const auto key = DataKey::make(sim::make_encryption("the operator's key"));
  Buffer room;
  EXPECT_EQ(read(stored(image_of(body_of(40))), key.get()), std::nullopt);
  EXPECT_EQ(read(stored(image_of({})), key.get()), std::nullopt);
  EXPECT_EQ(read(stored(key->encrypt(image_of(body_of(40)), room)), nullptr), std::nullopt);
  const Buffer body = body_of(DataKey::kMore - 1);
  RecordImage is_short = image_of(body);
  is_short.flags |= kEncrypted;
  EXPECT_EQ(read(stored(is_short), key.get()), std::nullopt);
}

TEST(DataKey, WhatIsEncryptedIsNotEncryptedAgain) {
  const auto key = DataKey::make(sim::make_encryption("the operator's key"));
  Buffer room;
  Buffer other;
  const RecordImage once = key->encrypt(image_of(body_of(40)), room);
  EXPECT_EQ(key->encrypt(once, other).body.data(), once.body.data());
}

TEST(DataKey, NoNonceComesTwice) {
  const Encryption with = sim::make_encryption("the operator's key");
  const auto made = DataKey::make(with);
  const WrappedKey wrapped = made->wrap(kLogId, with);
  std::set<std::string> seen;
  for (unsigned start = 0; start < 50; ++start) {  // As of a snapshot that is started again.
    const auto key = DataKey::unwrap(wrapped, kLogId, with, with.key);
    Buffer room;
    for (unsigned i = 0; i < 100; ++i) {
      const Bytes body = key->encrypt(image_of({}), room).body;
      EXPECT_TRUE(seen.insert(to_hex(body.first(DataKey::kNonceSize))).second);
    }
  }
}

/// A thread keeps some contexts: each must be used for its own key.
TEST(DataKey, ManyKeysInTurnsAreNotMixedUp) {
  std::vector<std::unique_ptr<const DataKey>> keys;
  std::vector<Buffer> records;
  Buffer room;
  for (unsigned i = 0; i < 40; ++i) {
    const Encryption with = sim::make_encryption("the operator's key", {}, kCiphers[i % 2], i);
    keys.push_back(DataKey::make(with));
    records.push_back(stored(keys[i]->encrypt(image_of(body_of(i)), room)));
  }
  for (unsigned i = 0; i < 40; ++i)
    for (unsigned k = 0; k < 40; ++k)
      EXPECT_EQ(read(records[i], keys[k].get()).has_value(), i == k);
}

TEST(Secret, IsWipedWhereItWas) {
  Buffer bytes = body_of(40);
  Secret::wipe(bytes);
  EXPECT_EQ(bytes, Buffer(40));
}

}  // namespace
}  // namespace flotilla::store
