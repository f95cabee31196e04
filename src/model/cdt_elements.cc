#include "cdt_elements.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "merge_sort.h"
#include "signposts.h"

namespace flotilla::model {
namespace {

std::span<std::uint32_t> allocate_numbers(Arena& arena, std::size_t count) {
  const MutableBytes bytes = arena.allocate(count * sizeof(std::uint32_t));
  return {reinterpret_cast<std::uint32_t*>(bytes.data()), count};
}

}  // namespace

Result<void> check_size(std::size_t bytes) {
  if (bytes > kCollectionSizeMax) return fail(Code::TooBig, "cdt: value too big");
  return {};
}

Result<void> check_padding(std::size_t nils) {
  if (nils > kPaddingMax) return fail(Code::TooBig, "cdt: too far behind the end");
  return {};
}

std::uint32_t total(std::span<const Run> runs) {
  std::uint64_t sum = 0;
  for (const Run& r : runs) sum += r.count;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, UINT32_MAX));
}

std::vector<Run> merged(std::vector<Run> runs) {
  std::erase_if(runs, [](const Run& r) { return r.count == 0; });
  if (!std::ranges::is_sorted(runs, {}, &Run::start)) std::ranges::sort(runs, {}, &Run::start);
  std::size_t kept = 0;
  for (const Run& r : runs) {
    if (kept != 0 && r.start <= runs[kept - 1].end()) {
      Run& last = runs[kept - 1];
      last.count = std::max(last.end(), r.end()) - last.start;
    } else {
      runs[kept++] = r;
    }
  }
  runs.resize(kept);
  return runs;
}

std::vector<Run> complement(std::vector<Run> runs, std::uint32_t size) {
  std::vector<Run> out;
  std::uint32_t at = 0;
  for (const Run& r : merged(std::move(runs))) {
    if (r.start > at) out.push_back({at, r.start - at});
    at = r.end();
  }
  if (at < size) out.push_back({at, size - at});
  return out;
}

std::vector<Run> singly(std::span<const Run> runs) {
  std::vector<Run> out;
  out.reserve(total(runs));
  for (const Run& r : runs)
    for (std::uint32_t i = 0; i < r.count; ++i) out.push_back({r.start + i, 1});
  return out;
}

std::vector<Run> first_time(std::span<const Run> runs, std::uint32_t size) {
  if (total(merged({runs.begin(), runs.end()})) == total(runs)) return singly(runs);
  std::vector<Run> out;
  // From each number the way to the next that was not seen; ways get shorter as they are gone.
  std::vector<std::uint32_t> next(std::size_t{size} + 1);
  std::iota(next.begin(), next.end(), 0U);
  const auto unseen = [&](std::uint32_t i) {
    while (next[i] != i) {
      next[i] = next[next[i]];
      i = next[i];
    }
    return i;
  };
  for (const Run& r : runs) {
    for (std::uint32_t i = unseen(r.start); i < r.end(); i = unseen(i)) {
      out.push_back({i, 1});
      next[i] = i + 1;
    }
  }
  return out;
}

Result<std::uint32_t> resolve_index(std::int64_t index, std::uint32_t size) {
  if (index < 0) index += size;
  if (index < 0 || index >= std::int64_t{size})
    return fail(Code::OpNotApplicable, "cdt: index out of bounds");
  return static_cast<std::uint32_t>(index);
}

Run resolve_range(std::int64_t start, std::uint64_t count, std::uint32_t size) {
  return resolve_relative(start < 0 ? size : 0, start, count, size);
}

Run resolve_relative(std::uint32_t base, std::int64_t offset, std::uint64_t count,
                     std::uint32_t size) {
  // No place is further away than this, so the sum cannot overflow.
  constexpr std::int64_t kFar = std::int64_t{1} << 40;
  std::int64_t start = std::clamp(offset, -kFar, kFar) + base;
  if (start < 0) {
    const auto overshoot = static_cast<std::uint64_t>(-start);
    count = count > overshoot ? count - overshoot : 0;
    start = 0;
  }
  const auto from = static_cast<std::uint32_t>(std::min<std::int64_t>(start, size));
  return {from, static_cast<std::uint32_t>(std::min<std::uint64_t>(count, size - from))};
}

