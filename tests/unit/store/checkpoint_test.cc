// A file that was closed with an index checkpoint, against the same file read segment by segment.
#include <gtest/gtest.h>

#include <map>

#include "base/log.h"
#include "sim/device.h"
#include "store/checkpoint_format.h"

namespace flotilla::store {
namespace {

using namespace std::chrono_literals;
using sim::Device;
using sim::device_body;
using sim::device_digest;
using sim::Disk;

constexpr std::uint32_t kSegment = 32 << 10;
constexpr std::uint32_t kSegments = 60;

/// All that recovery derives of a record.
struct Seen {
  Lsn lsn;
  HlcTime last_update;
  std::uint32_t void_time = 0;
  std::uint16_t generation = 0;
  std::uint8_t flags = 0;
  std::string set;
  std::uint32_t body_size = 0;
  RecordPlace at;
  Buffer body;

  friend bool operator==(const Seen&, const Seen&) = default;
};

std::map<wire::Digest, Seen> all_of(Device& device) {
  std::map<wire::Digest, Seen> out;
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
    device.records.for_each(wire::PartitionId(id), [&](const MemoryRecord& of) {
      const RecordHead record = of.head();
      std::shared_ptr<const RecordRead> keeps;
      const auto image = device.records.image_of(of, keeps);
      ASSERT_TRUE(image.has_value());
      out[record.digest] = {.lsn = record.lsn,
                            .last_update = record.last_update,
                            .void_time = record.void_time,
                            .generation = record.generation,
                            .flags = record.flags,
                            .set = std::string(device.records.sets().name_of(record.set)),
                            .body_size = record.body_size,
                            .at = device.records.wanted(record).at,
                            .body = {image->body.begin(), image->body.end()}};
    });
  }
  return out;
}

/// The same, wherever the records stand: of one that was moved, a scan may take either copy.
std::map<wire::Digest, Seen> without_places(std::map<wire::Digest, Seen> seen) {
  for (auto& [digest, each] : seen) each.at = {};
  return seen;
}

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    set_log_level(LogLevel::Critical);
    options.checkpoint = true;
  }

  /// Records in sets, tombstones, expiry, garbage, compaction.
  void live(Device& device, unsigned steps) {
    static const char* const kSets[] = {"",      "fish", "fowl", "a-set-with-a-longer-name",
                                        "fifth", "x"};
    SetTable& sets = device.records.sets();
    for (unsigned step = 0; step < steps; ++step) {
      const auto key = static_cast<unsigned>(random.below(400));
      if (random.chance(0.15)) {
        device.remove(key);
      } else {
        const Buffer body = device_body(random.below(900), step);
        ASSERT_TRUE(device
                        .put({.digest = device_digest(key),
                              .set = sets.find_or_add(kSets[key % 6]).value(),
                              .void_time = key % 5 == 0 ? 2'000'000'000U + key : 0,
                              .generation = static_cast<std::uint16_t>(step + 1),
                              .body = body})
                        .has_value());
      }
      if (step % 9 == 0) device.pass(Duration(random.below(Duration(400ms).count())));
    }
  }

  /// Nobody changes anything until one has been taken.
  static bool wait_for_checkpoint(Device& device) {
    const std::uint64_t before = device.log->statistics().checkpoints;
    for (int i = 0; i < 1000 && device.log->statistics().checkpoints == before; ++i)
      device.pass(10ms);
    return device.log->statistics().checkpoints != before;
  }

  /// The same bytes, on a disk of their own.
  std::unique_ptr<Disk> copy() {
    auto out = std::make_unique<Disk>(disk.size(), random);
    std::ranges::copy(disk.bytes(), out->bytes().begin());
    return out;
  }
  LogOptions without() const {
    LogOptions out = options;
    out.checkpoint = false;
    return out;
  }

  /// Reads the file both ways and compares everything.
  void expect_alike(unsigned parts, bool closed = true) {
    const auto other = copy();
    Device scanned(*other, without(), parts);
    const auto mine = copy();
    Device restored(*mine, options, parts);
    const LogReport& report = restored.log->report(0);
    ASSERT_TRUE(report.checkpoint) << report.checkpoint_refused;
    ASSERT_FALSE(scanned.log->report(0).checkpoint);
    EXPECT_EQ(without_places(all_of(restored)), without_places(all_of(scanned)));
    if (closed) {
      EXPECT_EQ(all_of(restored), all_of(scanned));
      EXPECT_LT(report.bytes_read, scanned.log->report(0).bytes_read);
    }
    expect_same_counts(restored, scanned);
    EXPECT_EQ(report.segments, scanned.log->report(0).segments);
    // And they go on alike.
    for (unsigned key = 1000; key < 1100; ++key) {
      ASSERT_TRUE(restored.put(key, device_body(500, key)).has_value());
      ASSERT_TRUE(scanned.put(key, device_body(500, key)).has_value());
      restored.pass(50ms);
      scanned.pass(50ms);
    }
    EXPECT_EQ(without_places(all_of(restored)), without_places(all_of(scanned)));
    expect_same_counts(restored, scanned);
  }
  static void expect_same_counts(Device& a, Device& b) {
    EXPECT_EQ(a.records.objects(), b.records.objects());
    EXPECT_EQ(a.records.tombstones(), b.records.tombstones());
    EXPECT_EQ(a.records.data_bytes(), b.records.data_bytes());
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
      const wire::PartitionId partition(id);
      EXPECT_EQ(a.records.index_head(partition), b.records.index_head(partition));
      EXPECT_EQ(a.records.objects_in(partition), b.records.objects_in(partition));
    }
    const auto counts = [](Device& device) {
      std::map<std::string, std::array<std::uint64_t, 3>> out;
      const SetTable& sets = device.records.sets();
      for (std::size_t id = 1; id <= sets.count(); ++id) {
        const Set& set = sets[SetId(static_cast<std::uint16_t>(id))];
        out[set.name] = {set.objects, set.tombstones, set.data_bytes};
      }
      return out;
    };
    EXPECT_EQ(counts(a), counts(b));
    const LogStatistics x = a.log->statistics();
    const LogStatistics y = b.log->statistics();
    EXPECT_EQ(x.used_bytes, y.used_bytes);
    EXPECT_EQ(x.free_segments, y.free_segments);
    EXPECT_EQ(x.defrag_queue, y.defrag_queue);
  }

  Random random{1};
  Disk disk{std::size_t{kSegment} * kSegments, random};
  LogOptions options = sim::device_options();
};

