#pragma once

#include "unit/model/reference_collections.h"

namespace flotilla::model::reference {

using Bin = std::optional<Value>;

constexpr int kCreateOnly = 1;  // Of maps; of lists: add unique.
constexpr int kUpdateOnly = 2;  // Of maps; of lists: bounded.
constexpr int kNoFail = 4;
constexpr int kPartial = 8;

inline std::int64_t arg_number(const Command& c, std::size_t i) {
  return c.args.size() > i ? c.args[i].number : 0;
}
inline bool has(std::int64_t flags, std::int64_t bit) { return (flags & bit) == bit; }

inline Result<Value> sum(const Value* old, const Value& delta, bool subtract) {
  Value by = delta.kind == Kind::Nil ? integer(1) : delta;
  if (subtract && by.kind == Kind::Integer) by.number = -by.number;
  if (subtract && by.kind == Kind::Float) by.real = -by.real;
  if (old == nullptr) return by;
  if (old->kind == Kind::Integer)
    return integer(old->number +
                   (by.kind == Kind::Float ? static_cast<std::int64_t>(by.real) : by.number));
  if (old->kind != Kind::Float) return fail(Code::Parameter, "");
  return real(old->real + (by.kind == Kind::Float ? by.real : static_cast<double>(by.number)));
}

inline bool contains(const std::vector<Value>& items, const Value& v, std::int64_t except = -1) {
  for (std::size_t i = 0; i < items.size(); ++i)
    if (static_cast<std::int64_t>(i) != except && items[i] == v) return true;
  return false;
}

/// New items at a place; the flags say which are welcome.
inline Result<Value> add_items(Value& box, std::int64_t at, const std::vector<Value>& items,
                               std::int64_t flags, bool is_one) {
  const Value size = integer(static_cast<std::int64_t>(box.items.size()));
  std::vector<Value> welcome;
  bool twin = false;
  bool held = false;
  for (const Value& item : items) {
    const bool is_held = has(flags, kCreateOnly) && contains(box.items, item);
    const bool is_twin = has(flags, kCreateOnly) && !is_held && contains(welcome, item);
    held = held || is_held;
    twin = twin || is_twin;
    if (!is_held && !is_twin) welcome.push_back(item);
  }
  if (held || twin) {
    if (!has(flags, kNoFail)) return fail(held ? Code::ElementExists : Code::OpNotApplicable, "");
    if (is_one || !has(flags, kPartial)) return size;
  }
  if (welcome.empty()) return size;
  if (at > static_cast<std::int64_t>(box.items.size()) && !box.is_ordered())
    box.items.resize(static_cast<std::size_t>(at));
  const auto place = box.is_ordered() ? box.items.end() : box.items.begin() + at;
  box.items.insert(place, welcome.begin(), welcome.end());
  if (box.is_ordered()) sort_values(box.items);
  return integer(static_cast<std::int64_t>(box.items.size()));
}

inline Result<Value> change_list(const Command& c, Value& box) {
  const auto size = static_cast<std::int64_t>(box.items.size());
  const auto bad = fail(Code::OpNotApplicable, "");
  std::int64_t at = arg_number(c, 0);
  if (at < 0) at += size;
  switch (c.code) {
    case 0:
      if ((arg_number(c, 0) & ~0x11) != 0) return bad;
      box.flags = arg_number(c, 0) & 1;
      if (box.is_ordered()) sort_values(box.items);
      return Value{};
    case 1:
      return add_items(box, size, {c.args[0]}, arg_number(c, 2), true);
    case 2:
      return add_items(box, size, c.args[0].items, arg_number(c, 2), false);
    case 3:
    case 4: {
      if (box.is_ordered()) return bad;
      const bool is_one = c.code == 3;
      if (!is_one && c.args[1].items.empty()) return integer(size);
      const std::int64_t flags = arg_number(c, 2);
      if (at < 0) return bad;
      if (at > size && has(flags, kUpdateOnly))
        return has(flags, kNoFail) ? Result<Value>(integer(size)) : bad;
      return add_items(box, at, is_one ? std::vector{c.args[1]} : c.args[1].items, flags, is_one);
    }
    case 9: {
      if (box.is_ordered() || at < 0) return bad;
      const std::int64_t flags = arg_number(c, 2);
      const bool outside = at > size && has(flags, kUpdateOnly);
      if (outside || (has(flags, kCreateOnly) && contains(box.items, c.args[1], at))) {
        if (has(flags, kNoFail)) return Value{};
        return fail(outside ? Code::OpNotApplicable : Code::ElementExists, "");
      }
      if (at >= size) box.items.resize(static_cast<std::size_t>(at) + 1);
      box.items[static_cast<std::size_t>(at)] = c.args[1];
      return Value{};
    }
    case 11:
      box.items.clear();
      return Value{};
    case 12: {
      const std::int64_t flags = arg_number(c, 3);
      if (at < 0 || (at > size && box.is_ordered())) return bad;
      if (at > size && has(flags, kUpdateOnly))
        return has(flags, kNoFail) ? Result<Value>(integer(size)) : bad;
      const Value delta = c.args.size() > 1 ? c.args[1] : Value{};
      const auto next =
          sum(at < size ? &box.items[static_cast<std::size_t>(at)] : nullptr, delta, false);
      if (!next) return next;
      if (has(flags, kCreateOnly) && contains(box.items, *next, at)) {
        if (has(flags, kNoFail)) return next;
        return fail(Code::ElementExists, "");
      }
      if (at >= size) box.items.resize(static_cast<std::size_t>(at) + 1);
      box.items[static_cast<std::size_t>(at)] = *next;
      if (box.is_ordered()) sort_values(box.items);
      return next;
    }
    default: {  // Sort.
      const std::int64_t flags = arg_number(c, 0);
      if (size < 2) return Value{};
      if (!box.is_ordered() && has(flags, 3)) return fail(Code::Parameter, "");
      if (box.is_ordered() && !has(flags, 2)) return Value{};
      sort_values(box.items);
      if (has(flags, 2))
        box.items.erase(std::unique(box.items.begin(), box.items.end()), box.items.end());
      if (has(flags, 1) && !box.is_ordered()) std::reverse(box.items.begin(), box.items.end());
      return Value{};
    }
  }
}

inline Result<Value> put_items(Value& box, std::vector<std::pair<Value, Value>> items,
                               std::int64_t flags, bool is_one) {
  const Value old_size = integer(static_cast<std::int64_t>(box.pairs.size()));
  if (!is_one && box.pairs.empty() && has(flags, kUpdateOnly | kNoFail | kPartial)) flags = 0;
  std::map<Value, Value> map(box.pairs.begin(), box.pairs.end());
  for (const auto& [key, value] : items) {
    const bool exists = map.contains(key);
    const bool refused =
        (exists && has(flags, kCreateOnly)) || (!exists && has(flags, kUpdateOnly));
    if (!refused) {
      map[key] = value;
    } else if (!has(flags, kNoFail)) {
      return fail(exists ? Code::ElementExists : Code::ElementNotFound, "");
    } else if (is_one || !has(flags, kPartial)) {
      return old_size;
    }
  }
  box.pairs.assign(map.begin(), map.end());
  return integer(static_cast<std::int64_t>(map.size()));
}

inline Result<Value> change_map(const Command& c, Value& box, bool is_top_level) {
  switch (c.code) {
    case 64: {
      const std::int64_t flags = arg_number(c, 0);
      if ((flags & ~0x13) != 0) return fail(Code::OpNotApplicable, "");
      box.flags = static_cast<std::uint8_t>(flags & (is_top_level && has(flags, 3) ? 0x13 : 3));
      return Value{};
    }
    case 65:
      return put_items(box, {{c.args[0], c.args[1]}}, kCreateOnly, true);
    case 66:
      return put_items(box, c.args[0].pairs, kCreateOnly, false);
    case 67:
      return put_items(box, {{c.args[0], c.args[1]}}, arg_number(c, 3), true);
    case 68:
      return put_items(box, c.args[0].pairs, arg_number(c, 2), false);
    case 69:
      return put_items(box, {{c.args[0], c.args[1]}}, kUpdateOnly, true);
    case 70:
      return put_items(box, c.args[0].pairs, kUpdateOnly, false);
    case 75:
      box.pairs.clear();
      return Value{};
    default: {  // Increment, decrement.
      const Value* old = nullptr;
      for (const auto& [key, value] : box.pairs)
        if (key == c.args[0]) old = &value;
      const Value delta = c.args.size() > 1 ? c.args[1] : Value{};
      const auto next = sum(old, delta, c.code == 74);
      if (!next) return next;
      const auto put = put_items(box, {{c.args[0], *next}}, 0, true);
      return put ? next : put;
    }
  }
}

/// Which of Picker's families a code belongs to, whether its first argument is a return type, and
/// how it tells if not.
struct Family {
  int family;
  bool has_return;
  int told;
};
inline std::optional<Family> family_of(int code) {
  static const std::map<int, Family> kFamilies = {
      {5, {1, false, 7}},   {6, {7, false, 7}},   {7, {1, false, 5}},   {8, {7, false, 5}},
      {17, {1, false, 7}},  {18, {7, false, 7}},  {19, {1, true, 0}},   {20, {2, true, 0}},
      {21, {3, true, 0}},   {22, {4, true, 0}},   {23, {5, true, 0}},   {24, {7, true, 0}},
      {25, {9, true, 0}},   {26, {8, true, 0}},   {27, {12, true, 0}},  {32, {1, true, 0}},
      {33, {2, true, 0}},   {34, {3, true, 0}},   {35, {4, true, 0}},   {36, {5, true, 0}},
      {37, {7, true, 0}},   {38, {9, true, 0}},   {39, {8, true, 0}},   {40, {12, true, 0}},
      {76, {0, true, 0}},   {77, {1, true, 0}},   {78, {2, true, 0}},   {79, {3, true, 0}},
      {81, {6, true, 0}},   {82, {4, true, 0}},   {83, {5, true, 0}},   {84, {10, true, 0}},
      {85, {7, true, 0}},   {86, {9, true, 0}},   {87, {8, true, 0}},   {88, {11, true, 0}},
      {89, {12, true, 0}},  {97, {0, true, 0}},   {98, {1, true, 0}},   {99, {2, true, 0}},
      {100, {3, true, 0}},  {102, {4, true, 0}},  {103, {10, true, 0}}, {104, {7, true, 0}},
      {105, {9, true, 0}},  {106, {8, true, 0}},  {107, {6, true, 0}},  {108, {5, true, 0}},
      {109, {11, true, 0}}, {110, {12, true, 0}},
  };
  const auto it = kFamilies.find(code);
  return it == kFamilies.end() ? std::nullopt : std::optional(it->second);
}

inline void remove(Value& box, const Numbers& indexes) {
  const Numbers once = distinct(indexes);
  for (std::size_t k = once.size(); k-- != 0;) {
    if (box.is_list()) {
      box.items.erase(box.items.begin() + once[k]);
    } else {
      box.pairs.erase(box.pairs.begin() + once[k]);
    }
  }
}

inline Result<Value> pick(const Command& c, Value& box, const Family& family) {
  std::vector<Value> args = c.args;
  std::int64_t type = family.told;
  if (family.has_return) {
    type = args[0].number;
    args.erase(args.begin());
  }
  const auto kind = static_cast<int>(type & 0xFFFF);
  const bool is_map_kind = kind == 6 || kind == 8 || kind == 16 || kind == 17;
  if (is_map_kind && box.is_list()) return fail(Code::OpNotApplicable, "");
  if (family.family == 6 && (kind == 3 || kind == 4)) return fail(Code::OpNotApplicable, "");
  const auto told = Picker(box, (type & 0x10000) != 0).pick(family.family, args);
  if (!told) return tl::unexpected(told.error());
  const auto result = tell(box, *told, kind);
  if (!c.is_read()) remove(box, told->index);
  return result;
}

inline Result<Value> run_on(const Command& c, Value& box, bool is_top_level) {
  if (c.is_map() != box.is_map()) return fail(Code::IncompatibleType, "");
  if (c.code == 16) return integer(static_cast<std::int64_t>(box.items.size()));
  if (c.code == 96) return integer(static_cast<std::int64_t>(box.pairs.size()));
  if (c.code == 10) {
    const auto told = Picker(box, true).pick(7, c.args);
    if (!told) return tl::unexpected(told.error());
    remove(box, told->index);
    return integer(told->count);
  }
  if (const auto family = family_of(c.code)) return pick(c, box, *family);
  return c.is_map() ? change_map(c, box, is_top_level) : change_list(c, box);
}

/// The codes that make a collection where there is none, and the place of their argument that says
/// of which order.
inline std::optional<std::size_t> creator(int code) {
  static const std::map<int, std::size_t> kCreators = {{0, 9},  {1, 1},  {2, 1},  {3, 9},  {4, 9},
                                                       {9, 9},  {12, 2}, {64, 9}, {65, 2}, {66, 1},
                                                       {67, 2}, {68, 1}, {73, 2}, {74, 2}};
  const auto it = kCreators.find(code);
  return it == kCreators.end() ? std::nullopt : std::optional(it->second);
}

/// Runs on `box`, which may be missing.
inline Result<Value> run_at(const Command& c, Bin& box, bool is_top_level) {
  if (box.has_value()) {
    if (!box->is_list() && !box->is_map()) return fail(Code::IncompatibleType, "");
    return run_on(c, *box, is_top_level);
  }
  if (c.code == 13) return fail(Code::IncompatibleType, "");
  if (c.code == 69 || c.code == 70) return fail(Code::ElementNotFound, "");
  const auto attributes = creator(c.code);
  if (!attributes) return Value{};
  const std::int64_t flags = arg_number(c, *attributes);
  const std::int64_t known = c.is_map() ? 0x13 : 0x11;
  Value fresh{.kind = c.is_map() ? Kind::Map : Kind::List};
  if ((flags & ~known) == 0) {
    const bool keeps = c.is_map() && is_top_level && has(flags, 3);
    fresh.flags = static_cast<std::uint8_t>(flags & (c.is_map() ? keeps ? 0x13 : 3 : 1));
  }
  const auto result = run_on(c, fresh, is_top_level);
  if (result) box = std::move(fresh);
  return result;
}

constexpr int kChoice = 0x0F;
constexpr int kKinds = 0x30;
constexpr int kCreate = 0xC0;

inline std::optional<std::int64_t> choose(const Value& box, const Entry& entry) {
  const Picker picker(box, false);
  const int choice = entry.type & kChoice;
  // By key, by index, by value, by rank: Picker's numbers of the same four.
  const int family = choice == 0 ? 1 : choice == 1 ? 3 : choice == 2 ? 0 : 2;
  const auto told = picker.pick(family, {entry.value});
  if (!told || told->index.empty()) return std::nullopt;
  return told->index[0];
}

inline Result<Value> run_below(const Command& c, std::size_t level, Bin& node);

/// Goes into a child that has to be made in `box`.
inline Result<Value> run_in_new_child(const Command& c, std::size_t level, Value& box) {
  const Entry& entry = c.context[level];
  const auto bad = fail(Code::OpNotApplicable, "");
  Bin child;
  if (box.is_map()) {
    const auto result = run_below(c, level + 1, child);
    if (result && child) {
      std::map<Value, Value> map(box.pairs.begin(), box.pairs.end());
      map[entry.value] = *child;
      box.pairs.assign(map.begin(), map.end());
    }
    return result;
  }
  const auto size = static_cast<std::int64_t>(box.items.size());
  std::int64_t at = entry.value.number;
  if (at < 0 && (at != -1 || size != 0)) return bad;
  at = std::max<std::int64_t>(at, 0);
  if (box.is_ordered()) at = size;
  if (at > size && (entry.type & kCreate) != 0x80) return bad;
  const auto result = run_below(c, level + 1, child);
  if (result && child) {
    box.items.resize(static_cast<std::size_t>(at));
    box.items.push_back(*child);
    if (box.is_ordered()) sort_values(box.items);
  }
  return result;
}

inline Result<Value> run_below(const Command& c, std::size_t level, Bin& node) {
  if (level == c.context.size()) return run_at(c, node, level == 0);
  const Entry& entry = c.context[level];
  const auto bad = fail(Code::OpNotApplicable, "");
  const int kinds = entry.type & kKinds;
  const bool creatable = (kinds == 0x10 && (entry.type & kChoice) == 0) ||
                         (kinds == 0x20 && (entry.type & kChoice) == 2);
  if (!node.has_value()) {
    if (!creatable || (level == 0 && (entry.type & kCreate) == 0)) return bad;
    const int create = entry.type & kCreate;
    Value fresh{.kind = kinds == 0x20 ? Kind::Map : Kind::List};
    if (kinds == 0x20)
      fresh.flags = create == 0xC0 ? 3 : create == 0x80 ? 1 : 0;
    else
      fresh.flags = create == 0xC0 ? 1 : 0;
    Bin made = fresh;
    const auto result = run_in_new_child(c, level, *made);
    const bool is_empty = made->items.empty() && made->pairs.empty();
    if (result && !is_empty) node = made;
    return result;
  }
  if (!node->is_list() && !node->is_map()) return bad;
  if ((kinds == 0x10 && !node->is_list()) || (kinds == 0x20 && !node->is_map())) return bad;
  if ((entry.type & kChoice) == 2 && node->is_list()) return bad;
  if ((entry.type & kChoice) < 2 && entry.value.kind != Kind::Integer) return bad;
  const auto found = choose(*node, entry);
  if (!found) {
    if (c.is_read() || !creatable || (entry.type & kCreate) == 0) return bad;
    return run_in_new_child(c, level, *node);
  }
  Value& slot = node->is_list() ? node->items[static_cast<std::size_t>(*found)]
                                : node->pairs[static_cast<std::size_t>(*found)].second;
  Bin child = slot;
  const auto result = run_below(c, level + 1, child);
  if (!result) return result;
  slot = *child;
  if (node->is_list() && node->is_ordered()) sort_values(node->items);
  return result;
}

/// Runs one command on a bin; an error leaves the bin as it was.
inline Result<Value> run(const Command& c, Bin& bin) {
  if (c.is_read() && !bin) return Value{};
  Bin changed = bin;
  auto result = run_below(c, 0, changed);
  if (result && !c.is_read()) bin = std::move(changed);
  return result;
}

}  // namespace flotilla::model::reference
