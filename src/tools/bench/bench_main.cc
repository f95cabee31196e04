#include <fmt/format.h>

#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "arguments.h"
#include "base/random.h"
#include "report.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using bench::Arguments;
using bench::Stage;
using bench::Summary;
using bench::Tallies;
using Clock = std::chrono::steady_clock;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

std::atomic<bool> stop_asked = false;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

/// One run: its stages one after the other.
class Run {
 public:
  Run(const Arguments& arguments, const client::Client& client, std::string program)
      : arguments_(arguments),
        program_(std::move(program)),
        client_(client),
        reporter_({.percentiles = arguments.percentiles, .latency = arguments.latency}),
        files_(arguments.files) {}

  int run() {
    if (auto opened = files_.open(); !opened) return complain(opened.error());
    for (std::size_t i = 0; i < arguments_.stages.size(); ++i) {
      if (!stop_asked) announce(i);
      if (!stop_asked) pause_before(arguments_.stages[i]);
      if (!stop_asked)
        run_stage(arguments_.stages[i]);
      else if (verifies(arguments_.stages[i]))
        is_as_written_ = false;  // Nobody has looked.
    }
    const int code = tell_all();
    if (auto closed = files_.close(); !closed) return complain(closed.error());
    return code;
  }

 private:
  bool tells_lines() const { return !arguments_.quiet && !arguments_.json; }

  static bool verifies(const Stage& stage) {
    return stage.plan.workload.kind == bench::Workload::Kind::Verify;
  }

  int complain(const std::string& why) const {
    std::cerr << program_ << ": " << why << '\n';
    return kFailed;
  }

  void announce(std::size_t i) const {
    if (!arguments_.has_stages || !tells_lines()) return;
    const std::string& description = arguments_.stages[i].description;
    std::cout << fmt::format("Stage {}{}{}\n", i + 1, description.empty() ? "" : ": ", description)
              << std::flush;
  }

  /// Drawn, and not from the seed, so that several that are started together spread out.
  static void pause_before(const Stage& stage) {
    if (stage.pause_most.count() == 0) return;
    Random random(std::random_device{}());
    const auto most = static_cast<std::uint64_t>(stage.pause_most.count());
    const auto until = Clock::now() + std::chrono::seconds(random.between(1, most));
    while (Clock::now() < until && !stop_asked)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  void run_stage(const Stage& stage) {
    const auto tallies = std::make_unique<Tallies>();
    reporter_.begin(*tallies);
    files_.begin(*tallies);
    std::atomic<bool> is_done = false;
    const auto start = Clock::now();
    std::thread load([&] {
      bench::run_plan(client_, stage.plan, *tallies, stop_asked);
      is_done = true;
    });
    auto last = start;
    while (!is_done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const double seconds = seconds_since(last);
      if (seconds < arguments_.period_s) continue;
      if (tells_lines()) reporter_.line(seconds);
      files_.write();
      last = Clock::now();
    }
    load.join();
    files_.write();
    tell_stage(stage, *tallies, seconds_since(start));
  }

  void tell_stage(const Stage& stage, const Tallies& tallies, double seconds) {
    seconds_ += seconds;
    total_->merge(tallies);
    auto json = bench::summary_json(tallies, seconds, arguments_.percentiles);
    if (verifies(stage)) {
      const auto keys = static_cast<std::uint64_t>(stage.plan.keys);
      json["verified"] = bench::verdicts_json(tallies.verdicts, keys);
      if (!arguments_.json) std::cout << bench::verdicts_text(tallies.verdicts, keys);
      is_as_written_ &= tallies.verdicts.same == keys;
    }
    stages_.push_back(std::move(json));
  }

  /// The exit code.
  int tell_all() const {
    const Summary summary = Summary::of(*total_, seconds_);
    if (arguments_.json) {
      nlohmann::ordered_json json{{"version", 1}};
      json.update(bench::summary_json(*total_, seconds_, arguments_.percentiles));
      if (arguments_.has_stages)
        json["stages"] = stages_;
      else if (!stages_.empty())
        json.update(stages_.front());  // It also says what was verified.
      std::cout << json.dump(2) << '\n';
    } else {
      std::cout << summary.text();
      reporter_.latencies(*total_, seconds_);
    }
    const bool fails = summary.error_percent() > arguments_.max_error_percent ||
                       (summary.done == 0 && summary.failed > 0);
    return fails || !is_as_written_ ? kFailed : 0;
  }

  const Arguments& arguments_;
  const std::string program_;
  const client::Client& client_;
  bench::Reporter reporter_;
  bench::LatencyFiles files_;
  std::unique_ptr<Tallies> total_ = std::make_unique<Tallies>();
  std::vector<nlohmann::ordered_json> stages_;
  double seconds_ = 0;  // Of all stages, without the pauses.
  bool is_as_written_ = true;
};

}  // namespace

int run_bench(const Invocation& invocation) {
  const auto parsed = bench::parse_arguments(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kUsageError;
  }
  if (!*parsed) return 0;
  const Arguments& arguments = **parsed;
  const auto seeds = arguments.connect.seeds();
  if (!seeds) {
    std::cerr << invocation.program << ": " << seeds.error().message << '\n';
    return kUsageError;
  }
  client::ClientOptions options = arguments.connect.client_options();
  options.rack_id = arguments.rack_id;
  const auto client = client::Client::connect(*seeds, options);
  if (!client) {
    std::cerr << fmt::format("{}: cannot connect to {}: {}\n", invocation.program,
                             arguments.connect.host, client.error().message);
    return kFailed;
  }
  std::signal(SIGINT, [](int) { stop_asked = true; });
  std::signal(SIGTERM, [](int) { stop_asked = true; });
  return Run(arguments, *client, invocation.program).run();
}

}  // namespace flotilla::tools
