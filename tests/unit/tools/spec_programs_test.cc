#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "run_tool.h"
#include "support/fake_node.h"

/// The programs under their old names: what they print, where, and how they end.
namespace flotilla::tools {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using ::testing::ContainsRegex;
using ::testing::StartsWith;

struct Programs : ::testing::Test {
  FakeNode node{"A1", std::make_shared<FakeRecords>()};

  /// The words, and where the node is.
  Ended ask(std::vector<std::string> words) const {
    words.insert(words.begin() + 1,
                 {"--no-config-file", "-h", "127.0.0.1", "-p", std::to_string(node.port())});
    return run_tool(words);
  }
};

struct Example {
  std::vector<std::string> words;
  int code;
  std::string out;
  std::string err = {};
};

TEST_F(Programs, AqlPrintsAsTheOriginalDoes) {
  const std::string insert = "insert into test.foo (pk, val1) values (1, 'abc')";
  const std::string gone = "select * from test.foo where pk = 404";
  const std::string file = ::testing::TempDir() + "spec_programs_test.aql";
  std::ofstream(file) << insert << "\n# nothing\nprint x; print y\n";
  const Example examples[] = {
      {{"aql", "-c", insert}, 0, insert + "\nOK, 1 record affected.\n\n\n"},
      {{"aql", "--command", "print a; print b"}, 0, "print a\na\nprint b\nb\n\n"},
      {{"aql", "-f", file}, 0, insert + "\nOK, 1 record affected.\n\nprint x\nx\nprint y\ny\n\n"},
      // What fails does not show in the exit code, unless it is to.
      {{"aql", "-c", gone}, 0, gone + "\n\n", "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {{"aql", "--strict", "-c", gone + "; print b"},
       1,
       gone + "\n\n",
       "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {{"aql", "-c", "nonsense"}, 0, "nonsense\n\nERROR: 404: COMMAND NOT FOUND : nonsense\n\n"},
      {{"aql", "-c", "print a; q; print b"}, 0, "print a\na\nq\n\n"},
      // An unknown mode is the table; the argument of -n counts for nothing.
      {{"aql", "-o", "unknown", "-c", "get output"}, 0, "get output\nOUTPUT = TABLE\n\n"},
      {{"aql", "-o", "RAW", "-c", "get output"}, 0, "get output\nOUTPUT = RAW\n\n"},
      {{"aql", "-n", "true", "-c", "get output_types"},
       0,
       "get output_types\nOUTPUT_TYPES = false\n\n"},
      {{"aql", "-T", "50", "-c", "get timeout"}, 0, "get timeout\nTIMEOUT = 50\n\n"},
      {{"aql", "--socket-timeout", "5", "-c", "get socket_timeout"},
       0,
       "get socket_timeout\nSOCKET_TIMEOUT = 5\n\n"},
      {{"aql", "-u", "/lua", "-c", "get lua_userpath"},
       0,
       "get lua_userpath\nLUA_USERPATH = /lua\n\n"},
      {{"aql", "-v", "-e", "-z", "4", "-c", "get verbose"}, 0, "get verbose\nVERBOSE = true\n\n"},
      {{"aql", "--bad"}, 255, "", "Error -1: The following argument was not expected: --bad\n"},
      {{"aql", "-A", "NONE"},
       255,
       "",
       "Error -1: --auth is INTERNAL, EXTERNAL, EXTERNAL_INSECURE, or PKI, not 'NONE'\n"},
  };
  for (const Example& example : examples) {
    const Ended ended = ask(example.words);
    EXPECT_EQ(ended.code, example.code) << example.words.back();
    EXPECT_EQ(ended.out, example.out);
    EXPECT_EQ(ended.err, example.err);
  }
  std::remove(file.c_str());
  for (const char* version : {"-V", "--version"})
    EXPECT_THAT(run_tool({"aql", version}).out,
                ContainsRegex("^Aerospike Query Client\nVersion [0-9.]+\nBuild Flotilla\n$"));
  for (const char* help : {"-E", "--help", "-O", "--options"}) {
    const Ended ended = ask({"aql", help});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, StartsWith("Usage: aql [options]\n"));
  }
}

TEST_F(Programs, OurOwnNameIsStrictAndItsJsonIsOnlyJson) {
  const std::string gone = "select * from test.foo where pk = 404";
  EXPECT_EQ(ask({"flotilla", "sql"}).code, 2) << "the verb stands in front of its options";
  const auto sql = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"flotilla", "sql", "--no-config-file", "-h", "127.0.0.1", "-p",
                                 std::to_string(node.port())});
    return run_tool(words);
  };
  EXPECT_EQ(sql({"-c", gone}).code, 1);
  EXPECT_EQ(sql({"--lenient", "-c", gone}).code, 0);
  EXPECT_EQ(sql({"-o", "jsonl", "-c", "show namespaces"}).out, "{\"namespaces\":\"test\"}\n");
  EXPECT_EQ(sql({"-o", "csv", "-c", "show namespaces"}).out, "namespaces\ntest\n");
  EXPECT_EQ(sql({"-o", "unknown", "-c", "show namespaces"}).code, 255);
}

