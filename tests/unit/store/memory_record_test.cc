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

RecordHead any_head(Random& random) {
  RecordHead head;
  for (auto& b : head.digest.bytes) b = static_cast<std::byte>(random.below(256));
  head.lsn = Lsn(static_cast<std::uint32_t>(any(random, 24)), any(random, 40));
  head.last_update = HlcTime(any(random, 48), static_cast<std::uint16_t>(any(random, 16)));
  head.void_time = static_cast<std::uint32_t>(any(random, 32));
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
  head.void_time = 1;
  EXPECT_EQ(make(head, std::nullopt)->block_size(), 45U);
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
