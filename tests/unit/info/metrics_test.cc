#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <regex>
#include <set>

#include "base/parse.h"
#include "fake_node.h"
#include "info/http.h"

namespace flotilla::info {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOwn = R"(cluster_name="test",service="127.0.0.1:3000")";

TEST(Metrics, AreNamedAsTheVendorsExporterNamesThem) {
  FakeNode node;
  node.node.uptime = 77;
  node.node.counters[static_cast<std::size_t>(exec::NodeCounter::client_connections_opened)] = 5;
  NamespaceStatistics ns;
  ns.master_objects = 42;
  ns.stop_writes = true;
  ns.counters[static_cast<std::size_t>(exec::NamespaceCounter::client_read_success)] = 9;
  ns.storage_units = {{.name = "file[0]", .used_bytes = 3}};
  node.namespaces["test"] = ns;
  node.sets["test"] = {{.name = "a\"b", .objects = 4}};
  const std::string text = metrics(node);
  const std::string ns_labels =
      std::string(kOwn) +
      R"(,ns="test",storage_engine="memory",index_type="mem",sindex_type="mem")";
  EXPECT_THAT(text, HasSubstr(fmt::format(
                        "aerospike_node_up{{{},build=\"8.1.2.0\",node_id=\"A1\"}} 1\n", kOwn)));
  EXPECT_THAT(
      text, HasSubstr(fmt::format(
                "# TYPE aerospike_node_stats_uptime gauge\naerospike_node_stats_uptime{{{}}} 77\n",
                kOwn)));
  EXPECT_THAT(text, HasSubstr("# TYPE aerospike_node_stats_client_connections_opened counter\n"));
  EXPECT_THAT(text, HasSubstr(fmt::format("aerospike_node_stats_proto_fd_max{{{}}} 4096\n", kOwn)));
  EXPECT_THAT(text,
              HasSubstr(fmt::format("aerospike_namespace_master_objects{{{}}} 42\n", ns_labels)));
  EXPECT_THAT(text, HasSubstr(fmt::format("aerospike_namespace_stop_writes{{{}}} 1\n", ns_labels)));
  EXPECT_THAT(
      text, HasSubstr(fmt::format("aerospike_namespace_client_read_success{{{}}} 9\n", ns_labels)));
  EXPECT_THAT(
      text, HasSubstr(fmt::format(
                "aerospike_namespace_storage_engine_stop_writes_used_pct{{{}}} 70\n", ns_labels)));
  EXPECT_THAT(
      text,
      HasSubstr(fmt::format(
          "aerospike_namespace_storage_engine_file_used_bytes{{{},file=\"storage-engine.file[0]\","
          "file_index=\"0\"}} 3\n",
          ns_labels)));
  EXPECT_THAT(text, HasSubstr(fmt::format(
                        "aerospike_sets_objects{{{},ns=\"test\",set=\"a\\\"b\"}} 4\n", kOwn)));
  // A set that nobody configured has the parameters' initial values.
  EXPECT_THAT(text,
              HasSubstr(fmt::format(
                  "aerospike_sets_stop_writes_count{{{},ns=\"test\",set=\"a\\\"b\"}} 0\n", kOwn)));
  EXPECT_THAT(text, Not(HasSubstr("cluster_key")));  // Hexadecimal digits are no number.
  EXPECT_THAT(text, HasSubstr("flotilla_serving"));
}

/// Every family that the dashboard's queries name, without the endings of histograms.
std::set<std::string> families_of_dashboard() {
  std::ifstream file(std::string(FLOTILLA_SOURCE_DIR) + "/deploy/grafana/flotilla.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::regex name(R"((aerospike|flotilla)_[a-z0-9_]+(?=\{))");
  std::set<std::string> families;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    std::string family = at->str();
    if (family.ends_with("_bucket")) family.resize(family.size() - std::strlen("_bucket"));
    families.insert(std::move(family));
  }
  return families;
}

TEST(Metrics, HaveWhatTheDashboardAsksFor) {
  FakeNode node;
  Histogram histogram;
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{});
  histogram.record(std::chrono::milliseconds(3));
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{std::chrono::seconds(10)});
  const std::string text = metrics(node);
  const auto families = families_of_dashboard();
  EXPECT_GT(families.size(), 20U);
  for (const std::string& family : families) EXPECT_THAT(text, HasSubstr("# TYPE " + family + ' '));
}