TEST_F(Programs, AsinfoPrintsTheBareValue) {
  node.set_info("statistics", "uptime=7;cluster_size=1");
  node.set_info("a", "x:y,z");
  node.set_info("b", "x,y");
  node.set_info("bad", "ERROR:4:no such thing");
  node.set_info("worse", "fine;Error:x");
  const Example examples[] = {
      {{"asinfo", "-v", "node"}, 0, "A1\n"},
      {{"asinfo", "-v", "stats"}, 0, "uptime=7;cluster_size=1\n"},
      {{"asinfo", "-v", "statistics", "-l"}, 0, "uptime=7\ncluster_size=1\n"},
      {{"asinfo", "-v", "a", "-l"}, 0, "x\ny,z\n"},
      {{"asinfo", "-v", "b", "-l"}, 0, "x\ny\n"},
      {{"asinfo", "-v", "node", "-r"}, 0, "A1"},
      {{"asinfo", "-v", "statistics", "--json"},
       0,
       "{\n  \"uptime\": \"7\",\n  \"cluster_size\": \"1\"\n}\n"},
      {{"asinfo", "-v", "bad"}, 1, "ERROR:4:no such thing\n"},
      {{"asinfo", "-v", "worse"}, 1, "fine;Error:x\n"},
      {{"asinfo"}, 0, "1 :  build\n     8.1.2.0\n2 :  node\n     A1\n"},
      {{"asinfo", "--bad"}, 2, "", "asinfo: The following argument was not expected: --bad\n"},
  };
  for (const Example& example : examples) {
    const Ended ended = ask(example.words);
    EXPECT_EQ(ended.code, example.code) << example.words.back();
    EXPECT_EQ(ended.out, example.out);
    EXPECT_EQ(ended.err, example.err);
  }
}

TEST_F(Programs, AsadmTellsItsSeedAndEndsWithTwoWhenACommandFails) {
  const std::string seed = "Seed:        [('127.0.0.1', " + std::to_string(node.port()) +
                           ", None)]\nConfig_file: None\n";
  node.set_info("recluster:", "ok");
  const Example examples[] = {
      {{"asadm", "--enable", "-e", "asinfo -v build"},
       0,
       "localhost:" + std::to_string(node.port()) + " (127.0.0.1) returned:\n8.1.2.0\n\n",
       seed},
      {{"asadm", "-e", "enable; disable"}, 0, "\n~~~ enable ~~~\n\n~~~ disable ~~~\n", seed},
      {{"asadm", "-e", "nonsense"},
       2,
       "",
       seed + "ERROR: there is no command 'nonsense'; 'help' lists them\n"},
      {{"asadm", "-e", "manage recluster"},
       2,
       "",
       seed + "ERROR: 'manage recluster' changes the cluster: type 'enable' first, or start with "
              "--enable\n"},
      {{"asadm", "-c", "-f", "a.tgz"},
       2,
       "",
       "asadm: only a live cluster can be looked at: -c, -l, and -f, for files that were "
       "collected, "
       "are not available\n"},
  };
  for (const Example& example : examples) {
    const Ended ended = ask(example.words);
    EXPECT_EQ(ended.code, example.code) << example.words.back();
    EXPECT_EQ(ended.out, example.out);
    EXPECT_EQ(ended.err, example.err);
  }
}

