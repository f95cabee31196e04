#include "server/posix_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/log.h"

namespace flotilla::server {
namespace {

/// Makes a new or renamed entry of a folder durable.
bool sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const net::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.valid() && ::fsync(fd.raw()) == 0;
}

tl::unexpected<Error> failed(const std::string& path, std::string_view what) {
  const int error = errno;
  log_warning("storage", "{}: {}: {}", path, what, std::generic_category().message(error));
  return fail(error == ENOENT ? Code::NotFound : Code::Unavailable, what);
}

/// -1 and errno EWOULDBLOCK when another process, or another descriptor of ours, holds the lock.
int lock_whole(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB); }

/// Short only at the end. The error is in errno.
Result<std::size_t> read_from(const net::Fd& fd, std::uint64_t offset, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::pread(fd.raw(), into.data() + done, into.size() - done,
                              static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Code::Unavailable, "cannot read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

}  // namespace

Result<PosixFile> PosixFile::open(const Options& options) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC;
  bool direct = options.direct;
  net::Fd fd(::open(options.path.c_str(), flags | (direct ? O_DIRECT : 0), 0640));
  if (!fd.valid() && direct && errno == EINVAL) {
    log_warning("storage", "{}: no direct I/O here; the page cache is used", options.path);
    direct = false;
    fd = net::Fd(::open(options.path.c_str(), flags, 0640));
  }
  if (!fd.valid()) return failed(options.path, "cannot open");
  if (lock_whole(fd.raw()) != 0) {
    if (errno == EWOULDBLOCK) return fail(Code::KeyBusy, "file is in use by another process");
    return failed(options.path, "cannot lock");
  }
  const off_t found = ::lseek(fd.raw(), 0, SEEK_END);
  if (found < 0) return failed(options.path, "cannot tell its size");
  struct stat status{};
  if (::fstat(fd.raw(), &status) != 0) return failed(options.path, "cannot tell what it is");
  auto size = static_cast<std::uint64_t>(found);
  if (S_ISREG(status.st_mode) && size < options.size) {
    if (::ftruncate(fd.raw(), static_cast<off_t>(options.size)) != 0)
      return failed(options.path, "cannot grow");
    size = options.size;
    if (::fsync(fd.raw()) != 0 || !sync_folder_of(options.path))
      return failed(options.path, "cannot sync");
  }
  // Most reads are of one record or one mark: what the kernel reads ahead of such, up to megabytes,
  // is never asked for. A refusal costs time alone.
  (void)::posix_fadvise(fd.raw(), 0, 0, POSIX_FADV_RANDOM);
  PosixFile file(std::move(fd), options.path, size, direct);
  // Not having it costs time alone, too.
  if (!direct)
    file.past_cache_ = net::Fd(::open(options.path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  return file;
}

store::IoCompletion PosixFile::carry_out(const store::IoRequest& request) {
  store::IoCompletion done{.token = request.token, .result = 0};
  switch (request.kind) {
    case store::IoKind::Read:
      done.result = read_at(request.offset, request.into);
      break;
    case store::IoKind::Write:
      done.result = write(request.offset, request.from);
      break;
    case store::IoKind::Sync:
      if (::fdatasync(fd_.raw()) != 0) done.result = failed(path_, "cannot sync");
  }
  return done;
}

/// Long reads are of whole segments: to copy them through the page cache costs as much CPU time as
/// to check them, and puts out what is wanted again.
Result<std::size_t> PosixFile::read_at(std::uint64_t offset, MutableBytes into) const {
  const auto is_whole = [](std::uint64_t n) { return n % kDirectBlock == 0; };
  const bool past_cache = past_cache_.valid() && into.size() >= kLongRead && is_whole(offset) &&
                          is_whole(into.size()) &&
                          is_whole(reinterpret_cast<std::uintptr_t>(into.data()));
  if (past_cache)
    if (const auto done = read_from(past_cache_, offset, into); done) return done;
  const auto done = read_from(fd_, offset, into);
  return done ? done : failed(path_, "cannot read");
}

std::optional<FileOnMount> PosixFile::on_mount() const {
  constexpr std::uint64_t kStatBlock = 512;
  struct stat file{};
  struct statvfs mount{};
  if (::fstat(fd_.raw(), &file) != 0 || !S_ISREG(file.st_mode) ||
      ::fstatvfs(fd_.raw(), &mount) != 0)
    return std::nullopt;
  return FileOnMount{.mount = file.st_dev,
                     .size = size_,
                     .taken = static_cast<std::uint64_t>(file.st_blocks) * kStatBlock,
                     .left = std::uint64_t{mount.f_bavail} * mount.f_frsize};
}

FileRange PosixFile::range_of(const store::RecordExtent& extent) const {
  const std::uint64_t block = direct_ ? kDirectBlock : 1;
  const std::uint64_t from = extent.offset / block * block;
  const std::uint64_t to = (extent.offset + extent.size + block - 1) / block * block;
  return {.offset = from, .size = to - from, .skip = extent.offset - from};
}

void PosixFile::carry_out(store::RecordRead& read) const {
  const FileRange range = range_of(read.extent());
  const auto got = read_at(range.offset, read.room(range.size));
  if (got && *got >= range.skip + read.extent().size) {
    read.complete(range.skip);
  } else {
    read.complete(fail(Code::Unavailable, "a record cannot be read"));
  }
}

Result<std::size_t> PosixFile::write(std::uint64_t offset, Bytes from) {
  std::size_t done = 0;
  while (done < from.size()) {
    const ssize_t n = ::pwrite(fd_.raw(), from.data() + done, from.size() - done,
                               static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed(path_, "cannot write");
    done += static_cast<std::size_t>(n);
  }
  return done;
}

// -----------------------------------------------------------------------------------------------
// folder

std::string PosixFolder::full(std::string_view name) const {
  return name.empty() ? path_ : path_ + "/" + std::string(name);
}

Result<std::vector<std::string>> PosixFolder::list(std::string_view name) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator at(full(name), error);
  if (error) return fail(Code::NotFound, "no such folder");
  for (; at != std::filesystem::directory_iterator() && !error; at.increment(error))
    names.push_back(at->path().filename());
  if (error) return fail(Code::Unavailable, "cannot list folder");
  std::ranges::sort(names);
  return names;
}

Result<void> PosixFolder::make(std::string_view name) {
  const std::string path = full(name);
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST)
    return failed(path, "cannot make folder");
  if (!sync_folder_of(path)) return failed(path, "cannot sync");
  return {};
}

Result<Buffer> PosixFolder::read(std::string_view name, std::size_t size_max) {
  const std::string path = full(name);
  const net::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return errno == ENOENT ? fail(Code::NotFound, "no such file") : failed(path, "cannot open");
  struct stat status{};
  if (::fstat(fd.raw(), &status) != 0) return failed(path, "cannot tell its size");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > size_max) return fail(Code::TooBig, "file longer than it may be");
  // Files change by replace() alone, so one that is open has the size that it had.
  Buffer contents(size);
  const auto done = read_from(fd, 0, contents);
  if (!done) return failed(path, "cannot read");
  contents.resize(*done);
  return contents;
}

