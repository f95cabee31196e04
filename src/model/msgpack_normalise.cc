#include <algorithm>
#include <vector>

#include "model/msgpack.h"

namespace flotilla::model::msgpack {
namespace {

/// Copies one value element by element, each in its shortest form: the output is never longer than
/// the input.
class Normaliser {
 public:
  Normaliser(Arena& arena, Bytes value, Use use, int outer)
      : in_(value), out_(arena, value.size()), use_(use), outer_(outer) {}

  Result<Bytes> run() {
    if (!element(outer_)) return fail(Code::Parameter, why_);
    if (!in_.ok()) return fail(Code::Parameter, "msgpack: does not parse");
    if (!in_.done()) return fail(Code::Parameter, "msgpack: trailing bytes");
    return out_.finish();
  }

 private:
  bool refuse(std::string_view why) {
    why_ = why;
    return false;
  }
  Bytes written_since(std::size_t at) const { return out_.written().subspan(at); }

  bool element(int depth);
  bool list(const Head& head, int depth);
  bool map(const Head& head, int depth);
  /// Consumes the flags element, if there is one, and says which flags to keep.
  std::uint8_t take_flags(Head& head, int depth);
  void sort_pairs(std::size_t from, std::vector<std::uint32_t>& starts);

  Cursor in_;
  Writer out_;
  Use use_;
  int outer_;
  std::string_view why_;
};

bool Normaliser::element(int depth) {
  const Bytes from = in_.rest();
  const Head head = in_.next();
  switch (head.kind) {
    case Kind::Broken:
      return refuse("msgpack: does not parse");
    case Kind::Wildcard:
    case Kind::Infinity:
      if (use_ != Use::Compared) return refuse("msgpack: wildcard or infinity in a stored value");
      break;
    case Kind::Integer:
      if (head.is_negative) {
        out_.integer(head.integer());
      } else {
        out_.unsigned_integer(head.bits);
      }
      return true;
    case Kind::String:
    case Kind::Blob:
    case Kind::GeoJson:
      out_.plain_raw(head.raw);
      return true;
    case Kind::List:
      return list(head, depth);
    case Kind::Map:
      return map(head, depth);
    default:
      break;
  }
  out_.encoded(from.first(from.size() - in_.rest().size()));
  return true;
}

std::uint8_t Normaliser::take_flags(Head& head, int depth) {
  if (head.count == 0) return 0;
  const Head first = in_.peek();
  if (first.kind != Kind::Ext) return 0;
  in_.skip(head.kind == Kind::Map ? 2 : 1);
  --head.count;
  const std::uint8_t flags =
      stored_flags(head.kind, first.ext_type, depth == 0 && use_ == Use::StoredTopLevel);
  const bool hides_another = head.count != 0 && in_.peek().kind == Kind::Ext;
  return flags == 0 && hides_another ? kNoFlags : flags;
}

bool Normaliser::list(const Head& head_in, int depth) {
  if (depth >= kDepthMax) return refuse("msgpack: nested too deep");
  Head head = head_in;
  const std::uint8_t flags = take_flags(head, depth);
  if (head.count > in_.rest().size()) return refuse("msgpack: list shorter than its count");
  out_.list(head.count, flags);
  std::size_t last = out_.size();
  for (std::uint32_t i = 0; i < head.count; ++i) {
    const std::size_t start = out_.size();
    if (!element(depth + 1)) return false;
    if ((flags & kOrdered) != 0 && i != 0 && compare(written_since(last), written_since(start)) > 0)
      return refuse("msgpack: ordered list out of order");
    last = start;
  }
  return true;
}

bool Normaliser::map(const Head& head_in, int depth) {
  if (depth >= kDepthMax) return refuse("msgpack: nested too deep");
  Head head = head_in;
  const std::uint8_t flags = take_flags(head, depth);
  if (head.count > in_.rest().size() / 2) return refuse("msgpack: map shorter than its count");
  out_.map(head.count, flags);
  std::vector<std::uint32_t> starts;
  starts.reserve(head.count);
  const std::size_t from = out_.size();
  bool is_sorted = true;
  for (std::uint32_t i = 0; i < head.count; ++i) {
    const std::size_t start = out_.size();
    if (!may_be_key(in_.peek())) return refuse("msgpack: not a map key");
    if (!element(depth + 1)) return false;
    if (i != 0 && is_sorted)
      is_sorted = compare(written_since(from + starts.back()), written_since(start)) < 0;
    if (!is_sorted && (flags & kOrdered) != 0) return refuse("msgpack: ordered map out of order");
    if (!element(depth + 1)) return false;
    starts.push_back(static_cast<std::uint32_t>(start - from));
  }
  if (is_sorted) return true;
  sort_pairs(from, starts);
  const auto twin = std::ranges::adjacent_find(starts, [&](std::uint32_t a, std::uint32_t b) {
    return compare(written_since(from + a), written_since(from + b)) == 0;
  });
  return twin == starts.end() || refuse("msgpack: duplicate map key");
}

/// Puts the pairs written since `from` in key order; afterwards `starts` holds their new places.
void Normaliser::sort_pairs(std::size_t from, std::vector<std::uint32_t>& starts) {
  std::vector<std::byte> old(written_since(from).begin(), written_since(from).end());
  const auto pair_at = [&](std::uint32_t start) { return Bytes(old).subspan(start); };
  std::ranges::sort(starts, [&](std::uint32_t a, std::uint32_t b) {
    return compare(pair_at(a), pair_at(b)) < 0;
  });
  std::size_t at = from;
  for (std::uint32_t& start : starts) {
    Cursor pair(pair_at(start));
    pair.skip(2);
    const std::size_t size = pair_at(start).size() - pair.rest().size();
    out_.overwrite(at, pair_at(start).first(size));
    start = static_cast<std::uint32_t>(at - from);
    at += size;
  }
}

}  // namespace

bool is_storable(Bytes value) {
  for (Cursor at(value); !at.done();) {
    const Kind kind = at.next().kind;
    if (kind == Kind::Wildcard || kind == Kind::Infinity) return false;
  }
  return true;
}

bool may_be_key(const Head& head) {
  if (head.kind == Kind::Integer || head.kind == Kind::String) return true;
  return head.kind == Kind::Blob && !head.raw.empty() &&
         head.raw[0] == static_cast<std::byte>(ParticleType::Blob);
}

std::uint8_t stored_flags(Kind kind, std::uint8_t flags, bool is_top_level) {
  if (kind == Kind::List) return flags & kOrdered;
  constexpr std::uint8_t kBoth = kOrdered | kValueOrdered;
  const bool persists = is_top_level && (flags & kBoth) == kBoth;
  return flags & (persists ? kBoth | kPersistIndex : kBoth);
}

Result<Bytes> normalise(Arena& arena, Bytes value, Use use, int outer) {
  return Normaliser(arena, value, use, outer).run();
}

}  // namespace flotilla::model::msgpack
