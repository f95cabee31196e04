#include "map_select.h"

#include <algorithm>

// Every stored map is in the order of its keys, so index is position. How the picked pairs are told
// depends on whether the map is declared ordered, and on whether it is a bin that keeps its order
// of values too (`keeps_ranks`).
namespace flotilla::model::map {
namespace {

Error inverted_single() { return {Code::OpNotApplicable, "map: inverted single"}; }

bool keeps_ranks(const Call& call) { return (call.box.flags & msgpack::kPersistIndex) != 0; }

/// First pair whose key is not less than `key`.
std::uint32_t lower_bound(Elements& pairs, Bytes key) {
  pairs.prepare_search();
  std::uint32_t low = 0;
  std::uint32_t high = pairs.count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (msgpack::compare(pairs.key(middle), key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// The rank of one pair: by value, then by key.
std::uint32_t rank_of(Elements& pairs, std::uint32_t index) {
  const Bytes value = pairs.value(index);
  std::uint32_t rank = 0;
  const msgpack::Order to_value(value);
  pairs.each_value([&](std::uint32_t i, Bytes other) {
    const auto order = to_value.of(other);
    if (order < 0 || (order == 0 && i < index)) ++rank;
  });
  return rank;
}

std::vector<Run> ranks_of(Call& call, Elements& pairs, std::span<const Run> indexes) {
  if (total(indexes) == 1) return {{rank_of(pairs, indexes.front().start), 1}};
  const auto order = order_by_value(call.arena, pairs);
  std::vector<std::uint32_t> rank_at(order.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) rank_at[order[rank]] = rank;
  std::vector<Run> ranks;
  for (const Run& one : singly(indexes)) ranks.push_back({rank_at[one.start], 1});
  return ranks;
}

bool touches_end(Run r, std::uint32_t size) { return r.start == 0 || r.end() == size; }

/// Pairs next to each other by key.
Selection pick_by_index(Call& call, Run r) {
  const bool inverted = call.return_type.is_inverted;
  const std::uint32_t size = call.box.count;
  Selection out;
  out.pick(inverted ? complement({r}, size) : std::vector<Run>{r});
  if (inverted) {
    if (!call.is_ordered() && r.count != 0) out.exists = out.exists && touches_end(r, size);
  } else {
    out.index_range = {.start = r.start, .count = r.count, .applies = true};
  }
  if (!call.return_type.wants_ranks()) return out;
  Elements pairs = call.elements();
  out.ranks = out.count == size ? out.indexes : ranks_of(call, pairs, out.indexes);
  return out;
}

/// An interval of keys of an unordered map: told like a range of indexes, but never as the whole.
Selection pick_unordered_keys(Call& call, Run r) {
  if (!call.return_type.is_inverted) {
    Selection out = pick_by_index(call, r);
    Elements pairs = call.elements();
    if (call.return_type.wants_ranks() && out.count != 0)
      out.ranks = ranks_of(call, pairs, out.indexes);
    return out;
  }
  Selection out;
  out.pick({{0, r.start}, {r.end(), call.box.count - r.end()}});
  out.exists = r.count == 0 && call.box.count != 0;
  Elements pairs = call.elements();
  if (call.return_type.wants_ranks()) out.ranks = ranks_of(call, pairs, out.indexes);
  return out;
}

std::vector<Run> at_ranks(std::span<const std::uint32_t> order, std::span<const Run> ranks) {
  std::vector<Run> out;
  for (const Run& rank : singly(ranks)) out.push_back({order[rank.start], 1});
  return out;
}

/// Pairs next to each other by value. They are told by rank, unless they are what an excluded range
/// in the middle left.
Selection pick_by_rank(Call& call, Run r) {
  const bool inverted = call.return_type.is_inverted;
  const std::uint32_t size = call.box.count;
  Elements pairs = call.elements();
  Selection out;
  out.ranks = inverted ? complement({r}, size) : std::vector<Run>{r};
  if (total(out.ranks) != 0) out.pick(at_ranks(order_by_value(call.arena, pairs), out.ranks));
  if (!inverted) {
    out.rank_range = {.start = r.start, .count = r.count, .applies = true};
  } else if (r.count != 0 && !touches_end(r, size)) {
    std::ranges::sort(out.indexes, {}, &Run::start);
    out.exists = false;
  }
  return out;
}

/// Pairs whose value is `args.value` (`equal`), or from there up to `end`, which is not in it.
Selection pick_by_value(Call& call, bool equal) {
  Elements pairs = call.elements();
  const bool inverted = call.return_type.is_inverted;
  const Arguments& args = call.args;
  std::vector<Run> matches;
  Run ranks;
  const msgpack::Order begin(args.value);
  const msgpack::Order end(args.end);
  pairs.each_value([&](std::uint32_t i, Bytes value) {
    const auto to_begin = begin.of(value);
    if (to_begin < 0) ++ranks.start;
    const bool fits =
        equal ? to_begin == 0 : to_begin >= 0 && (args.end.empty() || end.of(value) < 0);
    if (fits) ++ranks.count;
    if (fits != inverted) matches.push_back({i, 1});
  });
  Selection out;
  if (inverted && ranks.count == 0) matches = {{0, pairs.count()}};
  out.pick(std::move(matches));
  if (inverted) {
    out.ranks = complement({ranks}, pairs.count());
    out.exists = ranks.count == 0 && out.exists;
    return out;
  }
  if (keeps_ranks(call) && out.count != 0)
    out.indexes = at_ranks(order_by_value(call.arena, pairs), std::array{ranks});
  out.ranks = {ranks};
  out.rank_range = {.start = ranks.start, .count = ranks.count, .applies = true};
  return out;
}

Selection single(Selection picked) {
  if (picked.count != 0) {
    picked.pick({{picked.indexes.front().start, 1}});
    if (!picked.ranks.empty()) picked.ranks = {{picked.ranks.front().start, 1}};
    picked.rank_range.count = 1;
  }
  picked.is_single = true;
  return picked;
}

}  // namespace

Run find_key(Elements& pairs, Bytes key) {
  pairs.prepare_search();
  if ((pairs.flags() & msgpack::kOrdered) == 0) {
    const std::uint32_t i = lower_bound(pairs, key);
    const bool found = i < pairs.count() && msgpack::compare(pairs.key(i), key) == 0;
    return {i, found ? 1U : 0U};
  }
  std::uint32_t low = 0;
  std::uint32_t high = pairs.count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const auto order = msgpack::compare(pairs.key(middle), key);
    if (order == 0) return {middle, 1};
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {low, 0};
}

Result<Selection> by_key(Call& call) {
  Elements pairs = call.elements();
  const bool inverted = call.return_type.is_inverted;
  const Run found = find_key(pairs, call.args.value);
  if (inverted && (found.count != 0 || !call.is_ordered()))
    return tl::unexpected(inverted_single());
  call.return_type.is_inverted = false;
  Selection out = pick_by_index(call, found.count == 0 ? Run{} : found);
  if (found.count == 0) {
    out.index_range.start = -1;
    out.ranks.clear();
  }
  out.is_single = true;
  return out;
}

Result<Selection> by_index(Call& call) {
  const auto i = resolve_index(call.args.index, call.box.count);
  if (!i) return tl::unexpected(i.error());
  if (call.return_type.is_inverted) return tl::unexpected(inverted_single());
  return single(pick_by_index(call, {*i, 1}));
}

Result<Selection> by_value(Call& call) {
  if (call.return_type.is_inverted) return tl::unexpected(inverted_single());
  return single(pick_by_value(call, true));
}

Result<Selection> by_rank(Call& call) {
  const auto rank = resolve_index(call.args.index, call.box.count);
  if (!rank) return tl::unexpected(rank.error());
  if (call.return_type.is_inverted) return tl::unexpected(inverted_single());
  return single(pick_by_rank(call, {*rank, 1}));
}

Result<Selection> all_by_value(Call& call) { return pick_by_value(call, true); }

Result<Selection> by_key_list(Call& call) {
  if (call.return_type.wants_ranks())
    return fail(Code::OpNotApplicable, "map: ranks of a list of keys");
  Elements pairs = call.elements();
  Elements keys(call.arena, call.args.items);
  pairs.prepare_search(keys.count());
  std::vector<Run> runs;
  for (std::uint32_t i = 0; i < keys.count(); ++i) {
    const Bytes key = keys.at(i);
    if (msgpack::Cursor(key).peek().kind == msgpack::Kind::Wildcard) {
      runs.push_back({0, pairs.count()});
    } else if (const Run found = find_key(pairs, key); found.count != 0) {
      runs.push_back(found);
    }
  }
  Selection out;
  if (call.return_type.is_inverted) {
    out.pick(complement(std::move(runs), pairs.count()));
    return out;
  }
  out.pick(first_time(runs, pairs.count()));
  out.values = merged(out.indexes);
  out.has_own_order = true;
  // A key that is wanted twice is told twice by an ordered map.
  if (call.is_ordered()) out.indexes = std::move(runs);
  return out;
}

Result<Selection> by_value_list(Call& call) {
  Elements pairs = call.elements();
  Elements values(call.arena, call.args.items);
  const std::uint32_t size = pairs.count();
  const auto order = order_by_value(call.arena, pairs);
  std::vector<Run> ranks;
  for (std::uint32_t i = 0; i < values.count() && size != 0; ++i)
    ranks.push_back(equal_range(pairs, order, values.at(i)));
  Selection out;
  if (call.return_type.is_inverted) {
    out.ranks = complement(std::move(ranks), size);
    std::vector<Run> indexes = at_ranks(order, out.ranks);
    std::ranges::sort(indexes, {}, &Run::start);
    if (values.count() == 0) indexes = {{0, size}};
    out.pick(std::move(indexes));
    return out;
  }
  out.ranks = first_time(ranks, size);
  std::vector<Run> indexes = at_ranks(order, out.ranks);
  std::ranges::sort(indexes, {}, &Run::start);
  out.pick(indexes);
  if (!keeps_ranks(call)) return out;
  if (const auto fits = check_size(sizeof(Run) * std::size_t{total(ranks)}); !fits)
    return tl::unexpected(fits.error());
  out.values = std::move(indexes);
  out.has_own_order = true;
  out.indexes = at_ranks(order, ranks);
  out.ranks = singly(ranks);
  return out;
}

Result<Selection> by_key_interval(Call& call) {
  Elements pairs = call.elements();
  const std::uint32_t from = find_key(pairs, call.args.value).start;
  const std::uint32_t to =
      call.args.end.empty() ? pairs.count() : find_key(pairs, call.args.end).start;
  const Run r{from, std::max(from, to) - from};
  return call.is_ordered() ? pick_by_index(call, r) : pick_unordered_keys(call, r);
}

Result<Selection> by_index_range(Call& call) {
  return pick_by_index(call, resolve_range(call.args.index, call.args.count, call.box.count));
}

Result<Selection> by_value_interval(Call& call) { return pick_by_value(call, false); }

Result<Selection> by_rank_range(Call& call) {
  return pick_by_rank(call, resolve_range(call.args.index, call.args.count, call.box.count));
}

Result<Selection> by_relative_index(Call& call) {
  Elements pairs = call.elements();
  const std::uint32_t base = find_key(pairs, call.args.value).start;
  return pick_by_index(call,
                       resolve_relative(base, call.args.index, call.args.count, pairs.count()));
}

Result<Selection> by_relative_rank(Call& call) {
  Elements pairs = call.elements();
  const std::uint32_t base = count_less(pairs, call.args.value);
  return pick_by_rank(call,
                      resolve_relative(base, call.args.index, call.args.count, pairs.count()));
}

}  // namespace flotilla::model::map
