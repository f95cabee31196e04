#pragma once

#include <optional>
#include <string>

#include "net/fd.h"
#include "store/file.h"
#include "store/record_read.h"

namespace flotilla::server {

/// What is read from a file to get at a record: past the page cache whole blocks.
struct FileRange {
  std::uint64_t offset = 0;
  std::size_t size = 0;
  std::size_t skip = 0;  // Where in it the record begins.
};

/// A regular file on a mount. Files are sparse: what was never written they have not taken yet.
struct FileOnMount {
  std::uint64_t mount = 0;  // Which.
  std::uint64_t size = 0;   // Bytes.
  std::uint64_t taken = 0;  // Of them.
  std::uint64_t left = 0;   // On the mount, for all its files.
};

/// A data file or raw device, locked for this process. Blocking; one thread at a time, but for
/// what is const.
class PosixFile {
 public:
  struct Options {
    std::string path;
    std::uint64_t size = 0;  // What a new file gets, sparse. A smaller one grows, a larger one
                             // stays; a device is as it is.
    bool direct =
        false;  // Past the page cache, where the file system has that; else the log says so.
  };
  /// Offsets, sizes, and memory of reads and writes past the page cache are multiples of this.
  static constexpr std::size_t kDirectBlock = 4096;

  /// Reads of whole blocks from this size on go past the page cache in any case.
  static constexpr std::size_t kLongRead = std::size_t{1} << 20;

  /// KeyBusy: another process has it open. Unavailable: it cannot be opened or made; see the log.
  static Result<PosixFile> open(const Options& options);

  std::uint64_t size() const { return size_; }
  bool direct() const { return direct_; }
  store::IoCompletion carry_out(const store::IoRequest& request);
  /// How much was read; less than asked for only at the end. Any thread.
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) const;
  FileRange range_of(const store::RecordExtent& extent) const;
  void carry_out(store::RecordRead& read) const;
  /// Nothing: it is a device, or cannot be told. Any thread.
  std::optional<FileOnMount> on_mount() const;
  int descriptor() const { return fd_.raw(); }

 private:
  PosixFile(net::Fd fd, std::string path, std::uint64_t size, bool direct)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size), direct_(direct) {}
  Result<std::size_t> write(std::uint64_t offset, Bytes from);

  net::Fd fd_;
  net::Fd past_cache_{-1};  // The same file for long reads; none where `direct`, or not to be had.
  std::string path_;
  std::uint64_t size_ = 0;
  bool direct_ = false;
};

/// A folder of the real file system.
class PosixFolder : public store::Folder {
 public:
  /// The folder itself must exist.
  explicit PosixFolder(std::string path) : path_(std::move(path)) {}

  Result<std::vector<std::string>> list(std::string_view name) override;
  Result<void> make(std::string_view name) override;
  Result<Buffer> read(std::string_view name, std::size_t size_max) override;
  Result<void> replace(std::string_view name, Bytes contents) override;
  Result<std::unique_ptr<store::FolderLock>> lock(std::string_view name) override;

 private:
  std::string full(std::string_view name) const;

  std::string path_;
};

}  // namespace flotilla::server
