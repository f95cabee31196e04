#include "list_select.h"

#include <algorithm>

// An ordered list's ranks are its indexes, and whatever is picked from it stands in runs. In an
// unordered one an element's rank is the number of smaller ones, equals following each other by
// index where a range of ranks is meant.
namespace flotilla::model::list {
namespace {

Error inverted_single() { return {Code::OpNotApplicable, "list: inverted single"}; }

/// A run of an ordered list, or all but the run: index and rank are one.
Selection pick_ordered(Run r, std::uint32_t size, bool inverted) {
  Selection out;
  if (inverted) {
    out.pick(complement({r}, size));
  } else {
    out.pick({r});
    out.index_range = {.start = r.start, .count = r.count, .applies = true};
    out.rank_range = out.index_range;
  }
  out.ranks = out.indexes;
  return out;
}

/// Ranks of single elements of an unordered list: how many are less.
std::vector<Run> ranks_of(Call& call, Elements& elements, std::span<const Run> indexes) {
  std::vector<Run> ranks;
  if (total(indexes) == 1) return {{count_less(elements, elements.at(indexes.front().start)), 1}};
  const auto order = order_by_value(call.arena, elements);
  for (const Run& one : singly(indexes))
    ranks.push_back({equal_range(elements, order, elements.at(one.start)).start, 1});
  return ranks;
}

Result<Selection> pick_by_index(Call& call, Run r) {
  const bool inverted = call.return_type.is_inverted;
  const std::uint32_t size = call.box.count;
  if (call.is_ordered()) return pick_ordered(r, size, inverted);
  Selection out;
  out.pick(inverted ? complement({r}, size) : std::vector<Run>{r});
  if (!inverted) out.index_range = {.start = r.start, .count = r.count, .applies = true};
  if (!inverted && r.count == 0) out.rank_range = out.index_range;
  if (!call.return_type.wants_ranks()) return out;
  if (out.count == size) {
    out.ranks = {{0, size}};
  } else {
    Elements elements = call.elements();
    out.ranks = ranks_of(call, elements, out.indexes);
  }
  return out;
}

/// Ranks [r.start, r.end()) of an unordered list.
Result<Selection> pick_by_rank(Call& call, Run r) {
  const bool inverted = call.return_type.is_inverted;
  const std::uint32_t size = call.box.count;
  if (call.is_ordered()) return pick_ordered(r, size, inverted);
  Elements elements = call.elements();
  Selection out;
  out.ranks = inverted ? complement({r}, size) : std::vector<Run>{r};
  const auto order = r.count == 0 && !inverted ? std::span<const std::uint32_t>{}
                                               : order_by_value(call.arena, elements);
  std::vector<Run> by_rank;
  for (const Run& rank : singly(out.ranks)) by_rank.push_back({order[rank.start], 1});
  out.pick(by_rank);
  std::ranges::sort(out.indexes, {}, &Run::start);
  if (inverted) {
    // What is left counts as existing only if nothing was excluded.
    out.exists = r.count == 0 && size != 0;
    return out;
  }
  // The lower part of the list is told from its highest rank down, the upper part from its lowest
  // up.
  if (r.end() <= size - r.start) std::ranges::reverse(by_rank);
  out.values = std::move(by_rank);
  out.has_own_order = true;
  out.rank_range = {.start = r.start, .count = r.count, .applies = true};
  if (r.count == 0) out.index_range = out.rank_range;
  return out;
}

/// The elements of an unordered list from the value `args.value` up to `end`, which is not in it;
/// without an end: those equal to it (`equal`) or all above.
Result<Selection> pick_by_value(Call& call, bool equal) {
  Elements elements = call.elements();
  const bool inverted = call.return_type.is_inverted;
  const Arguments& args = call.args;
  std::vector<Run> matches;
  Run ranks;
  const msgpack::Order begin(args.value);
  const msgpack::Order end(args.end);
  elements.each_value([&](std::uint32_t i, Bytes element) {
    const auto to_begin = begin.of(element);
    if (to_begin < 0) ++ranks.start;
    const bool fits =
        equal ? to_begin == 0 : to_begin >= 0 && (args.end.empty() || end.of(element) < 0);
    if (fits != inverted) matches.push_back({i, 1});
    if (fits) ++ranks.count;
  });
  Selection out;
  out.pick(std::move(matches));
  out.ranks = inverted ? complement({ranks}, elements.count()) : std::vector<Run>{ranks};
  if (inverted) {
    out.exists = ranks.count == 0 && elements.count() != 0;
  } else {
    out.rank_range = {
        .start = ranks.start, .count = ranks.count, .applies = true, .mirrors_empty = true};
  }
  return out;
}

/// Places in the order of values that each of the wanted values has, in the order of the request.
std::vector<Run> ranks_of_values(Elements& elements, std::span<const std::uint32_t> order,
                                 Call& call) {
  Elements wanted(call.arena, call.args.items);
  std::vector<Run> out;
  for (std::uint32_t i = 0; i < wanted.count(); ++i) {
    const Run found = equal_range(elements, order, wanted.at(i));
    if (found.count != 0) out.push_back(found);
  }
  return out;
}

Run value_run(Elements& elements, const Arguments& args) {
  const Run from = equal_range(elements, {}, args.value);
  std::uint32_t to = elements.count();
  if (!args.end.empty()) to = equal_range(elements, {}, args.end).start;
  return {from.start, std::max(from.start, to) - from.start};
}

}  // namespace

Result<Selection> by_index(Call& call) {
  const auto i = resolve_index(call.args.index, call.box.count);
  if (!i) return tl::unexpected(i.error());
  if (call.return_type.is_inverted) return tl::unexpected(inverted_single());
  auto out = pick_by_index(call, {*i, 1});
  if (out) out->is_single = true;
  return out;
}

Result<Selection> by_rank(Call& call) {
  const auto rank = resolve_index(call.args.index, call.box.count);
  if (!rank) return tl::unexpected(rank.error());
  if (call.return_type.is_inverted) return tl::unexpected(inverted_single());
  auto out = pick_by_rank(call, {*rank, 1});
  if (out) out->is_single = true;
  return out;
}

Result<Selection> by_value(Call& call) {
  if (call.return_type.is_inverted) return tl::unexpected(inverted_single());
  Selection out;
  if (call.is_ordered()) {
    Elements elements = call.elements();
    const Run found = equal_range(elements, {}, call.args.value);
    out = pick_ordered(found.count == 0 ? Run{} : Run{found.start, 1}, elements.count(), false);
  } else {
    auto all = pick_by_value(call, true);
    if (!all) return all;
    out = std::move(*all);
    if (out.count != 0) {
      out.pick({out.indexes.front()});
      out.ranks.front().count = 1;
      out.rank_range.count = 1;
    }
  }
  out.is_single = true;
  return out;
}

Result<Selection> all_by_value(Call& call) {
  if (!call.is_ordered()) return pick_by_value(call, true);
  Elements elements = call.elements();
  return pick_ordered(equal_range(elements, {}, call.args.value), elements.count(),
                      call.return_type.is_inverted);
}

Result<Selection> by_value_list(Call& call) {
  Elements elements = call.elements();
  const bool inverted = call.return_type.is_inverted;
  const std::uint32_t size = elements.count();
  Selection out;
  if (call.is_ordered()) {
    auto runs = ranks_of_values(elements, {}, call);
    out.pick(inverted ? complement(std::move(runs), size) : std::move(runs));
    out.ranks = out.indexes;
    return out;
  }
  const auto order = order_by_value(call.arena, elements);
  const auto ranks = ranks_of_values(elements, order, call);
  out.ranks = inverted ? complement(ranks, size) : first_time(ranks, size);
  std::vector<Run> indexes;
  for (const Run& rank : inverted ? singly(out.ranks) : merged(ranks))
    for (std::uint32_t i = rank.start; i < rank.end(); ++i) indexes.push_back({order[i], 1});
  std::ranges::sort(indexes, {}, &Run::start);
  if (inverted && call.args.items.count == 0) indexes = {{0, size}};
  out.pick(std::move(indexes));
  return out;
}

Result<Selection> by_index_range(Call& call) {
  return pick_by_index(call, resolve_range(call.args.index, call.args.count, call.box.count));
}

Result<Selection> by_value_interval(Call& call) {
  if (!call.is_ordered()) return pick_by_value(call, false);
  Elements elements = call.elements();
  return pick_ordered(value_run(elements, call.args), elements.count(),
                      call.return_type.is_inverted);
}

Result<Selection> by_rank_range(Call& call) {
  return pick_by_rank(call, resolve_range(call.args.index, call.args.count, call.box.count));
}

Result<Selection> by_relative_rank(Call& call) {
  Elements elements = call.elements();
  const std::uint32_t base = call.is_ordered() ? equal_range(elements, {}, call.args.value).start
                                               : count_less(elements, call.args.value);
  return pick_by_rank(call,
                      resolve_relative(base, call.args.index, call.args.count, elements.count()));
}

}  // namespace flotilla::model::list
