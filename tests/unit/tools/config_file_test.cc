#include "tools/config_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace flotilla::tools {
namespace {

TEST(ParseConfig, ReadsSectionsKeysAndComments) {
  const auto entries = parse_config(
      "# comment\n[cluster]\nhost = \"db1:3000\" # behind\nport=4000\n\n[aql]\nsocket_timeout = 5\n"
      "password = 'a#b'\nname = \"with \\\" quote\"\n");
  ASSERT_TRUE(entries.has_value());
  ASSERT_EQ(entries->size(), 5U);
  EXPECT_EQ((*entries)[0].value, "db1:3000");
  EXPECT_EQ((*entries)[1].value, "4000");
  EXPECT_EQ((*entries)[2].key, "socket-timeout");
  EXPECT_EQ((*entries)[2].section, "aql");
  EXPECT_EQ((*entries)[3].value, "a#b");
  EXPECT_EQ((*entries)[4].value, "with \" quote");
}

TEST(ParseConfig, NamesTheLineOfAMistake) {
  for (const char* text : {"[cluster\n", "host\n", "host = \"open\n", "host = \"a\" b\n"}) {
    const auto entries = parse_config(text);
    ASSERT_FALSE(entries.has_value()) << text;
    EXPECT_EQ(entries.error().substr(0, 7), "line 1:");
  }
}

TEST(ChooseValues, LaterWinsAndInstancesStandApart) {
  const auto entries = parse_config(
      "[cluster]\nhost = a\n[aql]\ntimeout = 1\n[cluster]\nhost = b\n[cluster_x]\nhost = "
      "c\n[aql_x]\ntimeout = 2\n"
      "[asadm]\nanything = goes\n");
  const auto plain =
      choose_values(*entries, {.tool = "aql", .instance = "", .allowed = {"timeout"}});
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->at("host"), "b");
  EXPECT_EQ(plain->at("timeout"), "1");
  const auto instance =
      choose_values(*entries, {.tool = "aql", .instance = "x", .allowed = {"timeout"}});
  EXPECT_EQ(instance->at("host"), "c");
  EXPECT_EQ(instance->at("timeout"), "2");
}

TEST(ChooseValues, RefusesAnUnknownKeyByNameAndSection) {
  const auto entries = parse_config("[aql]\ntimeuot = 1\n");
  const auto values =
      choose_values(*entries, {.tool = "aql", .instance = "", .allowed = {"timeout"}});
  ASSERT_FALSE(values.has_value());
  EXPECT_EQ(values.error(), "unknown key 'timeuot' in section [aql]");
}

TEST(ResolveSecret, FollowsReferences) {
  ::setenv("FLOTILLA_TEST_SECRET", "c2VjcmV0", 1);
  EXPECT_EQ(*resolve_secret("plain"), "plain");
  EXPECT_EQ(*resolve_secret("env:FLOTILLA_TEST_SECRET"), "c2VjcmV0");
  EXPECT_EQ(*resolve_secret("env-b64:FLOTILLA_TEST_SECRET"), "secret");
  EXPECT_EQ(*resolve_secret("b64:c2VjcmV0"), "secret");
  EXPECT_FALSE(resolve_secret("env:FLOTILLA_TEST_ABSENT").has_value());
  EXPECT_FALSE(resolve_secret("file:/nowhere/at/all").has_value());
  EXPECT_FALSE(resolve_secret("b64:!").has_value());
}

TEST(ReadConfig, FollowsIncludesButNotForEver) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "config_file_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "main.conf")
      << "[include]\nfile = \"" << (folder / "more.conf").string() << "\"\n";
  std::ofstream(folder / "more.conf") << "[cluster]\nhost = \"included\"\n";
  const auto entries = read_config({.only = (folder / "main.conf").string()}, "");
  ASSERT_TRUE(entries.has_value()) << entries.error();
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ((*entries)[0].value, "included");
  std::ofstream(folder / "more.conf")
      << "[include]\nfile = \"" << (folder / "main.conf").string() << "\"\n";
  EXPECT_FALSE(read_config({.only = (folder / "main.conf").string()}, "").has_value());
  EXPECT_FALSE(read_config({.only = (folder / "absent.conf").string()}, "").has_value());
  EXPECT_TRUE(read_config({.none = true}, "/nowhere").has_value());
  std::filesystem::remove_all(folder);
}

TEST(ConfigPaths, StandInTheOrderOfReading) {
  const std::vector<std::string> usual = {"/etc/aerospike/astools.conf",
                                          "/home/u/.aerospike/astools.conf"};
  EXPECT_EQ(config_paths({}, "/home/u"), usual);
  EXPECT_EQ(config_paths({.extra = "x"}, "/home/u").back(), "x");
  EXPECT_EQ(config_paths({.only = "x"}, "/home/u"), std::vector<std::string>{"x"});
  EXPECT_TRUE(config_paths({.none = true}, "/home/u").empty());
}

}  // namespace
}  // namespace flotilla::tools
