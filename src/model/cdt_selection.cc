#include "cdt_selection.h"

#include <algorithm>

namespace flotilla::model {
namespace {

using msgpack::Writer;

constexpr std::uint64_t kInvertedBit = 0x10000;
constexpr std::uint64_t kKindMask = 0xFFFF;
constexpr std::size_t kNumberSizeMax = 5;

/// Calls `tell` with each number of `runs`; counted from the end of `size` numbers, run by run, if
/// `reversed`.
template <class Tell>
void each_number(std::span<const Run> runs, std::uint32_t size, bool reversed, Tell tell) {
  for (const Run& r : runs) {
    const std::uint32_t start = reversed ? size - r.end() : r.start;
    for (std::uint32_t i = 0; i < r.count; ++i) tell(start + i);
  }
}

Result<Particle> answer_numbers(Arena& arena, const Selection& selection, std::span<const Run> runs,
                                std::uint32_t size, bool reversed) {
  if (selection.is_single) {
    std::int64_t number = -1;
    each_number(runs, size, reversed, [&](std::uint32_t n) { number = n; });
    return integer_particle(arena, number);
  }
  const std::uint32_t count = total(runs);
  if (const auto fits = check_size(kNumberSizeMax * (std::size_t{count} + 1)); !fits)
    return tl::unexpected(fits.error());
  Writer out(arena, kNumberSizeMax * (std::size_t{count} + 1));
  out.list(count);
  each_number(runs, size, reversed, [&](std::uint32_t n) { out.unsigned_integer(n); });
  return Particle{ParticleType::List, out.finish()};
}

Result<Particle> answer_range(Arena& arena, const Selection::Range& range, std::uint32_t size,
                              bool reversed) {
  if (!range.applies) return fail(Code::OpNotApplicable, "cdt: range kind does not apply");
  std::int64_t start = range.start;
  if (reversed && (range.count != 0 || range.mirrors_empty)) start = size - start - range.count;
  Writer out(arena);
  out.list(2);
  out.integer(start);
  out.unsigned_integer(range.count);
  return Particle{ParticleType::List, out.finish()};
}

/// Bytes of the picked elements; of their keys or values alone where `part` says.
enum class Part { Whole, Key, Value };
Result<std::vector<Bytes>> pieces_of(Elements& elements, const std::vector<Run>& runs, Part part) {
  const bool forward = std::ranges::is_sorted(runs, {}, &Run::start);
  if (!forward) elements.index();
  std::vector<Bytes> pieces;
  std::size_t size = 0;
  const auto add = [&](Bytes piece) {
    size += piece.size();
    pieces.push_back(piece);
  };
  for (const Run& r : runs) {
    if (part == Part::Whole) {
      add(elements.run(r));
    } else {
      for (std::uint32_t i = r.start; i < r.end(); ++i)
        add(part == Part::Key ? elements.key(i) : elements.value(i));
    }
    if (const auto fits = check_size(size); !fits) return tl::unexpected(fits.error());
  }
  return pieces;
}

Result<Particle> answer_values(Arena& arena, const Selection& selection, Elements& elements,
                               bool keys) {
  const Part part = keys ? Part::Key : elements.is_map() ? Part::Value : Part::Whole;
  const auto& runs = selection.in_order();
  if (selection.is_single) {
    if (runs.empty()) return Particle{};
    const std::uint32_t i = runs.front().start;
    return msgpack::to_particle(arena, keys ? elements.key(i) : elements.value(i));
  }
  const auto pieces = pieces_of(elements, runs, part);
  if (!pieces) return tl::unexpected(pieces.error());
  const auto list = build(arena, msgpack::Kind::List, total(runs), 0, *pieces);
  if (!list) return tl::unexpected(list.error());
  return Particle{ParticleType::List, *list};
}

Result<Particle> answer_pairs(Arena& arena, const Selection& selection, Elements& elements,
                              std::uint8_t flags) {
  const std::vector<Run> runs =
      flags == msgpack::kOrdered ? merged(selection.in_order()) : selection.in_order();
  const auto pieces = pieces_of(elements, runs, Part::Whole);
  if (!pieces) return tl::unexpected(pieces.error());
  const auto map = build(arena, msgpack::Kind::Map, total(runs), flags, *pieces);
  if (!map) return tl::unexpected(map.error());
  return Particle{ParticleType::Map, *map};
}

Particle bool_particle(Arena& arena, bool value) {
  const MutableBytes out = arena.allocate(1);
  out[0] = value ? std::byte{1} : std::byte{0};
  return {ParticleType::Bool, out};
}

}  // namespace

ReturnType ReturnType::parse(std::uint64_t number) {
  return {static_cast<ReturnKind>(number & kKindMask), (number & kInvertedBit) != 0};
}

bool ReturnType::suits(bool is_map) const {
  switch (kind) {
    case ReturnKind::Key:
    case ReturnKind::KeyValue:
    case ReturnKind::UnorderedMap:
    case ReturnKind::OrderedMap:
      return is_map;
    default:
      return kind <= ReturnKind::Exists;
  }
}

bool ReturnType::wants_ranks() const {
  return kind == ReturnKind::Rank || kind == ReturnKind::ReverseRank;
}

bool ReturnType::wants_range() const {
  return kind >= ReturnKind::IndexRange && kind <= ReturnKind::ReverseRankRange;
}

void Selection::pick(std::vector<Run> runs) {
  std::erase_if(runs, [](const Run& r) { return r.count == 0; });
  indexes = std::move(runs);
  count = total(indexes);
  exists = count != 0;
}

Particle integer_particle(Arena& arena, std::int64_t value) {
  const MutableBytes out = arena.allocate(8);
  store_be(out.data(), static_cast<std::uint64_t>(value));
  return {ParticleType::Integer, out};
}

Result<Particle> answer(Arena& arena, ReturnType type, Elements& elements,
                        const Selection& selection) {
  const std::uint32_t size = elements.count();
  switch (type.kind) {
    case ReturnKind::None:
      return Particle{};
    case ReturnKind::Index:
    case ReturnKind::ReverseIndex:
      return answer_numbers(arena, selection, selection.indexes, size,
                            type.kind == ReturnKind::ReverseIndex);
    case ReturnKind::Rank:
    case ReturnKind::ReverseRank:
      return answer_numbers(arena, selection, selection.ranks, size,
                            type.kind == ReturnKind::ReverseRank);
    case ReturnKind::Count:
      return integer_particle(arena, selection.count);
    case ReturnKind::Key:
    case ReturnKind::Value:
      return answer_values(arena, selection, elements, type.kind == ReturnKind::Key);
    case ReturnKind::KeyValue:
      return answer_pairs(arena, selection, elements, msgpack::kPreserveOrder);
    case ReturnKind::UnorderedMap:
      return answer_pairs(arena, selection, elements, 0);
    case ReturnKind::OrderedMap:
      return answer_pairs(arena, selection, elements, msgpack::kOrdered);
    case ReturnKind::IndexRange:
    case ReturnKind::ReverseIndexRange:
      return answer_range(arena, selection.index_range, size,
                          type.kind == ReturnKind::ReverseIndexRange);
    case ReturnKind::RankRange:
    case ReturnKind::ReverseRankRange:
      return answer_range(arena, selection.rank_range, size,
                          type.kind == ReturnKind::ReverseRankRange);
    case ReturnKind::Exists:
      return bool_particle(arena, selection.exists);
  }
  return fail(Code::OpNotApplicable, "cdt: unknown return type");
}

}  // namespace flotilla::model
