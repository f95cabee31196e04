#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"

namespace flotilla {
namespace {

TEST(Reader, ShortReadLatchesAndYieldsZero) {
  const Buffer in = from_hex("0102");
  Reader r(in);
  EXPECT_EQ(r.be<std::uint32_t>(), 0U);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.be<std::uint8_t>(), 0U);
}

TEST(Reader, ReadsBigEndianOfOddWidth) {
  const Buffer in = from_hex("000000000052");
  Reader r(in);
  EXPECT_EQ((r.be<std::uint64_t, 6>()), 0x52U);
  EXPECT_TRUE(r.ok());
}

TEST(Base64, RoundTripsEveryLength) {
  Buffer bytes;
  for (int i = 0; i < 20; ++i) {
    Buffer back;
    ASSERT_TRUE(from_base64(to_base64(bytes), back));
    EXPECT_EQ(back, bytes);
    bytes.push_back(static_cast<std::byte>(i * 37));
  }
}

TEST(Base64, RefusesWrongLengthAndDigits) {
  Buffer out;
  EXPECT_FALSE(from_base64("abc", out));
  EXPECT_FALSE(from_base64("ab!=", out));
  EXPECT_FALSE(from_base64("a===", out));
}

TEST(Crc32c, MatchesThePublishedCheckValue) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xE3069283U);
}

}  // namespace
}  // namespace flotilla
