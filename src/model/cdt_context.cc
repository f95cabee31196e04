#include <algorithm>
#include <optional>

#include "cdt_operation.h"
#include "map_select.h"

// A context leads from the bin, entry by entry, to the collection that an operation works on. The
// changed collection is then put back level by level, as pieces of the old bytes, so that all is
// copied once, at the end.
namespace flotilla::model {
namespace {

using msgpack::Container;
using msgpack::Cursor;
using msgpack::Kind;

/// One entry: how an element is chosen, in what kind of collection, and what to do when it is not
/// there.
struct Entry {
  static constexpr std::uint64_t kChoiceMask = 0x0F;
  static constexpr std::uint64_t kKindMask = 0x30;
  static constexpr std::uint64_t kCreateMask = 0xC0;
  static constexpr std::uint64_t kPersist = 0x100;
  enum Choice : std::uint8_t { ByIndex, ByRank, ByKey, ByValue };
  enum Create : std::uint8_t { Never, Unordered, PaddedOrKeyOrdered, FullyOrdered };

  Choice choice = ByIndex;
  Kind kind = Kind::Broken;  // Broken: whatever is there.
  Create create = Never;
  bool persists = false;
  Bytes value;  // An index or rank, a key, or a value; normalised.

  bool may_be_created() const {
    return (kind == Kind::List && choice == ByIndex) || (kind == Kind::Map && choice == ByKey);
  }
  /// An integer value; OpNotApplicable: another type.
  Result<std::int64_t> number() const {
    const msgpack::Head head = Cursor(value).peek();
    if (head.kind != Kind::Integer) return fail(Code::OpNotApplicable, "context: not a number");
    return head.integer();
  }
};

/// Parameter: the type is no integer. OpNotApplicable: no type that is known here.
Result<Entry> take_entry(Arena& arena, Cursor& at) {
  const msgpack::Head type = at.next();
  const Bytes value = at.skip();
  if (!at.ok() || type.kind != Kind::Integer) return fail(Code::Parameter, "context: entry");
  const auto normal = msgpack::normalise(arena, value, msgpack::Use::Compared);
  if (!normal) return tl::unexpected(normal.error());
  constexpr std::uint64_t kKnown =
      Entry::kChoiceMask | Entry::kKindMask | Entry::kCreateMask | Entry::kPersist;
  const std::uint64_t choice = type.bits & Entry::kChoiceMask;
  const std::uint64_t kind = type.bits & Entry::kKindMask;
  if ((type.bits & ~kKnown) != 0 || choice > Entry::ByValue || kind == Entry::kKindMask ||
      (kind == 0x10 && choice == Entry::ByKey))
    return fail(Code::OpNotApplicable, "context: entry type");
  return Entry{.choice = static_cast<Entry::Choice>(choice),
               .kind = kind == 0      ? Kind::Broken
                       : kind == 0x10 ? Kind::List
                                      : Kind::Map,
               .create = static_cast<Entry::Create>((type.bits & Entry::kCreateMask) >> 6),
               .persists = (type.bits & Entry::kPersist) != 0,
               .value = *normal};
}

/// A collection on the way and the element that the way leads through: one that is there, or the
/// place of a new one.
struct Level {
  Container box;
  Run place;  // Count 0: a new element, put in here.
};

/// The element that `entry` chooses in `box`; none: it is not there.
Result<std::optional<std::uint32_t>> choose(Arena& arena, const Container& box,
                                            const Entry& entry) {
  using Found = std::optional<std::uint32_t>;
  Elements elements(arena, box);
  if (entry.choice == Entry::ByKey) {
    if (box.kind != Kind::Map) return fail(Code::OpNotApplicable, "context: key of a list");
    if (!msgpack::is_storable(entry.value))
      return fail(Code::OpNotApplicable, "context: wildcard as a key");
    const Run found = map::find_key(elements, entry.value);
    return found.count == 0 ? Found{} : Found{found.start};
  }
  if (entry.choice == Entry::ByValue) {
    const bool by_rank = (box.flags & msgpack::kPersistIndex) != 0;
    const auto order = by_rank ? order_by_value(arena, elements) : std::span<const std::uint32_t>{};
    for (std::uint32_t i = 0; i < box.count; ++i) {
      const std::uint32_t at = by_rank ? order[i] : i;
      if (msgpack::compare(elements.value(at), entry.value) == 0) return Found{at};
    }
    return Found{};
  }
  const auto number = entry.number();
  if (!number) return tl::unexpected(number.error());
  const auto place = resolve_index(*number, box.count);
  if (!place) return Found{};
  if (entry.choice == Entry::ByIndex ||
      (box.kind == Kind::List && (box.flags & msgpack::kOrdered) != 0))
    return Found{*place};
  return Found{order_by_value(arena, elements)[*place]};
}

/// Where in `box` an element is created that `entry` did not find.
Result<Run> new_place(Arena& arena, const Container& box, const Entry& entry) {
  if (box.kind == Kind::Map) {
    Elements pairs(arena, box);
    const Kind key = Cursor(entry.value).peek().kind;
    if (key == Kind::List || key == Kind::Map)
      return fail(Code::OpNotApplicable, "context: collection as a key");
    return Run{map::find_key(pairs, entry.value).start, 0};
  }
  const auto number = entry.number();
  if (!number) return tl::unexpected(number.error());
  std::int64_t index = *number;
  if (index < 0) {
    if (index != -1 || box.count != 0)
      return fail(Code::OpNotApplicable, "context: index out of bounds");
    index = 0;
  }
  const bool is_ordered = (box.flags & msgpack::kOrdered) != 0;
  if (is_ordered) return Run{box.count, 0};
  const bool pads = entry.create == Entry::PaddedOrKeyOrdered;
  if (index > INT32_MAX || (index > box.count && !pads))
    return fail(Code::OpNotApplicable, "context: index out of bounds");
  return Run{static_cast<std::uint32_t>(index), 0};
}

/// The empty collection that is created to hold the element of `entry`.
Container new_box(const Entry& entry, bool is_top_level) {
  std::uint8_t flags = 0;
  if (entry.create == Entry::FullyOrdered) flags = msgpack::kOrdered | msgpack::kValueOrdered;
  if (entry.create == Entry::PaddedOrKeyOrdered && entry.kind == Kind::Map)
    flags = msgpack::kOrdered;
  if (entry.persists) flags |= msgpack::kPersistIndex;
  return {.kind = entry.kind,
          .flags = msgpack::stored_flags(entry.kind, flags, is_top_level),
          .count = 0,
          .elements = {}};
}

/// The way through a bin that a context describes.
class Way {
 public:
  Way(Arena& arena, Bytes bin) : arena_(arena), target_(bin) {}

