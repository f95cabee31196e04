#pragma once

#include <chrono>
#include <fstream>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "tools/bench/workload.h"

namespace flotilla::tools::bench {

/// Files that take the latencies of a run, period by period.
///
///   LatencyFiles files({.buckets = "latency.txt", .hdr_folder = "hdr"});
///   files.open();
///   files.begin(tallies);    // A stage: its tallies count from zero.
///   files.write();           // What has been measured since.
///   files.close();
class LatencyFiles {
 public:
  struct Options {
    std::string buckets;     // A line a period and kind of action (buckets.h); "-": stdout.
    std::string hdr_folder;  // <kind>_<time>.hlog, .hdrhist, and .txt (hdr_log.h).
  };

  explicit LatencyFiles(Options options) : options_(std::move(options)) {}

  /// The errors are sentences.
  tl::expected<void, std::string> open();
  /// `tallies` must live until the next begin() or close().
  void begin(const Tallies& tallies);
  void write();
  tl::expected<void, std::string> close();

 private:
  using Clock = std::chrono::steady_clock;
  using Cells = std::vector<std::uint64_t>;

  /// Of one kind of action.
  struct Course {
    std::uint64_t count_before = 0;  // Of this stage, at the end of the last period.
    Cells buckets_before = {};
    Cells cells_before = {};
    Cells cells = {};  // Of the whole run.
    std::ofstream log = {};
  };

  void write_buckets(const ActionName& action, Course& course, double seconds);
  void write_interval(const ActionName& action, Course& course, double seconds);
  std::string hdr_path(std::string_view action, std::string_view ending) const;
  std::ostream& buckets_out();

  Options options_;
  std::ofstream buckets_;
  std::map<std::string_view, Course> courses_;
  const Tallies* tallies_ = nullptr;
  std::chrono::system_clock::time_point start_utc_;
  Clock::time_point start_;
  Clock::time_point last_;
};

}  // namespace flotilla::tools::bench
