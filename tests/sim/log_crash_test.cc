// The log on a disk that forgets, tears and reorders what was not synced, through many crashes.
//
//   FLOTILLA_SIM_ROUNDS=10 sim_log_crash_test       5,000 crashes (default: 1, 500 crashes)
//   FLOTILLA_LOG_CRASH_SEED=17 sim_log_crash_test   one world alone
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "base/log.h"
#include "base/parse.h"
#include "sim/keys.h"
#include "sim/log_driver.h"
#include "store/record_read.h"

namespace flotilla::sim {
namespace {

using namespace std::chrono_literals;
using store::Log;
using store::LogPosition;
using store::Lsn;

/// Which promise of the disk is broken, to see the test notice.
enum class Forgets { Nothing, Syncs, SyncsAtStart };

/// Some keys, and for each what was written to it, one log, one disk.
class World {
 public:
  static constexpr unsigned kKeys = 150;
  static constexpr Duration kFlushMax = 1s;
  static constexpr Duration kIoMax = 15ms;  // A request takes at most this.

  World(std::uint64_t seed, Forgets forgets)
      : random_(seed), forgets_(forgets), disk_(draw_options(), random_) {
    disk_.ignore_syncs(forgets == Forgets::Syncs);
  }

  /// Lives through `crashes` crashes. The first broken promise, in words; empty: none.
  std::string run(unsigned crashes) {
    for (unsigned i = 0; i < crashes; ++i) {
      if (!start()) continue;  // Crashed on the way.
      if (!broken_.empty()) return broken_;
      live();
      crash();
    }
    while (!start()) {
    }
    return broken_;
  }

  std::uint64_t clean_stops() const { return clean_stops_; }
  std::uint64_t checkpoints() const { return checkpoints_; }
  std::uint64_t checkpoints_taken() const { return checkpoints_taken_; }
  std::uint64_t checkpoints_after_crashes() const { return checkpoints_after_crashes_; }
  std::uint64_t versions_lost() const { return versions_lost_; }
  std::uint64_t records_torn() const { return torn_; }
  std::uint64_t segments_freed() const { return freed_; }
  std::uint64_t tombstones_collected() const { return collected_; }
  std::uint64_t moves() const { return moves_; }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t reads_in_vain() const { return reads_in_vain_; }

 private:
  struct Version {
    Lsn lsn;
    bool deleted = false;
    Buffer body;
    Instant appended;
    LogPosition position;
  };
  using History = std::vector<Version>;
  /// What a reader of a namespace on a device has noted of the index, and will read by and by.
  struct Reading {
    store::RecordWanted wanted;
    store::RecordExtent extent;
  };

  std::size_t draw_options() {
    static constexpr std::uint32_t kSizes[] = {16 << 10, 32 << 10, 64 << 10};
    options_.namespace_name = "test";
    options_.fresh_id = random_.next();
    options_.segment_size = kSizes[random_.below(3)];
    options_.align = random_.chance(0.7) ? 512 : 4096;
    if (options_.segment_size == kSizes[0]) options_.align = 512;
    options_.commit_to_device = random_.chance(0.5);
    options_.tuning.flush_size = 1024U << random_.below(4);
    options_.tuning.flush_max = kFlushMax;
    options_.tuning.write_cache_max = 8 * options_.tuning.flush_size;
    options_.tuning.defrag_lwm_pct = static_cast<std::uint32_t>(random_.between(20, 70));
    options_.tuning.defrag_sleep = random_.chance(0.5) ? Duration(0) : Duration(5ms);
    options_.checkpoint = random_.chance(0.8);
    if (random_.chance(0.7))
      options_.tuning.checkpoint_period =
          Duration(random_.between(Duration(50ms).count(), Duration(2s).count()));
    options_.packs = true;
    if (random_.chance(0.5)) options_.encryption = &keys_;
    if (random_.chance(0.5)) options_.tuning.packing = draw_packing();
    options_.tuning.post_write_cache = random_.chance(0.5) ? 0 : 4 * options_.tuning.flush_size;
    body_max_ = random_.chance(0.5) ? 200 : 3000;
    return std::size_t{options_.segment_size} * random_.between(12, 40);
  }

