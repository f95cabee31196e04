#pragma once

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "tools/asb/asb.h"
#include "zstd_stream.h"

namespace flotilla::tools::asb {

/// Where a backup goes: one stream, or files in a folder that follow each other, each with its
/// checksums beside it. The errors are sentences.
class BackupFiles {
 public:
  struct Options {
    std::string ns;
    std::string directory = {};               // Or:
    std::string output_file = {};             // "-": the standard output, without checksums.
    std::uint64_t file_size_max = 250 << 20;  // Before compression.
    bool compact = false;
    bool compress = false;
    bool removes_old = false;
    int first_number = 0;  // Files of the folder from this number on are replaced.
  };

  explicit BackupFiles(Options options) : options_(std::move(options)) {}

  tl::expected<void, std::string> open();
  /// Of the current file. Valid until next_if_full().
  Writer& writer() { return *file_->writer; }
  /// True: the current file was full, has been finished, and another has begun.
  tl::expected<bool, std::string> next_if_full();
  /// Finishes the last file.
  tl::expected<void, std::string> finish();
  bool good() const { return file_->out->good(); }

  std::uint64_t bytes() const { return bytes_before_ + (file_ ? file_->writer->size() : 0); }
  /// Of the file that would come next.
  int next_number() const { return number_; }

 private:
  struct File {
    std::string path;  // Empty: the standard output.
    std::ofstream stream;
    std::ostream* out = nullptr;  // What the disk sees.
    std::unique_ptr<ZstdWriter> compressor;
    std::optional<std::ostream> text;  // Into the compressor.
    Sums sums;
    std::optional<Writer> writer;
  };

  tl::expected<void, std::string> prepare_folder() const;
  tl::expected<void, std::string> start(const std::string& path, bool first);
  std::string path_of(int number) const;

  const Options options_;
  std::unique_ptr<File> file_;
  int number_ = 0;
  std::uint64_t bytes_before_ = 0;
};

}  // namespace flotilla::tools::asb
