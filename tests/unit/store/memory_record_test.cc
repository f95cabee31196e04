#include "store/memory_record.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "store/slab_heap.h"

namespace flotilla::store {
namespace {

struct Release {
  void operator()(MemoryRecord* record) const { MemoryRecord::release(record); }
};
using Owned = std::unique_ptr<MemoryRecord, Release>;

Owned make(const RecordHead& head, std::optional<Bytes> body) {
  return Owned(MemoryRecord::make(head, body));
}

bool same(const RecordHead& a, const RecordHead& b) {
  return a.digest == b.digest && a.lsn == b.lsn && a.last_update == b.last_update &&
         a.void_time == b.void_time && a.body_size == b.body_size && a.at == b.at &&
         a.set == b.set && a.generation == b.generation && a.flags == b.flags;
}

/// A number whose size is as likely to be one as another.
std::uint64_t any(Random& random, unsigned bits_most) {
  const unsigned bits = static_cast<unsigned>(random.below(bits_most + 1));
  return bits == 0 ? 0 : (random.next() >> (64 - bits)) | std::uint64_t{1} << (bits - 1);
}

/// Of any size, or some seconds or days after or before the last update.
std::uint32_t any_void_time(Random& random, HlcTime last_update) {
  std::uint64_t life = any(random, 25) * (random.chance(0.5) ? 86'400 : 1);
  if (random.chance(0.1)) life = -life;
  return static_cast<std::uint32_t>(random.chance(0.3) ? any(random, 32)
                                                       : last_update.ms() / 1000 + life);
}

RecordHead any_head(Random& random) {
  RecordHead head;
  for (auto& b : head.digest.bytes) b = static_cast<std::byte>(random.below(256));
  head.lsn = Lsn(static_cast<std::uint32_t>(any(random, 24)), any(random, 40));
  head.last_update = HlcTime(any(random, 48), static_cast<std::uint16_t>(any(random, 16)));
  head.void_time = any_void_time(random, head.last_update);
  head.set = SetId(static_cast<std::uint16_t>(any(random, 16)));
  head.generation = static_cast<std::uint16_t>(any(random, 16));
  head.flags = static_cast<std::uint8_t>(random.below(4));
  return head;
}

RecordPlace any_place(Random& random) {
  return {.segment = SegmentSlot(static_cast<std::uint32_t>(any(random, 32))),
          .offset = static_cast<std::uint32_t>(any(random, 26)) / 16 * 16,
          .size = static_cast<std::uint32_t>(any(random, 26)) / 16 * 16};
}

Buffer any_body(Random& random) {
  Buffer body(random.chance(0.1) ? any(random, 17) : random.below(300));
  for (auto& b : body) b = static_cast<std::byte>(random.below(256));
  return body;
}

TEST(MemoryRecord, KeepsEveryFieldAtEverySize) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    RecordHead head = any_head(random);
    const Buffer body = any_body(random);
    head.body_size = static_cast<std::uint32_t>(body.size());
    if (random.chance(0.5)) head.at.segment = any_place(random).segment;
    const Owned record = make(head, body);
    ASSERT_TRUE(same(record->head(), head)) << i;
    ASSERT_TRUE(equal(record->body(), body)) << i;
    ASSERT_EQ(record->digest(), head.digest);
  }
}

TEST(MemoryRecord, KeepsWhereItStandsOnADevice) {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    RecordHead head = any_head(random);
    head.body_size = static_cast<std::uint32_t>(any(random, 32));
    head.at = any_place(random);
    const Owned record = make(head, std::nullopt);
    ASSERT_TRUE(same(record->head(), head)) << i;
    ASSERT_TRUE(record->body().empty());
  }
}

