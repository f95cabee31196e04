#include "arguments.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::bench {
namespace {

using Outcome = tl::expected<void, std::string>;

constexpr std::size_t kStagesFileMost = 1 << 20;

/// What was typed and is not yet what it means.
struct Words {
  Plan plan;
  std::string object = "I4";
  std::string read_bins;
  std::string write_bins;
  double compressed_share = 1;
  std::string workload = "RU,50";
  std::string stages_file;
  std::string udf;
  std::int64_t duration_s = 10;
  std::size_t batch_size = 1;
  std::int64_t ttl = 0;

  std::int64_t timeout_ms = 1000;
  std::int64_t socket_timeout_ms = 30000;
  int max_retries = 1;
  std::string replica = "sequence";
  std::string read_mode_ap = "one";
  std::string read_mode_sc = "session";
  std::string commit_level = "all";
  bool durable_delete = false;
  bool send_key = false;
  bool compress = false;
  unsigned pools = 1;

  bool async = false;
  unsigned async_commands = 50;
  std::string percentiles = "50,90,99,99.9,99.99";
};

constexpr std::string_view kNotes =
    R"(Workloads: I inserts each key; RU,<read %> reads and updates; RR,<read %> replaces instead;
RUD,<read %>,<write %> deletes with the rest; DB deletes the bins of each key; V reads each key and
compares it with what I and updates write, given the same seed and objects.
Object specs: one value a bin, of b, I<bytes>, B<n>, S<n>, D, constants, [3*I2,S4], {5*S1:I1}.
With a throughput, latencies count from when an operation was due: a stalled server cannot hide it.
)";

void add_work_options(CommandLine& line, Words& w) {
  const auto rare = [](CLI::Option* option) { CommandLine::rare(option); };
  line.option("-n,--namespace", w.plan.ns, "NS", "(test)");
  line.option("-s,--set", w.plan.set, "SET", "(testset)");
  rare(line.option("-b,--bin", w.plan.bin, "NAME",
                   "Of the first bin; further ones are NAME_2, ... (testbin)"));
  line.option("-K,--start-key", w.plan.first_key, "N", "(0)");
  line.option("-k,--keys", w.plan.keys, "N", "How many, from the first on (1000000)");
  line.option("-o,--object-spec", w.object, "SPEC", "What records hold (I4)");
  line.flag("-R,--random", w.plan.random_objects, "A new object for each write");
  rare(line.option("--read-bins", w.read_bins, "LIST", "Bins that reads ask for, as 1,3 (all)"));
  rare(line.option("--write-bins", w.write_bins, "LIST", "Bins that are written (all)"));
  rare(line.option("--compression-ratio", w.compressed_share, "SHARE",
                   "Bytes (B<n>) compress to this share of their size (1)"));
  line.option("-w,--workload", w.workload, "WORK", "(RU,50)");
  line.option("--workload-stages", w.stages_file, "FILE", "Several, one after the other, in YAML");
  line.option("-z,--threads", w.plan.threads, "N", "Operations at the same time (16)");
  rare(line.flag("-a,--async", w.async, "As many as -c says, instead of -z"));
  rare(line.option("-c,--async-max-commands", w.async_commands, "N", "With -a (50)"));
  line.option("-W,--event-loops", w.plan.event_loops, "N", "Threads that they share (1)");
  line.option("--calls-per-connection", w.plan.calls_per_connection, "N",
              "Operations that may share a connection (32; 1 as asbench)");
  line.option("-g,--throughput", w.plan.operations_per_second, "N",
              "Operations a second in all; 0: no limit (0)");
  line.option("-t,--duration", w.duration_s, "SECONDS",
              "Of mixed workloads; 0: until stopped (10)");
  line.option("--batch-size", w.batch_size, "N", "Keys of an operation (1)");
  rare(line.option("--batch-read-size", w.plan.batch_read_size, "N", "Of one that reads"));
  rare(line.option("--batch-write-size", w.plan.batch_write_size, "N", "Of one that writes"));
  rare(line.option("--batch-delete-size", w.plan.batch_delete_size, "N", "Of one that deletes"));
  rare(line.option("--seed", w.plan.seed, "N",
                   "The same numbers give the same keys and objects (1)"));
}

