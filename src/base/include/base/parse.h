#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace flotilla {

/// Whole text as an unsigned decimal; nothing else around it.
std::optional<std::uint64_t> parse_u64(std::string_view text);
std::optional<std::int64_t> parse_i64(std::string_view text);
std::optional<std::uint64_t> parse_hex_u64(std::string_view text);
/// Parts between separators; an empty text has no parts, "a;" has two.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

}  // namespace flotilla