  store::Packing draw_packing() {
    static constexpr store::Codec kCodecs[] = {store::Codec::None, store::Codec::Lz4,
                                               store::Codec::Zstd};
    return {.codec = kCodecs[random_.below(3)]};
  }

  static wire::Digest digest_of(unsigned key) {
    wire::Digest digest;
    digest.bytes[0] = static_cast<std::byte>(key % 7);  // Some partitions.
    store_be(digest.bytes.data() + 2, key);
    return digest;
  }

  static unsigned key_of(const wire::Digest& digest) {
    return load_be<std::uint32_t>(digest.bytes.data() + 2);
  }

  // ----------------------------------------------------------------------------------------
  // driving

  void step(const Log::Event& event) {
    for (const store::IoRequest& request : log_->step(0, now_, event)) disk_.submit(request);
  }
  void complete_one() {
    now_ = now_ + Duration(random_.below(kIoMax.count() / (disk_.in_flight() + 1)));
    step(disk_.complete_any());
  }
  /// Time passes; whatever is due on the way happens in its time.
  void pass(Duration time) {
    const Instant until = now_ + time;
    if (owner_->woken) wake();
    while (now_ < until) {
      while (!disk_.idle()) complete_one();
      const auto due = log_->deadline(0);
      now_ = std::max(now_, due ? std::min(*due, until) : until);
      step(Log::Tick{});
    }
  }

  /// The operator does so now and then; who does not know whether the last start came to its end
  /// gives both.
  void change_keys() {
    if (!std::exchange(key_settled_, false)) return;
    const auto name = [](unsigned key) { return "the operator's key " + std::to_string(key); };
    const bool change = random_.chance(0.3);
    keys_ = make_encryption(name(key_ + (change ? 1 : 0)), change ? name(key_) : "",
                            store::Cipher::Aes128, random_.next());
    if (change) ++key_;
  }

  /// False: it crashed on the way.
  bool start() {
    change_keys();
    owner_ = std::make_unique<PlainOwner>();
    owner_->parts = 1 + term_ % 3;
    const std::uint64_t sizes[] = {disk_.size()};
    log_ = std::make_unique<Log>(options_, sizes, *owner_, *owner_);
    owner_->attach(*log_);
    if (forgets_ == Forgets::SyncsAtStart) disk_.ignore_syncs(true);
    step(Log::Tick{});
    const bool doomed = random_.chance(0.1);
    while (log_->state(0) == Log::State::Recovering) {
      if (doomed && random_.chance(0.01)) {
        crash_disk();
        return false;
      }
      complete_one();
    }
    if (forgets_ == Forgets::SyncsAtStart) disk_.ignore_syncs(false);
    if (log_->state(0) == Log::State::Refused) {
      broken_ = "refused: " + log_->refusal(0);
      return true;
    }
    key_settled_ = true;
    check_checkpoint();
    check();
    ++term_;
    seq_ = 0;
    return true;
  }

  void live() {
    const std::uint64_t steps = random_.between(20, 800);
    for (std::uint64_t i = 0; i < steps; ++i) {
      const std::uint64_t dice = random_.below(100);
      if (dice < 60) {
        write(false);
      } else if (dice < 72) {
        write(true);
      } else if (dice < 92) {
        if (!disk_.idle())
          complete_one();
        else
          step(Log::Tick{});
      } else if (dice < 98) {
        pass(Duration(random_.below(Duration(100ms).count())));
      } else if (dice < 99) {
        pass(Duration(random_.below(Duration(3s).count())));
      } else {
        remove_expired();
        if (random_.chance(0.5)) truncate(static_cast<unsigned>(random_.below(kKeys)));
        if (random_.chance(0.1)) {
          options_.tuning.packing = draw_packing();
          log_->retune(options_.tuning);
        }
        if (random_.chance(0.7)) log_->collect_tombstones();
      }
      if (random_.chance(0.3)) begin_read(static_cast<unsigned>(random_.below(kKeys)));
      if (!reading_.empty() && random_.chance(0.2)) end_read();
      if (owner_->woken && random_.chance(0.9)) wake();
      // Nothing waits longer than a request may take.
      while (disk_.in_flight() > 8) complete_one();
    }
    note_counts();
    if (random_.chance(0.4)) {
      stop();
    } else {
      for (std::uint64_t more = random_.below(12); more > 0 && !disk_.idle(); --more)
        complete_one();
    }
  }
  /// A stop on request; often a crash comes before its end, or a sync or write fails on the way.
  void stop() {
    disk_.fail_syncs(random_.chance(0.1));
    disk_.fail_writes(random_.chance(0.05));
    log_->close();
    step(Log::Tick{});
    const bool cut_short = random_.chance(0.5);
    while (!disk_.idle() && !(cut_short && random_.chance(0.1))) complete_one();
    disk_.fail_syncs(false);
    disk_.fail_writes(false);
    if (log_->state(0) == Log::State::Closed) ++clean_stops_;
  }
  void wake() {
    owner_->woken = false;
    step(Log::Tick{});
  }

