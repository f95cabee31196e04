#include "tools/admin/health.h"

#include <gmock/gmock.h>

namespace flotilla::tools::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

NodeFacts node(const std::string& id, std::size_t cluster_size) {
  NodeFacts facts{.member = {.id = id, .name = id + ":3000", .address = "10.0.0.1:3000"},
                  .build = "8.1.2.0",
                  .cluster_name = "c"};
  facts.statistics = {{"cluster_key", "K"},
                      {"cluster_size", std::to_string(cluster_size)},
                      {"cluster_integrity", "true"},
                      {"system_free_mem_pct", "50"}};
  facts.network = {{"heartbeat.mode", "mesh"},
                   {"heartbeat.protocol", "v3"},
                   {"heartbeat.address", "any"},
                   {"heartbeat.port", "3002"}};
  facts.service = {{"proto-fd-max", "1000"}};
  facts.namespaces["test"] = {{"replication-factor", "2"}, {"effective_replication_factor", "2"}};
  return facts;
}

TEST(Diagnose, FindsNothingWhereNothingIsWrong) {
  EXPECT_THAT(diagnose({node("A", 2), node("B", 2)}), IsEmpty());
}

/// The only finding.
Finding only(const std::vector<NodeFacts>& nodes) {
  const auto found = diagnose(nodes);
  EXPECT_THAT(found, SizeIs(1));
  return found.empty() ? Finding{} : found.front();
}

TEST(Diagnose, SaysWhyANodeIsNotInTheCluster) {
  NodeFacts outside = node("C", 1);
  outside.is_outsider = true;
  const auto with_outside = [&] { return only({node("A", 2), node("B", 2), outside}); };
  EXPECT_THAT(with_outside().problem, HasSubstr("no heartbeat connection"));
  EXPECT_THAT(with_outside().advice, HasSubstr("mesh-seed-address-port"));
  outside.statistics["heartbeat_connections"] = "1";
  EXPECT_THAT(with_outside().problem, HasSubstr("although it hears heartbeats"));
  outside.network["heartbeat.address"] = "127.0.0.1";
  EXPECT_THAT(with_outside().problem, HasSubstr("on loopback only"));
  outside.network["heartbeat.mode"] = "multicast";
  EXPECT_THAT(with_outside().problem, HasSubstr("its heartbeat is multicast v3, not mesh v3"));
  outside.cluster_name = "d";
  EXPECT_THAT(with_outside().problem, HasSubstr("its cluster-name is 'd', not 'c'"));
}

TEST(Diagnose, NamesSilentNodesAndPeersOutOfReach) {
  NodeFacts silent = node("B", 2);
  silent.answers = false;
  EXPECT_EQ(only({node("A", 1), silent}).problem, "The node does not answer.");
  NodeFacts teller = node("A", 1);
  teller.peers = {"Z"};
  EXPECT_EQ(only({teller}).subject, "Z");
}

TEST(Diagnose, SeesASplitCluster) {
  NodeFacts other = node("B", 1);
  other.statistics["cluster_key"] = "L";
  const auto found = diagnose({node("A", 2), other});
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].problem, "The node sees a cluster of 1, but 2 nodes are known.");
  EXPECT_EQ(found[1].problem, "The nodes are in 2 clusters.");
}

TEST(Diagnose, NamesTheThresholdThatStopsWrites) {
  NodeFacts full = node("A", 1);
  full.namespaces["test"]["stop_writes"] = "true";
  full.namespaces["test"]["data_used_pct"] = "71";
  full.namespaces["test"]["storage-engine.stop-writes-used-pct"] = "70";
  EXPECT_EQ(only({full}).problem,
            "Writes are refused: data_used_pct is 71, storage-engine.stop-writes-used-pct is 70.");
}

TEST(Diagnose, PutsTheWorstFirst) {
  NodeFacts bad = node("A", 1);
  bad.statistics["failed_best_practices"] = "true";
  bad.statistics["system_free_mem_pct"] = "5";
  bad.namespaces["test"]["dead_partitions"] = "7";
  const auto found = diagnose({bad});
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].severity, Finding::Severity::Critical);
  EXPECT_EQ(found[1].severity, Finding::Severity::Warning);
  EXPECT_EQ(found[2].severity, Finding::Severity::Note);
}

TEST(Diagnose, ComparesSettingsAndVersions) {
  NodeFacts other = node("B", 2);
  other.namespaces["test"]["default-ttl"] = "10";
  EXPECT_THAT(only({node("A", 2), other}).problem, HasSubstr("default-ttl differs"));
  other = node("B", 2);
  other.build = "8.2";
  EXPECT_EQ(only({node("A", 2), other}).problem,
            "The nodes have different versions: 8.1.2.0 (1), 8.2 (1).");
  other = node("B", 2);
  other.namespaces.clear();
  EXPECT_EQ(only({node("A", 2), other}).problem, "Only 1 of 2 nodes have this namespace.");
}

}  // namespace
}  // namespace flotilla::tools::admin
