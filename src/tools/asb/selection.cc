#include "selection.h"

#include <fmt/format.h>

#include <ctime>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/parse.h"
#include "client/expression.h"

namespace flotilla::tools::asb {
namespace {

namespace exp = client::exp;

/// `text` by the pattern of strptime, all of it; what the pattern leaves out as in `into`.
std::optional<std::time_t> seconds_of(const std::string& text, const char* pattern, std::tm into) {
  const char* const end = ::strptime(text.c_str(), pattern, &into);
  if (end == nullptr || *end != 0) return std::nullopt;
  into.tm_isdst = -1;
  const std::tm meant = into;
  const std::time_t seconds = std::mktime(&into);
  // The 31st of February would become a day of March.
  if (into.tm_mday != meant.tm_mday || into.tm_min != meant.tm_min) return std::nullopt;
  return seconds;
}

std::optional<wire::Digest> parse_digest(std::string_view text) {
  Buffer bytes;
  if (!from_base64(text, bytes) || bytes.size() != wire::Digest::kSize) return std::nullopt;
  return wire::Digest::load(bytes.data());
}

}  // namespace

tl::expected<std::int64_t, std::string> parse_local_time(std::string_view text) {
  const std::string whole(text);
  const std::time_t now = std::time(nullptr);
  std::tm today{};
  ::localtime_r(&now, &today);
  std::tm midnight = today;
  midnight.tm_hour = midnight.tm_min = midnight.tm_sec = 0;
  auto seconds = seconds_of(whole, "%Y-%m-%d_%H:%M:%S", today);
  if (!seconds) seconds = seconds_of(whole, "%Y-%m-%d", midnight);
  if (!seconds) seconds = seconds_of(whole, "%H:%M:%S", today);
  if (seconds) return static_cast<std::int64_t>(*seconds) * 1000;
  return tl::unexpected(fmt::format("'{}' is not a time: YYYY-MM-DD_HH:MM:SS, or one half", text));
}

tl::expected<client::ScanCursor, std::string> parse_partitions(std::string_view text) {
  std::bitset<wire::kPartitions> chosen;
  std::vector<wire::Digest> digests;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view word = trim(part);
    if (const auto digest = parse_digest(word)) {
      digests.push_back(*digest);
      chosen.set(digest->partition().raw());
      continue;
    }
    const std::size_t dash = word.find('-');
    const auto first = parse_u64(word.substr(0, dash));
    const auto count = dash == std::string_view::npos ? std::optional<std::uint64_t>(1)
                                                      : parse_u64(word.substr(dash + 1));
    if (!first || !count || *first >= wire::kPartitions || *count < 1 ||
        *count > wire::kPartitions - *first)
      return tl::unexpected(fmt::format(
          "'{}' is neither a partition (0 to 4095), nor first-count, nor a digest in base64",
          word));
    for (std::uint64_t i = 0; i < *count; ++i) chosen.set(*first + i);
  }
  client::ScanCursor cursor(chosen);
  for (const wire::Digest& digest : digests) cursor.passed(digest.partition(), digest, 0);
  return cursor;
}

tl::expected<client::ScanCursor, std::string> parse_after_digest(std::string_view text) {
  const auto digest = parse_digest(trim(text));
  if (!digest) return tl::unexpected(fmt::format("'{}' is not a digest in base64", text));
  std::bitset<wire::kPartitions> chosen;
  for (std::size_t p = digest->partition().raw(); p < wire::kPartitions; ++p) chosen.set(p);
  client::ScanCursor cursor(chosen);
  cursor.passed(digest->partition(), *digest, 0);
  return cursor;
}

Buffer modified_between(std::int64_t after_ms, std::int64_t before_ms, const Buffer& filter) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  std::vector<client::Expression> conditions;
  const auto limit = [](std::int64_t ms) { return exp::value(client::Value(ms * kNsPerMs)); };
  if (after_ms != 0) conditions.push_back(exp::ge(exp::last_update_ns(), limit(after_ms)));
  if (before_ms != 0) conditions.push_back(exp::lt(exp::last_update_ns(), limit(before_ms)));
  if (conditions.empty()) return filter;
  if (!filter.empty()) conditions.emplace_back(filter);
  return conditions.size() == 1 ? conditions.front().bytes() : exp::all(conditions).bytes();
}

}  // namespace flotilla::tools::asb
