#include "info/info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parse.h"
#include "fake_node.h"

namespace flotilla::info {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Framing, RepeatsEachCommandWithItsAnswer) {
  FakeNode node;
  EXPECT_EQ(node.exchange("build\nnode\n"), "build\t8.1.2.0\nnode\tA1\n");
  EXPECT_EQ(node.exchange("build"), "");
  EXPECT_EQ(node.exchange("build\nnode"), "build\t8.1.2.0\n");
  EXPECT_EQ(node.exchange("\n"), "\tERROR:4:unrecognized command\n");
  EXPECT_EQ(node.exchange("build\r\n"), "build\r\tERROR:4:unrecognized command\n");
  EXPECT_THAT(node.exchange(""), HasSubstr("\npartition-generation\t0\n"));
}

TEST(Framing, RepliesAreBounded) {
  FakeNode node;
  node.replica_map.columns.resize(2);
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "replicas\n";
  const std::string reply = node.exchange(body);
  EXPECT_LT(reply.size(), kReplyMost + (1 << 20));
}

TEST(Identity, ComesFromConfigurationAndConnection) {
  FakeNode node;
  EXPECT_EQ(node.ask("cluster-name"), "test");
  ASSERT_TRUE(node.config().set(&node.config().service, "cluster-name", "other"));
  EXPECT_EQ(node.ask("cluster-name"), "other");
  EXPECT_EQ(node.ask("connection"), "admin=false");
  node.connection.admin = true;
  EXPECT_EQ(node.ask("connection"), "admin=true");
  EXPECT_EQ(node.ask("flotilla-version"), "0.1.0");
  EXPECT_THAT(node.ask("edition"), testing::Not(HasSubstr("Enterprise")));
  EXPECT_THAT(split(node.ask("features"), ';'), testing::Contains("pscans"));
  EXPECT_EQ(node.ask("status"), "ok");
  node.is_serving = false;
  EXPECT_THAT(node.ask("status"), StartsWith("ERROR:11:"));
}

TEST(Help, NamesEveryCommandAndEachExplainsItself) {
  FakeNode node;
  const std::string help = node.ask("help");
  const auto names = split(help, ';');
  EXPECT_EQ(names.size(), command_rows().size());
  EXPECT_TRUE(std::ranges::is_sorted(names));
  for (const CommandRow& row : command_rows()) {
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_NE(node.ask(row.name), "ERROR:4:unrecognized command") << row.name;
  }
}

// ---- Addresses ----

TEST(Addresses, TheOneTheAskerReachedComesFirst) {
  FakeNode node("namespace t {\nstorage-engine memory {\ndata-size 1G\n}\n}\n");
  node.addresses["any"] = {"10.0.0.5", "172.17.0.2", "fe80::1"};
  node.connection.local = {"172.17.0.2", 3000};
  EXPECT_EQ(node.ask("service-clear-std"), "172.17.0.2:3000,10.0.0.5:3000");
  node.connection.local = {"192.168.1.9", 3000};  // An address that interfaces do not show.
  EXPECT_EQ(node.ask("service-clear-std"), "192.168.1.9:3000,10.0.0.5:3000,172.17.0.2:3000");
  EXPECT_EQ(node.ask("service"), "192.168.1.9:3000;10.0.0.5:3000;172.17.0.2:3000");
  EXPECT_EQ(node.ask("service-clear-alt"), "");
  ASSERT_TRUE(node.config().set(&node.config().service, "advertise-ipv6", "true"));
  EXPECT_THAT(node.ask("service-clear-std"), HasSubstr("[fe80::1]:3000"));
}

TEST(Addresses, AccessAddressReplacesThem) {
  FakeNode node(
      "network {\nservice {\naccess-address eth1\naccess-address db.example.org\naccess-port "
      "30000\n"
      "alternate-access-address 1.2.3.4\n}\n}\nnamespace t {\nstorage-engine memory {\ndata-size "
      "1G\n}\n}\n");
  node.addresses["eth1"] = {"10.9.9.9"};
  EXPECT_EQ(node.ask("service-clear-std"), "10.9.9.9:30000,db.example.org:30000");
  EXPECT_EQ(node.ask("service-clear-alt"), "1.2.3.4:3000");
  EXPECT_THAT(
      node.ask("endpoints"),
      HasSubstr("service.access-port=30000;service.access-addresses=10.9.9.9,db.example.org;"));
}

