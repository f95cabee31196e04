#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "client/scan.h"
#include "connect_options.h"
#include "tools/verbs.h"

namespace flotilla::tools::asb {

/// What `flotilla backup` is told.
struct BackupOptions {
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
  std::string modified_after;
  std::string modified_before;
  std::string filter;
  std::string partitions;
  std::string after_digest;
  std::uint64_t mebibytes_per_second = 0;
  bool estimate = false;
  std::uint64_t estimate_samples = 10'000;
  std::string ignored;

  // Of these, parsed.
  Buffer condition;  // Empty: none.
  client::ScanCursor begin;
};

/// Nothing: help or version was asked for. The error is a sentence.
tl::expected<std::optional<BackupOptions>, std::string> parse_backup_options(
    const Invocation& invocation);

}  // namespace flotilla::tools::asb