std::size_t Elements::offset(std::uint32_t i) {
  if (!offsets_.empty()) return offsets_[i];
  Mark mark = i >= end_.i ? end_ : i >= begin_.i ? begin_ : Mark{};
  if (i - mark.i > kSignpostStep && !box_.signposts.empty()) {
    const Signpost signpost = Signposts(box_.signposts).before(i);
    mark = {signpost.i, signpost.offset};
  }
  if (i != mark.i) {
    msgpack::Cursor at(box_.elements.subspan(mark.offset));
    at.skip(std::uint64_t{i - mark.i} * stride_);
    // Stored collections are checked where they come in; a broken one must not be walked further.
    FLOTILLA_CHECK(at.ok());
    mark = {i, box_.elements.size() - at.rest().size()};
  }
  return mark.offset;
}

Bytes Elements::run(Run r) {
  const std::size_t from = offset(r.start);
  if (r.end() == count()) return box_.elements.subspan(from);
  begin_ = {r.start, from};
  const std::size_t to = offset(r.end());
  end_ = {r.end(), to};
  return box_.elements.subspan(from, to - from);
}

Bytes Elements::value(std::uint32_t i) {
  if (!is_map()) return at(i);
  msgpack::Cursor pair(at(i));
  pair.skip();
  return pair.rest();
}

void Elements::index() {
  if (!offsets_.empty()) return;
  const std::span<std::uint32_t> offsets = allocate_numbers(*arena_, std::size_t{count()} + 1);
  msgpack::Cursor at(box_.elements);
  for (std::uint32_t& offset : offsets) {
    offset = static_cast<std::uint32_t>(box_.elements.size() - at.rest().size());
    if (&offset != &offsets.back()) at.skip(stride_);
  }
  FLOTILLA_CHECK(at.ok());
  offsets_ = offsets;
}

std::span<const std::uint32_t> order_by_value(Arena& arena, Elements& elements) {
  struct Item {
    std::uint64_t prefix;
    std::uint32_t index;
  };
  constexpr std::size_t kSortWalk = 16;  // Bytes that could be walked in an element's share.
  arena.note_walk(kSortWalk * elements.count());
  elements.index();
  std::vector<Item> items(elements.count());
  for (std::uint32_t i = 0; i < items.size(); ++i)
    items[i] = {msgpack::order_prefix(elements.value(i)), i};
  merge_sort(std::span(items), [&](const Item& a, const Item& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return msgpack::compare(elements.value(a.index), elements.value(b.index)) < 0;
  });
  const std::span<std::uint32_t> order = allocate_numbers(arena, items.size());
  std::ranges::transform(items, order.begin(), &Item::index);
  return order;
}

Run equal_range(Elements& elements, std::span<const std::uint32_t> order, Bytes value) {
  elements.prepare_search();
  const auto bound = [&](auto is_before) {
    std::uint32_t low = 0;
    std::uint32_t high = elements.count();
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      const std::uint32_t i = order.empty() ? middle : order[middle];
      if (is_before(msgpack::compare(elements.value(i), value))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  const std::uint32_t from = bound([](std::weak_ordering o) { return o < 0; });
  const std::uint32_t to = bound([](std::weak_ordering o) { return o <= 0; });
  return {from, std::max(to, from) - from};
}

std::uint32_t count_less(Elements& elements, Bytes value) {
  std::uint32_t less = 0;
  const msgpack::Order order(value);
  elements.each_value([&](std::uint32_t, Bytes element) {
    if (order.of(element) < 0) ++less;
  });
  return less;
}

Result<Bytes> build(Arena& arena, msgpack::Kind kind, std::uint32_t count, std::uint8_t flags,
                    std::span<const Bytes> pieces) {
  const auto first = std::ranges::find_if(pieces, [](Bytes piece) { return !piece.empty(); });
  if (flags == 0 && first != pieces.end() &&
      msgpack::Cursor(*first).peek().kind == msgpack::Kind::Ext)
    flags = msgpack::kNoFlags;
  std::size_t size = msgpack::header_size(kind, count, flags);
  for (const Bytes piece : pieces) size += piece.size();
  if (const auto fits = check_size(size); !fits) return tl::unexpected(fits.error());
  msgpack::Writer out(arena, size);
  if (kind == msgpack::Kind::Map) {
    out.map(count, flags);
  } else {
    out.list(count, flags);
  }
  for (const Bytes piece : pieces) out.encoded(piece);
  return out.finish();
}

Result<Bytes> build_without(Arena& arena, Elements& elements, std::span<const Run> removed) {
  std::vector<Bytes> pieces;
  for (const Run& r : complement({removed.begin(), removed.end()}, elements.count()))
    pieces.push_back(elements.run(r));
  return build(arena, elements.is_map() ? msgpack::Kind::Map : msgpack::Kind::List,
               elements.count() - total(removed), elements.flags(), pieces);
}

}  // namespace flotilla::model
