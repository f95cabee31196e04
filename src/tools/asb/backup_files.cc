#include "backup_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "base/parse.h"

namespace flotilla::tools::asb {
namespace {

namespace fs = std::filesystem;

tl::unexpected<std::string> cannot(std::string_view what, const std::string& path, int error) {
  return tl::unexpected(fmt::format("cannot {} '{}': {}", what, path,
                                    error == 0 ? "the disk may be full" : std::strerror(error)));
}

/// The number of "<ns>_00012.asb"; nothing for other names.
std::optional<int> number_of(const fs::path& path, const std::string& ns) {
  const std::string name = path.filename().string();
  const std::string prefix = ns + '_';
  constexpr std::string_view kEnding = ".asb";
  if (!name.starts_with(prefix) || !name.ends_with(kEnding)) return std::nullopt;
  const auto number = parse_u64(
      std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - kEnding.size()));
  if (!number || *number > 99'999'999) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

std::string BackupFiles::path_of(int number) const {
  return fmt::format("{}/{}_{:05}.asb", options_.directory, options_.ns, number);
}

tl::expected<void, std::string> BackupFiles::prepare_folder() const {
  std::error_code error;
  fs::create_directories(options_.directory, error);
  if (error) return cannot("make the folder", options_.directory, error.value());
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(options_.directory, error)) {
    if (entry.path().extension() != ".asb") continue;
    const auto number = number_of(entry.path(), options_.ns);
    const bool is_kept = options_.first_number > 0 && number && *number < options_.first_number;
    if (!is_kept) old.push_back(entry.path());
  }
  if (error) return cannot("read the folder", options_.directory, error.value());
  if (!old.empty() && !options_.removes_old && options_.first_number == 0)
    return tl::unexpected(
        fmt::format("'{}' holds a backup already (-r removes it)", options_.directory));
  for (const fs::path& path : old) {
    fs::remove(path, error);
    fs::remove(sums_path(path.string()), error);
  }
  return {};
}

tl::expected<void, std::string> BackupFiles::open() {
  if (options_.directory.empty()) return start(options_.output_file, true);
  if (auto prepared = prepare_folder(); !prepared) return prepared;
  number_ = options_.first_number;
  const int number = number_++;
  return start(path_of(number), number == 0);
}

tl::expected<void, std::string> BackupFiles::start(const std::string& path, bool first) {
  file_ = std::make_unique<File>();
  if (path == "-") {
    file_->out = &std::cout;
  } else {
    file_->path = path;
    errno = 0;
    file_->stream.open(path, std::ios::binary | std::ios::trunc);
    if (!file_->stream) return cannot("write", path, errno);
    file_->out = &file_->stream;
  }
  std::ostream* to = file_->out;
  if (options_.compress) {
    file_->compressor = std::make_unique<ZstdWriter>(*file_->out);
    file_->text.emplace(file_->compressor.get());
    to = &*file_->text;
  }
  file_->writer.emplace(*to, options_.compact, &file_->sums);
  file_->writer->head(options_.ns, first);
  return {};
}

tl::expected<bool, std::string> BackupFiles::next_if_full() {
  if (options_.directory.empty() || file_->writer->size() < options_.file_size_max) return false;
  if (auto finished = finish(); !finished) return tl::unexpected(finished.error());
  const int number = number_++;
  if (auto started = start(path_of(number), false); !started)
    return tl::unexpected(started.error());
  return true;
}

tl::expected<void, std::string> BackupFiles::finish() {
  File& file = *file_;
  errno = 0;
  if (file.compressor) file.compressor->finish();
  file.out->flush();
  if (!file.out->good()) return cannot("write", file.path.empty() ? "-" : file.path, errno);
  bytes_before_ += file.writer->size();
  // A device or pipe has no place beside it.
  if (!file.path.empty() && fs::is_regular_file(file.path)) {
    const std::string path = sums_path(file.path);
    std::ofstream sums(path, std::ios::binary | std::ios::trunc);
    sums << file.sums.encode() << std::flush;
    if (!sums.good()) return cannot("write", path, errno);
  }
  file_.reset();
  return {};
}

}  // namespace flotilla::tools::asb
