// How a log that is nearly full keeps up with writers for a long time: on a disk that carries out
// one request after the other and takes the same time for each.
//
//   FLOTILLA_PACE_SHOW=1 sim_log_pace_test   prints what was measured
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <deque>

#include "base/log.h"
#include "base/random.h"
#include "store/log.h"

namespace flotilla::sim {
namespace {

using namespace std::chrono_literals;
using store::IoKind;
using store::Log;

constexpr std::uint32_t kSegment = 256 << 10;
constexpr std::uint32_t kSegments = 512;
constexpr std::uint32_t kFlush = 64 << 10;
constexpr std::size_t kBody = 1 << 10;
constexpr Duration kLatency = 5ms;

/// Who has records by number, all alike, and knows where each is.
class Owner : public store::LogOwner, public store::LogHost {
 public:
  Owner() : body_(kBody, std::byte{'x'}) {}
  void attach(Log& log) { log_ = &log; }

  Result<store::LogPosition> put(std::uint32_t key) {
    if (key >= records_.size()) records_.resize(key + 1);
    Record& record = records_[key];
    const store::Lsn lsn(1, ++last_);
    const auto place = log_->append(image(key, lsn));
    if (!place) return tl::unexpected(place.error());
    log_->released(record.at);
    record = {.lsn = lsn, .at = place->at};
    return place->end;
  }
  std::uint32_t stored_bytes() const { return records_[0].at.size; }

  store::Recovered recovered(const store::RecordImage&, const store::RecordPlace&) override {
    return store::Recovered::Old;
  }
  Result<bool> relocate(const store::RecordImage& copy, store::SegmentSlot segment) override {
    const auto key = load_be<std::uint32_t>(copy.digest.bytes.data() + 2);
    Record& record = records_[key];
    if (record.lsn != copy.lsn || record.at.segment != segment) return false;
    const auto place = log_->append_moved(copy);
    if (!place) return tl::unexpected(place.error());
    log_->released(record.at);
    record.at = place->at;
    return true;
  }
  store::IndexHead index_head(wire::PartitionId partition) override {
    const bool mine = partition == wire::Digest{}.partition();
    return {.partition = partition,
            .last = store::Lsn(1, mine ? last_ : 0),
            .records = static_cast<std::uint32_t>(mine ? records_.size() : 0)};
  }
  void index_below(wire::PartitionId partition, const wire::Digest* below,
                   std::vector<store::IndexedRecord>& out) override {
    constexpr std::size_t kSome = 10;
    out.clear();
    if (partition != wire::Digest{}.partition()) return;
    std::size_t key =
        below == nullptr ? records_.size() : load_be<std::uint32_t>(below->bytes.data() + 2);
    while (key > 0 && out.size() < kSome) {
      --key;
      const Record& record = records_[key];
      out.push_back({.image = image(static_cast<std::uint32_t>(key), record.lsn),
                     .body_size = kBody,
                     .at = record.at});
    }
  }
  void log_failed(unsigned, std::string_view why) override { FAIL() << why; }
  void wake(unsigned) override { woken = true; }

  bool woken = false;

 private:
  struct Record {
    store::Lsn lsn;
    store::RecordPlace at;
  };

  store::RecordImage image(std::uint32_t key, store::Lsn lsn) const {
    store::RecordImage out{.lsn = lsn, .body = body_};
    store_be(out.digest.bytes.data() + 2, key);
    return out;
  }

  const Buffer body_;
  std::vector<Record> records_;
  std::uint32_t last_ = 0;
  Log* log_ = nullptr;
};

/// The log's thread and its disk: as in the server, one request after the other.
class Lane {
 public:
  explicit Lane(const store::LogOptions& options) : bytes_(std::size_t{kSegment} * kSegments) {
    const std::uint64_t sizes[] = {bytes_.size()};
    log = std::make_unique<Log>(options, sizes, owner, owner);
    owner.attach(*log);
    step(Log::Tick{});
    while (log->state(0) == Log::State::Recovering) advance(kLatency);
  }

  /// Up to then, whatever is due happens in its time; `between` is called after each step.
  template <class Between>
  void advance(Duration time, Between between) {
    const Instant until = now + time;
    for (;;) {
      const auto due = asked_.empty() ? idle_until() : done_at_;
      if (!due || *due > until) break;
      now = std::max(now, *due);
      if (asked_.empty()) {
        owner.woken = false;
        step(Log::Tick{});
      } else {
        complete();
      }
      between();
    }
    now = until;
  }
  void advance(Duration time) {
    advance(time, [] {});
  }

