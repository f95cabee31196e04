// A namespace whose file is encrypted, on a simulated disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "sim/device.h"
#include "sim/keys.h"
#include "sim/plain_owner.h"

namespace flotilla::store {
namespace {

using namespace std::chrono_literals;

using sim::Device;
using sim::device_body;
using sim::make_encryption;

class EncryptedDeviceTest : public testing::Test {
 protected:
  EncryptedDeviceTest() {
    set_log_level(LogLevel::Critical);
    options.encryption = &first;
  }

  void fill() {
    Device device(disk, options);
    for (unsigned key = 0; key < 50; ++key)
      ASSERT_TRUE(device.put(key, device_body(500, key)).has_value());
    device.pass(2s);
  }
  FileHeader header(std::size_t at) {
    FileHeader out;
    EXPECT_EQ(FileHeader::parse(disk.bytes().subspan(at, kSectorSize), out),
              FileHeader::State::Valid);
    return out;
  }
  /// Both copies.
  bool opens(const Encryption& with, const Secret& key) {
    for (const std::size_t at : kCopies) {
      const FileHeader found = header(at);
      if (DataKey::unwrap(found.key, found.log_id, with, key) == nullptr) return false;
    }
    return true;
  }
  bool holds_all(Device& device) {
    if (device.log->state(0) != Log::State::Ready) return false;
    for (unsigned key = 0; key < 50; ++key)
      if (device.body(key) != device_body(500, key)) return false;
    return true;
  }
  /// The power fails after so many requests of a start, or at its end. How many were done.
  unsigned start_and_crash(unsigned most) {
    sim::PlainOwner owner;
    const std::uint64_t sizes[] = {disk.size()};
    Log log(options, sizes, owner, owner);
    owner.attach(log);
    const auto feed = [&](const Log::Event& event) {
      for (const IoRequest& request : log.step(0, Instant{1s}, event)) disk.submit(request);
    };
    feed(Log::Tick{});
    unsigned done = 0;
    for (; done < most && !disk.idle(); ++done) feed(disk.complete_first());
    disk.cut_power();
    return done;
  }
  /// It is refused with these words, and nothing of it is changed.
  void expect_refusal(std::string_view words) {
    const Buffer before(disk.bytes().begin(), disk.bytes().end());
    Device device(disk, options);
    EXPECT_EQ(device.log->state(0), Log::State::Refused);
    EXPECT_THAT(device.log->refusal(0), testing::HasSubstr(words));
    EXPECT_TRUE(equal(before, disk.bytes()));
  }

