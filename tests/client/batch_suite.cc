#include "server.h"

namespace flotilla::client::suite {
namespace {

using Kind = BatchRow::Kind;

std::vector<Key> twenty_keys() {
  std::vector<Key> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(new_key("client_suite_batch"));
    if (i % 2 == 0) put(keys.back(), {{"n", i}, {"s", "text"}});
  }
  return keys;
}

TEST(Batch, AnswersInTheOrderOfTheKeys) {
  const std::vector<Key> keys = twenty_keys();
  std::vector<BatchRow> rows;
  for (const Key& key : keys) rows.push_back({.key = key});
  need(server().batch(rows));
  for (int i = 0; i < 20; ++i) {
    if (i % 2 == 0)
      EXPECT_EQ(value_of(need(rows[i].result), "n"), Value(i));
    else
      EXPECT_THAT(rows[i].result, fails_with(Code::NotFound));
  }
}

TEST(Batch, ReadsHeadersAndChosenBins) {
  const std::vector<Key> keys = twenty_keys();
  std::vector<BatchRow> rows = {{.key = keys[0], .kind = Kind::ReadHeader},
                                {.key = keys[2], .bin_names = {"s"}}};
  need(server().batch(rows));
  EXPECT_THAT(need(rows[0].result).bins, testing::IsEmpty());
  EXPECT_EQ(need(rows[0].result).generation, 1U);
  ASSERT_THAT(need(rows[1].result).bins, testing::SizeIs(1));
  EXPECT_EQ(value_of(need(rows[1].result), "s"), Value("text"));
}

TEST(Batch, MixesReadsWritesAndRemovals) {
  const std::vector<Key> keys = twenty_keys();
  std::vector<BatchRow> rows = {
      {.key = keys[0], .kind = Kind::Operate, .operations = {op::add("n", 5), op::read("n")}},
      {.key = keys[1], .kind = Kind::Operate, .operations = {op::write("n", 7)}},
      {.key = keys[2], .kind = Kind::Remove},
      {.key = keys[3], .kind = Kind::Remove},
      {.key = keys[4]}};
  need(server().batch(rows));
  EXPECT_EQ(need(rows[0].result).bins.back().value, Value(5));
  EXPECT_TRUE(rows[1].result);
  EXPECT_TRUE(rows[2].result);
  EXPECT_THAT(rows[3].result, fails_with(Code::NotFound));
  EXPECT_EQ(value_of(need(rows[4].result), "n"), Value(4));
  EXPECT_EQ(stored(keys[1], "n"), Value(7));
  EXPECT_FALSE(need(server().exists(keys[2])));
}

TEST(Batch, KeepsARowsPolicyToThatRow) {
  const std::vector<Key> keys = twenty_keys();
  const WritePolicy create{.exists = Exists::CreateOnly};
  std::vector<BatchRow> rows = {
      {.key = keys[0], .kind = Kind::Operate, .operations = {op::write("n", 1)}, .policy = create},
      {.key = keys[1], .kind = Kind::Operate, .operations = {op::write("n", 1)}, .policy = create}};
  need(server().batch(rows));
  EXPECT_THAT(rows[0].result, fails_with(Code::Exists));
  EXPECT_TRUE(rows[1].result);
}

TEST(Batch, OfManyRowsIsAnsweredWhole) {
  constexpr int kRows = 5000;
  std::vector<BatchRow> rows;
  for (int i = 0; i < kRows; ++i)
    rows.push_back({.key = key_of("client_suite_many", i),
                    .kind = Kind::Operate,
                    .operations = {op::write("n", i)}});
  need(server().batch(rows));
  for (BatchRow& row : rows) {
    EXPECT_TRUE(row.result);
    row = {.key = row.key};
  }
  need(server().batch(rows));
  for (int i = 0; i < kRows; ++i) EXPECT_EQ(value_of(need(rows[i].result), "n"), Value(i));
}

TEST(Batch, WithoutRowsIsNothingToDo) {
  std::vector<BatchRow> rows;
  EXPECT_TRUE(server().batch(rows));
}

}  // namespace
}  // namespace flotilla::client::suite
