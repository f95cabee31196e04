#include "cluster/transfer_pace.h"

#include <gtest/gtest.h>

namespace flotilla::cluster {
namespace {

using std::chrono::milliseconds;

constexpr TransferPace::Options kOptions{.slowest = 1e6,
                                         .step = 1e5,
                                         .decrease = 0.5,
                                         .tolerated = milliseconds(1),
                                         .burst = milliseconds(10),
                                         .absent_after = 3};
constexpr Instant kStart{std::chrono::seconds(100)};

/// Bytes that leave within a second, in answers of `size`.
double sent_in_a_second(TransferPace& pace, Instant from, std::size_t size) {
  double sent = 0;
  for (Duration at{0}; at < std::chrono::seconds(1); at += milliseconds(1)) {
    while (pace.allows(from + at)) {
      pace.spend(size - TransferPace::kAnswer);
      sent += static_cast<double>(size);
    }
  }
  return sent;
}

void leave_alone(TransferPace& pace, int measurements) {
  for (int i = 0; i < measurements; ++i) pace.adjust(kStart, milliseconds(50), false);
}

TEST(TransferPace, SendsAtItsRateAndWhatWasNotUsedForAMoment) {
  TransferPace pace(kOptions);
  EXPECT_NEAR(sent_in_a_second(pace, kStart, 10'000), 1'010'000, 10'000);
}

TEST(TransferPace, AnAnswerLargerThanTheBucketIsOwed) {
  TransferPace pace(kOptions);
  ASSERT_TRUE(pace.allows(kStart));
  pace.spend(1'010'000 - TransferPace::kAnswer);
  EXPECT_FALSE(pace.allows(kStart + milliseconds(999)));
  EXPECT_TRUE(pace.allows(kStart + milliseconds(1001)));
}

TEST(TransferPace, SaysWhenItAllowsTheNext) {
  TransferPace pace(kOptions);
  ASSERT_TRUE(pace.allows(kStart));
  pace.spend(110'000 - TransferPace::kAnswer);
  const Instant next = pace.allows_at(kStart);
  EXPECT_FALSE(pace.allows(next + milliseconds(-1)));
  EXPECT_TRUE(pace.allows(next + milliseconds(1)));
}

TEST(TransferPace, GrowsByHalfUntilRequestsWait) {
  TransferPace pace(kOptions);
  pace.adjust(kStart, milliseconds(1));
  EXPECT_EQ(pace.rate(), 1.5e6);
  pace.adjust(kStart, milliseconds(0));
  EXPECT_EQ(pace.rate(), 2.25e6);
}

TEST(TransferPace, FallsByAFactorAndThenGrowsByAStep) {
  TransferPace pace(kOptions);
  for (int i = 0; i < 4; ++i) pace.adjust(kStart, milliseconds(0));
  const double before = pace.rate();
  pace.adjust(kStart, milliseconds(2));
  EXPECT_EQ(pace.rate(), before / 2);
  pace.adjust(kStart, milliseconds(0));
  EXPECT_EQ(pace.rate(), before / 2 + 1e5);
}

TEST(TransferPace, IsNeverSlowerThanItsSlowest) {
  TransferPace pace(kOptions);
  for (int i = 0; i < 10; ++i) pace.adjust(kStart, milliseconds(50));
  EXPECT_EQ(pace.rate(), 1e6);
}

TEST(TransferPace, HasNoLimitWhileNobodyIsServed) {
  TransferPace pace(kOptions);
  leave_alone(pace, 3);
  pace.spend(1'000'000'000);
  EXPECT_TRUE(pace.allows(kStart));
}

TEST(TransferPace, KeepsItsLimitWhileClientsPause) {
  TransferPace pace(kOptions);
  leave_alone(pace, 2);
  pace.adjust(kStart, milliseconds(50));
  leave_alone(pace, 2);
  EXPECT_EQ(pace.rate(), 1e6);
}

TEST(TransferPace, SlowsDownWhenServingBegins) {
  TransferPace pace(kOptions);
  leave_alone(pace, 3);
  pace.adjust(kStart, milliseconds(0));
  EXPECT_EQ(pace.rate(), 1e6);
  EXPECT_NEAR(sent_in_a_second(pace, kStart, 10'000), 1'010'000, 10'000);
}

TEST(TransferPace, BeginsAnewWhenNothingIsSentAnyMore) {
  TransferPace pace(kOptions);
  for (int i = 0; i < 4; ++i) pace.adjust(kStart, milliseconds(0));
  pace.reset();
  EXPECT_EQ(pace.rate(), 1e6);
}

}  // namespace
}  // namespace flotilla::cluster
