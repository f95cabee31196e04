#include "cdt_operation.h"

#include <bit>

namespace flotilla::model {
namespace {

using msgpack::Cursor;
using msgpack::Head;
using msgpack::Kind;
using msgpack::Use;

constexpr std::string_view kBadArgument = "cdt: argument of another type";

Result<std::int64_t> take_signed(Cursor& at) {
  const Head head = at.next();
  if (head.kind != Kind::Integer) return fail(Code::Parameter, kBadArgument);
  if (!head.is_negative && head.integer() < 0) return std::numeric_limits<std::int64_t>::max();
  return head.integer();
}

Result<std::uint64_t> take_unsigned(Cursor& at) {
  const Head head = at.next();
  if (head.kind != Kind::Integer) return fail(Code::Parameter, kBadArgument);
  return head.bits;
}

Result<Bytes> take_value(Arena& arena, Cursor& at, Use use, int depth = 0) {
  const Bytes value = at.skip();
  if (!at.ok()) return fail(Code::Parameter, "cdt: arguments do not parse");
  return msgpack::normalise(arena, value, use, depth);
}

Result<Bytes> take_key(Arena& arena, Cursor& at) {
  const auto key = take_value(arena, at, Use::Stored);
  if (key && !msgpack::may_be_key(Cursor(*key).peek()))
    return fail(Code::Parameter, "cdt: not a map key");
  return key;
}

Result<Bytes> take_number(Arena& arena, Cursor& at) {
  const Kind kind = at.peek().kind;
  if (kind == Kind::Nil) {
    at.next();
    return Bytes{};
  }
  if (kind != Kind::Integer && kind != Kind::Float) return fail(Code::Parameter, kBadArgument);
  return take_value(arena, at, Use::Stored);
}

Result<msgpack::Container> take_items(Arena& arena, Cursor& at, Kind kind, Use use, int depth = 0) {
  if (at.peek().kind != kind) return fail(Code::Parameter, kBadArgument);
  const auto value = take_value(arena, at, use, depth);
  if (!value) return tl::unexpected(value.error());
  const msgpack::Container items = msgpack::open(*value);
  if (items.count > kItemsMax) return fail(Code::Parameter, "cdt: too many items");
  return items;
}

/// Stores `taken` in `to` if it is there, else hands its error on.
template <class T>
Result<void> store(T& to, Result<T> taken) {
  if (!taken) return tl::unexpected(taken.error());
  to = *taken;
  return {};
}

/// One argument of an operation on a collection inside `depth` others.
Result<void> take(Arena& arena, Cursor& at, Arg kind, int depth, Arguments& args) {
  switch (kind) {
    case Arg::None:
      at.skip();
      return {};
    case Arg::Return:
      return store(args.return_type, take_unsigned(at));
    case Arg::Index:
      return store(args.index, take_signed(at));
    case Arg::Count:
      return store(args.count, take_unsigned(at));
    case Arg::Value:
      return store(args.value, take_value(arena, at, Use::Compared));
    case Arg::End:
      return store(args.end, take_value(arena, at, Use::Compared));
    case Arg::Values:
      return store(args.items, take_items(arena, at, Kind::List, Use::Compared));
    case Arg::Key:
      return store(args.key, take_key(arena, at));
    case Arg::Stored:
      return store(args.value, take_value(arena, at, Use::Stored, depth + 1));
    case Arg::StoredList:
      return store(args.items, take_items(arena, at, Kind::List, Use::Stored, depth));
    case Arg::StoredMap:
      return store(args.items, take_items(arena, at, Kind::Map, Use::Stored, depth));
    case Arg::Delta:
      return store(args.value, take_number(arena, at));
    case Arg::Attributes:
      return store(args.attributes, take_unsigned(at));
    case Arg::Flags:
      return store(args.flags, take_unsigned(at));
  }
  return fail(Code::Parameter, kBadArgument);
}

Result<Arguments> take_arguments(Arena& arena, const Operation& operation, const Envelope& envelope,
                                 int depth) {
  std::uint32_t most = 0;
  while (most < operation.args.size() && operation.args[most] != Arg::None) ++most;
  // An operation without arguments does not look whether it got some.
  const std::uint32_t given = most == 0 ? 0 : envelope.argument_count;
  if (given < operation.required || given > most)
    return fail(Code::Parameter, "cdt: number of arguments");
  Arguments args;
  Cursor at(envelope.arguments);
  for (std::uint32_t i = 0; i < given; ++i) {
    const auto taken = take(arena, at, operation.args[i], depth, args);
    if (!taken) return tl::unexpected(taken.error());
  }
  return args;
}

const Operation* find_operation(const Envelope& envelope, bool is_read) {
  const auto rows = envelope.kind() == Kind::List ? list_operations() : map_operations();
  for (const Operation& row : rows)
    if (row.code == envelope.code) return (row.effect == Effect::Reads) == is_read ? &row : nullptr;
  return nullptr;
}

/// Flags that a new collection gets; attributes with bits that mean nothing count as none.
std::uint8_t creation_flags(Kind kind, std::uint64_t attributes, bool is_top_level) {
  constexpr std::uint64_t kListBits = msgpack::kOrdered | msgpack::kPersistIndex;
  constexpr std::uint64_t kMapBits = kListBits | msgpack::kValueOrdered;
  if ((attributes & ~(kind == Kind::List ? kListBits : kMapBits)) != 0) return 0;
  return msgpack::stored_flags(kind, static_cast<std::uint8_t>(attributes), is_top_level);
}

Result<Outcome> select_and_answer(Call& call) {
  const Operation& operation = call.operation;
  const bool is_map = call.box.kind == Kind::Map;
  if (!call.return_type.suits(is_map)) {
    // Asked for none of a map's keys or values, nobody looks how to tell them.
    const bool asks_for_none = is_map && operation.args[1] == Arg::Values &&
                               call.args.items.count == 0 && !call.return_type.is_inverted;
    if (asks_for_none) return unchanged({});
    return fail(Code::OpNotApplicable, "cdt: unknown return type");
  }
  Elements elements = call.elements();
  auto selection = operation.select(call);
  if (!selection) return tl::unexpected(selection.error());
  const auto result = answer(call.arena, call.return_type, elements, *selection);
  if (!result) return tl::unexpected(result.error());
  if (operation.effect == Effect::Reads || selection->indexes.empty()) return unchanged(*result);
  const auto rest = build_without(call.arena, elements, merged(std::move(selection->indexes)));
  if (!rest) return tl::unexpected(rest.error());
  return Outcome{.bin = {is_map ? ParticleType::Map : ParticleType::List, *rest},
                 .result = *result,
                 .changed = true};
}

}  // namespace

Result<Envelope> Envelope::parse(Bytes op) {
  Envelope out;
  Cursor at(op);
  if (!op.empty() &&
      op[0] == std::byte{0}) {  // The oldest clients: a 16-bit code, then the list of arguments.
    if (op.size() < 2) return fail(Code::Parameter, "cdt: no operation");
    out.code = load_be<std::uint16_t>(op.data());
    at = Cursor(op.subspan(2));
    const Head list = at.next();
    if (list.kind != Kind::List) return fail(Code::Parameter, "cdt: no argument list");
    out.argument_count = list.count;
    out.arguments = at.rest();
    return out;
  }
  const Head list = at.next();
  const Head code = at.next();
  if (list.kind != Kind::List || list.count == 0 || code.kind != Kind::Integer)
    return fail(Code::Parameter, "cdt: no operation");
  out.code = code.integer();
  out.argument_count = list.count - 1;
  out.arguments = at.rest();
  if (out.code != kContextCode) return out;

  const Bytes context = at.skip();
  const Head inner = at.next();
  const Head inner_code = at.next();
  if (list.count != 3 || inner.kind != Kind::List || inner.count == 0 ||
      inner_code.kind != Kind::Integer)
    return fail(Code::Parameter, "cdt: no operation behind the context");
  out.context = msgpack::open(context);
  if (out.context.kind != Kind::List || out.context.count == 0 || out.context.count % 2 != 0)
    return fail(Code::Parameter, "cdt: context");
  out.has_context = true;
  out.code = inner_code.integer();
  out.argument_count = inner.count - 1;
  out.arguments = at.rest();
  return out;
}

Outcome changed_to(const Call& call, Bytes collection, Particle result) {
  const auto type = call.box.kind == Kind::Map ? ParticleType::Map : ParticleType::List;
  return {.bin = {type, collection}, .result = result, .changed = true};
}

Result<Outcome> run_operation(Arena& arena, Bytes value, int depth, const Envelope& envelope,
                              bool is_read) {
  const Kind kind = envelope.kind();
  const bool exists = !value.empty();
  const msgpack::Container box = msgpack::open(value);
  if (exists && box.kind != kind) return fail(Code::IncompatibleType, "cdt: type of the value");
  const Operation* const operation = find_operation(envelope, is_read);
  if (operation == nullptr) return fail(Code::Parameter, "cdt: unknown operation");
  if (!exists && operation->missing != WhenMissing::Creates) {
    if (operation->missing == WhenMissing::Nothing) return Outcome{};
    return fail(operation->missing == WhenMissing::IncompatibleType ? Code::IncompatibleType
                                                                    : Code::ElementNotFound,
                "cdt: no value");
  }
  const auto args = take_arguments(arena, *operation, envelope, depth);
  if (!args) return tl::unexpected(args.error());
  Call call{.arena = arena,
            .operation = *operation,
            .box = box,
            .depth = depth,
            .args = *args,
            .return_type = {operation->told, false}};
  if (operation->args[0] == Arg::Return) call.return_type = ReturnType::parse(args->return_type);
  if (!exists)
    call.box = {.kind = kind,
                .flags = creation_flags(kind, args->attributes, depth == 0),
                .count = 0,
                .elements = {}};
  if (operation->select != nullptr) return select_and_answer(call);
  auto outcome = operation->run(call);
  if (!outcome || exists || outcome->changed) return outcome;
  const auto empty = build(arena, kind, 0, call.box.flags, {});
  if (!empty) return tl::unexpected(empty.error());
  return changed_to(call, *empty, outcome->result);
}

Result<Bytes> add_numbers(Arena& arena, Bytes a, Bytes b, bool subtract) {
  const Head by = Cursor(b).peek();
  const Head from = Cursor(a).peek();
  const Kind kind = !a.empty() ? from.kind : b.empty() ? Kind::Integer : by.kind;
  msgpack::Writer out(arena, 16);
  if (kind == Kind::Float) {
    const double delta = b.empty()                ? 1.0
                         : by.kind == Kind::Float ? by.real()
                                                  : static_cast<double>(by.integer());
    out.real(subtract ? from.real() - delta : from.real() + delta);
  } else if (kind == Kind::Integer) {
    std::uint64_t delta = b.empty() ? 1 : by.bits;
    if (by.kind == Kind::Float) {
      // Out of range, and NaN, count as the least integer: what the conversion instruction gives.
      const double real = by.real();
      delta = real > -0x1p63 && real < 0x1p63
                  ? static_cast<std::uint64_t>(static_cast<std::int64_t>(real))
                  : std::uint64_t{1} << 63;
    }
    out.integer(static_cast<std::int64_t>(subtract ? from.bits - delta : from.bits + delta));
  } else {
    return fail(Code::Parameter, "cdt: increment of no number");
  }
  return out.finish();
}

}  // namespace flotilla::model
