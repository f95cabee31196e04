#include "store/checkpoint_format.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/crc32c.h"

namespace flotilla::store {
namespace {

constexpr CheckpointId kId{.log_id = 0x1122334455667788, .number = 42};

wire::Digest digest_of(unsigned key) {
  wire::Digest d;
  store_be(d.bytes.data() + 2, key);
  return d;
}

IndexedRecord record_of(unsigned key, std::string_view set) {
  return {.image = {.digest = digest_of(key),
                    .lsn = Lsn(3, key),
                    .last_update = HlcTime(7000 + key, 1),
                    .void_time = 5 * key,
                    .generation = static_cast<std::uint16_t>(key),
                    .flags = key % 3 == 0 ? kTombstone : std::uint8_t{0},
                    .set = set},
          .body_size = 100 + key,
          .at = {.segment = SegmentSlot(5U << 24 | 17), .offset = 4096 + 16 * key, .size = 160}};
}

void expect_same(const IndexedRecord& a, const IndexedRecord& b) {
  EXPECT_EQ(a.image.digest, b.image.digest);
  EXPECT_EQ(a.image.lsn, b.image.lsn);
  EXPECT_EQ(a.image.last_update, b.image.last_update);
  EXPECT_EQ(a.image.void_time, b.image.void_time);
  EXPECT_EQ(a.image.generation, b.image.generation);
  EXPECT_EQ(a.image.flags, b.image.flags);
  EXPECT_EQ(a.image.set, b.image.set);
  EXPECT_EQ(a.body_size, b.body_size);
  EXPECT_EQ(a.at, b.at);
}

CheckpointRoot some_root() {
  return {.id = kId,
          .young = 40,
          .entries = 12,
          .chunks = {4, 7},
          .segments = {{.slot = 1, .filled = 900, .live = 800, .number = 11},
                       {.slot = 3, .filled = 70, .live = 0, .number = 12}}};
}

/// Two runs, the second begun in vain by a full chunk.
Buffer some_chunk() {
  Buffer room(2048);
  CheckpointChunkWriter writer;
  writer.start(room);
  EXPECT_TRUE(writer.empty());
  EXPECT_TRUE(writer.begin_run({.partition = wire::PartitionId(0), .last = Lsn(9), .records = 3}));
  EXPECT_TRUE(writer.add(record_of(9, "fish")));
  EXPECT_TRUE(writer.add(record_of(8, "")));
  EXPECT_TRUE(writer.add(record_of(3, "fowl")));
  EXPECT_TRUE(writer.begin_run({.partition = wire::PartitionId(7), .last = Lsn(5)}));
  EXPECT_EQ(writer.entries(), 3U);
  room.resize(writer.finish(kId, 6));
  return room;
}

TEST(CheckpointRoot, ComesBackAsItWas) {
  const CheckpointRoot root = some_root();
  Buffer bytes(root.size());
  root.encode(bytes);
  bytes.resize(bytes.size() + 100, std::byte{0xAA});  // What stands behind it does not matter.
  const auto found = CheckpointRoot::parse(bytes, kId.log_id);
  ASSERT_TRUE(found.has_value()) << found.error().why;
  EXPECT_EQ(found->id, kId);
  EXPECT_EQ(found->young, 40U);
  EXPECT_EQ(found->entries, 12U);
  EXPECT_EQ(found->chunks, root.chunks);
  EXPECT_EQ(found->segments, root.segments);
}

TEST(CheckpointRoot, OfAnotherFileOrWithoutAnAgeDoesNotCount) {
  CheckpointRoot root = some_root();
  Buffer bytes(root.size());
  root.encode(bytes);
  EXPECT_FALSE(CheckpointRoot::parse(bytes, kId.log_id + 1));
  for (const std::uint64_t young : {std::uint64_t{0}, kId.number + 1}) {
    root.young = young;
    root.encode(bytes);
    EXPECT_FALSE(CheckpointRoot::parse(bytes, kId.log_id)) << young;
  }
  root.young = kId.number;
  root.encode(bytes);
  EXPECT_TRUE(CheckpointRoot::parse(bytes, kId.log_id));
}

TEST(CheckpointRoot, AnyFlippedBitIsFound) {
  const CheckpointRoot root = some_root();
  Buffer bytes(root.size());
  root.encode(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto flip = static_cast<std::byte>(1U << bit % 8);
    bytes[bit / 8] ^= flip;
    EXPECT_FALSE(CheckpointRoot::parse(bytes, kId.log_id)) << "bit " << bit;
    bytes[bit / 8] ^= flip;
  }
}

TEST(CheckpointChunk, RunsComeBackAsTheyWere) {
  const Buffer bytes = some_chunk();
  const auto chunk = CheckpointChunk::parse(bytes, kId, 6);
  ASSERT_TRUE(chunk.has_value()) << chunk.error().why;
  EXPECT_EQ(chunk->entries(), 3U);
  ASSERT_EQ(chunk->runs().size(), 2U);
  const auto& run = chunk->runs()[0];
  EXPECT_EQ(run.head, (IndexHead{.partition = wire::PartitionId(0), .last = Lsn(9), .records = 3}));
  ASSERT_EQ(run.size(), 3U);
  const IndexedRecord want[] = {record_of(9, "fish"), record_of(8, ""), record_of(3, "fowl")};
  for (std::size_t i = 0; i < 3; ++i) {
    IndexedRecord found;
    ASSERT_TRUE(chunk->read(run, i, 5, found));
    expect_same(found, want[i]);
  }
  EXPECT_EQ(chunk->runs()[1].head.last, Lsn(5));
  EXPECT_EQ(chunk->runs()[1].size(), 0U);
}

TEST(CheckpointChunk, OfAnotherCheckpointOrPlaceDoesNotCount) {
  const Buffer bytes = some_chunk();
  EXPECT_FALSE(CheckpointChunk::parse(bytes, kId, 5));
  EXPECT_FALSE(CheckpointChunk::parse(bytes, {.log_id = kId.log_id, .number = 43}, 6));
}

TEST(CheckpointChunk, AnyFlippedBitAndAnyMissingEndIsFound) {
  Buffer bytes = some_chunk();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto flip = static_cast<std::byte>(1U << bit % 8);
    bytes[bit / 8] ^= flip;
    EXPECT_FALSE(CheckpointChunk::parse(bytes, kId, 6)) << "bit " << bit;
    bytes[bit / 8] ^= flip;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Buffer part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(CheckpointChunk::parse(part, kId, 6)) << size;
  }
}

/// What an enemy writes: the checksum holds, the counts do not.
TEST(CheckpointChunk, CountsThatCannotBeAreRefused) {
  const Buffer good = some_chunk();
  for (std::size_t at = 16; at < good.size() - 4; at += 4) {
    for (const std::uint32_t value : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
      Buffer bytes = good;
      store_le(bytes.data() + at, value);
      store_le(bytes.data() + 8, crc32c(Bytes(bytes).subspan(12)));
      const auto chunk = CheckpointChunk::parse(bytes, kId, 6);
      if (!chunk) continue;
      for (const auto& run : chunk->runs())
        for (std::size_t i = 0; i < run.size(); ++i) {
          IndexedRecord found;
          if (chunk->read(run, i, 0, found)) {
            EXPECT_LE(found.image.set.size(), 255U);
          }
        }
    }
  }
}

TEST(CheckpointChunkWriter, AFullChunkTakesNoMoreAndStillFits) {
  Buffer room(600);
  CheckpointChunkWriter writer;
  writer.start(room);
  const IndexHead head{.partition = wire::PartitionId(0), .last = Lsn(99), .records = 50};
  ASSERT_TRUE(writer.begin_run(head));
  unsigned added = 0;
  while (writer.add(record_of(100 - added, added % 2 == 0 ? "a-set" : "another"))) ++added;
  EXPECT_GE(added, 6U);
  EXPECT_FALSE(writer.begin_run(head));
  const std::size_t size = writer.finish(kId, 0);
  ASSERT_LE(size, room.size());
  const auto chunk = CheckpointChunk::parse(Bytes(room).first(size), kId, 0);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->entries(), added);
}

}  // namespace
}  // namespace flotilla::store
