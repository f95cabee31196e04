#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "base/parse.h"
#include "base/time.h"
#include "connect_options.h"
#include "tools/asb/asb.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

struct Arguments {
  ConnectOptions connect;
  std::string directory;
  std::string in_file;
  std::string namespaces;  // "from,to"
  std::string sets;
  std::string bins;
  unsigned threads = 16;
  std::int64_t timeout_ms = 10'000;
  std::int64_t extra_ttl = 0;
  bool unique = false;
  bool replace = false;
  bool no_generation = false;
  bool no_records = false;
  bool no_indexes = false;
  bool no_udfs = false;
  bool indexes_last = false;
  bool ignore_record_error = false;
  bool validate = false;
  bool help = false;
  bool version = false;
};

constexpr std::string_view kHelp = R"(Usage: {0} [options]

Writes the records, indexes, and modules of a backup (ASB 3.1) into a cluster.

  -d, --directory=PATH    All backup files of the folder     -i, --input-file=PATH  One; '-' is the standard input
  -n, --namespace=FROM,TO Into another namespace
  -s, --set=SETS          Only these, separated by commas    -B, --bin-list=BINS  Only these
  -u, --unique            Leave records alone that exist     -r, --replace  Drop their other bins
  -g, --no-generation     Overwrite records that are newer, too
  -l, --extra-ttl=S       Let records live longer by this
  -L, --indexes-last      Make indexes after the records
  -R, --no-records  -I, --no-indexes  -F, --no-udfs
  -K, --ignore-record-error  Go on when a record is refused
  -w, --parallel=N (16)   -T, --timeout=MS (10000)
  --validate              Only read the files through
  -h, --host  -p, --port  -U, --user  -P, --password  --tls-*  --instance  --config-file  -V  -E, --help

Examples:
  {0} -h db1 -d /backup/test
  {0} -h db1 -i users.asb -n test,copy -u
)";

