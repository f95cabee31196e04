#include "latency_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <utility>

#include "base/parse.h"
#include "text.h"
#include "tools/bench/hdr_log.h"

namespace flotilla::tools::bench {
namespace {

using Cells = std::vector<std::uint64_t>;

constexpr double kBlink = 0.1;  // Seconds.

/// What has been added since `before`, which becomes what is there now.
Cells since(Cells& before, Cells now) {
  Cells added = now;
  for (std::size_t i = 0; i < before.size(); ++i) added[i] -= before[i];
  before = std::move(now);
  return added;
}

tl::unexpected<std::string> cannot_write(const std::string& path) {
  return tl::unexpected(fmt::format("cannot write {}", path));
}

}  // namespace

tl::expected<void, std::string> LatencyFiles::open() {
  start_utc_ = std::chrono::system_clock::now();
  start_ = last_ = Clock::now();
  const std::string& folder = options_.hdr_folder;
  if (!folder.empty() && (!std::filesystem::is_directory(folder) || ::access(folder.c_str(), W_OK)))
    return tl::unexpected(fmt::format("{} is no folder to write to", folder));
  if (options_.buckets.empty()) return {};
  if (options_.buckets != "-") buckets_.open(options_.buckets);
  buckets_out() << fmt::format(
                       "# <name>_hist <time>, <period>, <total>, <bucket>:<count>, ...\n"
                       "# buckets, each named by its least value: {}\n",
                       Buckets::description())
                << std::flush;
  if (!buckets_out()) return cannot_write(options_.buckets);
  return {};
}

std::ostream& LatencyFiles::buckets_out() {
  return options_.buckets == "-" ? std::cout : static_cast<std::ostream&>(buckets_);
}

void LatencyFiles::begin(const Tallies& tallies) {
  tallies_ = &tallies;
  last_ = Clock::now();
  for (auto& [name, course] : courses_) {
    course.count_before = 0;
    course.buckets_before.clear();
    course.cells_before.clear();
  }
}

void LatencyFiles::write() {
  if (options_.buckets.empty() && options_.hdr_folder.empty()) return;
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - last_).count();
  for (const ActionName& action : kActionNames) {
    const std::uint64_t count = (tallies_->*action.tally).latency.count();
    Course& course = courses_[action.name];
    // A period without operations is told, but not the blink at the end of a stage.
    const bool is_idle = count == std::exchange(course.count_before, count);
    if (count == 0 || (is_idle && seconds < kBlink)) continue;
    if (!options_.buckets.empty()) write_buckets(action, course, seconds);
    if (!options_.hdr_folder.empty()) write_interval(action, course, seconds);
  }
  last_ = now;
}

void LatencyFiles::write_buckets(const ActionName& action, Course& course, double seconds) {
  const Cells added = since(course.buckets_before, (tallies_->*action.tally).buckets.counts());
  buckets_out() << fmt::format("{}_hist {}, {:.6g}s, {}\n", action.name,
                               utc_text(std::chrono::system_clock::now()), seconds,
                               bucket_line(added))
                << std::flush;
}

void LatencyFiles::write_interval(const ActionName& action, Course& course, double seconds) {
  const Cells added = since(course.cells_before, (tallies_->*action.tally).latency.cells());
  if (!course.log.is_open()) {
    course.cells.resize(added.size());
    course.log.open(hdr_path(action.name, "hlog"));
    course.log << hdr_log_header(start_utc_);
  }
  for (std::size_t i = 0; i < added.size(); ++i) course.cells[i] += added[i];
  const double begin = std::chrono::duration<double>(last_ - start_).count();
  course.log << hdr_log_line({.begin_s = begin, .length_s = seconds}, added) << std::flush;
}

tl::expected<void, std::string> LatencyFiles::close() {
  if (!options_.buckets.empty() && !buckets_out()) return cannot_write(options_.buckets);
  for (auto& [name, course] : courses_) {
    if (!course.log.is_open()) continue;
    if (!course.log.flush()) return cannot_write(hdr_path(name, "hlog"));
    std::ofstream whole(hdr_path(name, "hdrhist"));
    whole << to_base64(hdr_histogram(course.cells)) << '\n';
    std::ofstream table(hdr_path(name, "txt"));
    table << hdr_percentiles(course.cells);
    if (!whole.flush() || !table.flush()) return cannot_write(hdr_path(name, "txt"));
  }
  return {};
}

std::string LatencyFiles::hdr_path(std::string_view action, std::string_view ending) const {
  return fmt::format("{}/{}_{}.{}", options_.hdr_folder, action, utc_text(start_utc_), ending);
}

}  // namespace flotilla::tools::bench
