// Flipped bits and torn sectors in what a data file holds: always found and reported, never served,
// and written again from memory.
//
//   FLOTILLA_SIM_ROUNDS=10 sim_log_damage_test   10,000 places in each test (default: 1, 1,000)
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "base/log.h"
#include "base/parse.h"
#include "sim/keys.h"
#include "sim/log_driver.h"
#include "store/checkpoint_format.h"
#include "store/segment_scan.h"

namespace flotilla::sim {
namespace {

using namespace std::chrono_literals;
using store::LogDamage;
using store::Lsn;

constexpr std::uint32_t kSegment = 32 << 10;
constexpr std::uint32_t kSegments = 40;

/// Bytes that mean something: [from, to).
struct Live {
  enum class Kind { Header, Mark, Unit, Record, Checkpoint };
  Kind kind;
  std::size_t from;
  std::size_t to;
};

/// A file as it was left, and where its live bytes are.
struct Sample {
  Buffer bytes;
  std::vector<Live> live;
  std::map<Lsn, Buffer> bodies;  // Of every copy in it.
};

store::LogOptions options(bool checkpoint, bool encrypted = false) {
  static const store::Encryption kKeys = make_encryption("the operator's key");
  store::LogOptions out;
  if (encrypted) out.encryption = &kKeys;
  out.checkpoint = checkpoint;
  out.namespace_name = "test";
  out.fresh_id = 99;
  out.segment_size = kSegment;
  out.tuning.flush_size = 4096;
  return out;
}

void find_live(Sample& sample) {
  using enum Live::Kind;
  const Bytes all(sample.bytes);
  for (const std::size_t at : {std::size_t{0}, std::size_t{store::kHeaderCopyAt}}) {
    store::FileHeader header;
    store::FileHeader::parse(all.subspan(at, store::kSectorSize), header);
    const bool encrypted = header.version == store::kLogVersionEncrypted;
    sample.live.push_back(
        {Header, at,
         at + (encrypted ? store::FileHeader::kSizeEncrypted : store::FileHeader::kSize)});
  }
  for (std::size_t start = kSegment; start < all.size(); start += kSegment) {
    store::SegmentMark mark;
    const std::size_t foot = start + kSegment - store::kSectorSize;
    if (store::SegmentMark::parse(all.subspan(foot), mark) != store::SegmentMark::Reading::Valid)
      continue;
    for (const std::size_t at : {start, foot})
      sample.live.push_back({Mark, at, at + store::SegmentMark::kSize});
    for (std::size_t at = start + store::kSectorSize; at < start + mark.end;) {
      const auto unit = store::UnitHeader::parse(all.subspan(at));
      ASSERT_TRUE(unit.has_value());
      sample.live.push_back({Unit, at, at + store::UnitHeader::kSize});
      std::size_t record_at = at + store::UnitHeader::kSize;
      const std::size_t end = record_at + unit->payload_size;
      while (record_at < end) {
        const auto record = store::StoredRecord::parse(all.subspan(record_at, end - record_at));
        ASSERT_TRUE(record.has_value());
        sample.live.push_back({Record, record_at, record_at + record->padded_size()});
        record_at += record->padded_size();
      }
      at = (end + store::kSectorSize - 1) / store::kSectorSize * store::kSectorSize;
    }
  }
}

/// Root and chunks of the index checkpoint that the file was closed with.
void find_checkpoint(Sample& sample) {
  const Bytes all(sample.bytes);
  store::FileHeader header;
  store::FileHeader other;
  store::FileHeader::parse(all.first(store::kSectorSize), header);
  store::FileHeader::parse(all.subspan(store::kHeaderCopyAt, store::kSectorSize), other);
  if (other.sequence > header.sequence) header = other;
  const std::size_t root_at = std::size_t{header.checkpoint} * kSegment + store::kSectorSize;
  const auto root = store::CheckpointRoot::parse(all.subspan(root_at), header.log_id);
  ASSERT_TRUE(root.has_value());
  ASSERT_GT(root->chunks.size(), 1U);
  sample.live.push_back({Live::Kind::Checkpoint, root_at, root_at + root->size()});
  for (const std::uint32_t slot : root->chunks) {
    const std::size_t at = std::size_t{slot} * kSegment + store::kSectorSize;
    const auto size = load_le<std::uint32_t>(all.data() + at + 12);
    sample.live.push_back({Live::Kind::Checkpoint, at, at + size});
  }
}

Sample make_sample(std::uint64_t seed, bool checkpoint, bool encrypted = false) {
  Random random(seed);
  Disk disk(std::size_t{kSegment} * kSegments, random);
  Sample sample;
  DrivenLog node(options(checkpoint, encrypted), disk, Instant{1s});
  for (std::uint64_t seq = 1; seq <= 1500; ++seq) {
    wire::Digest digest;
    store_be(digest.bytes.data() + 2,
             static_cast<std::uint32_t>(seq));  // Every copy is a record of its own.
    Buffer body(random.below(400));
    for (std::byte& b : body) b = static_cast<std::byte>(random.next());
    sample.bodies[Lsn(seq)] = body;
    EXPECT_TRUE(node.owner.put(digest, {.lsn = Lsn(seq), .set = "some", .body = std::move(body)})
                    .has_value());
    if (random.chance(0.05)) node.pass(1s);
    node.tick();
  }
  node.close();
  EXPECT_EQ(node.log->state(0), store::Log::State::Closed);
  sample.bytes.assign(disk.bytes().begin(), disk.bytes().end());
  find_live(sample);
  if (checkpoint) find_checkpoint(sample);
  return sample;
}

enum class Harm { FlipBit, ZeroSector, RandomSector, HalfOld };

/// Changes some bytes of `live`; says which were changed.
std::vector<std::size_t> harm(Disk& disk, const Live& live, Random& random) {
  std::vector<std::size_t> changed;
  const auto set = [&](std::size_t at, std::byte to) {
    if (disk.bytes()[at] == to) return;
    disk.damage(at, to);
    changed.push_back(at);
  };
  const std::size_t at = random.between(live.from, live.to - 1);
  const std::size_t sector = at / Disk::kSector * Disk::kSector;
  switch (static_cast<Harm>(random.below(4))) {
    case Harm::FlipBit:
      set(at, disk.bytes()[at] ^ static_cast<std::byte>(1U << random.below(8)));
      break;
    case Harm::ZeroSector:
      for (std::size_t i = 0; i < Disk::kSector; ++i) set(sector + i, std::byte{0});
      break;
    case Harm::RandomSector:
      for (std::size_t i = 0; i < Disk::kSector; ++i)
        set(sector + i, static_cast<std::byte>(random.next()));
      break;
    case Harm::HalfOld:  // The sector of some other place, as a misdirected write leaves it.
      const std::size_t other = random.below(disk.size() / Disk::kSector) * Disk::kSector;
      if (live.kind == Live::Kind::Header && other <= store::kHeaderCopyAt) break;  // As good.
      const Buffer copy(disk.bytes().begin() + static_cast<std::ptrdiff_t>(other),
                        disk.bytes().begin() + static_cast<std::ptrdiff_t>(other + Disk::kSector));
      for (std::size_t i = 0; i < Disk::kSector; ++i) set(sector + i, copy[i]);
  }
  return changed;
}

/// How many of the sample's records have a changed byte, and whether any live byte was changed.
struct Hit {
  std::size_t records = 0;
  bool checkpoint = false;
  bool any = false;
};
Hit hit(const Sample& sample, const std::vector<std::size_t>& changed) {
  Hit out;
  for (const Live& live : sample.live) {
    const auto in = [&](std::size_t at) { return at >= live.from && at < live.to; };
    if (std::ranges::none_of(changed, in)) continue;
    out.any = true;
    if (live.kind == Live::Kind::Record) ++out.records;
    if (live.kind == Live::Kind::Checkpoint) out.checkpoint = true;
  }
  return out;
}

std::uint64_t places() {
  const char* const rounds = std::getenv("FLOTILLA_SIM_ROUNDS");
  return 1000 * parse_u64(rounds == nullptr ? "1" : rounds).value_or(1);
}

/// Some structure of a kind that is drawn: every one of the first `kinds` as often as any other.
const Live& draw_live(const Sample& sample, unsigned kinds, Random& random) {
  const auto kind = static_cast<Live::Kind>(random.below(kinds));
  for (;;) {
    const Live& live = sample.live[random.below(sample.live.size())];
    if (live.kind == kind) return live;
  }
}

void load(Disk& disk, const Sample& sample) {
  for (std::size_t i = 0; i < sample.bytes.size(); ++i) disk.damage(i, sample.bytes[i]);
}

TEST(LogDamage, IsAlwaysFoundCountedAndNeverServed) {
  set_log_level(LogLevel::Critical);
  const Sample samples[] = {make_sample(1, false), make_sample(1, false, true)};
  for (std::uint64_t seed = 1; seed <= places(); ++seed) {
    SCOPED_TRACE(testing::Message() << "place " << seed);
    const bool encrypted = seed % 2 == 0;
    const Sample& sample = samples[encrypted ? 1 : 0];
    ASSERT_GT(sample.live.size(), 1500U);
    Random random(seed);
    Disk disk(sample.bytes.size(), random);
    load(disk, sample);
    const Hit expected = hit(sample, harm(disk, draw_live(sample, 4, random), random));
    if (!expected.any) continue;

    DrivenLog node(options(false, encrypted), disk, Instant{1s});
    ASSERT_EQ(node.log->state(0), store::Log::State::Ready) << node.log->refusal(0);
    const store::LogReport& report = node.log->report(0);
    ASSERT_GE(report.damaged_places, 1U);
    for (const LogDamage& place : report.damage) ASSERT_FALSE(place.torn);
    ASSERT_EQ(report.lost_records, expected.records);
    ASSERT_TRUE(report.lost_records_exact);
    ASSERT_EQ(node.owner.entries.size(), sample.bodies.size() - expected.records);
    for (const auto& [digest, entry] : node.owner.entries) {
      ASSERT_EQ(entry.body, sample.bodies.at(entry.lsn));
      ASSERT_EQ(entry.set, "some");
    }
  }
}

/// Of all entries those whose record is not where they say: found as a reader finds it.
std::size_t unreadable(DrivenLog& node, const Sample& sample, bool encrypted = false) {
  std::size_t found = 0;
  for (const auto& [digest, entry] : node.owner.entries) {
    const auto extent = node.log->extent(entry.at);
    const Bytes stored = Bytes(node.disk.bytes()).subspan(extent.offset, extent.size);
    const auto record = store::StoredRecord::parse(stored);
    if (!record || !record->checks_at(extent.place)) {
      ++found;
      continue;
    }
    EXPECT_EQ(record->image.digest, digest);
    EXPECT_TRUE(encrypted || equal(record->image.body, sample.bodies.at(entry.lsn)));
  }
  return found;
}

/// After a clean stop segments are not read at start: damage in them is found by who reads a
/// record, and damage of the checkpoint costs the time to read them after all.
TEST(LogDamage, IsFoundByReadersWhereACheckpointIsRead) {
  set_log_level(LogLevel::Critical);
  const Sample sample = make_sample(2, true);
  std::uint64_t restored = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 1; seed <= places(); ++seed) {
    SCOPED_TRACE(testing::Message() << "place " << seed);
    Random random(seed);
    Disk disk(sample.bytes.size(), random);
    load(disk, sample);
    const Hit expected = hit(sample, harm(disk, draw_live(sample, 5, random), random));
    if (!expected.any) continue;

    DrivenLog node(options(true), disk, Instant{1s});
    ASSERT_EQ(node.log->state(0), store::Log::State::Ready) << node.log->refusal(0);
    const store::LogReport& report = node.log->report(0);
    if (expected.checkpoint) {
      ASSERT_FALSE(report.checkpoint);
      ASSERT_NE(report.checkpoint_refused, "");
    }
    if (report.checkpoint) {
      ++restored;
      ASSERT_EQ(node.owner.entries.size(), sample.bodies.size());
      ASSERT_EQ(unreadable(node, sample), expected.records);
    } else {
      ++refused;
      ASSERT_EQ(report.lost_records, expected.records);
      ASSERT_EQ(node.owner.entries.size(), sample.bodies.size() - expected.records);
      ASSERT_EQ(unreadable(node, sample), 0U);
    }
  }
  EXPECT_GT(restored, places() / 4);
  EXPECT_GT(refused, places() / 8);
}

/// Where the damage is: it is done to the disk of a log that runs, and nobody reads there.
struct Scrubbed {
  std::size_t damaged = 0;     // Records.
  std::size_t unreadable = 0;  // In the end.
  store::LogStatistics statistics;
  store::LogReport next;  // Of the start after that.
};

Scrubbed scrub(const Sample& sample, const store::LogOptions& with, std::uint64_t seed,
               bool closes) {
  constexpr Duration kPeriod = 1h;
  Random random(seed);
  Disk disk(sample.bytes.size(), random);
  load(disk, sample);
  store::LogOptions options = with;
  options.tuning.scrub_period = kPeriod;
  options.tuning.defrag_lwm_pct = 1;  // What is compacted is not checked.
  Scrubbed out;
  {
    DrivenLog node(options, disk, Instant{1s});
    EXPECT_EQ(node.log->state(0), store::Log::State::Ready) << node.log->refusal(0);
    EXPECT_EQ(node.log->report(0).damaged_places, 0U);
    std::optional<Hit> done;
    while (!done || !done->any) {
      const Live& live = draw_live(sample, 4, random);
      if (live.kind != Live::Kind::Header) done = hit(sample, harm(disk, live, random));
    }
    out.damaged = done->records;
    // Ticks where the log asks for them, and where it does not.
    while (node.log->statistics().scrub_passes < 2) {
      const auto due = node.log->deadline(0);
      EXPECT_TRUE(due.has_value());
      if (!due) break;
      node.pass(std::max(Duration(1ms), *due - node.now));
    }
    for (int i = 0; i < 10; ++i) node.pass(1s);
    out.unreadable = unreadable(node, sample, with.encryption != nullptr);
    EXPECT_EQ(node.owner.entries.size(), sample.bodies.size());
    out.statistics = node.log->statistics();
    if (closes) node.close();
  }
  DrivenLog node(options, disk, Instant{1s});
  out.next = node.log->report(0);
  EXPECT_EQ(node.owner.entries.size(), sample.bodies.size() - out.unreadable);
  return out;
}

TEST(LogDamage, IsFoundByTheScrubAndWrittenAgainFromMemory) {
  set_log_level(LogLevel::Critical);
  const Sample samples[] = {make_sample(3, false), make_sample(3, false, true)};
  for (std::uint64_t seed = 1; seed <= places(); ++seed) {
    SCOPED_TRACE(testing::Message() << "place " << seed);
    const bool encrypted = seed % 2 == 0;
    const Scrubbed done = scrub(samples[encrypted ? 1 : 0], options(false, encrypted), seed, true);
    ASSERT_GE(done.statistics.scrub_errors, 1U);
    ASSERT_EQ(done.unreadable, 0U);
    ASSERT_EQ(done.statistics.damaged_segments, 0U);
    ASSERT_EQ(done.next.damaged_places, 0U) << "it is overwritten, or not in use any more";
  }
}

/// What is not in memory stays where it is, alone, until somebody brings it: here nobody does.
TEST(LogDamage, IsFoundByTheScrubAndContained) {
  set_log_level(LogLevel::Critical);
  const Sample sample = make_sample(4, true);
  for (std::uint64_t seed = 1; seed <= places(); ++seed) {
    SCOPED_TRACE(testing::Message() << "place " << seed);
    const bool closes = seed % 16 == 0;  // Which takes its time.
    const Scrubbed done = scrub(sample, options(true), seed, closes);
    ASSERT_GE(done.statistics.scrub_errors, 1U);
    ASSERT_EQ(done.unreadable, done.damaged);
    ASSERT_EQ(done.statistics.damaged_segments, done.damaged == 0 ? 0U : 1U);
    ASSERT_EQ(done.next.lost_records, done.damaged);
    ASSERT_EQ(done.next.checkpoint, done.damaged == 0) << "it is given up";
  }
}

}  // namespace
}  // namespace flotilla::sim
