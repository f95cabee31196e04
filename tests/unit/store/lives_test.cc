#include "store/lives.h"

#include <gtest/gtest.h>

namespace flotilla::store {
namespace {

constexpr std::uint32_t kNow = 500'000'000;

TEST(Lives, TellsWhomAShareDoesNotOutlive) {
  Lives lives(kNow, 100);
  for (std::uint32_t left = 0; left < 100; ++left) lives.add(kNow + left);
  EXPECT_EQ(lives.count(), 100U);
  EXPECT_EQ(lives.void_time_of(1), kNow);
  EXPECT_EQ(lives.void_time_of(5), kNow + 4);
  EXPECT_EQ(lives.void_time_of(99), kNow + 98);
}

TEST(Lives, NeverTakesAll) {
  Lives lives(kNow, 100);
  EXPECT_EQ(lives.void_time_of(1), std::nullopt);
  for (int i = 0; i < 10; ++i) lives.add(kNow + 50);
  EXPECT_EQ(lives.void_time_of(1), std::nullopt);
  lives.add(kNow + 20);
  EXPECT_EQ(lives.void_time_of(5), kNow + 49);
  EXPECT_EQ(lives.void_time_of(1000), kNow + 49);
}

TEST(Lives, BucketsGrowWiderAsLongerLivesCome) {
  Lives lives(kNow, 100);
  lives.add(kNow + 3);
  lives.add(kNow + 1000);  // Wider than 100 buckets of a second: 16 each.
  lives.add(kNow + 1001);
  EXPECT_EQ(lives.void_time_of(1), kNow + 15);
  EXPECT_EQ(lives.void_time_of(2), kNow + 991);
  EXPECT_EQ(lives.count(), 3U);
}

TEST(Lives, WhatIsOverHasNothingLeft) {
  Lives lives(kNow, 2);
  lives.add(kNow - 10);
  lives.add(kNow + 1);
  EXPECT_EQ(lives.void_time_of(1), kNow);
}

TEST(Lives, TheLastTimesThereAre) {
  Lives lives(kNow, 100);
  lives.add(UINT32_MAX - 1);
  lives.add(UINT32_MAX);
  lives.add(kNow);
  EXPECT_LT(*lives.void_time_of(1), UINT32_MAX - 1);
  EXPECT_LT(*lives.void_time_of(2), UINT32_MAX);
}

}  // namespace
}  // namespace flotilla::store
