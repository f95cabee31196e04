#include "model/msgpack.h"

#include <array>
#include <bit>

#include "base/check.h"

namespace flotilla::model::msgpack {
namespace {

constexpr std::uint8_t kNonStorageType = 0xFF;
constexpr std::size_t kNonStorageSizeMax = 3;

/// Shape of an encoding, by its first byte. The element's own bytes are `fixed`, plus as many as a
/// big-endian number of `width` bytes right behind the first byte says when `sized`. `small` is the
/// count of a small container.
struct Shape {
  std::uint8_t fixed = 0;  // 0: not an encoding.
  std::uint8_t width = 0;
  bool is_sized = false;
  std::uint8_t children = 0;  // 0: scalar, 1: list, 2: map.
  std::uint8_t small = 0;
};

constexpr std::array<Shape, 256> make_shapes() {
  std::array<Shape, 256> s{};
  for (std::size_t i = 0; i < 256; ++i) {
    const auto low = [&](unsigned mask) { return static_cast<std::uint8_t>(i & mask); };
    if (i <= 0x7F || i >= 0xE0) s[i] = {.fixed = 1};
    if (i >= 0x80 && i <= 0x8F) s[i] = {.fixed = 1, .children = 2, .small = low(15)};
    if (i >= 0x90 && i <= 0x9F) s[i] = {.fixed = 1, .children = 1, .small = low(15)};
    if (i >= 0xA0 && i <= 0xBF) s[i] = {.fixed = static_cast<std::uint8_t>(1 + low(31))};
  }
  s[0xC0] = s[0xC2] = s[0xC3] = {.fixed = 1};
  for (std::uint8_t i = 0; i < 3; ++i) {
    const auto width = static_cast<std::uint8_t>(1 << i);
    const auto fixed = static_cast<std::uint8_t>(1 + width);
    s[0xC4U + i] = s[0xD9U + i] = {.fixed = fixed, .width = width, .is_sized = true};
    s[0xC7U + i] = {
        .fixed = static_cast<std::uint8_t>(fixed + 1), .width = width, .is_sized = true};
  }
  s[0xCA] = {.fixed = 5};
  s[0xCB] = {.fixed = 9};
  for (std::uint8_t i = 0; i < 4; ++i)
    s[0xCCU + i] = s[0xD0U + i] = {.fixed = static_cast<std::uint8_t>(1 + (1 << i))};
  for (std::uint8_t i = 0; i < 5; ++i)
    s[0xD4U + i] = {.fixed = static_cast<std::uint8_t>(2 + (1 << i))};
  s[0xDC] = {.fixed = 3, .width = 2, .children = 1};
  s[0xDD] = {.fixed = 5, .width = 4, .children = 1};
  s[0xDE] = {.fixed = 3, .width = 2, .children = 2};
  s[0xDF] = {.fixed = 5, .width = 4, .children = 2};
  return s;
}
constexpr std::array<Shape, 256> kShapes = make_shapes();

/// Sizes of the scalars whose first byte alone says it; 0 for all else.
constexpr std::array<std::uint8_t, 256> make_scalar_sizes() {
  std::array<std::uint8_t, 256> sizes{};
  for (std::size_t i = 0; i < 256; ++i)
    if (kShapes[i].width == 0 && kShapes[i].children == 0) sizes[i] = kShapes[i].fixed;
  return sizes;
}
constexpr std::array<std::uint8_t, 256> kScalarSizes = make_scalar_sizes();

std::uint64_t load_width(const std::byte* at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<std::uint64_t>(at[i]);
  return value;
}

std::uint8_t first_byte(Bytes in) { return static_cast<std::uint8_t>(in[0]); }

/// Bytes of the element at the front of `in` without children, and the number of its children; 0:
/// broken.
struct Extent {
  std::size_t size = 0;
  std::uint64_t children = 0;
};
Extent extent_of(Bytes in) {
  const Shape shape = kShapes[first_byte(in)];
  if (shape.fixed == 0 || shape.fixed > in.size()) return {};
  if (shape.width == 0) return {shape.fixed, std::uint64_t{shape.small} * shape.children};
  const std::uint64_t number = load_width(in.data() + 1, shape.width);
  if (!shape.is_sized) return {shape.fixed, number * shape.children};
  if (number > in.size() - shape.fixed) return {};
  return {shape.fixed + static_cast<std::size_t>(number), 0};
}

void set_integer(Head& head, Bytes whole) {
  const std::uint8_t tag = first_byte(whole);
  head.kind = Kind::Integer;
  if (tag <= 0x7F) {
    head.bits = tag;
  } else if (tag >= 0xE0) {
    head.bits = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(tag)});
    head.is_negative = true;
  } else {
    const std::size_t width = std::size_t{1} << (tag & 3U);  // CC to CF, D0 to D3.
    head.bits = load_width(whole.data() + 1, width);
    if (tag < 0xD0) return;
    // NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): the width is 1 to 8.
    const std::uint64_t sign = std::uint64_t{1} << (8 * width - 1);
    head.is_negative = (head.bits & sign) != 0;
    head.bits = (head.bits ^ sign) - sign;
  }
}

