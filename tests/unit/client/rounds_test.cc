#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "client/async.h"
#include "support/fake_node.h"

/// Batches and scans, which ask several nodes in rounds: the blocking calls and the coroutines
/// alike.
namespace flotilla::client {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using Verdict = FakeNode::Verdict;

Key key_of(int number) { return *Key::make("test", "foo", number); }

enum class Way : std::uint8_t { Blocking, Coroutine };

/// Even partitions belong to A1, odd ones to B2, each the other's replica.
struct Rounds : ::testing::TestWithParam<Way> {
  std::shared_ptr<FakeRecords> records = std::make_shared<FakeRecords>();
  FakeNode a{"A1", records};
  FakeNode b{"B2", records};
  std::optional<Client> client;
  std::optional<AsyncClient> async;

  Rounds() {
    std::string even(wire::kPartitions, '0');
    std::string odd = even;
    for (std::size_t p = 0; p < wire::kPartitions; ++p) (p % 2 == 0 ? even : odd)[p] = '1';
    a.own("test", {even, odd});
    b.own("test", {odd, even});
    a.set_info("peers-clear-std", "1,3000,[[B2,,[" + b.address() + "]]]");
    b.set_info("peers-clear-std", "1,3000,[[A1,,[" + a.address() + "]]]");
    client.emplace(
        *Client::connect({{"127.0.0.1", a.port(), ""}}, {.tend_interval = Milliseconds(10'000)}));
    async.emplace(*client);
  }

  Expected<void> batch(std::vector<BatchRow>& rows, const BatchPolicy& policy = {}) {
    if (GetParam() == Way::Blocking) return client->batch(rows, policy);
    AsyncBatch done = wait(async->batch(std::move(rows), policy));
    rows = std::move(done.rows);
    return done.outcome;
  }
  Expected<void> scan(const ScanSpec& spec, ScanCursor& cursor, const Client::OnRecord& on_record,
                      const ScanPolicy& policy = {}) {
    if (GetParam() == Way::Blocking) return client->scan(spec, cursor, on_record, policy);
    AsyncScan done = wait(async->scan(spec, std::move(cursor), on_record, policy));
    cursor = std::move(done.cursor);
    return done.outcome;
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(client->put(key_of(i), std::vector<Bin>{{"n", i}}).has_value());
  }
  static std::vector<BatchRow> writes(int count) {
    std::vector<BatchRow> rows(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      BatchRow& row = rows[static_cast<std::size_t>(i)];
      row.key = key_of(i);
      row.kind = BatchRow::Kind::Operate;
      row.operations = {op::write("n", i)};
    }
    return rows;
  }
  static std::vector<BatchRow> reads(int count) {
    std::vector<BatchRow> rows(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)].key = key_of(i);
    return rows;
  }
  static bool all_answered(const std::vector<BatchRow>& rows) {
    return std::ranges::all_of(rows, [](const BatchRow& row) { return row.result.has_value(); });
  }
  std::multiset<std::int64_t> seen_by_scan(ScanCursor& cursor, const ScanPolicy& policy = {}) {
    std::multiset<std::int64_t> seen;
    const auto scanned = scan(
        {.ns = "test", .set = "foo"}, cursor,
        [&](Record&& record) {
          seen.insert(*record.find("n")->get_if<std::int64_t>());
          return true;
        },
        policy);
    EXPECT_TRUE(scanned.has_value());
    return seen;
  }
  static std::multiset<std::int64_t> numbers(int count) {
    std::multiset<std::int64_t> all;
    for (int i = 0; i < count; ++i) all.insert(i);
    return all;
  }
};

TEST_P(Rounds, ABatchWritesAndReadsOnBothNodes) {
  std::vector<BatchRow> rows = writes(40);
  ASSERT_TRUE(batch(rows).has_value());
  EXPECT_TRUE(all_answered(rows));
  EXPECT_EQ(a.requests(), 1);
  EXPECT_EQ(b.requests(), 1);
  rows = reads(41);
  ASSERT_TRUE(batch(rows).has_value());
  EXPECT_TRUE(rows[40].result.error().is(Code::NotFound));
  for (int i = 0; i < 40; ++i)
    EXPECT_TRUE(*rows[static_cast<std::size_t>(i)].result->find("n") == Value(i));
}

TEST_P(Rounds, BothNodesWorkOnABatchAtTheSameTime) {
  fill(40);
  std::atomic<int> arrived = 0;
  const auto meet = [&](const wire::Message&) -> Verdict {
    ++arrived;
    for (int i = 0; i < 500 && arrived < 2; ++i) std::this_thread::sleep_for(Milliseconds(10));
    return arrived < 2 ? Verdict{Verdict::Kind::Refuse, 22} : Verdict{};
  };
  a.set_script(meet);
  b.set_script(meet);
  BatchPolicy policy;
  policy.command.total_timeout = Milliseconds(20'000);
  std::vector<BatchRow> rows = reads(40);
  EXPECT_TRUE(batch(rows, policy).has_value());
  EXPECT_TRUE(all_answered(rows));
}

TEST_P(Rounds, ReadsOfABatchMoveOnToTheReplica) {
  fill(40);
  b.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Close}; });
  std::vector<BatchRow> rows = reads(40);
  ASSERT_TRUE(batch(rows).has_value());
  EXPECT_TRUE(all_answered(rows));
}

TEST_P(Rounds, WritesOfABatchThatMayHaveBeenAppliedAreNotRepeated) {
  b.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Close}; });
  std::vector<BatchRow> rows = writes(40);
  const auto failed = batch(rows);
  ASSERT_FALSE(failed.has_value());
  EXPECT_TRUE(failed.error().is(Status::Connection));
  EXPECT_TRUE(failed.error().in_doubt);
  EXPECT_EQ(b.requests(), 1);
  for (const BatchRow& row : rows) {
    const bool of_a = row.key.partition().raw() % 2 == 0;
    EXPECT_EQ(row.result.has_value(), of_a);
    EXPECT_TRUE(of_a || row.result.error().is(Status::NoResponse));
  }
}