void add_policy_options(CommandLine& line, Words& w, std::int64_t& rack_id) {
  const auto rare = [](CLI::Option* option) { CommandLine::rare(option); };
  line.option("-e,--expiration-time", w.ttl, "SECONDS",
              "Time to live of what is written; -1: for ever");
  line.option("-T,--timeout", w.timeout_ms, "MS", "Of an operation, all attempts together (1000)");
  rare(line.option("--socket-timeout", w.socket_timeout_ms, "MS", "Of one attempt (30000)"));
  rare(line.option("--max-retries", w.max_retries, "N", "(1)"));
  line.option("-C,--replica", w.replica, "WHICH",
              "Reads: master, any, sequence, prefer-rack (sequence)");
  rare(line.option("--rack-id", rack_id, "N", "The rack of prefer-rack"));
  rare(line.option("-N,--read-mode-ap", w.read_mode_ap, "WHICH",
                   "one; all: no copy answers that might be behind (one)"));
  rare(line.option("-B,--read-mode-sc", w.read_mode_sc, "WHICH", "session"));
  rare(line.option("-M,--commit-level", w.commit_level, "WHICH",
                   "Writes are answered once all copies have them, or the master (all)"));
  rare(line.flag("-D,--durable-delete", w.durable_delete, "Deletes leave tombstones"));
  rare(line.flag("--send-key", w.send_key, "Have the server keep the keys"));
  // What other clients have and this one has not: refused where it would change the figures.
  line.silent("-Y,--conn-pools-per-node", w.pools);
  line.app().add_flag("--compress", w.compress)->group("");
  line.silent("--udf-package-name", w.udf);
  line.silent("--udf-function-name", w.udf);
  line.silent("--udf-function-values", w.udf);
  line.silent_flag("-d,--debug");
}

void add_output_options(CommandLine& line, Arguments& a, Words& w) {
  const auto rare = [](CLI::Option* option) { CommandLine::rare(option); };
  line.flag("-L,--latency", a.latency, "Percentiles in microseconds, with each line");
  line.option("--percentiles", w.percentiles, "LIST", "(50,90,99,99.9,99.99)");
  line.option("--output-period", a.period_s, "SECONDS", "Between two lines (1)");
  line.option("--output-file", a.files.buckets, "FILE", "Histograms of each period; -: stdout");
  line.option("--hdr-hist", a.files.hdr_folder, "FOLDER", "The same, as HdrHistogram has them");
  rare(line.flag("-q,--quiet", a.quiet, "Only the summary"));
  line.flag("--json", a.json, "The summary as JSON, and nothing else");
  line.option("--max-errors", a.max_error_percent, "PERCENT",
              "Exit with 1 when more operations fail (100)");
}

template <class T>
struct Choice {
  std::string_view word;
  T meaning;
};
template <class T, std::size_t N>
tl::expected<T, std::string> choose(std::string_view option, std::string_view word,
                                    const Choice<T> (&choices)[N]) {
  std::string words;
  for (const Choice<T>& choice : choices) {
    if (same_word(choice.word, word)) return choice.meaning;
    words += fmt::format("{}{}", words.empty() ? "" : ", ", choice.word);
  }
  return tl::unexpected(fmt::format("{} knows {}, not '{}'", option, words, word));
}

constexpr Choice<client::Replica> kReplicas[] = {{"master", client::Replica::Master},
                                                 {"any", client::Replica::Any},
                                                 {"sequence", client::Replica::Sequence},
                                                 {"prefer-rack", client::Replica::PreferRack},
                                                 {"preferRack", client::Replica::PreferRack}};