  // ----------------------------------------------------------------------------------------
  // reading, as a namespace on a device does

  void begin_read(unsigned key) {
    const auto at = owner_->entries.find(digest_of(key));
    if (at == owner_->entries.end()) return;
    const store::RecordWanted wanted{
        .digest = at->first, .lsn = at->second.lsn, .at = at->second.at};
    Buffer room(wanted.at.size);
    ++reads_;
    const Reading reading{.wanted = wanted, .extent = log_->extent(wanted.at)};
    if (log_->peek(wanted.at, room))
      return check_read(reading, store::find_wanted(room, wanted, reading.extent.key));
    reading_.push_back(reading);
  }
  void end_read() {
    const auto which = static_cast<std::ptrdiff_t>(random_.below(reading_.size()));
    const Reading reading = reading_[static_cast<std::size_t>(which)];
    reading_.erase(reading_.begin() + which);
    read_disk(reading);
  }
  void read_disk(const Reading& reading) {
    const Bytes on_disk = Bytes(disk_.bytes()).subspan(reading.extent.offset, reading.extent.size);
    Buffer stored(on_disk.begin(), on_disk.end());
    const auto record = store::StoredRecord::parse(stored);
    const bool checks = record && record->checks_at(reading.extent.place);
    check_read(reading, checks ? store::find_wanted(stored, reading.wanted, reading.extent.key)
                               : std::nullopt);
  }
  /// It is the version that was wanted; nothing can only have been found where that was moved away.
  void check_read(const Reading& reading, std::optional<store::RecordImage> image) {
    const store::RecordWanted& wanted = reading.wanted;
    Buffer room;
    if (image && (image->flags & store::kPacked) != 0) {
      room.resize(store::unpacked_size(*image).value());
      if (!store::unpack(*image, room)) broken_ = "a record does not expand";
    }
    const auto entry = owner_->entries.find(wanted.digest);
    const bool still = entry != owner_->entries.end() && entry->second.lsn == wanted.lsn &&
                       entry->second.at == wanted.at && log_->extent(wanted.at) == reading.extent;
    if (!image) {
      ++reads_in_vain_;
      if (still) broken_ = "a record is not where the index has it";
      return;
    }
    const History& history = histories_[key_of(wanted.digest)];
    const auto version = std::ranges::find(history, wanted.lsn, &Version::lsn);
    if (version != history.end() && !equal(image->body, version->body))
      broken_ = "a read found another version's body";
  }

  std::uint32_t seconds() const { return static_cast<std::uint32_t>(now_.since_start / 1s); }

  void remove_expired() {
    for (unsigned key = 0; key < kKeys; ++key) {
      const auto at = owner_->entries.find(digest_of(key));
      if (at != owner_->entries.end() && at->second.void_time != 0 &&
          at->second.void_time <= seconds())
        write(key, true);
    }
  }

  /// The cut-off is durable elsewhere before a walk drops what is behind it, sooner or later.
  void truncate(unsigned key) {
    const auto at = owner_->entries.find(digest_of(key));
    if (at == owner_->entries.end() || at->second.is_tombstone()) return;
    cut_off_[key] = at->second.lsn;
    if (random_.chance(0.7)) owner_->drop(at->first);
  }

