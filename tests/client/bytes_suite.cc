#include "client/bit_operations.h"
#include "client/hll_operations.h"
#include "server.h"

namespace flotilla::client::suite {
namespace {

namespace bits = op::bits;
namespace hll = op::hll;

Buffer bytes(std::initializer_list<int> values) {
  Buffer buffer;
  for (const int value : values) buffer.push_back(static_cast<std::byte>(value));
  return buffer;
}
Value blob(std::initializer_list<int> values) { return Blob{.bytes = bytes(values)}; }

Key with_bits(std::initializer_list<int> values) {
  const Key key = new_key();
  put(key, {{"b", blob(values)}});
  return key;
}

TEST(BitOperation, ResizesInsertsAndRemovesBytes) {
  const Key key = new_key();
  run(key, bits::resize("b", 2));
  run(key, bits::insert("b", 1, bytes({7, 8})));
  EXPECT_EQ(stored(key, "b"), blob({0, 7, 8, 0}));
  run(key, bits::remove("b", 0, 1));
  run(key, bits::resize("b", 2, bits::Resize::AtFront));
  EXPECT_EQ(stored(key, "b"), blob({8, 0}));
}

TEST(BitOperation, ChangesBits) {
  const Key key = with_bits({0x0F, 0x00});
  run(key, bits::set("b", {8, 4}, bytes({0xA0})));
  run(key, bits::bit_or("b", {0, 8}, bytes({0x80})));
  run(key, bits::bit_xor("b", {0, 8}, bytes({0xFF})));
  run(key, bits::bit_and("b", {0, 8}, bytes({0x7C})));
  EXPECT_EQ(stored(key, "b"), blob({0x70, 0xA0}));
  run(key, bits::bit_not("b", {0, 4}));
  run(key, bits::shift_left("b", {8, 8}, 1));
  run(key, bits::shift_right("b", {0, 8}, 3));
  EXPECT_EQ(stored(key, "b"), blob({0x10, 0x40}));
}

TEST(BitOperation, CountsInIntegersOfAnySize) {
  const Key key = with_bits({0xF0, 0x00});
  run(key, bits::add("b", {0, 4}, 1, {.overflow = bits::Overflow::Wrap}));
  EXPECT_EQ(run(key, bits::get_integer("b", {0, 4})), Value(0));
  run(key, bits::subtract("b", {0, 4}, 1, {.overflow = bits::Overflow::Saturate}));
  EXPECT_EQ(run(key, bits::get_integer("b", {0, 4})), Value(0));
  run(key, bits::set_integer("b", {4, 8}, -1));
  EXPECT_EQ(run(key, bits::get_integer("b", {4, 8}, true)), Value(-1));
  EXPECT_THAT(server().operate(key, std::vector{bits::add("b", {4, 8}, 1)}),
              fails_with(Code::OpNotApplicable));
}

TEST(BitOperation, ReadsBits) {
  const Key key = with_bits({0x01, 0x42});
  EXPECT_EQ(run(key, bits::get("b", {7, 9})), blob({0xA1, 0x00}));
  EXPECT_EQ(run(key, bits::count("b", {0, 16})), Value(3));
  EXPECT_EQ(run(key, bits::find_first("b", {8, 8}, true)), Value(1));
  EXPECT_EQ(run(key, bits::find_last("b", {8, 8}, true)), Value(6));
  EXPECT_EQ(run(key, bits::find_first("b", {0, 7}, true)), Value(-1));
}

TEST(BitOperation, HonoursItsPolicy) {
  const Key key = with_bits({1});
  EXPECT_THAT(server().operate(key, std::vector{bits::resize("b", 4, bits::Resize::AtEnd,
                                                             {.create_only = true})}),
              fails_with(Code::BinExists));
  run(key, bits::bit_not("b", {4, 100}, {.partial = true}));
  EXPECT_EQ(stored(key, "b"), blob({0x0E}));
}

List numbers(int from, int to) {
  List list;
  for (int i = from; i < to; ++i) list.items.emplace_back(i);
  return list;
}

Blob sketch(int from, int to, hll::Size size = {.index_bits = 12, .min_hash_bits = 20}) {
  const Key key = new_key();
  run(key, hll::add("h", numbers(from, to), size));
  return *stored(key, "h").get_if<Blob>();
}

TEST(HllOperation, CountsAboutWhatWasAdded) {
  const Key key = new_key();
  run(key, hll::init("h", {.index_bits = 12}));
  run(key, hll::add("h", numbers(0, 1000)));
  EXPECT_NEAR(static_cast<double>(*run(key, hll::get_count("h")).get_if<std::int64_t>()), 1000,
              100);
  EXPECT_EQ(run(key, hll::describe("h")), Value(List{.items = {12, 0}}));
  EXPECT_EQ(run(key, hll::may_contain("h", numbers(10, 12))), Value(1));
  run(key, hll::fold("h", 8));
  EXPECT_EQ(run(key, hll::describe("h")), Value(List{.items = {8, 0}}));
  EXPECT_TRUE(run(key, hll::refresh_count("h")).is<std::int64_t>());
}

TEST(HllOperation, ComparesSketches) {
  const Key key = new_key();
  run(key, hll::add("h", numbers(0, 1000), {.index_bits = 12, .min_hash_bits = 20}));
  const std::vector<Blob> other = {sketch(500, 1500)};
  const auto number = [&](const Operation& operation) {
    return static_cast<double>(*run(key, operation).get_if<std::int64_t>());
  };
  EXPECT_NEAR(number(hll::get_union_count("h", other)), 1500, 150);
  EXPECT_NEAR(number(hll::get_intersect_count("h", other)), 500, 150);
  EXPECT_NEAR(*run(key, hll::get_similarity("h", other)).get_if<double>(), 1.0 / 3, 0.1);
  const Value both = run(key, hll::get_union("h", other));
  ASSERT_TRUE(both.is<Blob>());
  run(key, hll::set_union("h", other));
  EXPECT_NEAR(number(hll::get_count("h")), 1500, 150);
}

TEST(HllOperation, HonoursItsPolicy) {
  const Key key = new_key();
  EXPECT_THAT(
      server().operate(key, std::vector{hll::init("h", {.index_bits = 8}, {.update_only = true})}),
      fails_with(Code::BinNotFound));
  put(key, {{"other", 1}});
  run(key, hll::set_union("h", {sketch(0, 10, {.index_bits = 10})}));
  EXPECT_EQ(run(key, hll::describe("h")), Value(List{.items = {10, 0}}));
}

}  // namespace
}  // namespace flotilla::client::suite
