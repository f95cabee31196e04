#pragma once

#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "cdt_selection.h"
#include "model/operation.h"

/// The operations on lists and maps as rows, and how one is taken from its bytes and run.
namespace flotilla::model {

/// Items in one list of values or keys that an operation is given.
inline constexpr std::uint32_t kItemsMax = 1U << 20;

/// What stands at one place of an operation's arguments, and the member of Arguments that it fills.
enum class Arg : std::uint8_t {
  None,
  Return,      // return_type
  Index,       // index: signed
  Count,       // count: unsigned
  Value,       // value: only compared
  End,         // end: only compared
  Values,      // items: a list, only compared
  Key,         // key: an integer, a string or a blob, to be stored
  Stored,      // value: to be stored
  StoredList,  // items: a list, its elements to be stored
  StoredMap,   // items: a map, its pairs to be stored
  Delta,       // value: a number; nil counts as not given
  Attributes,  // attributes: flags of a collection that has to be created
  Flags,       // flags: write flags, sort flags, or the new order
};

struct Arguments {
  std::uint64_t return_type = 0;
  std::int64_t index = 0;
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
  Bytes key;
  Bytes value;  // Empty: not given.
  Bytes end;    // Empty: not given.
  msgpack::Container items;
  std::uint64_t attributes = 0;
  std::uint64_t flags = 0;
};

struct Operation;

/// One operation about to run on one collection.
struct Call {
  Arena& arena;
  const Operation& operation;
  msgpack::Container box;  // Empty, with the flags to create it with, when there is none.
  int depth = 0;           // Collections around it; 0: it is the bin.
  Arguments args;
  ReturnType return_type;

  bool is_top_level() const { return depth == 0; }
  bool is_ordered() const { return (box.flags & msgpack::kOrdered) != 0; }
  Elements elements() const { return Elements(arena, box); }
};

enum class Effect : std::uint8_t { Reads, Removes, Modifies };
/// What a modification does where there is no collection.
enum class WhenMissing : std::uint8_t { Nothing, Creates, IncompatibleType, ElementNotFound };

/// A row of the tables. Either `select` picks elements, which are then told and, by Removes, taken
/// out; or `run` does all, its Outcome's bin being the whole new collection.
struct Operation {
  using Args = std::array<Arg, 4>;
  using Select = Result<Selection> (*)(Call& call);
  using Run = Result<Outcome> (*)(Call& call);

  std::uint8_t code;
  std::string_view name;
  Effect effect;
  WhenMissing missing;
  std::uint8_t required;  // Arguments that must be there; the others are optional.
  Args args;
  Select select;
  ReturnKind told;  // How `select` answers if no argument says.
  Run run;
};

// NOLINTBEGIN(readability-function-size): their calls are the columns of a table.
constexpr Operation changes(std::uint8_t code, std::string_view name, WhenMissing missing,
                            std::uint8_t required, Operation::Args args, Operation::Run run) {
  return {code, name, Effect::Modifies, missing, required, args, nullptr, ReturnKind::None, run};
}
constexpr Operation picks(std::uint8_t code, std::string_view name, Effect effect,
                          std::uint8_t required, Operation::Args args, Operation::Select select,
                          ReturnKind told = ReturnKind::None) {
  return {code, name, effect, WhenMissing::Nothing, required, args, select, told, nullptr};
}
// NOLINTEND(readability-function-size)
constexpr Operation reads(std::uint8_t code, std::string_view name, Operation::Run run) {
  return {code, name, Effect::Reads, WhenMissing::Nothing, 0, {}, nullptr, ReturnKind::None, run};
}

std::span<const Operation> list_operations();
std::span<const Operation> map_operations();

/// An operation's value taken apart.
struct Envelope {
  static constexpr std::int64_t kSelectCode = 0xFE;   // Path expression.
  static constexpr std::int64_t kContextCode = 0xFF;  // Context in front of another operation.

  std::int64_t code = 0;
  std::uint32_t argument_count = 0;
  Bytes arguments;
  bool has_context = false;
  msgpack::Container context;  // Types and values in turn; at least one pair.

  /// Parameter: not the bytes of an operation.
  static Result<Envelope> parse(Bytes op);
  /// Maps have the codes from 64 on.
  msgpack::Kind kind() const {
    return code >= 0 && code < 64 ? msgpack::Kind::List : msgpack::Kind::Map;
  }
};

/// Runs the operation of `envelope`, whatever its context, on an encoded value inside `depth`
/// collections; empty: there is none.
Result<Outcome> run_operation(Arena& arena, Bytes value, int depth, const Envelope& envelope,
                              bool is_read);
/// Runs it where its context leads to inside `bin`, a list, a map or Null.
Result<Outcome> run_in_context(Arena& arena, const Particle& bin, const Envelope& envelope,
                               bool is_read);

/// A path expression: selects from `bin`, a list, a map or Null, or applies to it.
Result<Outcome> run_path(Arena& arena, const Particle& bin, const Envelope& envelope, bool is_read);

/// A changed collection and what to answer.
Outcome changed_to(const Call& call, Bytes collection, Particle result);
/// Nothing changed, only an answer.
inline Outcome unchanged(Particle result) { return {.bin = {}, .result = result}; }

/// `a` (empty: nothing yet) plus or minus `b` (empty: one). The kind of `a` decides: a whole number
/// stays whole. Parameter: not numbers.
Result<Bytes> add_numbers(Arena& arena, Bytes a, Bytes b, bool subtract);

}  // namespace flotilla::model
