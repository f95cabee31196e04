#include <algorithm>

#include "model/msgpack.h"

namespace flotilla::model::msgpack {
namespace {

std::weak_ordering compare_bytes(Bytes a, Bytes b) {
  const std::size_t common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) return order <=> 0;
  return a.size() <=> b.size();
}

std::weak_ordering compare_scalars(const Head& a, const Head& b) {
  switch (a.kind) {
    case Kind::Integer:
      if (a.is_negative != b.is_negative) return b.is_negative <=> a.is_negative;
      return a.bits <=> b.bits;
    case Kind::Float: {
      const auto order = a.real() <=> b.real();
      if (order < 0) return std::weak_ordering::less;
      return order > 0 ? std::weak_ordering::greater : std::weak_ordering::equivalent;
    }
    case Kind::Ext:
      if (a.ext_type != b.ext_type) return a.ext_type <=> b.ext_type;
      [[fallthrough]];
    case Kind::String:
    case Kind::Blob:
    case Kind::GeoJson:
      return compare_bytes(a.raw, b.raw);
    default:
      return std::weak_ordering::equivalent;
  }
}

/// Steps over the flags element that may begin a container; true when there is one.
bool skip_flags(Cursor& at, const Head& container) {
  if (container.count == 0 || at.peek().kind != Kind::Ext) return false;
  at.skip(container.kind == Kind::Map ? 2 : 1);
  return true;
}

/// Any two values, step by step through both.
std::weak_ordering compare_walking(Bytes a, Bytes b) {
  Cursor left(a);
  Cursor right(b);
  std::weak_ordering tie = std::weak_ordering::equivalent;
  // Elements still to be compared. A list that is longer than its partner decides at the partner's
  // end if nothing did before, so what stands behind it, in whatever outer container, never matters
  // and is dropped from the count.
  std::uint64_t todo = 1;
  for (; todo != 0; --todo) {
    Head x = left.next();
    Head y = right.next();
    if (x.kind == Kind::Wildcard || y.kind == Kind::Wildcard) return std::weak_ordering::equivalent;
    if (x.kind != y.kind) return x.kind <=> y.kind;
    if (x.kind == Kind::Broken) break;
    if (x.kind != Kind::List && x.kind != Kind::Map) {
      const auto order = compare_scalars(x, y);
      if (order != 0) return order;
      continue;
    }
    if (skip_flags(left, x)) --x.count;
    if (skip_flags(right, y)) --y.count;
    const auto longer = x.count <=> y.count;
    if (x.kind == Kind::Map) {
      if (longer != 0) return longer;
      todo += std::uint64_t{2} * x.count;
    } else if (longer == 0) {
      todo += x.count;
    } else {
      tie = longer;
      todo = std::uint64_t{1} + std::min(x.count, y.count);
    }
  }
  return tie;
}

struct Number {
  std::uint64_t bits = 0;
  bool is_negative = false;
};

bool is_small_number(std::uint8_t tag) { return tag <= 0x7F || tag >= 0xE0; }

/// An integer, whole in `in`. False: something else.
bool read_number(Bytes in, Number& out) {
  const auto tag = static_cast<std::uint8_t>(in[0]);
  std::int64_t value = std::int64_t{static_cast<std::int8_t>(tag)};
  if (!is_small_number(tag)) {
    if (tag < 0xCC || tag > 0xD3 || in.size() <= std::size_t{1} << (tag & 3)) return false;
    const std::byte* const at = in.data() + 1;
    switch (tag) {
      case 0xCC:
        value = load_be<std::uint8_t>(at);
        break;
      case 0xCD:
        value = load_be<std::uint16_t>(at);
        break;
      case 0xCE:
        value = load_be<std::uint32_t>(at);
        break;
      case 0xCF:
        out = {load_be<std::uint64_t>(at), false};
        return true;
      case 0xD0:
        value = std::int64_t{static_cast<std::int8_t>(load_be<std::uint8_t>(at))};
        break;
      case 0xD1:
        value = static_cast<std::int16_t>(load_be<std::uint16_t>(at));
        break;
      case 0xD2:
        value = static_cast<std::int32_t>(load_be<std::uint32_t>(at));
        break;
      default:
        value = static_cast<std::int64_t>(load_be<std::uint64_t>(at));
    }
  }
  out = {static_cast<std::uint64_t>(value), value < 0};
  return true;
}

std::weak_ordering compare_numbers(const Number& a, const Number& b) {
  if (a.is_negative != b.is_negative) return b.is_negative <=> a.is_negative;
  return a.bits <=> b.bits;
}

/// Short raw bytes with a type byte, whole in `in`; empty: something else.
Bytes read_short_raw(Bytes in) {
  const auto tag = static_cast<std::uint8_t>(in[0]);
  const std::size_t size = tag & 31U;
  if (tag <= 0xA0 || tag > 0xBF || in.size() <= size) return {};
  return in.subspan(1, size);
}

constexpr int kPrefixBits = 56;  // The kind stands in the bits above.

std::uint64_t number_prefix(const Head& head) {
  constexpr std::int64_t kFar = std::int64_t{1} << (kPrefixBits - 1);
  const bool is_far = !head.is_negative && head.integer() < 0;
  const std::int64_t near = is_far ? kFar - 1 : std::clamp(head.integer(), -kFar, kFar - 1);
  return static_cast<std::uint64_t>(near + kFar);
}

std::uint64_t float_prefix(const Head& head) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  if (head.real() == 0) return kSign >> (64 - kPrefixBits);  // Of both zeros.
  const std::uint64_t ascending = (head.bits & kSign) != 0 ? ~head.bits : head.bits | kSign;
  return ascending >> (64 - kPrefixBits);
}

std::uint64_t raw_prefix(Bytes raw) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < kPrefixBits / 8; ++i)
    prefix = prefix << 8 | (i < raw.size() ? static_cast<std::uint64_t>(raw[i]) : 0U);
  return prefix;
}

}  // namespace

std::uint64_t order_prefix(Bytes value) {
  const Head head = Cursor(value).peek();
  const auto kind = static_cast<std::uint64_t>(head.kind) << kPrefixBits;
  switch (head.kind) {
    case Kind::Integer:
      return kind | number_prefix(head);
    case Kind::Float:
      return kind | float_prefix(head);
    case Kind::String:
    case Kind::Blob:
    case Kind::GeoJson:
      return kind | raw_prefix(head.raw);
    case Kind::Map:
      return kind | open(value).count;
    default:
      return kind;
  }
}

std::weak_ordering compare(Bytes a, Bytes b) {
  if (a.empty() || b.empty()) return std::weak_ordering::equivalent;
  // Most elements are integers or short strings: these need no walk.
  Number x;
  Number y;
  if (read_number(a, x)) return read_number(b, y) ? compare_numbers(x, y) : compare_walking(a, b);
  const Bytes raw_a = read_short_raw(a);
  const Bytes raw_b = read_short_raw(b);
  if (!raw_a.empty() && !raw_b.empty() && raw_a[0] == raw_b[0]) return compare_bytes(raw_a, raw_b);
  return compare_walking(a, b);
}

Order::Order(Bytes value) : value_(value) {
  Number number;
  is_number_ = !value.empty() && read_number(value, number);
  bits_ = number.bits;
  is_negative_ = number.is_negative;
}

std::weak_ordering Order::of(Bytes other) const {
  Number number;
  if (is_number_ && !other.empty() && read_number(other, number))
    return compare_numbers(number, {bits_, is_negative_});
  return compare(other, value_);
}

}  // namespace flotilla::model::msgpack
