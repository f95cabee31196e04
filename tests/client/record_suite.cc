#include <thread>

#include "client/expression.h"
#include "server.h"

namespace flotilla::client::suite {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Put, KeepsValuesOfEveryType) {
  const Buffer bytes = {std::byte{0}, std::byte{255}};
  const std::vector<Bin> bins = {
      {"int", std::int64_t{1} << 62},
      {"least", std::numeric_limits<std::int64_t>::min()},
      {"double", -1.5},
      {"bool", true},
      {"text", "a text"},
      {"empty", ""},
      {"blob", Blob{.bytes = bytes}},
      {"list", List{.items = {1, "two", 3.0, List{.items = {Nil{}}}}}},
      {"map",
       Map{.entries = {{2, List{.items = {true}}}, {"a", 1}}}},  // By key, as the server keeps it.
      {"geo", GeoJson{R"({"type":"Point","coordinates":[1.0,2.0]})"}},
  };
  const Key key = new_key();
  put(key, bins);
  const Record record = need(server().get(key));
  for (const Bin& bin : bins) EXPECT_EQ(value_of(record, bin.name), bin.value) << bin.name;
  EXPECT_THAT(record.bins, SizeIs(bins.size()));
  EXPECT_EQ(record.generation, 1U);
}

TEST(Put, MergesBinsAndANilRemovesOne) {
  const Key key = new_key();
  put(key, {{"a", 1}, {"b", 2}});
  put(key, {{"b", Nil{}}, {"c", 3}});
  const Record record = need(server().get(key));
  EXPECT_EQ(value_of(record, "a"), Value(1));
  EXPECT_EQ(record.find("b"), nullptr);
  EXPECT_EQ(value_of(record, "c"), Value(3));
}

TEST(Put, HonoursThePolicyOfExistence) {
  const Key key = new_key();
  const auto attempt = [&](Exists exists, int value) {
    return server().put(key, std::vector<Bin>{{"a", value}}, {.exists = exists});
  };
  EXPECT_THAT(attempt(Exists::UpdateOnly, 1), fails_with(Code::NotFound));
  EXPECT_THAT(attempt(Exists::ReplaceOnly, 1), fails_with(Code::NotFound));
  EXPECT_TRUE(attempt(Exists::CreateOnly, 1));
  EXPECT_THAT(attempt(Exists::CreateOnly, 2), fails_with(Code::Exists));
  put(key, {{"b", 1}});
  EXPECT_TRUE(attempt(Exists::CreateOrReplace, 3));
  EXPECT_THAT(need(server().get(key)).bins, SizeIs(1));
}

TEST(Put, ChecksTheGeneration) {
  const Key key = new_key();
  put(key, {{"a", 1}});
  WritePolicy policy{.generation_check = GenerationCheck::Equal, .generation = 7};
  EXPECT_THAT(server().put(key, std::vector<Bin>{{"a", 2}}, policy), fails_with(Code::Generation));
  policy.generation = 1;
  EXPECT_EQ(need(server().put(key, std::vector<Bin>{{"a", 2}}, policy)).generation, 2U);
}

TEST(Put, SetsKeepsAndForbidsTheTimeToLive) {
  const Key key = new_key();
  const auto now = static_cast<std::uint64_t>(std::time(nullptr));
  put(key, {{"a", 1}}, {.ttl_seconds = 100});
  EXPECT_NEAR(static_cast<double>(need(server().get(key)).ttl(now)), 100, 5);
  put(key, {{"a", 2}}, {.ttl_seconds = kTtlKeep});
  EXPECT_NEAR(static_cast<double>(need(server().get(key)).ttl(now)), 100, 5);
  put(key, {{"a", 3}}, {.ttl_seconds = kTtlNever});
  EXPECT_EQ(need(server().get(key)).ttl(now), -1);
}

TEST(Put, HasTheServerKeepTheKeyWhereThatIsWanted) {
  const Key key = new_key("client_suite_keys");
  put(key, {{"a", 1}}, {.send_key = true});
  std::vector<Key> seen;
  ScanCursor cursor;
  need(server().scan({.ns = kNamespace, .set = "client_suite_keys"}, cursor, [&](Record&& record) {
    seen.push_back(std::move(record.key));
    return true;
  }));
  ASSERT_THAT(seen, testing::Not(IsEmpty()));
  EXPECT_TRUE(std::ranges::any_of(seen, [&](const Key& k) { return k.user_key == key.user_key; }));
}

TEST(Get, FailsForARecordThatIsNotThere) {
  EXPECT_THAT(server().get(new_key()), fails_with(Code::NotFound));
}

TEST(Get, ReadsOnlyTheBinsThatAreAskedFor) {
  const Key key = new_key();
  put(key, {{"a", 1}, {"b", 2}, {"c", 3}});
  const Record record = need(server().get(key, std::vector<std::string>{"a", "c"}));
  EXPECT_THAT(record.bins, SizeIs(2));
  EXPECT_EQ(value_of(record, "c"), Value(3));
}