  Result<void> follow(const Container& context, bool is_read);
  /// The collection (or whatever it is) that the way ends at; empty: it has to be created.
  Bytes target() const { return target_; }
  /// How many collections the target stands in.
  int depth() const { return static_cast<int>(levels_.size()); }
  /// The whole bin with `target` put in place of target().
  Result<Bytes> put_back(Bytes target);

 private:
  Result<void> step(const Entry& entry, bool is_read);
  Result<void> step_into_new(const Entry& entry);
  void replace(const Level& level, const Bytes& key, std::vector<Bytes>& front,
               std::vector<Bytes>& back);
  Result<void> replace_sorted(const Level& level, std::vector<Bytes>& front,
                              std::vector<Bytes>& back);

  Arena& arena_;
  Bytes target_;
  bool is_creating_ = false;
  std::vector<Level> levels_;
  std::vector<Bytes> new_keys_;  // For each level; empty unless a pair is created there.
};

Result<void> Way::follow(const Container& context, bool is_read) {
  Cursor at(context.elements);
  for (std::uint32_t i = 0; i < context.count; i += 2) {
    const auto entry = take_entry(arena_, at);
    if (!entry) return tl::unexpected(entry.error());
    const auto done = step(*entry, is_read);
    if (!done) return done;
  }
  return {};
}

Result<void> Way::step(const Entry& entry, bool is_read) {
  if (levels_.size() + 1 >= msgpack::kDepthMax) return fail(Code::Parameter, "context: too long");
  if (target_.empty()) {
    if (levels_.empty() && entry.create == Entry::Never)
      return fail(Code::OpNotApplicable, "context: no bin");
    is_creating_ = true;
  }
  if (is_creating_) return step_into_new(entry);
  const Container box = msgpack::open(target_);
  if (box.kind == Kind::Broken || (entry.kind != Kind::Broken && entry.kind != box.kind))
    return fail(Code::OpNotApplicable, "context: type of the value");
  const auto found = choose(arena_, box, entry);
  if (!found) return tl::unexpected(found.error());
  if (found->has_value()) {
    Elements elements(arena_, box);
    levels_.push_back({box, {**found, 1}});
    new_keys_.push_back({});
    target_ = elements.value(**found);
    return {};
  }
  if (is_read || entry.create == Entry::Never || !entry.may_be_created() ||
      (entry.persists && !levels_.empty()))
    return fail(Code::OpNotApplicable, "context: element not found");
  const auto place = new_place(arena_, box, entry);
  if (!place) return tl::unexpected(place.error());
  levels_.push_back({box, *place});
  new_keys_.push_back(box.kind == Kind::Map ? entry.value : Bytes{});
  target_ = {};
  is_creating_ = true;
  return {};
}

Result<void> Way::step_into_new(const Entry& entry) {
  if (!entry.may_be_created() || (entry.persists && !levels_.empty()) ||
      (entry.kind == Kind::Map && !msgpack::is_storable(entry.value)))
    return fail(Code::OpNotApplicable, "context: cannot be created");
  const Container box = new_box(entry, levels_.empty());
  const auto place = new_place(arena_, box, entry);
  if (!place) return tl::unexpected(place.error());
  levels_.push_back({box, *place});
  new_keys_.push_back(box.kind == Kind::Map ? entry.value : Bytes{});
  return {};
}

/// Puts the bytes of `level`'s collection around what stands between `front` (kept backwards) and
/// `back`.
void Way::replace(const Level& level, const Bytes& key, std::vector<Bytes>& front,
                  std::vector<Bytes>& back) {
  const Container& box = level.box;
  Elements elements(arena_, box);
  const bool is_new = level.place.count == 0;
  const std::uint32_t at = std::min(level.place.start, box.count);
  const std::uint32_t padding = level.place.start - at;
  if (box.kind == Kind::Map) front.push_back(is_new ? key : elements.key(at));
  if (padding != 0) {
    const MutableBytes nils = arena_.allocate(padding);
    std::ranges::fill(nils, std::byte{0xC0});
    front.push_back(nils);
  }
  front.push_back(elements.run({0, at}));
  msgpack::Writer header(arena_, 16);
  const std::uint32_t count = box.count + padding + (is_new ? 1 : 0);
  if (box.kind == Kind::Map) {
    header.map(count, box.flags);
  } else {
    header.list(count, box.flags);
  }
  front.push_back(header.finish());
  const std::uint32_t after = at + level.place.count;
  back.push_back(elements.run({after, box.count - after}));
}

/// The same in an ordered list, where the changed element may have to move.
Result<void> Way::replace_sorted(const Level& level, std::vector<Bytes>& front,
                                 std::vector<Bytes>& back) {
  std::vector<Bytes> pieces(front.rbegin(), front.rend());
  pieces.insert(pieces.end(), back.begin(), back.end());
  std::size_t size = 0;
  for (const Bytes piece : pieces) size += piece.size();
  if (const auto fits = check_size(size); !fits) return fits;
  msgpack::Writer whole(arena_, size);
  for (const Bytes piece : pieces) whole.encoded(piece);
  const Bytes element = whole.finish();

  Elements elements(arena_, level.box);
  const std::uint32_t old = level.place.start;
  const std::uint32_t after_old = old + level.place.count;
  const std::uint32_t end = level.box.count;
  const Run equals = equal_range(elements, {}, element);
  const std::uint32_t to = std::clamp(old, equals.start, equals.end());
  msgpack::Writer header(arena_, 16);
  header.list(end + 1 - level.place.count, level.box.flags);
  front = {element};
  back.clear();
  if (to > old) {
    front.push_back(elements.run({after_old, std::max(to, after_old) - after_old}));
    front.push_back(elements.run({0, old}));
    const std::uint32_t rest = std::max(to, after_old);
    back.push_back(elements.run({rest, end - rest}));
  } else {
    front.push_back(elements.run({0, to}));
    back.push_back(elements.run({to, old - to}));
    back.push_back(elements.run({after_old, end - after_old}));
  }
  front.push_back(header.finish());
  return {};
}

Result<Bytes> Way::put_back(Bytes target) {
  std::vector<Bytes> front{target};
  std::vector<Bytes> back;
  std::size_t padding = 0;
  for (std::size_t i = levels_.size(); i-- != 0;) {
    const Level& level = levels_[i];
    if (level.place.start > level.box.count) padding += level.place.start - level.box.count;
    if (const auto fits = check_padding(padding); !fits) return tl::unexpected(fits.error());
    if (level.box.kind == Kind::List && (level.box.flags & msgpack::kOrdered) != 0) {
      const auto done = replace_sorted(level, front, back);
      if (!done) return tl::unexpected(done.error());
    } else {
      replace(level, new_keys_[i], front, back);
    }
  }
  std::ranges::reverse(front);
  front.insert(front.end(), back.begin(), back.end());
  std::size_t size = 0;
  for (const Bytes piece : front) size += piece.size();
  if (const auto fits = check_size(size); !fits) return tl::unexpected(fits.error());
  msgpack::Writer out(arena_, size);
  for (const Bytes piece : front) out.encoded(piece);
  return out.finish();
}

}  // namespace

Result<Outcome> run_in_context(Arena& arena, const Particle& bin, const Envelope& envelope,
                               bool is_read) {
  Way way(arena, bin.bytes);
  const auto followed = way.follow(envelope.context, is_read);
  if (!followed) return tl::unexpected(followed.error());
  auto outcome = run_operation(arena, way.target(), way.depth(), envelope, is_read);
  if (!outcome || !outcome->changed) return outcome;
  const auto whole = way.put_back(outcome->bin.bytes);
  if (!whole) return tl::unexpected(whole.error());
  const bool is_map = msgpack::Cursor(*whole).peek().kind == Kind::Map;
  outcome->bin = {is_map ? ParticleType::Map : ParticleType::List, *whole};
  return outcome;
}

}  // namespace flotilla::model
