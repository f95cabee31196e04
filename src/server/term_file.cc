#include "term_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/crc32c.h"
#include "base/log.h"

namespace flotilla::server {
namespace {

using cluster::Term;

// | "FLTERMS1" | then for each term: | number u64 | tag u64 | n u32 | crc32c u32 |, little-endian
constexpr std::string_view kMagic = "FLTERMS1";
constexpr std::size_t kEntry = 24;
using Entry = std::array<std::byte, kEntry>;

std::uint32_t checksum_of(const Entry& entry) { return crc32c(Bytes(entry).first(kEntry - 4)); }

Entry encode(const Term& term) {
  Entry out{};
  store_le(out.data(), term.epoch.number);
  store_le(out.data() + 8, term.epoch.tag);
  store_le(out.data() + 16, term.n);
  store_le(out.data() + 20, checksum_of(out));
  return out;
}

Term decode(const Entry& entry) {
  if (load_le<std::uint32_t>(entry.data() + 20) != checksum_of(entry)) return {};
  return {.epoch = {.number = load_le<std::uint64_t>(entry.data()),
                    .tag = load_le<std::uint64_t>(entry.data() + 8)},
          .n = load_le<std::uint32_t>(entry.data() + 16)};
}

off_t place_of(std::size_t count) { return static_cast<off_t>(kMagic.size() + count * kEntry); }

}  // namespace

Result<std::unique_ptr<TermFile>> TermFile::open(const std::string& path) {
  net::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!file.valid()) {
    log_warning("storage", "cannot open {}: {}", path, std::strerror(errno));
    return fail(Code::Unavailable, "the file of terms cannot be opened");
  }
  struct stat status{};
  ::fstat(file.raw(), &status);
  if (status.st_size < static_cast<off_t>(kMagic.size())) {
    const bool written = ::pwrite(file.raw(), kMagic.data(), kMagic.size(), 0) ==
                             static_cast<ssize_t>(kMagic.size()) &&
                         ::fsync(file.raw()) == 0;
    if (!written) return fail(Code::Unavailable, "the file of terms cannot be written");
  }
  std::unique_ptr<TermFile> out(new TermFile(std::move(file)));
  if (!out->load()) return fail(Code::Unknown, "the file of terms is none");
  return out;
}

bool TermFile::load() {
  std::array<char, kMagic.size()> magic{};
  if (::pread(file_.raw(), magic.data(), magic.size(), 0) != static_cast<ssize_t>(magic.size()) ||
      std::string_view(magic.data(), magic.size()) != kMagic)
    return false;
  Entry entry{};
  while (::pread(file_.raw(), entry.data(), kEntry, place_of(terms_.size())) ==
         static_cast<ssize_t>(kEntry))
    terms_.push_back(decode(entry));
  while (!terms_.empty() && terms_.back() == Term{}) terms_.pop_back();
  durable_ = terms_.size();
  for (std::size_t i = 0; i < terms_.size(); ++i)
    newest_[terms_[i]] = static_cast<std::uint32_t>(i + 1);
  return true;
}

void TermFile::sync() {
  const std::scoped_lock sync_lock(sync_mutex_);
  if (!unsynced_.exchange(false)) return;
  Buffer bytes;
  std::size_t count = 0;
  {
    const std::scoped_lock lock(mutex_);
    count = terms_.size();
    for (std::size_t i = durable_; i < count; ++i) append(bytes, Bytes(encode(terms_[i])));
  }
  const bool written = ::pwrite(file_.raw(), bytes.data(), bytes.size(), place_of(durable_)) ==
                       static_cast<ssize_t>(bytes.size());
  if (!written || ::fdatasync(file_.raw()) != 0) {
    log_warning("storage", "cannot keep the terms: {}", std::strerror(errno));
    unsynced_.store(true);
    return;
  }
  durable_ = count;
}

void TermFile::number(const Term& term) {
  terms_.push_back(term);
  newest_[term] = static_cast<std::uint32_t>(terms_.size());
  unsynced_.store(true);
}

std::uint32_t TermFile::intern(const Term& term, std::uint32_t after) {
  const std::scoped_lock lock(mutex_);
  const auto known = newest_.find(term);
  if (known != newest_.end() && known->second > after) return known->second;
  number(term);
  return static_cast<std::uint32_t>(terms_.size());
}

void TermFile::prepare(const std::vector<Term>& terms) {
  const std::scoped_lock lock(mutex_);
  for (const Term& term : terms)
    if (term != Term{} && !newest_.contains(term)) number(term);
}

void TermFile::reserve(std::uint32_t index) {
  const std::scoped_lock lock(mutex_);
  if (terms_.size() >= index) return;
  log_warning("storage", "records name {} terms that are lost", index - terms_.size());
  terms_.resize(index);
  unsynced_.store(true);
}

Term TermFile::term(std::uint32_t index) const {
  const std::scoped_lock lock(mutex_);
  return index == 0 || index > terms_.size() ? Term{} : terms_[index - 1];
}

}  // namespace flotilla::server