constexpr Choice<bool> kReadModes[] = {{"one", false}, {"all", true}};
constexpr Choice<bool> kScReadModes[] = {{"session", true}};
constexpr Choice<bool> kCommitLevels[] = {{"all", false}, {"master", true}};

Outcome refuse_what_is_missing(const Words& w) {
  if (!w.udf.empty())
    return tl::unexpected<std::string>(
        "workloads with functions are not available in this version");
  if (w.compress) return tl::unexpected<std::string>("this client does not compress requests");
  if (w.pools != 1)
    return tl::unexpected<std::string>(
        "--conn-pools-per-node: this client has one pool of connections a node");
  return {};
}

Outcome take_policies(Words& w, std::int64_t rack_id) {
  if (w.timeout_ms < 0 || w.socket_timeout_ms < 0 || w.max_retries < 0)
    return tl::unexpected<std::string>("times and retries cannot be negative");
  if (w.ttl < -2 || w.ttl >= client::kTtlKeep)
    return tl::unexpected<std::string>(
        "--expiration-time wants seconds, 0: as the namespace has it, -1: for ever, -2: unchanged");
  const auto replica = choose("--replica", w.replica, kReplicas);
  if (!replica) return tl::unexpected(replica.error());
  if ((*replica == client::Replica::PreferRack) != (rack_id >= 0))
    return tl::unexpected<std::string>("--replica prefer-rack and --rack-id want each other");
  const auto asks_all = choose("--read-mode-ap", w.read_mode_ap, kReadModes);
  if (!asks_all) return tl::unexpected(asks_all.error());
  if (const auto mode = choose("--read-mode-sc", w.read_mode_sc, kScReadModes); !mode)
    return tl::unexpected(mode.error());
  const auto commit_master = choose("--commit-level", w.commit_level, kCommitLevels);
  if (!commit_master) return tl::unexpected(commit_master.error());

  const client::CommandPolicy command{.total_timeout = client::Milliseconds(w.timeout_ms),
                                      .socket_timeout = client::Milliseconds(w.socket_timeout_ms),
                                      .max_retries = w.max_retries};
  w.plan.read_policy.command = command;
  w.plan.read_policy.command.replica = *replica;
  w.plan.read_policy.command.consult_all_copies = *asks_all;
  w.plan.write_policy.command = command;
  w.plan.write_policy.send_key = w.send_key;
  w.plan.write_policy.commit_master = *commit_master;
  w.plan.write_policy.durable_delete = w.durable_delete;
  w.plan.write_policy.ttl_seconds = static_cast<std::uint32_t>(w.ttl);
  return {};
}

void take_batches(const CommandLine& line, Words& w) {
  Plan& plan = w.plan;
  if (!line.has("--batch-read-size")) plan.batch_read_size = w.batch_size;
  if (!line.has("--batch-write-size")) plan.batch_write_size = w.batch_size;
  if (!line.has("--batch-delete-size")) plan.batch_delete_size = w.batch_size;
}

