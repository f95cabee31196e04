#pragma once

#include <sstream>

#include "model/msgpack.h"
#include "model/operation.h"
#include "model/particle.h"
#include "unit/model/reference_operations.h"

/// Scripts of commands made from bytes, each byte a choice: run on the encoded bytes and on the
/// reference side by side.
namespace flotilla::model::reference {

/// Choices read from bytes; when they are used up all choices are 0, so that a shorter script is a
/// simpler one.
class Choices {
 public:
  explicit Choices(Bytes bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }
  std::int64_t below(std::int64_t bound) {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<std::int64_t>(bytes_[0]);
    bytes_ = bytes_.subspan(1);
    return byte % bound;
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + below(most - least + 1);
  }
  /// A place in a collection of `size()`: near the ends, and in a large one anywhere.
  std::int64_t place(std::int64_t least, std::int64_t most) {
    const std::int64_t near = between(least, most);
    return size_ < kLarge || below(2) == 0 ? near : near + below(256) * size_ / 256;
  }
  void set_size(std::size_t size) { size_ = static_cast<std::int64_t>(size); }
  template <class T>
  const T& of(const std::vector<T>& items) {
    return items[static_cast<std::size_t>(below(static_cast<std::int64_t>(items.size())))];
  }

 private:
  static constexpr std::int64_t kLarge = 100;

