#include "client/key.h"

#include <gtest/gtest.h>

#include "client/record.h"

namespace flotilla::client {
namespace {

TEST(Key, DigestsMatchTheProtocolsVectors) {
  struct Case {
    const char* set;
    Value key;
    const char* digest;
    std::uint16_t partition;
  };
  const Case cases[] = {
      {"set", 0, "93d943aae37b017ad7e011b0c1d2e2143c2fb37d", 2451},
      {"set", -1, "22116d253745e29fc63fdf760b6e26f7e197e01d", 290},
      {"set", "", "2819b1ff6e346a43b4f5f6b77a88bc3eaac22a83", 2344},
      {"demo", 1, "b7f4b83889e2da67de683e1df6919a1eacc446c8", 1207},
      {"demo", "key1", "ec91192d4b7f8ce35d5d78d34bca65cbaaaac960", 492},
      {"", "key1", "579f05ecf9e6a9e796f4da2ab0b1323364df5c10", 3927},
      {"demo", Blob{.bytes = from_hex("010203")}, "ff31c926fbef445648ce63ca72a698a5473425c1", 511},
      {"demo", 1.5, "10c03b48ac9b3ad8020721c4ef63d5e84485edce", 16},
  };
  for (const Case& c : cases) {
    const auto key = Key::make("test", c.set, c.key);
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(to_hex(key->digest.view()), c.digest);
    EXPECT_EQ(key->partition().raw(), c.partition);
  }
}

TEST(Key, RefusesWhatCannotBeAKey) {
  const Value bad[] = {Nil{},         true,
                       List{},        Map{},
                       GeoJson{"{}"}, Blob{.bytes = {}, .type = wire::ParticleType::JavaBlob}};
  for (const Value& value : bad) {
    const auto key = Key::make("test", "foo", value);
    ASSERT_FALSE(key.has_value());
    EXPECT_TRUE(key.error().is(Status::Parameter));
  }
  EXPECT_FALSE(Key::make("", "foo", 1).has_value());
  EXPECT_TRUE(Key::make(std::string(31, 'n'), std::string(63, 's'), 1).has_value());
  EXPECT_FALSE(Key::make(std::string(32, 'n'), "s", 1).has_value());
  EXPECT_FALSE(Key::make("n", std::string(64, 's'), 1).has_value());
}

TEST(Record, TimeToLiveCountsFromTheProtocolsEpoch) {
  Record record;
  EXPECT_EQ(record.ttl(1'700'000'000), -1);
  record.void_time = 1'700'000'060 - 1'262'304'000;
  EXPECT_EQ(record.ttl(1'700'000'000), 60);
  EXPECT_EQ(record.ttl(1'800'000'000), 1);
}

TEST(Failure, KnowsTheNamesOfStatusNumbers) {
  EXPECT_EQ(status_name(2), "AEROSPIKE_ERR_RECORD_NOT_FOUND");
  EXPECT_EQ(status_name(-8), "AEROSPIKE_ERR_INVALID_NODE");
  EXPECT_EQ(status_name(199), "AEROSPIKE_ERR_SERVER");
  EXPECT_EQ(status_name(-99), "AEROSPIKE_ERR_CLIENT");
}

}  // namespace
}  // namespace flotilla::client
