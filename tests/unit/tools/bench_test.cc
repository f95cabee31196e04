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

TEST(ObjectSpec, BytesCompressToTheirShare) {
  Random random(1);
  const auto specs = parse_object_spec("B1000,[B10]", 0.25);
  const auto bins = make_bins(*specs, "b", random);
  const Buffer& bytes = bins[0].value.get_if<client::Blob>()->bytes;
  ASSERT_EQ(bytes.size(), 1000U);
  EXPECT_TRUE(std::ranges::all_of(bytes.begin() + 250, bytes.end(),
                                  [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_LT(std::ranges::count(bytes.begin(), bytes.begin() + 250, std::byte{0}), 20);
}

TEST(BinNumbers, AreAListOfDifferentOnes) {
  EXPECT_EQ(*parse_bin_numbers("3,1"), (BinNumbers{1, 3}));
  for (const char* text : {"", "0", "1,,2", "1,1", "a", "-1"})
    EXPECT_FALSE(parse_bin_numbers(text).has_value()) << text;
}

TEST(Objects, AreTheSameForTheSameSeed) {
  const auto objects = [](std::uint64_t seed, bool varied) {
    return Objects(
        {.values = *parse_object_spec("I8,S20"), .bin = "b", .seed = seed, .varied = varied});
  };
  EXPECT_EQ(objects(1, false).make(1, 0, {}), objects(1, false).make(2, 5, {}));
  EXPECT_NE(objects(1, false).make(1, 0, {}), objects(2, false).make(1, 0, {}));
  EXPECT_EQ(objects(1, true).make(7, 3, {}), objects(1, true).make(7, 3, {}));
  EXPECT_NE(objects(1, true).make(7, 3, {}), objects(1, true).make(7, 4, {}));
  EXPECT_NE(objects(1, true).make(7, 3, {}), objects(1, true).make(8, 3, {}));
  const auto second = objects(1, true).make(7, 3, {2});
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0], objects(1, true).make(7, 3, {})[1]);
}

TEST(Objects, MatchWhatAnyOfTheirWritesLeft) {
  const Objects objects(
      {.values = *parse_object_spec("I8,S20"), .bin = "b", .seed = 1, .varied = true});
  auto found = objects.make(7, 3, {});
  EXPECT_TRUE(objects.matches(7, found, {}));
  EXPECT_FALSE(objects.matches(8, found, {}));
  EXPECT_FALSE(objects.matches(7, found, {1}));
  found[1] = objects.make(7, 5, {})[1];  // An update of this bin alone.
  EXPECT_TRUE(objects.matches(7, found, {}));
  found[1].value = Value("else");
  EXPECT_FALSE(objects.matches(7, found, {}));
  found.pop_back();
  EXPECT_FALSE(objects.matches(7, found, {}));
}

TEST(Objects, MatchMapsInAnyOrder) {
  const Objects objects({.values = *parse_object_spec("[{4*I4:[{3*S5:D}]}]"), .bin = "b"});
  auto found = objects.make(1, 0, {});
  auto& map = *found[0].value.get_if<client::List>()->items[0].get_if<client::Map>();
  std::ranges::reverse(map.entries);
  auto& inner = *map.entries[0].second.get_if<client::List>()->items[0].get_if<client::Map>();
  std::ranges::reverse(inner.entries);
  EXPECT_TRUE(objects.matches(1, found, {}));
  std::swap(map.entries[0].second, map.entries[1].second);
  EXPECT_FALSE(objects.matches(1, found, {}));
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
  EXPECT_EQ(parse_workload("V")->kind, Workload::Kind::Verify);
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

TEST_F(PlanTest, BatchesTakeEachKeyOnceToo) {
  plan.workload = *parse_workload("I");
  plan.batch_write_size = 7;
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(records->records.size(), 100U);
  EXPECT_EQ(tallies.write.done, 15U);  // The last with two keys.
  plan.workload = *parse_workload("V");
  plan.batch_read_size = 9;
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.verdicts.same, 100U);
  plan.workload = *parse_workload("DB");
  plan.batch_delete_size = 100;
  run_plan(client, plan, tallies, stop);
  EXPECT_TRUE(records->records.empty());
}

TEST_F(PlanTest, BatchesOfAMixedLoadReadWriteAndDelete) {
  plan.workload = *parse_workload("RUD,40,30");
  plan.batch_read_size = plan.batch_write_size = plan.batch_delete_size = 3;
  plan.operations_per_second = 200;
  plan.duration = std::chrono::seconds(1);
  run_plan(client, plan, tallies, stop);
  for (const ActionName& action : kActionNames) {
    EXPECT_GT((tallies.*action.tally).done, 0U) << action.name;
    EXPECT_EQ((tallies.*action.tally).errors, 0U) << action.name;
  }
}

TEST_F(PlanTest, ABatchFailsWithTheFirstOfItsKeys) {
  plan.ns = "nowhere";
  plan.workload = *parse_workload("I");
  plan.batch_write_size = 50;
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.write.done, 0U);
  EXPECT_EQ(tallies.write.errors, 2U);
}

TEST_F(PlanTest, OnlyTheChosenBinsAreWrittenAndRead) {
  plan.object = *parse_object_spec("I1,S2,B3");
  plan.write_bins = {1, 3};
  plan.workload = *parse_workload("I");
  run_plan(client, plan, tallies, stop);
  const auto names = [this] {
    std::vector<std::string> found;
    for (const auto& bin : records->records.begin()->second.bins) found.push_back(bin.name);
    return found;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"testbin", "testbin_3"}));
  plan.workload = *parse_workload("V");
  plan.read_bins = {3};
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.verdicts.same, 100U);
  plan.workload = *parse_workload("DB");
  plan.write_bins = {1};
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(names(), (std::vector<std::string>{"testbin_3"}));
}

TEST_F(PlanTest, VerifyingTellsWhatIsNotAsItWasWritten) {
  plan.random_objects = true;
  plan.workload = *parse_workload("I");
  run_plan(client, plan, tallies, stop);
  plan.workload = *parse_workload("RU,50");
  plan.duration = std::chrono::seconds(1);
  run_plan(client, plan, tallies, stop);
  plan.workload = *parse_workload("V");
  run_plan(client, plan, tallies, stop);
  EXPECT_EQ(tallies.verdicts.same, 100U);

  records->records.erase(records->records.begin());
  records->records.begin()->second.bins[1].value.back() ^= std::byte{1};
  records->records.rbegin()->second.bins.pop_back();
  Tallies after;
  run_plan(client, plan, after, stop);
  EXPECT_EQ(after.verdicts.same, 97U);
  EXPECT_EQ(after.verdicts.missing, 1U);
  EXPECT_EQ(after.verdicts.different, 2U);
  EXPECT_EQ(after.verdicts.examples().size(), 3U);
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
