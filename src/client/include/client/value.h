#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "wire/ids.h"

namespace flotilla::client {

class Value;

/// No value: an absent result, or in a write "remove this bin".
struct Nil {
  friend bool operator==(const Nil&, const Nil&) = default;
};

/// Opaque bytes. `type` keeps the language blobs (7 to 12), vectors, and HyperLogLog sketches apart
/// from plain blobs; all of them travel unchanged.
struct Blob {
  Buffer bytes = {};
  wire::ParticleType type = wire::ParticleType::Blob;

  friend bool operator==(const Blob&, const Blob&) = default;
};

/// GeoJSON text. The covering cells that a server adds are dropped when a value is read.
struct GeoJson {
  std::string text;

  friend bool operator==(const GeoJson&, const GeoJson&) = default;
};

/// Stands for other values in arguments of list and map operations; never stored.
enum class Marker : std::uint8_t {
  Wildcard = 0,  // Equal to anything; ends the comparison of what it stands in.
  Infinity = 1,  // Greater than anything.
};

struct List {
  std::vector<Value> items;
  bool is_ordered = false;

  friend bool operator==(const List&, const List&);
};

enum class MapOrder : std::uint8_t { Unordered = 0, KeyOrdered = 1, KeyValueOrdered = 3 };

/// Pairs in the order in which they came or go. Equality compares that order too.
struct Map {
  std::vector<std::pair<Value, Value>> entries;
  MapOrder order = MapOrder::Unordered;

  friend bool operator==(const Map&, const Map&);
};

/// One value of a bin, of a key, or inside a list or map. A plain value type: it owns all it holds.
class Value {
 public:
  using Variant =
      std::variant<Nil, bool, std::int64_t, double, std::string, Blob, GeoJson, List, Map, Marker>;

  Value() = default;
  // NOLINTBEGIN(google-explicit-constructor): a literal is a value, so that calls read `bin("a",
  // 7)`.
  Value(Nil) {}
  Value(bool value) : variant_(value) {}
  Value(std::int64_t value) : variant_(value) {}
  Value(int value) : variant_(std::int64_t{value}) {}
  Value(double value) : variant_(value) {}
  Value(std::string value) : variant_(std::move(value)) {}
  Value(std::string_view value) : variant_(std::string(value)) {}
  Value(const char* value) : variant_(std::string(value)) {}
  Value(Blob value) : variant_(std::move(value)) {}
  Value(GeoJson value) : variant_(std::move(value)) {}
  Value(Marker value) : variant_(value) {}
  Value(List value);
  Value(Map value);
  // NOLINTEND(google-explicit-constructor)

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(variant_);
  }
  bool is_nil() const { return is<Nil>(); }
  /// Null when the value is of another type.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&variant_);
  }
  template <class T>
  T* get_if() {
    return std::get_if<T>(&variant_);
  }
  const Variant& variant() const { return variant_; }

  friend bool operator==(const Value&, const Value&) = default;

 private:
  Variant variant_;
};

}  // namespace flotilla::client
