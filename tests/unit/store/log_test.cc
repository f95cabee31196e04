#include "store/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/log.h"
#include "sim/disk.h"
#include "sim/plain_owner.h"

namespace flotilla::store {
namespace {

using namespace std::chrono_literals;
using sim::Disk;
using sim::PlainOwner;

constexpr std::uint32_t kSegment = 64 << 10;
constexpr std::uint32_t kSegments = 17;

wire::Digest digest_of(unsigned key) {
  wire::Digest d;
  store_be(d.bytes.data() + 4, key);
  return d;
}

Buffer body_of(unsigned key, std::size_t size) {
  Buffer body(size);
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<std::byte>(key + i);
  return body;
}

/// A log on a simulated disk, driven in order.
class LogTest : public testing::Test {
 protected:
  LogTest() : disk(std::size_t{kSegment} * kSegments, random) {
    set_log_level(LogLevel::Critical);
    options.namespace_name = "test";
    options.fresh_id = 77;
    options.segment_size = kSegment;
    options.tuning.flush_size = 8192;
    options.tuning.write_cache_max = 64 << 10;
  }

  /// Starts a log over what the disk holds; a former one is gone as if killed.
  void start() {
    owner = std::make_unique<PlainOwner>();
    const std::uint64_t sizes[] = {disk.size()};
    log = std::make_unique<Log>(options, sizes, *owner, *owner);
    owner->attach(*log);
    tick();
  }
  void feed(const Log::Event& event) {
    for (const IoRequest& request : log->step(0, now, event)) disk.submit(request);
  }
  /// One tick, and all that follows from it.
  void tick() {
    feed(Log::Tick{});
    drain();
  }
  void drain() {
    while (!disk.idle()) feed(disk.complete_first());
  }
  void pass(Duration time) {
    now = now + time;
    tick();
  }
  void restart() {
    disk.kill();
    start();
  }
  LogPosition put(unsigned key, std::size_t size = 100, std::uint64_t lsn = 1) {
    const auto position =
        owner->put(digest_of(key), {.lsn = Lsn(lsn), .set = "s", .body = body_of(key, size)});
    EXPECT_TRUE(position.has_value()) << position.error().why;
    return position.value_or(LogPosition(0));
  }

