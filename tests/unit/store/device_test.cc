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
  DeviceTest() {
    set_log_level(LogLevel::Critical);
    options.namespace_name = "test";
    options.fresh_id = 7;
    options.segment_size = 32 << 10;
    options.tuning.flush_size = 4 << 10;
    options.tuning.defrag_sleep = Duration(0);
  }

  Random random{1};
  sim::Disk disk{std::size_t{32 << 10} * 40, random};
  LogOptions options;
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

TEST_F(DeviceTest, ADamagedRecordIsToldAndNotServed) {
  Device device(disk, options);
  ASSERT_TRUE(device.put(1, device_body(500, 1)).has_value());
  ASSERT_TRUE(device.put(2, device_body(500, 2)).has_value());
  device.pass(2s);
  const RecordExtent extent = device.log->extent(device.records.wanted(*device.find(1)).at);
  for (std::size_t at = 0; at < extent.size; ++at) {
    const std::byte was = disk.bytes()[extent.offset + at];
    disk.damage(extent.offset + at, was ^ std::byte{1});
    EXPECT_TRUE(device.body(1).empty()) << at;
    disk.damage(extent.offset + at, was);
  }
  EXPECT_EQ(device.log->statistics().read_errors, extent.size);
  EXPECT_EQ(device.body(1), device_body(500, 1));
  EXPECT_EQ(device.body(2), device_body(500, 2));
}

TEST_F(DeviceTest, AReadThatComesLateFindsItsRecordOrNothing) {
  Device device(disk, options);
  for (unsigned key = 0; key < 50; ++key)
    ASSERT_TRUE(device.put(key, device_body(1000, key)).has_value());
  device.pass(2s);
  const RecordWanted wanted = device.records.wanted(*device.find(7));
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

}  // namespace
}  // namespace flotilla::store