TEST_F(CheckpointTest, BringsBackJustWhatTheSegmentsWould) {
  for (const unsigned parts : {1U, 2U, 5U}) {
    SCOPED_TRACE(testing::Message() << parts << " parts");
    {
      Device device(disk, options, parts);
      live(device, 3000);
      device.close();
      ASSERT_EQ(device.log->state(0), Log::State::Closed);
    }
    expect_alike(parts);
    expect_alike(3);  // As many processors as there are, not as there were.
  }
}

TEST_F(CheckpointTest, OfAnEmptyFileIsOneToo) {
  {
    Device device(disk, options);
    device.close();
  }
  Device again(disk, options);
  EXPECT_TRUE(again.log->report(0).checkpoint);
  EXPECT_EQ(again.records.objects(), 0U);
}

/// Until another takes its place: what was written since is in segments that are younger.
TEST_F(CheckpointTest, CountsThroughCrashes) {
  {
    Device device(disk, options);
    live(device, 500);
    device.close();
  }
  for (int crash = 0; crash < 5; ++crash) {
    {
      Device device(disk, options);
      ASSERT_TRUE(device.log->report(0).checkpoint) << device.log->report(0).checkpoint_refused;
      live(device, 300);
      device.pass(2s);
    }
    expect_alike(2, false);
  }
}

TEST_F(CheckpointTest, IsTakenWhileServing) {
  options.tuning.checkpoint_period = 1s;
  {
    Device device(disk, options);
    for (int i = 0; i < 10; ++i) {
      live(device, 300);
      EXPECT_TRUE(wait_for_checkpoint(device));
    }
    EXPECT_GT(device.log->statistics().checkpoint_segments, 1U);
    EXPECT_GT(device.log->statistics().defrag_frees, 10U);
    live(device, 200);
    device.pass(2s);
  }
  expect_alike(3, false);
}

/// Nobody's write has to come by for it to be named.
TEST_F(CheckpointTest, IsNamedInAFileThatIsIdle) {
  options.commit_to_device = true;
  options.tuning.checkpoint_period = 1s;
  Device device(disk, options);
  live(device, 500);
  EXPECT_TRUE(wait_for_checkpoint(device));
}

/// What is younger must be worth it.
TEST_F(CheckpointTest, IsNotTakenOfAFileThatIsIdle) {
  options.tuning.checkpoint_period = 1s;
  Device device(disk, options);
  live(device, 500);
  int taken = 0;  // What compaction moves meanwhile is young too, but that has an end.
  while (taken < 5 && wait_for_checkpoint(device)) ++taken;
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, 5);
}

