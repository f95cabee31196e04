#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "wire/ids.h"

namespace flotilla::store {

/// A bin within a record's body: a view.
struct BinView {
  std::string_view name;
  wire::ParticleType type = wire::ParticleType::Null;
  Bytes value;
};

/// The user key within a record's body: type byte and bytes as the client sent them. A view.
struct KeyView {
  wire::ParticleType type = wire::ParticleType::Null;
  Bytes value;

  bool present() const { return type != wire::ParticleType::Null; }
  friend bool operator==(const KeyView& a, const KeyView& b) {
    return a.type == b.type && equal(a.value, b.value);
  }
};

/// The body of a record, the same in memory, on disk, and between nodes (docs/formats/record.md):
///
///   [key: type u8 | size varint | bytes]  when the record has a key
///   bins: name size u8 | type u8 | value size varint | name | value      until the end
class BodyReader {
 public:
  /// `body` was written by write_body or passed body_is_valid.
  BodyReader(Bytes body, bool has_key) : at_(body.data()), end_(body.data() + body.size()) {
    if (!has_key) return;
    const Front front = front_of(at_);
    key_ = front.key;
    at_ = front.end;
  }

  KeyView key() const { return key_; }
  /// False: no more bins.
  bool next(BinView& bin);

 private:
  struct Front {
    KeyView key;
    const std::byte* end;
  };
  static Front front_of(const std::byte* body);

  const std::byte* at_;
  const std::byte* end_;
  KeyView key_;
};

std::size_t body_size(const KeyView& key, std::span<const BinView> bins);
/// Writes body_size() bytes.
void write_body(std::byte* to, const KeyView& key, std::span<const BinView> bins);

/// For bytes from outside of memory: whether every part lies inside the body.
bool body_is_valid(Bytes body, bool has_key);

}  // namespace flotilla::store