  Instant now{1s};
  Owner owner;
  std::unique_ptr<Log> log;
  std::uint64_t bytes_written = 0;
  std::uint64_t syncs = 0;          // Done.
  std::uint64_t most_requests = 0;  // Waiting at once.

 private:
  std::optional<Instant> idle_until() const { return owner.woken ? now : log->deadline(0); }

  void step(const Log::Event& event) {
    const bool idle = asked_.empty();
    for (const store::IoRequest& request : log->step(0, now, event)) asked_.push_back(request);
    if (idle && !asked_.empty()) done_at_ = now + kLatency;
    most_requests = std::max<std::uint64_t>(most_requests, asked_.size());
  }
  void complete() {
    const store::IoRequest request = asked_.front();
    asked_.pop_front();
    if (!asked_.empty()) done_at_ = now + kLatency;
    const auto at = bytes_.begin() + static_cast<std::ptrdiff_t>(request.offset);
    std::size_t size = 0;
    if (request.kind == IoKind::Write) {
      size = request.from.size();
      std::ranges::copy(request.from, at);
      bytes_written += size;
    } else if (request.kind == IoKind::Read) {
      size = request.into.size();
      std::copy_n(at, size, request.into.begin());
    } else {
      ++syncs;
    }
    step(store::IoCompletion{.token = request.token, .result = size});
  }

  Buffer bytes_;
  std::deque<store::IoRequest> asked_;
  std::optional<Instant> done_at_;  // The first of them.
};

store::LogOptions options(std::uint32_t lwm_pct, bool commit) {
  store::LogOptions out;
  out.namespace_name = "test";
  out.fresh_id = 7;
  out.segment_size = kSegment;
  out.commit_to_device = commit;
  out.tuning.flush_size = kFlush;
  out.tuning.write_cache_max = 8 * kSegment;
  out.tuning.defrag_lwm_pct = lwm_pct;
  return out;
}

void show(const char* what, double figure) {
  if (std::getenv("FLOTILLA_PACE_SHOW") != nullptr) std::printf("%s: %.2f\n", what, figure);
}

class LogPace : public testing::Test {
 protected:
  LogPace() { set_log_level(LogLevel::Critical); }

  /// Keys of which that share of the file's segments is live.
  void fill(Lane& lane, unsigned pct) {
    while (lane.log->statistics().used_bytes * 100 <
           std::uint64_t{lane.log->statistics().total_bytes} * pct) {
      while (!lane.owner.put(keys)) lane.advance(kLatency);
      ++keys;
    }
    while (lane.log->statistics().pending_bytes != 0) lane.advance(1s);
  }

  Random random{1};
  std::uint32_t keys = 0;
};

// ------------------------------------------------------------------------------ write
// amplification

/// Bytes written to the disk, marks and padding too, for each byte that clients wrote, once the
/// file has been overwritten some times.
double amplification(Lane& lane, Random& random, std::uint32_t keys) {
  constexpr Duration kBetween = 2ms;
  std::uint64_t refused = 0;
  const auto overwrite = [&](unsigned times) {
    for (std::uint64_t i = 0; i < std::uint64_t{keys} * times; ++i) {
      while (!lane.owner.put(static_cast<std::uint32_t>(random.below(keys)))) {
        ++refused;
        lane.advance(kLatency);
      }
      lane.advance(kBetween);
    }
  };
  overwrite(5);
  const std::uint64_t before = lane.bytes_written;
  overwrite(5);
  EXPECT_EQ(refused, 0U);
  const std::uint64_t client = std::uint64_t{keys} * 5 * lane.owner.stored_bytes();
  return static_cast<double>(lane.bytes_written - before) / static_cast<double>(client);
}

TEST_F(LogPace, UniformOverwriteAtHalfFillWritesLittleMoreThanClientsDo) {
  Lane lane(options(25, false));
  fill(lane, 50);
  const double found = amplification(lane, random, keys);
  show("bytes written for one of a client, half full", found);
  EXPECT_LE(found, 1.5);
}

TEST_F(LogPace, UniformOverwriteAtFourFifthsFillWritesAtMostThreeTimes) {
  Lane lane(options(60, false));
  fill(lane, 80);
  const double found = amplification(lane, random, keys);
  show("bytes written for one of a client, four fifths full", found);
  EXPECT_LE(found, 3.3);
}

// ------------------------------------------------------------------------------------------- waits

/// Writers that wait for the disk, each with one write under way.
class Writers {
 public:
  Writers(Lane& lane, Random& random, std::uint32_t keys)
      : lane_(lane), random_(random), keys_(keys) {}

  void run(Duration time) {
    begin();
    lane_.advance(time, [this] { take(); });
  }

  Duration longest{};
  std::uint64_t most_syncs = 0;  // That one write waited for.
  std::uint64_t refused = 0;

