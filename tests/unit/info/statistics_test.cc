#include "info/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <span>

#include "base/parse.h"

namespace flotilla::info {
namespace {

using Shown = std::map<std::string, std::string>;

Shown shown(const std::string& text) {
  Shown out;
  for (const std::string_view part : split(text, ';')) {
    const std::size_t at = part.find('=');
    EXPECT_TRUE(out.emplace(part.substr(0, at), part.substr(at + 1)).second) << part;
  }
  return out;
}

// The names whose values differ.
std::set<std::string> moved(const Shown& before, const Shown& after) {
  std::set<std::string> out;
  for (const auto& [name, value] : after)
    if (before.at(name) != value) out.insert(name);
  return out;
}

void move(bool& value) { value = !value; }
void move(Number& value) { value += 7; }
void move(Total& value) { value.value += 7; }
void move(Hex& value) { value.value = 0xA1; }
void move(Percent& value) { value.value = 12.5; }
void move(Ratio& value) { value.value = 0.25; }
void move(Names& value) { value = {"A1", "A2"}; }
void move(Pairs& value) { value = {{1, 2}, {3, 4}}; }

/// A statistic, and what moves it. Calls in a table: with as many checks in one function, a
/// compiler that adds a sanitizer's needs minutes.
template <class Statistics>
struct Mover {
  const char* name;
  void (*move)(Statistics&);
};

template <class Statistics>
void expect_each_moves_its_own(std::span<const Mover<Statistics>> movers) {
  const Shown before = shown(print(Statistics{}));
  for (const auto& mover : movers) {
    Statistics s;
    mover.move(s);
    EXPECT_EQ(moved(before, shown(print(s))), std::set<std::string>{mover.name});
  }
  EXPECT_EQ(movers.size(), before.size());
}

constexpr Mover<NodeStatistics> kOfTheNode[] = {
#define STATISTIC(type, name, help) {#name, [](NodeStatistics& s) { move(s.name); }},
#define NODE_COUNTER(name, help) \
  {#name,                        \
   [](NodeStatistics& s) { s.counters[static_cast<std::size_t>(exec::NodeCounter::name)] = 7; }},
#include "info/node_statistics.def"
};

constexpr Mover<NamespaceStatistics> kOfANamespace[] = {
#define STATISTIC(type, name, help) {#name, [](NamespaceStatistics& s) { move(s.name); }},
#define STORAGE_UNITS()
#include "info/namespace_statistics.def"
#define COUNTER(name)                                                        \
  {#name, [](NamespaceStatistics& s) {                                       \
     s.counters[static_cast<std::size_t>(exec::NamespaceCounter::name)] = 7; \
   }},
#include "exec/namespace_counters.def"
};

TEST(Statistics, EveryFieldOfTheNodeMovesItsOwnStatistic) {
  expect_each_moves_its_own<NodeStatistics>(kOfTheNode);
}

TEST(Statistics, EveryCounterOfTheNodeIsShown) {
  const Shown all = shown(print(NodeStatistics{}));
#define COUNTER(name) EXPECT_TRUE(all.contains(#name)) << #name;
#include "exec/node_counters.def"
}

TEST(Statistics, EveryFieldOfANamespaceMovesItsOwnStatistic) {
  expect_each_moves_its_own<NamespaceStatistics>(kOfANamespace);
}

TEST(Statistics, StorageUnitsShowTheirCounters) {
  NamespaceStatistics s;
  s.storage_units = {{.name = "file[0]",
                      .used_bytes = 1,
                      .free_wblocks = 2,
                      .write_q = 3,
                      .writes = 4,
                      .defrag_q = 5,
                      .defrag_reads = 6,
                      .defrag_writes = 7,
                      .read_errors = 8},
                     {.name = "stripe[1]", .is_backed = false}};
  const Shown all = shown(print(s));
  const std::pair<const char*, const char*> wanted[] = {
      {"used_bytes", "1"}, {"free_wblocks", "2"}, {"write_q", "3"},       {"writes", "4"},
      {"defrag_q", "5"},   {"defrag_reads", "6"}, {"defrag_writes", "7"}, {"read_errors", "8"}};
  for (const auto& [name, value] : wanted)
    EXPECT_EQ(all.at(std::string("storage-engine.file[0].") + name), value);
  EXPECT_EQ(all.at("storage-engine.stripe[1].used_bytes"), "0");
  EXPECT_FALSE(all.contains("storage-engine.stripe[1].write_q"));
}

TEST(Statistics, TextsHaveTheOriginalsForm) {
  NodeStatistics s;
  s.cluster_key = {0x15584DC13EFF};
  s.batch_index_queue = {{0, 1}, {2, 3}};
  s.batch_index_proto_compression_ratio = {1};
  const Shown all = shown(print(s));
  EXPECT_EQ(all.at("cluster_key"), "15584DC13EFF");
  EXPECT_EQ(all.at("cluster_duplicate_nodes"), "null");
  EXPECT_EQ(all.at("batch_index_queue"), "0:1,2:3");
  EXPECT_EQ(all.at("batch_index_proto_compression_ratio"), "1.000");
}

TEST(Statistics, EveryRowExplainsItself) {
  for (const auto& rows : {node_statistic_rows(), namespace_statistic_rows()})
    for (const StatisticRow& row : rows) EXPECT_FALSE(row.help.empty()) << row.name;
}

}  // namespace
}  // namespace flotilla::info
