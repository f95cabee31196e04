#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "base/parse.h"
#include "base/time.h"
#include "connect_options.h"
#include "text.h"
#include "tools/asb/asb.h"
#include "tools/verbs.h"
#include "zstd_stream.h"

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
  bool salvage = false;
  bool waits = false;
  std::string ignored;
};

void add_options(CommandLine& line, Arguments& a) {
  a.connect.add_to(line, ConnectOptions::Letters::WithoutA);
  line.option("-d,--directory", a.directory, "PATH", "All backup files of the folder");
  line.option("-i,--input-file,--input", a.in_file, "PATH", "One file; '-' is the standard input");
  line.option("-n,--namespace", a.namespaces, "FROM,TO", "Into another namespace");
  line.option("-s,--set-list,--set", a.sets, "SETS", "Only these, separated by commas");
  line.option("-B,--bin-list", a.bins, "BINS", "Only these, separated by commas");
  line.flag("-u,--unique", a.unique, "Leave records alone that exist");
  line.flag("-r,--replace", a.replace, "Drop the other bins of records that exist");
  line.flag("-g,--no-generation", a.no_generation, "Overwrite records that are newer, too");
  line.option("-l,--extra-ttl", a.extra_ttl, "SECONDS", "Let records live longer by this");
  line.flag("-L,--indexes-last", a.indexes_last, "Make indexes after the records");
  line.flag("-R,--no-records", a.no_records, "No records");
  line.flag("-I,--no-indexes", a.no_indexes, "No secondary indexes");
  line.flag("-F,--no-udfs", a.no_udfs, "No modules of user-defined functions");
  line.flag("-K,--ignore-record-error", a.ignore_record_error, "Go on when a record is refused");
  line.flag("-w,--wait", a.waits, "Until new indexes are built");
  line.option("-t,--threads,--parallel", a.threads, "N", "Records at the same time (16)");
  line.option("-T,--timeout", a.timeout_ms, "MS", "Of one record (10000)");
  line.flag("--salvage", a.salvage, "Of a damaged file, restore what stands before the damage");
  // Of the original's batch writes: here each record is a write of its own.
  line.silent("--batch-size", a.ignored);
  line.silent_flag("--disable-batch-writes");
  line.flag("--validate", a.validate, "Only read the files through, without a cluster");
}

