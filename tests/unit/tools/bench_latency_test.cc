#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "base/parse.h"
#include "tools/bench/buckets.h"
#include "tools/bench/hdr_log.h"
#include "tools/bench/latency.h"

namespace flotilla::tools::bench {
namespace {

TEST(Latency, TellsPercentilesWithinItsPrecision) {
  Latency latency;
  for (int us = 1; us <= 10'000; ++us) latency.add(std::chrono::microseconds(us));
  EXPECT_EQ(latency.count(), 10'000U);
  EXPECT_EQ(latency.least(), 1U);
  EXPECT_EQ(latency.most(), 10'000U);
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    const double exact = percent * 100;
    const auto found = static_cast<double>(latency.percentile(percent));
    EXPECT_GE(found, exact) << percent;
    EXPECT_LE(found, exact * 129 / 128 + 1) << percent;
  }
  EXPECT_EQ(latency.percentile(100), 10'000U);
  EXPECT_EQ(Latency().percentile(50), 0U);
}

RC_GTEST_PROP(Latency, NoValueIsLost, ()) {
  Latency latency;
  const auto values = *rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::inRange<std::uint64_t>(0, 1ULL << 40));
  for (const std::uint64_t us : values) latency.add(std::chrono::microseconds(us));
  RC_ASSERT(latency.count() == values.size());
  if (!values.empty())
    RC_ASSERT(latency.percentile(100) == *std::max_element(values.begin(), values.end()));
}

TEST(Buckets, AreRoundAndNamedByTheirLeastValue) {
  const std::pair<std::uint64_t, std::uint64_t> cases[] = {{0, 0},
                                                           {99, 0},
                                                           {100, 100},
                                                           {3'999, 3'900},
                                                           {4'000, 4'000},
                                                           {4'999, 4'000},
                                                           {63'999, 63'000},
                                                           {64'000, 64'000},
                                                           {67'999, 64'000},
                                                           {127'999, 124'000},
                                                           {128'000, 128'000},
                                                           {UINT64_MAX, 128'000}};
  for (const auto& [us, least] : cases)
    EXPECT_EQ(Buckets::least_of(Buckets::bucket_of(us)), least) << us;
  EXPECT_EQ(Buckets::bucket_of(UINT64_MAX), Buckets::kCount - 1);
  Buckets buckets;
  for (const int us : {274, 280, 1'879}) buckets.add(std::chrono::microseconds(us));
  EXPECT_EQ(bucket_line(buckets.counts()), "3, 200:2, 1800:1");
}

/// What is inside of an encoded histogram.
Buffer expanded(Bytes encoded) {
  Buffer out(1 << 16);
  uLongf size = out.size();
  EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                         reinterpret_cast<const Bytef*>(encoded.data() + 8), encoded.size() - 8),
            Z_OK);
  out.resize(size);
  return out;
}

TEST(HdrLog, EncodesAsTheReferenceDoes) {
  // By hdrhistogram 0.10.3 (Python): HdrHistogram(1, 2**32 - 1, 2), these values, encode().
  const std::string reference =
      "HISTFAAAAC54nJNpmSzMwMAgwAABTFCaEUT8BwL7D1AJlp/MbFwfmU8wzuThminPBADy3gq9";
  Latency latency;
  const std::pair<std::int64_t, int> values[] = {
      {0, 1}, {1, 2}, {255, 3}, {256, 1}, {257, 4}, {1000, 100}, {70'000, 5}, {3'599'999'999, 1}};
  for (const auto& [us, times] : values)
    for (int i = 0; i < times; ++i) latency.add(std::chrono::microseconds(us));
  const Buffer ours = hdr_histogram(latency.cells());
  Buffer theirs;
  ASSERT_TRUE(from_base64(reference, theirs));
  EXPECT_EQ(expanded(ours), expanded(theirs));
  EXPECT_EQ(load_be<std::uint32_t>(ours.data()), 0x1C849314U);
  EXPECT_EQ(load_be<std::uint32_t>(ours.data() + 4), ours.size() - 8);
}

TEST(HdrLog, TableOfPercentilesEndsWithAll) {
  Latency latency;
  for (int us = 1; us <= 1'000; ++us) latency.add(std::chrono::microseconds(us));
  const std::string table = hdr_percentiles(latency.cells());
  EXPECT_THAT(table,
              ::testing::HasSubstr("\n     501.000 0.500000000000        501           2.00\n"));
  EXPECT_THAT(table, ::testing::HasSubstr(" 1.000000000000       1000\n#[Mean    =      500."));
  EXPECT_THAT(hdr_percentiles(Latency().cells()),
              ::testing::HasSubstr("Total count    =            0]"));
}

}  // namespace
}  // namespace flotilla::tools::bench
