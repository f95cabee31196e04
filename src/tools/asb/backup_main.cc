#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/parse.h"
#include "connect_options.h"
#include "tools/asb/asb.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

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
                    "-h db1 -n test -s users -o - | zstd > users.asb.zst"}});
  add_options(line, a);
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  if (auto done = a.connect.complete("asbackup", {}); !done) return tl::unexpected(done.error());
  if (a.ns.empty()) return tl::unexpected<std::string>("which namespace? (-n)");
  if (a.directory.empty() == a.out_file.empty())
    return tl::unexpected<std::string>("either a folder (-d) or a file (-o) is wanted");
  return a;
}

/// Where the backup goes: one stream, or files in a folder that follow each other.
class Destination {
 public:
  explicit Destination(const Arguments& arguments) : arguments_(arguments) {}

  tl::expected<void, std::string> open() {
    if (!arguments_.directory.empty()) return prepare_folder();
    if (arguments_.out_file == "-")
      return start(std::cout, true), tl::expected<void, std::string>();
    file_.open(arguments_.out_file, std::ios::binary | std::ios::trunc);
    if (!file_) return tl::unexpected(fmt::format("cannot write '{}'", arguments_.out_file));
    start(file_, true);
    return {};
  }

  /// The writer of the current file; the next one's when that is full.
  asb::Writer* writer() {
    if (!arguments_.directory.empty() && writer_->size() >= arguments_.file_limit_mb << 20) {
      if (!next_file()) return nullptr;
    }
    return &*writer_;
  }

  bool finish() {
    if (out_ != nullptr) out_->flush();
    return out_ != nullptr && out_->good();
  }
  std::uint64_t bytes() const { return bytes_before_ + writer_->size(); }
  bool good() const { return out_->good(); }

 private:
  void start(std::ostream& out, bool first) {
    if (writer_) bytes_before_ += writer_->size();
    out_ = &out;
    writer_.emplace(out, arguments_.compact);
    writer_->head(arguments_.ns, first);
  }

  tl::expected<void, std::string> prepare_folder() {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::create_directories(arguments_.directory, error);
    for (const auto& entry : fs::directory_iterator(arguments_.directory, error)) {
      if (entry.path().extension() != ".asb") continue;
      if (!arguments_.remove_files)
        return tl::unexpected(
            fmt::format("'{}' holds a backup already (-r removes it)", arguments_.directory));
      fs::remove(entry.path(), error);
    }
    if (error)
      return tl::unexpected(fmt::format("cannot use the folder '{}'", arguments_.directory));
    if (!next_file())
      return tl::unexpected(fmt::format("cannot write into '{}'", arguments_.directory));
    return {};
  }

  bool next_file() {
    if (file_.is_open()) {
      if (!finish()) return false;
      file_.close();
    }
    const std::string path =
        fmt::format("{}/{}_{:05}.asb", arguments_.directory, arguments_.ns, number_);
    file_.open(path, std::ios::binary | std::ios::trunc);
    if (!file_) return false;
    start(file_, number_ == 0);
    ++number_;
    return true;
  }

  const Arguments& arguments_;
  std::ofstream file_;
  std::ostream* out_ = nullptr;
  std::optional<asb::Writer> writer_;
  int number_ = 0;
  std::uint64_t bytes_before_ = 0;
};

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

void write_indexes(const client::Client& client, const Arguments& arguments, Destination& to,
                   Counts& counts) {
  const std::string list =
      ask_one(client, fmt::format("sindex-list:namespace={};b64=true", arguments.ns));
  for (const std::string_view part : split(list, ';')) {
    asb::Index index{.ns = arguments.ns};
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
    to.writer()->index(index);
    ++counts.indexes;
  }
}

void write_modules(const client::Client& client, Destination& to, Counts& counts) {
  for (const std::string_view part : split(ask_one(client, "udf-list"), ';')) {
    for (const auto& [name, value] : client::parse_pairs(part, ',')) {
      if (name != "filename") continue;
      for (const auto& [key, content] :
           client::parse_pairs(ask_one(client, "udf-get:filename=" + value))) {
        Buffer bytes;
        if (key != "content" || !from_base64(content, bytes)) continue;
        to.writer()->module({.name = value, .content = std::string(as_text(bytes))});
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

client::Expected<void> write_records(const client::Client& client, const Arguments& arguments,
                                     Destination& to, Counts& counts) {
  client::ScanPolicy policy;
  policy.with_bins = !arguments.no_bins;
  policy.keeps_containers_encoded = true;
  policy.records_per_second = arguments.records_per_second;
  std::vector<std::string> sets = names_of(arguments.sets);
  if (sets.empty()) sets.emplace_back();
  bool can_write = true;
  for (const std::string& set : sets) {
    if (arguments.max_records != 0) {
      if (counts.records >= arguments.max_records) break;
      policy.max_records = arguments.max_records - counts.records;
    }
    client::ScanCursor cursor;
    const auto scanned = client.scan(
        {.ns = arguments.ns, .set = set, .bin_names = names_of(arguments.bins)}, cursor,
        [&](client::Record&& record) {
          asb::Writer* const writer = to.writer();
          can_write = writer != nullptr && to.good();
          if (!can_write) return false;
          writer->record(record);
          ++counts.records;
          return true;
        },
        policy);
    if (!scanned) return scanned;
    if (!can_write) return client::fail(client::Status::Client, "the backup cannot be written");
  }
  return {};
}

int back_up(const Arguments& arguments, const client::Client& client) {
  Destination destination(arguments);
  if (const auto opened = destination.open(); !opened) {
    std::cerr << opened.error() << '\n';
    return kFailed;
  }
  const auto start = std::chrono::steady_clock::now();
  Counts counts;
  if (!arguments.no_indexes) write_indexes(client, arguments, destination, counts);
  if (!arguments.no_udfs) write_modules(client, destination, counts);
  if (!arguments.no_records) {
    const auto written = write_records(client, arguments, destination, counts);
    if (!written) {
      std::cerr << fmt::format("Error {}: {}\n", written.error().code, written.error().message);
      return kFailed;
    }
  }
  if (!destination.finish()) {
    std::cerr << "the backup cannot be written: the disk may be full\n";
    return kFailed;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cerr << fmt::format("Backed up {} records, {} indexes, {} modules: {} bytes in {:.1f} s\n",
                           counts.records, counts.indexes, counts.modules, destination.bytes(),
                           seconds);
  return 0;
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
    std::cerr << fmt::format("Error {}: {}\n", client.error().code, client.error().message);
    return kFailed;
  }
  return back_up(arguments, *client);
}

}  // namespace flotilla::tools
