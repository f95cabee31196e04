#include "client/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace flotilla::client {
namespace {

using wire::ParticleType;

Map map_of(std::vector<std::pair<Value, Value>> entries, MapOrder order = MapOrder::Unordered) {
  return Map{.entries = std::move(entries), .order = order};
}

struct PackCase {
  const char* name;
  Value value;
  const char* hex;
};

const PackCase kPackCases[] = {
    {"nil", Nil{}, "c0"},
    {"true", true, "c3"},
    {"zero", 0, "00"},
    {"largest fixed", 127, "7f"},
    {"one past the fixed", 128, "cc80"},
    {"two bytes", 256, "cd0100"},
    {"four bytes", 65536, "ce00010000"},
    {"eight bytes", std::int64_t{1} << 32, "cf0000000100000000"},
    {"largest", std::numeric_limits<std::int64_t>::max(), "cf7fffffffffffffff"},
    {"least fixed", -32, "e0"},
    {"one past the fixed, down", -33, "d0df"},
    {"least of one byte", -128, "d080"},
    {"two bytes, down", -129, "d1ff7f"},
    {"four bytes, down", -32769, "d2ffff7fff"},
    {"least", std::numeric_limits<std::int64_t>::min(), "d38000000000000000"},
    {"double", 1.5, "cb3ff8000000000000"},
    {"string counts its type byte", "a", "a20361"},
    {"string of 30 is still fixed", std::string(30, 'x'), nullptr},
    {"string of 31 is wide", std::string(31, 'x'), nullptr},
    {"blob", Blob{.bytes = from_hex("0102")}, "a3040102"},
    {"geo", GeoJson{"{}"}, "a3177b7d"},
    {"list", List{.items = {1, 2}}, "920102"},
    {"ordered list", List{.items = {1, 2}, .is_ordered = true}, "93c700010102"},
    {"empty ordered list", List{.items = {}, .is_ordered = true}, "91c70001"},
    {"map", map_of({{1, 2}}), "810102"},
    {"key-ordered map", map_of({{1, 2}}, MapOrder::KeyOrdered), "82c70001c00102"},
    {"key-value-ordered map", map_of({}, MapOrder::KeyValueOrdered), "81c70003c0"},
};

TEST(Pack, MatchesTheGoldenVectorsAndComesBack) {
  for (const PackCase& c : kPackCases) {
    Buffer packed;
    ASSERT_TRUE(pack(c.value, packed).has_value()) << c.name;
    if (c.hex != nullptr) {
      EXPECT_EQ(to_hex(packed), c.hex) << c.name;
    }
    const auto back = unpack(packed);
    ASSERT_TRUE(back.has_value()) << c.name;
    EXPECT_TRUE(*back == c.value) << c.name;
  }
}

TEST(Unpack, RefusesEveryTruncationAndTrailingBytes) {
  const Value value = map_of({{"k", List{.items = {1, "two", 3.5, Nil{}, false}}}, {2, Blob{}}});
  Buffer packed;
  ASSERT_TRUE(pack(value, packed).has_value());
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Buffer exact(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(unpack(exact).has_value()) << size;
  }
  packed.push_back(std::byte{0});
  EXPECT_FALSE(unpack(packed).has_value());
}

TEST(Unpack, DoesNotBelieveACountThatTheBytesCannotHold) {
  EXPECT_FALSE(unpack(from_hex("ddffffffff00")).has_value());
  EXPECT_FALSE(unpack(from_hex("dfffffffff0000")).has_value());
  EXPECT_FALSE(unpack(from_hex("dbffffffff03")).has_value());
}

TEST(Unpack, RefusesWhatCannotBeStored) {
  EXPECT_FALSE(unpack(from_hex("d4ff00")).has_value());  // Wildcard.
  EXPECT_FALSE(unpack(from_hex("c1")).has_value());
}

TEST(Pack, NestsUpToTheBoundAndNotOnePast) {
  Value deep = 1;
  for (int i = 0; i < kNestingMax; ++i) deep = List{.items = {std::move(deep)}};
  Buffer packed;
  ASSERT_TRUE(pack(deep, packed).has_value());
  EXPECT_TRUE(unpack(packed).has_value());
  const Value deeper = List{.items = {deep}};
  EXPECT_FALSE(pack(deeper, packed).has_value());
  packed.insert(packed.begin(), std::byte{0x91});
  EXPECT_FALSE(unpack(packed).has_value());
}

TEST(Encode, GivesEachTypeItsPayload) {
  struct Case {
    Value value;
    ParticleType type;
    const char* hex;
  };
  const Case cases[] = {
      {Nil{}, ParticleType::Null, ""},
      {7, ParticleType::Integer, "0000000000000007"},
      {-1, ParticleType::Integer, "ffffffffffffffff"},
      {1.5, ParticleType::Float, "3ff8000000000000"},
      {"abc", ParticleType::String, "616263"},
      {true, ParticleType::Bool, "01"},
      {Blob{.bytes = from_hex("00ff")}, ParticleType::Blob, "00ff"},
      {GeoJson{"{}"}, ParticleType::GeoJson, "0000007b7d"},
      {List{.items = {1}}, ParticleType::List, "9101"},
      {map_of({{1, 2}}), ParticleType::Map, "810102"},
  };
  for (const Case& c : cases) {
    const auto encoded = encode(c.value);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_EQ(encoded->type, c.type);
    EXPECT_EQ(to_hex(encoded->bytes), c.hex);
    const auto back = decode(encoded->type, encoded->bytes);
    ASSERT_TRUE(back.has_value());
    EXPECT_TRUE(*back == c.value);
  }
}

TEST(Decode, SkipsTheCellsOfAGeoValue) {
  const auto value = decode(ParticleType::GeoJson, from_hex("00 0001 1122334455667788 7b7d"));
  ASSERT_TRUE(value.has_value());
  EXPECT_TRUE(*value == Value(GeoJson{"{}"}));
  EXPECT_FALSE(decode(ParticleType::GeoJson, from_hex("00 0002 1122334455667788")).has_value());
}

TEST(Decode, RefusesWrongSizesAndTypes) {
  EXPECT_FALSE(decode(ParticleType::Integer, from_hex("00000007")).has_value());
  EXPECT_FALSE(decode(ParticleType::Float, from_hex("00")).has_value());
  EXPECT_FALSE(decode(ParticleType::Bool, from_hex("")).has_value());
  EXPECT_FALSE(decode(ParticleType::List, from_hex("80")).has_value());
  EXPECT_FALSE(decode(ParticleType::Map, from_hex("90")).has_value());
  EXPECT_FALSE(decode(static_cast<ParticleType>(99), from_hex("")).has_value());
}

Value arbitrary(int depth) {
  const int kinds = depth > 3 ? 5 : 7;
  switch (*rc::gen::inRange(0, kinds)) {
    case 0:
      return Nil{};
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return *rc::gen::arbitrary<double>();
    case 4:
      return *rc::gen::arbitrary<std::string>();
    case 5: {
      List list{.items = {}, .is_ordered = *rc::gen::arbitrary<bool>()};
      const int size = *rc::gen::inRange(0, 5);
      for (int i = 0; i < size; ++i) list.items.push_back(arbitrary(depth + 1));
      return list;
    }
    default: {
      Map map{.entries = {}, .order = *rc::gen::element(MapOrder::Unordered, MapOrder::KeyOrdered)};
      const int size = *rc::gen::inRange(0, 5);
      for (int i = 0; i < size; ++i) map.entries.emplace_back(arbitrary(9), arbitrary(depth + 1));
      return map;
    }
  }
}

RC_GTEST_PROP(Codec, WhatIsPackedComesBack, ()) {
  const Value value = arbitrary(0);
  Buffer packed;
  RC_ASSERT(pack(value, packed).has_value());
  const auto back = unpack(packed);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == value);
}

RC_GTEST_PROP(Codec, ArbitraryBytesNeverHurt, ()) {
  const auto bytes = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  const Bytes view = std::as_bytes(std::span(bytes));
  const auto type = static_cast<ParticleType>(*rc::gen::arbitrary<std::uint8_t>());
  if (const auto value = decode(type, view)) RC_ASSERT(encode(*value).has_value());
  if (const auto value = unpack(view)) {
    Buffer packed;
    RC_ASSERT(pack(*value, packed).has_value());
  }
}

}  // namespace
}  // namespace flotilla::client