 private:
  static constexpr double kNext = 0.9;
  struct Write {
    store::LogPosition position;
    Instant since;
    std::uint64_t syncs_before = 0;
  };

  /// After every request of the disk some of them, so that they come at all stages of a flush.
  void begin() {
    constexpr std::size_t kAtOnce = 32;
    while (writing_.empty() || (writing_.size() < kAtOnce && random_.chance(kNext))) {
      const auto position = lane_.owner.put(static_cast<std::uint32_t>(random_.below(keys_)));
      if (!position) ++refused;
      if (!position) break;
      writing_.push_back({.position = *position, .since = lane_.now, .syncs_before = lane_.syncs});
    }
  }
  void take() {
    while (!writing_.empty() && lane_.log->is_durable(writing_.front().position)) {
      longest = std::max(longest, lane_.now - writing_.front().since);
      most_syncs = std::max(most_syncs, lane_.syncs - writing_.front().syncs_before);
      writing_.pop_front();
    }
    begin();
  }

  Lane& lane_;
  Random& random_;
  const std::uint32_t keys_;
  std::deque<Write> writing_;
};

/// A flush has at most: a unit of clients and one of compaction, two marks for each of a segment
/// that is full, one that is begun, and one that is given back, and the sync.
constexpr Duration kFlushMost = 9 * kLatency;

TEST_F(LogPace, NoWriteWaitsLongerThanTwoFlushesInTwentyMinutesOfOverwriting) {
  Lane lane(options(60, true));
  fill(lane, 80);
  Writers writers(lane, random, keys);
  writers.run(20min);
  show("longest wait, in requests of the disk", static_cast<double>(writers.longest / kLatency));
  show("syncs that a write waited for, at most", static_cast<double>(writers.most_syncs));
  EXPECT_LE(writers.most_syncs, 2U);
  EXPECT_LE(writers.longest, 2 * kFlushMost);
  EXPECT_EQ(writers.refused, 0U);
  EXPECT_GT(lane.log->statistics().defrag_frees, 10'000U);
}

/// Beside that one piece of it, or one header with a sync of its own.
TEST_F(LogPace, AWriteWaitsHardlyLongerBesideIndexCheckpoints) {
  store::LogOptions taking = options(60, true);
  taking.checkpoint = true;
  taking.tuning.checkpoint_period = 30s;
  Lane lane(taking);
  fill(lane, 50);
  Writers writers(lane, random, keys);
  writers.run(20min);
  show("longest wait, in requests of the disk", static_cast<double>(writers.longest / kLatency));
  show("checkpoints", static_cast<double>(lane.log->statistics().checkpoints));
  EXPECT_LE(writers.longest, 2 * (kFlushMost + kLatency));
  EXPECT_EQ(writers.refused, 0U);
  EXPECT_GT(lane.log->statistics().checkpoints, 20U);
}

TEST_F(LogPace, AShareOfTheFileIsKeptFree) {
  constexpr std::uint32_t kLeast = kSegments * 5 / 100;
  store::LogOptions keeping = options(50, false);
  keeping.tuning.keep_free_pct = 6;
  Lane lane(keeping);
  fill(lane, 80);
  std::uint32_t least_free = kSegments;
  for (std::uint64_t i = 0; i < std::uint64_t{keys} * 3; ++i) {
    EXPECT_TRUE(lane.owner.put(static_cast<std::uint32_t>(random.below(keys))).has_value());
    lane.advance(2ms);
    least_free = std::min(least_free, lane.log->statistics().free_segments);
  }
  EXPECT_GE(least_free, kLeast);
}

/// They are told that it does not keep up, which passes, and not that it is full.
TEST_F(LogPace, WritersThatAreFasterThanTheDiskMeetNoFullFile) {
  Lane lane(options(60, false));
  fill(lane, 80);
  std::uint64_t overloaded = 0;
  std::uint64_t full = 0;
  for (unsigned step = 0; step < 20'000; ++step) {
    for (unsigned i = 0; i < 100; ++i) {
      const auto done = lane.owner.put(static_cast<std::uint32_t>(random.below(keys)));
      if (done) continue;
      ++(done.error().code == Code::DeviceOverload ? overloaded : full);
      break;
    }
    lane.advance(kLatency);
  }
  show("refused for an overloaded disk", static_cast<double>(overloaded));
  show("refused for a full one", static_cast<double>(full));
  EXPECT_GT(overloaded, 1'000U);
  EXPECT_EQ(full, 0U);
  EXPECT_GT(lane.log->statistics().defrag_frees, 1'000U);
}

}  // namespace
}  // namespace flotilla::sim
