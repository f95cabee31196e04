#include "client/async.h"

#include <gtest/gtest.h>

#include <atomic>

#include "support/fake_node.h"

namespace flotilla::client {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using Verdict = FakeNode::Verdict;

Key key_of(int number) { return *Key::make("test", "foo", number); }

struct AsyncTest : ::testing::Test {
  std::shared_ptr<FakeRecords> records = std::make_shared<FakeRecords>();
  FakeNode node{"A1", records};
  Client client =
      *Client::connect({{"127.0.0.1", node.port(), ""}}, {.tend_interval = Milliseconds(20)});
  AsyncClient async{client};
  /// Calls share whenever they may, however slow the machine is.
  AsyncClient sharing{client, {.sharing_wait_max = std::chrono::hours(1)}};
};

/// Puts a number, adds to what it reads, and takes the record away: several calls in a row.
Task<Expected<std::int64_t>> work(const AsyncClient& async, int number) {
  const Key key = key_of(number);
  std::vector<Bin> bins;  // g++ 12 takes no braces inside of co_await.
  bins.push_back({"n", number});
  const auto written = co_await async.put(key, std::move(bins));
  if (!written) co_return tl::unexpected(written.error());
  const auto record = co_await async.get(key);
  if (!record) co_return tl::unexpected(record.error());
  const std::int64_t value = *record->bins.at(0).value.get_if<std::int64_t>();
  const auto removed = co_await async.remove(key);
  if (!removed) co_return tl::unexpected(removed.error());
  co_return *removed ? value + 1 : -1;
}

TEST_F(AsyncTest, CoroutinesMakeTheirCallsInOrder) { EXPECT_EQ(*wait(work(async, 41)), 42); }

TEST_F(AsyncTest, ManyGoOnAtTheSameTimeOnFewConnections) {
  AsyncClient few(client, {.connections_per_node_max = 3});
  std::vector<Task<Expected<std::int64_t>>> tasks;
  for (int i = 0; i < 200; ++i) tasks.push_back(work(few, i));
  const auto results = wait_all(std::move(tasks));
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(results[static_cast<std::size_t>(i)].has_value());
    EXPECT_EQ(*results[static_cast<std::size_t>(i)], i + 1);
  }
  EXPECT_TRUE(records->records.empty());
}

TEST_F(AsyncTest, AbsenceIsNotFoundForGetAndFalseElsewhere) {
  EXPECT_TRUE(wait(async.get(key_of(1))).error().is(Code::NotFound));
  EXPECT_FALSE(*wait(async.exists(key_of(1))));
  EXPECT_FALSE(*wait(async.remove(key_of(1))));
  EXPECT_TRUE(wait(async.put(key_of(1), {{"a", 1}})).has_value());
  EXPECT_TRUE(*wait(async.exists(key_of(1))));
}

TEST_F(AsyncTest, HeadersTellGenerationAndTouchRenewsIt) {
  EXPECT_FALSE(wait(async.get_header(key_of(1)))->has_value());
  EXPECT_TRUE(wait(async.put(key_of(1), {{"a", 1}})).has_value());
  EXPECT_EQ(wait(async.touch(key_of(1)))->generation, 2U);
  const auto header = wait(async.get_header(key_of(1)));
  EXPECT_EQ((*header)->generation, 2U);
  EXPECT_TRUE((*header)->bins.empty());
}

TEST_F(AsyncTest, InfoAsksTheNodeByName) {
  const auto answers = wait(async.info("A1", {"node", "nonsense"}));
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ((*answers)[0].value, "A1");
  EXPECT_TRUE(is_info_error((*answers)[1].value));
  EXPECT_TRUE(wait(async.info("", {"node"})).has_value());
  EXPECT_TRUE(wait(async.info("B9", {"node"})).error().is(Status::NoNode));
}

/// Several calls of one coroutine at the same time.
Task<int> count_found(const AsyncClient& async, int count) {
  std::vector<Task<Expected<bool>>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(async.exists(key_of(i)));
  int found = 0;
  for (const auto& exists : co_await gather(std::move(tasks))) found += exists && *exists ? 1 : 0;
  co_return found;
}

TEST_F(AsyncTest, GatherAwaitsAllOfThem) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(wait(async.put(key_of(i), {{"a", 1}})).has_value());
  EXPECT_EQ(wait(count_found(async, 50)), 30);
  EXPECT_EQ(wait(count_found(async, 0)), 0);
}

TEST_F(AsyncTest, ALongScanLeavesRoomForOtherCalls) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(wait(async.put(key_of(i), {{"a", i}})).has_value());
  std::atomic<int> seen = 0;
  std::vector<Task<AsyncScan>> scans;
  for (int i = 0; i < 4; ++i)
    scans.push_back(
        async.scan({.ns = "test"}, ScanCursor(), [&](Record&&) { return ++seen, true; }));
  for (const AsyncScan& scan : wait_all(std::move(scans))) EXPECT_TRUE(scan.cursor.is_done());
  EXPECT_EQ(seen, 1200);
}