  void write(bool remove) {
    write(static_cast<unsigned>(random_.chance(0.5) ? random_.below(kKeys) : random_.below(10)),
          remove);
  }
  void write(unsigned key, bool remove) {
    const wire::Digest digest = digest_of(key);
    if (remove && !owner_->entries.contains(digest)) return;
    Buffer body(remove ? 0 : random_.below(body_max_));
    const bool repeats = key % 2 == 0;  // It can be compressed.
    const auto all = static_cast<std::byte>(random_.next());
    for (std::byte& b : body) b = repeats ? all : static_cast<std::byte>(random_.next());
    const Lsn lsn(term_, ++seq_);
    const auto position =
        owner_->put(digest, {.lsn = lsn,
                             .flags = remove ? store::kTombstone : std::uint8_t{0},
                             .set = remove ? "" : "set",
                             .body = body});
    if (!position) return;
    histories_[key].push_back({.lsn = lsn,
                               .deleted = remove,
                               .body = std::move(body),
                               .appended = now_,
                               .position = *position});
  }

  // ---------------------------------------------------------------------------------------
  // crashing

  void crash() {
    crashed_at_ = now_;
    for (auto& [key, history] : histories_) {
      const Lsn newest = promised(history);
      promised_[key] = newest > cut_off_[key] ? newest : Lsn();
    }
    crash_disk();
  }
  void crash_disk() {
    if (random_.chance(0.4)) {
      disk_.kill();
    } else {
      disk_.cut_power();
    }
    log_.reset();  // Not before: what is being written is in its memory.
    reading_.clear();
  }

  /// The newest version that has to be there after a crash now.
  Lsn promised(const History& history) const {
    Lsn newest;
    for (const Version& version : history) {
      const bool durable = version.position.raw() == 0 || log_->is_durable(version.position);
      const bool old = !options_.commit_to_device && version.appended + kFlushMax <= crashed_at_;
      if (durable || old) newest = std::max(newest, version.lsn);
    }
    return newest;
  }

  /// A crash alone never damages a checkpoint that counts; and it is what the segments hold, though
  /// of a copy and the one that compaction made of it, a scan may take either.
  void check_checkpoint() {
    const store::LogReport& report = log_->report(0);
    if (!report.checkpoint_refused.empty())
      broken_ = "a crash alone damaged a checkpoint: " + std::string(report.checkpoint_refused);
    if (!report.checkpoint) return;
    ++checkpoints_;
    if (!report.clean) ++checkpoints_after_crashes_;
    Random random(1);
    Disk copy(disk_.size(), random);
    std::ranges::copy(disk_.bytes(), copy.bytes().begin());
    store::LogOptions options = options_;
    options.checkpoint = false;
    options.tuning.packing = {};  // What compaction moves meanwhile keeps its size.
    DrivenLog scanned(options, copy, now_);
    const auto& mine = owner_->entries;
    std::int64_t more = 0;  // Bytes that the scan counts and the checkpoint does not.
    for (const auto& [digest, entry] : scanned.owner.entries) {
      const auto at = mine.find(digest);
      const bool same = at != mine.end() && at->second.lsn == entry.lsn &&
                        at->second.flags == entry.flags && at->second.set == entry.set &&
                        at->second.body.size() == entry.body.size();
      more += std::int64_t{entry.at.size} - (at == mine.end() ? 0 : at->second.at.size);
      // A tombstone that hid nothing was dropped, and stands in its segment for now; and so may
      // what was truncated, of which an older version may be found where the newest is gone.
      const bool dropped = at == mine.end() && entry.is_tombstone();
      const bool truncated = entry.lsn <= cut_off_[key_of(digest)];
      if (!same && !dropped && !truncated)
        broken_ = "the checkpoint and the segments differ in a record";
    }
    for (const auto& [digest, entry] : mine) {
      const auto at = scanned.owner.entries.find(digest);
      if (at == scanned.owner.entries.end() || at->second.lsn < entry.lsn)
        broken_ = "the checkpoint has a record that no segment has";
    }
    for (const auto& [partition, last] : scanned.owner.last_lsn)
      if (owner_->last_lsn[partition] < last) broken_ = "the checkpoint forgot a number";
    if (log_->statistics().used_bytes + static_cast<std::uint64_t>(more) !=
        scanned.log->statistics().used_bytes)
      broken_ = "the checkpoint and the segments differ in space";
  }

