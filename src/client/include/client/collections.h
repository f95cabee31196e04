#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "client/operation.h"
#include "client/value.h"

/// Operations on lists and maps, for operate() (docs/formats/wire.md). Indexes and ranks may be
/// negative: they count from the end then. The rank of an element is its place by value.
namespace flotilla::client {

/// Which container inside a bin an operation is about: steps from the outermost inwards.
///
///   op::list::append("orders", 7, {}, Context().map_key("open").list_index(-1))
class Context {
 public:
  Context& list_index(std::int64_t index) { return step(0x10, index); }
  Context& list_rank(std::int64_t rank) { return step(0x11, rank); }
  Context& list_value(Value value) { return step(0x13, std::move(value)); }
  Context& map_index(std::int64_t index) { return step(0x20, index); }
  Context& map_rank(std::int64_t rank) { return step(0x21, rank); }
  Context& map_key(Value key) { return step(0x22, std::move(key)); }
  Context& map_value(Value value) { return step(0x23, std::move(value)); }

  enum class NewList : std::int64_t { Unordered = 0x40, Padded = 0x80, Ordered = 0xC0 };
  /// Makes the list that holds this element where it is missing. Padded: nils fill a gap.
  Context& list_index_or_create(std::int64_t index, NewList kind) {
    return step(0x10 | static_cast<std::int64_t>(kind), index);
  }
  /// Makes the map that holds this key where it is missing.
  Context& map_key_or_create(Value key, MapOrder order);

  bool is_empty() const { return steps_.empty(); }
  /// Type and value of each step in turn.
  const std::vector<Value>& steps() const { return steps_; }

 private:
  Context& step(std::int64_t type, Value value) {
    steps_.emplace_back(type);
    steps_.push_back(std::move(value));
    return *this;
  }

  std::vector<Value> steps_;
};

/// What an operation that selects elements hands back.
enum class Returned : std::int64_t {
  Nothing = 0,
  Index = 1,
  ReverseIndex = 2,
  Rank = 3,
  ReverseRank = 4,
  Count = 5,
  Key = 6,  // Of maps.
  Value = 7,
  KeyValue = 8,  // Of maps: a map in the order of the result.
  Exists = 13,
  UnorderedMap = 16,  // Of maps.
  OrderedMap = 17,    // Of maps.
};

/// Elements of a list or map, by where they stand or by what they are. Intervals include their
/// beginning and not their end; without an end, or a count, they go on to the last element.
class Selector {
 public:
  enum class Kind : std::uint8_t {
    Index,
    Rank,
    Value,
    Key,
    IndexRange,
    RankRange,
    AllByValue,
    ValueList,
    ValueInterval,
    ValueRelativeRank,
    KeyList,
    KeyInterval,
    KeyRelativeIndex,
  };
  using Count = std::optional<std::int64_t>;

  static Selector index(std::int64_t index) { return {Kind::Index, {index}}; }
  static Selector rank(std::int64_t rank) { return {Kind::Rank, {rank}}; }
  /// The first one that is equal.
  static Selector first_value(Value value) { return {Kind::Value, {std::move(value)}}; }
  static Selector indexes(std::int64_t from, Count count = {});
  static Selector ranks(std::int64_t from, Count count = {});
  static Selector value(Value value) { return {Kind::AllByValue, {std::move(value)}}; }
  static Selector values(List values) { return {Kind::ValueList, {Value(std::move(values))}}; }
  static Selector value_interval(Value begin, std::optional<Value> end = {});
  /// Ranks counted from where `value` is or would be.
  static Selector ranks_from_value(Value value, std::int64_t rank, Count count = {});
  static Selector key(Value key) { return {Kind::Key, {std::move(key)}}; }
  static Selector keys(List keys) { return {Kind::KeyList, {Value(std::move(keys))}}; }
  static Selector key_interval(Value begin, std::optional<Value> end = {});
  static Selector indexes_from_key(Value key, std::int64_t index, Count count = {});

