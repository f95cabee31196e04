#include "key_file.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <cstdlib>
#include <system_error>

#include "base/check.h"
#include "base/log.h"
#include "base/parse.h"
#include "net/fd.h"

namespace flotilla::server {
namespace {

constexpr std::size_t kLeast = 16;
constexpr std::size_t kMost = 64U << 10;
constexpr std::string_view kFromEnvironment = "env-b64:";

tl::unexpected<Error> refuse(const std::string& from, std::string_view why) {
  log(LogLevel::Critical, "storage", "encryption key {}: {}", from, why);
  return fail(Code::Parameter, why);
}

Result<store::Secret> check_size(const std::string& from, store::Secret key) {
  if (key.view().size() < kLeast) return refuse(from, "shorter than 16 bytes");
  if (key.view().size() > kMost) return refuse(from, "larger than 64 KiB");
  return key;
}

Result<store::Secret> read_environment(const std::string& from) {
  const char* const text = std::getenv(from.substr(kFromEnvironment.size()).c_str());
  if (text == nullptr) return refuse(from, "the environment has no such variable");
  Buffer bytes;
  const bool done = from_base64(trim(text), bytes);
  store::Secret key{Bytes(bytes)};
  store::Secret::wipe(bytes);
  return done ? check_size(from, std::move(key)) : refuse(from, "not base64");
}

/// The file is not larger than what its size was: it is read to the end or refused.
Result<store::Secret> read_whole(const std::string& from, const net::Fd& fd, std::size_t size) {
  store::Secret key(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd.raw(), key.view().data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return refuse(from, "cannot be read");
    done += static_cast<std::size_t>(n);
  }
  return key;
}

}  // namespace

Result<store::Secret> read_key(const std::string& from) {
  if (from.starts_with(kFromEnvironment)) return read_environment(from);
  const net::Fd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    log(LogLevel::Critical, "storage", "encryption key {}: {}", from,
        std::generic_category().message(errno));
    return fail(Code::NotFound, "cannot be opened");
  }
  struct stat is{};
  if (::fstat(fd.raw(), &is) != 0 || !S_ISREG(is.st_mode)) return refuse(from, "not a file");
  if (static_cast<std::uint64_t>(is.st_size) > kMost) return refuse(from, "larger than 64 KiB");
  if ((is.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    log_warning("storage", "encryption key {}: others than its owner may use the file (mode {:o})",
                from, is.st_mode & 0777);
  auto key = read_whole(from, fd, static_cast<std::size_t>(is.st_size));
  return key ? check_size(from, std::move(*key)) : std::move(key);
}

Result<store::Encryption> read_encryption(const config::NamespaceConfig& config) {
  store::Encryption out;
  const bool longer = config.encryption() == config::Encryption::Aes256;
  out.cipher = longer ? store::Cipher::Aes256 : store::Cipher::Aes128;
  out.random = [](MutableBytes to) {
    FLOTILLA_CHECK(
        RAND_bytes(reinterpret_cast<unsigned char*>(to.data()), static_cast<int>(to.size())) == 1);
  };
  auto key = read_key(config.encryption_key_file());
  if (!key) return tl::unexpected(key.error());
  out.key = std::move(*key);
  if (config.encryption_old_key_file().empty()) return out;
  auto old_key = read_key(config.encryption_old_key_file());
  if (!old_key) return tl::unexpected(old_key.error());
  out.old_key = std::move(*old_key);
  return out;
}

}  // namespace flotilla::server
