#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "support/fake_node.h"
#include "tools/bench/workload.h"

namespace flotilla::tools::bench {
namespace {

using client::Value;

TEST(ObjectSpec, MakesABinForEachValue) {
  Random random(1);
  const auto specs = parse_object_spec(
      "b, I1, I8, B10, S5, D, true, 17, 1.5, \"x,y\", [3*I2,S4], {5*S1:I1}, 2*I4");
  ASSERT_TRUE(specs.has_value()) << specs.error();
  const auto bins = make_bins(*specs, "testbin", random);
  ASSERT_EQ(bins.size(), 14U);
  EXPECT_EQ(bins[0].name, "testbin");
  EXPECT_EQ(bins[13].name, "testbin_14");
  EXPECT_TRUE(bins[0].value.is<bool>());
  EXPECT_LT(*bins[1].value.get_if<std::int64_t>(), 256);
  EXPECT_EQ(bins[3].value.get_if<client::Blob>()->bytes.size(), 10U);
  EXPECT_EQ(bins[4].value.get_if<std::string>()->size(), 5U);
  EXPECT_TRUE(bins[5].value.is<double>());
  EXPECT_TRUE(bins[6].value == Value(true));
  EXPECT_TRUE(bins[7].value == Value(17));
  EXPECT_TRUE(bins[8].value == Value(1.5));
  EXPECT_TRUE(bins[9].value == Value("x,y"));
  EXPECT_EQ(bins[10].value.get_if<client::List>()->items.size(), 4U);
  EXPECT_LE(bins[11].value.get_if<client::Map>()->entries.size(), 5U);
  const std::int64_t four = *bins[12].value.get_if<std::int64_t>();
  EXPECT_GE(four, 1 << 24);
  EXPECT_LT(four, std::int64_t{1} << 32);
}

TEST(ObjectSpec, RefusesEverythingElse) {
  for (const char* text :
       {"", "I9", "I0", "B", "S", "Q4", "[I1", "{I1}", "I1,", "I1]", "999999999*I1", "\"x",
        "B99999999", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[I1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "[1000*[1000*I1]]"})
    EXPECT_FALSE(parse_object_spec(text).has_value()) << text;
}

TEST(ParseWorkload, KnowsEachForm) {
  EXPECT_EQ(parse_workload("I")->kind, Workload::Kind::Insert);
  EXPECT_EQ(parse_workload("DB")->kind, Workload::Kind::DeleteBins);
  const auto mixed = parse_workload("RU,75");
  EXPECT_EQ(mixed->action(74.9), Action::Read);
  EXPECT_EQ(mixed->action(75), Action::Write);
  EXPECT_TRUE(parse_workload("rr,10")->replaces);
  const auto deleting = parse_workload("RUD,60,30");
  EXPECT_EQ(deleting->action(89.9), Action::Write);
  EXPECT_EQ(deleting->action(90), Action::Delete);
  for (const char* text : {"", "X", "RU,101", "RU,x", "RUD,60", "RUD,60,50", "I,5", "RUF,1,2"})
    EXPECT_FALSE(parse_workload(text).has_value()) << text;
}

struct PlanTest : ::testing::Test {
  std::shared_ptr<flotilla::testing::FakeRecords> records =
      std::make_shared<flotilla::testing::FakeRecords>();
  flotilla::testing::FakeNode node{"A1", records};
  client::Client client = *client::Client::connect({{"127.0.0.1", node.port(), ""}});
  std::atomic<bool> stop = false;
  Tallies tallies;
  Plan plan;

  PlanTest() {
    plan.object = *parse_object_spec("I4,S10");
    plan.threads = 3;
    plan.keys = 100;
  }
};

TEST_F(PlanTest, AnInsertWritesEachKeyOnce) {
  plan.workload = *parse_workload("I");
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.write.done, 100U);
  EXPECT_EQ(records->records.size(), 100U);
  EXPECT_EQ(tallies.write.latency.count(), 100U);
}

TEST_F(PlanTest, DeletingTheBinsLeavesNoRecord) {
  plan.workload = *parse_workload("I");
  run_plan(client, plan, tallies, stop);
  plan.workload = *parse_workload("DB");
  run_plan(client, plan, tallies, stop);
  EXPECT_TRUE(records->records.empty());
}

TEST_F(PlanTest, AMixedLoadKeepsToItsRateAndEnds) {
  plan.workload = *parse_workload("RU,50");
  plan.operations_per_second = 200;
  plan.duration = std::chrono::seconds(1);
  run_plan(client, plan, tallies, stop);
  const std::uint64_t done = tallies.read.done + tallies.write.done;
  EXPECT_GT(done, 50U);
  EXPECT_LE(done, 210U);
  EXPECT_EQ(tallies.read.errors + tallies.write.errors, 0U);
  EXPECT_GT(tallies.read.missed, 0U);
}

TEST_F(PlanTest, WithOneCallAConnectionNobodyShares) {
  // Requests are held back until as many connections have brought one as there are workers.
  node.set_script([this](const wire::Message&) -> flotilla::testing::FakeNode::Verdict {
    while (node.data_connections() < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {};
  });
  plan.workload = *parse_workload("I");
  plan.calls_per_connection = 1;
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.write.done, 100U);
  EXPECT_EQ(node.data_connections(), 3);
}

TEST_F(PlanTest, FailuresAreCountedApart) {
  node.set_script([](const wire::Message&) -> flotilla::testing::FakeNode::Verdict {
    return {flotilla::testing::FakeNode::Verdict::Kind::Refuse, 22};
  });
  plan.workload = *parse_workload("I");
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.write.done, 0U);
  EXPECT_EQ(tallies.write.errors, 100U);
}

}  // namespace
}  // namespace flotilla::tools::bench
