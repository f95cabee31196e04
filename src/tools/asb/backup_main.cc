#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "backup_files.h"
#include "base/parse.h"
#include "connect_options.h"
#include "tools/asb/asb.h"
#include "tools/asb/backup_state.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using asb::BackupFiles;
using asb::BackupState;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

struct Arguments {
  ConnectOptions connect;
  std::string ns;
  std::string sets;
  std::string bins;
  std::string directory;
  std::string out_file;
  std::uint64_t file_limit_mb = 250;
  std::uint32_t records_per_second = 0;
  std::uint64_t max_records = 0;
  bool compact = false;
  bool no_bins = false;
  bool no_records = false;
  bool no_indexes = false;
  bool no_udfs = false;
  std::string continue_file;
  std::string compress;
  bool remove_files = false;
};

void add_options(CommandLine& line, Arguments& a) {
  a.connect.add_to(line, ConnectOptions::Letters::WithoutA);
  line.option("-n,--namespace", a.ns, "NS", "What to write");
  line.option("-d,--directory", a.directory, "PATH", "Files there; the folder must hold none yet");
  line.flag("-r,--remove-files", a.remove_files, "Remove the backup files that are in it first");
  line.option("-o,--output-file", a.out_file, "PATH", "One file; '-' is the standard output");
  line.option("-F,--file-limit", a.file_limit_mb, "MB",
              "A new file in the folder after this (250)");
  line.option("-s,--set", a.sets, "SETS", "Only these, separated by commas");
  line.option("-B,--bin-list", a.bins, "BINS", "Only these, separated by commas");
  line.flag("-x,--no-bins", a.no_bins, "Keys and metadata alone");
  line.flag("-R,--no-records", a.no_records, "Indexes and modules alone");
  line.flag("-I,--no-indexes", a.no_indexes, "No secondary indexes");
  line.flag("--no-udfs", a.no_udfs, "No modules of user-defined functions");
  line.flag("-C,--compact", a.compact,
            "Bytes as they are instead of base64: smaller, less legible");
  line.option("-z,--compress", a.compress, "zstd", "Compress; what reads it finds out by itself");
  line.option("-c,--continue", a.continue_file, "STATE",
              "Go on with an interrupted backup, whose state is in this file");
  line.option("-L,--records-per-second", a.records_per_second, "N",
              "Of each node; 0: no limit (0)");
  line.option("-M,--max-records", a.max_records, "N", "No more than these; 0: all (0)");
}

/// Nothing: help or version was asked for.
tl::expected<std::optional<Arguments>, std::string> parse(const Invocation& invocation) {
  Arguments a;
  CommandLine line(
      invocation,
      {.about =
           "Writes the records, indexes, and modules of a namespace to files of the format ASB.",
       .notes = {},
       .examples = {"-h db1 -n test -d /backup/test",
                    "-h db1 -n test -s users -z zstd -o - > users.asb"}});
  add_options(line, a);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (auto done = a.connect.complete("asbackup", {}); !done) return tl::unexpected(done.error());
  if (!a.compress.empty() && a.compress != "zstd")
    return tl::unexpected<std::string>("-z knows only zstd");
  if (!a.continue_file.empty()) return a;
  if (a.ns.empty()) return tl::unexpected<std::string>("which namespace? (-n)");
  if (a.directory.empty() == a.out_file.empty())
    return tl::unexpected<std::string>("either a folder (-d) or a file (-o) is wanted");
  return a;
}

struct Counts {
  std::uint64_t records = 0;
  std::uint64_t indexes = 0;
  std::uint64_t modules = 0;
};

char letter_of(std::string_view word,
               std::initializer_list<std::pair<std::string_view, char>> table, char otherwise) {
  for (const auto& [name, letter] : table)
    if (name == word) return letter;
  return otherwise;
}

