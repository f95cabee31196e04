#include <fmt/chrono.h>
#include <fmt/format.h>

#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/parse.h"
#include "connect_options.h"
#include "text.h"
#include "tools/bench/workload.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using bench::Plan;
using bench::Tallies;
using bench::Tally;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

struct Arguments {
  ConnectOptions connect;
  Plan plan;
  std::string object = "I4";
  std::string workload = "RU,50";
  std::string percentiles = "50,90,99,99.9,99.99";
  std::int64_t duration_s = 10;
  std::int64_t ttl = 0;
  std::int64_t timeout_ms = 1000;
  std::int64_t socket_timeout_ms = 30000;
  int max_retries = 1;
  unsigned period_s = 1;
  double max_error_percent = 100;
  bool latency = false;
  bool json = false;
  bool quiet = false;
  bool send_key = false;
  std::string ignored;
  std::vector<double> levels;  // The percentiles, parsed.
};

constexpr std::string_view kNotes =
    R"(Workloads: I inserts each key; RU,<read %> reads and updates; RR,<read %> replaces instead;
RUD,<read %>,<write %> deletes with the rest; DB deletes the bins of each key.
Object specs: one value a bin, of b, I<bytes>, B<n>, S<n>, D, constants, [3*I2,S4], {5*S1:I1}.
With a throughput, latencies count from when an operation was due: a stalled server cannot hide it.
)";

void add_options(CommandLine& line, Arguments& a) {
  a.connect.add_to(line, ConnectOptions::Letters::WithoutA);
  line.option("-n,--namespace", a.plan.ns, "NS", "(test)");
  line.option("-s,--set", a.plan.set, "SET", "(testset)");
  line.option("-b,--bin", a.plan.bin, "NAME",
              "Of the first bin; further ones are NAME_2, ... (testbin)");
  line.option("-K,--start-key", a.plan.first_key, "N", "(0)");
  line.option("-k,--keys", a.plan.keys, "N", "How many, from the first on (1000000)");
  line.option("-o,--object-spec", a.object, "SPEC", "What records hold (I4)");
  line.flag("-R,--random", a.plan.random_objects, "A new object for each write");
  line.option("-w,--workload", a.workload, "WORK", "(RU,50)");
  line.option("-z,--threads", a.plan.threads, "N", "Operations at the same time (16)");
  line.option("-W,--event-loops", a.plan.event_loops, "N", "Threads that they share (1)");
  line.option("--calls-per-connection", a.plan.calls_per_connection, "N",
              "Operations that may share a connection (32; 1 as asbench)");
  line.option("-g,--throughput", a.plan.operations_per_second, "N",
              "Operations a second in all; 0: no limit (0)");
  line.option("-t,--duration", a.duration_s, "SECONDS",
              "Of mixed workloads; 0: until stopped (10)");
  line.option("--batch-size,--batch-read-size", a.plan.batch_size, "N",
              "Keys a read asks for at once (1)");
  line.option("-e,--expiration-time", a.ttl, "SECONDS", "Time to live of what is written");
  line.option("-T,--timeout", a.timeout_ms, "MS", "Of an operation, all attempts together (1000)");
  line.option("--socket-timeout", a.socket_timeout_ms, "MS", "Of one attempt (30000)");
  line.option("--max-retries", a.max_retries, "N", "(1)");
  line.flag("--send-key", a.send_key, "Have the server keep the keys");
  line.flag("-L,--latency", a.latency, "Percentiles in microseconds, with each line");
  line.option("--percentiles", a.percentiles, "LIST", "(50,90,99,99.9,99.99)");
  line.option("--output-period", a.period_s, "SECONDS", "Between two lines (1)");
  line.flag("-q,--quiet", a.quiet, "Only the summary");
  line.flag("--json", a.json, "The summary as JSON, and nothing else");
  line.option("--max-errors", a.max_error_percent, "PERCENT",
              "Exit with 1 when more operations fail (100)");
  line.option("--seed", a.plan.seed, "N", "The same numbers give the same keys and objects (1)");
  // Of the asynchronous mode of the original: there is no other here.
  line.silent_flag("-a,--async");
  line.silent_flag("-d,--debug");
  line.silent("-c,--async-max-commands", a.ignored);
}

