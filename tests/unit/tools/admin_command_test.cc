#include <gtest/gtest.h>

#include <sstream>

#include "support/fake_node.h"
#include "tools/admin/command.h"

namespace flotilla::tools::admin {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;

std::string found(std::string_view line) {
  const auto all = commands();
  const auto command = find_command(all, words_of(line));
  return command ? std::string(command->command->path) : "? " + command.error();
}

TEST(FindCommand, TakesAbbreviationsThatMeanOneThing) {
  EXPECT_EQ(found("i"), "info");
  EXPECT_EQ(found("info net"), "info network");
  EXPECT_EQ(found("sh st"), "show statistics");
  EXPECT_EQ(found("show stat ser like up"), "show statistics service");
  EXPECT_EQ(found("info with all"), "info");
  EXPECT_EQ(found("man sindex create numeric i ns test bin a"), "manage sindex create");
  EXPECT_EQ(found("show si"), "show sindex");
  EXPECT_EQ(found("nonsense"), "? there is no command 'nonsense'; 'help' lists them");
  EXPECT_EQ(found("manage sindex"), "? 'manage sindex' goes on with one of: create, delete");
}

TEST(WordsOf, QuotesKeepBlanksTogether) {
  EXPECT_EQ(words_of("  a 'b c' \"\" d"), (std::vector<std::string>{"a", "b c", "", "d"}));
}

TEST(ParseRequest, DealsWordsToTheirModifiers) {
  const Request request =
      parse_request(words_of("x ns test with A1 B2 like up for t diff --no-warn"), 1);
  EXPECT_EQ(request.after("ns"), "test");
  EXPECT_EQ(request.with, (std::vector<std::string>{"A1", "B2"}));
  EXPECT_EQ(request.like, (std::vector<std::string>{"up"}));
  EXPECT_EQ(request.only, (std::vector<std::string>{"t"}));
  EXPECT_TRUE(request.diff);
  EXPECT_FALSE(request.warns);
}

TEST(Select, MeansNodesByNameAddressOrBeginningOfTheirId) {
  const std::vector<Member> members = {
      {.id = "BB1", .name = "a.net:3000", .address = "10.0.0.1:3000"},
      {.id = "BC2", .name = "b.net:3000", .address = "10.0.0.2:3000"}};
  EXPECT_EQ(select(members, {}).size(), 2U);
  EXPECT_EQ(select(members, {"all"}).size(), 2U);
  for (const char* word : {"BB", "BB1", "a.net", "a.net:3000", "10.0.0.1", "10.0.0.1:3000"}) {
    const auto chosen = select(members, {word});
    ASSERT_EQ(chosen.size(), 1U) << word;
    EXPECT_EQ(chosen[0].id, "BB1");
  }
  EXPECT_EQ(select(members, {"B"}).size(), 2U);
  EXPECT_TRUE(select(members, {"nobody"}).empty());
}

struct OneNodeFleet : ::testing::Test {
  FakeNode node{"BB9A", std::make_shared<FakeRecords>()};
  std::ostringstream out;
  std::ostringstream err;