std::string ask_one(const client::Client& client, const std::string& command) {
  const std::string_view commands[] = {command};
  const auto answers = client.info({}, commands, client::Milliseconds(10'000));
  return answers && !answers->empty() && !client::is_info_error(answers->front().value)
             ? answers->front().value
             : std::string();
}

void write_indexes(const client::Client& client, const std::string& ns, BackupFiles& to,
                   Counts& counts) {
  const std::string list = ask_one(client, fmt::format("sindex-list:namespace={};b64=true", ns));
  for (const std::string_view part : split(list, ';')) {
    asb::Index index{.ns = ns};
    for (auto& [name, value] : client::parse_pairs(part, ':')) {
      if (value == "null") value.clear();
      if (name == "set") index.set = value;
      if (name == "indexname") index.name = value;
      if (name == "bin") index.bin = value;
      if (name == "context") index.context = value;
      if (name == "indextype")
        index.elements =
            letter_of(value, {{"list", 'L'}, {"mapkeys", 'K'}, {"mapvalues", 'V'}}, 'N');
      if (name == "type")
        index.type = letter_of(
            value, {{"numeric", 'N'}, {"string", 'S'}, {"geo2dsphere", 'G'}, {"blob", 'B'}}, 'I');
    }
    if (index.name.empty()) continue;
    to.writer().index(index);
    ++counts.indexes;
  }
}

void write_modules(const client::Client& client, BackupFiles& to, Counts& counts) {
  for (const std::string_view part : split(ask_one(client, "udf-list"), ';')) {
    for (const auto& [name, value] : client::parse_pairs(part, ',')) {
      if (name != "filename") continue;
      for (const auto& [key, content] :
           client::parse_pairs(ask_one(client, "udf-get:filename=" + value))) {
        Buffer bytes;
        if (key != "content" || !from_base64(content, bytes)) continue;
        to.writer().module({.name = value, .content = std::string(as_text(bytes))});
        ++counts.modules;
      }
    }
  }
}

std::vector<std::string> names_of(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view name : split(text, ','))
    if (!trim(name).empty()) names.emplace_back(trim(name));
  return names;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Tells on a terminal, twice a second, how far it has come.
class Progress {
 public:
  explicit Progress(std::uint64_t expected)
      : expected_(expected), is_shown_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (is_shown_) std::cerr << "\r\x1b[K";
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void tell(std::uint64_t records, std::uint64_t bytes) {
    if (!is_shown_ || records % 256 != 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    constexpr std::uint64_t kWidth = 30;
    const std::uint64_t done =
        expected_ == 0 ? 0
                       : std::min(kWidth, records * kWidth / std::max<std::uint64_t>(expected_, 1));
    std::cerr << fmt::format("\r[{:=<{}}{: <{}}] {} of about {} records, {:.1f} MB\x1b[K", "", done,
                             "", kWidth - done, records, expected_,
                             static_cast<double>(bytes) / 1e6);
  }

 private:
  const std::uint64_t expected_;
  const bool is_shown_;
  std::chrono::steady_clock::time_point last_;
};

/// How many records the namespace has, by what its nodes say.
std::uint64_t count_records(const client::Client& client, const std::string& ns) {
  std::uint64_t count = 0;
  const std::string command = "namespace/" + ns;
  const std::string_view commands[] = {command};
  for (const client::NodeName& node : client.nodes()) {
    const auto answers = client.info(node.name, commands);
    if (!answers || answers->empty()) continue;
    for (const auto& [name, value] : client::parse_pairs(answers->front().value))
      if (name == "master_objects") count += parse_u64(value).value_or(0);
  }
  return count;
}

volatile std::sig_atomic_t interrupted = 0;

/// One run: from the beginning, or from where another was interrupted.
class Backup {
 public:
  Backup(const Arguments& arguments, const client::Client& client, BackupState state)
      : arguments_(arguments),
        client_(client),
        state_(std::move(state)),
        files_({.ns = state_.ns,
                .directory = state_.directory,
                .output_file = arguments.out_file,
                .file_size_max = arguments.file_limit_mb << 20,
                .compact = arguments.compact,
                .compress = !arguments.compress.empty(),
                .removes_old = arguments.remove_files,
                .first_number = state_.next_file}),
        sets_(names_of(state_.sets)) {
    if (sets_.empty()) sets_.emplace_back();
  }

  int run() {
    const auto start = std::chrono::steady_clock::now();
    if (auto opened = files_.open(); !opened) return fail(opened.error());
    counts_.records = state_.records;
    if (state_.next_file == 0) write_definitions();
    if (!arguments_.no_records) {
      Progress progress(count_records(client_, state_.ns));
      if (auto written = write_records(progress); !written) return stop(written.error());
    }
    if (auto finished = files_.finish(); !finished) return fail(finished.error());
    if (!state_.directory.empty()) std::filesystem::remove(state_path());
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::cerr << fmt::format("Backed up {} records, {} indexes, {} modules: {} bytes in {:.1f} s\n",
                             counts_.records, counts_.indexes, counts_.modules, files_.bytes(),
                             seconds);
    return 0;
  }

 private:
  /// Why no further record is written.
  struct Stop {
    std::string why;
    bool files_are_whole = true;  // So that another run can go on.
  };

  void write_definitions() {
    if (!arguments_.no_indexes) write_indexes(client_, state_.ns, files_, counts_);
    if (!arguments_.no_udfs) write_modules(client_, files_, counts_);
  }

  tl::expected<void, Stop> write_records(Progress& progress) {
    client::ScanPolicy policy;
    policy.with_bins = !arguments_.no_bins;
    policy.keeps_containers_encoded = true;
    policy.records_per_second = arguments_.records_per_second;
    for (; state_.set < sets_.size(); ++state_.set) {
      if (arguments_.max_records != 0) {
        if (counts_.records >= arguments_.max_records) break;
        policy.max_records = arguments_.max_records - counts_.records;
      }
      const auto scanned = client_.scan(
          {.ns = state_.ns, .set = sets_[state_.set], .bin_names = names_of(arguments_.bins)},
          state_.cursor, [&](client::Record&& record) { return take(record, progress); }, policy);
      if (stop_) return tl::unexpected(*stop_);
      if (!scanned)
        return tl::unexpected(Stop{
            .why = fmt::format("Error {}: {}", scanned.error().code, scanned.error().message)});
      state_.cursor = client::ScanCursor();
    }
    return {};
  }

  /// By one thread at a time.
  bool take(const client::Record& record, Progress& progress) {
    // Before the record is written, so that the state's position is behind the last one that is.
    const auto next = files_.next_if_full();
    if (!next) stop_ = Stop{.why = next.error(), .files_are_whole = false};
    if (next && *next) save_state(files_.next_number() - 1);
    if (stop_) return false;
    files_.writer().record(record);
    if (!files_.good())
      stop_ = Stop{.why = "the backup cannot be written: the disk may be full",
                   .files_are_whole = false};
    if (interrupted != 0) stop_ = Stop{.why = "interrupted"};
    progress.tell(++counts_.records, files_.bytes());
    return !stop_;
  }

  std::string state_path() const { return fmt::format("{}/{}.state", state_.directory, state_.ns); }

  bool save_state(int next_file) {
    state_.next_file = next_file;
    state_.records = counts_.records;
    std::ofstream file(state_path(), std::ios::trunc);
    file << state_.encode() << std::flush;
    return file.good();
  }

  static int fail(std::string_view why) {
    std::cerr << why << '\n';
    return kFailed;
  }

  int stop(const Stop& stop) {
    if (state_.directory.empty()) return fail(stop.why);
    // What has been written last may be missing on a full disk: then only earlier files count.
    if (stop.files_are_whole && files_.finish()) save_state(files_.next_number());
    if (!std::filesystem::exists(state_path())) return fail(stop.why);
    return fail(fmt::format("{}; to go on: --continue={}", stop.why, state_path()));
  }

  const Arguments& arguments_;
  const client::Client& client_;
  BackupState state_;
  BackupFiles files_;
  std::vector<std::string> sets_;
  Counts counts_;
  std::optional<Stop> stop_;
};

tl::expected<BackupState, std::string> initial_state(const Arguments& arguments) {
  if (arguments.continue_file.empty())
    return BackupState{
        .ns = arguments.ns, .directory = arguments.directory, .sets = arguments.sets};
  auto state = BackupState::parse(read_file(arguments.continue_file));
  if (!state) return tl::unexpected(fmt::format("'{}' {}", arguments.continue_file, state.error()));
  return state;
}

int back_up(const Arguments& arguments, const client::Client& client) {
  auto state = initial_state(arguments);
  if (!state) {
    std::cerr << state.error() << '\n';
    return kUsageError;
  }
  const auto on_signal = [](int) {
    // The second time nobody wants to wait.
    if (interrupted != 0) ::_exit(kFailed);
    interrupted = 1;
  };
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return Backup(arguments, client, *std::move(state)).run();
}

}  // namespace

int run_backup(const Invocation& invocation) {
  const auto parsed = parse(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kUsageError;
  }
  if (!*parsed) return 0;
  const Arguments& arguments = **parsed;
  const auto client = arguments.connect.connect();
  if (!client) {
    std::cerr << fmt::format("Error {}: cannot connect to {}: {}\n", client.error().code,
                             arguments.connect.host, client.error().message);
    return kFailed;
  }
  return back_up(arguments, *client);
}

}  // namespace flotilla::tools
