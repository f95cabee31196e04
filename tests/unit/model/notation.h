#pragma once

#include <cctype>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "model/msgpack.h"

/// Values written as text, so that tables of tests read like what they mean:
///
///   nil true false 5 -1 1.5 'text' b'blob' g'geojson' r'raw without type' * INF
///   [1, 2]  o[1, 2] ordered  {1: 2}  k{1: 2} key-ordered  v{1: 2} key-value-ordered
///   e{1: 2} in preserved order
namespace flotilla::model {

class Notation {
 public:
  static Buffer encoded(std::string_view text) {
    Arena arena;
    Notation notation(text);
    msgpack::Writer out(arena);
    notation.value(out);
    if (notation.rest() != "") throw std::runtime_error("notation: " + std::string(text));
    const Bytes bytes = out.finish();
    return {bytes.begin(), bytes.end()};
  }

 private:
  explicit Notation(std::string_view text) : text_(text) {}

  std::string_view rest() {
    while (!text_.empty() && text_[0] == ' ') text_.remove_prefix(1);
    return text_;
  }
  bool take(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  std::string quoted() {
    const auto end = text_.find('\'');
    std::string out(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return out;
  }
  void number(msgpack::Writer& out) {
    const auto size = std::min(text_.find_first_not_of("+-.0123456789"), text_.size());
    const std::string digits(text_.substr(0, size));
    if (digits.empty()) throw std::runtime_error("notation: " + std::string(text_));
    text_.remove_prefix(size);
    if (digits.find('.') != std::string::npos) return out.real(std::atof(digits.c_str()));
    out.integer(std::atoll(digits.c_str()));
  }
  /// Elements up to the closing bracket, encoded; `count` of them, or of pairs.
  Buffer elements(std::string_view close, std::uint32_t& count) {
    Arena arena;
    msgpack::Writer out(arena);
    for (count = 0; !take(close); ++count) {
      if (count != 0) take(",");
      value(out);
      if (close == "}") {
        take(":");
        value(out);
      }
    }
    const Bytes bytes = out.finish();
    return {bytes.begin(), bytes.end()};
  }
  void list(msgpack::Writer& out, std::uint8_t flags) {
    std::uint32_t count = 0;
    const Buffer inner = elements("]", count);
    out.list(count, flags);
    out.encoded(inner);
  }
  void map(msgpack::Writer& out, std::uint8_t flags) {
    std::uint32_t count = 0;
    const Buffer inner = elements("}", count);
    out.map(count, flags);
    out.encoded(inner);
  }
  void value(msgpack::Writer& out) {
    if (take("nil")) return out.nil();
    if (take("true")) return out.boolean(true);
    if (take("false")) return out.boolean(false);
    if (take("INF")) return out.encoded(from_hex("D4FF01"));
    if (take("*")) return out.encoded(from_hex("D4FF00"));
    if (take("b'")) return out.raw(ParticleType::Blob, as_bytes(quoted()));
    if (take("g'")) return out.raw(ParticleType::GeoJson, as_bytes(quoted()));
    if (take("r'")) return out.plain_raw(as_bytes(quoted()));
    if (take("'")) return out.raw(ParticleType::String, as_bytes(quoted()));
    if (take("o[")) return list(out, msgpack::kOrdered);
    if (take("[")) return list(out, 0);
    if (take("k{")) return map(out, msgpack::kOrdered);
    if (take("v{")) return map(out, msgpack::kOrdered | msgpack::kValueOrdered);
    if (take("e{")) return map(out, msgpack::kPreserveOrder);
    if (take("{")) return map(out, 0);
    number(out);
  }

  std::string_view text_;
};

}  // namespace flotilla::model
