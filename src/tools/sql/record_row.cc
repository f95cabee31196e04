#include "record_row.h"

#include <chrono>

namespace flotilla::tools::sql {
namespace {

std::uint64_t unix_seconds() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

}  // namespace

std::vector<client::Bin> row_of(const client::Record& record, const Settings& settings,
                                bool with_named_bins) {
  std::vector<client::Bin> cells;
  if (record.key.user_key && !with_named_bins) cells.push_back({"PK", *record.key.user_key});
  cells.insert(cells.end(), record.bins.begin(), record.bins.end());
  if (record.key.user_key && with_named_bins) cells.push_back({"PK", *record.key.user_key});
  const Bytes digest = record.key.digest.view();
  if (settings.no_bins) {
    std::string hex = to_hex(digest);
    for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    cells.push_back({"{digest}", hex});
  }
  if (settings.record_print_metadata) {
    cells.push_back({"{edigest}", to_base64(digest)});
    cells.push_back({"{set}", record.key.set});
    cells.push_back({"{ttl}", record.ttl(unix_seconds())});
    cells.push_back({"{gen}", static_cast<std::int64_t>(record.generation)});
  }
  return cells;
}

}  // namespace flotilla::tools::sql