tl::expected<void, std::string> check(Arguments& a) {
  auto object = bench::parse_object_spec(a.object);
  if (!object) return tl::unexpected(object.error());
  a.plan.object = *std::move(object);
  const auto workload = bench::parse_workload(a.workload);
  if (!workload) return tl::unexpected(workload.error());
  a.plan.workload = *workload;
  for (const std::string_view part : split(a.percentiles, ',')) {
    const auto level = parse_real(part);
    if (!level || *level <= 0 || *level > 100)
      return tl::unexpected(fmt::format("'{}' is not a percentile", part));
    a.levels.push_back(*level);
  }
  if (a.plan.keys < 1) return tl::unexpected<std::string>("--keys wants a number above zero");
  if (a.plan.threads < 1 || a.plan.threads > 10'000)
    return tl::unexpected<std::string>("--threads wants 1 to 10000");
  if (a.plan.event_loops < 1 || a.plan.event_loops > 1'000)
    return tl::unexpected<std::string>("--event-loops wants 1 to 1000");
  if (a.plan.calls_per_connection < 1 || a.plan.calls_per_connection > 1'000)
    return tl::unexpected<std::string>("--calls-per-connection wants 1 to 1000");
  if (a.plan.batch_size < 1 || a.plan.batch_size > 100'000)
    return tl::unexpected<std::string>("--batch-size wants 1 to 100000");
  if (a.duration_s < 0 || a.timeout_ms < 0 || a.socket_timeout_ms < 0 || a.max_retries < 0 ||
      a.period_s < 1)
    return tl::unexpected<std::string>("times and retries cannot be negative");
  if (const auto key = client::Key::make(a.plan.ns, a.plan.set, 1); !key)
    return tl::unexpected(key.error().message);
  a.plan.duration = std::chrono::seconds(a.duration_s);
  client::CommandPolicy command{.total_timeout = client::Milliseconds(a.timeout_ms),
                                .socket_timeout = client::Milliseconds(a.socket_timeout_ms),
                                .max_retries = a.max_retries};
  a.plan.read_policy.command = command;
  a.plan.write_policy.command = command;
  a.plan.write_policy.send_key = a.send_key;
  if (a.ttl != 0) a.plan.write_policy.ttl_seconds = static_cast<std::uint32_t>(a.ttl);
  return {};
}

/// Nothing: help or version was asked for.
tl::expected<std::optional<Arguments>, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  // The original has one operation a connection: under its name, its figures.
  if (invocation.is_alias) arguments.plan.calls_per_connection = 1;
  CommandLine line(
      invocation,
      {.about = "Puts load on a cluster and measures it. One line a second; a summary "
                "at the end.",
       .notes = std::string(kNotes),
       .examples = {"-h db1 -w I -k 100000 -o S100", "-h db1 -w RU,90 -z 32 -t 60 -L"}});
  add_options(line, arguments);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (auto done = arguments.connect.complete("asbench", {}); !done)
    return tl::unexpected(done.error());
  if (auto done = check(arguments); !done) return tl::unexpected(done.error());
  return arguments;
}

/// What a kind of action has counted, at one moment.
struct Snapshot {
  std::uint64_t done = 0;
  std::uint64_t missed = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t errors = 0;

  static Snapshot of(const Tally& tally) {
    return {tally.done, tally.missed, tally.timeouts, tally.errors};
  }
  Snapshot since(const Snapshot& before) const {
    return {done - before.done, missed - before.missed, timeouts - before.timeouts,
            errors - before.errors};
  }
};

struct Kind {
  std::string_view name;
  Tally Tallies::* tally;
};
constexpr Kind kKinds[] = {
    {"write", &Tallies::write}, {"read", &Tallies::read}, {"delete", &Tallies::remove}};

std::string utc_now(std::string_view format) {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  return fmt::format(fmt::runtime(format), fmt::gmtime(seconds));
}

/// Prints a line a period from the tallies, until it is told to stop.
class Reporter {
 public:
  Reporter(const Arguments& arguments, const Tallies& tallies)
      : arguments_(arguments), tallies_(tallies) {
    before_.resize(std::size(kKinds));
  }

  void line(double seconds) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % 1000;
    std::string text = fmt::format("{}.{:03} INFO ", utc_now("{:%Y-%m-%d %H:%M:%S}"), ms);
    Snapshot total;
    for (std::size_t i = 0; i < std::size(kKinds); ++i) {
      const Snapshot now_counted = Snapshot::of(tallies_.*kKinds[i].tally);
      const Snapshot part = now_counted.since(before_[i]);
      before_[i] = now_counted;
      if (now_counted.done + now_counted.timeouts + now_counted.errors == 0) continue;
      text += fmt::format("{}(tps={:.0f} (hit={} miss={}) timeouts={} errors={}) ", kKinds[i].name,
                          static_cast<double>(part.done) / seconds, part.done - part.missed,
                          part.missed, part.timeouts, part.errors);
      total.done += part.done;
      total.missed += part.missed;
      total.timeouts += part.timeouts;
      total.errors += part.errors;
    }
    text += fmt::format("total(tps={:.0f} (hit={} miss={}) timeouts={} errors={})\n",
                        static_cast<double>(total.done) / seconds, total.done - total.missed,
                        total.missed, total.timeouts, total.errors);
    std::cout << text;
    elapsed_ += seconds;
    if (arguments_.latency) latencies();
    std::cout.flush();
  }

  void latencies() const {
    for (const Kind& kind : kKinds) {
      const bench::Latency& latency = (tallies_.*kind.tally).latency;
      if (latency.count() == 0) continue;
      std::string text = fmt::format("hdr: {:<5} {} {:.0f}, {}, {}, {}", kind.name,
                                     utc_now("{:%Y-%m-%dT%H:%M:%SZ}"), elapsed_, latency.count(),
                                     latency.least(), latency.most());
      for (const double level : arguments_.levels)
        text += fmt::format(", {}", latency.percentile(level));
      std::cout << text << '\n';
    }
  }

 private:
  const Arguments& arguments_;
  const Tallies& tallies_;
  std::vector<Snapshot> before_;
  double elapsed_ = 0;
};

struct Summary {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  double seconds = 0;

  double error_percent() const {
    return done + failed == 0
               ? 0
               : 100.0 * static_cast<double>(failed) / static_cast<double>(done + failed);
  }
};

void print_json(const Arguments& arguments, const Tallies& tallies, const Summary& summary) {
  using Json = nlohmann::ordered_json;
  Json json{{"version", 1},
            {"seconds", summary.seconds},
            {"operations", summary.done},
            {"failed", summary.failed},
            {"operations_per_second", static_cast<double>(summary.done) / summary.seconds}};
  for (const Kind& kind : kKinds) {
    const Tally& tally = tallies.*kind.tally;
    const Snapshot counts = Snapshot::of(tally);
    if (counts.done + counts.timeouts + counts.errors == 0) continue;
    Json latency{{"min", tally.latency.least()}, {"max", tally.latency.most()}};
    for (const double level : arguments.levels)
      latency[fmt::format("p{:g}", level)] = tally.latency.percentile(level);
    json[std::string(kind.name)] = Json{{"done", counts.done},
                                        {"missed", counts.missed},
                                        {"timeouts", counts.timeouts},
                                        {"errors", counts.errors},
                                        {"latency_us", std::move(latency)}};
  }
  std::cout << json.dump(2) << '\n';
}

Summary summarize(const Tallies& tallies, double seconds) {
  Summary summary{.seconds = seconds};
  for (const Kind& kind : kKinds) {
    const Snapshot counts = Snapshot::of(tallies.*kind.tally);
    summary.done += counts.done;
    summary.failed += counts.timeouts + counts.errors;
  }
  return summary;
}

std::atomic<bool> stop_asked = false;

int run_load(const Arguments& arguments, const client::Client& client) {
  using Clock = std::chrono::steady_clock;
  std::signal(SIGINT, [](int) { stop_asked = true; });
  std::signal(SIGTERM, [](int) { stop_asked = true; });
  const auto tallies = std::make_unique<Tallies>();
  std::atomic<bool> is_done = false;
  const auto start = Clock::now();
  std::thread load([&] {
    bench::run_plan(client, arguments.plan, *tallies, stop_asked);
    is_done = true;
  });
  Reporter reporter(arguments, *tallies);
  auto last = start;
  const bool lines = !arguments.quiet && !arguments.json;
  while (!is_done) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const double seconds = std::chrono::duration<double>(Clock::now() - last).count();
    if (seconds < arguments.period_s || !lines) continue;
    reporter.line(seconds);
    last = Clock::now();
  }
  load.join();
  const Summary summary =
      summarize(*tallies, std::chrono::duration<double>(Clock::now() - start).count());
  if (arguments.json) {
    print_json(arguments, *tallies, summary);
  } else {
    std::cout << fmt::format("Done: {} operations in {:.1f} s, {:.0f} a second, {} failed\n",
                             summary.done, summary.seconds,
                             static_cast<double>(summary.done) / summary.seconds, summary.failed);
    reporter.latencies();
  }
  return summary.error_percent() > arguments.max_error_percent ||
                 (summary.done == 0 && summary.failed > 0)
             ? kFailed
             : 0;
}

}  // namespace

int run_bench(const Invocation& invocation) {
  const auto parsed = parse(invocation);
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
  options.connections_per_node_max = arguments.plan.threads + 1;
  const auto client = client::Client::connect(*seeds, options);
  if (!client) {
    std::cerr << fmt::format("{}: cannot connect to {}: {}\n", invocation.program,
                             arguments.connect.host, client.error().message);
    return kFailed;
  }
  return run_load(arguments, *client);
}

}  // namespace flotilla::tools
