#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "model/msgpack.h"

/// Lists and maps in place: places, ranges, orders, and new collections put together from old
/// bytes.
namespace flotilla::model {

/// The largest value that an operation builds, collection or answer; more fails with TooBig. Far
/// above any record.
inline constexpr std::size_t kCollectionSizeMax = std::size_t{64} << 20;
Result<void> check_size(std::size_t bytes);
/// The most nils that fill up a list in front of a far index; more fails with TooBig. A few bytes
/// ask for them, so the bound is near: twice the largest record that can be configured.
inline constexpr std::size_t kPaddingMax = std::size_t{16} << 20;
Result<void> check_padding(std::size_t nils);

/// `count` numbers from `start` on: elements by index, or ranks.
struct Run {
  std::uint32_t start = 0;
  std::uint32_t count = 0;

  std::uint32_t end() const { return start + count; }
};
std::uint32_t total(std::span<const Run> runs);
/// The numbers of `runs`, ascending and each once.
std::vector<Run> merged(std::vector<Run> runs);
/// The numbers 0 to size - 1 that stand in no run.
std::vector<Run> complement(std::vector<Run> runs, std::uint32_t size);
/// The numbers of `runs` one by one: no run is longer than one.
std::vector<Run> singly(std::span<const Run> runs);
/// The same without those, all less than `size`, that came before.
std::vector<Run> first_time(std::span<const Run> runs, std::uint32_t size);

/// The place that a possibly negative index means. OpNotApplicable: outside.
Result<std::uint32_t> resolve_index(std::int64_t index, std::uint32_t size);
/// The same for a range, which is cut at both ends; its start may be `size`.
Run resolve_range(std::int64_t start, std::uint64_t count, std::uint32_t size);
/// A range that begins `offset` places from `base`; what would stand in front of the first place is
/// cut off.
Run resolve_relative(std::uint32_t base, std::int64_t offset, std::uint64_t count,
                     std::uint32_t size);

/// Elements of a list or pairs of a map. Walks as far as asked, from the nearest signpost if there
/// are any, and remembers the last place, so that reading forward is linear and allocates nothing;
/// index() makes every place known, once.
class Elements {
 public:
  /// The bytes of `box` must outlive this and hold exactly its elements.
  Elements(Arena& arena, const msgpack::Container& box)
      : arena_(&arena), box_(box), stride_(box.kind == msgpack::Kind::Map ? 2 : 1) {}

  std::uint32_t count() const { return box_.count; }
  bool is_map() const { return stride_ == 2; }
  std::uint8_t flags() const { return box_.flags; }
  Bytes all() const { return box_.elements; }
  Bytes run(Run r);
  /// A list's element, a map's pair.
  Bytes at(std::uint32_t i) { return run({i, 1}); }
  Bytes key(std::uint32_t i) { return msgpack::Cursor(at(i)).skip(); }
  /// A list's element, the value of a map's pair.
  Bytes value(std::uint32_t i);
  /// Calls `visit(i, value(i))` for each from the first to the last: what looks at all of them is
  /// faster than place by place.
  template <class Visit>
  void each_value(Visit visit) const {
    msgpack::Cursor at(box_.elements);
    for (std::uint32_t i = 0; i < box_.count; ++i) {
      if (is_map()) at.skip();
      visit(i, at.skip());
    }
    FLOTILLA_CHECK(at.ok());
  }
  void index();
  /// Makes jumping from place to place fast enough for so many searches by halves.
  void prepare_search(std::uint32_t searches = 1) {
    constexpr std::uint32_t kPairsWalkedMeanwhile = 200;  // In the time of one search by signposts.
    if (box_.signposts.empty() || searches > box_.count / kPairsWalkedMeanwhile) index();
  }

 private:
  /// A place that is known.
  struct Mark {
    std::uint32_t i = 0;
    std::size_t offset = 0;
  };

  std::size_t offset(std::uint32_t i);

  Arena* arena_;
  msgpack::Container box_;
  unsigned stride_;
  std::span<std::uint32_t> offsets_;  // Empty until index(); then one more than elements.
  Mark begin_;                        // Of the newest run, so that it can be looked at again.
  Mark end_;
};

/// The indexes of all elements in the order of their values (a map's: of the pairs' values); equals
/// keep their order.
std::span<const std::uint32_t> order_by_value(Arena& arena, Elements& elements);
/// Those of `order` whose value is equal to `value`, as ranks. `order` is empty for an ordered
/// list.
Run equal_range(Elements& elements, std::span<const std::uint32_t> order, Bytes value);
/// How many elements are less than `value`, by looking at each.
std::uint32_t count_less(Elements& elements, Bytes value);

/// A collection of `count` elements or pairs whose bytes are those of `pieces` in turn.
Result<Bytes> build(Arena& arena, msgpack::Kind kind, std::uint32_t count, std::uint8_t flags,
                    std::span<const Bytes> pieces);
/// `elements` without those of `removed`, which must be merged().
Result<Bytes> build_without(Arena& arena, Elements& elements, std::span<const Run> removed);

}  // namespace flotilla::model