/// It takes space that nobody needs, and none that somebody does.
TEST_F(CheckpointTest, IsGivenUpWhereSpaceGetsShort) {
  options.tuning.checkpoint_period = 1s;
  options.tuning.defrag_lwm_pct = 1;
  unsigned keys = 0;
  {
    Device device(disk, options);
    std::uint32_t most = 0;
    while (device.put(keys, device_body(500, keys))) {
      if (++keys % 20 == 0)
        for (int i = 0; i < 20; ++i) device.pass(20ms);
      most = std::max(most, device.log->statistics().checkpoint_segments);
    }
    EXPECT_GT(most, 1U);
    EXPECT_GT(device.log->statistics().checkpoints, 0U);
    EXPECT_EQ(device.log->statistics().checkpoint_segments, 0U);
    EXPECT_LE(device.log->statistics().free_segments, 4U);
  }
  Device again(disk, options);
  EXPECT_FALSE(again.log->report(0).checkpoint);
  EXPECT_EQ(again.log->report(0).checkpoint_refused, "");
  EXPECT_GT(again.records.objects(), keys - 20);
}

/// A namespace in memory reads all of its file, and writes where the checkpoint stands.
TEST_F(CheckpointTest, IsForgottenByANamespaceInMemory) {
  for (const bool closes : {true, false}) {
    options.tuning.checkpoint_period = closes ? 0s : 1s;
    {
      Device device(disk, options);
      live(device, 500);
      ASSERT_EQ(wait_for_checkpoint(device), !closes);
      if (closes) device.close();
    }
    std::map<wire::Digest, Seen> truth;
    {
      Device in_memory(disk, without(), 1, false);
      EXPECT_FALSE(in_memory.log->report(0).checkpoint);
      EXPECT_EQ(in_memory.log->statistics().checkpoint_segments, 0U);
      live(in_memory, 500);
      in_memory.pass(2s);
      truth = without_places(all_of(in_memory));
    }
    Device again(disk, options);
    EXPECT_FALSE(again.log->report(0).checkpoint);
    EXPECT_EQ(again.log->report(0).checkpoint_refused, "");
    EXPECT_EQ(without_places(all_of(again)), truth);
  }
}

/// The newest header is gone, and the other one says of an earlier day that the file is closed.
TEST_F(CheckpointTest, OfAnOldHeaderDoesNotCount) {
  {
    Device device(disk, options);
    live(device, 500);
    device.close();
  }
  std::map<wire::Digest, Seen> truth;
  {
    Device device(disk, options);
    live(device, 500);
    device.pass(2s);
    truth = all_of(device);
  }
  FileHeader copies[2];
  FileHeader::parse(disk.bytes().first(kSectorSize), copies[0]);
  FileHeader::parse(disk.bytes().subspan(kHeaderCopyAt, kSectorSize), copies[1]);
  const bool second = copies[1].sequence > copies[0].sequence;
  ASSERT_TRUE(copies[second ? 0 : 1].clean);
  for (const bool blank : {false, true}) {
    const auto damaged = copy();
    for (std::size_t i = 0; i < kSectorSize; ++i)
      damaged->damage((second ? kHeaderCopyAt : 0) + i, blank ? std::byte{0} : std::byte{0x55});
    Device device(*damaged, options);
    EXPECT_FALSE(device.log->report(0).checkpoint);
    EXPECT_EQ(all_of(device), truth);
  }
}

/// Of what was forgotten the number stays known, or a new record could get one that an old copy
/// has.
TEST_F(CheckpointTest, KeepsTheNumbersOfWhatIsNotThereAnyMore) {
  Lsn last;
  {
    Device device(disk, options);
    ASSERT_TRUE(device.put(1, device_body(100, 1)).has_value());
    ASSERT_TRUE(device.remove(1));
    Partition& partition = device.records.partition_of(device_digest(1));
    last = partition.last_lsn;
    {
      const std::scoped_lock lock(partition.write);
      device.records.drop(partition, partition.index.find(device_digest(1)));
    }
    device.close();
  }
  Device again(disk, options);
  ASSERT_TRUE(again.log->report(0).checkpoint);
  EXPECT_EQ(again.find(1), nullptr);
  EXPECT_EQ(again.records.partition_of(device_digest(1)).last_lsn, last);
}

TEST_F(CheckpointTest, IsLeftOutWhereSpaceIsShort) {
  options.tuning.defrag_lwm_pct = 1;
  {
    Device device(disk, options);
    unsigned key = 0;
    while (device.put(key, device_body(10, key))) {
      if (++key % 50 == 0) device.pass(1s);
    }
    ASSERT_LE(device.log->statistics().free_segments, 8U);
    device.close();
    EXPECT_EQ(device.log->state(0), Log::State::Closed);
  }
  Device again(disk, options);
  EXPECT_FALSE(again.log->report(0).checkpoint);
  EXPECT_TRUE(again.log->report(0).clean);
  EXPECT_EQ(again.log->report(0).checkpoint_refused, "");
  EXPECT_GT(again.records.objects(), 5000U);
}

