#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "support/fake_node.h"
#include "tools/sql/session.h"

/// The statements of aql and what it answers, byte for byte, a row each. The node is a fake; the
/// clock makes every statement take as long as its row says.
namespace flotilla::tools::sql {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;

struct Example {
  const char* statements;  // The last one's answer counts.
  std::string out;
  std::string err = {};
  double seconds = 0;
};

struct SqlExamples : ::testing::Test {
  FakeNode node{"A1", std::make_shared<FakeRecords>()};
  client::Client client = *client::Client::connect({{"127.0.0.1", node.port(), ""}});
  std::ostringstream out;
  std::ostringstream err;
  double now = 0;
  double step = 0;
  Session session{
      client, {out, err}, {.dialect = Dialect::Classic, .settings = {}, .clock = [this] {
                             now += step;
                             return now;
                           }}};

  /// Runs all statements; what the last one wrote.
  void run(std::string_view statements, double seconds) {
    step = seconds;
    for (std::size_t end = 0; end != std::string_view::npos;) {
      end = statements.find(';');
      out.str("");
      err.str("");
      session.run_statement(statements.substr(0, end));
      if (end != std::string_view::npos) statements.remove_prefix(end + 1);
    }
  }
  void expect(std::span<const Example> examples) {
    for (const Example& example : examples) {
      run(example.statements, example.seconds);
      EXPECT_EQ(out.str(), example.out) << example.statements;
      EXPECT_EQ(err.str(), example.err) << example.statements;
    }
  }
};

constexpr const char* kDone = "OK, 1 record affected.\n\n";

/// A table of one row, with its footer.
std::string table(std::string_view rule, std::string_view head, std::string_view row,
                  std::string_view footer = "1 row in set (0.000 secs)\n\nOK\n\n") {
  std::string text;
  for (const std::string_view line : {rule, head, rule, row, rule}) (text += line) += '\n';
  return text += footer;
}

TEST_F(SqlExamples, Records) {
  const Example examples[] = {
      {"insert into test.foo (pk, val1) values (1, 'abc')", kDone},
      {"select * from test.foo",
       table("+----+-------+", "| PK | val1  |", "| 1  | \"abc\" |",
             "1 row in set (0.060 secs)\n\nOK\n\n"),
       "", 0.06},
      {"INSERT INTO test.foo (PK, a) VALUES (1, 7)", kDone},
      // Bins are merged; NULL takes one away.
      {"select * from test.foo where pk = 1",
       table("+----+-------+---+", "| PK | val1  | a |", "| 1  | \"abc\" | 7 |")},
      {"insert into test.foo (pk, val1) values (1, NULL)", kDone},
      {"select * from test.foo where PK=1", table("+----+---+", "| PK | a |", "| 1  | 7 |")},
      {"select a from test.foo where pk = 1", table("+----+----+", "| a  | PK |", "| 7  | 1  |")},
      {"select * from test.foo where digest = 'AC116EB78884798CF35FEE47D788F2EFF3FD4ACD'",
       table("+---+", "| a |", "| 7 |")},
      {"select * from test.foo where edigest = 'rBFut4iEeYzzX+5H14jy7/P9Ss0='",
       table("+---+", "| a |", "| 7 |")},
      {"select * from test.none", "0 rows in set (0.010 secs)\n\nOK\n\n", "", 0.01},
      {"select * from test.none", "0 rows in set (1.000 sec)\n\nOK\n\n", "", 1},
      {"insert into test.foo (pk, a) values ('two', 2);select * from test.foo limit 1",
       table("+-------+---+", "| PK    | a |", "| \"two\" | 2 |")},
      {"delete from test.foo where pk = 1", kDone},
      {"delete from test.foo where pk = 1", "", "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {"select * from test.foo where pk = 1", "", "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {"insert into test.foo (pk, a) values (1.5, 1)", "",
       "Error: (-1) PK cannot be floating point value\n\n"},
      {"insert into 'te:st'.foo (pk, a) values (1, 1)", "",
       "Error: (-1) Illegal character - ':'\n\n"},
      {"insert into \"a b\".foo (pk, a) values (1, 1)", "",
       "Error: (20) AEROSPIKE_ERR_NAMESPACE_NOT_FOUND\n\n"},
  };
  expect(examples);
  session.run_statement("insert into \"te;st\".foo (pk, a) values (1, 1)");
  EXPECT_NE(err.str().find("Error: (-1) Illegal character - ';'\n\n"), std::string::npos);
}

TEST_F(SqlExamples, ExplainTellsHowARecordIsReached) {
  run("insert into test.foo (pk, a) values (1, 7);explain select * from test.foo where pk = 1", 0);
  EXPECT_EQ(
      out.str(),
      table(
          "+-------+-------------------------------------------------------------+-----------+"
          "-----------+----------------+---------+-----------+----------------------+---------+"
          "-------------+-----------------+",
          "| SET   | DIGEST                                                      | NAMESPACE | "
          "PARTITION | STATUS         | UDF     | KEY_TYPE  | POLICY_KEY           | TIMEOUT | "
          "MASTER NODE | REPLICA NODE(S) |",
          "| \"foo\" | AC 11 6E B7 88 84 79 8C F3 5F EE 47 D7 88 F2 EF F3 FD 4A CD | \"test\"    | "
          "428       | \"AEROSPIKE_OK\" | \"FALSE\" | \"INTEGER\" | \"AS_POLICY_KEY_SEND\" | 1000  "
          "  | "
          "\"A1\"        | \"\"              |"));
  struct Case {
    const char* record;
    const char* kind;
  };
  for (const Case& c : {Case{"pk = 'a'", "\"STRING\""},
                        {"digest = 'AC116EB78884798CF35FEE47D788F2EFF3FD4ACD'", "\"DIGEST\""},
                        {"edigest = 'rBFut4iEeYzzX+5H14jy7/P9Ss0='", "\"BASE64_DIGEST\""}}) {
    run(std::string("explain select * from test.foo where ") + c.record, 0);
    EXPECT_NE(out.str().find(c.kind), std::string::npos) << out.str();
  }
}

TEST_F(SqlExamples, Values) {
  struct Case {
    const char* literal;
    const char* shown;
    const char* bare = nullptr;  // With OUTPUT_TYPES false; nothing: the same.
  };
  const Case cases[] = {
      {"7", "7"},
      {"-7", "-7"},
      {"+7", "7"},
      {"0x1F", "31"},
      {"010", "8"},
      {"1.5", "1.5"},
      {"0.1", "0.1"},
      {"CAST('1' AS FLOAT)", "1"},
      {"true", "true"},
      {"FALSE", "false"},
      {"'abc'", "\"abc\""},
      {"\"it's\"", "\"it's\""},
      {"'say \"hi\"'", "\"say \"hi\"\""},
      {"LIST('[1, 2, \"a\"]')", "LIST('[1, 2, \"a\"]')", "[1, 2, \"a\"]"},
      {"list('[]')", "LIST('[]')", "[]"},
      {"MAP('{\"k\":1, \"j\":2}')", "MAP('{\"k\":1, \"j\":2}')", "{\"k\":1, \"j\":2}"},
      {"CAST('[true, null, 2.5]' AS JSON)", "LIST('[true, NIL, 2.5]')", "[true, NIL, 2.5]"},
      {"'JSON[1]'", "LIST('[1]')", "[1]"},
      {"GEOJSON('{\"type\":\"Point\",\"coordinates\":[1,2]}')",
       "GeoJSON('{\"type\":\"Point\",\"coordinates\":[1,2]}')",
       "{\"type\":\"Point\",\"coordinates\":[1,2]}"},
      {"CAST(12 AS STRING)", "\"12\""},
      {"varchar(12)", "\"12\""},
      {"INT('12')", "12"},
      {"decimal(3.9)", "3"},
      {"CAST('t' AS BOOL)", "true"},
  };
  for (const Case& c : cases) {
    for (const bool with_types : {true, false}) {
      run(with_types ? "set output_types true" : "set output_types false", 0);
      const std::string insert =
          std::string("insert into test.v (pk, v) values (1, ") + c.literal + ')';
      out.str("");
      EXPECT_EQ(session.run_statement(insert), Session::Verdict::Done) << insert << err.str();
      out.str("");
      session.run_statement("select v from test.v where pk = 1");
      const std::string text = with_types || c.bare == nullptr ? c.shown : c.bare;
      const std::size_t width = std::max<std::size_t>(text.size(), 2);
      const std::string rule = '+' + std::string(width + 2, '-') + "+----+";
      const auto cell = [&](const std::string& t) {
        return "| " + t + std::string(width - t.size(), ' ') + " | ";
      };
      EXPECT_EQ(out.str(), table(rule, cell("v") + "PK |", cell(text) + "1  |")) << c.literal;
    }
  }
}

TEST_F(SqlExamples, Mistakes) {
  const std::string advice =
      "Make sure string values are enclosed in quotes.\n"
      "Type \" aql --help \" from console or simply \"help\" from within the aql-prompt. \n\n";
  const auto unsupported = [&](const std::string& token) {
    return "Unsupported command format with token -  '" + token + "' \n" + advice;
  };
  const auto near = [&](const std::string& token) {
    return "Syntax error near token -  '" + token + "' \n" + advice;
  };
  const Example examples[] = {
      {"selec * from test.foo", "\nERROR: 404: COMMAND NOT FOUND : selec\n"},
      {"select * form test.foo", "", unsupported("form")},
      {"select * from", "", near("from")},
      {"insert into test.foo (pk, a) values (1, abc)", "", unsupported("abc")},
      {"insert into test.foo (pk, a, b) values (1, 2)", "", unsupported(")")},
      {"insert into test.foo (a, b) values (1, 2)", "", unsupported("a")},
      {"select * from test.foo where pk = 1 and a = 2", "", unsupported("and")},
      {"delete from test.foo", "", near("foo")},
      {"explain select * from test.foo", "",
       "Error: (-1) EXPLAIN wants a primary key: WHERE PK = ...\n\n"},
      {"select * from test.foo in list where a = 1 and b = 2", "",
       "Error: (-1) IN does not go together with two conditions\n\n"},
      {"select * from test.foo in list where pk = 1", "",
       "Error: (-1) IN does not go together with a primary key\n\n"},
      {"insert into test.foo (pk, a) values (1, LIST('{}'))", "",
       "Error: (-1) '{}' is not a JSON array\n\n"},
      {"insert into test.foo (pk, a) values (1, MAP('[]'))", "",
       "Error: (-1) '[]' is not a JSON object\n\n"},
      // Comments and empty statements are nothing.
      {"print a -- behind a statement", "a\n"},
  };
  expect(examples);
}

TEST_F(SqlExamples, Settings) {
  const Example examples[] = {
      {"set timeout 2500", "TIMEOUT = 2500\n"},
      {"get timeout", "TIMEOUT = 2500\n"},
      {"reset timeout", "TIMEOUT = 1000\n"},
      {"set echo t;set echo f", "set echo f\nECHO = false\n"},
      {"set verbose 1", "VERBOSE = true\n"},
      {"reset verbose", "VERBOSE = false\n"},
      {"set output raw;set output table", "OUTPUT = TABLE\n"},
      {"set lua_userpath '/tmp/lua'", "LUA_USERPATH = /tmp/lua\n"},
      {"reset lua_userpath", "LUA_USERPATH = /opt/aerospike/usr/udf/lua\n"},
      {"get all",
       "ECHO = false\n"
       "VERBOSE = false\n"
       "OUTPUT = TABLE\n"
       "OUTPUT_TYPES = true\n"
       "TIMEOUT = 1000\n"
       "SOCKET_TIMEOUT = -1\n"
       "LUA_USERPATH = /opt/aerospike/usr/udf/lua\n"
       "RECORD_TTL = 0\n"
       "RECORD_PRINT_METADATA = false\n"
       "KEY_SEND = true\n"
       "DURABLE_DELETE = false\n"
       "SCAN_RECORDS_PER_SECOND = 0\n"
       "NO_BINS = false\n"
       "REPLICA_ANY = false\n"},
  };
  expect(examples);
}

TEST_F(SqlExamples, OutputModes) {
  const Example examples[] = {
      {"insert into test.foo (pk, a) values (1, LIST('[1, \"x\"]'))", kDone},
      {"set output raw;select * from test.foo where pk = 1",
       "*************************** 1. row ***************************\n"
       "PK: 1\n"
       "a: LIST('[1, \"x\"]')\n"
       "\n"
       "1 row in set (0.003 secs)\n"
       "\n"
       "OK\n"
       "\n",
       "", 0.003},
      {"select * from test.foo where pk = 2", "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {"set output mute;select * from test.foo where pk = 1",
       "1 row in set (0.000 secs)\n\nOK\n\n"},
      {"select * from test.foo where pk = 2", "Error: (2) AEROSPIKE_ERR_RECORD_NOT_FOUND\n\n"},
      {"set output json;select * from test.foo where pk = 1",
       "[\n"
       "    [\n"
       "        {\n"
       "            \"PK\": 1,\n"
       "            \"a\": [\n"
       "                1,\n"
       "                \"x\"\n"
       "            ]\n"
       "        }\n"
       "    ],\n"
       "    [\n"
       "        {\n"
       "            \"Status\": 0\n"
       "        }\n"
       "    ]\n"
       "]\n"
       "\n"},
      {"select * from test.foo where pk = 2",
       "[\n"
       "    [\n"
       "        {\n"
       "            \"Status\": 2,\n"
       "            \"Message\": \"AEROSPIKE_ERR_RECORD_NOT_FOUND\"\n"
       "        }\n"
       "    ]\n"
       "]\n"
       "\n"},
  };
  expect(examples);
  run("show namespaces", 0);
  EXPECT_EQ(out.str(),
            "[\n"
            "    [\n"
            "        {\n"
            "            \"namespaces\": \"test\"\n"
            "        },\n"
            "        {\n"
            "            \"node\": \"" +
                node.address() +
                "\"\n"
                "        }\n"
                "    ],\n"
                "    [\n"
                "        {\n"
                "            \"Status\": 0\n"
                "        }\n"
                "    ]\n"
                "]\n"
                "\n");
}

TEST_F(SqlExamples, Metadata) {
  const std::string footer = '[' + node.address() + "] 1 row in set (0.002 secs)\n\nOK\n\n";
  node.set_info("sindex-list:", "ns=test:indexname=i:state=RW");
  node.set_info("sindex-list:ns=test;", "ns=test:indexname=i:state=RW");
  node.set_info("udf-list", "filename=a.lua,hash=12ab,type=LUA;");
  node.set_info("query-show", "trid=7:ns=test:status=active(ok)");
  node.set_info("sindex-stat:namespace=test;indexname=i", "entries=3");
  const std::string index =
      table("+--------+-----------+-------+", "| ns     | indexname | state |",
            "| \"test\" | \"i\"       | \"RW\"  |", footer);
  const Example examples[] = {
      {"show namespaces", table("+------------+", "| namespaces |", "| \"test\"     |", footer), "",
       0.002},
      {"show indexes", index, "", 0.002},
      {"show indexes test", index, "", 0.002},
      {"show modules",
       table("+----------+--------+-------+", "| filename | hash   | type  |",
             "| \"a.lua\"  | \"12ab\" | \"LUA\" |", footer),
       "", 0.002},
      {"show queries",
       table("+------+--------+--------------+", "| trid | ns     | status       |",
             "| \"7\"  | \"test\" | \"active(ok)\" |", footer),
       "", 0.002},
      {"stat index test i",
       table("+-----------+-------+", "| name      | value |", "| \"entries\" | \"3\"   |", footer),
       "", 0.002},
      {"show bins", "",
       "Error: (-1) Bins command not supported on server version >= 7.0.0.0. Unique bin name "
       "limits "
       "have been removed.\n\n"},
  };
  expect(examples);
  node.set_info("build", "6.4.0.1");
  node.set_info("bins", "test:bin_names=1,bin_names_quota=65535,val1;");
  run("show bins", 0.002);
  EXPECT_EQ(out.str(),
            table("+--------+--------+", "| ns     | bin    |", "| \"test\" | \"val1\" |", footer));
}

TEST_F(SqlExamples, Changes) {
  struct Change {
    const char* statement;
    const char* command;
    const char* answer;
    std::string out;
    std::string err = {};
  };
  const std::string path = ::testing::TempDir() + "spec_sql_test.lua";
  std::ofstream(path) << "return 1\n";
  const std::string register_module = "register module '" + path + '\'';
  const std::string put =
      "udf-put:filename=spec_sql_test.lua;content=cmV0dXJuIDEK;content-len=12;udf-type=LUA;";
  const Change changes[] = {
      {"create index i on test.foo (a) numeric",
       "sindex-create:namespace=test;set=foo;indexname=i;bin=a;type=numeric", "ok",
       "OK, 1 index added.\n\n"},
      {"drop index test.foo i", "sindex-delete:namespace=test;set=foo;indexname=i", "ok",
       "OK, 1 index removed.\n\n"},
      {"truncate test.foo", "truncate:namespace=test;set=foo", "ok", "OK\n\n"},
      {"truncate test.foo upto 5", "truncate:namespace=test;set=foo;lut=5", "ok", "OK\n\n"},
      {register_module.c_str(), put.c_str(), "ok", "OK, 1 module added.\n\n"},
      {register_module.c_str(), put.c_str(),
       "error=compile_error;file=x.lua;line=2;message=bm90IEx1YQ==", "",
       "Error: (-1) compile_error, file x.lua, line 2, not Lua\n\n"},
      {register_module.c_str(), put.c_str(), "ERROR:16:UDF modules do not exist yet", "",
       "Error: (16) UDF modules do not exist yet\n\n"},
      {"remove module a.lua", "udf-remove:filename=a.lua;", "ok", "OK, 1 module removed.\n\n"},
      {"desc package a.lua", "udf-get:filename=a.lua", "type=LUA;content=cmV0dXJuIDEK;",
       "return 1\n\nOK\n\n"},
      {"desc module b.lua", "udf-get:filename=b.lua", "error=not_found", "",
       "Error: (-1) not_found\n\n"},
      {"kill_query 7", "query-abort:trid=7", "ok", "OK, 1 job killed.\n\n"},
      {"kill_scan 8", "query-abort:trid=8", "ERROR:2:id not active", "",
       "Error: (2) id not active\n\n"},
  };
  for (const Change& c : changes) {
    node.set_info(c.command, c.answer);
    run(c.statement, 0);
    EXPECT_EQ(node.info_log().back(), c.command);
    EXPECT_EQ(out.str(), c.out) << c.statement;
    EXPECT_EQ(err.str(), c.err) << c.statement;
  }
  std::remove(path.c_str());
  run(register_module, 0);
  EXPECT_EQ(err.str(), "Error: (-1) cannot read '" + path + "'\n\n");
}

TEST_F(SqlExamples, WhatNoServerCouldDoYetIsSaidInALine) {
  for (const char* statement :
       {"execute a.b() on test.foo", "aggregate a.b() on test.foo where a = 1"}) {
    run(statement, 0);
    EXPECT_EQ(err.str(), "Error: (-1) User-defined functions cannot be run in this version\n\n");
  }
  for (const char* statement :
       {"show users", "show user ann", "show roles", "show role r", "create user u password p",
        "create role r privileges read", "drop user u", "drop role r", "grant roles r to u",
        "revoke privileges read from r", "set password p for u", "set whitelist a for r"}) {
    run(statement, 0);
    EXPECT_EQ(err.str(), "Error: (-1) Users and roles are not available in this version\n\n");
  }
  run("system ls", 0);
  EXPECT_EQ(err.str(), "Error: (-1) Shell commands are not run from here\n\n");
}

/// What a scan asked for.
struct Asked {
  std::string range;
  bool has_filter = false;
};

TEST_F(SqlExamples, OfTwoConditionsTheMoreSelectiveIndexIsUsed) {
  Asked asked;
  node.set_script([&asked](const wire::Message& message) {
    asked.range = as_text(message.fields.get(wire::FieldType::IndexRange));
    asked.has_filter = message.fields.has(wire::FieldType::Filter);
    return FakeNode::Verdict{};
  });
  const char* statement = "select * from test.foo where a = 1 and b = 'x'";
  const std::string none = "0 rows in set (0.000 secs)\n\nOK\n\n";
  struct Case {
    const char* list;
    const char* bin;  // The one whose index is used; nothing: none.
  };
  const std::string a = "ns=test:set=foo:bin=a:indexname=ia:type=numeric:indextype=default;";
  const std::string b = "ns=test:set=foo:bin=b:indexname=ib:type=string:indextype=default;";
  const std::string other_set = "ns=test:set=bar:bin=a:indexname=ia:type=numeric:indextype=default";
  const std::string of_list = "ns=test:set=foo:bin=a:indexname=ia:type=numeric:indextype=list";
  const std::string of_text = "ns=test:set=foo:bin=a:indexname=ia:type=string:indextype=default";
  const std::string both = a + b;
  node.set_info("sindex-stat:namespace=test;indexname=ia", "entries=9;entries_per_bval=40");
  node.set_info("sindex-stat:namespace=test;indexname=ib", "entries=9;entries_per_bval=3");
  const Case cases[] = {{a.c_str(), "a"},
                        {b.c_str(), "b"},
                        {both.c_str(), "b"},
                        {"", nullptr},
                        {of_text.c_str(), nullptr},
                        {of_list.c_str(), nullptr},
                        {other_set.c_str(), nullptr}};
  for (const Case& c : cases) {
    node.set_info("sindex-list:namespace=test", c.list);
    run(statement, 0);
    EXPECT_EQ(out.str(), c.bin == nullptr ? "" : none) << c.list;
    EXPECT_EQ(err.str(),
              c.bin == nullptr ? "Error: at least one bin needs a secondary index defined\n\n" : "")
        << c.list;
    if (c.bin == nullptr) continue;
    EXPECT_TRUE(asked.has_filter);
    EXPECT_NE(asked.range.find(c.bin), std::string::npos) << c.list;
  }
}

TEST_F(SqlExamples, AMissingIndexComesWithAHint) {
  node.set_script([](const wire::Message&) {
    return FakeNode::Verdict{.kind = FakeNode::Verdict::Kind::Refuse, .result = 201};
  });
  run("select * from test.foo where a = 1", 0);
  EXPECT_EQ(err.str(),
            "Error: (201) AEROSPIKE_ERR_INDEX_NOT_FOUND\n"
            "Make sure a sindex is created and that strings are enclosed in quotes\n\n");
}

}  // namespace
}  // namespace flotilla::tools::sql