TEST_F(Programs, OfAClusterThatNobodyReachesTheySpeakAsTheOriginals) {
  node.stop();
  const std::string port = std::to_string(node.port());
  const Example examples[] = {
      {{"asinfo", "-v", "status"},
       1,
       "ERROR: Not able to connect any cluster with ('127.0.0.1', " + port + ", None).\n"},
      {{"asadm", "-e", "info"},
       2,
       "",
       "Seed:        [('127.0.0.1', " + port +
           ", None)]\nConfig_file: None\nERROR: Not able to connect any cluster with "
           "[('127.0.0.1', " +
           port + ", None)].\n"},
  };
  for (const Example& example : examples) {
    const Ended ended = ask(example.words);
    EXPECT_EQ(ended.code, example.code) << example.words[0];
    EXPECT_EQ(ended.out, example.out);
    EXPECT_EQ(ended.err, example.err);
  }
  const Ended aql = ask({"aql", "-c", "show namespaces"});
  EXPECT_EQ(aql.code, 255);
  EXPECT_THAT(aql.err, ContainsRegex("^Error -?[0-9]+: "));
}

TEST_F(Programs, AsbenchWritesALineAPeriod) {
  const Ended ended = ask({"asbench", "-k", "10", "-t", "2", "-z", "1", "-g", "50", "-L",
                           "--percentiles", "50,99.9", "-w", "RU,50"});
  EXPECT_EQ(ended.code, 0);
  const std::string counts = "\\(tps=[0-9]+ \\(hit=[0-9]+ miss=[0-9]+\\) timeouts=0 errors=0\\)";
  const std::string time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}";
  EXPECT_THAT(ended.out, ContainsRegex("^" + time + " INFO write" + counts + " read" + counts +
                                       " total" + counts + "\n"));
  const std::string utc = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z";
  EXPECT_THAT(ended.out, ContainsRegex("\nhdr: write " + utc +
                                       " [0-9]+, [0-9]+, [0-9]+, [0-9]+, [0-9]+, [0-9]+\n"));
}

TEST_F(Programs, AsbackupBeginsWithItsHeaderAndWritesRecordsLineByLine) {
  node.set_info("sindex-list:*", "");
  node.set_info("udf-list", "");
  ask({"aql", "-c", "insert into test.foo (pk, a, b) values (1, 7, 'x y')"});
  const Ended ended = ask({"asbackup", "-n", "test", "-o", "-"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, StartsWith("Version 3.1\n"
                                    "# namespace test\n"
                                    "# first-file\n"
                                    "+ k I 1\n"
                                    "+ n test\n"
                                    "+ d rBFut4iEeYzzX+5H14jy7/P9Ss0=\n"
                                    "+ s foo\n"
                                    "+ g 1\n"
                                    "+ t 0\n"
                                    "+ b 2\n"
                                    "- I a 7\n"
                                    "- S b 3 x y\n"));
}

TEST_F(Programs, ConfigurationFilesAreReadInTheirOrder) {
  const std::string folder = ::testing::TempDir();
  const std::string file = folder + "spec_programs_test.conf";
  const auto with = [&](const std::string& text, std::vector<std::string> words) {
    std::ofstream(file) << text;
    words.insert(words.begin() + 1, {"--only-config-file", file});
    return run_tool(words);
  };
  const std::string cluster =
      "[cluster]\nhost = \"127.0.0.1:" + std::to_string(node.port()) + "\"\n";
  const std::string other =
      "[cluster_b]\nhost = \"127.0.0.1\"\nport = " + std::to_string(node.port()) + "\n";
  EXPECT_EQ(with(cluster, {"asinfo", "-v", "node"}).out, "A1\n");
  EXPECT_EQ(with(cluster + "[aql]\ntimeout = 77\n", {"aql", "-c", "get timeout"}).out,
            "get timeout\nTIMEOUT = 77\n\n");
  EXPECT_EQ(with(cluster + "[aql]\ntimeout = 77\n", {"aql", "-T", "5", "-c", "get timeout"}).out,
            "get timeout\nTIMEOUT = 5\n\n");
  EXPECT_EQ(with(other, {"asinfo", "--instance", "b", "-v", "node"}).out, "A1\n");
  EXPECT_EQ(with(cluster, {"asinfo", "--instance", "b", "-v", "node"}).err,
            "asinfo: no host is given, and none for instance 'b'\n");
  EXPECT_EQ(with(cluster + "hots = \"x\"\n", {"asinfo", "-v", "node"}).err,
            "asinfo: unknown key 'hots' in section [cluster]\n");
  std::remove(file.c_str());
}

}  // namespace
}  // namespace flotilla::tools