/// What cannot be read is looked for again at the next start, and reported; also after a crash.
TEST_F(CheckpointTest, IsLeftOutWhereThereIsDamage) {
  options.tuning.checkpoint_period = 1s;
  std::unique_ptr<Disk> crashed;
  {
    Device device(disk, options);
    live(device, 300);
    EXPECT_TRUE(wait_for_checkpoint(device));
    EXPECT_GT(device.log->statistics().checkpoint_segments, 0U);
    unsigned key = 0;
    while (device.find(key) == nullptr || device.find(key)->head().is_tombstone()) ++key;
    const RecordExtent extent =
        device.log->extent(device.records.wanted(device.find(key)->head()).at);
    disk.damage(extent.offset + 60, disk.bytes()[extent.offset + 60] ^ std::byte{1});
    EXPECT_TRUE(device.body(key).empty());
    for (int i = 0; i < 5; ++i) device.pass(1s);
    EXPECT_EQ(device.log->statistics().checkpoint_segments, 0U);
    crashed = copy();
    device.close();
  }
  for (Disk* const after : {crashed.get(), &disk, &disk}) {
    Device again(*after, options);
    EXPECT_FALSE(again.log->report(0).checkpoint);
    EXPECT_EQ(again.log->report(0).lost_records, 1U);
    again.close();
  }
}

TEST_F(CheckpointTest, AFailedWriteOrSyncLeavesTheFileUnclosed) {
  for (const bool writes : {true, false}) {
    std::uint64_t objects = 0;
    {
      Device device(disk, options);
      live(device, 300);
      device.pass(2s);
      device.log->request_flush();
      device.run();
      objects = device.records.objects();
      disk.fail_writes(writes);
      disk.fail_syncs(!writes);
      device.close();
      EXPECT_EQ(device.log->state(0), Log::State::Failed);
    }
    disk.fail_writes(false);
    disk.fail_syncs(false);
    Device again(disk, options);
    EXPECT_FALSE(again.log->report(0).clean);
    EXPECT_FALSE(again.log->report(0).checkpoint);
    EXPECT_EQ(again.records.objects(), objects);
  }
}

/// Any byte of it, header of the file aside: all comes back, from the segments.
class CheckpointDamage : public CheckpointTest, public testing::WithParamInterface<bool> {};

TEST_P(CheckpointDamage, IsFoundAndCostsTimeAlone) {
  const bool closes = GetParam();
  options.segment_size = 16 << 10;  // Several chunks.
  options.tuning.checkpoint_period = closes ? 0s : 1s;
  {
    Device device(disk, options, 2);
    live(device, 900);
    ASSERT_EQ(wait_for_checkpoint(device), !closes);
    live(device, 50);
    device.pass(1s);
    if (closes) device.close();
  }
  const auto whole_disk = copy();
  Device whole(*whole_disk, without());
  const auto truth = all_of(whole);
  FileHeader header;
  FileHeader other;
  FileHeader::parse(disk.bytes().first(kSectorSize), header);
  FileHeader::parse(disk.bytes().subspan(kHeaderCopyAt, kSectorSize), other);
  if (other.sequence > header.sequence) header = other;
  const std::size_t root_at = std::size_t{header.checkpoint} * header.segment_size + header.align;
  const auto root = CheckpointRoot::parse(disk.bytes().subspan(root_at), header.log_id);
  ASSERT_TRUE(root.has_value());
  ASSERT_GE(root->chunks.size(), closes ? 2U : 1U);
  std::vector<std::pair<std::size_t, std::size_t>> live_bytes{{root_at, root->size()}};
  for (const std::uint32_t slot : root->chunks) {
    const std::size_t at = std::size_t{slot} * header.segment_size + header.align;
    live_bytes.emplace_back(at, load_le<std::uint32_t>(disk.bytes().data() + at + 12));
  }
  for (unsigned i = 0; i < 300; ++i) {
    const auto [at, size] = live_bytes[i % live_bytes.size()];
    const std::size_t where = at + random.below(size);
    const auto damaged = copy();
    damaged->damage(where, damaged->bytes()[where] ^ static_cast<std::byte>(1U << i % 8));
    Device device(*damaged, options, 1 + i % 3);
    ASSERT_EQ(device.log->state(0), Log::State::Ready);
    EXPECT_FALSE(device.log->report(0).checkpoint);
    EXPECT_NE(device.log->report(0).checkpoint_refused, "");
    EXPECT_EQ(device.log->report(0).damaged_places, 0U);
    ASSERT_EQ(all_of(device), truth);
    expect_same_counts(device, whole);
  }
}

INSTANTIATE_TEST_SUITE_P(Closed, CheckpointDamage, testing::Values(true));
INSTANTIATE_TEST_SUITE_P(Crashed, CheckpointDamage, testing::Values(false));

}  // namespace
}  // namespace flotilla::store
