#include "list_modify.h"
#include "list_select.h"

namespace flotilla::model {
namespace {

using enum Arg;
using enum Effect;
using enum WhenMissing;

Result<Outcome> list_size(Call& call) {
  return unchanged(integer_particle(call.arena, call.box.count));
}

constexpr auto kValue = ReturnKind::Value;
constexpr auto kCount = ReturnKind::Count;

constexpr Operation kOperations[] = {
    changes(0, "set_type", Creates, 1, {Flags}, &list::set_type),
    changes(1, "append", Creates, 1, {Stored, Attributes, Flags}, &list::append),
    changes(2, "append_items", Creates, 1, {StoredList, Attributes, Flags}, &list::append_items),
    changes(3, "insert", Creates, 2, {Index, Stored, Flags}, &list::insert),
    changes(4, "insert_items", Creates, 2, {Index, StoredList, Flags}, &list::insert_items),
    picks(5, "pop", Removes, 1, {Index}, &list::by_index, kValue),
    picks(6, "pop_range", Removes, 1, {Index, Count}, &list::by_index_range, kValue),
    picks(7, "remove", Removes, 1, {Index}, &list::by_index, kCount),
    picks(8, "remove_range", Removes, 1, {Index, Count}, &list::by_index_range, kCount),
    changes(9, "set", Creates, 2, {Index, Stored, Flags}, &list::set),
    changes(10, "trim", Nothing, 2, {Index, Count}, &list::trim),
    changes(11, "clear", Nothing, 0, {}, &list::clear),
    changes(12, "increment", Creates, 1, {Index, Delta, Attributes, Flags}, &list::increment),
    changes(13, "sort", IncompatibleType, 0, {Flags}, &list::sort),
    reads(16, "size", &list_size),
    picks(17, "get", Reads, 1, {Index}, &list::by_index, kValue),
    picks(18, "get_range", Reads, 1, {Index, Count}, &list::by_index_range, kValue),
    picks(19, "get_by_index", Reads, 2, {Return, Index}, &list::by_index),
    picks(20, "get_by_value", Reads, 2, {Return, Value}, &list::by_value),
    picks(21, "get_by_rank", Reads, 2, {Return, Index}, &list::by_rank),
    picks(22, "get_all_by_value", Reads, 2, {Return, Value}, &list::all_by_value),
    picks(23, "get_all_by_value_list", Reads, 2, {Return, Values}, &list::by_value_list),
    picks(24, "get_by_index_range", Reads, 2, {Return, Index, Count}, &list::by_index_range),
    picks(25, "get_by_value_interval", Reads, 2, {Return, Value, End}, &list::by_value_interval),
    picks(26, "get_by_rank_range", Reads, 2, {Return, Index, Count}, &list::by_rank_range),
    picks(27, "get_by_value_rel_rank_range", Reads, 3, {Return, Value, Index, Count},
          &list::by_relative_rank),
    picks(32, "remove_by_index", Removes, 2, {Return, Index}, &list::by_index),
    picks(33, "remove_by_value", Removes, 2, {Return, Value}, &list::by_value),
    picks(34, "remove_by_rank", Removes, 2, {Return, Index}, &list::by_rank),
    picks(35, "remove_all_by_value", Removes, 2, {Return, Value}, &list::all_by_value),
    picks(36, "remove_all_by_value_list", Removes, 2, {Return, Values}, &list::by_value_list),
    picks(37, "remove_by_index_range", Removes, 2, {Return, Index, Count}, &list::by_index_range),
    picks(38, "remove_by_value_interval", Removes, 2, {Return, Value, End},
          &list::by_value_interval),
    picks(39, "remove_by_rank_range", Removes, 2, {Return, Index, Count}, &list::by_rank_range),
    picks(40, "remove_by_value_rel_rank_range", Removes, 3, {Return, Value, Index, Count},
          &list::by_relative_rank),
};

}  // namespace

std::span<const Operation> list_operations() { return kOperations; }

}  // namespace flotilla::model
