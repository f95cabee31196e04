#include "store/log_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/crc32c.h"
#include "base/random.h"

namespace flotilla::store {
namespace {

// The bytes of docs/formats/data-file.md and record.md. They are on people's disks: a change here
// is a new version of the format.

RecordImage sample_record() {
  static const Buffer body = from_hex("00 01 02 03 04");
  RecordImage image;
  for (std::size_t i = 0; i < image.digest.bytes.size(); ++i)
    image.digest.bytes[i] = static_cast<std::byte>(i + 1);
  image.lsn = Lsn(3, 9);
  image.last_update = HlcTime(0x123456789A, 7);
  image.void_time = 0x0A0B0C0D;
  image.generation = 0x0102;
  image.flags = kHasKey;
  image.set = "users";
  image.body = body;
  return image;
}

constexpr StoredPlace kPlace{.log_id = 0x1122334455667788, .segment = 0x900000001, .offset = 576};

constexpr std::string_view kRecordHex =
    "1556613b3e0000000102030405060708090a0b0c0d0e0f10111213140d0c0b0a0900000000030000"
    "07009a785634120002010205757365727300010203040000";

TEST(StoredRecord, HasTheseBytes) {
  const RecordImage image = sample_record();
  const RecordEncoder encoder(image);
  Buffer out(encoder.padded_size(), std::byte{0xEE});
  encoder.write(out, kPlace);
  EXPECT_EQ(to_hex(out), kRecordHex);
  EXPECT_EQ(out.size(), stored_size(image));
}

TEST(StoredRecord, ParsesWhatWasWritten) {
  const Buffer in = from_hex(kRecordHex);
  const auto record = StoredRecord::parse(in);
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(record->checks_at(kPlace));
  const RecordImage want = sample_record();
  EXPECT_EQ(record->image.digest, want.digest);
  EXPECT_EQ(record->image.lsn, want.lsn);
  EXPECT_EQ(record->image.last_update, want.last_update);
  EXPECT_EQ(record->image.void_time, want.void_time);
  EXPECT_EQ(record->image.generation, want.generation);
  EXPECT_EQ(record->image.flags, want.flags);
  EXPECT_EQ(record->image.set, want.set);
  EXPECT_TRUE(equal(record->image.body, want.body));
  EXPECT_EQ(record->padded_size(), in.size());
}

TEST(StoredRecord, ChecksNowhereElse) {
  const Buffer in = from_hex(kRecordHex);
  const auto record = StoredRecord::parse(in);
  for (const StoredPlace& other : {StoredPlace{kPlace.log_id + 1, kPlace.segment, kPlace.offset},
                                   StoredPlace{kPlace.log_id, kPlace.segment + 1, kPlace.offset},
                                   StoredPlace{kPlace.log_id, kPlace.segment, kPlace.offset + 16}})
    EXPECT_FALSE(record->checks_at(other));
}

TEST(StoredRecord, EveryFlippedBitIsNoticed) {
  const Buffer good = from_hex(kRecordHex);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Buffer bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    const auto record = StoredRecord::parse(bad);
    EXPECT_FALSE(record && record->checks_at(kPlace)) << "bit " << bit;
  }
}

TEST(StoredRecord, EverySizeShortOfItsOwnIsRefused) {
  const Buffer in = from_hex(kRecordHex);
  for (std::size_t size = 0; size < in.size(); ++size) {
    const Buffer exact(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(StoredRecord::parse(exact).has_value()) << size;
  }
}

TEST(StoredRecord, SizesThatCannotBeAreRefused) {
  for (const std::uint32_t size : {0U, 1U, 51U, 56U, 0xFFFFFFFFU, 0xFFFFFFF1U}) {
    Buffer in = from_hex(kRecordHex);
    store_le(in.data() + 4, size);
    EXPECT_FALSE(StoredRecord::parse(in).has_value()) << size;
  }
}

// ---------------------------------------------------------------------------------- around records

FileHeader sample_header() {
  FileHeader header{.sequence = 5,
                    .log_id = kPlace.log_id,
                    .namespace_name = "test",
                    .file_index = 1,
                    .file_count = 2,
                    .segments = 16,
                    .created = {0x112233},
                    .boot = 9,
                    .clean = true,
                    .end = {.segment = 0x900000001, .offset = 1024}};
  for (std::size_t i = 0; i < header.instance.size(); ++i)
    header.instance[i] = static_cast<std::byte>(0xA0 + i);
  return header;
}

constexpr std::string_view kHeaderHex =
    "666c6f74696c6c617577c4ee0100000005000000000000008877665544332211a0a1a2a3a4a5a6a7"
    "a8a9aaabacadaeaf7465737400000000000000000000000000000000000000000000000000000000"
    "01000200000080001000000000020000332211000000000009000000010000000100000009000000"
    "0004000000000000";

TEST(FileHeader, HasTheseBytes) {
  Buffer out(kSectorSize);
  sample_header().encode(out);
  EXPECT_EQ(to_hex(Bytes(out).first(FileHeader::kSize)), kHeaderHex);
}

FileHeader encrypted_header() {
  FileHeader header = sample_header();
  header.allow_packed();
  WrappedKey key{.cipher = Cipher::Aes256};
  for (const MutableBytes part :
       {MutableBytes(key.salt), MutableBytes(key.key), MutableBytes(key.tag)})
    std::ranges::fill(part, static_cast<std::byte>(part.size() + 0xB0));
  key.tag.back() = std::byte{1};
  header.set_key(key);
  return header;
}

TEST(FileHeader, OfAnEncryptedFileHasTheseBytesMore) {
  Buffer out(kSectorSize);
  encrypted_header().encode(out);
  const Bytes more = Bytes(out).first(FileHeader::kSizeEncrypted).subspan(FileHeader::kSize);
  EXPECT_EQ(out[12], std::byte{3});
  EXPECT_EQ(load_le<std::uint32_t>(more.data()), crc32c(more.subspan(4)));
  EXPECT_EQ(to_hex(more.subspan(4)),
            "02000100c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
            "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0"
            "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c001");
}

TEST(FileHeader, ParsesWhatWasWritten) {
  Buffer in = from_hex(kHeaderHex);
  in.resize(kSectorSize);
  FileHeader header;
  ASSERT_EQ(FileHeader::parse(in, header), FileHeader::State::Valid);
  EXPECT_FALSE(header.packs);
  Buffer again(kSectorSize);
  header.encode(again);
  EXPECT_EQ(again, in);

  encrypted_header().encode(in);
  ASSERT_EQ(FileHeader::parse(in, header), FileHeader::State::Valid);
  EXPECT_EQ(header.key, encrypted_header().key);
  EXPECT_TRUE(header.packs);
  header.encode(again);
  EXPECT_EQ(again, in);

  FileHeader packed = sample_header();
  packed.allow_packed();
  packed.encode(in);
  header = {};
  ASSERT_EQ(FileHeader::parse(in, header), FileHeader::State::Valid);
  EXPECT_EQ(header.version, kLogVersionPacked);
  EXPECT_TRUE(header.packs);
  EXPECT_EQ(header.key, WrappedKey{});
}

TEST(FileHeader, TellsWhatStandsThere) {
  using enum FileHeader::State;
  struct Row {
    const char* name;
    std::function<void(Buffer&)> change;
    FileHeader::State want;
  };
  const auto reseal = [](Buffer& b) {
    FileHeader header;
    header.version = kLogVersion + 1;
    header.namespace_name = "x";
    header.encode(b);
  };
  const Row rows[] = {
      {"untouched", [](Buffer&) {}, Valid},
      {"zeros", [](Buffer& b) { b.assign(b.size(), std::byte{0}); }, Blank},
      {"a flipped version", [](Buffer& b) { b[12] = std::byte{2}; }, Damaged},
      {"a later version", reseal, Newer},
      {"other magic", [](Buffer& b) { b[0] = std::byte{'F'}; }, Foreign},
      {"one byte after zeros",
       [](Buffer& b) {
         b.assign(b.size(), std::byte{0});
         b.back() = std::byte{1};
       },
       Foreign},
      {"no namespace",
       [](Buffer& b) {
         FileHeader header;
         header.encode(b);
       },
       Damaged},
      {"a flipped bit in the key",
       [](Buffer& b) {
         encrypted_header().encode(b);
         b[FileHeader::kSizeEncrypted - 1] ^= std::byte{1};
       },
       Damaged},
      {"an unknown cipher",
       [](Buffer& b) {
         FileHeader header = encrypted_header();
         header.key.cipher = Cipher{3};
         header.encode(b);
       },
       Damaged},
      {"a segment size that cannot be",
       [](Buffer& b) {
         FileHeader header = sample_header();
         header.segment_size = 100;
         header.encode(b);
       },
       Damaged},
  };
  for (const Row& row : rows) {
    Buffer in(kSectorSize);
    sample_header().encode(in);
    row.change(in);
    FileHeader out;
    EXPECT_EQ(FileHeader::parse(in, out), row.want) << row.name;
  }
}

constexpr std::string_view kMarkHex =
    "666c6f747365676d7483814b02000000887766554433221101000000090000000300000000100000"
    "000800001100000000000000090000000002000000000000";
constexpr std::string_view kUnitHex =
    "554e495499aabd098877665544332211010000000900000000020000010000004000000001000000"
    "000000000900000000020000000000000000000000000000";

TEST(SegmentMark, HasTheseBytes) {
  const SegmentMark mark{.state = SegmentMark::State::Sealed,
                         .log_id = kPlace.log_id,
                         .number = kPlace.segment,
                         .slot = 3,
                         .end = 4096,
                         .torn_from = 2048,
                         .records = 17,
                         .synced = {.segment = 0x900000000, .offset = 512}};
  Buffer out(SegmentMark::kSize);
  mark.encode(out);
  EXPECT_EQ(to_hex(out), kMarkHex);
  SegmentMark again;
  ASSERT_EQ(SegmentMark::parse(out, again), SegmentMark::Reading::Valid);
  Buffer twice(SegmentMark::kSize);
  again.encode(twice);
  EXPECT_EQ(twice, out);
}

TEST(SegmentMark, EveryFlippedBitIsNoticed) {
  const Buffer good = from_hex(kMarkHex);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Buffer bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    SegmentMark out;
    EXPECT_EQ(SegmentMark::parse(bad, out), SegmentMark::Reading::Damaged) << "bit " << bit;
  }
}

TEST(UnitHeader, HasTheseBytes) {
  const UnitHeader unit{.log_id = kPlace.log_id,
                        .segment = kPlace.segment,
                        .offset = 512,
                        .index = 1,
                        .payload_size = 64,
                        .records = 1,
                        .synced = {.segment = 0x900000000, .offset = 512}};
  Buffer out(UnitHeader::kSize);
  unit.encode(out);
  EXPECT_EQ(to_hex(out), kUnitHex);
  const auto again = UnitHeader::parse(out);
  ASSERT_TRUE(again.has_value());
  Buffer twice(UnitHeader::kSize);
  again->encode(twice);
  EXPECT_EQ(twice, out);
}

TEST(UnitHeader, EveryFlippedBitIsNoticed) {
  const Buffer good = from_hex(kUnitHex);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Buffer bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_FALSE(UnitHeader::parse(bad).has_value()) << "bit " << bit;
  }
  EXPECT_FALSE(UnitHeader::parse(Bytes(good).first(63)).has_value());
}

}  // namespace
}  // namespace flotilla::store
