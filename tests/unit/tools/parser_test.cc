#include "tools/sql/parser.h"

#include <gtest/gtest.h>

#include <string>

namespace flotilla::tools::sql {
namespace {

using client::Value;

template <class T>
T parsed(std::string_view text) {
  const auto statement = parse_statement(text);
  if (!statement) {
    ADD_FAILURE() << text << "\n" << point_at(text, statement.error());
    return {};
  }
  const T* const specific = std::get_if<T>(&*statement);
  if (specific == nullptr) {
    ADD_FAILURE() << text << " is another statement";
    return {};
  }
  return *specific;
}

TEST(ParseInsert, TakesTheLineOfTheArticle) {
  const auto insert = parsed<Insert>("insert into test.foo (pk, val1) values (1, 'abc')");
  EXPECT_EQ(insert.target.ns, "test");
  EXPECT_EQ(insert.target.set, "foo");
  EXPECT_TRUE(insert.key == Value(1));
  ASSERT_EQ(insert.bins.size(), 1U);
  EXPECT_TRUE(insert.bins[0] == (client::Bin{"val1", "abc"}));
  EXPECT_FALSE(insert.must_exist);
}

TEST(ParseInsert, KnowsEveryKindOfValue) {
  const auto insert = parsed<Insert>(
      "INSERT INTO test (PK, a, b, c, d, e, f, g, h, i, j, k, l) VALUES ('x', -5, 0x1F, 010, 1.5, "
      "true, NULL, "
      "CAST('12' AS INT), LIST('[1, \"a\"]'), map('{\"k\": [2]}'), "
      "GEOJSON('{\"type\":\"Point\"}'), 'JSON[1]', "
      "STRING(7))");
  const Value want[] = {
      -5,
      31,
      8,
      1.5,
      true,
      client::Nil{},
      12,
      client::List{.items = {1, "a"}},
      client::Map{.entries = {{"k", client::List{.items = {2}}}}},
      client::GeoJson{"{\"type\":\"Point\"}"},
      client::List{.items = {1}},
      "7",
  };
  ASSERT_EQ(insert.bins.size(), std::size(want));
  for (std::size_t i = 0; i < std::size(want); ++i)
    EXPECT_TRUE(insert.bins[i].value == want[i]) << i;
  EXPECT_TRUE(insert.target.set.empty());
}

TEST(ParseInsert, NamesMayBeQuoted) {
  const auto insert = parsed<Insert>("insert into \"a b\".'c d' (pk, \"s p a c e\") values (1, 2)");
  EXPECT_EQ(insert.target.ns, "a b");
  EXPECT_EQ(insert.target.set, "c d");
  EXPECT_EQ(insert.bins[0].name, "s p a c e");
}

TEST(ParseSelect, TakesEveryForm) {
  EXPECT_TRUE(parsed<Select>("select * from test.foo").bins.empty());
  EXPECT_EQ(parsed<Select>("select a, b from test.foo").bins.size(), 2U);
  EXPECT_TRUE(parsed<Select>("select * from test.foo where pk = 1").address->user_key == Value(1));
  EXPECT_TRUE(parsed<Select>("select * from test.foo where PK='k'").address->user_key ==
              Value("k"));
  const auto digest = parsed<Select>(
      "select * from test.foo where DIGEST = 'ec91192d4b7f8ce35d5d78d34bca65cbaaaac960'");
  EXPECT_EQ(digest.address->kind, RecordAddress::Kind::Digest);
  EXPECT_EQ(to_hex(digest.address->digest.view()), "ec91192d4b7f8ce35d5d78d34bca65cbaaaac960");
  const auto base64 =
      parsed<Select>("select * from test.foo where edigest = '7JEZLUt/jONdXXjTS8ply6qqyWA='");
  EXPECT_EQ(base64.address->digest, digest.address->digest);

  EXPECT_EQ(*parsed<Select>("select * from test limit 5").limit, 5U);
  EXPECT_EQ(*parsed<Select>("select * from test where a = 1 limit 5").limit, 5U);
  const auto between = parsed<Select>("select * from test.foo where a between 1 and 9");
  EXPECT_EQ(between.conditions[0].kind, Condition::Kind::Between);
  EXPECT_TRUE(between.conditions[0].high == Value(9));
  EXPECT_EQ(parsed<Select>("select * from test.foo where a = 1 and b = 'x'").conditions.size(), 2U);
  EXPECT_EQ(parsed<Select>("select * from test.foo in mapkeys where a = 1").elements,
            client::IndexRange::Elements::MapKeys);
  EXPECT_EQ(parsed<Select>("select * from test.foo where g within CAST('{}' AS GEOJSON)")
                .conditions[0]
                .kind,
            Condition::Kind::Within);
  // A bin may be called like a keyword.
  EXPECT_EQ(parsed<Select>("select * from test.foo where pk between 1 and 2").conditions[0].bin,
            "pk");
}

TEST(ParseSelect, TakesTheExtensions) {
  EXPECT_TRUE(parsed<Select>("select count(*) from test.foo").counts);
  EXPECT_EQ(parsed<Select>("select count from test.foo").bins[0], "count");
  const auto sorted = parsed<Select>("select * from test.foo order by a desc limit 3");
  EXPECT_EQ(sorted.order->bin, "a");
  EXPECT_TRUE(sorted.order->descending);
  EXPECT_EQ(*sorted.limit, 3U);
  const auto update = parsed<Insert>("update test.foo set a = 1, b = 'x' where pk = 'k'");
  EXPECT_TRUE(update.must_exist);
  EXPECT_EQ(update.bins.size(), 2U);
  EXPECT_TRUE(update.key == Value("k"));
}

TEST(ParseOthers, TakesEveryForm) {
  EXPECT_TRUE(parsed<Delete>("delete from test.foo where pk = 1").address.user_key == Value(1));
  EXPECT_TRUE(
      parsed<Explain>("explain select * from test.foo where pk = 1").select.address.has_value());
  EXPECT_EQ(parsed<Show>("SHOW NAMESPACES").what, Show::What::Namespaces);
  EXPECT_EQ(parsed<Show>("show sets").what, Show::What::Sets);
  EXPECT_EQ(parsed<Show>("show indexes test").ns, "test");
  EXPECT_EQ(parsed<Show>("show packages").what, Show::What::Modules);
  EXPECT_EQ(parsed<Truncate>("truncate test.foo upto 123").until_ns, 123U);
  EXPECT_EQ(parsed<CreateIndex>("create mapkeys index i on test.foo (a) numeric").collection,
            "mapkeys");
  EXPECT_EQ(parsed<CreateIndex>("create index i on test (a) STRING").type, "string");
  EXPECT_EQ(parsed<DropIndex>("drop index test.foo i").name, "i");
  EXPECT_EQ(parsed<Stat>("stat index test i").index, "i");
  EXPECT_EQ(parsed<Asinfo>("asinfo 'namespace/test'").command, "namespace/test");
  EXPECT_EQ(parsed<SetOption>("set timeout 2000").value, "2000");
  EXPECT_EQ(parsed<SetOption>("set lua_userpath '/a b'").value, "/a b");
  EXPECT_EQ(parsed<GetOption>("get all").name, "ALL");
  EXPECT_EQ(parsed<ResetOption>("reset Timeout").name, "TIMEOUT");
  EXPECT_EQ(parsed<sql::Run>("run '/tmp/x.aql'").path, "/tmp/x.aql");
  EXPECT_EQ(parsed<Print>("print hello world").text, "hello world");
  EXPECT_EQ(parsed<Help>("help insert").topic, "insert");
  for (const char* word : {"exit", "QUIT", "q"}) parsed<Exit>(word);
  for (const char* text :
       {"execute a.b() on test", "aggregate a.b() on test.foo where a = 1", "show users",
        "show roles", "create user u password p roles read", "drop user u", "grant role r to u",
        "revoke role r from u", "set password p", "set whitelist a for r", "system ls"})
    EXPECT_FALSE(parsed<NotYet>(text).why.empty()) << text;
  EXPECT_EQ(parsed<RegisterModule>("register module '/a/b.lua'").path, "/a/b.lua");
  EXPECT_EQ(parsed<RemoveModule>("remove package b.lua").name, "b.lua");
  EXPECT_EQ(parsed<RemoveModule>("remove module 'b.c.lua'").name, "b.c.lua");
  EXPECT_EQ(parsed<DescribeModule>("desc module b").name, "b");
  EXPECT_EQ(parsed<Show>("show queries").what, Show::What::Jobs);
  EXPECT_EQ(parsed<Show>("show scans").what, Show::What::Jobs);
  EXPECT_EQ(parsed<KillJob>("kill_query 16770430813380331578").id, 16770430813380331578U);
  const auto operate = parsed<Operate>(
      "operate list_append(l, 1), map_put(m, 'k', 2) with_policy(AS_MAP_KEY_ORDERED), touch() on "
      "test.foo where pk = 1");
  ASSERT_EQ(operate.steps.size(), 3U);
  EXPECT_EQ(operate.steps[0].name, "LIST_APPEND");
  EXPECT_EQ(operate.steps[1].policy, "AS_MAP_KEY_ORDERED");
  EXPECT_TRUE(operate.steps[2].bin.empty());
}

TEST(ParseErrors, NameTheTokenAndItsPlace) {
  using Kind = SyntaxError::Kind;
  struct Case {
    const char* text;
    Kind kind;
    const char* token;
    std::size_t at;
  };
  const Case cases[] = {
      {"selec * from test", Kind::UnknownCommand, "selec", 0},
      {"'x'", Kind::UnknownCommand, "x", 0},
      {"select * form test", Kind::Unexpected, "form", 9},
      {"select * from", Kind::Ended, "from", 13},
      {"select * from test.foo where pk = 'open", Kind::Ended, "'open", 34},
      {"insert into test.foo (pk, a) values (1)", Kind::Unexpected, ")", 38},
      {"insert into test.foo (pk, a) values (1, 2, 3)", Kind::Unexpected, ",", 41},
      {"insert into test.foo (pk) values (1)", Kind::Unexpected, ")", 24},
      {"insert into test.foo (a, b) values (1, 2)", Kind::Unexpected, "a", 22},
      {"insert into test.foo (pk, a) values (1, abc)", Kind::Unexpected, "abc", 40},
      {"insert into test.foo (pk, a) values (1, 99999999999999999999)", Kind::Unexpected,
       "99999999999999999999", 40},
      {"select * from test.foo extra", Kind::Unexpected, "extra", 23},
      {"select * from test.foo where digest = 'xyz'", Kind::Meaning, "xyz", 38},
      {"select * from 'a;b'", Kind::Meaning, "a;b", 14},
      {"select * from test in list where pk = 1", Kind::Meaning, "1", 38},
      {"insert into test (pk, a) values (1, list('{}'))", Kind::Meaning, "{}", 41},
      {"insert into test (pk, a) values (1, cast('x' as int))", Kind::Meaning, "int", 48},
      {"select * from test limit 0", Kind::Meaning, "0", 25},
  };
  for (const Case& c : cases) {
    const auto statement = parse_statement(c.text);
    ASSERT_FALSE(statement.has_value()) << c.text;
    EXPECT_EQ(statement.error().kind, c.kind) << c.text;
    EXPECT_EQ(statement.error().token, c.token) << c.text;
    EXPECT_EQ(statement.error().at, c.at) << c.text;
  }
}

TEST(PointAt, PutsTheMarkUnderTheToken) {
  const auto mark = [](std::string_view text) {
    return point_at(text, parse_statement(text).error());
  };
  EXPECT_EQ(mark("select * form test.foo"),
            "select * form test.foo\n"
            "         ^~~~\n"
            "expected FROM, found 'form'\n");
  EXPECT_EQ(mark("select *\n  form test.foo"),
            "  form test.foo\n"
            "  ^~~~\n"
            "expected FROM, found 'form'\n");
  EXPECT_EQ(mark("delete from test.foo"),
            "delete from test.foo\n"
            "                    ^\n"
            "expected WHERE, found the end\n");
}

}  // namespace
}  // namespace flotilla::tools::sql
