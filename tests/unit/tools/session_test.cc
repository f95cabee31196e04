#include "tools/sql/session.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "support/fake_node.h"

namespace flotilla::tools::sql {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;

/// A session with a fake node behind it and a clock that stands still.
struct SessionTest : ::testing::Test {
  FakeNode node{"A1", std::make_shared<FakeRecords>()};
  client::Client client = *client::Client::connect({{"127.0.0.1", node.port(), ""}});
  std::ostringstream out;
  std::ostringstream err;

  Session session(Dialect dialect, Settings settings = {}) {
    return Session(client, {out, err},
                   {.dialect = dialect, .settings = settings, .clock = [] { return 0.0; }});
  }
  std::string taken() {
    std::string text = out.str();
    out.str("");
    return text;
  }
  std::string taken_errors() {
    std::string text = err.str();
    err.str("");
    return text;
  }
};

TEST_F(SessionTest, TheLinesOfTheArticleAnswerToTheLetter) {
  Session s = session(Dialect::Classic);
  EXPECT_EQ(s.run_statement("insert into test.foo (pk, val1) values (1, 'abc')"),
            Session::Verdict::Done);
  EXPECT_EQ(taken(), "OK, 1 record affected.\n\n");
  const std::string one_row =
      "+----+-------+\n"
      "| PK | val1  |\n"
      "+----+-------+\n"
      "| 1  | \"abc\" |\n"
      "+----+-------+\n"
      "1 row in set (0.000 secs)\n\nOK\n\n";
  s.run_statement("select * from test.foo where pk = 1");
  EXPECT_EQ(taken(), one_row);
  s.run_statement("select * from test.foo");
  EXPECT_EQ(taken(), one_row);
  s.run_statement("delete from test.foo where pk = 1");
  EXPECT_EQ(taken(), "OK, 1 record affected.\n\n");
  s.run_statement("select * from test.foo");
  EXPECT_EQ(taken(), "0 rows in set (0.000 secs)\n\nOK\n\n");
  EXPECT_EQ(s.run_statement("select * from test.foo where pk = 1"), Session::Verdict::Failed);
  EXPECT_EQ(taken(), "");
  EXPECT_EQ(taken_errors(), "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n");
}

TEST_F(SessionTest, EchoShowsEachStatementOnItsOwnLine) {
  Session s = session(Dialect::Classic, {.echo = true});
  s.run_text(
      "insert into test.foo (pk, val1) values (1, 'abc'); delete from test.foo where pk = 1;");
  EXPECT_EQ(taken(),
            "insert into test.foo (pk, val1) values (1, 'abc')\nOK, 1 record affected.\n\n"
            "delete from test.foo where pk = 1\nOK, 1 record affected.\n\n");
}

TEST_F(SessionTest, ErrorsReadAsInTheOriginal) {
  struct Case {
    const char* statement;
    const char* out;
    const char* err;
  };
  constexpr const char* kAdvice =
      "Make sure string values are enclosed in quotes.\n"
      "Type \" aql --help \" from console or simply \"help\" from within the aql-prompt. \n\n";
  const std::string unexpected =
      std::string("Unsupported command format with token -  'form' \n") + kAdvice;
  const std::string ended = std::string("Syntax error near token -  'from' \n") + kAdvice;
  const Case cases[] = {
      {"selec * from test", "\nERROR: 404: COMMAND NOT FOUND : selec\n", ""},
      {"select * form test.foo", "", unexpected.c_str()},
      {"select * from", "", ended.c_str()},
      {"insert into test.foo (pk, a) values (1.5, 2)", "",
       "Error: (-1) PK cannot be floating point value\n\n"},
      {"select * from 'te;st'", "", "Error: (-1) Illegal character - ';'\n\n"},
      {"delete from test.foo where pk = 404", "", "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {"select * from nope where pk = 1", "", "Error: (20) AEROSPIKE_ERR_NAMESPACE_NOT_FOUND\n\n"},
  };
  Session s = session(Dialect::Classic);
  for (const Case& c : cases) {
    EXPECT_EQ(s.run_statement(c.statement), Session::Verdict::Failed) << c.statement;
    EXPECT_EQ(taken(), c.out) << c.statement;
    EXPECT_EQ(taken_errors(), c.err) << c.statement;
  }
}

TEST_F(SessionTest, OurOwnErrorsPointAtTheirPlace) {
  Session s = session(Dialect::Extended);
  s.run_statement("select * form test.foo");
  EXPECT_EQ(taken_errors(), "select * form test.foo\n         ^~~~\nexpected FROM, found 'form'\n");
  EXPECT_EQ(s.run_statement("select * from", true), Session::Verdict::Incomplete);
  EXPECT_EQ(taken_errors(), "");
}

TEST_F(SessionTest, SettingsAnswerInOneLineAndTakeEffect) {
  Session s = session(Dialect::Classic);
  s.run_statement("set timeout 2500");
  EXPECT_EQ(taken(), "TIMEOUT = 2500\n");
  EXPECT_EQ(s.settings().timeout_ms, 2500);
  s.run_statement("set output json");
  EXPECT_EQ(taken(), "OUTPUT = JSON\n");
  s.run_statement("reset output");
  EXPECT_EQ(taken(), "OUTPUT = TABLE\n");
  s.run_statement("set record_print_metadata t");
  s.run_statement("get record_print_metadata");
  EXPECT_EQ(taken(), "RECORD_PRINT_METADATA = true\nRECORD_PRINT_METADATA = true\n");
  s.run_statement("get all");
  EXPECT_NE(taken().find("KEY_SEND = true\n"), std::string::npos);
  EXPECT_EQ(s.run_statement("set nonsense 1"), Session::Verdict::Failed);
  EXPECT_EQ(s.run_statement("set echo maybe"), Session::Verdict::Failed);
}

TEST_F(SessionTest, MetadataStandsBehindTheBins) {
  Session s = session(Dialect::Classic, {.record_print_metadata = true});
  s.run_statement("insert into test.demo (pk, a) values ('key1', 7)");
  taken();
  s.run_statement("select a from test.demo where pk = 'key1'");
  EXPECT_EQ(taken(),
            "+----+--------+--------------------------------+--------+-------+-------+\n"
            "| a  | PK     | {edigest}                      | {set}  | {ttl} | {gen} |\n"
            "+----+--------+--------------------------------+--------+-------+-------+\n"
            "| 7  | \"key1\" | \"7JEZLUt/jONdXXjTS8ply6qqyWA=\" | \"demo\" | -1    | 1     |\n"
            "+----+--------+--------------------------------+--------+-------+-------+\n"
            "1 row in set (0.000 secs)\n\nOK\n\n");
}

TEST_F(SessionTest, WithoutBinsTheDigestIsShown) {
  Session s = session(Dialect::Classic, {.no_bins = true});
  s.run_statement("insert into test.demo (pk, a) values ('key1', 7)");
  taken();
  for (const char* statement :
       {"select * from test.demo", "select * from test.demo where pk = 'key1'"}) {
    s.run_statement(statement);
    const std::string text = taken();
    EXPECT_NE(text.find("| {digest} "), std::string::npos) << text;
    EXPECT_NE(text.find("\"EC91192D4B7F8CE35D5D78D34BCA65CBAAAAC960\""), std::string::npos) << text;
    EXPECT_EQ(text.find("| a"), std::string::npos) << text;
  }
}

TEST_F(SessionTest, ShowAsksEveryNode) {
  Session s = session(Dialect::Classic);
  s.run_statement("show namespaces");
  EXPECT_EQ(taken(),
            "+------------+\n"
            "| namespaces |\n"
            "+------------+\n"
            "| \"test\"     |\n"
            "+------------+\n"
            "[" +
                node.address() + "] 1 row in set (0.000 secs)\n\nOK\n\n");
  node.set_info("sets", "ns=test:set=foo:objects=1;");
  s.run_statement("show sets");
  const std::string sets = taken();
  EXPECT_NE(sets.find("| ns     | set   | objects |\n"), std::string::npos) << sets;
  EXPECT_NE(sets.find("| \"test\" | \"foo\" | \"1\"     |\n"), std::string::npos) << sets;
}

TEST_F(SessionTest, StatementsOfTheClusterBecomeInfoCommands) {
  struct Case {
    const char* statement;
    const char* command;
    const char* out;
  };
  const Case cases[] = {
      {"truncate test", "truncate-namespace:namespace=test", "OK\n\n"},
      {"truncate test.foo upto 5", "truncate:namespace=test;set=foo;lut=5", "OK\n\n"},
      {"create index i on test.foo (a) numeric",
       "sindex-create:namespace=test;set=foo;indexname=i;bin=a;type=numeric",
       "OK, 1 index added.\n\n"},
      {"create list index i on test (a) string",
       "sindex-create:namespace=test;indexname=i;indextype=list;bin=a;type=string",
       "OK, 1 index added.\n\n"},
      {"drop index test.foo i", "sindex-delete:namespace=test;set=foo;indexname=i",
       "OK, 1 index removed.\n\n"},
  };
  Session s = session(Dialect::Classic);
  for (const Case& c : cases) {
    node.set_info(c.command, "ok");
    EXPECT_EQ(s.run_statement(c.statement), Session::Verdict::Done) << taken_errors();
    EXPECT_EQ(taken(), c.out);
    EXPECT_EQ(node.info_log().back(), c.command);
  }
  s.run_statement("truncate bar");
  EXPECT_EQ(taken_errors(), "Error: (4) unrecognized command\n\n");
}

TEST_F(SessionTest, CountLimitAndOrderWorkOnTheClientsSide) {
  Session s = session(Dialect::Extended, {.output = OutputMode::Csv});
  s.run_text(
      "insert into test.foo (pk, a) values (1, 30); insert into test.foo (pk, a) values (2, 10);"
      "insert into test.foo (pk, a) values (3, 20)");
  taken();
  s.run_statement("select count(*) from test.foo");
  EXPECT_EQ(taken(), "count\n3\n");
  s.run_statement("select a from test.foo order by a");
  EXPECT_EQ(taken(), "a,PK\n10,2\n20,3\n30,1\n");
  s.run_statement("select a from test.foo order by a desc limit 2");
  EXPECT_EQ(taken(), "a,PK\n30,1\n20,3\n");
  s.run_statement("select a from test.foo limit 1");
  const std::string one = taken();
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 2);
  EXPECT_EQ(s.run_statement("update test.foo set a = 1 where pk = 404"), Session::Verdict::Failed);
}

TEST_F(SessionTest, WhatIsMissingIsSaidPlainly) {
  Session s = session(Dialect::Classic);
  EXPECT_EQ(s.run_statement("show users"), Session::Verdict::Failed);
  EXPECT_EQ(taken_errors(), "Error: (-1) Users and roles are not available in this version\n\n");
}

TEST_F(SessionTest, AFileIsRunLineByLineAndOursMaySpanLines) {
  const std::string path = ::testing::TempDir() + "session_test.aql";
  std::ofstream(path) << "# a comment; with a semicolon\n"
                      << "insert into test.foo (pk, a) values (1, 1)\n"
                      << "insert into test.foo (pk, a)\n"
                      << "  values (2, 2);\n"
                      << "insert into test.foo (pk, a) values (3, 3); print done\n";
  Session classic = session(Dialect::Classic);
  EXPECT_EQ(classic.run_file(path), Session::Verdict::Failed);
  EXPECT_NE(taken_errors().find("Syntax error near token -  ')'"), std::string::npos);
  taken();
  Session own = session(Dialect::Extended);
  EXPECT_EQ(own.run_file(path), Session::Verdict::Done);
  EXPECT_EQ(taken(),
            "OK, 1 record affected.\n\nOK, 1 record affected.\n\nOK, 1 record affected.\n\ndone\n");
  std::remove(path.c_str());
  EXPECT_EQ(own.run_statement("run '" + path + "'"), Session::Verdict::Failed);
  taken_errors();
  EXPECT_EQ(own.run_file(::testing::TempDir()), Session::Verdict::Failed);
  EXPECT_EQ(taken_errors(), "Error: (-1) cannot read '" + ::testing::TempDir() + "'\n\n");
}

TEST_F(SessionTest, AStrictSessionStopsAtTheFirstFailure) {
  Session s(client, {out, err}, {.dialect = Dialect::Extended, .stops_at_failure = true});
  EXPECT_EQ(s.run_text("print a; nonsense; print b"), Session::Verdict::Failed);
  EXPECT_EQ(taken(), "a\n");
}

TEST_F(SessionTest, FilesThatRunThemselvesComeToAnEnd) {
  const std::string path = ::testing::TempDir() + "session_test_loop.aql";
  std::ofstream(path) << "run '" << path << "'\n";
  Session s = session(Dialect::Classic);
  EXPECT_EQ(s.run_file(path), Session::Verdict::Failed);
  std::remove(path.c_str());
}

TEST_F(SessionTest, HelpListsEveryCommandAndKnowsEachAlone) {
  Session s = session(Dialect::Classic);
  s.run_statement("help");
  const std::string all = taken();
  for (const char* word : {"INSERT INTO", "SHOW NAMESPACES", "SET <setting>", "RECORD_TTL"})
    EXPECT_NE(all.find(word), std::string::npos) << word;
  s.run_statement("help delete");
  EXPECT_EQ(taken(), "RECORDS\n  DELETE FROM <ns>[.<set>] WHERE <record>\n\n");
  EXPECT_EQ(s.run_statement("help nonsense"), Session::Verdict::Failed);
}

}  // namespace
}  // namespace flotilla::tools::sql