TEST(Peers, AreListedWithPortsAndSinceAGeneration) {
  FakeNode node;
  node.cluster_view.peers_generation = 4;
  node.cluster_view.peers = {{.node = wire::NodeId(0xA2),
                              .tls_name = "",
                              .standard = {{"127.0.0.1", 3010}},
                              .alternate = {{"h", 3000}},
                              .generation = 2},
                             {.node = wire::NodeId(0xA3),
                              .tls_name = "t",
                              .standard = {{"10.0.0.3", 3000}, {"::1", 3000}, {"::1", 3020}},
                              .alternate = {},
                              .generation = 4}};
  node.cluster_view.alumni = node.cluster_view.peers;
  EXPECT_EQ(node.ask("peers-clear-std"),
            "4,3000,[[A2,,[127.0.0.1:3010]],[A3,t,[10.0.0.3,[::1],[::1]:3020]]]");
  EXPECT_EQ(node.ask("peers-clear-std:generation=2"),
            "4,3000,[[A3,t,[10.0.0.3,[::1],[::1]:3020]]]");
  EXPECT_EQ(node.ask("peers-clear-alt"), "4,3000,[[A2,,[h]],[A3,t,[]]]");
  EXPECT_EQ(node.ask("alumni-clear-std"), node.ask("peers-clear-std"));
  EXPECT_EQ(node.ask("services"), "127.0.0.1:3010;10.0.0.3:3000;[::1]:3000;[::1]:3020");
  EXPECT_EQ(node.ask("services-alternate"), "h:3000");
  EXPECT_EQ(node.ask("peers-generation"), "4");
  node.cluster_view.peers.clear();
  EXPECT_EQ(node.ask("services-alumni-reset"), "ok");
  EXPECT_EQ(node.ask("services-alumni"), "");
}

// ---- Partitions ----

TEST(Replicas, AreBitmapsByColumn) {
  FakeNode node;
  node.replica_map.columns.resize(2);
  node.replica_map.columns[0].set(0).set(9);
  node.replica_map.columns[1].set(4095);
  const std::string text = node.ask("replicas");
  const auto namespaces = split(text, ';');
  ASSERT_EQ(namespaces.size(), 2U);
  const auto parts = split(namespaces[0], ',');
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[0], "test:0");
  EXPECT_EQ(parts[1], "2");
  EXPECT_EQ(parts[2].size(), 684U);
  Buffer masters;
  ASSERT_TRUE(from_base64(parts[2], masters));
  ASSERT_EQ(masters.size(), 512U);
  EXPECT_EQ(masters[0], std::byte{0x80});
  EXPECT_EQ(masters[1], std::byte{0x40});
  Buffer replicas;
  ASSERT_TRUE(from_base64(parts[3], replicas));
  EXPECT_EQ(replicas[511], std::byte{0x01});
  EXPECT_EQ(split(split(node.ask("replicas:max=1"), ';')[0], ',').size(), 3U);
  EXPECT_EQ(node.ask("replicas-master").substr(0, 9), "test:gEAA");
}

TEST(Generations, ComeFromTheCluster) {
  FakeNode node;
  node.cluster_view.partition_generation = -1;
  EXPECT_EQ(node.ask("partition-generation"), "-1");
  EXPECT_EQ(node.ask("rebalance-generation"), "1");
  EXPECT_EQ(node.ask("recluster:"), "ok");
  EXPECT_EQ(node.ask("rebalance-generation"), "2");
}

TEST(Racks, ListNodesOfEachNamespace) {
  FakeNode node;
  node.cluster_view.succession = {wire::NodeId(0xA2), wire::NodeId(0xA1)};
  EXPECT_EQ(node.ask("get-sl"), "A2,A1");
  EXPECT_EQ(node.ask("racks:"), "ns=test:rack_0=A2,A1;ns=bar:rack_0=A2,A1");
  ASSERT_TRUE(node.config().set(node.config().find_namespace("test"), "rack-id", "7"));
  EXPECT_EQ(node.ask("racks:namespace=test"), "rack_7=A2,A1");
  EXPECT_EQ(node.ask("rack-ids"), "test:7;bar:0");
  EXPECT_EQ(node.ask("roster:namespace=test"),
            "roster=null:pending_roster=null:observed_nodes=null");
}