  void check() {
    const store::LogReport& report = log_->report(0);
    torn_ += report.torn_places;
    for (const store::LogDamage& place : report.damage)
      if (!place.torn) broken_ = "a crash alone was reported as damage: " + in_words(place);
    for (auto& [digest, entry] : owner_->entries) {
      const unsigned key = key_of(digest);
      if (!histories_.contains(key)) broken_ = "a key came up that was never written";
    }
    for (auto& [key, history] : histories_) check_key(key, history);
    for (const auto& [digest, entry] : owner_->entries) {
      const store::RecordWanted wanted{.digest = digest, .lsn = entry.lsn, .at = entry.at};
      read_disk({.wanted = wanted, .extent = log_->extent(entry.at)});
    }
  }

  static std::string in_words(const store::LogDamage& place) {
    return "kind " + std::to_string(static_cast<int>(place.what)) + ", slot " +
           std::to_string(place.slot) + ", number " + std::to_string(place.segment) + ", offset " +
           std::to_string(place.offset) + ", " + std::to_string(place.bytes) + " bytes";
  }

  void check_key(unsigned key, History& history) {
    const Lsn promise = promised_[key];
    auto at = owner_->entries.find(digest_of(key));
    if (at != owner_->entries.end() && at->second.lsn <= cut_off_[key]) {
      if (!at->second.is_tombstone()) owner_->drop(at->first);
      at = owner_->entries.end();
    }
    const auto version_of = [&](Lsn lsn) { return std::ranges::find(history, lsn, &Version::lsn); };
    if (at == owner_->entries.end()) {
      const auto last = version_of(promise);
      if (promise != Lsn() && !last->deleted) broken_ = "a promised record is lost";
      // A tombstone that was dropped comes back with its segment, after a crash.
      if (promise != Lsn() && log_->report(0).checkpoint) return settle_on(key, history, *last);
      history.clear();
      promised_.erase(key);
      return;
    }
    const PlainOwner::Entry& entry = at->second;
    const auto found = version_of(entry.lsn);
    if (found == history.end()) {
      broken_ = "a version came up that was never written";
      return;
    }
    const bool body_fits =
        entry.body_known ? equal(entry.body, found->body) : entry.body.size() == found->body.size();
    if (entry.is_tombstone() != found->deleted || !body_fits) broken_ = "wrong contents";
    if (entry.lsn < promise)
      broken_ =
          version_of(promise)->deleted ? "a deleted record is back" : "a promised version is lost";
    versions_lost_ += history.size() - 1 - static_cast<std::size_t>(found - history.begin());
    settle_on(key, history, *found);
  }
  /// What has been served once stays: from now on it is promised.
  void settle_on(unsigned key, History& history, Version base) {
    base.position = LogPosition(0);
    base.appended = Instant{};
    history = {std::move(base)};
    promised_[key] = history.front().lsn;
  }

  void note_counts() {
    const store::LogStatistics figures = log_->statistics();
    freed_ += figures.defrag_frees;
    moves_ += figures.defrag_moves;
    collected_ += static_cast<std::uint64_t>(owner_->collected);
    checkpoints_taken_ += figures.checkpoints;
  }

