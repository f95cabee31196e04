#include "store/segment_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kLog = 42;
constexpr std::uint64_t kNumber = 7;
constexpr std::uint32_t kSize = 16 << 10;

/// Writes units of records of 64 bytes into a segment.
struct Segment {
  Buffer bytes = Buffer(kSize);
  std::uint32_t at = kSectorSize;
  std::uint32_t units = 0;

  std::uint32_t add_unit(std::uint32_t records, std::uint64_t number = kNumber) {
    const std::uint32_t start = at;
    UnitHeader{.log_id = kLog,
               .segment = number,
               .offset = at,
               .index = units++,
               .payload_size = records * 64,
               .records = records}
        .encode(MutableBytes(bytes).subspan(at, UnitHeader::kSize));
    for (std::uint32_t i = 0; i < records; ++i) {
      const std::uint32_t offset = static_cast<std::uint32_t>(at + UnitHeader::kSize + i * 64);
      const RecordImage image{.lsn = Lsn(i + 1)};
      RecordEncoder(image).write(MutableBytes(bytes).subspan(offset, 64),
                                 {.log_id = kLog, .segment = number, .offset = offset});
    }
    at += align_up(UnitHeader::kSize + records * 64, kSectorSize);
    return start;
  }
  SegmentScan scan(bool sealed) const {
    SegmentScan out;
    scan_segment(
        bytes,
        {.log_id = kLog, .number = kNumber, .end = sealed ? at : kSize - 512, .sealed = sealed},
        out);
    return out;
  }
};

bool operator==(const ScanGap& a, const ScanGap& b) {
  return a.offset == b.offset && a.bytes == b.bytes && a.lost == b.lost;
}

TEST(SegmentScan, FindsAllRecordsAndTheEnd) {
  Segment segment;
  segment.add_unit(2);
  segment.add_unit(10);
  for (const bool sealed : {false, true}) {
    const SegmentScan scan = segment.scan(sealed);
    EXPECT_EQ(scan.records.size(), 12U);
    EXPECT_EQ(scan.records[0], 512U + 64U);
    EXPECT_EQ(scan.units, 2U);
    EXPECT_EQ(scan.end, segment.at);
    EXPECT_THAT(scan.gaps, IsEmpty());
  }
}

TEST(SegmentScan, AnEmptySegmentHasNothing) {
  const SegmentScan scan = Segment().scan(false);
  EXPECT_THAT(scan.records, IsEmpty());
  EXPECT_THAT(scan.gaps, IsEmpty());
  EXPECT_EQ(scan.end, 512U);
}

TEST(SegmentScan, ADamagedRecordCostsItselfAlone) {
  Segment segment;
  const std::uint32_t unit = segment.add_unit(5);
  segment.bytes[unit + 64 + 2 * 64 + 30] ^= std::byte{1};
  const SegmentScan scan = segment.scan(true);
  EXPECT_THAT(scan.records, ElementsAre(unit + 64, unit + 128, unit + 256, unit + 320));
  ASSERT_EQ(scan.gaps.size(), 1U);
  EXPECT_TRUE((scan.gaps[0] == ScanGap{.offset = unit + 192, .bytes = 64, .lost = 1}));
}

TEST(SegmentScan, ADamagedSizeDoesNotHideTheNextRecord) {
  for (const std::uint32_t size : {0U, 16U, 128U, 4000U, 0xFFFFFFFFU}) {
    Segment segment;
    const std::uint32_t unit = segment.add_unit(5);
    store_le(segment.bytes.data() + unit + 64 + 64 + 4, size);
    const SegmentScan scan = segment.scan(true);
    EXPECT_EQ(scan.records.size(), 4U) << size;
    EXPECT_EQ(scan.gaps.at(0).lost, 1U) << size;
  }
}

TEST(SegmentScan, RecordsAreFoundWithoutTheirUnitsHeader) {
  for (const bool last : {false, true}) {
    Segment segment;
    const std::uint32_t first = segment.add_unit(3);
    const std::uint32_t second = segment.add_unit(3);
    segment.bytes[(last ? second : first) + 20] ^= std::byte{0x40};
    for (const bool sealed : {false, true}) {
      const SegmentScan scan = segment.scan(sealed);
      EXPECT_EQ(scan.records.size(), 6U);
      ASSERT_EQ(scan.gaps.size(), 1U);
      EXPECT_EQ(scan.gaps[0].offset, last ? second : first);
      EXPECT_EQ(scan.gaps[0].lost, std::nullopt);
      EXPECT_EQ(scan.end, segment.at);
    }
  }
}

TEST(SegmentScan, ASealedSegmentThatEndsEarlyHasAGap) {
  Segment segment;
  segment.add_unit(3);
  const std::uint32_t second = segment.add_unit(3);
  std::ranges::fill(MutableBytes(segment.bytes).subspan(second, 512), std::byte{0});
  EXPECT_EQ(segment.scan(true).gaps.size(), 1U);
  EXPECT_THAT(segment.scan(false).gaps, IsEmpty()) << "an open one just ends there";
}

TEST(SegmentScan, UnitsOfAnEarlierLifeDoNotCount) {
  Segment segment;
  segment.add_unit(3);
  const std::uint32_t end = segment.at;
  segment.add_unit(3, kNumber - 1);
  const SegmentScan scan = segment.scan(false);
  EXPECT_EQ(scan.records.size(), 3U);
  EXPECT_EQ(scan.end, end);
  EXPECT_THAT(scan.gaps, IsEmpty());
}

TEST(SegmentScan, HostileBytesCostBoundedWork) {
  // Every 16 bytes begin a record that seems to reach to the end.
  Segment segment;
  segment.bytes.resize(8 << 20);
  for (std::size_t at = 512; at + 64 < segment.bytes.size(); at += 16)
    store_le(segment.bytes.data() + at + 4,
             static_cast<std::uint32_t>(segment.bytes.size() - at) / 16 * 16);
  SegmentScan out;
  scan_segment(segment.bytes, {.log_id = kLog, .number = kNumber, .end = 8 << 20}, out);
  EXPECT_THAT(out.records, IsEmpty());
}

}  // namespace
}  // namespace flotilla::store
