#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "backup_files.h"
#include "backup_options.h"
#include "base/parse.h"
#include "text.h"
#include "tools/asb/asb.h"
#include "tools/asb/backup_state.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using asb::BackupFiles;
using asb::BackupOptions;
using asb::BackupState;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

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
  Backup(const BackupOptions& options, const client::Client& client, BackupState state)
      : options_(options),
        client_(client),
        state_(std::move(state)),
        files_({.ns = state_.ns,
                .directory = state_.directory,
                .output_file = options.out_file,
                .file_size_max = options.file_limit_mb << 20,
                .compact = options.compact,
                .compress = !options.compress.empty(),
                .removes_old = options.remove_files,
                .first_number = state_.next_file}),
        sets_(split_names(state_.sets)) {
    if (sets_.empty()) sets_.emplace_back();
  }

  int run() {
    if (auto opened = files_.open(); !opened) return fail(opened.error());
    counts_.records = state_.records;
    if (state_.next_file == 0) write_definitions();
    if (!options_.no_records) {
      Progress progress(count_records(client_, state_.ns));
      if (auto written = write_records(progress); !written) return stop(written.error());
    }
    if (auto finished = files_.finish(); !finished) return fail(finished.error());
    if (options_.estimate) return tell_estimate();
    if (!state_.directory.empty()) std::filesystem::remove(state_path());
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
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
    if (!options_.no_indexes) write_indexes(client_, state_.ns, files_, counts_);
    if (!options_.no_udfs) write_modules(client_, files_, counts_);
  }

  tl::expected<void, Stop> write_records(Progress& progress) {
    client::ScanPolicy policy;
    policy.with_bins = !options_.no_bins;
    policy.command.filter = options_.condition;
    policy.keeps_containers_encoded = true;
    policy.records_per_second = options_.records_per_second;
    for (; state_.set < sets_.size(); ++state_.set) {
      if (options_.max_records != 0) {
        if (counts_.records >= options_.max_records) break;
        policy.max_records = options_.max_records - counts_.records;
      }
      const auto scanned = client_.scan(
          {.ns = state_.ns, .set = sets_[state_.set], .bin_names = split_names(options_.bins)},
          state_.cursor, [&](client::Record&& record) { return take(record, progress); }, policy);
      if (stop_) return tl::unexpected(*stop_);
      if (!scanned)
        return tl::unexpected(Stop{
            .why = fmt::format("Error {}: {}", scanned.error().code, scanned.error().message)});
      state_.cursor = options_.begin;
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
    pace();
    return !stop_;
  }

  /// Waits until so many bytes may have been written.
  void pace() const {
    if (options_.mebibytes_per_second == 0) return;
    const double rate = static_cast<double>(options_.mebibytes_per_second << 20);
    const std::chrono::duration<double> due(static_cast<double>(files_.bytes()) / rate);
    std::this_thread::sleep_until(
        start_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
  }

  int tell_estimate() const {
    const std::uint64_t all = count_records(client_, state_.ns);
    const double each = counts_.records == 0 ? 0
                                             : static_cast<double>(files_.bytes()) /
                                                   static_cast<double>(counts_.records);
    std::cout << fmt::format(
        "About {:.1f} MB: {} records in the namespace, {:.0f} bytes each (by {} of them)\n",
        each * static_cast<double>(all) / 1e6, all, each, counts_.records);
    return 0;
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

  const BackupOptions& options_;
  const client::Client& client_;
  BackupState state_;
  BackupFiles files_;
  std::vector<std::string> sets_;
  Counts counts_;
  std::optional<Stop> stop_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

tl::expected<BackupState, std::string> initial_state(const BackupOptions& options) {
  if (options.continue_file.empty())
    return BackupState{.ns = options.ns,
                       .directory = options.directory,
                       .sets = options.sets,
                       .cursor = options.begin};
  auto state = BackupState::parse(read_file(options.continue_file));
  if (!state) return tl::unexpected(fmt::format("'{}' {}", options.continue_file, state.error()));
  return state;
}

int back_up(const BackupOptions& options, const client::Client& client) {
  auto state = initial_state(options);
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
  return Backup(options, client, *std::move(state)).run();
}

}  // namespace

int run_backup(const Invocation& invocation) {
  const auto parsed = asb::parse_backup_options(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kUsageError;
  }
  if (!*parsed) return 0;
  const BackupOptions& options = **parsed;
  const auto client = options.connect.connect();
  if (!client) {
    std::cerr << fmt::format("Error {}: cannot connect to {}: {}\n", client.error().code,
                             options.connect.host, client.error().message);
    return kFailed;
  }
  return back_up(options, *client);
}

}  // namespace flotilla::tools