TEST(MemoryRecord, IsAsSmallAsItsNumbers) {
  const Buffer body(104);
  RecordHead head{.lsn = Lsn(3, 100'000),
                  .last_update = HlcTime(500'000'000'000, 200),
                  .body_size = 104,
                  .set = SetId(1),
                  .generation = 7};
  EXPECT_EQ(make(head, body)->block_size(), 34U + 104);
  head.at = {.segment = SegmentSlot(2U << 24 | 900), .offset = 8U << 19, .size = 176};
  EXPECT_EQ(make(head, std::nullopt)->block_size(), 41U);
}

TEST(MemoryRecord, ATimeTakesAsFewBytesAsItNeeds) {
  constexpr std::uint64_t kFrom = 473'385'600'000;  // The beginning of 2025.
  constexpr std::uint64_t kOne = 1;
  const struct {
    std::uint64_t ms;
    std::uint16_t counter;
    std::size_t bytes;
  } cases[] = {
      {kFrom, 0, 6},
      {kFrom, 511, 6},
      {kFrom, 512, 7},
      {kFrom - 1, 0, 7},
      {kFrom + (kOne << 39) - 1, 511, 6},
      {kFrom + (kOne << 39), 0, 7},
      {0, 0, 7},
      {(kOne << 42) - 1, (1 << 14) - 1, 7},
      {(kOne << 42) - 1, 1 << 14, 8},
      {kOne << 42, 0, 8},
      {(kOne << 48) - 1, 0xFFFF, 8},
  };
  const std::size_t least = make({.last_update = HlcTime(kFrom, 0)}, std::nullopt)->block_size();
  for (const auto& c : cases) {
    const RecordHead head{.last_update = HlcTime(c.ms, c.counter)};
    EXPECT_EQ(make(head, std::nullopt)->head().last_update, head.last_update) << c.ms;
    EXPECT_EQ(make(head, std::nullopt)->block_size(), least - 6 + c.bytes) << c.ms;
  }
}

TEST(MemoryRecord, AVoidTimeTakesAsFewBytesAsItNeeds) {
  constexpr std::uint32_t kNow = 500'000'000;  // Seconds.
  constexpr std::uint32_t kDay = 86'400;
  const struct {
    const char* what;
    std::uint32_t void_time;
    std::size_t bytes;
  } cases[] = {
      {"never", 0, 0},
      {"within the second", kNow, 1},
      {"a second", kNow + 1, 3},
      {"a second less than a day", kNow + kDay - 1, 3},
      {"a day", kNow + kDay, 1},
      {"a second more", kNow + kDay + 1, 3},
      {"30 days", kNow + 30 * kDay, 1},
      {"90 days", kNow + 90 * kDay, 1},
      {"90 days and an hour", kNow + 90 * kDay + 3600, 3},
      {"the longest of the seconds", kNow + (1U << 24) - 1, 3},
      {"one more", kNow + (1U << 24), 4},
      {"the longest of the days", kNow + 255 * kDay, 1},
      {"one more", kNow + 256 * kDay, 4},
      {"ten years", kNow + 3650 * kDay, 4},
      {"the last one", UINT32_MAX, 4},
      {"a second ago", kNow - 1, 4},
      {"a day ago", kNow - kDay, 4},
      {"the first one", 1, 4},
  };
  for (const std::uint64_t ms : {0, 1, 999}) {
    RecordHead head{.last_update = HlcTime(kNow * 1000ULL + ms, 7)};
    const std::size_t without = make(head, std::nullopt)->block_size();
    for (const auto& c : cases) {
      head.void_time = c.void_time;
      const Owned record = make(head, std::nullopt);
      EXPECT_EQ(record->head().void_time, c.void_time) << c.what;
      EXPECT_EQ(record->block_size(), without + c.bytes) << c.what;
    }
  }
}

/// Times of last updates are as peers have them, and those may be anything.
TEST(MemoryRecord, KeepsVoidTimesBesideTheUtmostLastUpdates) {
  constexpr std::uint64_t kLastMs = (std::uint64_t{1} << 48) - 1;
  for (const std::uint64_t ms : {std::uint64_t{0}, std::uint64_t{UINT32_MAX} * 1000, kLastMs}) {
    for (const std::uint32_t void_time : {0U, 1U, 86'400U, UINT32_MAX}) {
      const RecordHead head{.last_update = HlcTime(ms, 0xFFFF), .void_time = void_time};
      EXPECT_EQ(make(head, std::nullopt)->head().void_time, void_time) << ms;
      EXPECT_EQ(make(head, Bytes{})->head().void_time, void_time) << ms;
    }
  }
}

/// Every step from one record to the next in place, with the body taken from the record itself.
TEST(MemoryRecord, IsOverwrittenByWhatTakesAsMuch) {
  Random random(3);
  int overwritten = 0;
  for (int i = 0; i < 20'000; ++i) {
    RecordHead head = any_head(random);
    const Buffer body = any_body(random);
    head.body_size = static_cast<std::uint32_t>(body.size());
    const Owned record = make(head, body);
    const std::size_t room = SlabHeap::rounded(record->block_size());
    RecordHead next = any_head(random);
    next.body_size = head.body_size;
    if (!record->overwrite(next, record->body())) {
      ASSERT_TRUE(same(record->head(), head));
      next = head;
    } else {
      ++overwritten;
      ASSERT_EQ(SlabHeap::rounded(record->block_size()), room);
    }
    ASSERT_TRUE(same(record->head(), next)) << i;
    ASSERT_TRUE(equal(record->body(), body)) << i;
  }
  EXPECT_GT(overwritten, 2000);
}

TEST(MemoryRecord, ALargeBodyStaysWhereItIsWhenTheHeadChanges) {
  const Buffer body(5000, std::byte{'x'});
  RecordHead head{.body_size = 5000, .at = {.segment = SegmentSlot(7)}, .generation = 3};
  const Owned record = make(head, body);
  const std::byte* const there = record->body().data();
  head.at.segment = SegmentSlot(8);
  ASSERT_TRUE(record->overwrite(head, record->body()));
  EXPECT_EQ(record->body().data(), there);
  EXPECT_TRUE(same(record->head(), head));
  EXPECT_TRUE(equal(record->body(), body));
  EXPECT_FALSE(record->overwrite(head, Bytes(body))) << "another body is not its own";
}

TEST(MemoryRecord, MovesWithItsBody) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{5000}}) {
    const Buffer body(size, std::byte{'x'});
    const RecordHead head{.body_size = static_cast<std::uint32_t>(size), .generation = 3};
    MemoryRecord* const record = MemoryRecord::make(head, body);
    const Owned moved(record->move());
    MemoryRecord::forget(record);
    EXPECT_TRUE(same(moved->head(), head));
    EXPECT_TRUE(equal(moved->body(), body));
  }
}

}  // namespace
}  // namespace flotilla::store
