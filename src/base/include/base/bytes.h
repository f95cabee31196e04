#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline bool equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// The bytes of a number the other way round. The loads and stores below lean on it: loops over
/// bytes stay loops in the compiled code.
template <std::unsigned_integral T>
inline T byte_swapped(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

/// Unaligned big-endian load; Width bytes, which may be fewer than T holds.
template <std::unsigned_integral T, std::size_t Width = sizeof(T)>
inline T load_be(const std::byte* at) {
  static_assert(Width <= sizeof(T) && std::endian::native == std::endian::little);
  std::byte bytes[sizeof(T)]{};
  std::memcpy(bytes + sizeof(T) - Width, at, Width);
  return byte_swapped(std::bit_cast<T>(bytes));
}

/// Unaligned big-endian store of the low Width bytes.
template <std::unsigned_integral T, std::size_t Width = sizeof(T)>
inline void store_be(std::byte* at, T value) {
  static_assert(Width <= sizeof(T) && std::endian::native == std::endian::little);
  value = byte_swapped(value);
  std::memcpy(at, reinterpret_cast<const std::byte*>(&value) + sizeof(T) - Width, Width);
}

template <std::unsigned_integral T>
inline T load_le(const std::byte* at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <std::unsigned_integral T>
inline void store_le(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

/// Reads straight down a buffer it does not own. A short read touches no memory: it yields zero or
/// nothing and latches ok() to false, so a parser reads all it wants and asks once.
class Reader {
 public:
  explicit Reader(Bytes in) : rest_(in) {}

  template <std::unsigned_integral T, std::size_t Width = sizeof(T)>
  T be() {
    if (!need(Width)) return 0;
    const T value = load_be<T, Width>(rest_.data());
    rest_ = rest_.subspan(Width);
    return value;
  }
  template <std::unsigned_integral T>
  T le() {
    if (!need(sizeof(T))) return 0;
    const T value = load_le<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  Bytes bytes(std::size_t size) {
    if (!need(size)) return {};
    const Bytes out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  std::string_view text(std::size_t size) { return as_text(bytes(size)); }

  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }
  Bytes rest() const { return rest_; }

 private:
  bool need(std::size_t size) {
    if (size <= rest_.size()) return ok_;
    ok_ = false;
    rest_ = {};
    return false;
  }

  Bytes rest_;
  bool ok_ = true;
};

using Buffer = std::vector<std::byte>;

inline void append(Buffer& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
inline void append(Buffer& to, std::string_view text) { append(to, as_bytes(text)); }
template <std::unsigned_integral T, std::size_t Width = sizeof(T)>
inline void append_be(Buffer& to, T value) {
  const std::size_t at = to.size();
  to.resize(at + Width);
  store_be<T, Width>(to.data() + at, value);
}

std::string to_hex(Bytes bytes);
/// Bytes of a text of hex digits, blanks ignored. Empty when the text is not hex: for tests and
/// golden data.
Buffer from_hex(std::string_view text);

/// Standard base64 with padding.
std::string to_base64(Bytes bytes);
/// False when the text is not strict base64 with padding.
bool from_base64(std::string_view text, Buffer& out);

}  // namespace flotilla