  Random random{1};
  Disk disk;
  LogOptions options;
  Instant now{1s};
  std::unique_ptr<PlainOwner> owner;
  std::unique_ptr<Log> log;
};

TEST_F(LogTest, FormatsABlankFile) {
  start();
  EXPECT_EQ(log->state(0), Log::State::Ready);
  EXPECT_TRUE(log->report(0).formatted);
  EXPECT_EQ(log->statistics().free_segments, kSegments - 1);
}

TEST_F(LogTest, RefusesAppendsBeforeItIsReady) {
  owner = std::make_unique<PlainOwner>();
  const std::uint64_t sizes[] = {disk.size()};
  log = std::make_unique<Log>(options, sizes, *owner, *owner);
  owner->attach(*log);
  const auto position = owner->put(digest_of(1), {});
  ASSERT_FALSE(position.has_value());
  EXPECT_EQ(position.error().code, Code::Unavailable);
}

TEST_F(LogTest, RecordsComeBackAfterTheFlushInterval) {
  start();
  for (unsigned key = 0; key < 100; ++key) put(key, 10 * key);
  pass(0s);
  ASSERT_TRUE(log->deadline(0).has_value());
  EXPECT_LE(*log->deadline(0), now + 1s);
  const auto before = owner->entries;
  pass(1s);
  EXPECT_TRUE(log->is_durable(owner->durable_to.load()));
  disk.cut_power();
  start();
  EXPECT_EQ(owner->entries.size(), 100U);
  for (const auto& [digest, entry] : owner->entries) {
    EXPECT_EQ(entry.body, before.at(digest).body);
    EXPECT_EQ(entry.set, "s");
    EXPECT_EQ(entry.at, before.at(digest).at);
  }
  EXPECT_EQ(log->report(0).records, 100U);
  EXPECT_EQ(log->report(0).damaged_places, 0U);
  EXPECT_EQ(log->report(0).torn_places, 0U);
  EXPECT_FALSE(log->report(0).clean);
}

TEST_F(LogTest, NothingIsWrittenBeforeTheFlushInterval) {
  start();
  put(1);
  tick();
  pass(400ms);
  EXPECT_EQ(log->statistics().units_written, 0U);
  pass(600ms);
  EXPECT_EQ(log->statistics().units_written, 1U);
  EXPECT_EQ(log->statistics().partial_units_written, 1U);
  EXPECT_FALSE(log->deadline(0).has_value());
}

TEST_F(LogTest, FullUnitsAreWrittenAtOnce) {
  start();
  for (unsigned key = 0; key < 20; ++key) put(key, 1000);
  tick();
  EXPECT_EQ(log->statistics().units_written, 2U);
}

TEST_F(LogTest, AppendWakesOnceUntilTheNextStep) {
  start();
  owner->woken = false;
  put(1);
  EXPECT_TRUE(owner->woken);
  owner->woken = false;
  put(2);
  EXPECT_FALSE(owner->woken);
  tick();
  put(3);
  EXPECT_FALSE(owner->woken) << "the flush timer runs already";
}

TEST_F(LogTest, CommitToDeviceIsDurableWithoutWaiting) {
  options.commit_to_device = true;
  start();
  const LogPosition first = put(1);
  EXPECT_FALSE(log->is_durable(first));
  feed(Log::Tick{});
  const LogPosition second = put(2);  // While the first group is under way.
  drain();
  EXPECT_TRUE(log->is_durable(first));
  EXPECT_TRUE(log->is_durable(second));
  EXPECT_EQ(owner->durable_to.load(), second);
  EXPECT_EQ(log->statistics().syncs, 2U);
  disk.cut_power();
  start();
  EXPECT_EQ(owner->entries.size(), 2U);
}

TEST_F(LogTest, TheNewestVersionWins) {
  start();
  for (std::uint64_t lsn = 1; lsn <= 5; ++lsn) put(7, 10 * lsn, lsn);
  pass(0s);
  pass(1s);
  restart();
  ASSERT_EQ(owner->entries.size(), 1U);
  EXPECT_EQ(owner->entries.begin()->second.lsn, Lsn(5));
  EXPECT_EQ(owner->seen, 5U);
  EXPECT_EQ(log->statistics().used_bytes,
            stored_size(owner->image_of(digest_of(7), owner->entries.begin()->second)));
}

TEST_F(LogTest, ACleanStopIsMarked) {
  start();
  for (unsigned key = 0; key < 50; ++key) put(key);
  log->close();
  tick();
  ASSERT_EQ(log->state(0), Log::State::Closed);
  const auto late = owner->put(digest_of(1), {.lsn = Lsn(9)});
  ASSERT_FALSE(late.has_value());
  disk.cut_power();
  start();
  EXPECT_TRUE(log->report(0).clean);
  EXPECT_EQ(owner->entries.size(), 50U);
  disk.cut_power();
  start();
  EXPECT_FALSE(log->report(0).clean);
  EXPECT_EQ(owner->entries.size(), 50U);
}

TEST_F(LogTest, ACleanStopOfAnIdleLogEnds) {
  start();
  log->close();
  tick();
  EXPECT_EQ(log->state(0), Log::State::Closed);
}

TEST_F(LogTest, KeepsAReserveForTombstones) {
  options.tuning.defrag_lwm_pct = 1;
  start();
  Code code{};
  unsigned key = 0;
  for (;; ++key) {
    const auto position = owner->put(digest_of(key), {.lsn = Lsn(1), .body = body_of(key, 2000)});
    if (!position) {
      code = position.error().code;
      if (code != Code::DeviceOverload) break;
    }
    tick();
  }
  EXPECT_EQ(code, Code::OutOfSpace);
  EXPECT_EQ(log->statistics().free_segments, 2U);
  const auto gone = owner->put(digest_of(0), {.lsn = Lsn(2), .flags = kTombstone});
  EXPECT_TRUE(gone.has_value());
}

TEST_F(LogTest, AFullWriteCacheIsOverload) {
  start();
  unsigned key = 0;
  Result<LogPosition> position{LogPosition(0)};
  while (position) {
    ++key;
    position = owner->put(digest_of(key), {.lsn = Lsn(1), .body = body_of(key, 1000)});
  }
  EXPECT_EQ(position.error().code, Code::DeviceOverload);
  EXPECT_GE(log->statistics().pending_bytes, options.tuning.write_cache_max - 8192);
  tick();
  EXPECT_TRUE(owner->put(digest_of(key), {.lsn = Lsn(1)}).has_value());
}

TEST_F(LogTest, ARecordLongerThanASegmentIsTooBig) {
  start();
  const auto position = owner->put(digest_of(1), {.lsn = Lsn(1), .body = Buffer(kSegment)});
  ASSERT_FALSE(position.has_value());
  EXPECT_EQ(position.error().code, Code::TooBig);
}

TEST_F(LogTest, ARecordLongerThanTheFlushSizeFits) {
  options.tuning.write_cache_max = 1 << 20;
  start();
  const std::size_t longest =
      kSegment - 2 * 512 - UnitHeader::kSize - StoredRecord::kHeaderSize - 16;
  put(1, longest);
  put(2, 100);
  put(3, 20000);
  pass(0s);
  pass(1s);
  restart();
  ASSERT_EQ(owner->entries.size(), 3U);
  EXPECT_EQ(owner->entries.at(digest_of(1)).body, body_of(1, longest));
}

TEST_F(LogTest, FailsForGoodAfterAnIoError) {
  for (const bool writes : {true, false}) {
    disk.fail_writes(false);
    disk.fail_syncs(false);
    start();
    ASSERT_EQ(log->state(0), Log::State::Ready);
    put(1, 100, writes ? 1 : 2);
    pass(0s);
    disk.fail_writes(writes);
    disk.fail_syncs(!writes);
    pass(1s);
    EXPECT_EQ(log->state(0), Log::State::Failed);
    EXPECT_FALSE(owner->failure.empty());
    const auto syncs = log->statistics().syncs;
    pass(1s);
    EXPECT_EQ(log->statistics().syncs, syncs) << "a failed sync must not be tried again";
    const auto position = owner->put(digest_of(2), {.lsn = Lsn(1)});
    ASSERT_FALSE(position.has_value());
    EXPECT_EQ(position.error().code, Code::Unavailable);
  }
}

// ------------------------------------------------------------------------------------ whose file
// it is

struct Refusal {
  const char* name;
  void (*change)(LogOptions& options, Disk& disk);
  const char* why;
};
const Refusal kRefusals[] = {
    {"another namespace", [](LogOptions& o, Disk&) { o.namespace_name = "other"; },
     "namespace test"},
    {"another node", [](LogOptions& o, Disk&) { o.instance[3] = std::byte{9}; }, "another node"},
    {"foreign bytes",
     [](LogOptions&, Disk& d) {
       d.damage(0, std::byte{1});
       d.damage(kHeaderCopyAt, std::byte{1});
     },
     "not a data file"},
    {"both headers damaged",
     [](LogOptions&, Disk& d) {
       d.damage(20, std::byte{0xFF});
       d.damage(kHeaderCopyAt + 20, std::byte{0xFF});
     },
     "damaged"},
    {"header zeroed",
     [](LogOptions&, Disk& d) {
       for (std::size_t i = 0; i < kSegment; ++i) d.damage(i, std::byte{0});
     },
     "segments of ours"},
    {"a newer format",
     [](LogOptions&, Disk& d) {
       FileHeader header;
       FileHeader::parse(d.bytes().first(kSectorSize), header);
       header.version = kLogVersion + 1;
       Buffer sector(kSectorSize);
       header.encode(sector);
       for (std::size_t i = 0; i < sector.size(); ++i) d.damage(i, sector[i]);
     },
     "newer version"},
};

TEST_F(LogTest, RefusesWhatIsNotItsOwnAndLeavesItAlone) {
  for (const Refusal& row : kRefusals) {
    const LogOptions mine = options;
    for (std::size_t i = 0; i < disk.size(); ++i) disk.damage(i, std::byte{0});
    start();
    put(1);
    pass(0s);
    pass(1s);
    row.change(options, disk);
    const Buffer before(disk.bytes().begin(), disk.bytes().end());
    start();
    EXPECT_EQ(log->state(0), Log::State::Refused) << row.name;
    EXPECT_THAT(log->refusal(0), testing::HasSubstr(row.why)) << row.name;
    EXPECT_TRUE(equal(before, disk.bytes())) << row.name;
    options = mine;
  }
}

TEST_F(LogTest, OneDamagedHeaderCopyIsReportedAndReplaced) {
  start();
  put(1);
  pass(0s);
  pass(1s);
  for (const std::size_t copy : {std::size_t{0}, std::size_t{kHeaderCopyAt}}) {
    disk.damage(copy + 40, std::byte{0xEE});
    start();
    EXPECT_EQ(log->state(0), Log::State::Ready);
    EXPECT_EQ(log->report(0).damaged_places, 1U);
    EXPECT_EQ(log->report(0).damage.at(0).what, LogDamage::What::Header);
    EXPECT_EQ(owner->entries.size(), 1U);
    start();
    start();
    EXPECT_EQ(log->report(0).damaged_places, 0U);
  }
}

TEST_F(LogTest, StartEmptyForgetsTheRecords) {
  start();
  put(1);
  pass(0s);
  pass(1s);
  options.start_empty = true;
  options.fresh_id = 78;
  start();
  EXPECT_EQ(log->state(0), Log::State::Ready);
  EXPECT_TRUE(owner->entries.empty());
  put(2);
  pass(0s);
  pass(1s);
  options.start_empty = false;
  start();
  EXPECT_EQ(owner->entries.size(), 1U);
  EXPECT_EQ(owner->entries.begin()->first, digest_of(2));
}

// -------------------------------------------------------------------------------------------
// damage

TEST_F(LogTest, ATornTailIsNoDamage) {
  start();
  for (unsigned key = 0; key < 10; ++key) put(key);
  pass(0s);
  pass(1s);
  for (unsigned key = 10; key < 20; ++key) put(key);
  pass(0s);
  now = now + 1s;
  feed(Log::Tick{});
  const std::uint64_t at = kSegment + 512 + align_up(UnitHeader::kSize + 10 * 160, 512);
  feed(disk.complete_first());
  ASSERT_TRUE(UnitHeader::parse(disk.bytes().subspan(at)).has_value());
  disk.damage(at + 600, disk.bytes()[at + 600] ^ std::byte{1});
  restart();
  EXPECT_EQ(log->report(0).damaged_places, 0U);
  EXPECT_EQ(log->report(0).torn_places, 1U);
  EXPECT_EQ(log->report(0).torn_records, 1U);
  EXPECT_EQ(owner->entries.size(), 19U);
  restart();
  EXPECT_EQ(log->report(0).damaged_places, 0U) << "an old tear does not become damage";
  EXPECT_EQ(owner->entries.size(), 19U);
}

TEST_F(LogTest, DamageBeforeTheEndIsReportedWithItsPlaceAndCount) {
  start();
  for (unsigned round = 0; round < 3; ++round) {
    for (unsigned key = 0; key < 10; ++key) put(10 * round + key);
    pass(0s);
    pass(1s);
  }
  const std::size_t unit = align_up(UnitHeader::kSize + 10 * 160, 512);
  const std::size_t second = kSegment + 512 + unit;
  disk.damage(second + UnitHeader::kSize + 3 * 160 + 60, std::byte{0xA5});
  start();
  const LogReport& report = log->report(0);
  EXPECT_EQ(report.damaged_places, 1U);
  EXPECT_EQ(report.lost_records, 1U);
  EXPECT_TRUE(report.lost_records_exact);
  ASSERT_EQ(report.damage.size(), 1U);
  EXPECT_EQ(report.damage[0].slot, 1U);
  EXPECT_EQ(report.damage[0].offset, second - kSegment + UnitHeader::kSize + 3 * 160);
  EXPECT_EQ(owner->entries.size(), 29U);
  EXPECT_FALSE(owner->entries.contains(digest_of(13)));
}

TEST_F(LogTest, RecordsOutliveTheirUnitsHeaderAndTheirSegmentsMarks) {
  start();
  for (unsigned key = 0; key < 30; ++key) {
    put(key);
    if (key % 10 == 9) pass(0s), pass(1s);
  }
  log->close();
  tick();
  const std::size_t unit = align_up(UnitHeader::kSize + 10 * 160, 512);
  disk.damage(kSegment + 10, std::byte{0x77});                  // Head mark.
  disk.damage(2 * kSegment - 512 + 10, std::byte{0x77});        // Foot mark.
  disk.damage(kSegment + 512 + 2 * unit + 9, std::byte{0x77});  // Header of the last unit.
  start();
  EXPECT_EQ(owner->entries.size(), 30U);
  EXPECT_EQ(log->report(0).damaged_places, 2U);
  restart();
  EXPECT_EQ(owner->entries.size(), 30U);
}

}  // namespace
}  // namespace flotilla::store
