#include "client/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/fake_node.h"

namespace flotilla::client {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using Verdict = FakeNode::Verdict;

std::vector<Address> seeds(const FakeNode& node) { return {{"127.0.0.1", node.port(), ""}}; }

Key key_of(int number) { return *Key::make("test", "foo", number); }

/// One node with all partitions, and a client of it.
struct OneNode : ::testing::Test {
  std::shared_ptr<FakeRecords> records = std::make_shared<FakeRecords>();
  FakeNode node{"A1", records};
  Client client = *Client::connect(seeds(node), {.tend_interval = Milliseconds(20)});
};

TEST_F(OneNode, WhatIsPutIsReadBack) {
  const Bin bins[] = {{"i", 7},
                      {"s", "abc"},
                      {"d", 1.5},
                      {"b", true},
                      {"x", Blob{.bytes = from_hex("0102")}},
                      {"l", List{.items = {1, "two"}}},
                      {"g", GeoJson{R"({"type":"Point","coordinates":[1,2]})"}}};
  const auto written = client.put(key_of(1), bins, {.send_key = true});
  ASSERT_TRUE(written.has_value());
  EXPECT_EQ(written->generation, 1U);
  const auto record = client.get(key_of(1));
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(std::ranges::equal(record->bins, bins));
  EXPECT_EQ(record->generation, 1U);
  const std::string names[] = {"s"};
  EXPECT_EQ(client.get(key_of(1), names)->bins.size(), 1U);
}

TEST_F(OneNode, ANilValueRemovesItsBin) {
  const Bin bins[] = {{"a", 1}, {"b", 2}};
  ASSERT_TRUE(client.put(key_of(1), bins).has_value());
  const Bin none[] = {{"a", Nil{}}};
  ASSERT_TRUE(client.put(key_of(1), none).has_value());
  EXPECT_EQ(client.get(key_of(1))->bins.size(), 1U);
}

TEST_F(OneNode, AbsenceIsNotFoundForGetAndFalseElsewhere) {
  const auto record = client.get(key_of(404));
  ASSERT_FALSE(record.has_value());
  EXPECT_TRUE(record.error().is(Code::NotFound));
  EXPECT_EQ(record.error().message, "AEROSPIKE_ERR_RECORD_NOT_FOUND");
  EXPECT_EQ(record.error().node, node.address());
  EXPECT_FALSE(*client.exists(key_of(404)));
  EXPECT_FALSE(*client.remove(key_of(404)));
  EXPECT_FALSE(client.get_header(key_of(404))->has_value());
}

TEST_F(OneNode, RemoveSaysWhetherThereWasARecord) {
  const Bin bins[] = {{"a", 1}};
  ASSERT_TRUE(client.put(key_of(1), bins).has_value());
  EXPECT_TRUE(*client.exists(key_of(1)));
  EXPECT_TRUE(*client.remove(key_of(1)));
  EXPECT_FALSE(*client.remove(key_of(1)));
}

TEST_F(OneNode, PoliciesReachTheServer) {
  const Bin bins[] = {{"a", 1}};
  EXPECT_TRUE(
      client.put(key_of(1), bins, {.exists = Exists::UpdateOnly}).error().is(Code::NotFound));
  ASSERT_TRUE(client.put(key_of(1), bins, {.exists = Exists::CreateOnly}).has_value());
  EXPECT_TRUE(client.put(key_of(1), bins, {.exists = Exists::CreateOnly}).error().is(Code::Exists));
  const WritePolicy second{.generation_check = GenerationCheck::Equal, .generation = 2};
  EXPECT_TRUE(client.put(key_of(1), bins, second).error().is(Code::Generation));
  EXPECT_EQ(client.put(key_of(1), bins, {.ttl_seconds = 60})->void_time, 500'000'060U);
}

TEST_F(OneNode, OperateReadsWhatItWrote) {
  const Operation operations[] = {op::write("a", 5), op::read("a")};
  const auto record = client.operate(key_of(1), operations);
  ASSERT_TRUE(record.has_value());
  ASSERT_NE(record->find("a"), nullptr);
  EXPECT_TRUE(*record->find("a") == Value(5));
}

TEST_F(OneNode, AnUnknownNamespacefails_withoutARequest) {
  const auto record = client.get(*Key::make("nope", "", 1));
  EXPECT_TRUE(record.error().is(Code::Namespace));
  EXPECT_EQ(node.requests(), 0);
}

TEST_F(OneNode, ReadsAreRepeatedAfterAFailureAndWritesAreNot) {
  const Bin bins[] = {{"a", 1}};
  ASSERT_TRUE(client.put(key_of(1), bins).has_value());
  std::atomic<int> left = 2;
  node.set_script([&](const wire::Message&) -> Verdict {
    return left-- > 0 ? Verdict{Verdict::Kind::Close} : Verdict{};
  });
  EXPECT_TRUE(client.get(key_of(1)).has_value());
  left = 1;
  const auto written = client.put(key_of(1), bins);
  ASSERT_FALSE(written.has_value());
  EXPECT_TRUE(written.error().is(Status::Connection));
  EXPECT_TRUE(written.error().in_doubt);
}

TEST_F(OneNode, OnlyTransientCodesAreRetried) {
  std::atomic<int> asked = 0;
  std::uint8_t code = 18;
  node.set_script([&](const wire::Message&) -> Verdict {
    ++asked;
    return {Verdict::Kind::Refuse, code};
  });
  EXPECT_TRUE(client.get(key_of(1)).error().is(Code::DeviceOverload));
  EXPECT_EQ(asked, 3);
  asked = 0;
  code = 22;
  const auto refused = client.get(key_of(1));
  EXPECT_TRUE(refused.error().is(Code::Forbidden));
  EXPECT_EQ(asked, 1);
}

TEST_F(OneNode, AServerThatRefusesAWriteLeavesNoDoubt) {
  node.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Refuse, 8}; });
  const Bin bins[] = {{"a", 1}};
  const auto written = client.put(key_of(1), bins);
  EXPECT_TRUE(written.error().is(Code::OutOfSpace));
  EXPECT_FALSE(written.error().in_doubt);
}

