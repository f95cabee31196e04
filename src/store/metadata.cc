#include "store/metadata.h"

#include "base/crc32c.h"
#include "base/log.h"
#include "base/parse.h"

namespace flotilla::store {
namespace {

constexpr std::string_view kMagic = "flotilla-metadata 1\n";
constexpr std::size_t kFileSizeMost = 1 << 30;

std::string unhex(std::string_view hex) {
  const Buffer bytes = from_hex(hex);
  return std::string(as_text(bytes));
}

}  // namespace

Result<Metadata> load_metadata(Folder& folder, std::string_view file) {
  const auto contents = folder.read(file, kFileSizeMost);
  if (!contents && contents.error().code == Code::NotFound) return Metadata{};
  if (!contents) return tl::unexpected(contents.error());
  const std::string_view text = as_text(*contents);
  const std::size_t last = text.size() < 2 ? 0 : text.rfind('\n', text.size() - 2);
  const std::string_view crc = last == std::string_view::npos ? text : text.substr(last + 1);
  if (!text.starts_with(kMagic) || !crc.starts_with("crc32c ") ||
      parse_hex_u64(trim(crc.substr(7))) != crc32c(as_bytes(text.substr(0, last + 1))))
    return fail(Code::Unknown, "a metadata file is damaged");
  Metadata out;
  for (const std::string_view line :
       split(text.substr(kMagic.size(), last + 1 - kMagic.size()), '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos)
      out.emplace(unhex(line.substr(0, blank)), unhex(line.substr(blank + 1)));
  }
  return out;
}

Result<void> save_metadata(Folder& folder, std::string_view file, const Metadata& metadata) {
  std::string text(kMagic);
  for (const auto& [key, value] : metadata)
    text += to_hex(as_bytes(key)) + " " + to_hex(as_bytes(value)) + "\n";
  text += fmt::format("crc32c {:08x}\n", crc32c(as_bytes(text)));
  return folder.replace(file, as_bytes(text));
}

}  // namespace flotilla::store
