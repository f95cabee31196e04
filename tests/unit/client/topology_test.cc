#include "client/topology.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace flotilla::client {
namespace {

std::string bitmap(const std::vector<unsigned>& partitions) {
  Buffer bits(wire::kPartitions / 8);
  for (const unsigned p : partitions) bits[p / 8] |= static_cast<std::byte>(0x80U >> (p % 8));
  return to_base64(bits);
}

TEST(ParsePeers, ReadsTheGrammar) {
  const auto none = parse_peers("1,3000,[]");
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->generation, 1);
  EXPECT_TRUE(none->peers.empty());

  const auto several = parse_peers(
      "7,3100,[[BB9A,,[10.0.0.2]],[BB9B,name.tls,[host-b:4000,[fe80::1]:5000]],[BB9C,,]]");
  ASSERT_TRUE(several.has_value());
  EXPECT_EQ(several->generation, 7);
  const std::vector<Peer> want = {
      {"BB9A", "", {{"10.0.0.2", 3100, ""}}},
      {"BB9B", "name.tls", {{"host-b", 4000, "name.tls"}, {"fe80::1", 5000, "name.tls"}}},
      {"BB9C", "", {}},
  };
  EXPECT_TRUE(several->peers == want);
  EXPECT_TRUE(parse_peers("3,,[]").has_value());
}

TEST(ParsePeers, RefusesEverythingElse) {
  for (const char* text :
       {"", "x,3000,[]", "1,3000", "1,3000,[", "1,3000,[]x", "1,99999,[]", "1,3000,[[,,[a]]]",
        "1,3000,[[A,,[a]]", "1,3000,[[A,,[a:b:c:d]]]", "1,3000,[[A,,[:1]]]", "1,3000,[[A,,[["})
    EXPECT_FALSE(parse_peers(text).has_value()) << text;
}

TEST(ParseReplicas, ReadsColumnsAndRegimes) {
  const auto owned = parse_replicas("test:3,2," + bitmap({0, 9}) + "," + bitmap({4095}) +
                                    ";bar:0,1," + bitmap({}));
  ASSERT_TRUE(owned.has_value());
  ASSERT_EQ(owned->size(), 2U);
  const OwnedPartitions& test = (*owned)[0];
  EXPECT_EQ(test.ns, "test");
  EXPECT_EQ(test.regime, 3U);
  ASSERT_EQ(test.columns.size(), 2U);
  EXPECT_EQ(test.columns[0].count(), 2U);
  EXPECT_TRUE(test.columns[0][0] && test.columns[0][9]);
  EXPECT_TRUE(test.columns[1][4095]);
}

TEST(ParseReplicas, RefusesEverythingElse) {
  const std::string column = bitmap({});
  for (const std::string& text :
       {std::string("test"), std::string("test:0"), "test:0,2," + column, "test:x,1," + column,
        ":0,1," + column, "test:0,1," + column.substr(4), "test:0,1,!" + column.substr(1),
        std::string("test:0,99999999999,")})
    EXPECT_FALSE(parse_replicas(text).has_value()) << text;
  EXPECT_TRUE(parse_replicas("").has_value());
}

OwnedPartitions owned(std::uint32_t regime, const std::vector<std::vector<unsigned>>& columns) {
  OwnedPartitions o{.ns = "test", .regime = regime, .columns = {}};
  for (const auto& partitions : columns) {
    PartitionSet set;
    for (const unsigned p : partitions) set.set(p);
    o.columns.push_back(set);
  }
  return o;
}

TEST(PartitionMap, MergesNodesAndTheHigherRegimeWins) {
  const std::vector<std::vector<OwnedPartitions>> nodes = {
      {owned(2, {{0, 1}, {2}})},
      {owned(1, {{1, 2}, {0}})},
  };
  const PartitionMap map(nodes);
  const NamespaceMap* const test = map.find("test");
  ASSERT_NE(test, nullptr);
  ASSERT_EQ(test->columns.size(), 2U);
  EXPECT_EQ(test->columns[0][0], 0);
  EXPECT_EQ(test->columns[0][1], 0);
  EXPECT_EQ(test->columns[0][2], 1);
  EXPECT_EQ(test->columns[0][3], kNoNode);
  EXPECT_EQ(test->columns[1][0], 1);
  EXPECT_EQ(map.find("bar"), nullptr);
}