TEST_F(OneNode, SilenceEndsAtTheTimeoutAndLeavesAWriteInDoubt) {
  node.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Silence}; });
  const Bin bins[] = {{"a", 1}};
  WritePolicy policy;
  policy.command.total_timeout = Milliseconds(50);
  const auto start = std::chrono::steady_clock::now();
  const auto written = client.put(key_of(1), bins, policy);
  const auto took = std::chrono::steady_clock::now() - start;
  ASSERT_FALSE(written.has_value());
  EXPECT_TRUE(written.error().is(Code::Timeout));
  EXPECT_TRUE(written.error().in_doubt);
  EXPECT_GE(took, Milliseconds(50));
  EXPECT_LT(took, Milliseconds(2000));
}

TEST_F(OneNode, ABatchAnswersEveryRow) {
  const Bin bins[] = {{"a", 1}};
  ASSERT_TRUE(client.put(key_of(1), bins).has_value());
  std::vector<BatchRow> rows(4);
  rows[0].key = key_of(1);
  rows[1].key = key_of(404);
  rows[2].key = key_of(2);
  rows[2].kind = BatchRow::Kind::Operate;
  rows[2].operations = {op::write("b", "x")};
  rows[3].key = *Key::make("nope", "", 1);
  ASSERT_TRUE(client.batch(rows).has_value());
  EXPECT_TRUE(*rows[0].result->find("a") == Value(1));
  EXPECT_TRUE(rows[1].result.error().is(Code::NotFound));
  EXPECT_TRUE(rows[2].result.has_value());
  EXPECT_TRUE(rows[3].result.error().is(Code::Namespace));
  EXPECT_TRUE(*client.get(key_of(2))->find("b") == Value("x"));
}

