#include <mutex>
#include <set>

#include "client/expression.h"
#include "server.h"

namespace flotilla::client::suite {
namespace {

constexpr int kRecords = 1000;
constexpr const char* kSet = "client_suite_query";

class Query : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (int i = 0; i < kRecords; ++i) put(key_of(kSet, i), {{"n", i}, {"s", "text"}});
  }

  /// The bin `n` of every record that comes, and how often.
  std::multiset<std::int64_t> seen(const ScanSpec& spec, ScanCursor& cursor,
                                   const ScanPolicy& policy = {}) {
    std::multiset<std::int64_t> numbers;
    need(server().scan(
        spec, cursor,
        [&](Record&& record) {
          const Value n = value_of(record, "n");
          numbers.insert(n.is_nil() ? -1 : *n.get_if<std::int64_t>());
          return true;
        },
        policy));
    return numbers;
  }

  static std::multiset<std::int64_t> all() {
    std::multiset<std::int64_t> numbers;
    for (int i = 0; i < kRecords; ++i) numbers.insert(i);
    return numbers;
  }
};

TEST_F(Query, HandsOverEveryRecordOnce) {
  ScanCursor cursor;
  EXPECT_EQ(seen({.ns = kNamespace, .set = kSet}, cursor), all());
  EXPECT_TRUE(cursor.is_done());
}

TEST_F(Query, GoesOnPageByPage) {
  ScanCursor cursor;
  std::multiset<std::int64_t> numbers;
  int pages = 0;
  while (!cursor.is_done() && ++pages < 1000)
    numbers.merge(seen({.ns = kNamespace, .set = kSet}, cursor, {.max_records = 90}));
  EXPECT_EQ(numbers, all());
  EXPECT_GE(pages, kRecords / 90);
}

TEST_F(Query, EndsWhenTheCallerHasEnoughAndGoesOnBehindThatRecord) {
  ScanCursor cursor;
  std::multiset<std::int64_t> numbers;
  int left = 100;
  const auto take = [&](Record&& record) {
    numbers.insert(*value_of(record, "n").get_if<std::int64_t>());
    return --left > 0;
  };
  (void)server().scan({.ns = kNamespace, .set = kSet}, cursor, take);
  EXPECT_EQ(numbers.size(), 100U);
  numbers.merge(seen({.ns = kNamespace, .set = kSet}, cursor));
  EXPECT_EQ(numbers, all());
}

TEST_F(Query, KeepsToThePartitionsThatWereChosen) {
  std::bitset<wire::kPartitions> half;
  std::multiset<std::int64_t> expected;
  for (std::size_t p = 0; p < wire::kPartitions / 2; ++p) half.set(p);
  for (int i = 0; i < kRecords; ++i)
    if (half.test(key_of(kSet, i).partition().raw())) expected.insert(i);
  ScanCursor cursor(half);
  EXPECT_EQ(seen({.ns = kNamespace, .set = kSet}, cursor), expected);
}

TEST_F(Query, FiltersByAnExpression) {
  ScanCursor cursor;
  ScanPolicy policy;
  policy.command.filter = exp::lt(exp::bin(exp::Type::Integer, "n"), exp::value(10)).bytes();
  EXPECT_EQ(seen({.ns = kNamespace, .set = kSet}, cursor, policy).size(), 10U);
}

TEST_F(Query, LeavesOutBinsThatAreNotWanted) {
  ScanCursor cursor;
  EXPECT_EQ(seen({.ns = kNamespace, .set = kSet, .bin_names = {"s"}}, cursor).count(-1),
            std::size_t{kRecords});
  ScanCursor again;
  int headers = 0;
  need(server().scan({.ns = kNamespace, .set = kSet}, again,
                     [&](Record&& record) {
                       headers += record.bins.empty() ? 1 : 0;
                       return true;
                     },
                     {.with_bins = false}));
  EXPECT_EQ(headers, kRecords);
}

TEST_F(Query, OfASetThatDoesNotExistIsEmpty) {
  ScanCursor cursor;
  EXPECT_TRUE(seen({.ns = kNamespace, .set = "client_suite_none"}, cursor).empty());
  EXPECT_TRUE(cursor.is_done());
}

TEST_F(Query, RefusesAFilterThatIsNone) {
  ScanCursor cursor;
  ScanPolicy policy;
  policy.command.filter = {std::byte{0xC1}};
  EXPECT_THAT(server().scan(
                  {.ns = kNamespace, .set = kSet}, cursor, [](Record&&) { return true; }, policy),
              fails_with(Code::Parameter));
}

}  // namespace
}  // namespace flotilla::client::suite