  Random random_;
  Forgets forgets_;
  store::LogOptions options_;
  std::size_t body_max_ = 0;
  Disk disk_;
  std::unique_ptr<PlainOwner> owner_;
  std::unique_ptr<Log> log_;
  Instant now_{1s};
  Instant crashed_at_;
  store::Encryption keys_ = make_encryption("the operator's key 0");
  unsigned key_ = 0;
  bool key_settled_ = false;  // A start with it came to its end.
  std::uint32_t term_ = 1;
  std::uint64_t seq_ = 0;
  std::map<unsigned, History> histories_;
  std::map<unsigned, Lsn> promised_;
  std::map<unsigned, Lsn> cut_off_;  // Truncated: versions up to this one.
  std::string broken_;
  std::uint64_t clean_stops_ = 0;
  std::uint64_t checkpoints_ = 0;
  std::uint64_t checkpoints_taken_ = 0;
  std::uint64_t checkpoints_after_crashes_ = 0;
  std::uint64_t versions_lost_ = 0;
  std::uint64_t torn_ = 0;
  std::uint64_t freed_ = 0;
  std::uint64_t moves_ = 0;
  std::uint64_t collected_ = 0;
  std::vector<Reading> reading_;
  std::uint64_t reads_ = 0;
  std::uint64_t reads_in_vain_ = 0;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : parse_u64(text).value_or(otherwise);
}

constexpr unsigned kCrashesPerWorld = 10;

class LogCrash : public testing::Test {
 protected:
  LogCrash() { set_log_level(LogLevel::Critical); }
  const std::uint64_t worlds = 50 * from_environment("FLOTILLA_SIM_ROUNDS", 1);
  const std::uint64_t only = from_environment("FLOTILLA_LOG_CRASH_SEED", 0);
};

TEST_F(LogCrash, KeepsItsPromisesThroughCrashes) {
  std::uint64_t lost = 0;
  std::uint64_t torn = 0;
  std::uint64_t freed = 0;
  std::uint64_t moves = 0;
  std::uint64_t collected = 0;
  std::uint64_t reads = 0;
  std::uint64_t in_vain = 0;
  std::uint64_t stops = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t taken = 0;
  std::uint64_t after_crashes = 0;
  for (std::uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : worlds); ++seed) {
    World world(seed, Forgets::Nothing);
    ASSERT_EQ(world.run(kCrashesPerWorld), "")
        << "reproduce with FLOTILLA_LOG_CRASH_SEED=" << seed << " sim_log_crash_test";
    lost += world.versions_lost();
    torn += world.records_torn();
    freed += world.segments_freed();
    moves += world.moves();
    collected += world.tombstones_collected();
    reads += world.reads();
    in_vain += world.reads_in_vain();
    stops += world.clean_stops();
    checkpoints += world.checkpoints();
    taken += world.checkpoints_taken();
    after_crashes += world.checkpoints_after_crashes();
  }
  std::printf(
      "%llu worlds: unsynced versions lost %llu, torn places %llu, segments freed %llu, records "
      "moved %llu, "
      "tombstones collected %llu, read %llu and %llu where something else stood by then, clean "
      "stops "
      "%llu, checkpoints taken while running %llu, read %llu, of them after a crash %llu\n",
      static_cast<unsigned long long>(worlds), static_cast<unsigned long long>(lost),
      static_cast<unsigned long long>(torn), static_cast<unsigned long long>(freed),
      static_cast<unsigned long long>(moves), static_cast<unsigned long long>(collected),
      static_cast<unsigned long long>(reads), static_cast<unsigned long long>(in_vain),
      static_cast<unsigned long long>(stops), static_cast<unsigned long long>(taken),
      static_cast<unsigned long long>(checkpoints), static_cast<unsigned long long>(after_crashes));
  // The crashes did hurt, and everything that could go wrong was under way.
  if (only != 0) return;
  EXPECT_GT(lost, worlds);
  EXPECT_GT(torn, worlds / 4);
  EXPECT_GT(in_vain, 0U);
  EXPECT_GT(stops, worlds);
  EXPECT_GT(checkpoints, worlds / 2);
  EXPECT_GT(taken, worlds);
  EXPECT_GT(after_crashes, worlds / 2);
}

/// Worlds until a promise is broken.
std::uint64_t worlds_until_broken(Forgets forgets, std::uint64_t most) {
  for (std::uint64_t seed = 1; seed <= most; ++seed)
    if (!World(seed, forgets).run(kCrashesPerWorld).empty()) return seed;
  return 0;
}

TEST_F(LogCrash, NoticesSyncsThatDoNothing) {
  EXPECT_NE(worlds_until_broken(Forgets::Syncs, 20), 0U);
}

TEST_F(LogCrash, NoticesAMissingSyncAfterRecovery) {
  EXPECT_NE(worlds_until_broken(Forgets::SyncsAtStart, 50), 0U);
}

}  // namespace
}  // namespace flotilla::sim
