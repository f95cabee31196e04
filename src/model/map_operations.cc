#include "map_modify.h"
#include "map_select.h"

namespace flotilla::model {
namespace {

using enum Arg;
using enum Effect;
using enum WhenMissing;

Result<Outcome> map_size(Call& call) {
  return unchanged(integer_particle(call.arena, call.box.count));
}

constexpr Operation kOperations[] = {
    changes(64, "set_type", Creates, 1, {Flags}, &map::set_type),
    changes(65, "add", Creates, 2, {Key, Stored, Attributes}, &map::add),
    changes(66, "add_items", Creates, 1, {StoredMap, Attributes}, &map::add_items),
    changes(67, "put", Creates, 2, {Key, Stored, Attributes, Flags}, &map::put),
    changes(68, "put_items", Creates, 1, {StoredMap, Attributes, Flags}, &map::put_items),
    changes(69, "replace", ElementNotFound, 2, {Key, Stored}, &map::replace),
    changes(70, "replace_items", ElementNotFound, 1, {StoredMap}, &map::replace_items),
    changes(73, "increment", Creates, 1, {Key, Delta, Attributes}, &map::increment),
    changes(74, "decrement", Creates, 1, {Key, Delta, Attributes}, &map::decrement),
    changes(75, "clear", Nothing, 0, {}, &map::clear),
    picks(76, "remove_by_key", Removes, 2, {Return, Value}, &map::by_key),
    picks(77, "remove_by_index", Removes, 2, {Return, Index}, &map::by_index),
    picks(78, "remove_by_value", Removes, 2, {Return, Value}, &map::by_value),
    picks(79, "remove_by_rank", Removes, 2, {Return, Index}, &map::by_rank),
    picks(81, "remove_by_key_list", Removes, 2, {Return, Values}, &map::by_key_list),
    picks(82, "remove_all_by_value", Removes, 2, {Return, Value}, &map::all_by_value),
    picks(83, "remove_by_value_list", Removes, 2, {Return, Values}, &map::by_value_list),
    picks(84, "remove_by_key_interval", Removes, 2, {Return, Value, End}, &map::by_key_interval),
    picks(85, "remove_by_index_range", Removes, 2, {Return, Index, Count}, &map::by_index_range),
    picks(86, "remove_by_value_interval", Removes, 2, {Return, Value, End},
          &map::by_value_interval),
    picks(87, "remove_by_rank_range", Removes, 2, {Return, Index, Count}, &map::by_rank_range),
    picks(88, "remove_by_key_rel_index_range", Removes, 3, {Return, Value, Index, Count},
          &map::by_relative_index),
    picks(89, "remove_by_value_rel_rank_range", Removes, 3, {Return, Value, Index, Count},
          &map::by_relative_rank),
    reads(96, "size", &map_size),
    picks(97, "get_by_key", Reads, 2, {Return, Value}, &map::by_key),
    picks(98, "get_by_index", Reads, 2, {Return, Index}, &map::by_index),
    picks(99, "get_by_value", Reads, 2, {Return, Value}, &map::by_value),
    picks(100, "get_by_rank", Reads, 2, {Return, Index}, &map::by_rank),
    picks(102, "get_all_by_value", Reads, 2, {Return, Value}, &map::all_by_value),
    picks(103, "get_by_key_interval", Reads, 2, {Return, Value, End}, &map::by_key_interval),
    picks(104, "get_by_index_range", Reads, 2, {Return, Index, Count}, &map::by_index_range),
    picks(105, "get_by_value_interval", Reads, 2, {Return, Value, End}, &map::by_value_interval),
    picks(106, "get_by_rank_range", Reads, 2, {Return, Index, Count}, &map::by_rank_range),
    picks(107, "get_by_key_list", Reads, 2, {Return, Values}, &map::by_key_list),
    picks(108, "get_by_value_list", Reads, 2, {Return, Values}, &map::by_value_list),
    picks(109, "get_by_key_rel_index_range", Reads, 3, {Return, Value, Index, Count},
          &map::by_relative_index),
    picks(110, "get_by_value_rel_rank_range", Reads, 3, {Return, Value, Index, Count},
          &map::by_relative_rank),
};

}  // namespace

std::span<const Operation> map_operations() { return kOperations; }

}  // namespace flotilla::model