  OneNodeFleet() {
    node.set_info(
        "statistics",
        "cluster_size=1;cluster_key=ABC;cluster_integrity=true;cluster_principal=BB9A;"
        "client_connections=3;uptime=61;migrate_partitions_remaining=0;system_free_mem_pct=80");
    node.set_info("namespace/test",
                  "objects=1500;master_objects=1500;stop_writes=false;storage-engine=memory;data_"
                  "used_bytes=2048");
    node.set_info("release", "edition=Aerospike Community Edition;version=8.1.2.0");
  }
  Fleet fleet() {
    return *Fleet::connect({{"127.0.0.1", node.port(), ""}}, {}, client::Milliseconds(1000), false);
  }
  std::string run(const Fleet& fleet, std::string_view line, bool privileged = false) {
    Console console{
        .fleet = fleet, .out = out, .err = err, .is_privileged = privileged, .time = "now"};
    out.str("");
    err.str("");
    run_line(console, line);
    return out.str() + err.str();
  }
};

TEST_F(OneNodeFleet, TheNetworkSheetMarksThePrincipal) {
  const Fleet f = fleet();
  const std::string text = run(f, "info network");
  EXPECT_NE(text.find("Network Information (now)"), std::string::npos) << text;
  EXPECT_NE(text.find("*BB9A|" + node.address() +
                      "|C-8.1.2.0|   0.000  |   1|ABC|True     |     BB9A|     3|00:01:01\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("Number of rows: 1\n"), std::string::npos);
}

TEST_F(OneNodeFleet, InfoHasItsSheetsAndTotals) {
  const Fleet f = fleet();
  const std::string text = run(f, "i");
  for (const char* part : {"Network Information", "Namespace Usage Information",
                           "Namespace Object Information", "1.500 K", "2.000 KB", "80.0 %"})
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
}

TEST_F(OneNodeFleet, StatisticsCanBeNarrowed) {
  const Fleet f = fleet();
  const std::string text = run(f, "show statistics service like cluster_s uptime");
  EXPECT_NE(text.find("cluster_size|1"), std::string::npos) << text;
  EXPECT_NE(text.find("uptime      |61"), std::string::npos) << text;
  EXPECT_NE(text.find("Number of rows: 2\n"), std::string::npos) << text;
}

TEST_F(OneNodeFleet, ChangesNeedPrivilegeAndUnattendedOnesNoWarning) {
  const Fleet f = fleet();
  EXPECT_NE(run(f, "manage recluster").find("type 'enable' first"), std::string::npos);
  node.set_info("recluster:", "ok");
  EXPECT_NE(run(f, "manage recluster", true).find("|ok\n"), std::string::npos);
  EXPECT_NE(run(f, "manage truncate ns test", true).find("add --no-warn"), std::string::npos);
  node.set_info("truncate-namespace:namespace=test", "ok");
  EXPECT_NE(run(f, "manage truncate ns test --no-warn", true).find("|ok\n"), std::string::npos);
  EXPECT_NE(run(f, "manage truncate ns bar --no-warn", true).find("|unrecognized command\n"),
            std::string::npos);
}

TEST_F(OneNodeFleet, CommandsSendWhatTheProtocolWants) {
  struct Case {
    const char* line;
    const char* command;
  };
  const Case cases[] = {
      {"manage config service param ticker-interval to 5",
       "set-config:context=service;ticker-interval=5"},
      {"manage config namespace test set foo param enable-index to true",
       "set-config:context=namespace;namespace=test;set=foo;enable-index=true"},
      {"manage sindex create numeric i ns test set foo bin a in list",
       "sindex-create:indexname=i;indextype=list;namespace=test;set=foo;bin=a;type=numeric"},
      {"manage sindex delete i ns test set foo",
       "sindex-delete:namespace=test;set=foo;indexname=i"},
      {"manage udfs remove a.lua", "udf-remove:filename=a.lua;"},
      {"manage jobs kill all", "query-abort-all:"},
      {"manage jobs kill trids 7", "query-abort:trid=7"},
      {"manage revive ns test", "revive:namespace=test"},
      {"manage recluster", "recluster:"},
      {"manage quiesce with BB9A", "quiesce:"},
      {"manage quiesce undo with BB9A", "quiesce-undo:"},
      {"manage quiesce with BB9A undo", "quiesce-undo:"},
      {"manage config network param heartbeat.interval to 200",
       "set-config:context=network;heartbeat.interval=200"},
      {"manage config security param log.report-authentication to true",
       "set-config:context=security;log.report-authentication=true"},
      {"manage sindex create string i ns test bin a",
       "sindex-create:indexname=i;namespace=test;bin=a;type=string"},
      {"manage truncate ns test set foo before 5 --no-warn",
       "truncate:namespace=test;set=foo;lut=5"},
      {"manage truncate ns test undo", "truncate-namespace-undo:namespace=test"},
      {"manage truncate ns test set foo undo", "truncate-undo:namespace=test;set=foo"},
      {"manage jobs kill all queries", "query-abort-all:"},
      {"info release", "release"},
      {"show best-practices", "best-practices"},
      {"show racks", "racks:"},
      {"show roster", "roster:"},
      {"show sindex", "sindex-list:"},
      {"show udfs", "udf-list"},
      {"show udfs a.lua", "udf-get:filename=a.lua"},
      {"show jobs", "query-show"},
      {"show jobs queries", "query-show"},
      {"show user-agents", "user-agents"},
      {"show masking", "masking-show:"},
      {"show statistics service", "statistics"},
      {"show statistics namespace", "namespace/test"},
      {"show statistics sets", "sets"},
      {"show config service", "get-config:context=service"},
      {"show config network", "get-config:context=network"},
      {"show config security", "get-config:context=security"},
      {"show config namespace", "get-config:context=namespace;namespace=test"},
      {"show config logging", "log/3"},
      {"show distribution time_to_live", "histogram:namespace=test;type=ttl"},
      {"show distribution object_size -b", "histogram:namespace=test;type=object-size-linear"},
      {"asinfo -v status", "status"},
      {"manage tip 10.0.0.1 3002", "tip:host=10.0.0.1;port=3002"},
      {"manage tip clear", "tip-clear:"},
      {"manage config logging file stderr param info to debug", "log-set:id=3;info=debug"},
      {"manage roster stage nodes A B ns test", "roster-set:namespace=test;nodes=A,B"},
      {"manage roster add nodes D ns test", "roster-set:namespace=test;nodes=A,D"},
      {"manage roster remove nodes A ns test", "roster-set:namespace=test;nodes="},
      {"manage roster stage observed ns test", "roster-set:namespace=test;nodes=A,C"},
  };
  const Fleet f = fleet();
  node.set_info("logs", "0:/a.log;3:stderr");
  node.set_info("roster:namespace=test", "roster=null:pending_roster=A:observed_nodes=A,C");
  for (const Case& c : cases) {
    run(f, c.line, true);
    EXPECT_EQ(node.info_log().back(), c.command);
  }
}

TEST_F(OneNodeFleet, LatenciesAreWeighedByLoad) {
  node.set_info("latencies:", "batch-index:;{test}-read:msec,10.0,50.00,0,0,5.00,0,0,0,0");
  const Fleet f = fleet();
  const std::string text = run(f, "show latencies");
  EXPECT_NE(text.find("Namespace|Histogram|"), std::string::npos) << text;
  EXPECT_NE(text.find("|   10.0|50.00|5.00| 0.00\n"), std::string::npos) << text;
  EXPECT_NE(run(f, "show latencies -e 1 -b 2").find("| >1ms|>2ms\n"), std::string::npos);
  EXPECT_NE(run(f, "show latencies like write").find("Number of rows: 0"), std::string::npos);
}

TEST_F(OneNodeFleet, ThePartitionMapCountsWhatEachNodeHas) {
  node.set_info("partition-info",
                "namespace:partition:state:n_replicas:replica:working_master;test:0:S:1:0:BB9A;"
                "test:1:S:2:1:A3;test:2:A:2:-1:A3;bar:0:S:1:0:BB9A");
  const Fleet f = fleet();
  const std::string text = run(f, "show pmap");
  EXPECT_NE(text.find("ABC|      1|        1|"), std::string::npos) << text;
}

TEST_F(OneNodeFleet, ADistributionTellsWhereEachTenthEnds) {
  node.set_info("histogram:namespace=test;type=ttl",
                "units=seconds:hist-width=100:bucket-width=10:buckets=5,0,0,5,0,0,0,0,0,0");
  const Fleet f = fleet();
  const std::string text = run(f, "show distribution time_to_live");
  EXPECT_NE(text.find("10%|20%|30%|40%|50%|60%|70%|80%|90%|"), std::string::npos) << text;
  EXPECT_NE(text.find(" 10| 10| 10| 10| 10| 40| 40| 40| 40|                          40\n"),
            std::string::npos)
      << text;
}

TEST_F(OneNodeFleet, ANameThatMeansNoNodeIsToldAsSuch) {
  const Fleet f = fleet();
  EXPECT_EQ(run(f, "info network with Z9"), "ERROR: no node is meant by 'Z9'\n");
}

TEST_F(OneNodeFleet, ANameAmongOthersThatMeansNoNodeStopsTheCommand) {
  const Fleet f = fleet();
  EXPECT_EQ(run(f, "manage quiesce with BB9A Z9", true), "ERROR: no node is meant by 'Z9'\n");
}

TEST_F(OneNodeFleet, WordsThatACommandDoesNotTakeAreRefused) {
  const Fleet f = fleet();
  EXPECT_EQ(run(f, "show config nonsense"), "ERROR: 'show config' does not take 'nonsense'\n");
  EXPECT_EQ(run(f, "info network test"), "ERROR: 'info network' does not take 'test'\n");
}

TEST_F(OneNodeFleet, WhatNoServerCouldDoYetIsSaidInALine) {
  const Fleet f = fleet();
  const std::string users = "ERROR: users and roles are not available in this version\n";
  const std::string xdr = "ERROR: replication to other clusters is not available in this version\n";
  struct Case {
    const char* line;
    std::string answer;
  };
  const Case cases[] = {
      {"show users", users},
      {"show users ann", users},
      {"show roles", users},
      {"manage acl create user ann password p roles read", users},
      {"info xdr", xdr},
      {"show config xdr", xdr},
      {"show statistics xdr", xdr},
      {"manage config xdr create dc d", xdr},
      {"manage masking add", "ERROR: masking is not available in this version\n"},
      {"collectinfo", "ERROR: collecting files for support is not available in this version\n"},
      {"collectlogs", "ERROR: collecting files for support is not available in this version\n"},
      {"show statistics bins",
       "ERROR: servers count the names of bins no more: there is no limit to them\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(run(f, c.line, true), c.answer) << c.line;
}

TEST_F(OneNodeFleet, SheetsCanBeFlippedAndTheirHeadingsRepeated) {
  const Fleet f = fleet();
  const std::string name = "localhost:" + std::to_string(node.port());
  EXPECT_NE(run(f, "show statistics service like uptime cluster_s -flip")
                .find("Node           |cluster_size|uptime\n" + name + "|1           |61\n"),
            std::string::npos)
      << out.str();
  const std::string text = run(f, "show statistics service like uptime cluster_s -r 1");
  const std::string heading = "Node        |" + name + '\n';
  EXPECT_NE(text.find(heading, text.find(heading) + 1), std::string::npos) << text;
}

TEST_F(OneNodeFleet, FeaturesAndSummaryTellWhatIsInUse) {
  node.set_info(
      "namespace/test",
      "objects=1;client_read_success=3;index-type=flash;rack-id=0;xdr_client_write_success=1");
  const Fleet f = fleet();
  const std::string text = run(f, "features");
  for (const char* line : {"Aggregation    |NO\n", "Batch          |NO\n", "Index-on-flash |YES\n",
                           "Index-on-pmem  |NO\n", "KVS            |YES\n", "LDT            |NO\n",
                           "Query          |NO\n", "Rack-aware     |NO\n", "Scan           |NO\n",
                           "TLS (Service)  |NO\n", "UDF            |NO\n", "XDR Destination|YES\n",
                           "XDR Source     |NO\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  const std::string summary = run(f, "summary -l");
  for (const char* line : {"Migrations          |False\n", "Server Version      |8.1.2.0\n",
                           "Cluster Size        |1\n", "System Memory Used% |20\n",
                           "System Memory Avail%|80\n", "Namespace Summary"})
    EXPECT_NE(summary.find(line), std::string::npos) << line << summary;
}

TEST_F(OneNodeFleet, QuotasAreShownWithTheirUse) {
  node.set_info("sets",
                "ns=test:set=foo:objects=5:data_used_bytes=512:stop-writes-count=20:"
                "stop-writes-size=1024:truncating=false:disable-eviction=true:enable-index=false");
  const Fleet f = fleet();
  const std::string text = run(f, "info set");
  EXPECT_NE(
      text.find("|False |512.000 B |1.000 KB|50.0 %|5.000  |20.000  |25.0 %|True    |False\n"),
      std::string::npos)
      << text;
}

TEST_F(OneNodeFleet, TransactionsAreThoseOfStrongConsistency) {
  const Fleet f = fleet();
  EXPECT_NE(run(f, "info transactions").find("Number of rows: 0\n"), std::string::npos);
  node.set_info("namespace/test", "strong-consistency=true;mrt_roll_back_success=7");
  const std::string text = run(f, "info transactions");
  EXPECT_NE(text.find("7.000  "), std::string::npos) << text;
}

TEST_F(OneNodeFleet, WatchRepeatsACommandWithItsModifiers) {
  const Fleet f = fleet();
  const std::string text = run(f, "watch 0 2 show stat service like uptime");
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find("uptime|61\n", at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, 2U) << text;
}

TEST(Complete, ProposesWordsOfCommandsAndNodes) {
  const auto all = commands();
  const std::vector<Member> members = {
      {.id = "BB1", .name = "a.net:3000", .address = "10.0.0.1:3000"}};
  using Words = std::vector<std::string>;
  EXPECT_EQ(complete(all, members, "sho").candidates, Words{"show"});
  EXPECT_EQ(complete(all, members, "show l").candidates, (Words{"latencies", "like"}));
  EXPECT_EQ(complete(all, members, "manage sindex ").candidates,
            (Words{"create", "delete", "with", "like", "for", "diff"}));
  EXPECT_EQ(complete(all, members, "info with 1").candidates, Words{"10.0.0.1:3000"});
  EXPECT_EQ(complete(all, members, "watch 2 show pm").candidates, Words{"pmap"});
  EXPECT_EQ(complete(all, members, "info; sum").candidates, Words{"summary"});
  EXPECT_EQ(complete(all, members, "info; sum").word_begin, 6U);
}

}  // namespace
}  // namespace flotilla::tools::admin