TEST_F(AsyncTest, OperateWritesAndReads) {
  const auto record = wait(async.operate(key_of(1), {op::write("a", 7), op::read("a")}));
  ASSERT_TRUE(record.has_value()) << record.error().message;
  EXPECT_EQ(record->bins.size(), 1U);
}

TEST_F(AsyncTest, WhatCannotBeSentFailsWithoutBeingSent) {
  const int before = node.requests();
  const auto failed = wait(async.put(key_of(1), {{"a-name-that-is-too-long", 1}}));
  EXPECT_TRUE(failed.error().is(Status::Parameter));
  EXPECT_EQ(node.requests(), before);
}

TEST_F(AsyncTest, AReadIsRepeatedOverABrokenConnection) {
  ASSERT_TRUE(wait(async.put(key_of(1), {{"a", 1}})).has_value());
  std::atomic<int> left = 2;
  node.set_script([&](const wire::Message&) -> Verdict {
    return left-- > 0 ? Verdict{Verdict::Kind::Close} : Verdict{};
  });
  EXPECT_TRUE(wait(async.get(key_of(1))).has_value());
}

TEST_F(AsyncTest, AWriteThatMayHaveBeenAppliedIsInDoubt) {
  node.set_script([](const wire::Message&) { return Verdict{Verdict::Kind::Close}; });
  const auto failed = wait(async.put(key_of(1), {{"a", 1}}));
  EXPECT_TRUE(failed.error().is(Status::Connection));
  EXPECT_TRUE(failed.error().in_doubt);
  node.set_script([](const wire::Message&) { return Verdict{Verdict::Kind::Refuse, 22}; });
  EXPECT_FALSE(wait(async.put(key_of(1), {{"a", 1}})).error().in_doubt);
}

TEST_F(AsyncTest, SilenceEndsAtTheTimeout) {
  node.set_script([](const wire::Message&) { return Verdict{Verdict::Kind::Silence}; });
  WritePolicy policy;
  policy.command.total_timeout = Milliseconds(50);
  const auto failed = wait(async.put(key_of(1), {{"a", 1}}, policy));
  EXPECT_TRUE(failed.error().is(Code::Timeout));
  EXPECT_TRUE(failed.error().in_doubt);
}

detail::Detached note_end(Task<Expected<Written>> task, std::atomic<int>& code) {
  const auto result = co_await task;
  code = result ? 0 : result.error().code;
}

/// The first request takes the node a while; those behind it wait.
FakeNode::Script slow_first(std::atomic<int>& requests, Milliseconds while_) {
  return [&requests, while_](const wire::Message&) {
    if (requests++ == 0) std::this_thread::sleep_for(while_);
    return Verdict{};
  };
}

TEST_F(AsyncTest, ShortCallsShareAConnectionAndGetTheirOwnReplies) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(wait(sharing.put(key_of(i), {{"a", i}})).has_value());
  EXPECT_EQ(node.data_connections(), 1);
  std::vector<Task<Expected<Record>>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(sharing.get(key_of(i)));
  const auto records_read = wait(gather(std::move(tasks)));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(*records_read[static_cast<std::size_t>(i)]->bins.at(0).value.get_if<std::int64_t>(),
              i);
  EXPECT_EQ(node.data_connections(), 1);
}

TEST_F(AsyncTest, OnRequestEachCallHasAConnectionToItself) {
  AsyncClient alone(client, {.calls_per_connection_max = 1});
  std::atomic<int> requests = 0;
  node.set_script(slow_first(requests, Milliseconds(50)));
  std::vector<Task<Expected<bool>>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(alone.exists(key_of(i)));
  wait(gather(std::move(tasks)));
  EXPECT_EQ(node.data_connections(), 5);
}