  /// All others instead. Not for selectors of one element.
  Selector inverted() &&;

  Kind kind() const { return kind_; }
  const std::vector<Value>& arguments() const { return arguments_; }
  bool is_inverted() const { return is_inverted_; }

 private:
  Selector(Kind kind, std::vector<Value> arguments)
      : kind_(kind), arguments_(std::move(arguments)) {}

  Kind kind_;
  std::vector<Value> arguments_;
  bool is_inverted_ = false;
};

namespace op::list {

/// How elements are written. `is_ordered` counts when the list is created.
struct Policy {
  bool is_ordered = false;
  bool add_unique = false;      // An element that is there already is refused: ElementExists.
  bool insert_bounded = false;  // No index beyond the end.
  bool no_fail = false;         // What is refused is left out, and is no failure.
  bool partial = false;         // With no_fail, of several: the others are written.
};

/// An empty list, or the order of the one that is there.
Operation set_order(std::string_view bin, bool is_ordered, const Context& context = {});
Operation append(std::string_view bin, Value value, const Policy& policy = {},
                 const Context& context = {});
Operation append_items(std::string_view bin, List values, const Policy& policy = {},
                       const Context& context = {});
Operation insert(std::string_view bin, std::int64_t index, Value value, const Policy& policy = {},
                 const Context& context = {});
Operation insert_items(std::string_view bin, std::int64_t index, List values,
                       const Policy& policy = {}, const Context& context = {});
Operation set(std::string_view bin, std::int64_t index, Value value, const Policy& policy = {},
              const Context& context = {});
Operation increment(std::string_view bin, std::int64_t index, Value by = 1,
                    const Policy& policy = {}, const Context& context = {});
Operation pop(std::string_view bin, std::int64_t index, const Context& context = {});
Operation pop_range(std::string_view bin, std::int64_t index, Selector::Count count = {},
                    const Context& context = {});
/// Keeps the range.
Operation trim(std::string_view bin, std::int64_t index, std::int64_t count,
               const Context& context = {});
Operation clear(std::string_view bin, const Context& context = {});
/// Descending, or without duplicates: not both at once.
Operation sort(std::string_view bin, bool descending = false, bool drop_duplicates = false,
               const Context& context = {});
Operation size(std::string_view bin, const Context& context = {});
/// Selectors of keys are not for lists: the server refuses them (Parameter).
Operation get(std::string_view bin, const Selector& which, Returned returned = Returned::Value,
              const Context& context = {});
Operation remove(std::string_view bin, const Selector& which, Returned returned = Returned::Nothing,
                 const Context& context = {});

}  // namespace op::list

namespace op::map {

/// How pairs are written. `order` counts when the map is created.
struct Policy {
  MapOrder order = MapOrder::Unordered;
  bool create_only = false;  // A key that is there already is refused: ElementExists.
  bool update_only = false;  // A key that is not there is refused: ElementNotFound.
  bool no_fail = false;
  bool partial = false;
};

Operation set_order(std::string_view bin, MapOrder order, const Context& context = {});
Operation put(std::string_view bin, Value key, Value value, const Policy& policy = {},
              const Context& context = {});
Operation put_items(std::string_view bin, Map items, const Policy& policy = {},
                    const Context& context = {});
Operation increment(std::string_view bin, Value key, Value by = 1, const Policy& policy = {},
                    const Context& context = {});
Operation decrement(std::string_view bin, Value key, Value by = 1, const Policy& policy = {},
                    const Context& context = {});
Operation clear(std::string_view bin, const Context& context = {});
Operation size(std::string_view bin, const Context& context = {});
Operation get(std::string_view bin, const Selector& which, Returned returned = Returned::Value,
              const Context& context = {});
Operation remove(std::string_view bin, const Selector& which, Returned returned = Returned::Nothing,
                 const Context& context = {});

}  // namespace op::map
}  // namespace flotilla::client
