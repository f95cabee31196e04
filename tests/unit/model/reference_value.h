#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

/// Values as plain trees, compared and encoded in the most obvious way: what the operations on
/// encoded bytes are tested against. Shares no code with src/model.
namespace flotilla::model::reference {

/// Numbers are the ranks of the kinds in the order of values.
enum class Kind { Nil, False, True, Integer, String, List, Map, Blob, Float };

struct Value {
  Kind kind = Kind::Nil;
  std::int64_t number = 0;
  double real = 0;
  std::string text{};
  std::vector<Value> items{};                    // List.
  std::vector<std::pair<Value, Value>> pairs{};  // Map, by key.
  std::uint8_t flags = 0;                        // List, Map.

  bool is_ordered() const { return (flags & 1) != 0; }
  bool is_list() const { return kind == Kind::List; }
  bool is_map() const { return kind == Kind::Map; }
};

inline Value integer(std::int64_t number) { return {.kind = Kind::Integer, .number = number}; }
inline Value real(double number) { return {.kind = Kind::Float, .real = number}; }
inline Value text(std::string text) { return {.kind = Kind::String, .text = std::move(text)}; }
inline Value list(std::vector<Value> items, std::uint8_t flags = 0) {
  return {.kind = Kind::List, .items = std::move(items), .flags = flags};
}

template <class T>
int order_of(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

inline int compare(const Value& a, const Value& b) {
  if (a.kind != b.kind) return order_of(a.kind, b.kind);
  switch (a.kind) {
    case Kind::Integer:
      return order_of(a.number, b.number);
    case Kind::Float:
      return order_of(a.real, b.real);
    case Kind::String:
    case Kind::Blob:
      return order_of(a.text, b.text);
    case Kind::List:
      for (std::size_t i = 0; i < std::min(a.items.size(), b.items.size()); ++i)
        if (const int order = compare(a.items[i], b.items[i]); order != 0) return order;
      return order_of(a.items.size(), b.items.size());
    case Kind::Map:
      if (a.pairs.size() != b.pairs.size()) return order_of(a.pairs.size(), b.pairs.size());
      for (std::size_t i = 0; i < a.pairs.size(); ++i) {
        if (const int order = compare(a.pairs[i].first, b.pairs[i].first); order != 0) return order;
        if (const int order = compare(a.pairs[i].second, b.pairs[i].second); order != 0)
          return order;
      }
      return 0;
    default:
      return 0;
  }
}
inline bool operator<(const Value& a, const Value& b) { return compare(a, b) < 0; }
inline bool operator==(const Value& a, const Value& b) { return compare(a, b) == 0; }

inline void put_be(Buffer& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<std::byte>(number >> (8 * i) & 0xFF));
}
inline void put_tag(Buffer& out, int tag) { out.push_back(static_cast<std::byte>(tag)); }

inline void encode_number(Buffer& out, std::int64_t n) {
  const auto bits = static_cast<std::uint64_t>(n);
  if (n >= -32 && n <= 127) return put_tag(out, static_cast<int>(n));
  if (n >= 0) {
    const int width = n <= 0xFF ? 0 : n <= 0xFFFF ? 1 : n <= 0xFFFFFFFF ? 2 : 3;
    put_tag(out, 0xCC + width);
    return put_be(out, bits, 1 << width);
  }
  const int width = n >= -128 ? 0 : n >= -32768 ? 1 : n >= INT32_MIN ? 2 : 3;
  put_tag(out, 0xD0 + width);
  put_be(out, bits, 1 << width);
}

inline void encode_header(Buffer& out, std::size_t count, int small, int tag) {
  if (count < 16) return put_tag(out, small | static_cast<int>(count));
  put_tag(out, tag);
  put_be(out, count, 2);
}

inline void encode(Buffer& out, const Value& v) {
  switch (v.kind) {
    case Kind::Nil:
      return put_tag(out, 0xC0);
    case Kind::False:
      return put_tag(out, 0xC2);
    case Kind::True:
      return put_tag(out, 0xC3);
    case Kind::Integer:
      return encode_number(out, v.number);
    case Kind::Float: {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &v.real, 8);
      put_tag(out, 0xCB);
      return put_be(out, bits, 8);
    }
    case Kind::String:
    case Kind::Blob:
      put_tag(out, 0xA0 | static_cast<int>(v.text.size() + 1));
      put_tag(out, v.kind == Kind::String ? 3 : 4);
      return flotilla::append(out, v.text);
    case Kind::List:
      encode_header(out, v.items.size() + (v.flags != 0 ? 1 : 0), 0x90, 0xDC);
      if (v.flags != 0) put_be(out, 0xC70000U | v.flags, 3);
      for (const Value& item : v.items) encode(out, item);
      return;
    case Kind::Map:
      encode_header(out, v.pairs.size() + (v.flags != 0 ? 1 : 0), 0x80, 0xDE);
      if (v.flags != 0) put_be(out, 0xC70000C0U | static_cast<unsigned>(v.flags) << 8, 4);
      for (const auto& [key, value] : v.pairs) {
        encode(out, key);
        encode(out, value);
      }
      return;
  }
}
inline Buffer encoded(const Value& v) {
  Buffer out;
  encode(out, v);
  return out;
}

/// Equal values keep their order.
inline void sort_values(std::vector<Value>& items) {
  std::vector<Value> sorted;
  for (Value& item : items)
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), item), item);
  items = std::move(sorted);
}

}  // namespace flotilla::model::reference
