#include "store/packing.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/stored_record.h"

namespace flotilla::store {
namespace {

constexpr Packing kPackings[] = {{.codec = Codec::Lz4},
                                 {.codec = Codec::Lz4, .level = 17},
                                 {.codec = Codec::Zstd},
                                 {.codec = Codec::Zstd, .level = 1},
                                 {.codec = Codec::Zstd, .level = 9}};

Buffer repeating(std::size_t size) {
  Buffer body(size);
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<std::byte>(i % 7);
  return body;
}

TEST(Packing, WhatRepeatsBecomesSmallerAndComesBack) {
  for (const Packing& packing : kPackings)
    for (const std::size_t size : {200U, 1000U, 100'000U, 8U << 20}) {
      const Buffer body = repeating(size);
      const RecordImage image{.generation = 7, .flags = kHasKey, .set = "s", .body = body};
      Buffer room;
      RecordImage packed = pack(image, packing, room);
      ASSERT_EQ(packed.flags, kHasKey | kPacked) << size;
      EXPECT_LT(stored_size(packed), stored_size(image));
      EXPECT_EQ(packed.generation, 7U);
      const auto was = unpacked_size(packed);
      ASSERT_TRUE(was.has_value());
      ASSERT_EQ(*was, size);
      Buffer out(*was);
      ASSERT_TRUE(unpack(packed, out).has_value());
      EXPECT_EQ(packed.flags, kHasKey);
      EXPECT_TRUE(equal(packed.body, body));
    }
}

TEST(Packing, WhatDoesNotShrinkStaysAsItIs) {
  Random random(1);
  for (const Packing& packing : kPackings)
    for (const std::size_t size : {0U, 1U, 63U, 64U, 5000U}) {
      Buffer body(size);
      for (std::byte& b : body) b = static_cast<std::byte>(random.next());
      const RecordImage image{.body = body};
      Buffer room;
      const RecordImage same = pack(image, packing, room);
      EXPECT_EQ(same.flags, 0U);
      EXPECT_EQ(same.body.data(), image.body.data());
      EXPECT_EQ(unpacked_size(same).value(), size);
    }
}

TEST(Packing, WhatIsPackedIsNotPackedAgain) {
  const Buffer body = repeating(5000);
  const RecordImage image{.body = body};
  Buffer room;
  Buffer other;
  const RecordImage once = pack(image, kPackings[0], room);
  const RecordImage twice = pack(once, kPackings[2], other);
  EXPECT_EQ(twice.body.data(), once.body.data());
  EXPECT_EQ(pack(image, {}, other).flags, 0U);
}

/// Bytes whose checksum holds and that no one of ours wrote.
TEST(Packing, BytesThatDoNotExpandAreAnError) {
  Random random(1);
  const Buffer body = repeating(300);
  for (const Packing& packing : kPackings) {
    Buffer room;
    const RecordImage packed = pack({.body = body}, packing, room);
    const Buffer good(packed.body.begin(), packed.body.end());
    const auto try_it = [&](Bytes bytes) {
      RecordImage image{.flags = kPacked, .body = bytes};
      const auto size = unpacked_size(image);
      if (!size) return;
      Buffer out(*size);
      if (unpack(image, out)) {
        EXPECT_EQ(image.body.size(), *size);
      } else {
        EXPECT_EQ(image.flags, kPacked);
      }
    };
    for (std::size_t size = 0; size < good.size(); ++size) {
      const Buffer cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
      RecordImage image{.flags = kPacked, .body = cut};
      Buffer out(300);
      EXPECT_FALSE(unpacked_size(image) && unpack(image, out)) << size;
    }
    for (unsigned i = 0; i < 3000; ++i) {
      Buffer bad = good;
      for (std::uint64_t n = random.between(1, 4); n > 0; --n)
        bad[i < 1000 ? random.below(bad.size()) : random.between(5, bad.size() - 1)] =
            static_cast<std::byte>(random.next());
      try_it(bad);
    }
  }
}

TEST(Packing, ASizeBeyondAllBodiesIsAnError) {
  Buffer body(20);
  body[0] = std::byte{2};
  store_le(body.data() + 1, std::uint32_t{(64U << 20) + 1});
  EXPECT_FALSE(unpacked_size({.flags = kPacked, .body = body}).has_value());
}

}  // namespace
}  // namespace flotilla::store