TEST(Get, LeavesOutWhatTheFilterRefuses) {
  const Key key = new_key();
  put(key, {{"age", 20}});
  ReadPolicy policy;
  policy.command.filter = exp::gt(exp::bin(exp::Type::Integer, "age"), exp::value(21)).bytes();
  EXPECT_THAT(server().get(key, {}, policy), fails_with(Code::FilteredOut));
  put(key, {{"age", 22}});
  EXPECT_TRUE(server().get(key, {}, policy));
}

TEST(GetHeader, TellsGenerationWithoutBins) {
  const Key key = new_key();
  EXPECT_FALSE(need(server().get_header(key)));
  put(key, {{"a", 1}});
  const auto header = need(server().get_header(key));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->generation, 1U);
  EXPECT_THAT(header->bins, IsEmpty());
}

TEST(Exists, TellsWhetherThereIsARecord) {
  const Key key = new_key();
  EXPECT_FALSE(need(server().exists(key)));
  put(key, {{"a", 1}});
  EXPECT_TRUE(need(server().exists(key)));
}

TEST(Remove, SaysWhetherThereWasARecord) {
  const Key key = new_key();
  EXPECT_FALSE(need(server().remove(key)));
  put(key, {{"a", 1}});
  EXPECT_TRUE(need(server().remove(key)));
  EXPECT_FALSE(need(server().exists(key)));
}

TEST(Touch, RenewsGenerationAndTimeToLive) {
  const Key key = new_key();
  EXPECT_THAT(server().touch(key), fails_with(Code::NotFound));
  put(key, {{"a", 1}}, {.ttl_seconds = 100});
  EXPECT_EQ(need(server().touch(key, {.ttl_seconds = 1000})).generation, 2U);
  const auto now = static_cast<std::uint64_t>(std::time(nullptr));
  EXPECT_NEAR(static_cast<double>(need(server().get(key)).ttl(now)), 1000, 5);
}

TEST(Operate, ReadsAndWritesInOrder) {
  const Key key = new_key();
  const Operation operations[] = {op::add("n", 5),       op::read("n"),         op::add("n", 2),
                                  op::append("s", "bc"), op::prepend("s", "a"), op::read("s"),
                                  op::read("n")};
  const Record record = need(server().operate(key, operations));
  ASSERT_THAT(record.bins, SizeIs(3));
  EXPECT_EQ(record.bins[0].value, Value(5));
  EXPECT_EQ(record.bins[1].value, Value("abc"));
  EXPECT_EQ(record.bins[2].value, Value(7));
}

TEST(Operate, ChangesNothingWhenOneStepFails) {
  const Key key = new_key();
  put(key, {{"n", 1}, {"s", "text"}});
  const Operation operations[] = {op::add("n", 1), op::add("s", 1)};
  EXPECT_THAT(server().operate(key, operations), fails_with(Code::IncompatibleType));
  EXPECT_EQ(stored(key, "n"), Value(1));
}

TEST(Operate, AddsDoubles) {
  const Key key = new_key();
  put(key, {{"d", 1.5}});
  run(key, op::add("d", 1.25));
  EXPECT_EQ(stored(key, "d"), Value(2.75));
}

TEST(Operate, BeginsAnewBehindRemoveAll) {
  const Key key = new_key();
  put(key, {{"a", 1}, {"b", 2}});
  const Operation operations[] = {op::remove_all(), op::write("c", 3)};
  need(server().operate(key, operations));
  EXPECT_THAT(need(server().get(key)).bins, SizeIs(1));
}

TEST(Operate, TouchesAndReadsAtOnce) {
  const Key key = new_key();
  put(key, {{"a", 1}});
  const Operation operations[] = {op::touch(), op::read_all()};
  const Record record = need(server().operate(key, operations));
  EXPECT_EQ(record.generation, 2U);
  EXPECT_EQ(value_of(record, "a"), Value(1));
}

TEST(Threads, ShareOneClient) {
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  const Key key = new_key();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) run(key, op::add("n", 1));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored(key, "n"), Value(kThreads * kEach));
}

TEST(Info, AsksOneNode) {
  const std::string_view commands[] = {"namespaces", "no-such-command"};
  const auto nodes = server().nodes();
  ASSERT_THAT(nodes, testing::Not(IsEmpty()));
  const auto answers = need(server().info(nodes.front().name, commands));
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_THAT(answers[0].value, testing::HasSubstr(kNamespace));
  EXPECT_TRUE(is_info_error(answers[1].value));
}

TEST(Namespace, ThatDoesNotExistIsAnError) {
  EXPECT_FALSE(server().get(need(Key::make("nowhere", "s", 1))));
}

}  // namespace
}  // namespace flotilla::client::suite