TEST_F(OneNode, AScanHandsOverEveryRecordOnceAndInPagesToo) {
  constexpr int kRecords = 300;
  for (int i = 0; i < kRecords; ++i) {
    const Bin bins[] = {{"a", i}};
    ASSERT_TRUE(client.put(key_of(i), bins, {.send_key = true}).has_value());
  }
  const ScanSpec spec{.ns = "test", .set = "foo"};
  std::multiset<std::int64_t> seen;
  const auto collect = [&](Record&& record) {
    seen.insert(*record.key.user_key->get_if<std::int64_t>());
    return true;
  };
  ScanCursor all;
  ASSERT_TRUE(client.scan(spec, all, collect).has_value());
  EXPECT_TRUE(all.is_done());
  EXPECT_EQ(seen.size(), 300U);
  EXPECT_EQ(std::set<std::int64_t>(seen.begin(), seen.end()).size(), 300U);

  seen.clear();
  ScanCursor pages;
  int calls = 0;
  while (!pages.is_done()) {
    ASSERT_LT(++calls, 100);
    const std::size_t before = seen.size();
    ScanPolicy policy;
    policy.max_records = 7;
    ASSERT_TRUE(client.scan(spec, pages, collect, policy).has_value());
    EXPECT_LE(seen.size() - before, 7U);
  }
  EXPECT_EQ(seen.size(), 300U);
  EXPECT_EQ(std::set<std::int64_t>(seen.begin(), seen.end()).size(), 300U);
}

TEST_F(OneNode, AScanThatIsStoppedGoesOnBehindItsLastRecord) {
  for (int i = 0; i < 20; ++i) {
    const Bin bins[] = {{"a", i}};
    ASSERT_TRUE(client.put(key_of(i), bins).has_value());
  }
  const ScanSpec spec{.ns = "test"};
  std::set<wire::Digest> seen;
  ScanCursor cursor;
  ASSERT_TRUE(client
                  .scan(spec, cursor,
                        [&](Record&& record) {
                          seen.insert(record.key.digest);
                          return seen.size() < 5;
                        })
                  .has_value());
  EXPECT_EQ(seen.size(), 5U);
  std::size_t more = 0;
  ASSERT_TRUE(client
                  .scan(spec, cursor,
                        [&](Record&& record) {
                          ++more;
                          EXPECT_TRUE(seen.insert(record.key.digest).second);
                          return true;
                        })
                  .has_value());
  EXPECT_EQ(more, 15U);
}

TEST_F(OneNode, AScanSurvivesABrokenConnection) {
  for (int i = 0; i < 50; ++i) {
    const Bin bins[] = {{"a", i}};
    ASSERT_TRUE(client.put(key_of(i), bins).has_value());
  }
  std::atomic<int> left = 1;
  node.set_script([&](const wire::Message&) -> Verdict {
    return left-- > 0 ? Verdict{Verdict::Kind::Close} : Verdict{};
  });
  const ScanSpec spec{.ns = "test"};
  ScanCursor cursor;
  int count = 0;
  ASSERT_TRUE(client.scan(spec, cursor, [&](Record&&) { return ++count, true; }).has_value());
  EXPECT_EQ(count, 50);
}

TEST_F(OneNode, InfoAsksTheNodeByName) {
  const std::string_view commands[] = {"node", "nonsense"};
  const auto answers = client.info("A1", commands);
  ASSERT_TRUE(answers.has_value());
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ((*answers)[0].value, "A1");
  InfoError error;
  EXPECT_TRUE(is_info_error((*answers)[1].value, &error));
  EXPECT_EQ(error.code, 4);
  EXPECT_EQ(error.message, "unrecognized command");
  EXPECT_TRUE(client.info("B9", commands).error().is(Status::NoNode));
}

TEST(IsInfoError, TakesOnlyTheWholeWord) {
  for (const char* text : {"error", "ERROR:4:no", "Error=no", "FAIL:201:NO INDEX", "fail"})
    EXPECT_TRUE(is_info_error(text)) << text;
  for (const char* text : {"", "ok", "failed_best_practices=false;uptime=1", "errors=0", "failure"})
    EXPECT_FALSE(is_info_error(text)) << text;
}

TEST(Client, FailsWhenNoSeedAnswers) {
  FakeNode gone("A1", std::make_shared<FakeRecords>());
  const auto address = seeds(gone);
  gone.stop();
  const auto client = Client::connect(address);
  ASSERT_FALSE(client.has_value());
  EXPECT_TRUE(client.error().is(Status::Connection));
}

TEST(Client, RefusesANodeThatIsNotReadyAndOneOfAnotherCluster) {
  FakeNode node("A1", std::make_shared<FakeRecords>());
  EXPECT_FALSE(Client::connect(seeds(node), {.cluster_name = "other"}).has_value());
  node.set_info("partition-generation", "-1");
  EXPECT_FALSE(Client::connect(seeds(node)).has_value());
}

