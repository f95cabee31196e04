#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/bench/workload.h"

/// What people and programs are told about a run.
namespace flotilla::tools::bench {

/// Prints lines of what happens, period by period.
class Reporter {
 public:
  struct Options {
    std::vector<double> percentiles;
    bool latency = false;  // Percentiles with each line.
  };

  explicit Reporter(Options options) : options_(std::move(options)) {}

  /// A stage: its tallies count from zero. They must live until the next.
  void begin(const Tallies& tallies);
  /// What has happened in so many seconds since the last line.
  void line(double seconds);
  /// Percentiles of `tallies`, measured in so many seconds.
  void latencies(const Tallies& tallies, double seconds) const;

 private:
  /// What a kind of action has counted, at one moment.
  struct Counts {
    std::uint64_t done = 0;
    std::uint64_t missed = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t errors = 0;

    static Counts of(const Tally& tally);
    std::string text(double seconds) const;
  };

  Options options_;
  const Tallies* tallies_ = nullptr;
  std::vector<Counts> before_;
  double elapsed_ = 0;  // Of the stage.
};

struct Summary {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  double seconds = 0;

  static Summary of(const Tallies& tallies, double seconds);
  double per_second() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
  double error_percent() const;
  /// "Done: ..."
  std::string text() const;
};

/// "operations", "read", and so on, without a version.
nlohmann::ordered_json summary_json(const Tallies& tallies, double seconds,
                                    const std::vector<double>& percentiles);

/// Of a verification of so many keys.
nlohmann::ordered_json verdicts_json(const Verdicts& verdicts, std::uint64_t keys);
std::string verdicts_text(const Verdicts& verdicts, std::uint64_t keys);

}  // namespace flotilla::tools::bench
