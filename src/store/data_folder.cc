#include "store/data_folder.h"

#include <algorithm>
#include <optional>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/parse.h"

namespace flotilla::store {
namespace {

constexpr std::string_view kMagic = "flotilla-identity 1";
constexpr std::size_t kFileSizeMost = 4096;

std::string text_of(const Identity& identity) {
  std::string text =
      fmt::format("{}\nuuid {}\nnode {:x}\n", kMagic, to_hex(identity.uuid), identity.node.raw());
  return text + fmt::format("crc32c {:08x}\n", crc32c(as_bytes(text)));
}

/// The rest of a line that begins with `word` and a blank.
std::optional<std::string_view> value_of(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ')
    return std::nullopt;
  return line.substr(word.size() + 1);
}

std::optional<Identity> parse(std::string_view text) {
  const auto lines = split(text, '\n');
  if (lines.size() != 5 || lines[0] != kMagic) return std::nullopt;
  const auto uuid = value_of(lines[1], "uuid");
  const auto node = value_of(lines[2], "node");
  const auto crc = value_of(lines[3], "crc32c");
  if (!uuid || !node || !crc) return std::nullopt;
  const std::string_view covered =
      text.substr(0, static_cast<std::size_t>(lines[3].data() - text.data()));
  if (parse_hex_u64(*crc) != crc32c(as_bytes(covered))) return std::nullopt;
  Identity identity;
  const Buffer bytes = from_hex(*uuid);
  const auto number = parse_hex_u64(*node);
  if (bytes.size() != identity.uuid.size() || !number) return std::nullopt;
  std::ranges::copy(bytes, identity.uuid.begin());
  identity.node = wire::NodeId(*number);
  return identity;
}

}  // namespace

Result<DataFolder> DataFolder::take(Folder& folder, const Identity& fresh) {
  for (unsigned i = 0; i < kSlotsMost; ++i) {
    std::string slot = "slot-" + std::to_string(i);
    if (auto made = folder.make(slot); !made) return tl::unexpected(made.error());
    auto lock = folder.lock(slot + "/lock");
    if (!lock && lock.error().code == Code::KeyBusy) continue;
    if (!lock) return tl::unexpected(lock.error());
    const std::string file = slot + "/identity";
    const auto contents = folder.read(file, kFileSizeMost);
    if (contents) {
      const auto identity = parse(as_text(*contents));
      if (!identity) {
        log(LogLevel::Critical, "storage",
            "{} is damaged: restore it, or move the slot away to start empty", file);
        return fail(Code::Unknown, "an identity file is damaged");
      }
      return DataFolder(std::move(slot), *identity, std::move(*lock));
    }
    if (contents.error().code != Code::NotFound) return tl::unexpected(contents.error());
    if (auto written = folder.replace(file, as_bytes(text_of(fresh))); !written)
      return tl::unexpected(written.error());
    return DataFolder(std::move(slot), fresh, std::move(*lock));
  }
  return fail(Code::Unavailable, "all slots of the data folder are taken");
}

}  // namespace flotilla::store
