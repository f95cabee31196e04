#pragma once

#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/result.h"
#include "unit/model/reference_value.h"

/// The operations on lists and maps over plain trees. One operation is its code, the arguments as
/// values, and a context; the collection is changed in place.
namespace flotilla::model::reference {

struct Entry {
  int type = 0;
  Value value;
};

struct Command {
  int code = 0;
  std::vector<Value> args;
  std::vector<Entry> context;

  bool is_map() const { return code >= 64; }
  bool is_read() const { return (code >= 16 && code <= 27) || code >= 96; }
};

using Numbers = std::vector<std::int64_t>;

/// What was picked, told in every way.
struct Told {
  bool is_single = false;
  Numbers values;  // Elements in the order in which values are told.
  Numbers index;
  Numbers reverse_index;
  Numbers rank;
  Numbers reverse_rank;
  std::int64_t count = 0;
  bool exists = false;
};

inline Numbers iota(std::int64_t from, std::int64_t to) {
  Numbers out;
  for (std::int64_t i = from; i < to; ++i) out.push_back(i);
  return out;
}
/// Counted from the end; numbers in a row are told ascending still.
inline Numbers mirrored_in_runs(const Numbers& numbers, std::int64_t size) {
  Numbers out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    for (std::size_t k = end; k-- > i;) out.push_back(size - 1 - numbers[k]);
    i = end;
  }
  return out;
}
inline Numbers mirrored(const Numbers& numbers, std::int64_t size) {
  Numbers out;
  for (const auto n : numbers) out.push_back(size - 1 - n);
  return out;
}
inline Numbers others(const Numbers& numbers, std::int64_t size) {
  const std::set<std::int64_t> taken(numbers.begin(), numbers.end());
  Numbers out;
  for (std::int64_t i = 0; i < size; ++i)
    if (!taken.contains(i)) out.push_back(i);
  return out;
}
inline Numbers sorted(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}
inline Numbers distinct(const Numbers& numbers) {
  const std::set<std::int64_t> once(numbers.begin(), numbers.end());
  return {once.begin(), once.end()};
}

