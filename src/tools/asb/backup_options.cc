#include "backup_options.h"

#include "base/bytes.h"
#include "command_line.h"
#include "selection.h"

namespace flotilla::tools::asb {
namespace {

void add_options(CommandLine& line, BackupOptions& a) {
  a.connect.add_to(line, ConnectOptions::Letters::WithoutA);
  line.option("-n,--namespace", a.ns, "NS", "What to write");
  line.option("-d,--directory", a.directory, "PATH", "Files there; the folder must hold none yet");
  line.flag("-r,--remove-files", a.remove_files, "Remove the backup files that are in it first");
  line.option("-o,--output-file", a.out_file, "PATH", "One file; '-' is the standard output");
  line.option("-F,--file-limit", a.file_limit_mb, "MB",
              "A new file in the folder after this (250)");
  line.option("-s,--set", a.sets, "SETS", "Only these, separated by commas");
  line.option("-B,--bin-list", a.bins, "BINS", "Only these, separated by commas");
  line.option("-a,--modified-after", a.modified_after, "TIME",
              "Only what was written since: YYYY-MM-DD_HH:MM:SS, or half");
  line.option("-b,--modified-before", a.modified_before, "TIME", "Only what was written before");
  line.option("-f,--filter-exp", a.filter, "BASE64", "Only what meets this expression");
  line.option("-X,--partition-list", a.partitions, "LIST",
              "Only these: N, FIRST-COUNT, or DIGEST for what follows it");
  line.option("-D,--after-digest", a.after_digest, "BASE64",
              "Only what follows it in its partition, and the partitions behind");
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
  line.option("-N,--nice", a.mebibytes_per_second, "MIB",
              "A second, of the files; 0: no limit (0)");
  line.option("-M,--max-records", a.max_records, "N", "No more than these; 0: all (0)");
  line.flag("-e,--estimate", a.estimate, "Tell how large it will be, and write nothing");
  line.option("--estimate-samples", a.estimate_samples, "N", "Records to look at for that (10000)");
  // All nodes are read at the same time anyway.
  line.silent("-w,--parallel", a.ignored);
}

/// What the options say about which records are taken.
tl::expected<void, std::string> choose(BackupOptions& a) {
  std::int64_t limits[2] = {0, 0};
  const std::string* const texts[2] = {&a.modified_after, &a.modified_before};
  for (int i = 0; i < 2; ++i) {
    if (texts[i]->empty()) continue;
    const auto time = parse_local_time(*texts[i]);
    if (!time) return tl::unexpected(time.error());
    limits[i] = *time;
  }
  Buffer filter;
  if (!a.filter.empty() && (!from_base64(a.filter, filter) || filter.empty()))
    return tl::unexpected<std::string>("--filter-exp wants an expression in base64");
  a.condition = modified_between(limits[0], limits[1], filter);
  if (!a.partitions.empty() && !a.after_digest.empty())
    return tl::unexpected<std::string>("either -X or -D says which partitions are wanted");
  if (a.partitions.empty() && a.after_digest.empty()) return {};
  auto begin =
      a.partitions.empty() ? parse_after_digest(a.after_digest) : parse_partitions(a.partitions);
  if (!begin) return tl::unexpected(begin.error());
  a.begin = *std::move(begin);
  return {};
}

}  // namespace

tl::expected<std::optional<BackupOptions>, std::string> parse_backup_options(
    const Invocation& invocation) {
  BackupOptions a;
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
  if (auto done = choose(a); !done) return tl::unexpected(done.error());
  if (a.estimate) {
    if (!a.directory.empty() || !a.out_file.empty() || !a.continue_file.empty())
      return tl::unexpected<std::string>("an estimate is written nowhere: without -d, -o, and -c");
    if (a.estimate_samples == 0)
      return tl::unexpected<std::string>("--estimate-samples wants some");
    a.out_file = "/dev/null";
    a.no_indexes = a.no_udfs = true;
    a.max_records = a.estimate_samples;
  }
  if (!a.continue_file.empty()) return a;
  if (a.ns.empty()) return tl::unexpected<std::string>("which namespace? (-n)");
  if (a.directory.empty() == a.out_file.empty())
    return tl::unexpected<std::string>("either a folder (-d) or a file (-o) is wanted");
  return a;
}

}  // namespace flotilla::tools::asb