TEST(Metrics, TextIsWellFormed) {
  FakeNode node;
  Histogram histogram;
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{});
  for (int i = 0; i < 10; ++i) histogram.record(std::chrono::milliseconds(3));
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{std::chrono::seconds(10)});
  const std::regex sample(R"([a-z_:][a-z0-9_:]*\{([a-z_]+="([^"\\]|\\.)*",?)*\} [-+0-9.eInf]+)");
  std::set<std::string> families;
  std::string current;
  const std::string text = metrics(node);
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with("# HELP")) continue;
    if (line.starts_with("# TYPE ")) {
      current = split(line, ' ')[2];
      EXPECT_TRUE(families.insert(current).second) << current << " stands in two places";
      continue;
    }
    EXPECT_TRUE(line.starts_with(current)) << line;
    EXPECT_TRUE(std::regex_match(std::string(line), sample)) << line;
  }
  EXPECT_GT(families.size(), 400U);
}

TEST(Metrics, LatenciesAreRatesAndHistograms) {
  FakeNode node;
  Histogram histogram;
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{});
  for (int i = 0; i < 10; ++i) histogram.record(std::chrono::microseconds(100));
  for (int i = 0; i < 10; ++i) histogram.record(std::chrono::milliseconds(3));
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{std::chrono::seconds(10)});
  const std::string text = metrics(node);
  const auto line = [&](std::string_view name, std::string_view labels, std::string_view value) {
    return fmt::format("{}{{{},ns=\"test\"{}}} {}\n", name, kOwn, labels, value);
  };
  EXPECT_THAT(text, HasSubstr(line("aerospike_latencies_read_ms_bucket", ",le=\"1\"", "1.00")));
  EXPECT_THAT(text, HasSubstr(line("aerospike_latencies_read_ms_bucket", ",le=\"4\"", "2.00")));
  EXPECT_THAT(text, HasSubstr(line("aerospike_latencies_read_ms_count", "", "2.00")));
  EXPECT_THAT(text, HasSubstr(line("aerospike_op_duration_seconds_bucket",
                                   ",op=\"read\",le=\"0.000128\"", "10")));
  EXPECT_THAT(text, HasSubstr(line("aerospike_op_duration_seconds_bucket",
                                   ",op=\"read\",le=\"+Inf\"", "20")));
  EXPECT_THAT(text, HasSubstr(line("aerospike_op_duration_seconds_count", ",op=\"read\"", "20")));
}

TEST(Metrics, ManySetsAreSummedUp) {
  FakeNode node;
  for (std::uint64_t i = 0; i < 300; ++i)
    node.sets["test"].push_back({.name = "s" + std::to_string(i), .objects = i});
  const std::string text = metrics(node);
  EXPECT_THAT(text, HasSubstr("set=\"s299\"} 299"));
  EXPECT_THAT(text, HasSubstr("set=\"other\"} 4950"));
  EXPECT_THAT(text, Not(HasSubstr("set=\"s99\"")));
}

TEST(Http, AnswersHealthByPath) {
  FakeNode node;
  EXPECT_EQ(http_answer(node, "/livez").status, 200);
  EXPECT_EQ(http_answer(node, "/readyz").body, "ok\n");
  EXPECT_EQ(http_answer(node, "/metrics?x=1").content_type,
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(http_answer(node, "/nope").status, 404);
  EXPECT_EQ(http_answer_at_start("", "/livez").status, 200);
  EXPECT_EQ(http_answer_at_start("", "/readyz").body, "starting\n");
  EXPECT_EQ(http_answer_at_start("{test} 40 %", "/readyz?verbose").body, "starting: {test} 40 %\n");
  EXPECT_EQ(http_answer_at_start("", "/metrics").status, 503);
  node.is_serving = false;
  EXPECT_EQ(http_answer(node, "/livez").status, 200);
  EXPECT_EQ(http_answer(node, "/readyz").status, 503);
}

}  // namespace
}  // namespace flotilla::info