TEST(PartitionMap, WhatNobodyClaimsStaysWhereItWasUnlessThatNodeHasGone) {
  const std::vector<std::vector<OwnedPartitions>> before = {
      {owned(0, {{1}})},
      {owned(0, {{2, 3}})},
      {owned(0, {{4}})},
  };
  const std::vector<std::vector<OwnedPartitions>> after = {
      {owned(0, {{3}})},
      {owned(0, {{}})},
  };
  PartitionMap map(after);
  // The first has gone; the others have moved up.
  const NodeNumber now[] = {kNoNode, 0, 1};
  map.keep_unclaimed(PartitionMap(before), now);
  const auto& masters = map.find("test")->columns[0];
  EXPECT_EQ(masters[1], kNoNode);
  EXPECT_EQ(masters[2], 0);
  EXPECT_EQ(masters[3], 0);
  EXPECT_EQ(masters[4], 1);
}

TEST(Route, SequenceMovesOnAndMasterStays) {
  const std::vector<std::vector<OwnedPartitions>> nodes = {
      {owned(0, {{5}, {}})},
      {owned(0, {{}, {5, 6}})},
  };
  const PartitionMap map(nodes);
  const NamespaceMap& test = *map.find("test");
  const wire::PartitionId five(5);
  EXPECT_EQ(route(test, five, Replica::Sequence, 0, 0), 0);
  EXPECT_EQ(route(test, five, Replica::Sequence, 1, 0), 1);
  EXPECT_EQ(route(test, five, Replica::Sequence, 2, 0), 0);
  EXPECT_EQ(route(test, five, Replica::Master, 1, 0), 0);
  EXPECT_EQ(route(test, five, Replica::Any, 0, 1), 1);
  // Without a master the replica is asked; without anybody there is nobody.
  EXPECT_EQ(route(test, wire::PartitionId(6), Replica::Sequence, 0, 0), 1);
  EXPECT_EQ(route(test, wire::PartitionId(6), Replica::Master, 0, 0), kNoNode);
  EXPECT_EQ(route(test, wire::PartitionId(7), Replica::Sequence, 0, 0), kNoNode);
}

TEST(ParseAddresses, ReadsHostsPortsAndTlsNames) {
  const auto addresses = parse_addresses("a,b:4000,c:cert,d:cert:4001,[::1],[::1]:4002", 3100);
  ASSERT_TRUE(addresses.has_value());
  const std::vector<Address> want = {{"a", 3100, ""},     {"b", 4000, ""},   {"c", 3100, "cert"},
                                     {"d", 4001, "cert"}, {"::1", 3100, ""}, {"::1", 4002, ""}};
  EXPECT_TRUE(*addresses == want);
  EXPECT_EQ((*addresses)[5].text(), "[::1]:4002");
  for (const char* text : {"", ",", "a:0", "a:70000", "a:b:c", ":3000", "[::1", "[::1]x"})
    EXPECT_FALSE(parse_addresses(text).has_value()) << text;
}

RC_GTEST_PROP(Topology, ArbitraryTextNeverHurts, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("[],:;0123aA=/.")));
  static_cast<void>(parse_peers(text));
  static_cast<void>(parse_replicas(text));
  static_cast<void>(parse_addresses(text));
}

TEST(Route, PrefersTheCallersRackAndGoesOnElsewhere) {
  NamespaceMap map;
  for (NodeNumber node = 0; node < 3; ++node) map.columns.emplace_back().fill(node);
  map.near = {1};
  const wire::PartitionId any(7);
  EXPECT_EQ(route(map, any, Replica::PreferRack, 0, 0), 1);
  EXPECT_EQ(route(map, any, Replica::PreferRack, 1, 0), 0);
  EXPECT_EQ(route(map, any, Replica::PreferRack, 2, 0), 2);
  EXPECT_EQ(route(map, any, Replica::PreferRack, 3, 0), 1);
  map.near.clear();
  EXPECT_EQ(route(map, any, Replica::PreferRack, 0, 0), 0);
}

TEST(ParseRackIds, LeavesOutWhatDoesNotParse) {
  const auto racks = parse_rack_ids("test:1;bar:-2;x;y:z");
  EXPECT_EQ(racks.size(), 2U);
  EXPECT_EQ(racks.at("test"), 1);
}

}  // namespace
}  // namespace flotilla::client
