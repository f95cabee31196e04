#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/info_output.h"
#include "tools/render.h"
#include "tools/result_writer.h"

namespace flotilla::tools {
namespace {

using client::Value;
using Row = std::vector<client::Bin>;

/// One set of rows and a success, written in a mode.
std::string written(const OutputOptions& options, const std::vector<std::string>& columns,
                    const std::vector<Row>& rows, double seconds = 0.06,
                    std::string_view node = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const auto writer = make_writer(options, out, err);
  writer->begin(columns);
  for (const Row& row : rows) writer->row(row);
  writer->end_rows(node, seconds);
  writer->success({});
  EXPECT_EQ(err.str(), "");
  return out.str();
}

TEST(Table, MatchesTheExamplesOfTheOriginal) {
  EXPECT_EQ(written({}, {}, {{{"PK", 1}, {"val1", "abc"}}}),
            "+----+-------+\n"
            "| PK | val1  |\n"
            "+----+-------+\n"
            "| 1  | \"abc\" |\n"
            "+----+-------+\n"
            "1 row in set (0.060 secs)\n"
            "\n"
            "OK\n"
            "\n");
  EXPECT_EQ(written({}, {}, {{{"namespaces", "test"}}}, 0.002, "172.18.0.2:3000"),
            "+------------+\n"
            "| namespaces |\n"
            "+------------+\n"
            "| \"test\"     |\n"
            "+------------+\n"
            "[172.18.0.2:3000] 1 row in set (0.002 secs)\n"
            "\n"
            "OK\n"
            "\n");
}

TEST(Table, WithoutRowsIsItsFooterAlone) {
  EXPECT_EQ(written({}, {}, {}, 0.01), "0 rows in set (0.010 secs)\n\nOK\n\n");
}

TEST(Table, MissingBinsAreBlankAndNewOnesJoinAtTheEnd) {
  EXPECT_EQ(written({}, {}, {{{"a", 1}}, {{"b", 22}}}, 0),
            "+---+----+\n"
            "| a | b  |\n"
            "+---+----+\n"
            "| 1 |    |\n"
            "|   | 22 |\n"
            "+---+----+\n"
            "2 rows in set (0.000 secs)\n\nOK\n\n");
}

TEST(Table, NamedBinsStandInTheirOrderOneWiderThanTheirNames) {
  EXPECT_EQ(written({}, {"b", "a"}, {{{"a", 1}, {"b", 2}, {"PK", 9}}}, 0),
            "+----+----+----+\n"
            "| b  | a  | PK |\n"
            "+----+----+----+\n"
            "| 2  | 1  | 9  |\n"
            "+----+----+----+\n"
            "1 row in set (0.000 secs)\n\nOK\n\n");
}

TEST(Table, BeginsAnewAfterNinetyNineRows) {
  std::vector<Row> rows(100, Row{{"a", 1}});
  const std::string text = written({}, {}, rows, 0);
  std::size_t headers = 0;
  for (std::size_t at = text.find("| a |"); at != std::string::npos;
       at = text.find("| a |", at + 1))
    ++headers;
  EXPECT_EQ(headers, 2U);
  EXPECT_NE(text.find("100 rows in set"), std::string::npos);
}

TEST(Table, CutsLongCellsOnlyWhereTheOriginalMustBeMet) {
  const Row row{{"a", std::string(300, 'x')}};
  EXPECT_EQ(written({.cuts_cells = true}, {}, {row}).find(std::string(254, 'x')),
            std::string::npos);
  EXPECT_NE(written({.cuts_cells = true}, {}, {row}).find('"' + std::string(253, 'x') + ' '),
            std::string::npos);
  EXPECT_NE(written({.cuts_cells = false}, {}, {row}).find(std::string(300, 'x')),
            std::string::npos);
}

TEST(Table, KeepsSixtyFourColumnsAtMost) {
  Row row;
  for (int i = 0; i < 70; ++i) row.push_back({"c" + std::to_string(i), i});
  const std::string text = written({}, {}, {row}, 0);
  EXPECT_NE(text.find("| c63 "), std::string::npos);
  EXPECT_EQ(text.find("| c64 "), std::string::npos);
}

TEST(Table, CountsCharactersNotBytes) {
  EXPECT_EQ(written({}, {}, {{{"a", "\xc3\xa4"}}, {{"a", "xy"}}}, 0),
            "+------+\n"
            "| a    |\n"
            "+------+\n"
            "| \"\xc3\xa4\"  |\n"
            "| \"xy\" |\n"
            "+------+\n"
            "2 rows in set (0.000 secs)\n\nOK\n\n");
}

TEST(Footer, SaysSecOnlyForExactlyOne) {
  EXPECT_EQ(rows_footer(1, "", 1.0), "1 row in set (1.000 sec)\n");
  EXPECT_EQ(rows_footer(2, "", 1.0004), "2 rows in set (1.000 sec)\n");
  EXPECT_EQ(rows_footer(0, "", 1.001), "0 rows in set (1.001 secs)\n");
}

TEST(Writers, ReportFailuresWhereTheOriginalDoes) {
  struct Case {
    OutputMode mode;
    const char* out;
    const char* err;
  };
  const Case cases[] = {
      {OutputMode::Table, "", "Error: (2) GONE\n\n"},
      {OutputMode::Raw, "Error: (2) GONE\n\n", ""},
      {OutputMode::Mute, "Error: (2) GONE\n\n", ""},
      {OutputMode::Json,
       "[\n    [\n        {\n            \"Status\": 2,\n            \"Message\": \"GONE\"\n       "
       " }\n    ]\n]\n\n",
       ""},
      {OutputMode::JsonLines, "", "Error: (2) GONE\n"},
      {OutputMode::Csv, "", "Error: (2) GONE\n"},
  };
  for (const Case& c : cases) {
    std::ostringstream out;
    std::ostringstream err;
    make_writer({.mode = c.mode}, out, err)->failure(2, "GONE");
    EXPECT_EQ(out.str(), c.out);
    EXPECT_EQ(err.str(), c.err);
  }
}

TEST(Writers, ReportSuccessWithAMessage) {
  std::ostringstream out;
  make_writer({}, out, out)->success("1 record affected.");
  EXPECT_EQ(out.str(), "OK, 1 record affected.\n\n");
}

TEST(Raw, WritesOneLineABin) {
  EXPECT_EQ(written({.mode = OutputMode::Raw}, {}, {{{"PK", 1}, {"val1", "abc"}}, {{"PK", 2}}}, 0),
            "*************************** 1. row ***************************\n"
            "PK: 1\n"
            "val1: \"abc\"\n"
            "*************************** 2. row ***************************\n"
            "PK: 2\n"
            "\n"
            "2 rows in set (0.000 secs)\n"
            "\n"
            "OK\n"
            "\n");
}

TEST(Mute, CountsOnly) {
  EXPECT_EQ(written({.mode = OutputMode::Mute}, {}, {{{"a", 1}}}, 0),
            "1 row in set (0.000 secs)\n\nOK\n\n");
}

TEST(Json, IsOneArrayOfArraysForAStatement) {
  EXPECT_EQ(written({.mode = OutputMode::Json}, {},
                    {{{"PK", 1}, {"l", client::List{.items = {1, "a"}}}}}),
            R"([
    [
        {
            "PK": 1,
            "l": [
                1,
                "a"
            ]
        }
    ],
    [
        {
            "Status": 0
        }
    ]
]

)");
  EXPECT_EQ(
      written({.mode = OutputMode::Json}, {}, {{{"namespaces", "test"}}}, 0, "127.0.0.1:3000"),
      R"([
    [
        {
            "namespaces": "test"
        },
        {
            "node": "127.0.0.1:3000"
        }
    ],
    [
        {
            "Status": 0
        }
    ]
]

)");
}