Result<void> PosixFolder::replace(std::string_view name, Bytes contents) {
  const std::string path = full(name);
  const std::string fresh = path + ".new";
  {
    const net::Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!fd.valid()) return failed(fresh, "cannot open");
    std::size_t done = 0;
    while (done < contents.size()) {
      const ssize_t n = ::write(fd.raw(), contents.data() + done, contents.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failed(fresh, "cannot write");
      done += static_cast<std::size_t>(n);
    }
    // Before the rename: else the new name may come to stand for an empty file.
    if (::fsync(fd.raw()) != 0) return failed(fresh, "cannot sync");
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed(path, "cannot replace");
  if (!sync_folder_of(path)) return failed(path, "cannot sync");
  return {};
}

namespace {

class PosixLock : public store::FolderLock {
 public:
  explicit PosixLock(net::Fd fd) : fd_(std::move(fd)) {}

 private:
  net::Fd fd_;  // Closing it gives the lock back.
};

}  // namespace

Result<std::unique_ptr<store::FolderLock>> PosixFolder::lock(std::string_view name) {
  const std::string path = full(name);
  net::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!fd.valid()) return failed(path, "cannot open");
  if (lock_whole(fd.raw()) != 0) {
    if (errno == EWOULDBLOCK) return fail(Code::KeyBusy, "held by another process");
    return failed(path, "cannot lock");
  }
  return std::make_unique<PosixLock>(std::move(fd));
}

}  // namespace flotilla::server
