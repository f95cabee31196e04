#include "wire/ids.h"

#include <gtest/gtest.h>

namespace flotilla::wire {
namespace {

Buffer integer_key(std::int64_t value) {
  Buffer out;
  append_be(out, static_cast<std::uint64_t>(value));
  return out;
}

TEST(Digest, MatchesTheClientsVectors) {
  EXPECT_EQ(to_hex(digest_of("set", ParticleType::Integer, integer_key(0)).view()),
            "93d943aae37b017ad7e011b0c1d2e2143c2fb37d");
  EXPECT_EQ(to_hex(digest_of("set", ParticleType::Integer, integer_key(-1)).view()),
            "22116d253745e29fc63fdf760b6e26f7e197e01d");
  EXPECT_EQ(to_hex(digest_of("set", ParticleType::String, {}).view()),
            "2819b1ff6e346a43b4f5f6b77a88bc3eaac22a83");
  const Digest key1 = digest_of("demo", ParticleType::String, as_bytes("key1"));
  EXPECT_EQ(to_hex(key1.view()), "ec91192d4b7f8ce35d5d78d34bca65cbaaaac960");
  EXPECT_EQ(key1.partition(), PartitionId(492));
}

}  // namespace
}  // namespace flotilla::wire