tl::expected<Arguments, std::string> parse(const Invocation& invocation) {
  Arguments a;
  CLI::App app;
  app.set_help_flag();
  a.connect.add_to(app);
  app.add_option("-d,--directory", a.directory);
  app.add_option("-i,--input-file,--input", a.in_file);
  app.add_option("-n,--namespace", a.namespaces);
  app.add_option("-s,--set-list,--set", a.sets);
  app.add_option("-B,--bin-list", a.bins);
  app.add_option("-w,--parallel,--threads", a.threads);
  app.add_option("-T,--timeout", a.timeout_ms);
  app.add_option("-l,--extra-ttl", a.extra_ttl);
  app.add_flag("-u,--unique", a.unique);
  app.add_flag("-r,--replace", a.replace);
  app.add_flag("-g,--no-generation", a.no_generation);
  app.add_flag("-R,--no-records", a.no_records);
  app.add_flag("-I,--no-indexes", a.no_indexes);
  app.add_flag("-F,--no-udfs", a.no_udfs);
  app.add_flag("-L,--indexes-last", a.indexes_last);
  app.add_flag("-K,--ignore-record-error", a.ignore_record_error);
  app.add_flag("--validate", a.validate);
  app.add_flag("-V,--version", a.version);
  app.add_flag("-E,--help", a.help);
  try {
    app.parse(std::vector<std::string>(invocation.arguments.rbegin(), invocation.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<std::string>(error.what());
  }
  if (a.help || a.version) return a;
  if (auto done = a.connect.complete("asrestore", {}); !done) return tl::unexpected(done.error());
  if (a.directory.empty() == a.in_file.empty())
    return tl::unexpected<std::string>("either a folder (-d) or a file (-i) is wanted");
  if (a.threads < 1 || a.threads > 1000)
    return tl::unexpected<std::string>("--parallel wants 1 to 1000");
  if (a.unique && a.replace)
    return tl::unexpected<std::string>("--unique and --replace exclude each other");
  return a;
}

std::vector<std::string> names_of(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view name : split(text, ','))
    if (!trim(name).empty()) names.emplace_back(trim(name));
  return names;
}

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

/// What has become of the items.
struct Counts {
  std::atomic<std::uint64_t> written = 0;
  std::atomic<std::uint64_t> existed = 0;
  std::atomic<std::uint64_t> newer = 0;
  std::atomic<std::uint64_t> expired = 0;
  std::atomic<std::uint64_t> skipped = 0;  // Of sets that are not wanted.
  std::atomic<std::uint64_t> failed = 0;
  std::uint64_t indexes = 0;
  std::uint64_t modules = 0;
};

/// Reads all files in their order, one item at a time.
class Source {
 public:
  explicit Source(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  tl::expected<std::optional<asb::Item>, std::string> next() {
    for (;;) {
      if (!reader_) {
        if (place_ == paths_.size()) return std::optional<asb::Item>();
        if (auto opened = open(paths_[place_]); !opened)
          return tl::unexpected(named(opened.error()));
      }
      auto item = reader_->next();
      if (!item) return tl::unexpected(named(item.error()));
      if (*item) return item;
      reader_.reset();
      ++place_;
    }
  }

 private:
  tl::expected<void, std::string> open(const std::string& path) {
    if (path == "-") {
      reader_.emplace(std::cin);
    } else {
      file_ = std::ifstream(path, std::ios::binary);
      if (!file_) return tl::unexpected<std::string>("cannot be read");
      reader_.emplace(file_);
    }
    return reader_->start();
  }
  std::string named(const std::string& why) const {
    return fmt::format("{}: {}", paths_[place_], why);
  }

  std::vector<std::string> paths_;
  std::size_t place_ = 0;
  std::ifstream file_;
  std::optional<asb::Reader> reader_;
};

class Restore {
 public:
  Restore(const Arguments& arguments, const client::Client* client, Source source)
      : arguments_(arguments),
        client_(client),
        source_(std::move(source)),
        sets_(names_of(arguments.sets)),
        bins_(names_of(arguments.bins)) {
    const auto names = names_of(arguments.namespaces);
    if (!names.empty()) to_namespace_ = names.back();
    if (names.size() > 1) from_namespace_ = names.front();
  }

  bool run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < arguments_.threads; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    for (const asb::Index& index : late_indexes_) create(index);
    if (!problem_.empty()) std::cerr << problem_ << '\n';
    return problem_.empty();
  }
  const Counts& counts() const { return counts_; }

 private:
  void work() {
    for (;;) {
      std::optional<client::Record> record;
      {
        std::lock_guard hold(lock_);
        if (!problem_.empty() || !take_next(record)) return;
      }
      if (record) write(*std::move(record));
    }
  }

  /// One item of the source: a record to write, or something done at once. False: the end, or a
  /// problem.
  bool take_next(std::optional<client::Record>& record) {
    auto item = source_.next();
    if (!item) {
      problem_ = item.error();
      return false;
    }
    if (!*item) return false;
    if (auto* found = std::get_if<client::Record>(&**item)) {
      if (!arguments_.no_records) record = std::move(*found);
    } else if (const auto* index = std::get_if<asb::Index>(&**item)) {
      if (arguments_.indexes_last)
        late_indexes_.push_back(*index);
      else
        create(*index);
    } else {
      add(std::get<asb::Module>(**item));
    }
    return true;
  }

  std::string target_namespace(const std::string& ns) const {
    return !to_namespace_.empty() && (from_namespace_.empty() || from_namespace_ == ns)
               ? to_namespace_
               : ns;
  }

  void change(const std::string& command, std::uint64_t& count) {
    if (client_ == nullptr) return;
    const std::string_view commands[] = {command};
    const auto answers = client_->info({}, commands, client::Milliseconds(arguments_.timeout_ms));
    const bool refused =
        answers && !answers->empty() && client::is_info_error(answers->front().value);
    if (!answers || refused)
      std::cerr << fmt::format("Warning: {}: {}\n", command.substr(0, command.find(':')),
                               answers ? answers->front().value : answers.error().message);
    else
      ++count;
  }

  void create(const asb::Index& index) {
    if (arguments_.no_indexes) return;
    std::string command = fmt::format("sindex-create:namespace={};", target_namespace(index.ns));
    if (!index.set.empty()) command += fmt::format("set={};", index.set);
    command += fmt::format("indexname={};", index.name);
    if (!index.context.empty()) command += fmt::format("context={};", index.context);
    for (const auto& [letter, word] :
         {std::pair('L', "list"), std::pair('K', "mapkeys"), std::pair('V', "mapvalues")})
      if (index.elements == letter) command += fmt::format("indextype={};", word);
    for (const auto& [letter, word] : {std::pair('N', "numeric"), std::pair('S', "string"),
                                       std::pair('G', "geo2dsphere"), std::pair('B', "blob")})
      if (index.type == letter) command += fmt::format("bin={};type={}", index.bin, word);
    change(command, counts_.indexes);
  }

  void add(const asb::Module& module) {
    if (arguments_.no_udfs) return;
    const std::string content = to_base64(as_bytes(module.content));
    change(fmt::format("udf-put:filename={};content={};content-len={};udf-type=LUA;", module.name,
                       content, content.size()),
           counts_.modules);
  }

  /// The time to live that the record still has; nothing when it is over.
  std::optional<std::uint32_t> ttl_of(const client::Record& record) const {
    if (record.void_time == 0) return client::kTtlNever;
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(since).count();
    const auto left = static_cast<std::int64_t>(record.void_time) +
                      static_cast<std::int64_t>(kEpochUnixSeconds) - now + arguments_.extra_ttl;
    if (left <= 0) return std::nullopt;
    return static_cast<std::uint32_t>(left);
  }

  void write(client::Record record) {
    if (!is_among(sets_, record.key.set)) return void(++counts_.skipped);
    const auto ttl = ttl_of(record);
    if (!ttl) return void(++counts_.expired);
    if (!bins_.empty())
      std::erase_if(record.bins,
                    [&](const client::Bin& bin) { return !is_among(bins_, bin.name); });
    if (record.bins.empty()) return void(++counts_.skipped);
    if (client_ == nullptr) return void(++counts_.written);
    record.key.ns = target_namespace(record.key.ns);
    client::WritePolicy policy;
    policy.command.total_timeout = client::Milliseconds(arguments_.timeout_ms);
    // Writing the same again is harmless, so attempts are not spared.
    policy.command.max_retries = 5;
    policy.command.sleep_between_retries = client::Milliseconds(50);
    policy.ttl_seconds = *ttl;
    policy.send_key = true;
    if (arguments_.unique) policy.exists = client::Exists::CreateOnly;
    if (arguments_.replace) policy.exists = client::Exists::CreateOrReplace;
    if (!arguments_.no_generation) {
      policy.generation_check = client::GenerationCheck::Greater;
      policy.generation = record.generation;
    }
    count(client_->put(record.key, record.bins, policy));
  }

  void count(const client::Expected<client::Written>& written) {
    if (written) return void(++counts_.written);
    if (written.error().is(Code::Exists)) return void(++counts_.existed);
    if (written.error().is(Code::Generation)) return void(++counts_.newer);
    ++counts_.failed;
    if (arguments_.ignore_record_error) return;
    std::lock_guard hold(lock_);
    if (problem_.empty())
      problem_ = fmt::format("Error {}: {} ({})", written.error().code, written.error().message,
                             written.error().node);
  }

  const Arguments& arguments_;
  const client::Client* const client_;  // Null: only read.
  std::mutex lock_;                     // Guards the three below.
  Source source_;
  std::string problem_;
  std::vector<asb::Index> late_indexes_;
  const std::vector<std::string> sets_;
  const std::vector<std::string> bins_;
  std::string from_namespace_;
  std::string to_namespace_;
  Counts counts_;
};

tl::expected<std::vector<std::string>, std::string> files_of(const Arguments& arguments) {
  if (!arguments.in_file.empty()) return std::vector<std::string>{arguments.in_file};
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(arguments.directory, error))
    if (entry.path().extension() == ".asb") paths.push_back(entry.path().string());
  if (error || paths.empty())
    return tl::unexpected(fmt::format("'{}' holds no backup", arguments.directory));
  std::ranges::sort(paths);
  return paths;
}

int restore(const Arguments& arguments, const client::Client* client) {
  auto paths = files_of(arguments);
  if (!paths) {
    std::cerr << paths.error() << '\n';
    return kFailed;
  }
  Restore restore(arguments, client, Source(*std::move(paths)));
  const bool done = restore.run();
  const Counts& c = restore.counts();
  std::cerr << fmt::format(
      "{} {} records ({} existed, {} were newer, {} had expired, {} left out, {} failed), {} "
      "indexes, {} modules\n",
      client == nullptr ? "Read" : "Restored", c.written.load(), c.existed.load(), c.newer.load(),
      c.expired.load(), c.skipped.load(), c.failed.load(), c.indexes, c.modules);
  return done ? 0 : kFailed;
}

}  // namespace

int run_restore(const Invocation& invocation) {
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
    std::cout << fmt::format("flotilla restore {}\n", FLOTILLA_VERSION);
    return 0;
  }
  if (arguments->validate) return restore(*arguments, nullptr);
  const auto client = arguments->connect.connect();
  if (!client) {
    std::cerr << fmt::format("Error {}: {}\n", client.error().code, client.error().message);
    return kFailed;
  }
  return restore(*arguments, &*client);
}

}  // namespace flotilla::tools
