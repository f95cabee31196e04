#pragma once

#include <compare>
#include <cstdint>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "model/particle.h"

/// The msgpack dialect of lists, maps, operations and expressions (docs/formats/values.md): raw
/// bytes carry a type byte in front, a list or map may begin with a flags element. Everything here
/// works on the encoded bytes.
namespace flotilla::model::msgpack {

/// Containers inside containers that a value may have. Deeper ones are refused where they come in,
/// so that whatever walks a stored value may recurse.
inline constexpr int kDepthMax = 256;

/// Flags element of a list or map; the names of the wire protocol.
inline constexpr std::uint8_t kOrdered = 0x01;        // List: by value. Map: by key.
inline constexpr std::uint8_t kValueOrdered = 0x02;   // Map only.
inline constexpr std::uint8_t kPreserveOrder = 0x08;  // Map only, in results.
inline constexpr std::uint8_t kPersistIndex = 0x10;   // Bins only; never on the wire.
inline constexpr std::uint8_t kHasSignposts = 0x20;   // Bins only; signposts.h.
/// A flags element without flags. It keeps a foreign extension that is a list's first element from
/// being taken for the flags; written as 0.
inline constexpr std::uint8_t kNoFlags = 0x80;

/// What an element is. The order of the enumerators is the order of values of different kinds.
/// Wildcard and Infinity occur in arguments only.
enum class Kind : std::uint8_t {
  Nil,
  False,
  True,
  Integer,
  String,
  List,
  Map,
  Blob,
  Float,
  GeoJson,
  Ext,
  Infinity,
  Wildcard,
  Broken,
};

/// One element without its children: all of a scalar, the head of a list or map.
struct Head {
  Kind kind = Kind::Broken;
  bool is_negative = false;   // Integer.
  std::uint8_t ext_type = 0;  // Ext.
  std::uint32_t count = 0;  // List: elements that follow; Map: pairs. The flags element is counted.
  std::uint64_t bits = 0;   // Integer: two's complement. Float: the bits of a double.
  Bytes raw;                // String, Blob, GeoJson: type byte and content. Ext: body.

  std::int64_t integer() const { return static_cast<std::int64_t>(bits); }
  double real() const;
  /// String, Blob, GeoJson without the type byte.
  Bytes content() const { return raw.empty() ? raw : raw.subspan(1); }
  bool is_raw() const {
    return kind == Kind::String || kind == Kind::Blob || kind == Kind::GeoJson;
  }
};

/// Reads elements one after another. Bytes that end early or do not parse latch ok() to false;
/// heads are Broken and spans empty from then on. Constant memory, whatever the nesting.
class Cursor {
 public:
  explicit Cursor(Bytes in) : rest_(in) {}

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }

  /// The next element's head, not consumed. Broken at the end.
  Head peek() const;
  Head next();
  /// The whole next element with all its children.
  Bytes skip();
  void skip(std::uint64_t elements);

 private:
  void break_off() {
    ok_ = false;
    rest_ = {};
  }

  Bytes rest_;
  bool ok_ = true;
};

/// A list or map opened: where its elements begin, past header and flags element.
struct Container {
  Kind kind = Kind::Broken;  // List or Map; Broken for anything else.
  std::uint8_t flags = 0;
  std::uint32_t count = 0;  // Elements or pairs, without the flags element.
  Bytes elements;           // The bytes of all elements; trailing bytes are not looked for.
  Bytes signposts = {};     // Of a bin's value only: where some elements begin (signposts.h).
};
Container open(Bytes value);

/// Total order of encoded values. Both must be well formed, not necessarily shortest. A wildcard on
/// either side is equal to anything and ends the whole comparison.
std::weak_ordering compare(Bytes a, Bytes b);

/// compare() with one value again and again: what that is, is found out once.
class Order {
 public:
  /// `value` must outlive this.
  explicit Order(Bytes value);
  /// compare(other, value).
  std::weak_ordering of(Bytes other) const;

 private:
  Bytes value_;
  bool is_number_ = false;
  bool is_negative_ = false;
  std::uint64_t bits_ = 0;
};

/// No wildcard and no infinity anywhere in a well-formed value.
bool is_storable(Bytes value);
/// A number that is never greater for the lesser of two values; equal ones still have to be
/// compared. Lets a sort look at the bytes of few elements. For stored values: a wildcard is equal
/// to nothing here.
std::uint64_t order_prefix(Bytes value);
/// Integers, strings and plain blobs may be keys of a map.
bool may_be_key(const Head& head);
/// Those of a list's or map's flags that are kept in a stored value. PERSIST_INDEX has no effect
/// but on a bin that is a value-ordered map, and is forgotten elsewhere.
std::uint8_t stored_flags(Kind kind, std::uint8_t flags, bool is_top_level);

/// What a normalised value is for: Stored refuses wildcard and infinity anywhere, Compared lets
/// them pass.
enum class Use : std::uint8_t { Stored, StoredTopLevel, Compared };
/// One whole value in its stored form: shortest encodings, maps in key order, only meaningful flags
/// (PERSIST_INDEX only in the outermost container of a StoredTopLevel value). `outer`: how many
/// collections it is going to stand in.
/// Parameter: does not parse, trailing bytes, too deep, or breaks a rule of lists and maps.
Result<Bytes> normalise(Arena& arena, Bytes value, Use use, int outer = 0);

/// Writes shortest encodings into an arena and grows as needed.
class Writer {
 public:
  /// `size_hint`: bytes reserved at first.
  explicit Writer(Arena& arena, std::size_t size_hint = 64);

  void nil();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void real(double value);
  /// Raw bytes with a type byte in front: ParticleType::String, Blob, GeoJson, ...
  void raw(ParticleType type, Bytes content);
  /// Header of raw bytes as they are, no type byte: names in expressions.
  void plain_raw(Bytes content);
  /// Header of a list of `count` elements, with its flags element if `flags` is not zero. The
  /// elements are to follow.
  void list(std::uint32_t count, std::uint8_t flags = 0);
  /// Header of a map of `count` pairs.
  void map(std::uint32_t count, std::uint8_t flags = 0);
  /// Header of either. With signposts its flags element is there whatever the flags.
  void container(Kind kind, std::uint32_t count, std::uint8_t flags, Bytes signposts = {});
  /// Bytes encoded already: elements, or a run of them.
  void encoded(Bytes elements);
  /// A bin's value as one element. Null becomes nil; GeoJSON loses its cells.
  void particle(const Particle& value);

  std::size_t size() const { return size_; }
  Bytes written() const { return space_.first(size_); }
  /// Replaces bytes written before.
  void overwrite(std::size_t at, Bytes with);
  /// What was written; the writer must not be used any more.
  Bytes finish();

 private:
  std::byte* grow(std::size_t more);
  template <std::unsigned_integral T>
  void tagged(std::uint8_t tag, T value);
  void raw_header(std::size_t size);
  void container_header(std::uint32_t count, std::uint8_t small, std::uint8_t tag16);

  Arena& arena_;
  MutableBytes space_;
  std::size_t size_ = 0;
};

/// An element as a value on its own: integers 8 bytes wide, raw bytes typed by their type byte,
/// GeoJSON without cells, nil as Null. `element` must be well formed; lists and maps borrow it.
Particle to_particle(Arena& arena, Bytes element);

/// Size of the header of a list or map of `count` elements or pairs, flags element included.
std::size_t header_size(Kind kind, std::uint32_t count, std::uint8_t flags);

}  // namespace flotilla::model::msgpack