TEST_P(Rounds, WritesOfABatchThatWereNeverSentGoToTheReplica) {
  b.stop();
  std::vector<BatchRow> rows = writes(40);
  ASSERT_TRUE(batch(rows).has_value());
  EXPECT_TRUE(all_answered(rows));
}

TEST_P(Rounds, ABatchThatANodeRefusesIsNotInDoubt) {
  b.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Refuse, 151}; });
  std::vector<BatchRow> rows = writes(40);
  const auto failed = batch(rows);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, 151);
  EXPECT_FALSE(failed.error().in_doubt);
  EXPECT_EQ(b.requests(), 1);
}

TEST_P(Rounds, ABatchEndsAtItsTimeout) {
  b.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Silence}; });
  BatchPolicy policy;
  policy.command.total_timeout = Milliseconds(100);
  std::vector<BatchRow> rows = reads(40);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(batch(rows, policy).error().is(Code::Timeout));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST_P(Rounds, ABatchThatCannotBeSentIsNot) {
  std::vector<BatchRow> rows = reads(2);
  rows[1].bin_names = {"a-name-that-is-too-long"};
  EXPECT_TRUE(batch(rows).error().is(Status::Parameter));
}

TEST_P(Rounds, AScanCoversBothNodesAndGoesOnPageByPage) {
  fill(300);
  ScanCursor whole;
  EXPECT_EQ(seen_by_scan(whole), numbers(300));
  EXPECT_TRUE(whole.is_done());
  ScanCursor pages;
  std::multiset<std::int64_t> seen;
  for (int calls = 0; !pages.is_done(); ++calls) {
    ASSERT_LT(calls, 200);
    auto page = seen_by_scan(pages, {.max_records = 7});
    EXPECT_LE(page.size(), 7U);
    seen.merge(page);
  }
  EXPECT_EQ(seen, numbers(300));
}

TEST_P(Rounds, AScanThatIsStoppedGoesOnBehindItsLastRecord) {
  fill(100);
  ScanCursor cursor;
  std::multiset<std::int64_t> seen;
  const auto stopped = scan({.ns = "test"}, cursor, [&](Record&& record) {
    seen.insert(*record.find("n")->get_if<std::int64_t>());
    return seen.size() < 10;
  });
  EXPECT_TRUE(stopped.has_value());
  EXPECT_EQ(seen.size(), 10U);
  seen.merge(seen_by_scan(cursor));
  EXPECT_EQ(seen, numbers(100));
}

TEST_P(Rounds, AScanSurvivesABrokenConnection) {
  fill(50);
  std::atomic<int> left = 1;
  a.set_script([&](const wire::Message&) -> Verdict {
    return left-- > 0 ? Verdict{Verdict::Kind::Close} : Verdict{};
  });
  ScanCursor cursor;
  EXPECT_EQ(seen_by_scan(cursor), numbers(50));
}

TEST_P(Rounds, AScanThatFailsKeepsWhatItHasCome) {
  fill(50);
  b.set_script([](const wire::Message&) -> Verdict { return {Verdict::Kind::Refuse, 22}; });
  ScanCursor cursor;
  std::multiset<std::int64_t> seen;
  const auto failed = scan({.ns = "test"}, cursor, [&](Record&& record) {
    seen.insert(*record.find("n")->get_if<std::int64_t>());
    return true;
  });
  ASSERT_FALSE(failed.has_value());
  EXPECT_TRUE(failed.error().is(Code::Forbidden));
  b.set_script({});
  seen.merge(seen_by_scan(cursor));
  EXPECT_EQ(seen, numbers(50));
}

TEST_P(Rounds, AScanOfANamespaceThatIsNoneFails) {
  ScanCursor cursor;
  const auto failed = scan({.ns = "nope"}, cursor, [](Record&&) { return true; });
  EXPECT_TRUE(failed.error().is(Code::Namespace));
}

INSTANTIATE_TEST_SUITE_P(Each, Rounds, ::testing::Values(Way::Blocking, Way::Coroutine),
                         [](const auto& way) {
                           return way.param == Way::Blocking ? "Blocking" : "Coroutine";
                         });

}  // namespace
}  // namespace flotilla::client