TEST(ClusterStable, NeedsSizeKeyAndNoMigrations) {
  FakeNode node;
  EXPECT_EQ(node.ask("cluster-stable:size=1"), "15584DC13EFF");
  EXPECT_EQ(node.ask("cluster-stable:size=2"), "ERROR:7:cluster not specified size");
  node.namespaces["bar"].migrate_rx_partitions_remaining = 1;
  EXPECT_EQ(node.ask("cluster-stable:"), "ERROR:7:unstable cluster");
  EXPECT_EQ(node.ask("cluster-stable:ignore-migrations=true"), "15584DC13EFF");
  EXPECT_EQ(node.ask("cluster-stable:namespace=test"), "15584DC13EFF");
  node.cluster_view.stable = false;
  EXPECT_EQ(node.ask("cluster-stable:ignore-migrations=true"), "ERROR:7:unstable cluster");
}

TEST(Tip, IsRepeatable) {
  FakeNode node;
  EXPECT_EQ(node.ask("tip:host=10.0.0.7;port=3002"), "ok");
  EXPECT_EQ(node.ask("tip:host=10.0.0.7;port=3002"), "ok");
  EXPECT_EQ(node.seeds.size(), 1U);
  EXPECT_EQ(node.ask("tip:host=h;port=0"), "ERROR:4:'port' must be from 1 to 65535");
  EXPECT_EQ(node.ask("tip-clear:host-port-list=[::1]:3002,10.0.0.7:3002"),
            "ERROR::1 cleared, 1 not found");
  EXPECT_TRUE(node.seeds.empty());
}

// ---- Namespaces ----

TEST(Sets, AreThoseWithRecordsAndThoseConfigured) {
  FakeNode node;
  node.sets["test"] = {{.name = "foo",
                        .objects = 3,
                        .tombstones = 1,
                        .data_used_bytes = 64,
                        .truncate_lut = 9,
                        .truncating = true}};
  ASSERT_EQ(node.ask("set-config:context=namespace;namespace=test;set=cfg;default-ttl=5"), "ok");
  const std::string text = node.ask("sets/test");
  EXPECT_THAT(
      text,
      HasSubstr(
          "ns=test:set=foo:objects=3:tombstones=1:data_used_bytes=64:truncate_lut=9:sindexes=0:"
          "index_populating=false:truncating=true:"));
  EXPECT_THAT(text, HasSubstr("ns=test:set=cfg:objects=0:"));
  EXPECT_THAT(node.ask("sets/test/cfg"), HasSubstr(":default-ttl=5:"));
  EXPECT_EQ(node.ask("sets"), text);
  EXPECT_EQ(node.ask("sets/nope"), "ns_type=unknown");
}

TEST(Namespace, IsStatisticsAndConfiguration) {
  FakeNode node;
  node.namespaces["test"].master_objects = 12;
  const std::string text = node.ask("namespace/test");
  EXPECT_THAT(text, HasSubstr(";master_objects=12;"));
  EXPECT_THAT(text, HasSubstr(";ttl_reductions_applied=0;active-rack=0;"));
  EXPECT_EQ(node.ask("namespace/nope"), "type=unknown");
}

TEST(Histogram, IsOfTheLastCount) {
  FakeNode node;
  EXPECT_EQ(node.ask("histogram:namespace=test;type=ttl"), "");
  node.sets["test"] = {{.name = "foo"}};
  EXPECT_EQ(node.ask("histogram:namespace=test;set=foo;type=ttl"), "hist-unavailable");
  Census census;
  census.add(0, 100);
  census.add(150, 2000);
  node.censuses.emplace("test/", census);
  EXPECT_THAT(node.ask("histogram:namespace=test;type=ttl"),
              StartsWith("units=seconds:hist-width=200:bucket-width=2:buckets=1,0,"));
  EXPECT_EQ(node.ask("histogram:namespace=test;type=object-size"),
            "units=bytes:[64-128)=1:[1024-2048)=1");
}

