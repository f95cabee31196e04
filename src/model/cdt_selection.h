#pragma once

#include "cdt_elements.h"

/// What an operation picked from a collection, and the ways to tell it.
namespace flotilla::model {

enum class ReturnKind : std::uint16_t {
  None = 0,
  Index = 1,
  ReverseIndex = 2,
  Rank = 3,
  ReverseRank = 4,
  Count = 5,
  Key = 6,
  Value = 7,
  KeyValue = 8,
  IndexRange = 9,
  ReverseIndexRange = 10,
  RankRange = 11,
  ReverseRankRange = 12,
  Exists = 13,
  UnorderedMap = 16,
  OrderedMap = 17,
};

struct ReturnType {
  ReturnKind kind = ReturnKind::None;
  bool is_inverted = false;  // Everything but what matches.

  static ReturnType parse(std::uint64_t number);
  /// False: no such kind, or one that only maps have.
  bool suits(bool is_map) const;
  bool wants_ranks() const;
  bool wants_range() const;
};

/// The orders in which INDEX, RANK and VALUE tell what was picked differ, and follow from how a
/// collection is ordered; docs/formats/values.md has the rules. Whoever selects fills in all that
/// its caller's return type asks for.
struct Selection {
  /// What a *_RANGE kind tells; `applies` is false where it makes no sense.
  struct Range {
    std::int64_t start = 0;  // -1: a key that is not there.
    std::uint32_t count = 0;
    bool applies = false;
    bool mirrors_empty = false;  // The reverse kind tells an empty range from the other end.
  };

  bool is_single = false;  // The answer is one thing, not a list of things.
  bool exists = false;
  std::uint32_t count = 0;   // As COUNT tells it.
  std::vector<Run> indexes;  // As INDEX tells them; reverse numbers also ascend within a run.
  std::vector<Run> ranks;    // As RANK tells them.
  std::vector<Run>
      values;  // In the order of KEY and VALUE, if it is another one than that of `indexes`.
  bool has_own_order = false;  // `values` counts.
  Range index_range;
  Range rank_range;

  const std::vector<Run>& in_order() const { return has_own_order ? values : indexes; }
  /// Sets indexes, count, exists.
  void pick(std::vector<Run> runs);
};

/// OpNotApplicable: a kind that does not apply here. TooBig: the answer is past the bound.
Result<Particle> answer(Arena& arena, ReturnType type, Elements& elements,
                        const Selection& selection);
Particle integer_particle(Arena& arena, std::int64_t value);

}  // namespace flotilla::model
