#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "client/client.h"
#include "tools/bench/buckets.h"
#include "tools/bench/latency.h"
#include "tools/bench/objects.h"

/// Load on a cluster, and what came of it.
namespace flotilla::tools::bench {

enum class Action : std::uint8_t { Read, Write, Delete };

/// What is done.
struct Workload {
  enum class Kind : std::uint8_t {
    Insert,      // Each key once, in order.
    DeleteBins,  // The bins of each key, once, in order.
    Verify,      // Reads each key once, in order, and compares it with what was written.
    Mixed,       // Random keys for a time.
  };

  Kind kind = Kind::Mixed;
  double read_percent = 50;
  double write_percent = 50;  // The rest deletes.
  bool replaces = false;      // Writes drop the bins that are there.

  /// What a draw in [0, 100) means.
  Action action(double drawn) const {
    if (drawn < read_percent) return Action::Read;
    return drawn < read_percent + write_percent ? Action::Write : Action::Delete;
  }
};

/// "I", "RU,50", "RR,50", "RUD,60,30", "DB", "V". The error is a sentence.
tl::expected<Workload, std::string> parse_workload(std::string_view text);

struct Plan {
  std::string ns = "test";
  std::string set = "testset";
  std::string bin = "testbin";
  std::int64_t first_key = 0;
  std::int64_t keys = 1'000'000;
  std::vector<ValueSpec> object = {};
  bool random_objects = false;  // A new object for each write; else one for all.
  BinNumbers read_bins = {};    // What a read asks for.
  BinNumbers write_bins = {};   // What a write writes, and DeleteBins removes.
  Workload workload;
  unsigned threads = 16;                  // Operations under way at the same time.
  unsigned event_loops = 1;               // Real threads, which share them.
  std::size_t calls_per_connection = 32;  // That may share one; 1: each has one to itself.
  double operations_per_second = 0;       // Of all threads together; 0: as many as they can.
  std::chrono::seconds duration{10};      // Of Mixed; 0: until it is stopped.
  std::size_t batch_read_size = 1;        // Keys of an operation.
  std::size_t batch_write_size = 1;
  std::size_t batch_delete_size = 1;
  client::ReadPolicy read_policy = {};
  client::WritePolicy write_policy = {};
  std::uint64_t seed = 1;
};

/// Whether all numbers are such that the plan can be carried out. The error is a sentence.
tl::expected<void, std::string> check(const Plan& plan);

/// Counts of one kind of action. Threads add to them; nobody resets them.
struct Tally {
  std::atomic<std::uint64_t> done = 0;  // Hits and misses. A batch is one.
  std::atomic<std::uint64_t> missed = 0;
  std::atomic<std::uint64_t> timeouts = 0;
  std::atomic<std::uint64_t> errors = 0;
  Latency latency;
  Buckets buckets;

  void merge(const Tally& other);
};

/// What Workload::Kind::Verify found, key by key.
struct Verdicts {
  static constexpr std::size_t kExamplesMost = 5;

  std::atomic<std::uint64_t> same = 0;
  std::atomic<std::uint64_t> different = 0;
  std::atomic<std::uint64_t> missing = 0;

  std::uint64_t count() const { return same + different + missing; }
  /// Some of the keys that are different or missing, for whoever looks for the reason.
  std::vector<std::int64_t> examples() const;
  void add_example(std::int64_t key);

 private:
  mutable std::mutex lock_;
  std::vector<std::int64_t> examples_;
};

struct Tallies {
  Tally read;
  Tally write;
  Tally remove;
  Verdicts verdicts;

  /// Adds all but the verdicts: those are of one verification.
  void merge(const Tallies& other);
};

/// By what name each kind of action is reported, and in which order.
struct ActionName {
  std::string_view name;
  Tally Tallies::* tally;
};
inline constexpr ActionName kActionNames[] = {
    {"write", &Tallies::write}, {"read", &Tallies::read}, {"delete", &Tallies::remove}};

/// Runs the plan to its end or until `stop` is set. Blocks; nothing is under way when it returns.
/// With a rate, latencies count from when an operation was due: a server that stalls cannot hide
/// it.
void run_plan(const client::Client& client, const Plan& plan, Tallies& tallies,
              const std::atomic<bool>& stop);

}  // namespace flotilla::tools::bench