TEST(Json, StaysJsonWhateverTheBytes) {
  const std::string text = written({.mode = OutputMode::Json}, {}, {{{"a\xff", "\xfe\x01"}}});
  EXPECT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded());
}

TEST(JsonLines, WritesOneObjectALine) {
  EXPECT_EQ(written({.mode = OutputMode::JsonLines}, {}, {{{"a", 1}}, {{"b", "x"}}}),
            "{\"a\":1}\n{\"b\":\"x\"}\n");
}

TEST(Csv, QuotesWhereItMust) {
  EXPECT_EQ(
      written({.mode = OutputMode::Csv}, {}, {{{"a", "x,y"}, {"b", "say \"hi\""}}, {{"c", 3}}}),
      "a,b,c\n\"x,y\",\"say \"\"hi\"\"\",\n,,3\n");
  EXPECT_EQ(written({.mode = OutputMode::Tsv}, {}, {{{"a", "x\ty"}}}), "a\nx\\ty\n");
}

TEST(Render, ShowsEachTypeAsTheOriginalDoes) {
  struct Case {
    Value value;
    const char* with_types;
    const char* without;
  };
  const Case cases[] = {
      {"abc", "\"abc\"", "\"abc\""},
      {"a\"b", "\"a\"b\"", "\"a\"b\""},
      {7, "7", "7"},
      {1.5, "1.5", "1.5"},
      {0.1, "0.1", "0.1"},
      {1e300, "1e+300", "1e+300"},
      {true, "true", "true"},
      {client::Nil{}, "NIL", "NIL"},
      {client::Blob{.bytes = from_hex("01AF")}, "01 AF", "01 AF"},
      {client::List{.items = {1, 2, "a"}}, "LIST('[1, 2, \"a\"]')", "[1, 2, \"a\"]"},
      {client::Map{.entries = {{"k", 1}, {"j", 2}}}, "MAP('{\"k\":1, \"j\":2}')",
       "{\"k\":1, \"j\":2}"},
      {client::Map{.entries = {{1, 2}}, .order = client::MapOrder::KeyOrdered},
       "KEY_ORDERED_MAP('{1:2}')", "{1:2}"},
      {client::Map{.entries = {}, .order = client::MapOrder::KeyValueOrdered},
       "KEY_VALUE_ORDERED_MAP('{}')", "{}"},
      {client::GeoJson{"{}"}, "GeoJSON('{}')", "{}"},
      {client::List{
           .items = {client::List{}, client::Map{.entries = {{"k", client::List{.items = {1}}}}}}},
       "LIST('[[], {\"k\":[1]}]')", "[[], {\"k\":[1]}]"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(render(c.value, true), c.with_types);
    EXPECT_EQ(render(c.value, false), c.without);
  }
}

TEST(ToJson, NamesMapKeysByTheirText) {
  const Value map =
      client::Map{.entries = {{1, "a"}, {"k", client::Blob{.bytes = from_hex("00ff")}}}};
  EXPECT_EQ(to_json(map).dump(), R"({"1":"a","k":"00FF"})");
}

TEST(OutputMode, ExtensionsAreOnlyOurs) {
  EXPECT_EQ(parse_output_mode("Json", false), OutputMode::Json);
  EXPECT_EQ(parse_output_mode("csv", true), OutputMode::Csv);
  EXPECT_FALSE(parse_output_mode("csv", false).has_value());
  EXPECT_FALSE(parse_output_mode("xml", true).has_value());
}

TEST(InfoOutput, BreaksLinesAtTheStrongestSeparator) {
  EXPECT_EQ(value_lines("a=1;b=2:3"), "a=1\nb=2:3");
  EXPECT_EQ(value_lines("a:b,c"), "a\nb,c");
  EXPECT_EQ(value_lines("a,b"), "a\nb");
  EXPECT_EQ(value_lines("plain"), "plain");
  EXPECT_EQ(summary_text({{"node", "A1"}, {"features", "a;b"}}, true),
            "1 :  node\n     A1\n2 :  features\n     a\n     b\n");
}

TEST(InfoOutput, FindsTheShapeOfAnAnswer) {
  EXPECT_EQ(value_json("ok"), "\"ok\"\n");
  EXPECT_EQ(nlohmann::json::parse(value_json("a=1;b=x:y")),
            nlohmann::json({{"a", "1"}, {"b", "x:y"}}));
  EXPECT_EQ(nlohmann::json::parse(value_json("ns=test:set=foo;ns=bar:set=x;")),
            nlohmann::json::parse(R"([{"ns":"test","set":"foo"},{"ns":"bar","set":"x"}])"));
  EXPECT_EQ(nlohmann::json::parse(value_json("test;bar")), nlohmann::json({"test", "bar"}));
}

}  // namespace
}  // namespace flotilla::tools
