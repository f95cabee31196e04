#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/admin/sheet.h"

namespace flotilla::tools::admin {
namespace {

Sheet network() {
  Sheet sheet{.title = "Network Information", .columns = {}, .rows = {}};
  sheet.columns = {{"", "Node"},
                   {"", "Node ID"},
                   {"", "IP"},
                   {"", "Build"},
                   {"", "Migrations"},
                   {"Cluster", "Size"},
                   {"Cluster", "Key"},
                   {"Cluster", "Integrity", Align::Left},
                   {"Cluster", "Principal"},
                   {"", "Client Conns"},
                   {"", "Uptime"}};
  const auto row = [](std::string mark, std::string port, std::string id) {
    return Row{.cells = {{.text = mark + "localhost:" + port},
                         {.text = mark + id},
                         {.text = "127.0.0.1:" + port},
                         {.text = "C-8.1.2.0"},
                         {.text = scaled_count("0"), .raw = "0"},
                         {.text = "2"},
                         {.text = "19E628721D9A"},
                         {.text = "True"},
                         {.text = "BB9030011AC4202"},
                         {.text = "8"},
                         {.text = duration("129")}}};
  };
  sheet.rows = {row("@", "43000", "BB9020011AC4202"), row("*", "43001", "BB9030011AC4202")};
  return sheet;
}

TEST(Print, LaysTheNetworkSheetOutAsTheOriginalDoes) {
  const std::string text = print(network(), {.time = "2026-11-22 10:02:53 UTC"});
  const std::string title = text.substr(0, text.find('\n'));
  EXPECT_EQ(title.size(), 130U);
  EXPECT_NE(title.find("~~Network Information (2026-11-22 10:02:53 UTC)~~"), std::string::npos);
  EXPECT_EQ(text.substr(title.size() + 1),
            "            Node|         Node ID|             IP|    "
            "Build|Migrations|~~~~~~~~~~~~~~~~~~Cluster~~~~~~~~~~~~~~~~~~"
            "|Client|  Uptime\n"
            "                |                |               |         |          |Size|         "
            "Key|Integrity|      Principal"
            "| Conns|\n"
            "@localhost:43000|@BB9020011AC4202|127.0.0.1:43000|C-8.1.2.0|   0.000  |   "
            "2|19E628721D9A|True     |BB9030011AC4202"
            "|     8|00:02:09\n"
            "*localhost:43001|*BB9030011AC4202|127.0.0.1:43001|C-8.1.2.0|   0.000  |   "
            "2|19E628721D9A|True     |BB9030011AC4202"
            "|     8|00:02:09\n"
            "Number of rows: 2\n");
}

TEST(Print, TotalsAreNotCountedAndGroupsAreAtLeastAsWideAsTheirNames) {
  Sheet sheet{.title = "T", .columns = {{"", "A"}, {"Long Group", "B"}}, .rows = {}};
  sheet.rows = {Row{.cells = {{.text = "1"}, {.text = "2"}}},
                Row{.cells = {{}, {.text = "2"}}, .is_total = true}};
  EXPECT_EQ(print(sheet, {}),
            "~~~~~~T~~~~~~~\n"
            "A|~Long Group~\n"
            " |           B\n"
            "1|           2\n"
            " |           2\n"
            "Number of rows: 1\n");
}

TEST(Print, ColoursOnlyWhereTheyAreWanted) {
  Sheet sheet{.title = "T", .columns = {{"", "A"}}, .rows = {}};
  sheet.rows = {Row{.cells = {{.text = "x", .tint = Tint::Alert}}}};
  EXPECT_EQ(print(sheet, {}).find('\x1b'), std::string::npos);
  EXPECT_NE(print(sheet, {.colours = true}).find("\x1b[31mx\x1b[0m"), std::string::npos);
}

TEST(Figures, AreShownAsAdministratorsAreUsedToThem) {
  EXPECT_EQ(scaled_count("0"), "0.000  ");
  EXPECT_EQ(scaled_count("999"), "999.000  ");
  EXPECT_EQ(scaled_count("1000"), "1.000 K");
  EXPECT_EQ(scaled_count("12345678"), "12.346 M");
  EXPECT_EQ(scaled_count("n/a"), "n/a");
  EXPECT_EQ(scaled_bytes("0"), "0.000 B ");
  EXPECT_EQ(scaled_bytes("1023"), "1023.000 B ");
  EXPECT_EQ(scaled_bytes("1048576"), "1.000 MB");
  EXPECT_EQ(percentage("70"), "70.0 %");
  EXPECT_EQ(duration("0"), "00:00:00");
  EXPECT_EQ(duration("93784"), "26:03:04");
}

TEST(ToJson, NestsGroupsAndLeavesTotalsOut) {
  Sheet sheet = network();
  sheet.rows.push_back(Row{.cells = std::vector<Cell>(11), .is_total = true});
  const auto json = to_json(sheet);
  EXPECT_EQ(json["title"], "Network Information");
  const auto& records = json["groups"][0]["records"];
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]["Cluster"]["Size"]["raw"], "2");
  EXPECT_EQ(records[0]["Migrations"]["raw"], "0");
  EXPECT_EQ(records[0]["Migrations"]["converted"], "0.000  ");
}

}  // namespace
}  // namespace flotilla::tools::admin
