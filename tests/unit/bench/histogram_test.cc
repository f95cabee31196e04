#include "generator/histogram.h"

#include <gtest/gtest.h>

#include <limits>

namespace flotilla::bench {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram h;
  EXPECT_EQ(h.total(), 0U);
  EXPECT_EQ(h.quantile(0.5), 0U);
}

TEST(Histogram, CountsSmallValuesExactly) {
  Histogram h;
  for (std::uint64_t ns = 1; ns <= 100; ++ns) h.add(ns);
  EXPECT_EQ(h.quantile(0), 1U);
  EXPECT_EQ(h.quantile(0.5), 50U);
  EXPECT_EQ(h.quantile(0.99), 99U);
  EXPECT_EQ(h.quantile(1), 100U);
}

TEST(Histogram, IsRightToWithinASixtyFourth) {
  for (std::uint64_t ns = 1; ns < std::numeric_limits<std::uint64_t>::max() / 3; ns = ns * 3 + 1) {
    Histogram h;
    h.add(ns);
    EXPECT_GE(h.quantile(0.5), ns);
    EXPECT_LE(h.quantile(0.5) - ns, ns / 64) << ns;
  }
}

TEST(Histogram, TakesTheLargestValue) {
  Histogram h;
  h.add(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(h.quantile(1), std::numeric_limits<std::uint64_t>::max());
}

TEST(Histogram, ForgetsWhenCleared) {
  Histogram h;
  h.add(7);
  h.clear();
  EXPECT_EQ(h.total(), 0U);
  EXPECT_EQ(h.quantile(1), 0U);
}

}  // namespace
}  // namespace flotilla::bench
