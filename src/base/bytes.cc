#include "base/bytes.h"

#include <array>

namespace flotilla {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::array<std::int8_t, 256> base64_values() {
  std::array<std::int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i)
    values[static_cast<std::uint8_t>(kBase64Digits[i])] = static_cast<std::int8_t>(i);
  return values;
}
constexpr auto kBase64Values = base64_values();

}  // namespace

std::string to_hex(Bytes bytes) {
  std::string out(bytes.size() * 2, '\0');
  char* to = out.data();
  for (const std::byte b : bytes) {
    *to++ = kHexDigits[static_cast<std::uint8_t>(b) >> 4];
    *to++ = kHexDigits[static_cast<std::uint8_t>(b) & 15];
  }
  return out;
}

Buffer from_hex(std::string_view text) {
  Buffer out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int value = hex_value(c);
    if (value < 0) return {};
    if (high < 0) {
      high = value;
    } else {
      out.push_back(static_cast<std::byte>(high << 4 | value));
      high = -1;
    }
  }
  return high < 0 ? out : Buffer{};
}

std::string to_base64(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < left ? static_cast<std::uint32_t>(bytes[at + i]) : 0U);
    out += kBase64Digits[group >> 18];
    out += kBase64Digits[group >> 12 & 63];
    out += left > 1 ? kBase64Digits[group >> 6 & 63] : '=';
    out += left > 2 ? kBase64Digits[group & 63] : '=';
  }
  return out;
}

bool from_base64(std::string_view text, Buffer& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::size_t digits = at + 4 == text.size() ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const int value = i < digits ? kBase64Values[static_cast<std::uint8_t>(text[at + i])] : 0;
      if (value < 0) return false;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t i = 0; i + 1 < digits; ++i)
      out.push_back(static_cast<std::byte>(group >> (16 - 8 * i) & 0xFF));
  }
  return true;
}

}  // namespace flotilla
