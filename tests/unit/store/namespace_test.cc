#include "store/namespace.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/random.h"
#include "store/record_body.h"
#include "store/slab_heap.h"
#include "store/sweep.h"

namespace flotilla::store {
namespace {

using wire::Digest;
using wire::ParticleType;

constexpr WallTime kNow{1'000'000'000};

Digest digest_of(int key) {
  Buffer bytes;
  append_be(bytes, static_cast<std::uint64_t>(key));
  return wire::digest_of("s", ParticleType::Integer, bytes);
}

Buffer body_of(std::string_view value) {
  const BinView bins[] = {{"b", ParticleType::String, as_bytes(value)}};
  Buffer body(body_size({}, bins));
  write_body(body.data(), {}, bins);
  return body;
}

/// A log that keeps what it is told, in memory.
class NotedLog : public RecordLog {
 public:
  Result<Place> append(const RecordImage& image) override {
    if (full) return fail(Code::OutOfSpace, "full");
    ++appended;
    live += stored_size(image);
    return Place{
        .at = {.segment = SegmentSlot(7), .size = static_cast<std::uint32_t>(stored_size(image))},
        .end = LogPosition(static_cast<std::uint64_t>(appended))};
  }
  bool is_durable(LogPosition) const override { return true; }
  void released(const RecordPlace& at) override { live -= at.size; }

  int appended = 0;
  std::size_t live = 0;
  bool full = false;
};

class NamespaceTest : public testing::Test {
 protected:
  Result<LogPosition> put(int key, const Buffer& body, std::uint32_t void_time = 0,
                          SetId set = SetId(0)) {
    const Digest digest = digest_of(key);
    Partition& partition = ns.partition_of(digest);
    const std::scoped_lock lock(partition.write);
    return ns.put(
        partition, partition.index.find(digest),
        {.digest = digest, .set = set, .void_time = void_time, .generation = 1, .body = body},
        kNow);
  }
  Result<LogPosition> remove(int key) {
    const Digest digest = digest_of(key);
    Partition& partition = ns.partition_of(digest);
    const std::scoped_lock lock(partition.write);
    return ns.remove(partition, partition.index.find(digest), kNow);
  }
  const MemoryRecord* find(int key) {
    const Digest digest = digest_of(key);
    const MemoryRecord* const record = ns.partition_of(digest).index.find(digest);
    return record != nullptr && ns.visible(record->head(), kNow.seconds()) ? record : nullptr;
  }

  /// A walk over all partitions, in parts of so many records.
  SweepWalk sweep(std::size_t part = SIZE_MAX) {
    SweepWalk walk(ns, kNow, 100);
    while (!walk.complete()) walk.step(kNow, part);
    return walk;
  }

  HybridClock clock;
  Namespace ns{"test", clock};
};

TEST_F(NamespaceTest, AgreesWithAMapAfterRandomWritesAndDeletes) {
  Random random(3);
  std::map<int, std::string> model;
  for (int round = 0; round < 20'000; ++round) {
    const int key = static_cast<int>(random.below(500));
    if (random.chance(0.7)) {
      model[key] = std::string(random.below(200), static_cast<char>('a' + random.below(26)));
      ASSERT_TRUE(put(key, body_of(model[key])));
    } else if (find(key) != nullptr) {
      ASSERT_TRUE(remove(key));
      model.erase(key);
    }
  }
  EXPECT_EQ(ns.objects(), model.size());
  for (int key = 0; key < 500; ++key) {
    const MemoryRecord* const record = find(key);
    ASSERT_EQ(record != nullptr, model.contains(key));
    if (record == nullptr) continue;
    BinView bin;
    ASSERT_TRUE(BodyReader(record->body(), false).next(bin));
    EXPECT_EQ(as_text(bin.value), model[key]);
  }
}

/// Almost empty memory is left while others write; nobody's record gets lost.
TEST_F(NamespaceTest, RecordsMoveTogetherWhileOthersWrite) {
  constexpr int kKeys = 40'000;
  const std::string large(150, 'l');
  const std::string small(60, 's');
  for (int key = 0; key < kKeys; ++key) ASSERT_TRUE(put(key, body_of(large)));
  for (int key = 0; key < kKeys; ++key) {
    if (key % 8 == 0) continue;
    ASSERT_TRUE(put(key, body_of(small)));
  }
  const SlabHeap::Usage before = SlabHeap::usage();
  ASSERT_GT(SlabHeap::begin_leaving(), 3U << 20);
  std::thread writer([&] {
    for (int key = 0; key < kKeys; key += 8)
      ASSERT_TRUE(put(key, body_of(key % 16 == 0 ? large : small)));
  });
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id) ns.close_ranks(wire::PartitionId(id));
  writer.join();
  EXPECT_LT(SlabHeap::usage().slabs + (3U << 20), before.slabs);
  for (int key = 0; key < kKeys; ++key) {
    BinView bin;
    ASSERT_TRUE(BodyReader(find(key)->body(), false).next(bin)) << key;
    ASSERT_EQ(as_text(bin.value), key % 16 == 0 ? large : small) << key;
  }
}

TEST_F(NamespaceTest, NumbersRiseWithinAPartition) {
  ASSERT_TRUE(put(1, body_of("x")));
  const Lsn first = find(1)->head().lsn;
  ASSERT_TRUE(put(1, body_of("y")));
  EXPECT_EQ(find(1)->head().lsn, first.next());
}

TEST_F(NamespaceTest, DeleteLeavesATombstoneOnlyWhereThereIsALog) {
  ASSERT_TRUE(put(1, body_of("x")));
  ASSERT_TRUE(remove(1));
  EXPECT_EQ(ns.tombstones(), 0U);
  NotedLog log;
  ns.attach(&log);
  ASSERT_TRUE(put(1, body_of("x")));
  ASSERT_TRUE(remove(1));
  EXPECT_EQ(ns.tombstones(), 1U);
  EXPECT_EQ(ns.objects(), 0U);
  EXPECT_EQ(find(1), nullptr);
  EXPECT_EQ(log.live, stored_size(0, 0));
  ns.attach(nullptr);
}

TEST_F(NamespaceTest, AFullLogChangesNothing) {
  NotedLog log;
  ns.attach(&log);
  ASSERT_TRUE(put(1, body_of("old")));
  log.full = true;
  EXPECT_EQ(put(1, body_of("newer")).error().code, Code::OutOfSpace);
  BinView bin;
  ASSERT_TRUE(BodyReader(find(1)->body(), false).next(bin));
  EXPECT_EQ(as_text(bin.value), "old");
  ns.attach(nullptr);
}

TEST_F(NamespaceTest, TheNewestCopyOfADigestIsRecovered) {
  const Buffer body = body_of("x");
  RecordImage image{
      .digest = digest_of(1), .lsn = Lsn(1, 5), .generation = 3, .set = "s", .body = body};
  EXPECT_EQ(ns.recover(image, {.segment = SegmentSlot(1)}), Recovered::Kept);
  image.lsn = Lsn(1, 4);
  EXPECT_EQ(ns.recover(image, {.segment = SegmentSlot(2)}), Recovered::Old);
  image.lsn = Lsn(1, 6);
  image.flags = kTombstone;
  image.body = {};
  EXPECT_EQ(ns.recover(image, {.segment = SegmentSlot(3)}), Recovered::Kept);
  EXPECT_EQ(ns.objects(), 0U);
  EXPECT_EQ(ns.tombstones(), 1U);
}

TEST_F(NamespaceTest, RecoversManyAtOnceAsOneByOne) {
  const Buffer body = body_of("x");
  const Buffer torn = from_hex("05ff");
  std::vector<FoundRecord> found;
  const auto add = [&](int key, int seq, std::string_view set, std::uint8_t flags) {
    const bool deleted = (flags & kTombstone) != 0;
    found.push_back({.image = {.digest = digest_of(key),
                               .lsn = Lsn(1, static_cast<std::uint64_t>(seq)),
                               .last_update = HlcTime(1000 + static_cast<std::uint64_t>(seq), 0),
                               .flags = flags,
                               .set = set,
                               .body = deleted ? Bytes{} : Bytes(body)},
                     .at = {.segment = SegmentSlot(1)}});
  };
  add(1, 5, "s", 0);
  add(2, 5, "s", 0);
  add(1, 6, "s", kTombstone);
  add(2, 4, "s", 0);
  for (int key = 3; key < 40; ++key) add(key, key, key % 2 == 0 ? "t" : "", 0);
  found.push_back({.image = {.digest = digest_of(50), .lsn = Lsn(1, 1), .body = torn}, .at = {}});
  Namespace other("other", clock);
  std::vector<Recovered> wanted;
  for (const FoundRecord& one : found) wanted.push_back(other.recover(one.image, one.at));
  ns.recover(found);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].verdict, wanted[i]) << i;
  EXPECT_EQ(ns.objects(), 38U);
  EXPECT_EQ(ns.tombstones(), 1U);
  for (const auto* one : {&ns, &other}) {
    EXPECT_EQ(one->objects(), other.objects());
    EXPECT_EQ(one->tombstones(), other.tombstones());
    EXPECT_EQ(one->data_bytes(), other.data_bytes());
    for (const std::string_view name : {"s", "t"}) {
      const Set& mine = one->sets()[*one->sets().find(name)];
      const Set& theirs = other.sets()[*other.sets().find(name)];
      EXPECT_EQ(mine.objects, theirs.objects) << name;
      EXPECT_EQ(mine.tombstones, theirs.tombstones) << name;
      EXPECT_EQ(mine.data_bytes, theirs.data_bytes) << name;
    }
  }
  EXPECT_GE(clock.latest(), HlcTime(1039, 0));
}

