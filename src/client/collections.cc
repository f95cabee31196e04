#include "client/collections.h"

#include <array>

#include "operation_call.h"

namespace flotilla::client {
namespace {

using wire::OpType;

constexpr std::int64_t kInverted = 0x10000;
constexpr std::int64_t kNoOperation = -1;  // The server refuses it.

using Count = Selector::Count;

std::vector<Value> with_optional(std::vector<Value> arguments, std::optional<Value> last) {
  if (last) arguments.push_back(*std::move(last));
  return arguments;
}

std::optional<Value> value_of(Count count) {
  if (!count) return std::nullopt;
  return Value(*count);
}

/// By Selector::Kind: codes of get and remove, of lists and of maps.
struct Codes {
  std::int64_t list_get, list_remove, map_get, map_remove;
};
constexpr std::array<Codes, 13> kCodes = {{
    {19, 32, 98, 77},                       // Index
    {21, 34, 100, 79},                      // Rank
    {20, 33, 99, 78},                       // Value
    {kNoOperation, kNoOperation, 97, 76},   // Key
    {24, 37, 104, 85},                      // IndexRange
    {26, 39, 106, 87},                      // RankRange
    {22, 35, 102, 82},                      // AllByValue
    {23, 36, 108, 83},                      // ValueList
    {25, 38, 105, 86},                      // ValueInterval
    {27, 40, 110, 89},                      // ValueRelativeRank
    {kNoOperation, kNoOperation, 107, 81},  // KeyList
    {kNoOperation, kNoOperation, 103, 84},  // KeyInterval
    {kNoOperation, kNoOperation, 109, 88},  // KeyRelativeIndex
}};

Operation select(std::int64_t Codes::* code, std::string_view bin, const Selector& which,
                 Returned returned, const Context& context) {
  const bool reads = code == &Codes::list_get || code == &Codes::map_get;
  std::vector<Value> arguments = {static_cast<std::int64_t>(returned) |
                                  (which.is_inverted() ? kInverted : 0)};
  arguments.insert(arguments.end(), which.arguments().begin(), which.arguments().end());
  return make_call(reads ? OpType::CdtRead : OpType::CdtModify, bin,
                   kCodes[static_cast<std::size_t>(which.kind())].*code, arguments, context);
}

Operation modify(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments,
                 const Context& context) {
  return make_call(OpType::CdtModify, bin, code, arguments, context);
}

std::int64_t write_flags(const op::list::Policy& p) {
  return flag_bits({p.add_unique, p.insert_bounded, p.no_fail, p.partial});
}
std::int64_t write_flags(const op::map::Policy& p) {
  return flag_bits({p.create_only, p.update_only, p.no_fail, p.partial});
}
std::int64_t order_of(const op::list::Policy& p) { return p.is_ordered ? 1 : 0; }
std::int64_t order_of(const op::map::Policy& p) { return static_cast<std::int64_t>(p.order); }

}  // namespace

Context& Context::map_key_or_create(Value key, MapOrder order) {
  constexpr std::int64_t kUnordered = 0x40;
  constexpr std::int64_t kKeyOrdered = 0x80;
  const std::int64_t create = order == MapOrder::Unordered    ? kUnordered
                              : order == MapOrder::KeyOrdered ? kKeyOrdered
                                                              : kUnordered | kKeyOrdered;
  return step(0x22 | create, std::move(key));
}

Selector Selector::indexes(std::int64_t from, Count count) {
  return {Kind::IndexRange, with_optional({from}, value_of(count))};
}
Selector Selector::ranks(std::int64_t from, Count count) {
  return {Kind::RankRange, with_optional({from}, value_of(count))};
}
Selector Selector::value_interval(Value begin, std::optional<Value> end) {
  return {Kind::ValueInterval, with_optional({std::move(begin)}, std::move(end))};
}
Selector Selector::ranks_from_value(Value value, std::int64_t rank, Count count) {
  return {Kind::ValueRelativeRank, with_optional({std::move(value), rank}, value_of(count))};
}
Selector Selector::key_interval(Value begin, std::optional<Value> end) {
  return {Kind::KeyInterval, with_optional({std::move(begin)}, std::move(end))};
}
Selector Selector::indexes_from_key(Value key, std::int64_t index, Count count) {
  return {Kind::KeyRelativeIndex, with_optional({std::move(key), index}, value_of(count))};
}
Selector Selector::inverted() && {
  is_inverted_ = true;
  return std::move(*this);
}

namespace op::list {

Operation set_order(std::string_view bin, bool is_ordered, const Context& context) {
  return modify(bin, 0, {is_ordered ? 1 : 0}, context);
}
Operation append(std::string_view bin, Value value, const Policy& policy, const Context& context) {
  return modify(bin, 1, {std::move(value), order_of(policy), write_flags(policy)}, context);
}
Operation append_items(std::string_view bin, List values, const Policy& policy,
                       const Context& context) {
  return modify(bin, 2, {Value(std::move(values)), order_of(policy), write_flags(policy)}, context);
}
Operation insert(std::string_view bin, std::int64_t index, Value value, const Policy& policy,
                 const Context& context) {
  return modify(bin, 3, {index, std::move(value), write_flags(policy)}, context);
}
Operation insert_items(std::string_view bin, std::int64_t index, List values, const Policy& policy,
                       const Context& context) {
  return modify(bin, 4, {index, Value(std::move(values)), write_flags(policy)}, context);
}
Operation set(std::string_view bin, std::int64_t index, Value value, const Policy& policy,
              const Context& context) {
  return modify(bin, 9, {index, std::move(value), write_flags(policy)}, context);
}
Operation increment(std::string_view bin, std::int64_t index, Value by, const Policy& policy,
                    const Context& context) {
  return modify(bin, 12, {index, std::move(by), order_of(policy), write_flags(policy)}, context);
}
Operation pop(std::string_view bin, std::int64_t index, const Context& context) {
  return modify(bin, 5, {index}, context);
}
Operation pop_range(std::string_view bin, std::int64_t index, Count count, const Context& context) {
  return modify(bin, 6, with_optional({index}, value_of(count)), context);
}
Operation trim(std::string_view bin, std::int64_t index, std::int64_t count,
               const Context& context) {
  return modify(bin, 10, {index, count}, context);
}
Operation clear(std::string_view bin, const Context& context) {
  return modify(bin, 11, {}, context);
}
Operation sort(std::string_view bin, bool descending, bool drop_duplicates,
               const Context& context) {
  return modify(bin, 13, {flag_bits({descending, drop_duplicates})}, context);
}
Operation size(std::string_view bin, const Context& context) {
  return make_call(OpType::CdtRead, bin, 16, {}, context);
}
Operation get(std::string_view bin, const Selector& which, Returned returned,
              const Context& context) {
  return select(&Codes::list_get, bin, which, returned, context);
}
Operation remove(std::string_view bin, const Selector& which, Returned returned,
                 const Context& context) {
  return select(&Codes::list_remove, bin, which, returned, context);
}

}  // namespace op::list

namespace op::map {

Operation set_order(std::string_view bin, MapOrder order, const Context& context) {
  return modify(bin, 64, {static_cast<std::int64_t>(order)}, context);
}
Operation put(std::string_view bin, Value key, Value value, const Policy& policy,
              const Context& context) {
  return modify(bin, 67, {std::move(key), std::move(value), order_of(policy), write_flags(policy)},
                context);
}
Operation put_items(std::string_view bin, Map items, const Policy& policy, const Context& context) {
  return modify(bin, 68, {Value(std::move(items)), order_of(policy), write_flags(policy)}, context);
}
Operation increment(std::string_view bin, Value key, Value by, const Policy& policy,
                    const Context& context) {
  return modify(bin, 73, {std::move(key), std::move(by), order_of(policy)}, context);
}
Operation decrement(std::string_view bin, Value key, Value by, const Policy& policy,
                    const Context& context) {
  return modify(bin, 74, {std::move(key), std::move(by), order_of(policy)}, context);
}
Operation clear(std::string_view bin, const Context& context) {
  return modify(bin, 75, {}, context);
}
Operation size(std::string_view bin, const Context& context) {
  return make_call(OpType::CdtRead, bin, 96, {}, context);
}
Operation get(std::string_view bin, const Selector& which, Returned returned,
              const Context& context) {
  return select(&Codes::map_get, bin, which, returned, context);
}
Operation remove(std::string_view bin, const Selector& which, Returned returned,
                 const Context& context) {
  return select(&Codes::map_remove, bin, which, returned, context);
}

}  // namespace op::map
}  // namespace flotilla::client
