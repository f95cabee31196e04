#include "list_modify.h"

#include <algorithm>

#include "merge_sort.h"

namespace flotilla::model::list {
namespace {

using msgpack::Kind;

// Write flags.
constexpr std::uint64_t kAddUnique = 0x01;
constexpr std::uint64_t kInsertBounded = 0x02;
constexpr std::uint64_t kNoFail = 0x04;
constexpr std::uint64_t kPartial = 0x08;
// Sort flags.
constexpr std::uint64_t kDescending = 0x01;
constexpr std::uint64_t kDropDuplicates = 0x02;

constexpr std::int64_t kIndexMax = INT32_MAX;
/// Up to so many new elements are looked for one by one; for more the list's order is worked out
/// first.
constexpr std::uint32_t kFewItems = 4;

bool has(const Call& call, std::uint64_t flag) { return (call.args.flags & flag) != 0; }

Particle size_of(Call& call) { return integer_particle(call.arena, call.box.count); }

/// What becomes of a write that a flag forbids.
Result<Outcome> refuse(Call& call, Code code) {
  if (has(call, kNoFail)) return unchanged(size_of(call));
  return fail(code, "list: refused by write flag");
}

Result<Outcome> rebuilt(Call& call, std::uint32_t count, std::span<const Bytes> pieces,
                        Particle result) {
  const auto list = build(call.arena, Kind::List, count, call.box.flags, pieces);
  if (!list) return tl::unexpected(list.error());
  return changed_to(call, *list, result);
}

Result<Outcome> grown(Call& call, std::uint32_t count, std::span<const Bytes> pieces) {
  return rebuilt(call, count, pieces, integer_particle(call.arena, count));
}

/// `count` nils in a row.
Result<Bytes> padding(Arena& arena, std::uint32_t count) {
  if (const auto fits = check_padding(count); !fits) return tl::unexpected(fits.error());
  const MutableBytes nils = arena.allocate(count);
  std::ranges::fill(nils, std::byte{0xC0});
  return nils;
}

/// Whether the list holds `value`, not counting the element at `except`.
bool holds(Elements& elements, bool is_ordered, Bytes value, std::uint32_t except) {
  if (is_ordered) {
    const Run found = equal_range(elements, {}, value);
    const bool excepted = except >= found.start && except < found.end();
    return found.count > (excepted ? 1U : 0U);
  }
  const msgpack::Order order(value);
  msgpack::Cursor at(elements.all());
  for (std::uint32_t i = 0; i < elements.count(); ++i) {
    const bool is_equal = order.of(at.skip()) == 0;
    if (is_equal && i != except) return true;
  }
  return false;
}

bool holds(const Call& call, Bytes value, std::uint32_t except = UINT32_MAX) {
  Elements elements = call.elements();
  return holds(elements, call.is_ordered(), value, except);
}

/// For each new item whether ADD_UNIQUE refuses it: the list has it, or an earlier item is equal.
struct Refusals {
  std::vector<bool> refused;
  bool by_list = false;
  bool by_items = false;
};
Refusals refusals(Call& call, Elements& items) {
  Refusals out{.refused = std::vector<bool>(items.count(), false)};
  Elements elements = call.elements();
  const bool many = items.count() > kFewItems && !call.is_ordered();
  const auto order = many ? order_by_value(call.arena, elements) : std::span<const std::uint32_t>{};
  const auto order_of_items = order_by_value(call.arena, items);
  for (std::size_t i = 0; i < order_of_items.size(); ++i) {
    const Bytes item = items.at(order_of_items[i]);
    const bool twin = i != 0 && msgpack::compare(items.at(order_of_items[i - 1]), item) == 0;
    const bool held = many ? equal_range(elements, order, item).count != 0
                           : holds(elements, call.is_ordered(), item, UINT32_MAX);
    out.by_items |= twin;
    out.by_list |= held;
    if (twin || held) out.refused[order_of_items[i]] = true;
  }
  return out;
}

/// `items` merged into an ordered list; elements that are there stay in front of equal new ones.
std::vector<Bytes> merge_sorted(Call& call, Elements& elements, std::vector<Bytes> items) {
  merge_sort(std::span(items), [](Bytes a, Bytes b) { return msgpack::compare(a, b) < 0; });
  std::vector<Bytes> pieces;
  std::uint32_t done = 0;
  for (const Bytes item : items) {
    const std::uint32_t to = std::max(done, equal_range(elements, {}, item).end());
    if (to != done) pieces.push_back(elements.run({done, to - done}));
    pieces.push_back(item);
    done = to;
  }
  pieces.push_back(elements.run({done, call.box.count - done}));
  return pieces;
}

/// The list with `items` put in front of the element at `at`, or sorted in if it is ordered.
Result<Outcome> add(Call& call, std::uint32_t at, const std::vector<Bytes>& items,
                    std::uint32_t added) {
  Elements elements = call.elements();
  if (call.is_ordered())
    return grown(call, call.box.count + added, merge_sorted(call, elements, items));
  const std::uint32_t size = call.box.count;
  const std::uint32_t front = std::min(at, size);
  std::vector<Bytes> pieces{elements.run({0, front})};
  if (at > size) {
    const auto nils = padding(call.arena, at - size);
    if (!nils) return tl::unexpected(nils.error());
    pieces.push_back(*nils);
  }
  pieces.insert(pieces.end(), items.begin(), items.end());
  if (front != size) pieces.push_back(elements.run({front, size - front}));
  return grown(call, std::max(at, size) + added, pieces);
}

/// Where INSERT and its kin write: up to the largest index, past the end too.
Result<std::uint32_t> resolve_place(const Call& call) {
  std::int64_t index = call.args.index;
  if (index < 0) index += call.box.count;
  if (index < 0 || index > kIndexMax)
    return fail(Code::OpNotApplicable, "list: index out of bounds");
  return static_cast<std::uint32_t>(index);
}

Result<Outcome> add_items(Call& call, std::uint32_t at) {
  Elements items(call.arena, call.args.items);
  if (items.count() == 0) return unchanged(size_of(call));
  if (!call.is_ordered() && !has(call, kAddUnique))
    return add(call, at, {items.all()}, items.count());
  items.index();
  Refusals refused{.refused = std::vector<bool>(items.count(), false)};
  if (has(call, kAddUnique)) refused = refusals(call, items);
  const bool skips = has(call, kNoFail) && has(call, kPartial);
  if (!skips && refused.by_list) return refuse(call, Code::ElementExists);
  if (!skips && refused.by_items) return refuse(call, Code::OpNotApplicable);
  std::vector<Bytes> welcome;
  for (std::uint32_t i = 0; i < items.count(); ++i)
    if (!refused.refused[i]) welcome.push_back(items.at(i));
  if (welcome.empty()) return unchanged(size_of(call));
  return add(call, at, welcome, static_cast<std::uint32_t>(welcome.size()));
}

/// The list with the element at `i` replaced, and moved to its place if the list is ordered.
Result<Outcome> replace(Call& call, std::uint32_t i, Bytes value, Particle result) {
  Elements elements = call.elements();
  const std::uint32_t size = call.box.count;
  if (!call.is_ordered()) {
    const Bytes before = elements.run({0, i});
    const Bytes pieces[] = {before, value, elements.run({i + 1, size - i - 1})};
    return rebuilt(call, size, pieces, result);
  }
  const Run equals = equal_range(elements, {}, value);
  const std::uint32_t to = std::clamp(i, equals.start, equals.end());
  if (to > i) {
    const Bytes pieces[] = {elements.run({0, i}), elements.run({i + 1, to - i - 1}), value,
                            elements.run({to, size - to})};
    return rebuilt(call, size, pieces, result);
  }
  const Bytes pieces[] = {elements.run({0, to}), value, elements.run({to, i - to}),
                          elements.run({i + 1, size - i - 1})};
  return rebuilt(call, size, pieces, result);
}

Result<Outcome> refuse_ordered() {
  return fail(Code::OpNotApplicable, "list: place is given by order");
}

/// Elements in the order of `order`; equal ones once if `unique`.
Result<Outcome> reordered(Call& call, Elements& elements, std::span<const std::uint32_t> order,
                          bool unique) {
  std::vector<Bytes> pieces;
  pieces.reserve(order.size());
  for (const std::uint32_t i : order) {
    const Bytes element = elements.at(i);
    if (unique && !pieces.empty() && msgpack::compare(pieces.back(), element) == 0) continue;
    pieces.push_back(element);
  }
  return rebuilt(call, static_cast<std::uint32_t>(pieces.size()), pieces, {});
}

}  // namespace

Result<Outcome> set_type(Call& call) {
  constexpr std::uint64_t kTypeFlags = msgpack::kOrdered | msgpack::kPersistIndex;
  if ((call.args.flags & ~kTypeFlags) != 0)
    return fail(Code::OpNotApplicable, "list: unknown order flags");
  const bool was_ordered = call.is_ordered();
  call.box.flags = msgpack::stored_flags(Kind::List, static_cast<std::uint8_t>(call.args.flags),
                                         call.is_top_level());
  Elements elements = call.elements();
  if (was_ordered || !call.is_ordered()) {
    const Bytes pieces[] = {elements.all()};
    return rebuilt(call, call.box.count, pieces, {});
  }
  return reordered(call, elements, order_by_value(call.arena, elements), false);
}

Result<Outcome> append(Call& call) {
  if (has(call, kAddUnique) && holds(call, call.args.value))
    return refuse(call, Code::ElementExists);
  return add(call, call.box.count, {call.args.value}, 1);
}

Result<Outcome> append_items(Call& call) { return add_items(call, call.box.count); }

Result<Outcome> insert(Call& call) {
  if (call.is_ordered()) return refuse_ordered();
  const auto at = resolve_place(call);
  if (!at) return tl::unexpected(at.error());
  if (*at > call.box.count && has(call, kInsertBounded)) return refuse(call, Code::OpNotApplicable);
  if (has(call, kAddUnique) && holds(call, call.args.value))
    return refuse(call, Code::ElementExists);
  return add(call, *at, {call.args.value}, 1);
}

Result<Outcome> insert_items(Call& call) {
  if (call.is_ordered()) return refuse_ordered();
  if (call.args.items.count == 0) return unchanged(size_of(call));
  const auto at = resolve_place(call);
  if (!at) return tl::unexpected(at.error());
  if (*at > call.box.count && has(call, kInsertBounded)) return refuse(call, Code::OpNotApplicable);
  return add_items(call, *at);
}

Result<Outcome> set(Call& call) {
  if (call.is_ordered()) return refuse_ordered();
  const auto at = resolve_place(call);
  if (!at) return tl::unexpected(at.error());
  const bool is_outside = *at > call.box.count && has(call, kInsertBounded);
  const bool is_double = has(call, kAddUnique) && holds(call, call.args.value, *at);
  if (is_outside || is_double) {
    if (has(call, kNoFail)) return unchanged({});
    return fail(is_outside ? Code::OpNotApplicable : Code::ElementExists,
                "list: refused by write flag");
  }
  if (*at < call.box.count) return replace(call, *at, call.args.value, {});
  auto out = add(call, *at, {call.args.value}, 1);
  if (out) out->result = {};
  return out;
}

Result<Outcome> trim(Call& call) {
  const Run kept = resolve_range(call.args.index, call.args.count, call.box.count);
  const Particle removed = integer_particle(call.arena, call.box.count - kept.count);
  if (kept.count == call.box.count) return unchanged(removed);
  Elements elements = call.elements();
  const Bytes pieces[] = {elements.run(kept)};
  return rebuilt(call, kept.count, pieces, removed);
}

Result<Outcome> clear(Call& call) { return rebuilt(call, 0, {}, {}); }

Result<Outcome> increment(Call& call) {
  const auto at = resolve_place(call);
  if (!at) return tl::unexpected(at.error());
  if (*at > call.box.count) {
    if (call.is_ordered()) return refuse_ordered();
    if (has(call, kInsertBounded)) return refuse(call, Code::OpNotApplicable);
  }
  Elements elements = call.elements();
  const bool is_new = *at >= call.box.count;
  const Bytes old = is_new ? Bytes{} : elements.at(*at);
  const auto value = add_numbers(call.arena, old, call.args.value, false);
  if (!value) return tl::unexpected(value.error());
  const Particle result = msgpack::to_particle(call.arena, *value);
  if (has(call, kAddUnique) && holds(call, *value, *at)) {
    if (has(call, kNoFail)) return unchanged(result);
    return fail(Code::ElementExists, "list: refused by write flag");
  }
  if (!is_new) return replace(call, *at, *value, result);
  auto out = add(call, *at, {*value}, 1);
  if (out) out->result = result;
  return out;
}

Result<Outcome> sort(Call& call) {
  const bool unique = has(call, kDropDuplicates);
  const bool descending = has(call, kDescending) && !call.is_ordered();
  if (call.box.count < 2) return unchanged({});
  if (descending && unique) return fail(Code::Parameter, "list: sort flags");
  if (call.is_ordered() && !unique) return unchanged({});
  Elements elements = call.elements();
  const auto order = order_by_value(call.arena, elements);
  if (!descending) return reordered(call, elements, order, unique);
  return reordered(call, elements, std::vector<std::uint32_t>(order.rbegin(), order.rend()),
                   unique);
}

}  // namespace flotilla::model::list
