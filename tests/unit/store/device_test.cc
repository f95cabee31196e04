// A namespace whose bodies are in the log alone, on a simulated disk.
#include "sim/device.h"

#include <gtest/gtest.h>

#include <map>

#include "base/log.h"

namespace flotilla::store {
namespace {

using namespace std::chrono_literals;

using sim::Device;
using sim::device_body;

class DeviceTest : public testing::Test {
 protected:
  DeviceTest() { set_log_level(LogLevel::Critical); }

  Random random{1};
  sim::Disk disk{std::size_t{32 << 10} * 40, random};
  LogOptions options = sim::device_options();
};

TEST_F(DeviceTest, ARecordIsFoundWhereverItIs) {
  std::map<unsigned, Buffer> bodies;
  {
    Device device(disk, options);
    for (unsigned step = 0; step < 4000; ++step) {
      const auto key = static_cast<unsigned>(random.below(200));
      Buffer body = device_body(random.below(2000), step);
      ASSERT_TRUE(device.put(key, body).has_value());
      bodies[key] = std::move(body);
      if (step % 7 == 0) device.pass(Duration(random.below(Duration(300ms).count())));
      const auto other = bodies.lower_bound(static_cast<unsigned>(random.below(key + 1)));
      EXPECT_EQ(device.body(other->first), other->second);
    }
    EXPECT_GT(device.reads, 100U);
    EXPECT_GT(device.log->statistics().defrag_moves, 100U);
    device.log->close();
    device.run();
  }
  Device again(disk, options);
  for (const auto& [key, body] : bodies) EXPECT_EQ(again.body(key), body) << key;
}

TEST_F(DeviceTest, WhatWasWrittenLatelyIsNotReadFromTheDisk) {
  options.tuning.post_write_cache = 16 << 10;
  Device device(disk, options);
  for (unsigned key = 0; key < 100; ++key) {
    ASSERT_TRUE(device.put(key, device_body(1000, key)).has_value());
    device.pass(1s);
  }
  EXPECT_LE(device.log->statistics().cached_bytes, 16U << 10);
  EXPECT_EQ(device.body(99), device_body(1000, 99));
  EXPECT_EQ(device.reads, 0U);
  EXPECT_EQ(device.body(0), device_body(1000, 0));
  EXPECT_EQ(device.reads, 1U);
  const LogStatistics all = device.log->statistics();
  EXPECT_EQ(all.cache_hits, 1U);
  EXPECT_EQ(all.cache_misses, 1U);
}

/// Of four times what the cache holds, wherever compaction has put it.
TEST_F(DeviceTest, ARecordThatIsInNoCacheTakesExactlyOneRead) {
  constexpr unsigned kKeys = 600;
  options.tuning.post_write_cache = kKeys * 1100 / 4;
  Device device(disk, options);
  for (unsigned step = 0; step < 10 * kKeys; ++step) {
    const auto key = static_cast<unsigned>(step < kKeys ? step : random.below(kKeys));
    ASSERT_TRUE(device.put(key, device_body(1024, key)).has_value());
    if (step % 16 == 0) device.pass(1s);
  }
  device.pass(2s);
  ASSERT_GT(device.log->statistics().defrag_moves, 1000U);
  const std::size_t before = device.reads;
  const LogStatistics counted = device.log->statistics();
  for (unsigned step = 0; step < 3 * kKeys; ++step) {
    const auto key = static_cast<unsigned>(random.below(kKeys));
    ASSERT_EQ(device.body(key), device_body(1024, key));
  }
  const LogStatistics now = device.log->statistics();
  EXPECT_EQ(device.reads - before, now.cache_misses - counted.cache_misses);
  EXPECT_EQ(now.cache_hits - counted.cache_hits + now.cache_misses - counted.cache_misses,
            3 * kKeys);
  EXPECT_GT(device.reads - before, 2 * kKeys);
}

TEST_F(DeviceTest, ADamagedRecordIsToldAndNotServed) {
  Device device(disk, options);
  ASSERT_TRUE(device.put(1, device_body(500, 1)).has_value());
  ASSERT_TRUE(device.put(2, device_body(500, 2)).has_value());
  device.pass(2s);
  const RecordExtent extent = device.log->extent(device.records.wanted(device.find(1)->head()).at);
  for (std::size_t at = 0; at < extent.size; ++at) {
    const std::byte was = disk.bytes()[extent.offset + at];
    disk.damage(extent.offset + at, was ^ std::byte{1});
    EXPECT_TRUE(device.body(1).empty()) << at;
    disk.damage(extent.offset + at, was);
  }
  EXPECT_EQ(device.log->statistics().read_errors, 1U) << "of one record";
  EXPECT_EQ(device.records.damaged().size(), 1U);
  EXPECT_EQ(device.body(1), device_body(500, 1));
  EXPECT_EQ(device.body(2), device_body(500, 2));
}

TEST_F(DeviceTest, BesideADamagedRecordOthersAreLookedForAndAllAreRepaired) {
  Device device(disk, options);
  for (unsigned key = 0; key < 40; ++key)
    ASSERT_TRUE(device.put(key, device_body(1000, key)).has_value());
  ASSERT_TRUE(device.remove(3));
  for (unsigned key = 40; key < 80; ++key)
    ASSERT_TRUE(device.put(key, device_body(1000, key)).has_value());
  device.pass(2s);
  const SegmentSlot segment = device.find(1)->head().at.segment;
  for (const unsigned key : {1U, 2U}) {
    const RecordExtent extent =
        device.log->extent(device.records.wanted(device.find(key)->head()).at);
    disk.damage(extent.offset + 60, disk.bytes()[extent.offset + 60] ^ std::byte{1});
  }
  EXPECT_TRUE(device.body(1).empty());
  device.pass(2s);
  EXPECT_TRUE(device.records.damaged().contains(sim::device_digest(2))) << "nobody has read it";
  EXPECT_EQ(device.records.damaged().size(), 2U);
  EXPECT_EQ(device.log->statistics().damaged_segments, 1U);
  for (unsigned key = 0; key < 80; ++key)
    EXPECT_EQ(device.find(key)->head().at.segment == segment, key == 1 || key == 2) << key;

  for (const unsigned key : {1U, 2U}) {
    store::Partition& partition = device.records.partition_of(sim::device_digest(key));
    MemoryRecord* const record = partition.index.find(sim::device_digest(key));
    RecordImage image{.digest = record->digest(),
                      .last_update = record->head().last_update,
                      .generation = record->head().generation};
    const Buffer body = device_body(1000, key);
    image.body = Bytes(body).first(body.size() - 1);
    EXPECT_FALSE(device.records.repair(partition, *record, image)) << "it is another";
    image.body = body;
    EXPECT_TRUE(device.records.repair(partition, *record, image).has_value());
    EXPECT_EQ(device.body(key), body);
  }
  device.pass(2s);
  EXPECT_EQ(device.records.damaged().size(), 0U);
  EXPECT_EQ(device.records.repaired(), 2U);
  EXPECT_EQ(device.log->statistics().damaged_segments, 0U);
}

TEST_F(DeviceTest, AReadThatComesLateFindsItsRecordOrNothing) {
  Device device(disk, options);
  for (unsigned key = 0; key < 50; ++key)
    ASSERT_TRUE(device.put(key, device_body(1000, key)).has_value());
  device.pass(2s);
  const RecordWanted wanted = device.records.wanted(device.find(7)->head());
  const RecordExtent extent = device.log->extent(wanted.at);
  // The segment is emptied and used again.
  for (unsigned step = 0;
       step < 4000 && device.log->extent(wanted.at).place.segment == extent.place.segment; ++step) {
    ASSERT_TRUE(device.put(step % 50, device_body(1000, step)).has_value());
    device.pass(100ms);
  }
  ASSERT_NE(device.log->extent(wanted.at).place.segment, extent.place.segment);
  for (const RecordExtent& where : {extent, device.log->extent(wanted.at)}) {
    RecordRead late(wanted, where, nullptr);
    device.carry_out(late);
    if (late.image()) {
      EXPECT_TRUE(equal(late.image()->body, device_body(1000, 7)));
    }
  }
  EXPECT_FALSE(device.body(7).empty());
}

// ------------------------------------------------------------------------------------ compression

constexpr Packing kLz4{.codec = Codec::Lz4};
constexpr Packing kZstd{.codec = Codec::Zstd, .level = 3};

TEST_F(DeviceTest, CompressedRecordsTakeLessRoomAndComeBack) {
  options.packs = true;
  std::uint64_t plain_bytes = 0;
  for (const Packing& packing : {Packing{}, kLz4, kZstd}) {
    for (std::size_t i = 0; i < disk.size(); ++i) disk.damage(i, std::byte{0});
    options.tuning.packing = packing;
    options.tuning.post_write_cache = 64 << 10;
    {
      Device device(disk, options);
      for (unsigned key = 0; key < 200; ++key)
        ASSERT_TRUE(device.put(key, device_body(1000, key)).has_value());
      device.pass(2s);
      for (unsigned key = 0; key < 200; ++key) EXPECT_EQ(device.body(key), device_body(1000, key));
      EXPECT_EQ(device.find(7)->head().body_size, device_body(1000, 7).size());
      const LogStatistics figures = device.log->statistics();
      if (packing == Packing{}) plain_bytes = figures.used_bytes;
      if (packing != Packing{}) {
        EXPECT_LT(figures.used_bytes, plain_bytes / 4);
        EXPECT_LT(figures.packed_bytes, figures.body_bytes / 4);
      }
    }
    options.tuning.packing = {};  // What is there is read, whatever is wanted now.
    for (const bool closed : {false, true}) {
      Device again(disk, options);
      for (unsigned key = 0; key < 200; ++key) EXPECT_EQ(again.body(key), device_body(1000, key));
      EXPECT_EQ(again.find(7)->head().body_size, device_body(1000, 7).size());
      if (!closed) again.close();
    }
  }
}

TEST_F(DeviceTest, CompressionMayChangeAtAnyTimeAndCompactionKeepsBoth) {
  options.packs = true;
  std::map<unsigned, Buffer> bodies;
  for (unsigned start = 0; start < 4; ++start) {
    options.checkpoint = start % 2 == 0;
    Device device(disk, options);
    for (const auto& [key, body] : bodies) ASSERT_EQ(device.body(key), body) << key;
    for (unsigned step = 0; step < 3000; ++step) {
      const auto key = static_cast<unsigned>(random.below(200));
      Buffer body = device_body(random.below(2000), step);
      ASSERT_TRUE(device.put(key, body).has_value());
      bodies[key] = std::move(body);
      if (step % 7 == 0) device.pass(Duration(random.below(Duration(300ms).count())));
      if (step % 500 == 0) {
        options.tuning.packing = step % 1000 == 0 ? (start < 2 ? kZstd : kLz4) : Packing{};
        device.log->retune(options.tuning);
      }
      ASSERT_EQ(device.body(key), bodies[key]);
    }
    EXPECT_GT(device.log->statistics().defrag_moves, 20U);
    device.close();
  }
}

/// Who does not know of compression must not open the file: the header says so first.
TEST_F(DeviceTest, TheHeaderSaysThatThereAreCompressedRecordsBeforeThereAre) {
  const auto version = [&] {
    std::uint32_t out = 0;
    for (const std::size_t at : {std::size_t{0}, std::size_t{kHeaderCopyAt}}) {
      FileHeader header;
      FileHeader::parse(disk.bytes().subspan(at, kSectorSize), header);
      out = std::max(out, header.version);
    }
    return out;
  };
  options.packs = true;
  Device device(disk, options);
  EXPECT_EQ(version(), kLogVersionPlain);
  options.tuning.packing = kZstd;
  device.log->retune(options.tuning);
  ASSERT_TRUE(device.put(1, device_body(1000, 1)).has_value());
  EXPECT_EQ(device.log->statistics().packed_bytes, device.log->statistics().body_bytes);
  device.pass(2s);
  EXPECT_EQ(version(), kLogVersionPacked);
  ASSERT_TRUE(device.put(2, device_body(1000, 2)).has_value());
  EXPECT_LT(device.log->statistics().packed_bytes, device.log->statistics().body_bytes);
  device.pass(2s);

  options.packs = false;
  Device memory(disk, options);
  EXPECT_EQ(memory.log->state(0), Log::State::Refused);
}

/// The checksum holds, and the bytes are not those of a codec: a record as any that is damaged.
TEST_F(DeviceTest, ARecordThatDoesNotExpandIsToldAndNotServed) {
  options.packs = true;
  options.tuning.packing = kLz4;
  Device device(disk, options);
  ASSERT_TRUE(device.put(1, device_body(500, 1)).has_value());
  device.pass(2s);
  const RecordExtent extent = device.log->extent(device.records.wanted(device.find(1)->head()).at);
  const MutableBytes stored = disk.bytes().subspan(extent.offset, extent.size);
  RecordImage image = StoredRecord::parse(stored)->image;
  Buffer bad(image.body.begin(), image.body.end());
  bad[0] = std::byte{77};
  image.body = bad;
  Buffer sealed(stored.size());
  RecordEncoder(image).write(sealed, extent.place);
  std::ranges::copy(sealed, stored.begin());
  EXPECT_TRUE(device.body(1).empty());
  EXPECT_EQ(device.log->statistics().read_errors, 1U);
  Device again(disk, options);
  EXPECT_EQ(again.find(1), nullptr);
  EXPECT_EQ(again.log->report(0).lost_records, 1U);
}

}  // namespace
}  // namespace flotilla::store