  Bytes bytes_;
  std::int64_t size_ = 0;
};

constexpr int kDepthMax = 4;

inline Value scalar(Choices& c) {
  switch (c.below(10)) {
    case 0:
      return {};
    case 1:
      return {.kind = c.below(2) == 0 ? Kind::False : Kind::True};
    case 2:
      return text(
          std::string(static_cast<std::size_t>(c.below(3)), static_cast<char>('a' + c.below(3))));
    case 3:
      return {.kind = Kind::Blob, .text = std::string(1, static_cast<char>('a' + c.below(3)))};
    case 4:
      return real(static_cast<double>(c.between(-4, 4)) / 2);
    case 5:
      return integer((std::int64_t{1} << c.below(62)) * (c.below(2) == 0 ? 1 : -1));
    default:
      return integer(c.between(-2, 8));
  }
}

inline Value map_key(Choices& c) {
  switch (c.below(6)) {
    case 0:
      return text(std::string(1, static_cast<char>('a' + c.below(4))));
    case 1:
      return {.kind = Kind::Blob, .text = std::string(1, static_cast<char>('a' + c.below(3)))};
    default:
      return integer(c.between(0, 7));
  }
}

inline Value any(Choices& c, int depth);

inline Value any_list(Choices& c, int depth) {
  Value out = list({}, c.below(3) == 0 ? 1 : 0);
  for (std::int64_t n = c.below(7); n > 0; --n) out.items.push_back(any(c, depth - 1));
  if (out.is_ordered()) sort_values(out.items);
  return out;
}

inline Value any_map(Choices& c, int depth) {
  Value out{.kind = Kind::Map, .flags = static_cast<std::uint8_t>(c.of<int>({0, 1, 3}))};
  std::map<Value, Value> pairs;
  for (std::int64_t n = c.below(7); n > 0; --n) {
    const Value key = map_key(c);
    pairs[key] = any(c, depth - 1);
  }
  out.pairs.assign(pairs.begin(), pairs.end());
  return out;
}

inline Value any(Choices& c, int depth) {
  const std::int64_t kind = depth <= 0 ? 0 : c.below(5);
  return kind == 3 ? any_list(c, depth) : kind == 4 ? any_map(c, depth) : scalar(c);
}

/// Makes a collection so large that its bin has signposts, or nearly so.
inline void enlarge(Choices& c, Value& box) {
  const std::int64_t kind = c.below(3);
  for (std::int64_t n = 250 + c.below(150), i = 0; i < n; ++i) {
    const std::int64_t number = kind == 0 ? 3 * i : i * i * i % 70'000;
    Value value = kind == 2 && i % 3 == 0
                      ? text(std::string(static_cast<std::size_t>(number % 30), 'x'))
                      : integer(number);
    if (box.is_list()) {
      box.items.push_back(std::move(value));
    } else {
      box.pairs.emplace_back(integer(3 * i), std::move(value));
    }
  }
  if (box.is_ordered()) sort_values(box.items);
  const std::map<Value, Value> pairs(box.pairs.begin(), box.pairs.end());
  box.pairs.assign(pairs.begin(), pairs.end());
}

inline Value some_values(Choices& c) {
  Value out = list({});
  for (std::int64_t n = c.below(6); n > 0; --n) out.items.push_back(any(c, 1));
  return out;
}
inline Value some_keys(Choices& c) {
  Value out = list({});
  for (std::int64_t n = c.below(5); n > 0; --n) out.items.push_back(map_key(c));
  return out;
}

inline Value return_type(Choices& c, bool is_map, bool may_invert) {
  const std::int64_t kind = is_map ? c.of<int>({0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 17})
                                   : c.of<int>({0, 1, 2, 3, 4, 5, 7, 13});
  return integer(kind | (may_invert && c.below(4) == 0 ? 0x10000 : 0));
}

/// Arguments of the operations that pick, by Picker's family.
inline void pick_arguments(Choices& c, Command& out, const Family& family) {
  if (family.has_return) out.args.push_back(return_type(c, out.is_map(), true));
  const auto range = [&] {
    out.args.push_back(integer(c.place(-9, 9)));
    if (c.below(2) == 0) out.args.push_back(integer(c.place(0, 8)));
  };
  switch (family.family) {
    case 0:
      return out.args.push_back(map_key(c));
    case 1:
    case 3:
      return out.args.push_back(integer(c.place(-7, 7)));
    case 2:
    case 4:
      return out.args.push_back(any(c, 2));
    case 5:
      return out.args.push_back(some_values(c));
    case 6: {
      Value keys = some_keys(c);
      // Inverted without keys crashes the original; nothing to agree with.
      if (keys.items.empty()) keys.items.push_back(integer(0));
      return out.args.push_back(keys);
    }
    case 7:
    case 8:
      return range();
    case 9:
      out.args.push_back(any(c, 1));
      if (c.below(3) != 0) out.args.push_back(any(c, 1));
      return;
    case 10:
      out.args.push_back(map_key(c));
      if (c.below(3) != 0) out.args.push_back(map_key(c));
      return;
    case 11:
      out.args.push_back(map_key(c));
      return range();
    default:
      out.args.push_back(any(c, 1));
      return range();
  }
}

inline Value write_flags(Choices& c) {
  return integer(c.of<int>({0, 0, 1, 2, 4, 5, 6, 7, 12, 13, 14, 15}));
}

inline void change_arguments(Choices& c, Command& out) {
  const auto delta = [&] {
    return c.below(3) == 0 ? Value{} : c.below(2) == 0 ? integer(c.between(-4, 4)) : real(1.5);
  };
  switch (out.code) {
    case 0:
    case 64:
      return out.args.push_back(integer(c.of<int>({0, 1, 3, 17, 19})));
    case 1:
      out.args = {any(c, 2), integer(c.below(2)), write_flags(c)};
      return;
    case 2:
      out.args = {some_values(c), integer(c.below(2)), write_flags(c)};
      return;
    case 3:
    case 9:
      out.args = {integer(c.place(-7, 9)), any(c, 2), write_flags(c)};
      return;
    case 4:
      out.args = {integer(c.place(-7, 9)), some_values(c), write_flags(c)};
      return;
    case 10:
      out.args = {integer(c.place(-7, 9)), integer(c.place(0, 8))};
      return;
    case 12:
      out.args = {integer(c.place(-7, 9)), delta(), integer(c.below(2)), write_flags(c)};
      return;
    case 13:
      out.args = {integer(c.below(4))};
      return;
    case 65:
    case 69:
      out.args = {map_key(c), any(c, 2)};
      return;
    case 67:
      out.args = {map_key(c), any(c, 2), integer(c.of<int>({0, 1, 3, 19})), write_flags(c)};
      return;
    case 66:
    case 70:
      out.args = {any_map(c, 2)};
      return;
    case 68:
      out.args = {any_map(c, 2), integer(c.of<int>({0, 1, 3, 19})), write_flags(c)};
      return;
    case 73:
    case 74:
      out.args = {map_key(c), delta()};
      return;
    default:
      return;
  }
}

inline Entry any_entry(Choices& c) {
  Entry entry;
  entry.type = c.of<int>({0x10, 0x11, 0x13, 0x20, 0x21, 0x22, 0x23, 0x00, 0x01, 0x02, 0x03});
  const int choice = entry.type & kChoice;
  entry.value = choice < 2 ? integer(c.between(-3, 5)) : choice == 2 ? map_key(c) : any(c, 2);
  if (entry.type == 0x10 || entry.type == 0x22) entry.type |= c.of<int>({0, 0x40, 0x80, 0xC0});
  return entry;
}

/// Goes down from `box` to one of the collections inside, adding the entries that lead there; what
/// it leads to.
inline const Value& lead(Choices& c, const Value& box, std::vector<Entry>& context) {
  std::vector<std::size_t> inner;
  const auto child = [&](std::size_t i) -> const Value& {
    return box.is_list() ? box.items[i] : box.pairs[i].second;
  };
  const std::size_t size = box.is_list() ? box.items.size() : box.pairs.size();
  for (std::size_t i = 0; i < size; ++i)
    if (child(i).is_list() || child(i).is_map()) inner.push_back(i);
  if (inner.empty() || c.below(3) == 0) return box;
  const std::size_t i = c.of(inner);
  const int kind = box.is_list() ? 0x10 : 0x20;
  Entry entry{.type = kind, .value = integer(static_cast<std::int64_t>(i))};
  switch (c.below(4)) {
    case 0:
      entry.value.number -= static_cast<std::int64_t>(size);
      break;
    case 1:
      entry = {.type = kind | 3, .value = child(i)};
      break;
    default:
      if (box.is_map()) entry = {.type = 0x22, .value = box.pairs[i].first};
  }
  context.push_back(entry);
  return lead(c, child(i), context);
}

inline const std::vector<int>& codes_of(bool maps) {
  static const auto make = [](bool of_maps) {
    std::vector<int> codes = {64, 65, 66, 67, 68, 69, 70, 73, 74, 75, 96};
    if (!of_maps) codes = {0, 1, 2, 3, 4, 9, 10, 11, 12, 13, 16};
    for (int code = of_maps ? 64 : 0; code < (of_maps ? 128 : 64); ++code)
      if (family_of(code)) codes.push_back(code);
    return codes;
  };
  static const std::vector<int> kLists = make(false);
  static const std::vector<int> kMaps = make(true);
  return maps ? kMaps : kLists;
}

/// Replaces some arguments by values that the collection has, so that something is found.
inline void borrow_values(Choices& c, const Value& box, Command& command) {
  std::vector<Value> values = box.items;
  std::vector<Value> keys;
  for (const auto& [key, value] : box.pairs) {
    keys.push_back(key);
    values.push_back(value);
  }
  const bool takes_value = command.code == 1 || command.code == 3 || command.code == 9;
  if (takes_value && !values.empty() && c.below(2) == 0) {
    Value& value = command.args[command.code == 1 ? 0 : 1];
    const auto at = static_cast<std::size_t>(std::max<std::int64_t>(0, command.args[0].number));
    value = command.code == 9 && at < values.size() && c.below(2) == 0 ? values[at] : c.of(values);
  }
  const auto family = family_of(command.code);
  if (!family || values.empty() || c.below(2) == 0) return;
  for (std::size_t i = family->has_return ? 1 : 0; i < command.args.size(); ++i) {
    const int f = family->family;
    if (f == 5 || f == 6) {
      for (Value& item : command.args[i].items)
        if (c.below(2) == 0) item = c.of(f == 6 ? keys : values);
    } else if (f == 0 || f == 10 || (f == 11 && i == 1)) {
      command.args[i] = c.of(keys);
    } else if (f == 2 || f == 4 || f == 9 || (f == 12 && i == 1)) {
      command.args[i] = c.of(values);
    }
  }
}

/// A command that makes sense on `bin`, more often than not.
inline Command command(Choices& c, const Bin& bin) {
  Command out;
  static const Value kNothing;
  const bool fits = bin.has_value() && c.below(5) != 0;
  const Value& target = fits ? lead(c, *bin, out.context) : kNothing;
  c.set_size(target.is_list() ? target.items.size() : target.pairs.size());
  out.code = c.of(codes_of(fits ? target.is_map() : c.below(2) == 0));
  if (const auto family = family_of(out.code)) {
    pick_arguments(c, out, *family);
  } else {
    change_arguments(c, out);
  }
  borrow_values(c, target, out);
  if (!fits || c.below(6) == 0)
    for (std::int64_t n = c.below(4); n > 0; --n) out.context.push_back(any_entry(c));
  return out;
}

inline Buffer encoded(const Command& c) {
  Value op = list({integer(c.code)});
  op.items.insert(op.items.end(), c.args.begin(), c.args.end());
  if (c.context.empty()) return encoded(op);
  Value context = list({});
  for (const Entry& entry : c.context) {
    context.items.push_back(integer(entry.type));
    context.items.push_back(entry.value);
  }
  return encoded(list({integer(255), context, op}));
}

/// The encoding of a result: what a client would see as an element.
inline Buffer as_element(Arena& arena, const Particle& particle) {
  msgpack::Writer out(arena);
  out.particle(particle);
  const Bytes bytes = out.finish();
  return {bytes.begin(), bytes.end()};
}

/// A bin's value without its signposts.
inline Bytes without_signposts(Arena& arena, Bytes value) {
  const msgpack::Container box = msgpack::open(value);
  if (box.signposts.empty()) return value;
  msgpack::Writer out(arena);
  out.container(box.kind, box.count, box.flags);
  out.encoded(box.elements);
  return out.finish();
}

/// The bin that a client's write of `value` makes.
inline Particle stored(Arena& arena, const Value& value, const Buffer& bytes) {
  const auto type = value.is_map() ? ParticleType::Map : ParticleType::List;
  return import_particle(arena, type, bytes).value_or(Particle{type, bytes});
}

/// Runs the script of `bytes`; the text tells the first disagreement, empty: there is none.
inline std::string disagreement(Bytes bytes) {
  Choices c(bytes);
  Arena arena;
  Bin want;
  Buffer got;
  if (c.below(4) != 0) want = c.below(2) == 0 ? any_list(c, kDepthMax) : any_map(c, kDepthMax);
  if (want && c.below(8) == 1) enlarge(c, *want);
  if (want) {
    const Buffer sent = encoded(*want);
    const Particle bin = stored(arena, *want, sent);
    got.assign(bin.bytes.begin(), bin.bytes.end());
  }
  while (!c.done()) {
    const Command next = command(c, want);
    const Buffer op = encoded(next);
    const Bin before = want;
    const Particle bin =
        !want ? Particle{} : Particle{want->is_map() ? ParticleType::Map : ParticleType::List, got};
    const auto outcome = next.is_read() ? cdt_read(arena, bin, op) : cdt_modify(arena, bin, op);
    const auto result = run(next, want);
    std::ostringstream what;
    what << "operation " << to_hex(op) << "\n  on "
         << (before ? to_hex(encoded(*before)) : "no bin") << "\n  ";
    if (outcome.has_value() != result.has_value() ||
        (!outcome && outcome.error().code != result.error().code)) {
      what << "code " << (outcome ? 0 : static_cast<int>(outcome.error().code)) << " instead of "
           << (result ? 0 : static_cast<int>(result.error().code));
      return what.str();
    }
    if (!outcome) continue;
    const Buffer told = as_element(arena, outcome->result);
    if (told != encoded(*result)) {
      what << "told " << to_hex(told) << " instead of " << to_hex(encoded(*result));
      return what.str();
    }
    if (outcome->changed) got.assign(outcome->bin.bytes.begin(), outcome->bin.bytes.end());
    const Buffer expected = want ? encoded(*want) : Buffer{};
    if (!equal(without_signposts(arena, got), expected)) {
      what << "left " << to_hex(got) << " instead of " << to_hex(expected);
      return what.str();
    }
    arena.reset();
  }
  return {};
}

}  // namespace flotilla::model::reference