TEST(Latencies, ShowTheLastInterval) {
  FakeNode node;
  EXPECT_EQ(node.ask("latencies:hist={test}-read"), "{test}-read:");
  Histogram histogram;
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{});
  for (int i = 0; i < 75; ++i) histogram.record(std::chrono::microseconds(100));
  for (int i = 0; i < 25; ++i) histogram.record(std::chrono::milliseconds(3));
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{std::chrono::seconds(10)});
  EXPECT_THAT(node.ask("latencies:hist={test}-read"),
              StartsWith("{test}-read:msec,10.0,25.00,25.00,0.00,0.00,"));
  ASSERT_EQ(node.ask("set-config:context=service;microsecond-histograms=true"), "ok");
  EXPECT_THAT(
      node.ask("latencies:hist={test}-read"),
      StartsWith("{test}-read:usec,10.0,100.00,100.00,100.00,100.00,100.00,100.00,100.00,25.00,"));
  node.latencies.roll("{test}-read", histogram.snapshot(), Instant{std::chrono::seconds(20)});
  EXPECT_THAT(node.ask("latencies:"), HasSubstr("{test}-read:usec,0.0,0.00,"));
}

// ---- Configuration ----

TEST(SetConfig, SaysWhyInWordsThatToolsCanShow) {
  FakeNode node;
  const std::string answer =
      node.ask("set-config:context=namespace;namespace=test;max-record-size=100M");
  EXPECT_EQ(answer, "ERROR:4:invalid set-config parameter - '100M' is above 8388608");
  EXPECT_EQ(answer.find('='), std::string::npos);
  EXPECT_EQ(node.ask("set-config:context=service;migrate-threads=3;ticker-interval=20"), "ok");
  EXPECT_THAT(node.ask("get-config:context=service"), HasSubstr(";migrate-threads=3;"));
  EXPECT_THAT(node.ask("get-config:context=service"), HasSubstr(";ticker-interval=20;"));
}

TEST(Logs, LevelsChangeBySinkAndContext) {
  FakeNode node;
  EXPECT_EQ(node.ask("logs"), "0:/var/log/aerospike.log");
  EXPECT_EQ(node.ask("log-set:id=0;query=detail"), "ok");
  EXPECT_EQ(node.ask("log/0/query"), "query:DETAIL");
  EXPECT_EQ(node.ask("log/0/rw"), "rw:INFO");
  EXPECT_EQ(node.ask("log-set:id=0;any=critical"), "ok");
  EXPECT_EQ(node.ask("log/0/query"), "query:CRITICAL");
  EXPECT_EQ(node.log_changes, 2);
}

// ---- Queries, truncation ----

TEST(QueryShow, ShowsRunningAndFinishedOnes) {
  FakeNode node;
  auto job = std::make_shared<exec::QueryJob>();
  job->id = 7;
  job->ns = "test";
  job->set = "foo";
  job->from = "10.0.0.1:40000";
  job->partitions_requested = 4096;
  job->partitions_done = 1024;
  job->succeeded = 11;
  job->started = Instant{std::chrono::seconds(99)};
  ASSERT_TRUE(node.query_jobs.add(job, 100));
  EXPECT_EQ(
      node.ask("query-show:id=7"),
      "trid=7:ns=test:set=foo:n-pids-requested=4096:n-keyds-requested=0:rps=0:active-threads=1:"
      "status=active(ok):"
      "job-progress=25.00:run-time=1000:time-since-done=0:recs-throttled=0:recs-filtered-meta=0:"
      "recs-filtered-bins=0:recs-succeeded=11:recs-failed=0:from=10.0.0.1+40000:job-type=basic:net-"
      "io-bytes=0:"
      "net-io-time=0:socket-timeout=0");
  EXPECT_EQ(node.ask("query-abort:trid=7"), "ok");
  EXPECT_TRUE(job->abort);
  node.query_jobs.finish(job, exec::QueryJob::End::UserAborted,
                         Instant{std::chrono::milliseconds(99500)});
  EXPECT_THAT(
      node.ask("query-show:trid=7"),
      HasSubstr(":status=done(user-aborted):job-progress=25.00:run-time=500:time-since-done=500:"));
  EXPECT_EQ(node.ask("query-abort:id=7"), "ERROR:2:id not active");
  EXPECT_EQ(node.ask("query-abort-all"), "number-of-queries-killed:0");
}

