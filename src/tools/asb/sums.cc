#include "tools/asb/sums.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.h"

namespace flotilla::tools::asb {
namespace {

constexpr std::string_view kMagic = "FLSUMS1\n";
constexpr std::size_t kItemSize = 4;
constexpr std::size_t kTailSize = 16;

void put_u64(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(number >> (8 * i));
}

}  // namespace

std::uint32_t Sums::of(std::string_view item) {
  return static_cast<std::uint32_t>(XXH3_64bits(item.data(), item.size()));
}

std::string Sums::encode() const {
  std::string out(kMagic);
  out.reserve(kMagic.size() + items_.size() * kItemSize + kTailSize);
  for (const std::uint32_t sum : items_)
    for (unsigned i = 0; i < kItemSize; ++i) out += static_cast<char>(sum >> (8 * i));
  put_u64(out, items_.size());
  put_u64(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

tl::expected<Sums, std::string> Sums::parse(std::string_view bytes) {
  const auto damaged =
      tl::unexpected<std::string>("the file of checksums is damaged or was never finished");
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + kTailSize ||
      (bytes.size() - kMagic.size() - kTailSize) % kItemSize != 0)
    return damaged;
  const Bytes raw = as_bytes(bytes);
  const std::uint64_t count = (bytes.size() - kMagic.size() - kTailSize) / kItemSize;
  if (load_le<std::uint64_t>(&raw[bytes.size() - kTailSize]) != count ||
      load_le<std::uint64_t>(&raw[bytes.size() - 8]) != XXH3_64bits(raw.data(), raw.size() - 8))
    return damaged;
  Sums sums;
  for (std::uint64_t i = 0; i < count; ++i)
    sums.items_.push_back(load_le<std::uint32_t>(&raw[kMagic.size() + i * kItemSize]));
  return sums;
}

std::string sums_path(std::string_view backup_file) { return std::string(backup_file) + ".sum"; }

}  // namespace flotilla::tools::asb