  static constexpr std::size_t kCopies[] = {0, kHeaderCopyAt};
  Random random{1};
  sim::Disk disk{std::size_t{32 << 10} * 40, random};
  Encryption first = make_encryption("the first key of all");
  Encryption second = make_encryption("the second key of all");
  Encryption both = make_encryption("the second key of all", "the first key of all");
  LogOptions options = sim::device_options();
};

TEST_F(EncryptedDeviceTest, RecordsComeBackThroughStartsAndCompaction) {
  for (const Cipher cipher : {Cipher::Aes128, Cipher::Aes256}) {
    for (std::size_t i = 0; i < disk.size(); ++i) disk.damage(i, std::byte{0});
    first.cipher = cipher;
    options.packs = true;
    std::map<unsigned, Buffer> bodies;
    for (unsigned start = 0; start < 4; ++start) {
      options.checkpoint = start % 2 == 0;
      options.tuning.packing.codec = start == 2 ? Codec::Lz4 : Codec::None;
      options.tuning.post_write_cache = start < 2 ? 0 : 64 << 10;
      Device device(disk, options);
      ASSERT_EQ(device.log->report(0).cipher, cipher);
      for (const auto& [key, body] : bodies) ASSERT_EQ(device.body(key), body) << key;
      for (unsigned step = 0; step < 2000; ++step) {
        const auto key = static_cast<unsigned>(random.below(200));
        Buffer body = device_body(random.below(2000), step);
        ASSERT_TRUE(device.put(key, body).has_value());
        bodies[key] = std::move(body);
        if (step % 7 == 0) device.pass(Duration(random.below(Duration(300ms).count())));
        ASSERT_EQ(device.body(key), bodies[key]);
      }
      EXPECT_GT(device.log->statistics().defrag_moves, 20U);
      EXPECT_EQ(device.log->statistics().read_errors, 0U);
      device.close();
    }
  }
}

TEST_F(EncryptedDeviceTest, NothingOfABodyOrAKeyIsOnTheDisk) {
  for (const bool encrypted : {false, true}) {
    for (std::size_t i = 0; i < disk.size(); ++i) disk.damage(i, std::byte{0});
    options.encryption = encrypted ? &first : nullptr;
    fill();
    const auto found = [&](Bytes what) { return !std::ranges::search(disk.bytes(), what).empty(); };
    for (unsigned key = 0; key < 26; ++key)
      EXPECT_NE(found(Buffer(8, static_cast<std::byte>('a' + key))), encrypted);
    EXPECT_FALSE(found(first.key.view()));
  }
}

/// Those in memory know how much a record takes in the file without having noted it.
TEST_F(EncryptedDeviceTest, ANamespaceInMemoryKnowsWhatItsRecordsTake) {
  std::uint64_t used = 0;
  for (unsigned start = 0; start < 3; ++start) {
    Device memory(disk, options, 1, false);
    ASSERT_EQ(memory.log->state(0), Log::State::Ready);
    if (start > 0) {
      EXPECT_EQ(memory.log->statistics().used_bytes, used);
    }
    for (unsigned step = 0; step < 2000; ++step) {
      ASSERT_TRUE(memory.put(step % 100, device_body(step % 100, step)).has_value());
      if (step % 7 == 0) memory.pass(100ms);
    }
    for (unsigned key = 0; key < 10; ++key) ASSERT_TRUE(memory.remove(key));
    memory.pass(2s);
    used = 0;
    for (unsigned key = 0; key < 100; ++key)
      used += stored_size(0, memory.find(key)->head().body_size + DataKey::kMore);
    EXPECT_EQ(memory.log->statistics().used_bytes, used);
    EXPECT_GT(memory.log->statistics().defrag_moves, 20U);
  }
}

// --------------------------------------------------------------------------------------- the key

TEST_F(EncryptedDeviceTest, WithoutItsKeyItIsRefusedAndLeftAlone) {
  fill();
  options.encryption = nullptr;
  expect_refusal("it is encrypted, and no encryption-key-file is set");
  options.encryption = &second;
  expect_refusal("another key than that of encryption-key-file");
  const Encryption neither = make_encryption("the second key of all", "a third key of all");
  options.encryption = &neither;
  expect_refusal("another key than those of encryption-key-file and encryption-old-key-file");
  options.encryption = &first;
  Device device(disk, options);
  EXPECT_TRUE(holds_all(device));
}

TEST_F(EncryptedDeviceTest, AFileWithoutEncryptionIsNotEncryptedByAStart) {
  options.encryption = nullptr;
  fill();
  EXPECT_EQ(header(0).version, kLogVersionPlain);
  options.encryption = &first;
  expect_refusal("it was formatted without encryption");
  options.start_empty = true;
  {
    Device device(disk, options);
    EXPECT_EQ(device.log->state(0), Log::State::Ready);
  }
  options.start_empty = false;
  fill();
  EXPECT_EQ(header(0).version, kLogVersionEncrypted);
  Device device(disk, options);
  EXPECT_TRUE(holds_all(device));
}

TEST_F(EncryptedDeviceTest, AFileKeepsTheCipherThatItWasFormattedWith) {
  fill();
  first.cipher = Cipher::Aes256;
  Device device(disk, options);
  EXPECT_EQ(device.log->report(0).cipher, Cipher::Aes128);
  EXPECT_TRUE(holds_all(device));
}

TEST_F(EncryptedDeviceTest, AnEmptyStartMakesANewKey) {
  fill();
  const FileHeader before = header(0);
  options.start_empty = true;
  options.encryption = &second;
  Device device(disk, options);
  EXPECT_EQ(device.log->state(0), Log::State::Ready);
  EXPECT_FALSE(opens(first, first.key));
  EXPECT_TRUE(opens(second, second.key));
}

/// Of one that is encrypted its own figure says it, as of others their version.
TEST_F(EncryptedDeviceTest, TheHeaderSaysThatThereAreCompressedRecordsBeforeThereAre) {
  options.packs = true;
  options.tuning.packing.codec = Codec::None;
  {
    Device device(disk, options);
    EXPECT_FALSE(header(0).packs || header(kHeaderCopyAt).packs);
    options.tuning.packing.codec = Codec::Lz4;
    device.log->retune(options.tuning);
    device.pass(2s);
    EXPECT_TRUE(header(0).packs || header(kHeaderCopyAt).packs);
    ASSERT_TRUE(device.put(1, device_body(1000, 1)).has_value());
    device.pass(2s);
  }
  options.packs = false;
  expect_refusal("compressed");
}

// ---------------------------------------------------------------------------------------- a new
// key

TEST_F(EncryptedDeviceTest, AfterOneStartWithBothTheOldKeyOpensNothing) {
  fill();
  options.encryption = &both;
  {
    Device device(disk, options);
    EXPECT_TRUE(device.log->report(0).old_key);
    EXPECT_TRUE(holds_all(device));
  }
  EXPECT_FALSE(opens(first, first.key));
  EXPECT_TRUE(opens(second, second.key));
  options.encryption = &first;
  expect_refusal("another key");
  options.encryption = &second;
  for (const std::size_t copy : kCopies) {
    disk.damage(copy + 40, std::byte{0xEE});
    Device device(disk, options);
    EXPECT_FALSE(device.log->report(0).old_key);
    EXPECT_TRUE(holds_all(device));
  }
}

/// The power fails after any number of requests of that start.
TEST_F(EncryptedDeviceTest, ACrashBetweenTwoKeysLosesNothing) {
  fill();
  start_and_crash(UINT32_MAX);  // Marks are in order now: all further starts do the same.
  const Buffer before(disk.bytes().begin(), disk.bytes().end());
  options.encryption = &both;
  const unsigned most = start_and_crash(UINT32_MAX);
  unsigned with_old = 0;
  unsigned with_new = 0;
  for (unsigned round = 0; round < 400; ++round) {
    for (std::size_t i = 0; i < kHeaderCopyAt + kSectorSize; ++i) disk.damage(i, before[i]);
    start_and_crash(most - round % 6);
    Device device(disk, options);
    ASSERT_TRUE(holds_all(device)) << round;
    ++(device.log->report(0).old_key ? with_old : with_new);
    ASSERT_TRUE(opens(second, second.key) && !opens(first, first.key));
  }
  EXPECT_GT(with_old, 10U);
  EXPECT_GT(with_new, 10U);
}

// -------------------------------------------------------------------------------------------
// damage

/// By accident, and by somebody who makes the checksum hold again.
TEST_F(EncryptedDeviceTest, AChangedRecordIsToldAndNotServed) {
  Device device(disk, options);
  ASSERT_TRUE(device.put(1, device_body(100, 1)).has_value());
  ASSERT_TRUE(device.put(2, device_body(100, 2)).has_value());
  device.pass(2s);
  const RecordExtent extent = device.log->extent(device.records.wanted(device.find(1)->head()).at);
  const MutableBytes stored = disk.bytes().subspan(extent.offset, extent.size);
  const Buffer good(stored.begin(), stored.end());
  std::uint64_t told = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const bool resealed : {false, true}) {
      std::ranges::copy(good, stored.begin());
      stored[at] ^= std::byte{1};
      const auto record = StoredRecord::parse(stored);
      if (resealed && record && record->padded_size() == stored.size()) {
        Buffer sealed(stored.size());
        RecordEncoder(record->image).write(sealed, extent.place);
        if (equal(sealed, good)) continue;  // The checksum itself, or the padding.
        std::ranges::copy(sealed, stored.begin());
        ASSERT_TRUE(StoredRecord::parse(stored)->checks_at(extent.place));
      }
      EXPECT_TRUE(device.body(1).empty()) << at;
      EXPECT_EQ(device.log->statistics().read_errors, ++told);
      EXPECT_TRUE(device.records.damaged().forget(sim::device_digest(1)));
    }
  EXPECT_EQ(device.body(2), device_body(100, 2));
  for (std::size_t i = 0; i < good.size(); ++i) disk.damage(extent.offset + i, stored[i]);
  std::ranges::copy(good, stored.begin());
  EXPECT_EQ(device.body(1), device_body(100, 1));
}

/// Even with checksum and place in order: what is read back, and what compaction finds.
TEST_F(EncryptedDeviceTest, ARecordThatSomebodyPutThereIsNotTakenIn) {
  for (const bool compacted : {false, true}) {
    for (std::size_t i = 0; i < disk.size(); ++i) disk.damage(i, std::byte{0});
    Device device(disk, options);
    ASSERT_TRUE(device.put(1, device_body(100, 1)).has_value());
    for (unsigned key = 2; key < 300; ++key)
      ASSERT_TRUE(device.put(key, device_body(400, key)).has_value());
    device.pass(2s);
    const RecordExtent extent =
        device.log->extent(device.records.wanted(device.find(1)->head()).at);
    const MutableBytes stored = disk.bytes().subspan(extent.offset, extent.size);
    RecordImage forged = StoredRecord::parse(stored)->image;
    const Buffer body = device_body(100 + DataKey::kMore, 9);
    forged.flags &= static_cast<std::uint8_t>(~kEncrypted);
    forged.body = Bytes(body);
    ASSERT_EQ(stored_size(forged), stored.size());
    Buffer sealed(stored.size());
    RecordEncoder(forged).write(sealed, extent.place);
    for (std::size_t i = 0; i < sealed.size(); ++i) disk.damage(extent.offset + i, sealed[i]);
    if (compacted) {
      for (unsigned step = 0; step < 3000; ++step) {
        (void)device.put(2 + step % 298, device_body(400, step));
        if (step % 5 == 0) device.pass(100ms);
      }
      ASSERT_GT(device.log->statistics().defrag_moves, 0U);
      EXPECT_EQ(device.log->statistics().damaged_segments, 1U);
    }
    EXPECT_TRUE(device.body(1).empty());
    device.pass(2s);
    Device again(disk, options);
    EXPECT_EQ(again.find(1), nullptr);
    EXPECT_EQ(again.log->report(0).lost_records, 1U);
  }
}

TEST_F(EncryptedDeviceTest, OneDamagedCopyOfTheKeyIsReportedAndReplaced) {
  fill();
  for (std::size_t at = FileHeader::kSize; at < FileHeader::kSizeEncrypted; at += 3)
    for (const std::size_t copy : kCopies) {
      disk.damage(copy + at, disk.bytes()[copy + at] ^ std::byte{4});
      Device device(disk, options);
      ASSERT_EQ(device.log->state(0), Log::State::Ready);
      EXPECT_EQ(device.log->report(0).damaged_places, 1U);
      Device again(disk, options);
      EXPECT_TRUE(holds_all(again));
    }
  for (const std::size_t copy : kCopies)
    disk.damage(copy + 150, disk.bytes()[copy + 150] ^ std::byte{4});
  expect_refusal("both copies of its header are damaged");
}

}  // namespace
}  // namespace flotilla::store