void set_raw(Head& head, Bytes raw) {
  head.raw = raw;
  const unsigned type = raw.empty() ? 0U : static_cast<unsigned>(raw[0]);
  head.kind = type == unsigned(ParticleType::String)    ? Kind::String
              : type == unsigned(ParticleType::GeoJson) ? Kind::GeoJson
                                                        : Kind::Blob;
}

void set_ext(Head& head, std::uint8_t type, Bytes body) {
  head.kind = Kind::Ext;
  head.ext_type = type;
  head.raw = body;
  if (type != kNonStorageType || body.empty() || body.size() > kNonStorageSizeMax) return;
  // The body is a number; those without a meaning cannot be stored and compare like an infinity.
  head.kind = load_width(body.data(), body.size()) == 0 ? Kind::Wildcard : Kind::Infinity;
}

Head head_of(Bytes whole, std::uint64_t children) {
  Head head;
  const std::uint8_t tag = first_byte(whole);
  const Shape shape = kShapes[tag];
  if (shape.children != 0) {
    head.kind = shape.children == 1 ? Kind::List : Kind::Map;
    head.count = static_cast<std::uint32_t>(children / shape.children);
  } else if (tag <= 0x7F || tag >= 0xE0 || (tag >= 0xCC && tag <= 0xD3)) {
    set_integer(head, whole);
  } else if (tag <= 0xBF) {
    set_raw(head, whole.subspan(1));
  } else if (tag == 0xCA || tag == 0xCB) {
    head.kind = Kind::Float;
    const std::uint64_t bits = load_width(whole.data() + 1, whole.size() - 1);
    head.bits = tag == 0xCB ? bits
                            : std::bit_cast<std::uint64_t>(static_cast<double>(
                                  std::bit_cast<float>(static_cast<std::uint32_t>(bits))));
  } else if (tag >= 0xC7 && tag <= 0xC9) {
    const Bytes body = whole.subspan(1U + shape.width);
    set_ext(head, first_byte(body), body.subspan(1));
  } else if (tag >= 0xD4 && tag <= 0xD8) {
    set_ext(head, first_byte(whole.subspan(1)), whole.subspan(2));
  } else if (tag >= 0xC4) {
    set_raw(head, whole.subspan(1U + shape.width));
  } else {
    head.kind = tag == 0xC0 ? Kind::Nil : tag == 0xC2 ? Kind::False : Kind::True;
  }
  return head;
}

/// Raw bytes may claim any type; those whose particles have a form of their own stay plain bytes.
ParticleType blob_type(Bytes raw) {
  if (raw.empty()) return ParticleType::Blob;
  const auto type = static_cast<ParticleType>(raw[0]);
  const bool is_blob = (type >= ParticleType::JavaBlob && type <= ParticleType::ErlangBlob) ||
                       type == ParticleType::Vector || type == ParticleType::Hll;
  return is_blob ? type : ParticleType::Blob;
}

bool is_flags(const Head& head) { return head.kind == Kind::Ext; }

}  // namespace

double Head::real() const { return std::bit_cast<double>(bits); }

Head Cursor::peek() const {
  if (rest_.empty()) return {};
  const Extent extent = extent_of(rest_);
  return extent.size == 0 ? Head{} : head_of(rest_.first(extent.size), extent.children);
}

