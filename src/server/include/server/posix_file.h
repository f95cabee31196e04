#pragma once

#include <string>

#include "net/fd.h"
#include "store/file.h"

namespace flotilla::server {

/// A data file or raw device, locked for this process. Blocking; one thread at a time.
class PosixFile {
 public:
  struct Options {
    std::string path;
    std::uint64_t size = 0;  // What a new file gets, sparse. A smaller one grows, a larger one
                             // stays; a device is as it is.
    bool direct =
        false;  // Past the page cache. Offsets, sizes and memory must be aligned to 4096 then.
  };

  /// KeyBusy: another process has it open. Unavailable: it cannot be opened or made; see the log.
  static Result<PosixFile> open(const Options& options);

  std::uint64_t size() const { return size_; }
  store::IoCompletion carry_out(const store::IoRequest& request);

 private:
  PosixFile(net::Fd fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  Result<std::size_t> read(std::uint64_t offset, MutableBytes into);
  Result<std::size_t> write(std::uint64_t offset, Bytes from);

  net::Fd fd_;
  std::string path_;
  std::uint64_t size_ = 0;
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