/// Even partitions belong to A1, odd ones to B2, each the other's replica.
struct TwoNodes : ::testing::Test {
  std::shared_ptr<FakeRecords> records = std::make_shared<FakeRecords>();
  FakeNode a{"A1", records};
  FakeNode b{"B2", records};
  std::string even = std::string(wire::kPartitions, '0');
  std::string odd = even;

  TwoNodes() {
    for (std::size_t p = 0; p < wire::kPartitions; ++p) (p % 2 == 0 ? even : odd)[p] = '1';
    a.own("test", {even, odd});
    b.own("test", {odd, even});
    a.set_info("peers-clear-std", "1,3000,[[B2,,[" + b.address() + "]]]");
    b.set_info("peers-clear-std", "1,3000,[[A1,,[" + a.address() + "]]]");
  }
  static bool eventually(const std::function<bool()>& fact) {
    for (int i = 0; i < 500; ++i) {
      if (fact()) return true;
      std::this_thread::sleep_for(Milliseconds(10));
    }
    return false;
  }
};

TEST_F(TwoNodes, OneSeedFindsBothAndRequestsGoToTheOwners) {
  const Client client = *Client::connect(seeds(a));
  ASSERT_EQ(client.nodes().size(), 2U);
  const Bin bins[] = {{"a", 1}};
  int to_a = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.put(key_of(i), bins).has_value());
    to_a += key_of(i).partition().raw() % 2 == 0 ? 1 : 0;
  }
  EXPECT_EQ(a.requests(), to_a);
  EXPECT_EQ(b.requests(), 20 - to_a);
  const auto owners = client.owners(key_of(1));
  ASSERT_EQ(owners.size(), 2U);
  EXPECT_NE(owners[0].name, owners[1].name);
}

TEST_F(TwoNodes, ScanAndBatchCoverBoth) {
  const Client client = *Client::connect(seeds(a));
  const Bin bins[] = {{"a", 1}};
  std::vector<BatchRow> rows;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(client.put(key_of(i), bins).has_value());
    rows.emplace_back().key = key_of(i);
  }
  ASSERT_TRUE(client.batch(rows).has_value());
  EXPECT_TRUE(
      std::ranges::all_of(rows, [](const BatchRow& row) { return row.result.has_value(); }));
  int count = 0;
  ScanCursor cursor;
  ASSERT_TRUE(
      client.scan({.ns = "test"}, cursor, [&](Record&&) { return ++count, true; }).has_value());
  EXPECT_EQ(count, 40);
}

TEST_F(TwoNodes, AReadMovesOnToTheReplicaWhenTheMasterIsGone) {
  const Client client = *Client::connect(seeds(a), {.tend_interval = Milliseconds(10'000)});
  const Bin bins[] = {{"a", 1}};
  int number = 0;
  while (key_of(number).partition().raw() % 2 == 0) ++number;  // B2 is its master.
  ASSERT_TRUE(client.put(key_of(number), bins).has_value());
  b.stop();
  EXPECT_TRUE(client.get(key_of(number)).has_value());
}

TEST_F(TwoNodes, ANodeThatLeavesIsForgottenAndItsPartitionsFollow) {
  const Client client = *Client::connect(seeds(a), {.tend_interval = Milliseconds(10)});
  ASSERT_EQ(client.nodes().size(), 2U);
  b.stop();
  a.set_info("peers-clear-std", "2,3000,[]");
  a.set_info("peers-generation", "2");
  a.own("test", {std::string(wire::kPartitions, '1')});
  ASSERT_TRUE(eventually([&] { return client.nodes().size() == 1; }));
  const Bin bins[] = {{"a", 1}};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.put(key_of(i), bins).has_value());
}

TEST_F(TwoNodes, ANewcomerIsFound) {
  a.set_info("peers-clear-std", "1,3000,[]");
  const Client client = *Client::connect(seeds(a), {.tend_interval = Milliseconds(10)});
  ASSERT_EQ(client.nodes().size(), 1U);
  a.set_info("peers-clear-std", "2,3000,[[B2,,[" + b.address() + "]]]");
  a.set_info("peers-generation", "2");
  EXPECT_TRUE(eventually([&] { return client.nodes().size() == 2; }));
}

}  // namespace
}  // namespace flotilla::client