/// Picks from one collection; `values` are a list's elements or a map's values, `keys` a map's.
class Picker {
 public:
  Picker(const Value& box, bool inverted) : box_(box), inverted_(inverted) {
    if (box.is_list()) values_ = box.items;
    for (const auto& [key, value] : box.pairs) {
      keys_.push_back(key);
      values_.push_back(value);
    }
    size_ = static_cast<std::int64_t>(values_.size());
    order_ = iota(0, size_);
    std::sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) {
      const int order = compare(at(a), at(b));
      return order != 0 ? order < 0 : a < b;
    });
  }

  std::int64_t size() const { return size_; }

  Result<Told> pick(int family, const std::vector<Value>& args) const {
    const auto number = [&](std::size_t i, std::int64_t otherwise) {
      return args.size() > i ? args[i].number : otherwise;
    };
    constexpr std::int64_t kAll = 1 << 20;
    const bool single = family <= 3;
    const Value* const end = args.size() > 1 ? &args[1] : nullptr;
    switch (family) {
      case 0:  // By key.
        return by_key(args[0]);
      case 1: {
        const auto i = place(args[0].number);
        if (!i || inverted_) return fail(Code::OpNotApplicable, "");
        return as_single(by_index(*i, 1));
      }
      case 2:
        if (inverted_) return fail(Code::OpNotApplicable, "");
        return by_value(args[0], nullptr, true, true);
      case 3: {
        const auto i = place(args[0].number);
        if (!i || inverted_) return fail(Code::OpNotApplicable, "");
        return as_single(by_rank(*i, 1));
      }
      case 4:
        return by_value(args[0], nullptr, true, single);
      case 5:
        return by_value_list(args[0].items);
      case 6:
        return by_key_list(args[0].items);
      case 7:
        return range(0, number(0, 0), number(1, kAll), false);
      case 8:
        return range(0, number(0, 0), number(1, kAll), true);
      case 9:
        return by_value(args[0], end, false, false);
      case 10:
        return key_interval(args[0], end);
      case 11:
        return range(keys_below(args[0]), number(1, 0), number(2, kAll), false, true);
      default:
        return range(values_below(args[0]), number(1, 0), number(2, kAll), true, true);
    }
  }

 private:
  const Value& at(std::int64_t i) const { return values_[static_cast<std::size_t>(i)]; }
  /// A bin that is a value-ordered map with a persistent index tells matches by rank.
  bool keeps_ranks() const { return (box_.flags & 0x10) != 0; }
  Numbers in_rank_order(const Numbers& indexes) const {
    Numbers out;
    for (const auto i : order_)
      if (std::find(indexes.begin(), indexes.end(), i) != indexes.end()) out.push_back(i);
    return out;
  }
  bool is_ordered_list() const { return box_.is_list() && box_.is_ordered(); }
  std::optional<std::int64_t> place(std::int64_t i) const {
    if (i < 0) i += size_;
    if (i < 0 || i >= size_) return std::nullopt;
    return i;
  }
  std::int64_t keys_below(const Value& key) const {
    return std::count_if(keys_.begin(), keys_.end(), [&](const Value& k) { return k < key; });
  }
  std::int64_t values_below(const Value& value) const {
    return std::count_if(values_.begin(), values_.end(), [&](const Value& v) { return v < value; });
  }
  static Told as_single(Told told) {
    told.is_single = true;
    return told;
  }

  Told range(std::int64_t base, std::int64_t start, std::int64_t count, bool by_ranks,
             bool relative = false) const {
    if (!relative && start < 0) base = size_;
    start += base;
    if (start < 0) {
      count = std::max<std::int64_t>(0, count + start);
      start = 0;
    }
    start = std::min(start, size_);
    count = std::min(count, size_ - start);
    return by_ranks ? by_rank(start, count) : by_index(start, count);
  }

  /// A rank each: in a list the number of smaller elements, in a map the place by value and key.
  Numbers ranks_of(const Numbers& indexes) const {
    Numbers out;
    for (const auto i : indexes) {
      if (box_.is_list() && !box_.is_ordered()) {
        out.push_back(values_below(at(i)));
      } else {
        out.push_back(std::find(order_.begin(), order_.end(), i) - order_.begin());
      }
    }
    return out;
  }

  Told by_index(std::int64_t start, std::int64_t count) const {
    Told out;
    const Numbers inside = iota(start, start + count);
    out.index = inverted_ ? others(inside, size_) : inside;
    out.reverse_index = mirrored_in_runs(out.index, size_);
    out.values = out.index;
    out.count = static_cast<std::int64_t>(out.index.size());
    out.exists = out.count != 0;
    const bool in_middle = start != 0 && start + count != size_;
    if (inverted_ && count != 0 && in_middle && box_.is_map() && !box_.is_ordered())
      out.exists = false;
    out.rank = is_ordered_list() ? out.index : ranks_of(out.index);
    out.reverse_rank = mirrored(out.rank, size_);
    if (is_ordered_list()) out.reverse_rank = out.reverse_index;
    if (out.count == size_) out.rank = out.reverse_rank = iota(0, size_);
    return out;
  }

  Told by_rank(std::int64_t start, std::int64_t count) const {
    if (is_ordered_list()) return by_index(start, count);
    Told out;
    const Numbers inside = iota(start, start + count);
    out.rank = inverted_ ? others(inside, size_) : inside;
    out.reverse_rank = mirrored_in_runs(out.rank, size_);
    for (const auto rank : out.rank) out.values.push_back(order_[static_cast<std::size_t>(rank)]);
    out.index = out.values;
    out.count = static_cast<std::int64_t>(out.index.size());
    out.exists = out.count != 0;
    const bool in_middle = count != 0 && start != 0 && start + count != size_;
    if (box_.is_list()) {
      out.index = sorted(out.index);
      if (inverted_) {
        out.values = out.index;
        out.exists = count == 0 && size_ != 0;
      } else if (start + count <= size_ - start) {
        std::reverse(out.values.begin(), out.values.end());
      }
    } else if (inverted_ && in_middle) {
      out.values = out.index = sorted(out.index);
      out.exists = false;
    }
    out.reverse_index = mirrored(out.index, size_);
    return out;
  }

  /// Values equal to `begin`, or from there to `end`.
  Told by_value(const Value& begin, const Value* end, bool equal, bool single) const {
    Numbers inside;
    for (std::int64_t i = 0; i < size_; ++i) {
      const int order = compare(at(i), begin);
      const bool fits =
          equal ? order == 0 : order >= 0 && (end == nullptr || compare(at(i), *end) < 0);
      if (fits) inside.push_back(i);
    }
    if (keeps_ranks() && !inverted_) inside = in_rank_order(inside);
    const std::int64_t base = values_below(begin);
    auto count = static_cast<std::int64_t>(inside.size());
    if (single && count > 1) {
      count = 1;
      inside.resize(1);
    }
    if (is_ordered_list()) {
      Told out = by_index(count == 0 ? std::min(base, size_) : inside[0], count);
      out.is_single = single;
      return out;
    }
    Told out;
    out.is_single = single;
    out.index = inverted_ ? others(inside, size_) : inside;
    out.values = out.index;
    out.reverse_index = mirrored(out.index, size_);
    if (box_.is_map() && inverted_ && count == 0) out.reverse_index = iota(0, size_);
    const Numbers ranks = iota(base, base + count);
    out.rank = inverted_ ? others(ranks, size_) : ranks;
    out.reverse_rank = mirrored_in_runs(out.rank, size_);
    out.count = static_cast<std::int64_t>(out.index.size());
    out.exists = inverted_ ? count == 0 && size_ != 0 : count != 0;
    return out;
  }

  Told by_value_list(const std::vector<Value>& wanted) const {
    Told out;
    Numbers picked;
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      bool again = false;
      for (std::size_t k = 0; k < i; ++k) again = again || wanted[k] == wanted[i];
      if (again && !is_ordered_list() && !keeps_ranks()) continue;
      Numbers run;
      for (std::int64_t r = 0; r < size_; ++r)
        if (at(order_[static_cast<std::size_t>(r)]) == wanted[i]) run.push_back(r);
      const Numbers mirror = mirrored_in_runs(run, size_);
      for (const auto r : run) {
        out.rank.push_back(r);
        picked.push_back(order_[static_cast<std::size_t>(r)]);
      }
      out.reverse_rank.insert(out.reverse_rank.end(), mirror.begin(), mirror.end());
    }
    if (!is_ordered_list()) out.reverse_rank = mirrored(out.rank, size_);
    out.index = is_ordered_list() || keeps_ranks() ? picked : sorted(picked);
    out.reverse_index = is_ordered_list() ? out.reverse_rank : mirrored(out.index, size_);
    if (inverted_) {
      out.index = others(picked, size_);
      out.rank = others(out.rank, size_);
      out.reverse_rank = mirrored_in_runs(out.rank, size_);
      out.reverse_index = is_ordered_list() || wanted.empty() ? mirrored_in_runs(out.index, size_)
                                                              : mirrored(out.index, size_);
    }
    out.values = keeps_ranks() ? distinct(out.index) : out.index;
    out.count = static_cast<std::int64_t>(out.values.size());
    out.exists = out.count != 0;
    return out;
  }

  Result<Told> by_key(const Value& key) const {
    const auto it = std::find(keys_.begin(), keys_.end(), key);
    const bool found = it != keys_.end();
    if (inverted_ && (found || !box_.is_ordered())) return fail(Code::OpNotApplicable, "");
    if (found) return as_single(by_index(it - keys_.begin(), 1));
    Told out;
    out.is_single = true;
    return out;
  }

  Told by_key_list(const std::vector<Value>& wanted) const {
    Told out;
    for (const Value& key : wanted) {
      const auto it = std::find(keys_.begin(), keys_.end(), key);
      if (it == keys_.end()) continue;
      const std::int64_t i = it - keys_.begin();
      const bool again = std::find(out.index.begin(), out.index.end(), i) != out.index.end();
      if (!again || box_.is_ordered()) out.index.push_back(i);
    }
    out.values = distinct(out.index);
    out.reverse_index = mirrored(out.index, size_);
    if (inverted_) {
      out.values = out.index = others(out.index, size_);
      out.reverse_index = mirrored_in_runs(out.index, size_);
    }
    out.count = static_cast<std::int64_t>(out.values.size());
    out.exists = out.count != 0;
    return out;
  }

  Told key_interval(const Value& begin, const Value* end) const {
    const std::int64_t from = keys_below(begin);
    const std::int64_t to = end == nullptr ? size_ : std::max(from, keys_below(*end));
    Told out = by_index(from, to - from);
    if (box_.is_ordered()) return out;
    out.rank = ranks_of(out.index);
    out.reverse_rank = mirrored(out.rank, size_);
    if (!inverted_) return out;
    out.exists = to == from && size_ != 0;
    const Numbers head = mirrored_in_runs(iota(0, from), size_);
    const Numbers tail = mirrored_in_runs(iota(to, size_), size_);
    out.reverse_index = head;
    out.reverse_index.insert(out.reverse_index.end(), tail.begin(), tail.end());
    return out;
  }

  const Value& box_;
  bool inverted_;
  std::vector<Value> keys_;
  std::vector<Value> values_;
  std::int64_t size_ = 0;
  Numbers order_;  // Indexes by value, equals by index.
};