/// Nothing: help or version was asked for.
tl::expected<std::optional<Arguments>, std::string> parse(const Invocation& invocation) {
  Arguments a;
  CommandLine line(invocation,
                   {.about = "Writes the records, indexes, and modules of a backup into a cluster.",
                    .notes = {},
                    .examples = {"-h db1 -d /backup/test", "-h db1 -i users.asb -n test,copy -u"}});
  add_options(line, a);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (auto done = a.connect.complete("asrestore", {}); !done) return tl::unexpected(done.error());
  if (a.directory.empty() == a.in_file.empty())
    return tl::unexpected<std::string>("either a folder (-d) or a file (-i) is wanted");
  if (a.threads < 1 || a.threads > 1000)
    return tl::unexpected<std::string>("--parallel wants 1 to 1000");
  if (a.unique && a.replace)
    return tl::unexpected<std::string>("--unique and --replace exclude each other");
  return a;
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

/// Reads all files in their order, one item at a time; each as its checksums want it, where there
/// are some.
class Source {
 public:
  explicit Source(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  /// The error is a sentence with the place.
  tl::expected<std::optional<asb::Item>, std::string> next() {
    for (;;) {
      if (!file_) {
        if (place_ == paths_.size()) return std::optional<asb::Item>();
        if (auto opened = open(paths_[place_]); !opened)
          return tl::unexpected(named(opened.error()));
      }
      auto item = file_->reader->next();
      if (!item || (!*item && is_cut_short())) return tl::unexpected(named(why(item)));
      if (*item) {
        if (auto fits = check_digest(**item); !fits) return tl::unexpected(named(fits.error()));
        return item;
      }
      file_.reset();
      ++place_;
    }
  }

 private:
  struct File {
    std::ifstream stream;
    std::optional<asb::ZstdReader> decompressor;
    std::optional<std::istream> text;  // Out of the decompressor.
    std::optional<asb::Sums> sums;
    std::optional<asb::Reader> reader;
  };

  tl::expected<void, std::string> open(const std::string& path) {
    file_ = std::make_unique<File>();
    File& file = *file_;
    if (path != "-") {
      file.stream.open(path, std::ios::binary);
      if (!file.stream) return tl::unexpected<std::string>("cannot be read");
      if (auto read = read_sums(path, file.sums); !read) return read;
    }
    std::istream* from = path == "-" ? &std::cin : &file.stream;
    if (asb::ZstdReader::is_compressed(*from)) {
      file.decompressor.emplace(*from);
      from = &file.text.emplace(&*file.decompressor);
    }
    file.reader.emplace(*from, file.sums ? &*file.sums : nullptr);
    auto started = file.reader->start();
    if (!started && is_cut_short()) return tl::unexpected(file.decompressor->error());
    return started;
  }

  static tl::expected<void, std::string> read_sums(const std::string& path,
                                                   std::optional<asb::Sums>& sums) {
    std::ifstream stream(asb::sums_path(path), std::ios::binary);
    if (!stream) return {};
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    auto parsed = asb::Sums::parse(bytes);
    if (!parsed) return tl::unexpected(parsed.error());
    sums = *std::move(parsed);
    return {};
  }

  bool is_cut_short() const { return file_->decompressor && !file_->decompressor->error().empty(); }
  std::string why(const tl::expected<std::optional<asb::Item>, std::string>& item) const {
    return is_cut_short() ? file_->decompressor->error() : item.error();
  }

  /// A record that carries its key proves itself: its digest must be the key's.
  static tl::expected<void, std::string> check_digest(const asb::Item& item) {
    const auto* record = std::get_if<client::Record>(&item);
    if (record == nullptr || !record->key.user_key) return {};
    const auto key = client::Key::make(record->key.ns, record->key.set, *record->key.user_key);
    if (!key || key->digest == record->key.digest) return {};
    return tl::unexpected(fmt::format("the digest {} is not that of its record's key",
                                      to_base64(record->key.digest.view())));
  }

  std::string named(const std::string& why) const {
    return fmt::format("{}: {}", paths_[place_], why);
  }

  std::vector<std::string> paths_;
  std::size_t place_ = 0;
  std::unique_ptr<File> file_;
};

class Restore {
 public:
  Restore(const Arguments& arguments, const client::Client* client, Source source)
      : arguments_(arguments),
        client_(client),
        source_(std::move(source)),
        sets_(split_names(arguments.sets)),
        bins_(split_names(arguments.bins)) {
    const auto names = split_names(arguments.namespaces);
    if (!names.empty()) to_namespace_ = names.back();
    if (names.size() > 1) from_namespace_ = names.front();
  }

  bool run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < arguments_.threads; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    for (const asb::Index& index : late_indexes_) create(index);
    for (const std::string& command : awaited_) wait_until_built(command);
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

  /// False: it was refused, or nothing is to be changed.
  bool change(const std::string& command, std::uint64_t& count) {
    if (client_ == nullptr) return false;
    const std::string_view commands[] = {command};
    const auto answers = client_->info({}, commands, client::Milliseconds(arguments_.timeout_ms));
    const bool refused =
        answers && !answers->empty() && client::is_info_error(answers->front().value);
    if (!answers || refused)
      std::cerr << fmt::format("Warning: {}: {}\n", command.substr(0, command.find(':')),
                               answers ? answers->front().value : answers.error().message);
    else
      ++count;
    return answers && !refused;
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
    if (change(command, counts_.indexes) && arguments_.waits)
      awaited_.push_back(fmt::format("sindex-stat:namespace={};indexname={}",
                                     target_namespace(index.ns), index.name));
  }

  void wait_until_built(const std::string& command) const {
    for (const client::NodeName& node : client_->nodes()) {
      const std::string_view commands[] = {command};
      for (bool is_built = false; !is_built;) {
        const auto answers =
            client_->info(node.name, commands, client::Milliseconds(arguments_.timeout_ms));
        is_built = true;
        if (!answers || answers->empty()) break;
        for (const auto& [name, value] : client::parse_pairs(answers->front().value))
          is_built &= name != "load_pct" || parse_u64(value).value_or(100) >= 100;
        if (!is_built) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
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
  std::mutex lock_;                     // Guards the four below.
  Source source_;
  std::string problem_;
  std::vector<asb::Index> late_indexes_;
  std::vector<std::string> awaited_;  // What tells how far an index is.
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
  // Nothing is written of a damaged backup unless that is wanted; a stream can be read only once.
  if (client != nullptr && !arguments.salvage && paths->front() != "-") {
    Source source(*paths);
    for (auto item = source.next(); !item || *item; item = source.next()) {
      if (item) continue;
      std::cerr << fmt::format("{}; nothing was restored (--salvage restores what stands before)\n",
                               item.error());
      return kFailed;
    }
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
  const auto parsed = parse(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kUsageError;
  }
  if (!*parsed) return 0;
  const Arguments& arguments = **parsed;
  if (arguments.validate) return restore(arguments, nullptr);
  const auto client = arguments.connect.connect();
  if (!client) {
    std::cerr << fmt::format("Error {}: cannot connect to {}: {}\n", client.error().code,
                             arguments.connect.host, client.error().message);
    return kFailed;
  }
  return restore(arguments, &*client);
}

}  // namespace flotilla::tools