TEST_F(NamespaceTest, ABodyThatDoesNotParseIsNotRecovered) {
  const Buffer torn = from_hex("05ff");
  EXPECT_EQ(ns.recover({.digest = digest_of(1), .lsn = Lsn(1, 1), .body = torn},
                       {.segment = SegmentSlot(1)}),
            Recovered::Unusable);
}

TEST_F(NamespaceTest, TruncationHidesWhatIsOlderAtOnce) {
  const SetId set = *ns.sets().find_or_add("s");
  ASSERT_TRUE(put(1, body_of("x"), 0, set));
  ASSERT_TRUE(put(2, body_of("x")));
  ns.truncate_before(set, clock.next(kNow));
  EXPECT_EQ(find(1), nullptr);
  EXPECT_NE(find(2), nullptr);
  ASSERT_TRUE(put(1, body_of("y"), 0, set));
  EXPECT_NE(find(1), nullptr);
}

TEST_F(NamespaceTest, SweepRemovesExpiredAndTruncatedOnly) {
  ASSERT_TRUE(put(1, body_of("x"), kNow.seconds()));
  ASSERT_TRUE(put(2, body_of("x"), kNow.seconds() + 1));
  ASSERT_TRUE(put(3, body_of("x")));
  const SweepWalk walk = sweep();
  const Sweep& sum = walk.sweep();
  EXPECT_EQ(sum.visited, 3U);
  EXPECT_EQ(sum.decided, 3U);
  EXPECT_EQ(sum.expired, 1U);
  EXPECT_EQ(sum.evicted, 0U);
  EXPECT_EQ(ns.objects(), 2U);
  EXPECT_EQ(walk.lives().count(), 1U);
}

