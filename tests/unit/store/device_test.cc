// A namespace whose bodies are in the log alone, on a simulated disk.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/log.h"
#include "base/random.h"
#include "sim/disk.h"
#include "store/log.h"
#include "store/namespace.h"
#include "store/record_body.h"

namespace flotilla::store {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{1'000'000'000};

wire::Digest digest_of(unsigned key) {
  Buffer bytes;
  append_be(bytes, std::uint64_t{key});
  return wire::digest_of("s", wire::ParticleType::Integer, bytes);
}

Buffer body_of(std::size_t size, unsigned seed) {
  const std::string value(size, static_cast<char>('a' + seed % 26));
  const BinView bins[] = {{"b", wire::ParticleType::String, as_bytes(value)}};
  Buffer body(body_size({}, bins));
  write_body(body.data(), {}, bins);
  return body;
}

/// A node's part of it: the owner of the log, and who reads the disk.
class Device : public LogOwner, public LogHost, public RecordReader {
 public:
  Device(sim::Disk& disk, const LogOptions& options) : disk_(disk) {
    const std::uint64_t sizes[] = {disk.size()};
    log = std::make_unique<Log>(options, sizes, *this, *this);
    records.attach(log.get());
    records.keep_on_device(this);
    run();
  }

  /// All that is due now, and what follows from it.
  void run() {
    feed(Log::Tick{});
    while (!disk_.idle()) feed(disk_.complete_first());
  }
  void pass(Duration time) {
    run();
    now_ = now_ + time;
    run();
  }

  Result<LogPosition> put(unsigned key, Bytes body) {
    const wire::Digest digest = digest_of(key);
    Partition& partition = records.partition_of(digest);
    const std::scoped_lock lock(partition.write);
    return records.put(partition, partition.index.find(digest),
                       {.digest = digest, .generation = 1, .body = body}, kNow);
  }
  const MemoryRecord* find(unsigned key) {
    const wire::Digest digest = digest_of(key);
    return records.partition_of(digest).index.find(digest);
  }
  /// Empty: it cannot be read.
  Buffer body(unsigned key) {
    std::shared_ptr<const RecordRead> keeps;
    const auto image = records.image_of(*find(key), keeps);
    if (!image) return {};
    return {image->body.begin(), image->body.end()};
  }

  // LogOwner
  Recovered recovered(const RecordImage& image, const RecordPlace& at) override {
    return records.recover(image, at);
  }
  Result<bool> relocate(const RecordImage& image, SegmentSlot segment) override {
    return records.relocate(image, segment);
  }
  void log_failed(unsigned, std::string_view) override {}
  // LogHost
  void wake(unsigned) override {}
  // RecordReader
  void submit(std::shared_ptr<RecordRead> read) override { carry_out(*read); }
  void carry_out(RecordRead& read) override {
    ++reads;
    const RecordExtent& extent = read.extent();
    std::ranges::copy(Bytes(disk_.bytes()).subspan(extent.offset, extent.size),
                      read.room(extent.size).begin());
    read.complete(std::size_t{0});
  }

  std::size_t reads = 0;
  HybridClock clock;
  Namespace records{"test", clock};
  std::unique_ptr<Log> log;

 private:
  void feed(const Log::Event& event) {
    for (const IoRequest& request : log->step(0, now_, event)) disk_.submit(request);
  }

  sim::Disk& disk_;
  Instant now_{1s};
};

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
      Buffer body = body_of(random.below(2000), step);
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
    ASSERT_TRUE(device.put(key, body_of(1000, key)).has_value());
    device.pass(1s);
  }
  EXPECT_LE(device.log->statistics().cached_bytes, 16U << 10);
  EXPECT_EQ(device.body(99), body_of(1000, 99));
  EXPECT_EQ(device.reads, 0U);
  EXPECT_EQ(device.body(0), body_of(1000, 0));
  EXPECT_EQ(device.reads, 1U);
  const LogStatistics all = device.log->statistics();
  EXPECT_EQ(all.cache_hits, 1U);
  EXPECT_EQ(all.cache_misses, 1U);
}

TEST_F(DeviceTest, ADamagedRecordIsToldAndNotServed) {
  Device device(disk, options);
  ASSERT_TRUE(device.put(1, body_of(500, 1)).has_value());
  ASSERT_TRUE(device.put(2, body_of(500, 2)).has_value());
  device.pass(2s);
  const RecordExtent extent = device.log->extent(device.records.wanted(*device.find(1)).at);
  for (std::size_t at = 0; at < extent.size; ++at) {
    const std::byte was = disk.bytes()[extent.offset + at];
    disk.damage(extent.offset + at, was ^ std::byte{1});
    EXPECT_TRUE(device.body(1).empty()) << at;
    disk.damage(extent.offset + at, was);
  }
  EXPECT_EQ(device.log->statistics().read_errors, extent.size);
  EXPECT_EQ(device.body(1), body_of(500, 1));
  EXPECT_EQ(device.body(2), body_of(500, 2));
}

TEST_F(DeviceTest, AReadThatComesLateFindsItsRecordOrNothing) {
  Device device(disk, options);
  for (unsigned key = 0; key < 50; ++key)
    ASSERT_TRUE(device.put(key, body_of(1000, key)).has_value());
  device.pass(2s);
  const RecordWanted wanted = device.records.wanted(*device.find(7));
  const RecordExtent extent = device.log->extent(wanted.at);
  // The segment is emptied and used again.
  for (unsigned step = 0;
       step < 4000 && device.log->extent(wanted.at).place.segment == extent.place.segment; ++step) {
    ASSERT_TRUE(device.put(step % 50, body_of(1000, step)).has_value());
    device.pass(100ms);
  }
  ASSERT_NE(device.log->extent(wanted.at).place.segment, extent.place.segment);
  for (const RecordExtent& where : {extent, device.log->extent(wanted.at)}) {
    RecordRead late(wanted, where, nullptr);
    device.carry_out(late);
    if (late.image()) {
      EXPECT_TRUE(equal(late.image()->body, body_of(1000, 7)));
    }
  }
  EXPECT_FALSE(device.body(7).empty());
}

}  // namespace
}  // namespace flotilla::store