TEST_F(AsyncTest, LongRequestsAndAnswersOfManyFramesHaveAConnectionToThemselves) {
  std::vector<Task<Expected<Written>>> writes;
  for (int i = 0; i < 3; ++i)
    writes.push_back(async.put(key_of(i), {{"a", std::string(20'000, 'x')}}));
  for (const auto& written : wait(gather(std::move(writes)))) EXPECT_TRUE(written.has_value());
  EXPECT_EQ(node.data_connections(), 3);
}

TEST_F(AsyncTest, NobodyJoinsWhereTheReplyIsLongInComing) {
  std::atomic<int> requests = 0;
  node.set_script(slow_first(requests, Milliseconds(300)));
  std::atomic<int> code = 1;
  note_end(async.put(key_of(1), {{"a", 1}}), code);
  while (requests == 0) std::this_thread::sleep_for(Milliseconds(1));
  std::this_thread::sleep_for(Milliseconds(10));
  EXPECT_TRUE(wait(async.put(key_of(2), {{"a", 2}})).has_value());
  EXPECT_EQ(code, 1);  // Still waiting, and the other one has not waited for it.
  EXPECT_EQ(node.data_connections(), 2);
  while (code == 1) std::this_thread::sleep_for(Milliseconds(1));
  EXPECT_EQ(code, 0);
}

TEST_F(AsyncTest, OneThatIsGivenUpLeavesTheOthersTheirReplies) {
  ASSERT_TRUE(wait(sharing.put(key_of(2), {{"a", 2}})).has_value());
  std::atomic<int> requests = 0;
  node.set_script(slow_first(requests, Milliseconds(200)));
  ReadPolicy brief;
  brief.command.total_timeout = Milliseconds(50);
  std::vector<Task<Expected<Record>>> tasks;
  tasks.push_back(sharing.get(key_of(1), {}, brief));
  tasks.push_back(sharing.get(key_of(2)));
  const auto results = wait(gather(std::move(tasks)));
  EXPECT_TRUE(results[0].error().is(Code::Timeout));
  ASSERT_TRUE(results[1].has_value()) << results[1].error().message;
  EXPECT_EQ(*results[1]->bins.at(0).value.get_if<std::int64_t>(), 2);
  EXPECT_EQ(node.data_connections(), 1);
  EXPECT_TRUE(wait(sharing.get(key_of(2))).has_value());
  EXPECT_EQ(node.data_connections(), 2);  // The first one has not been kept.
}

TEST_F(AsyncTest, ABrokenConnectionFailsAllThatShareIt) {
  std::atomic<int> left = 1;
  node.set_script([&](const wire::Message&) -> Verdict {
    return left-- > 0 ? Verdict{Verdict::Kind::Close} : Verdict{};
  });
  std::vector<Task<Expected<Written>>> writes;
  for (int i = 0; i < 3; ++i) writes.push_back(sharing.put(key_of(i), {{"a", 1}}));
  for (const auto& written : wait(gather(std::move(writes)))) {
    EXPECT_TRUE(written.error().is(Status::Connection));
    EXPECT_TRUE(written.error().in_doubt);
  }
}

TEST_F(AsyncTest, ARefusedCallLeavesTheConnectionToTheOthers) {
  std::atomic<int> requests = 0;
  node.set_script([&](const wire::Message&) -> Verdict {
    return requests++ == 0 ? Verdict{Verdict::Kind::Refuse, 210} : Verdict{};
  });
  std::vector<Task<Expected<Written>>> writes;
  for (int i = 0; i < 3; ++i) writes.push_back(sharing.put(key_of(i), {{"a", 1}}));
  const auto results = wait(gather(std::move(writes)));
  EXPECT_EQ(results[0].error().code, 210);
  EXPECT_TRUE(results[1].has_value());
  EXPECT_TRUE(results[2].has_value());
}

TEST_F(AsyncTest, TooManyWaitersAreRefused) {
  node.set_script([](const wire::Message&) { return Verdict{Verdict::Kind::Silence}; });
  AsyncClient one(client,
                  {.connections_per_node_max = 1, .calls_per_connection_max = 1, .waiting_max = 1});
  WritePolicy policy;
  policy.command.total_timeout = Milliseconds(200);
  std::vector<Task<Expected<Written>>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(one.put(key_of(i), {{"a", 1}}, policy));
  const auto results = wait_all(std::move(tasks));
  int refused = 0;
  for (const auto& result : results)
    refused += result.error().is(Status::NoMoreConnections) ? 1 : 0;
  EXPECT_EQ(refused, 1);
}

TEST_F(AsyncTest, ANodeThatIsGoneFailsItsCalls) {
  ASSERT_TRUE(wait(async.put(key_of(1), {{"a", 1}})).has_value());
  node.stop();
  const auto failed = wait(async.get(key_of(1)));
  ASSERT_FALSE(failed.has_value());
  EXPECT_LT(failed.error().code, 0);
}

TEST_F(AsyncTest, ClosingEndsWhatIsUnderWay) {
  node.set_script([](const wire::Message&) { return Verdict{Verdict::Kind::Silence}; });
  std::atomic<int> code = 1;
  {
    AsyncClient brief(client);
    WritePolicy policy;
    policy.command.total_timeout = Milliseconds(0);
    note_end(brief.put(key_of(1), {{"a", 1}}, policy), code);
  }
  EXPECT_EQ(code, static_cast<int>(Status::Aborted));
}

detail::Detached note_end(Task<AsyncScan> task, std::atomic<int>& code) {
  const AsyncScan result = co_await task;
  code = result.outcome ? 0 : result.outcome.error().code;
}

TEST_F(AsyncTest, ClosingEndsAScanAndThePauseBetweenItsRounds) {
  for (const auto kind : {Verdict::Kind::Silence, Verdict::Kind::Close}) {
    node.set_script([=](const wire::Message&) { return Verdict{kind}; });
    const int before = node.requests();
    std::atomic<int> code = 1;
    {
      AsyncClient brief(client);
      ScanPolicy policy;
      policy.command.max_retries = 1'000'000;
      policy.command.sleep_between_retries = Milliseconds(3'600'000);
      note_end(
          brief.scan({.ns = "test"}, ScanCursor(), [](Record&&) { return true; }, policy), code);
      while (node.requests() == before) std::this_thread::sleep_for(Milliseconds(1));
      std::this_thread::sleep_for(Milliseconds(20));
    }
    // In the pause: what the last round failed with.
    EXPECT_EQ(code, static_cast<int>(kind == Verdict::Kind::Silence ? Status::Aborted
                                                                    : Status::Connection));
  }
}

}  // namespace
}  // namespace flotilla::client