TEST_F(NamespaceTest, AWalkInSmallPartsMissesNothing) {
  constexpr std::uint64_t kRecords = 20'000;
  constexpr std::uint64_t kExpired = 6'667;
  for (int key = 0; key < static_cast<int>(kRecords); ++key)
    ASSERT_TRUE(put(key, body_of("x"), key % 3 == 0 ? kNow.seconds() : 0));
  SweepWalk walk(ns, kNow, 100);
  double done = 0;
  std::uint64_t most = 0;
  while (!walk.complete()) {
    most = std::max(most, walk.step(kNow, 100).visited);
    ASSERT_GE(walk.done(), done);
    done = walk.done();
    ASSERT_NEAR(static_cast<double>(walk.sweep().visited) / kRecords, done, 0.02);
  }
  EXPECT_EQ(done, 1);
  EXPECT_LT(most, 120U) << "a part ends with the bucket that makes it full";
  EXPECT_EQ(walk.sweep().visited, kRecords);
  EXPECT_EQ(walk.sweep().expired, kExpired);
  EXPECT_EQ(ns.objects(), kRecords - kExpired);
}

TEST_F(NamespaceTest, APartOfAWalkIsSmallerWhereMuchIsRemoved) {
  for (int key = 0; key < 20'000; ++key) ASSERT_TRUE(put(key, body_of("x"), kNow.seconds()));
  SweepWalk walk(ns, kNow, 100);
  EXPECT_LT(walk.step(kNow, 1000).expired, 100U);
}

TEST_F(NamespaceTest, AWalkGoesOnWhereRecordsComeAndGo) {
  for (int key = 0; key < 5'000; ++key) ASSERT_TRUE(put(key, body_of("x"), kNow.seconds()));
  SweepWalk walk(ns, kNow, 100);
  int more = 0;
  for (; !walk.complete(); ++more) {
    walk.step(kNow, 20);
    ASSERT_TRUE(put(10'000 + more, body_of("y")));
  }
  EXPECT_EQ(walk.sweep().expired, 5'000U);
  EXPECT_EQ(ns.objects(), static_cast<std::uint64_t>(more));
}

TEST_F(NamespaceTest, SweepEvictsWhatHasTheLeastLifeLeft) {
  const SetId exempt = *ns.sets().find_or_add("exempt");
  ns.sets()[exempt].disable_eviction = true;
  const SetId other = *ns.sets().find_or_add("other");
  const std::uint32_t now = kNow.seconds();
  ASSERT_TRUE(put(1, body_of("x")));
  ASSERT_TRUE(put(2, body_of("x"), now + 10, exempt));
  for (int key = 10; key < 20; ++key)
    ASSERT_TRUE(put(key, body_of("x"), now + static_cast<std::uint32_t>(key), other));
  const SweepWalk first = sweep();
  EXPECT_EQ(first.sweep().evicted, 0U);
  EXPECT_EQ(first.lives().count(), 10U);
  ns.evict_until(*first.lives().void_time_of(3));
  const SweepWalk second = sweep();
  EXPECT_EQ(second.sweep().evicted, 3U);
  EXPECT_EQ(second.lives().count(), 7U);
  for (int key = 10; key < 20; ++key) EXPECT_EQ(find(key) == nullptr, key < 13) << key;
  EXPECT_NE(find(1), nullptr);
  EXPECT_NE(find(2), nullptr);
  ns.evict_until(0);
  ASSERT_TRUE(put(10, body_of("x"), now + 10));
  EXPECT_EQ(sweep().sweep().evicted, 0U);
}

TEST(RecordBody, RoundTripsKeyAndBinsOfEverySize) {
  for (const std::size_t size : {0U, 1U, 127U, 128U, 16'383U, 16'384U, 70'000U}) {
    const Buffer value(size, std::byte{0x5A});
    const KeyView key{ParticleType::String, value};
    const BinView bins[] = {{"name", ParticleType::Blob, value},
                            {"", ParticleType::Integer, value}};
    Buffer body(body_size(key, bins));
    write_body(body.data(), key, bins);
    ASSERT_TRUE(body_is_valid(body, true));
    BodyReader reader(body, true);
    EXPECT_EQ(reader.key(), key);
    BinView bin;
    for (const BinView& want : bins) {
      ASSERT_TRUE(reader.next(bin));
      EXPECT_EQ(bin.name, want.name);
      EXPECT_TRUE(equal(bin.value, want.value));
    }
    EXPECT_FALSE(reader.next(bin));
    body.pop_back();
    if (size > 0) {
      EXPECT_FALSE(body_is_valid(body, true));
    }
  }
}

}  // namespace
}  // namespace flotilla::store
