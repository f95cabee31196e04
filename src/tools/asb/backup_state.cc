#include "tools/asb/backup_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace flotilla::tools::asb {
namespace {

using Json = nlohmann::json;

/// Per partition: 0 not begun, 1 done, 2 behind a digest that follows.
Buffer encode_cursor(const client::ScanCursor& cursor) {
  Buffer bytes;
  for (std::uint16_t p = 0; p < wire::kPartitions; ++p) {
    const auto& position = cursor.position(wire::PartitionId(p));
    bytes.push_back(std::byte{
        position.done ? std::uint8_t{1} : (position.after ? std::uint8_t{2} : std::uint8_t{0})});
    if (!position.done && position.after) {
      const Bytes digest = position.after->view();
      bytes.insert(bytes.end(), digest.begin(), digest.end());
    }
  }
  return bytes;
}

bool decode_cursor(Bytes bytes, client::ScanCursor& cursor) {
  for (std::uint16_t p = 0; p < wire::kPartitions; ++p) {
    if (bytes.empty()) return false;
    const auto what = static_cast<std::uint8_t>(bytes[0]);
    bytes = bytes.subspan(1);
    if (what == 1) cursor.finish(wire::PartitionId(p));
    if (what == 2) {
      if (bytes.size() < wire::Digest::kSize) return false;
      const wire::Digest digest = wire::Digest::load(bytes.data());
      if (digest.partition() != wire::PartitionId(p)) return false;
      cursor.passed(wire::PartitionId(p), digest, 0);
      bytes = bytes.subspan(wire::Digest::kSize);
    }
    if (what > 2) return false;
  }
  return bytes.empty();
}

}  // namespace

std::string BackupState::encode() const {
  const Buffer bytes = encode_cursor(cursor);
  return Json{{"version", 1},
              {"namespace", ns},
              {"directory", directory},
              {"sets", sets},
              {"set", set},
              {"next-file", next_file},
              {"records", records},
              {"cursor", to_base64(bytes)}}
             .dump(2) +
         '\n';
}

tl::expected<BackupState, std::string> BackupState::parse(std::string_view text) {
  const auto wrong = tl::unexpected<std::string>("is not the state of a backup");
  const Json json = Json::parse(text, nullptr, false);
  BackupState state;
  Buffer cursor;
  try {
    if (json.at("version") != 1) return wrong;
    state.ns = json.at("namespace").get<std::string>();
    state.directory = json.at("directory").get<std::string>();
    state.sets = json.at("sets").get<std::string>();
    state.set = json.at("set").get<std::size_t>();
    state.next_file = json.at("next-file").get<int>();
    state.records = json.at("records").get<std::uint64_t>();
    if (!from_base64(json.at("cursor").get<std::string>(), cursor)) return wrong;
  } catch (const Json::exception&) {
    return wrong;
  }
  if (state.next_file < 0 || !decode_cursor(cursor, state.cursor)) return wrong;
  return state;
}

}  // namespace flotilla::tools::asb
