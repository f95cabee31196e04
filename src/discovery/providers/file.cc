#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

constexpr std::size_t kFileMost = 16U << 20;

class File : public Provider {
 public:
  explicit File(const Options& options) : options_(options) {}

  std::string name() const override { return "file " + options_.file; }

  Expected<Listing> list() override {
    std::ifstream in(options_.file, std::ios::binary);
    std::string text;
    char part[16384];
    while (in && text.size() <= kFileMost) {
      in.read(part, sizeof part);
      text.append(part, static_cast<std::size_t>(in.gcount()));
    }
    if (!in.eof() && text.size() <= kFileMost)
      return at_source(options_.file, fmt::format("cannot be read: {}", std::strerror(errno)));
    if (text.size() > kFileMost) return at_source(options_.file, "is larger than 16 MiB");
    auto members = parse_members(text, defaults_of(options_));
    if (!members) return at_source(options_.file, members.error().text);
    return listing_of(std::move(*members), options_);
  }

  /// The folder is watched: editors and configuration maps replace the file, and a folder stays.
  Expected<void> watch(const std::function<void()>& changed, const Stop& stop) override {
    const std::size_t slash = options_.file.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "." : options_.file.substr(0, slash + 1);
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd == -1) return at_source(name(), std::strerror(errno));
    if (::inotify_add_watch(fd, folder.c_str(),
                            IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE) == -1) {
      const std::string why = fmt::format("cannot watch {}: {}", folder, std::strerror(errno));
      ::close(fd);
      return at_source(name(), why);
    }
    changed();
    while (!stop) {
      pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
      if (::poll(&watched, 1, 500) <= 0) continue;
      char events[4096];
      if (::read(fd, events, sizeof events) > 0) changed();
    }
    ::close(fd);
    return {};
  }

 private:
  const Options options_;
};

}  // namespace

Expected<Providers> make_file(const Options& options) {
  if (options.file.empty()) return problem("the source file needs --file");
  Providers out;
  out.push_back(std::make_unique<File>(options));
  return out;
}

}  // namespace flotilla::discovery
