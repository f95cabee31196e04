#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
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
  bool help = false;
  bool version = false;
  bool ignored_flag = false;
  std::string ignored;
  std::vector<double> levels;  // The percentiles, parsed.
};

constexpr std::string_view kHelp = R"(Usage: {0} [options]

Puts load on a cluster and measures it. One line a second; a summary at the end.

  -n, --namespace=NS (test)  -s, --set=SET (testset)  -b, --bin=NAME (testbin)
  -K, --start-key=N (0)      -k, --keys=N (1000000)
  -o, --object-spec=SPEC  One value a bin: b, I<bytes>, B<n>, S<n>, D, constants, [3*I2,S4], {{5*S1:I1}} (I4)
  -R, --random            A new object for each write
  -w, --workload=WORK     I: insert each key; RU,<read %>: read, update; RR: replace instead;
                          RUD,<read %>,<write %>: the rest deletes; DB: delete the bins (RU,50)
  -z, --threads=N (16)    -g, --throughput=N  Operations a second in all (0: no limit)
  -t, --duration=S (10)   Of mixed workloads; 0: until stopped
  --batch-size=N (1)      Keys a read asks for at once
  -e, --expiration-time=S  -T, --timeout=MS (1000)  --socket-timeout=MS (30000)  --max-retries=N (1)  --send-key
  -L, --latency           With percentiles (--percentiles=50,90,99,99.9,99.99), in microseconds
  --output-period=S (1)   -q, --quiet  Only the summary     --json  The summary as JSON
  --max-errors=PERCENT    Exit with 1 when more operations fail (100)
  --seed=N (1)            The same numbers, the same keys and objects
  -h, --host  -p, --port  -U, --user  -P, --password  --tls-*  --instance  --config-file  -V  -E, --help

With a throughput, latencies count from when an operation was due, so a stalled server cannot hide it.

Examples:
  {0} -h db1 -w I -k 100000 -o S100
  {0} -h db1 -w RU,90 -z 32 -t 60 -L
)";

void add_options(CLI::App& app, Arguments& a) {
  a.connect.add_to(app);
  app.add_option("-n,--namespace", a.plan.ns);
  app.add_option("-s,--set", a.plan.set);
  app.add_option("-b,--bin", a.plan.bin);
  app.add_option("-K,--start-key", a.plan.first_key);
  app.add_option("-k,--keys", a.plan.keys);
  app.add_option("-o,--object-spec", a.object);
  app.add_flag("-R,--random", a.plan.random_objects);
  app.add_option("-w,--workload", a.workload);
  app.add_option("-z,--threads", a.plan.threads);
  app.add_option("-g,--throughput", a.plan.operations_per_second);
  app.add_option("-t,--duration", a.duration_s);
  app.add_option("--batch-size,--batch-read-size", a.plan.batch_size);
  app.add_option("-e,--expiration-time", a.ttl);
  app.add_option("-T,--timeout", a.timeout_ms);
  app.add_option("--socket-timeout", a.socket_timeout_ms);
  app.add_option("--max-retries", a.max_retries);
  app.add_flag("--send-key", a.send_key);
  app.add_flag("-L,--latency", a.latency);
  app.add_option("--percentiles", a.percentiles);
  app.add_option("--output-period", a.period_s);
  app.add_flag("-q,--quiet", a.quiet);
  app.add_flag("--json", a.json);
  app.add_option("--max-errors", a.max_error_percent);
  app.add_option("--seed", a.plan.seed);
  // Of the asynchronous mode of the original: its figures come from threads here.
  app.add_flag("-a,--async", a.ignored_flag);
  app.add_flag("-d,--debug", a.ignored_flag);
  app.add_option("-c,--async-max-commands", a.ignored);
  app.add_option("-W,--event-loops", a.ignored);
  app.add_flag("-V,--version", a.version);
  app.add_flag("-E,--help", a.help);
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

tl::expected<Arguments, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  CLI::App app;
  app.set_help_flag();
  add_options(app, arguments);
  try {
    app.parse(std::vector<std::string>(invocation.arguments.rbegin(), invocation.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<std::string>(error.what());
  }
  if (arguments.help || arguments.version) return arguments;
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
  const auto arguments = parse(invocation);
  if (!arguments) {
    std::cerr << invocation.program << ": " << arguments.error() << '\n';
    return kUsageError;
  }
  if (arguments->help) {
    std::cout << fmt::format(fmt::runtime(kHelp), invocation.program);
    return 0;
  }
  if (arguments->version) {
    std::cout << fmt::format("flotilla bench {}\n", FLOTILLA_VERSION);
    return 0;
  }
  const auto seeds = arguments->connect.seeds();
  if (!seeds) {
    std::cerr << invocation.program << ": " << seeds.error().message << '\n';
    return kUsageError;
  }
  client::ClientOptions options = arguments->connect.client_options();
  options.connections_per_node_max = arguments->plan.threads + 1;
  const auto client = client::Client::connect(*seeds, options);
  if (!client) {
    std::cerr << fmt::format("{}: cannot connect to {}: {}\n", invocation.program,
                             arguments->connect.host, client.error().message);
    return kFailed;
  }
  return run_load(*arguments, *client);
}

}  // namespace flotilla::tools
