#include "space_limits.h"

#include <gtest/gtest.h>

#include <vector>

namespace flotilla::server {
namespace {

constexpr std::uint64_t kGib = 1ULL << 30;

class SpaceLimitsTest : public testing::Test {
 protected:
  SpaceLimitsTest() {
    ns.evict_sys_memory_pct.set_raw(70);
    ns.evict_used_pct.set_raw(60);
    ns.evict_indexes_memory_pct.set_raw(50);
    ns.stop_writes_sys_memory_pct.set_raw(90);
    ns.stop_writes_used_pct.set_raw(80);
    ns.stop_writes_avail_pct.set_raw(5);
    ns.indexes_memory_budget.set_raw(1'000'000);
  }
  SpaceVerdict judge(const SpaceUse& use) const { return SpaceLimits(ns).judge(use); }

  config::NamespaceConfig ns{"test"};
};

TEST_F(SpaceLimitsTest, EachHasItsEdge) {
  const SpaceVerdict none;
  const SpaceVerdict evicts{.evicts = true};
  const SpaceVerdict soon{.stops_soon = true};
  const SpaceVerdict evicts_and_soon{.evicts = true, .stops_soon = true};
  const SpaceVerdict all{.evicts = true, .stops = true, .stops_soon = true};
  const SpaceVerdict stops{.stops = true, .stops_soon = true};
  const struct {
    const char* name;
    SpaceUse use;
    SpaceVerdict want;
  } cases[] = {
      {"nothing is used", {}, none},
      {"memory, below", {.memory_pct = 69}, none},
      {"memory, evicts", {.memory_pct = 70}, evicts},
      {"memory, not soon", {.memory_pct = 85}, evicts},
      {"memory, soon", {.memory_pct = 86}, evicts_and_soon},
      {"memory, the last that may be used", {.memory_pct = 90}, evicts_and_soon},
      {"memory, stops", {.memory_pct = 91}, all},
      {"data, below", {.data_pct = 59}, none},
      {"data, evicts", {.data_pct = 60}, evicts},
      {"data, not soon", {.data_pct = 74}, evicts},
      {"data, soon", {.data_pct = 75}, evicts_and_soon},
      {"data, stops", {.data_pct = 80}, all},
      {"data, more than there is", {.data_pct = 250}, all},
      {"indexes, below", {.indexes_pct = 49}, none},
      {"indexes, evict", {.indexes_pct = 50}, evicts},
      {"indexes, not soon", {.index_bytes = 950'000}, none},
      {"indexes, soon", {.index_bytes = 950'001}, soon},
      {"indexes, all of the budget", {.index_bytes = 1'000'000}, soon},
      {"indexes, stop", {.index_bytes = 1'000'001}, stops},
      {"free blocks, not soon", {.free_pct = 10}, none},
      {"free blocks, soon", {.free_pct = 9}, soon},
      {"free blocks, the last", {.free_pct = 5}, soon},
      {"free blocks, stop", {.free_pct = 4}, stops},
  };
  for (const auto& c : cases) EXPECT_EQ(judge(c.use), c.want) << c.name;
}

TEST_F(SpaceLimitsTest, ZeroIsNoLimit) {
  config::NamespaceConfig without("test");
  for (auto* const cell :
       {&without.stop_writes_sys_memory_pct, &without.stop_writes_used_pct,
        &without.stop_writes_avail_pct, &without.evict_sys_memory_pct, &without.evict_used_pct})
    cell->set_raw(0);
  const SpaceVerdict found = SpaceLimits(without).judge(
      {.memory_pct = 100, .data_pct = 100, .free_pct = 0, .index_bytes = kGib});
  EXPECT_EQ(found, SpaceVerdict{});
}

TEST(SpaceUse, WhatIsHeldForRecordsIsFree) {
  const config::MemoryUse memory{.total = 1000, .free = 100};
  EXPECT_EQ(space_use(memory, 0, {}).memory_pct, 90U);
  EXPECT_EQ(space_use(memory, 300, {}).memory_pct, 60U);
  EXPECT_EQ(space_use(memory, 5000, {}).memory_pct, 0U);
}

TEST(SpaceUse, WithoutKnowledgeNothingIsShort) {
  const SpaceUse use = space_use({}, 0, {});
  EXPECT_EQ(use.memory_pct, 0U);
  EXPECT_EQ(use.data_pct, 0U);
  EXPECT_EQ(use.free_pct, 100U);
}

TEST(BytesWithoutRoom, AreThoseThatSparseFilesWantAndTheirMountsHaveNot) {
  const FileOnMount half{.mount = 1, .size = 10 * kGib, .taken = 5 * kGib, .left = 2 * kGib};
  const FileOnMount whole{.mount = 1, .size = 10 * kGib, .taken = 10 * kGib, .left = 2 * kGib};
  const FileOnMount more{.mount = 1, .size = 1 * kGib, .taken = 2 * kGib, .left = 0};
  const FileOnMount elsewhere{.mount = 2, .size = 10 * kGib, .taken = 0, .left = 20 * kGib};
  using Files = std::vector<FileOnMount>;
  const struct {
    const char* name;
    Files files;
    Files others;
    std::uint64_t want;
  } cases[] = {
      {"no files", {}, {half}, 0},
      {"half of one", {half}, {}, 3 * kGib},
      {"all of it is taken", {whole}, {half}, 0},
      {"more is taken than its size", {more}, {}, 0},
      {"there is room", {elsewhere}, {half}, 0},
      {"each mount by itself", {half, elsewhere}, {}, 3 * kGib},
      {"two on one mount", {half, half}, {}, 8 * kGib},
      {"another's wants come first", {half}, {half}, 5 * kGib},
      {"another's on another mount do not", {elsewhere}, {half}, 0},
  };
  for (const auto& c : cases) EXPECT_EQ(bytes_without_room(c.files, c.others), c.want) << c.name;
}

}  // namespace
}  // namespace flotilla::server