Head Cursor::next() {
  const Extent extent = rest_.empty() ? Extent{} : extent_of(rest_);
  if (extent.size == 0) {
    break_off();
    return {};
  }
  const Head head = head_of(rest_.first(extent.size), extent.children);
  rest_ = rest_.subspan(extent.size);
  return head;
}

Bytes Cursor::skip() {
  const Bytes from = rest_;
  const std::size_t size = from.empty() ? 0 : kScalarSizes[first_byte(from)];
  if (size != 0 && size <= from.size()) {  // Most elements: one look at the first byte.
    rest_ = from.subspan(size);
    return from.first(size);
  }
  skip(1);
  return ok_ ? from.first(from.size() - rest_.size()) : Bytes{};
}

void Cursor::skip(std::uint64_t elements) {
  const std::byte* at = rest_.data();
  const std::byte* const end = at + rest_.size();
  while (elements != 0) {
    if (at == end) return break_off();
    const std::uint8_t size = kScalarSizes[static_cast<std::uint8_t>(*at)];
    if (size != 0) {  // Most elements: one look at the first byte.
      if (size > end - at) return break_off();
      at += size;
      --elements;
      continue;
    }
    const auto left = static_cast<std::size_t>(end - at);
    const Extent extent = extent_of({at, left});
    if (extent.size == 0) return break_off();
    at += extent.size;
    elements += extent.children - 1;
    // Each element takes a byte at least: a lying count ends here, not after a walk.
    if (elements > static_cast<std::size_t>(end - at)) return break_off();
  }
  rest_ = {at, end};
}

Container open(Bytes value) {
  Cursor at(value);
  const Head head = at.next();
  if (head.kind != Kind::List && head.kind != Kind::Map) return {};
  Container out{.kind = head.kind, .flags = 0, .count = head.count, .elements = {}};
  const Head first = head.count == 0 ? Head{} : at.peek();
  if (is_flags(first)) {
    if ((first.ext_type & kHasSignposts) != 0) out.signposts = first.raw;
    const auto flags = static_cast<std::uint8_t>(first.ext_type & ~kHasSignposts);
    out.flags = first.ext_type == 0 ? kNoFlags : flags;
    --out.count;
    at.skip(head.kind == Kind::Map ? 2 : 1);
  }
  out.elements = at.rest();
  return at.ok() ? out : Container{};
}

Particle to_particle(Arena& arena, Bytes element) {
  const Head head = Cursor(element).next();
  const auto wide = [&] {
    const MutableBytes out = arena.allocate(8);
    store_be<std::uint64_t>(out.data(), head.bits);
    return Bytes(out);
  };
  switch (head.kind) {
    case Kind::Nil:
      return {};
    case Kind::False:
    case Kind::True: {
      const MutableBytes out = arena.allocate(1);
      out[0] = head.kind == Kind::True ? std::byte{1} : std::byte{0};
      return {ParticleType::Bool, out};
    }
    case Kind::Integer:
      return {ParticleType::Integer, wide()};
    case Kind::Float:
      return {ParticleType::Float, wide()};
    case Kind::List:
      return {ParticleType::List, element};
    case Kind::Map:
      return {ParticleType::Map, element};
    case Kind::GeoJson: {
      const MutableBytes out = arena.allocate(3 + head.content().size());
      std::memset(out.data(), 0, 3);
      if (!head.content().empty())
        std::memcpy(out.data() + 3, head.content().data(), head.content().size());
      return {ParticleType::GeoJson, out};
    }
    case Kind::String:
      return {ParticleType::String, head.content()};
    case Kind::Blob:
      return {blob_type(head.raw), head.content()};
    default:
      return {ParticleType::Blob, element};
  }
}

std::size_t header_size(Kind kind, std::uint32_t count, std::uint8_t flags) {
  const std::size_t flags_size = flags == 0 ? 0 : kind == Kind::Map ? 4 : 3;
  const std::uint32_t counted = flags == 0 ? count : count + 1;
  return flags_size + (counted < 16 ? 1U : counted <= 0xFFFF ? 3U : 5U);
}

}  // namespace flotilla::model::msgpack
