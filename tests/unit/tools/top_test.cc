#include <gmock/gmock.h>

#include "tools/top/screen.h"

namespace flotilla::tools::top {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const Course::Time kStart{};

admin::NodeFacts node(const std::string& id, double reads = 0, double writes = 0) {
  admin::NodeFacts facts{.member = {.id = id, .name = id + ":3000", .address = "10.0.0.1:3000"},
                         .build = "8.1.2.0",
                         .cluster_name = "demo"};
  facts.statistics = {{"cluster_key", "K1"},
                      {"cluster_size", "2"},
                      {"cluster_integrity", "true"},
                      {"system_free_mem_pct", "50"},
                      {"uptime", "61"}};
  facts.network = {{"heartbeat.mode", "mesh"}, {"heartbeat.address", "any"}};
  facts.service = {{"proto-fd-max", "1000"}};
  facts.namespaces["test"] = {{"replication-factor", "2"},
                              {"effective_replication_factor", "2"},
                              {"client_read_success", std::to_string(reads)},
                              {"client_write_success", std::to_string(writes)},
                              {"objects", "1500"},
                              {"master_objects", "1000"},
                              {"data_used_bytes", "1048576"},
                              {"data_total_bytes", "1073741824"}};
  return facts;
}

/// Two nodes, and what they did in two seconds.
Course watched(double reads_of_a = 2000, double reads_of_b = 200) {
  Course course;
  course.add({node("A"), node("B")}, kStart);
  course.add({node("A", reads_of_a, 20), node("B", reads_of_b, 10)}, kStart + seconds(2));
  return course;
}

TEST(Course, CountsOperationsASecondBetweenTwoSamples) {
  const Course course = watched();
  ASSERT_THAT(course.nodes(), SizeIs(2));
  EXPECT_EQ(course.nodes()[0].rates.reads, 1000);
  EXPECT_EQ(course.nodes()[0].rates.writes, 10);
  EXPECT_EQ(course.total().reads, 1100);
  EXPECT_THAT(course.history(), ElementsAre(1115));
  EXPECT_EQ(course.cluster_name(), "demo");
  EXPECT_EQ(course.cluster_key(), "K1");
}

TEST(Course, HasNoRatesOfOneSample) {
  Course course;
  EXPECT_TRUE(course.is_empty());
  course.add({node("A", 100)}, kStart);
  EXPECT_FALSE(course.has_rates());
  EXPECT_THAT(draw(course, {}), HasSubstr("measuring"));
}

TEST(Course, TakesARestartedNodesCountersForNew) {
  Course course = watched();
  course.add({node("A", 10), node("B", 200)}, kStart + seconds(4));
  EXPECT_EQ(course.nodes()[0].rates.reads, 0);
}

TEST(Course, KeepsALostNodeInSightForAMinute) {
  Course course = watched();
  course.add({node("A", 3000)}, kStart + seconds(4));
  ASSERT_THAT(course.nodes(), SizeIs(2));
  EXPECT_EQ(course.nodes()[1].name, "B:3000");
  EXPECT_EQ(course.nodes()[1].state, NodeLine::State::Gone);
  course.add({node("A", 4000)}, kStart + seconds(70));
  EXPECT_THAT(course.nodes(), SizeIs(1));
}

TEST(Course, SaysWhoIsAloneWhoIsSilentAndWhoMigrates) {
  admin::NodeFacts alone = node("A");
  alone.statistics["cluster_size"] = "1";
  admin::NodeFacts silent = node("B");
  silent.answers = false;
  admin::NodeFacts busy = node("C");
  busy.namespaces["test"]["migrate_tx_partitions_remaining"] = "12";
  Course course;
  course.add({alone, silent, busy}, kStart);
  EXPECT_EQ(course.nodes()[0].state, NodeLine::State::Alone);
  EXPECT_EQ(course.nodes()[1].state, NodeLine::State::Silent);
  EXPECT_EQ(course.nodes()[2].state, NodeLine::State::Migrates);
  EXPECT_EQ(course.nodes()[2].migrations, 12);
}

TEST(Course, ReadsTheLimitThatNinetyNineOfAHundredKeep) {
  admin::NodeFacts fast = node("A");
  fast.latencies = "batch-index:;{test}-read:msec,100.0,3.00,0.50,0.00;{test}-write:";
  Course course;
  course.add({fast}, kStart);
  EXPECT_EQ(course.nodes()[0].read_p99.limit, 2);
  EXPECT_EQ(course.nodes()[0].read_p99.unit, "ms");
  EXPECT_EQ(course.nodes()[0].write_p99.limit, 0);
  fast.latencies = "{test}-read:msec,100.0,50.00,40.00,30.00";
  course.add({fast}, kStart + seconds(1));
  EXPECT_TRUE(course.nodes()[0].read_p99.is_open);
  EXPECT_EQ(course.nodes()[0].read_p99.limit, 4);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(Screen, ShowsClusterNodesAndNamespaces) {
  const std::string shown = draw(watched(), {.width = 132, .clock = "12:00:00"});
  EXPECT_THAT(shown, AllOf(HasSubstr("demo   2 nodes   key K1"), HasSubstr("12:00:00"),
                           HasSubstr("1.10k reads/s"), HasSubstr(" A:3000"), HasSubstr("1.00k"),
                           HasSubstr("00:01:01"), HasSubstr("2.00M/2.00G"), HasSubstr("serves")));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
}

TEST(Screen, KeepsToTheWindow) {
  for (const std::size_t width : {1U, 20U, 40U, 80U, 200U})
    for (const std::size_t height : {12U, 24U}) {
      const auto lines = lines_of(draw(watched(), {.width = width, .height = height}));
      EXPECT_LE(lines.size(), height) << width;
      for (const std::string& line : lines) EXPECT_LE(line.size(), width);
    }
}

TEST(Screen, SaysHowManyNodesAreBelow) {
  Course course;
  std::vector<admin::NodeFacts> many;
  for (int i = 10; i < 40; ++i) {
    many.push_back(node("N" + std::to_string(i)));
    many.back().statistics["cluster_size"] = "30";
  }
  course.add(many, kStart);
  View view{.width = 80, .height = 15, .shows_namespaces = false};
  EXPECT_THAT(draw(course, view), AllOf(HasSubstr("N10:3000"), HasSubstr("more below")));
  EXPECT_LE(lines_of(draw(course, view)).size(), view.height);
  for (int i = 0; i < 25; ++i) press(view, "down");
  EXPECT_THAT(draw(course, view), AllOf(HasSubstr("N39:3000"), Not(HasSubstr("N10:3000")),
                                        Not(HasSubstr("more below"))));
}

TEST(Screen, SortsByTheColumnThatWasChosen) {
  const Course course = watched(200, 2000);
  View view;
  EXPECT_LT(draw(course, view).find("A:3000"), draw(course, view).find("B:3000"));
  press(view, "s");
  press(view, "s");
  EXPECT_GT(draw(course, view).find("A:3000"), draw(course, view).find("B:3000"));
  press(view, "r");
  EXPECT_LT(draw(course, view).find("A:3000"), draw(course, view).find("B:3000"));
}

TEST(Screen, PaintsOnlyWhereColoursAreWanted) {
  EXPECT_THAT(draw(watched(), {.colours = true}), HasSubstr("\x1b[32mserves"));
}

TEST(Keys, ChangeTheViewOrEndTheProgram) {
  View view;
  EXPECT_EQ(press(view, "q"), Wish::Quit);
  EXPECT_EQ(press(view, "x"), Wish::None);
  EXPECT_EQ(press(view, "p"), Wish::Redraw);
  EXPECT_TRUE(view.is_paused);
  press(view, "+");
  EXPECT_EQ(view.interval_seconds, 5);
  for (int i = 0; i < 9; ++i) press(view, "-");
  EXPECT_EQ(view.interval_seconds, 0.5);
  press(view, "up");
  EXPECT_EQ(view.first_node, 0U);
}

TEST(ShortNumber, TakesAtMostFiveColumns) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(3.21), "3.2");
  EXPECT_EQ(short_number(950), "950");
  EXPECT_EQ(short_number(999.7), "1.00k");
  EXPECT_EQ(short_number(12345), "12.3k");
  EXPECT_EQ(short_number(999999), "1.00M");
  EXPECT_EQ(short_bytes(1536), "1.50k");
}

}  // namespace
}  // namespace flotilla::tools::top