TEST(Truncate, CutsOffNowOrAtAGivenTime) {
  FakeNode node;
  EXPECT_EQ(node.ask("truncate:namespace=test;set=s"), "ok");
  EXPECT_EQ(node.cut_offs.at("test|s"), node.wall.ms);
  // 2014-05-13T16:53:20Z
  EXPECT_EQ(node.ask("truncate-namespace:namespace=test;lut=1400000000000000000"), "ok");
  EXPECT_EQ(node.cut_offs.at("test"), 1400000000000U - 1262304000000U);
  EXPECT_EQ(node.ask("truncate:namespace=test;set=s;lut=9999999999999999999"),
            "ERROR:4:would truncate in the future");
  EXPECT_EQ(node.ask("truncate-undo:namespace=test;set=s"), "ok");
  EXPECT_FALSE(node.cut_offs.contains("test|s"));
}

TEST(UserAgents, AreCountedByConnection) {
  FakeNode node;
  Connection other;
  Context second{node, other};
  EXPECT_EQ(node.ask("user-agent-set:value=!!!"), "ERROR:4:'value' invalid base64");
  EXPECT_EQ(node.ask("user-agent-set:value=MSxhLTEuMCxi"), "ok");
  EXPECT_EQ(node.ask("user-agent-set:value=MSxhLTEuMCxi"), "ERROR:4:already set");
  EXPECT_EQ(answer(second, "user-agent-set:value=MSxhLTEuMCxi"), "ok");
  EXPECT_EQ(node.ask("user-agents"), "user-agent=MSxhLTEuMCxi:count=2");
  node.agents.remove(other.user_agent);
  node.agents.remove(node.connection.user_agent);
  EXPECT_EQ(node.ask("user-agents"), "");
  EXPECT_EQ(node.ask("user-agent-set:value=" + std::string(88, 'A')), "ERROR:4:already set");
}

TEST(UserAgents, TooManyKindsAreOne) {
  UserAgents agents;
  std::vector<std::string> counted;
  for (std::size_t i = 0; i < UserAgents::kDistinctMost + 10; ++i)
    counted.push_back(agents.add("agent" + std::to_string(i)));
  EXPECT_EQ(counted.back(), "dW5rbm93bg==");
  EXPECT_LE(agents.list().size(), UserAgents::kDistinctMost + 1);
  for (const std::string& one : counted) agents.remove(one);
  EXPECT_TRUE(agents.list().empty());
}

TEST(Deprecated, CommandsAreCounted) {
  FakeNode node;
  for (const char* command :
       {"name", "service", "services", "services-alumni", "services-alternate", "sindex"})
    static_cast<void>(node.ask(command));
  EXPECT_EQ(node.deprecated, 6);
}

/// A server that has only what it must have.
class BareNode : public FakeNode {
 public:
  Result<void> create_sindex(const SindexDefinition& d) override {
    return NodeView::create_sindex(d);
  }
  Result<void> put_udf(std::string_view f, std::string c, UdfProblem& p) override {
    return NodeView::put_udf(f, std::move(c), p);
  }
  Result<void> tip(const Endpoint& e, bool tls) override { return NodeView::tip(e, tls); }
};

TEST(MissingFeatures, SayThatTheyAreMissing) {
  BareNode node;
  EXPECT_EQ(node.ask("sindex-create:namespace=test;indexname=i;bin=a;type=numeric"),
            "ERROR:16:secondary indexes do not exist yet");
  EXPECT_EQ(node.ask("udf-put:filename=a.lua;content=YQ==;content-len=4;udf-type=LUA;"),
            "ERROR:16:UDF modules do not exist yet");
  EXPECT_EQ(node.ask("tip:host=a;port=3002"),
            "ERROR:16:this node forms no cluster with others yet");
  EXPECT_EQ(node.ask("quiesce:"), "ERROR:16:quiescing does not exist yet");
}

TEST(Census, WidensAndLosesNobody) {
  Census census;
  std::uint32_t records = 0;
  for (std::uint32_t ttl = 1; ttl < 3'000'000; ttl = ttl * 3 + 1) {
    census.add(ttl, ttl % 2'000'000);
    ++records;
  }
  census.add(0, 0);
  EXPECT_EQ(census.records(), records + 1);
  EXPECT_EQ(census.without_expiry(), 1U);
  for (const std::string& text : {census.ttl_text(), census.size_linear_text()}) {
    std::uint64_t sum = 0;
    const std::string_view buckets = std::string_view(text).substr(text.rfind('=') + 1);
    for (const std::string_view bucket : split(buckets, ',')) sum += *parse_u64(bucket);
    EXPECT_EQ(sum, records + 1);
  }
}

}  // namespace
}  // namespace flotilla::info