inline Value numbers_value(const Numbers& numbers, bool single) {
  if (single) return integer(numbers.empty() ? -1 : numbers[0]);
  std::vector<Value> items;
  for (const auto n : numbers) items.push_back(integer(n));
  return list(std::move(items));
}

inline Result<Value> tell(const Value& box, const Told& told, int kind) {
  const auto pairs = [&](std::uint8_t flags, Numbers order) {
    Value map{.kind = Kind::Map, .flags = flags};
    for (const auto i : order) map.pairs.push_back(box.pairs[static_cast<std::size_t>(i)]);
    return map;
  };
  switch (kind) {
    case 0:
      return Value{};
    case 1:
      return numbers_value(told.index, told.is_single);
    case 2:
      return numbers_value(told.reverse_index, told.is_single);
    case 3:
      return numbers_value(told.rank, told.is_single);
    case 4:
      return numbers_value(told.reverse_rank, told.is_single);
    case 5:
      return integer(told.count);
    case 6:
    case 7: {
      std::vector<Value> items;
      for (const auto n : told.values) {
        const auto i = static_cast<std::size_t>(n);
        items.push_back(box.is_list() ? box.items[i]
                        : kind == 6   ? box.pairs[i].first
                                      : box.pairs[i].second);
      }
      if (told.is_single) return items.empty() ? Value{} : items[0];
      return list(std::move(items));
    }
    case 8:
      return pairs(8, told.values);
    case 16:
      return pairs(0, told.values);
    case 17:
      return pairs(1, sorted(told.values));
    default:
      return Value{.kind = told.exists ? Kind::True : Kind::False};
  }
}

}  // namespace flotilla::model::reference
