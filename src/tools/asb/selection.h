#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "client/scan.h"

namespace flotilla::tools::asb {

// What the options of a backup say about which records it takes. Errors are sentences.

/// Milliseconds since 1970 of a local time: YYYY-MM-DD_HH:MM:SS, or the date or today's time alone.
tl::expected<std::int64_t, std::string> parse_local_time(std::string_view text);

/// Where a scan begins that takes these alone, separated by commas: a partition N, `first-count` of
/// them, or a digest in base64, which stands for what follows it in its partition.
tl::expected<client::ScanCursor, std::string> parse_partitions(std::string_view text);
/// What follows the digest (base64) in its partition, and all partitions behind that.
tl::expected<client::ScanCursor, std::string> parse_after_digest(std::string_view text);

/// A packed expression, true for records whose last update was not before `after_ms` and was before
/// `before_ms` (since 1970; 0: no such limit) and that meet `filter` (none: empty). Empty: any
/// does.
Buffer modified_between(std::int64_t after_ms, std::int64_t before_ms, const Buffer& filter);

}  // namespace flotilla::tools::asb
