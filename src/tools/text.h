#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::tools {

/// Equal but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);
std::string upper(std::string_view text);
/// What stands between commas, without spaces around it; empty names are left out.
std::vector<std::string> split_names(std::string_view text);
/// 2026-01-31T12:00:00Z
std::string utc_text(std::chrono::system_clock::time_point time);
/// What all of them begin with; empty when there are none.
std::string common_beginning(const std::vector<std::string>& texts);

/// Optional sign; decimal, 0x hexadecimal, or octal with a leading zero, as C reads base 0. Whole
/// text, no overflow.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// Decimal, with or without fraction. Whole text.
std::optional<double> parse_real(std::string_view text);
/// true, t, 1, false, f, 0 in any case.
std::optional<bool> parse_truth(std::string_view text);

/// Whether the environment asks for no colours, by the convention of no-color.org.
bool has_no_color();

}  // namespace flotilla::tools