Outcome take_work(Words& w) {
  if (!(w.compressed_share > 0 && w.compressed_share <= 1))
    return tl::unexpected<std::string>("--compression-ratio wants more than 0 and at most 1");
  auto object = parse_object_spec(w.object, w.compressed_share);
  if (!object) return tl::unexpected(object.error());
  w.plan.object = *std::move(object);
  const auto workload = parse_workload(w.workload);
  if (!workload) return tl::unexpected(workload.error());
  w.plan.workload = *workload;
  const std::pair<std::string&, BinNumbers&> lists[] = {{w.read_bins, w.plan.read_bins},
                                                        {w.write_bins, w.plan.write_bins}};
  for (const auto& [text, numbers] : lists) {
    if (text.empty()) continue;
    const auto parsed = parse_bin_numbers(text);
    if (!parsed) return tl::unexpected(parsed.error());
    numbers = *parsed;
  }
  if (w.duration_s > 1'000'000'000) return tl::unexpected<std::string>("--duration is too long");
  w.plan.duration = std::chrono::seconds(w.duration_s);
  return {};
}

tl::expected<std::vector<Stage>, std::string> stages_of(const Words& w) {
  const unsigned threads = w.async ? w.async_commands : w.plan.threads;
  Plan plan = w.plan;
  plan.threads = threads;
  if (auto good = check(plan); !good) return tl::unexpected(good.error());
  if (w.stages_file.empty()) return std::vector<Stage>{{.plan = std::move(plan)}};
  std::ifstream file(w.stages_file);
  std::string text(kStagesFileMost + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad())
    return tl::unexpected(fmt::format("cannot read {}", w.stages_file));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kStagesFileMost)
    return tl::unexpected(fmt::format("{} is too long", w.stages_file));
  auto stages = parse_stages(text, {.plan = std::move(plan),
                                    .compressed_share = w.compressed_share,
                                    .threads = w.plan.threads,
                                    .async_commands = w.async_commands});
  if (!stages) return tl::unexpected(fmt::format("{}: {}", w.stages_file, stages.error()));
  return stages;
}

Outcome take_output(Arguments& a, const std::string& percentiles) {
  for (const std::string_view part : split(percentiles, ',')) {
    const auto level = parse_real(part);
    if (!level || *level <= 0 || *level > 100)
      return tl::unexpected(fmt::format("'{}' is not a percentile", part));
    a.percentiles.push_back(*level);
  }
  if (a.period_s < 1) return tl::unexpected<std::string>("--output-period wants a second or more");
  if (a.json && a.files.buckets == "-")
    return tl::unexpected<std::string>("--json and --output-file both want stdout");
  return {};
}

/// "-upn" and the like are whole names, other than short ones are here.
std::vector<std::string> with_long_names(std::vector<std::string> arguments) {
  for (std::string& word : arguments) {
    if (word == "-upn") word = "--udf-package-name";
    if (word == "-ufn") word = "--udf-function-name";
    if (word == "-ufv") word = "--udf-function-values";
  }
  return arguments;
}

Outcome complete(Arguments& a, Words& w, const CommandLine& line) {
  if (auto done = a.connect.complete("asbench", {}); !done) return done;
  if (auto done = refuse_what_is_missing(w); !done) return done;
  if (line.has("--workload") && !w.stages_file.empty())
    return tl::unexpected<std::string>(
        "--workload and --workload-stages say the same thing: one of them");
  take_batches(line, w);
  if (auto done = take_policies(w, a.rack_id); !done) return done;
  if (auto done = take_work(w); !done) return done;
  if (auto done = take_output(a, w.percentiles); !done) return done;
  auto stages = stages_of(w);
  if (!stages) return tl::unexpected(stages.error());
  a.stages = *std::move(stages);
  a.has_stages = !w.stages_file.empty();
  return {};
}

}  // namespace

tl::expected<std::optional<Arguments>, std::string> parse_arguments(const Invocation& invocation) {
  Arguments arguments;
  Words words;
  // The original has one operation a connection: under its name, its figures.
  if (invocation.is_alias) words.plan.calls_per_connection = 1;
  Invocation given = invocation;
  given.arguments = with_long_names(std::move(given.arguments));
  CommandLine line(given,
                   {.about = "Puts load on a cluster and measures it. One line a second; a summary "
                             "at the end.",
                    .notes = std::string(kNotes),
                    .examples = {"-h db1 -w I -k 100000 -o S100", "-h db1 -w RU,90 -z 32 -t 60 -L",
                                 "-h db1 -w V -k 100000 -o S100"}});
  arguments.connect.add_to(line, ConnectOptions::Letters::WithoutA);
  add_work_options(line, words);
  add_policy_options(line, words, arguments.rack_id);
  add_output_options(line, arguments, words);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (auto done = complete(arguments, words, line); !done) return tl::unexpected(done.error());
  return arguments;
}

}  // namespace flotilla::tools::bench
