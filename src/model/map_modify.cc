#include "map_modify.h"

#include <optional>

#include "map_select.h"

namespace flotilla::model::map {
namespace {

using msgpack::Kind;

// Write flags.
constexpr std::uint64_t kCreateOnly = 0x01;
constexpr std::uint64_t kUpdateOnly = 0x02;
constexpr std::uint64_t kNoFail = 0x04;
constexpr std::uint64_t kPartial = 0x08;

bool has(const Call& call, std::uint64_t flag) { return (call.args.flags & flag) == flag; }

Result<Outcome> rebuilt(Call& call, std::uint32_t count, std::span<const Bytes> pieces,
                        Particle result) {
  const auto map = build(call.arena, Kind::Map, count, call.box.flags, pieces);
  if (!map) return tl::unexpected(map.error());
  return changed_to(call, *map, result);
}

Particle count_particle(Call& call, std::uint32_t count) {
  return integer_particle(call.arena, count);
}

/// The map with `key` set to `value` at the place that find_key() told.
Result<Outcome> with_pair(Call& call, Elements& pairs, Run place, Bytes key, Bytes value) {
  const std::uint32_t after = place.end();
  const std::uint32_t count = call.box.count + 1 - place.count;
  const Bytes pieces[] = {pairs.run({0, place.start}), key, value,
                          pairs.run({after, call.box.count - after})};
  return rebuilt(call, count, pieces, count_particle(call, count));
}

/// Why the write flags forbid to write a key, if they do.
std::optional<Code> refusal(const Call& call, bool key_exists) {
  if (key_exists && has(call, kCreateOnly)) return Code::ElementExists;
  if (!key_exists && has(call, kUpdateOnly)) return Code::ElementNotFound;
  return std::nullopt;
}

Result<Outcome> increment_by(Call& call, bool subtract) {
  Elements pairs = call.elements();
  const Run place = find_key(pairs, call.args.key);
  const Bytes old = place.count == 0 ? Bytes{} : pairs.value(place.start);
  const auto value = add_numbers(call.arena, old, call.args.value, subtract);
  if (!value) return tl::unexpected(value.error());
  auto out = with_pair(call, pairs, place, call.args.key, *value);
  if (out) out->result = msgpack::to_particle(call.arena, *value);
  return out;
}

}  // namespace

Result<Outcome> set_type(Call& call) {
  constexpr std::uint64_t kTypeFlags =
      msgpack::kOrdered | msgpack::kValueOrdered | msgpack::kPersistIndex;
  if ((call.args.flags & ~kTypeFlags) != 0)
    return fail(Code::OpNotApplicable, "map: unknown order flags");
  call.box.flags = msgpack::stored_flags(Kind::Map, static_cast<std::uint8_t>(call.args.flags),
                                         call.is_top_level());
  const Bytes pieces[] = {call.box.elements};
  return rebuilt(call, call.box.count, pieces, {});
}

Result<Outcome> put(Call& call) {
  Elements pairs = call.elements();
  const Run place = find_key(pairs, call.args.key);
  if (const auto code = refusal(call, place.count != 0)) {
    if (has(call, kNoFail)) return unchanged(count_particle(call, call.box.count));
    return fail(*code, "map: refused by write flag");
  }
  return with_pair(call, pairs, place, call.args.key, call.args.value);
}

Result<Outcome> put_items(Call& call) {
  // An empty map takes whatever it is given in this combination.
  constexpr std::uint64_t kTolerant = kUpdateOnly | kNoFail | kPartial;
  if (call.box.count == 0 && has(call, kTolerant)) call.args.flags = 0;
  Elements pairs = call.elements();
  Elements items(call.arena, call.args.items);
  std::vector<Bytes> pieces;
  std::uint32_t done = 0;
  std::uint32_t count = call.box.count;
  pairs.prepare_search(items.count());
  for (std::uint32_t i = 0; i < items.count(); ++i) {
    const Run place = find_key(pairs, items.key(i));
    if (const auto code = refusal(call, place.count != 0)) {
      if (!has(call, kNoFail)) return fail(*code, "map: refused by write flag");
      if (!has(call, kPartial)) return unchanged(count_particle(call, call.box.count));
      continue;
    }
    if (place.start != done) pieces.push_back(pairs.run({done, place.start - done}));
    pieces.push_back(items.at(i));
    done = place.end();
    count += 1 - place.count;
  }
  if (pieces.empty()) return unchanged(count_particle(call, count));
  pieces.push_back(pairs.run({done, call.box.count - done}));
  return rebuilt(call, count, pieces, count_particle(call, count));
}

Result<Outcome> add(Call& call) {
  call.args.flags = kCreateOnly;
  return put(call);
}
Result<Outcome> add_items(Call& call) {
  call.args.flags = kCreateOnly;
  return put_items(call);
}
Result<Outcome> replace(Call& call) {
  call.args.flags = kUpdateOnly;
  return put(call);
}
Result<Outcome> replace_items(Call& call) {
  call.args.flags = kUpdateOnly;
  return put_items(call);
}

Result<Outcome> increment(Call& call) { return increment_by(call, false); }
Result<Outcome> decrement(Call& call) { return increment_by(call, true); }

Result<Outcome> clear(Call& call) { return rebuilt(call, 0, {}, {}); }

}  // namespace flotilla::model::map
