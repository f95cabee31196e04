#include <algorithm>
#include <array>
#include <optional>

#include "cdt_operation.h"
#include "expression_loop.h"
#include "map_select.h"
#include "merge_sort.h"

// A path expression walks from the bin down, level by level; each entry of its context chooses
// children of every collection that was reached. The children at the last level are the leaves.
namespace flotilla::model {
namespace {

using msgpack::Container;
using msgpack::Cursor;
using msgpack::Kind;

constexpr std::size_t kLevelsMax = 64;

enum class Mode : std::uint8_t { MatchingTree, Value, MapKey, MapKeyValue, Apply };
constexpr std::uint64_t kModeMask = 0x0F;
constexpr std::uint64_t kNoFail = 0x10;

/// One level: which children of a collection are chosen.
struct Step {
  enum class Choice : std::uint8_t { Index, Rank, Key, Value, KeysIn, Expression };

  Choice choice = Choice::Expression;
  Kind kind = Kind::Broken;  // Broken: of a list or a map, whatever is there.
  Bytes value;               // Index, rank, key, value, or a list of keys; normalised.
  std::optional<LoopExpression> condition;  // Of Expression, or one that is to hold as well.
};

/// The types of entries that there are, without those that also name the kind of collection.
struct EntryType {
  std::uint64_t code;
  Step::Choice choice;
  bool fits_list;
};
constexpr EntryType kEntryTypes[] = {
    {0x0, Step::Choice::Index, true},      {0x1, Step::Choice::Rank, true},
    {0x2, Step::Choice::Key, false},       {0x3, Step::Choice::Value, true},
    {0x4, Step::Choice::Expression, true}, {0xA, Step::Choice::KeysIn, false},
};
constexpr std::uint64_t kListBit = 0x10;
constexpr std::uint64_t kMapBit = 0x20;
constexpr std::uint64_t kAndExpression = 0x204;

Result<Step> make_step(Arena& arena, std::uint64_t type, Bytes value) {
  Step step;
  const std::uint64_t kind = type & (kListBit | kMapBit);
  const auto* const row = std::ranges::find(kEntryTypes, type & ~kind, &EntryType::code);
  if (row == std::end(kEntryTypes) || kind == (kListBit | kMapBit) ||
      (kind == kListBit && !row->fits_list))
    return fail(Code::Parameter, "path: entry type");
  step.choice = row->choice;
  step.kind = kind == 0 ? Kind::Broken : kind == kListBit ? Kind::List : Kind::Map;
  if (step.choice == Step::Choice::Expression) {
    auto condition = LoopExpression::parse(arena, value);
    if (!condition) return tl::unexpected(condition.error());
    step.condition = std::move(*condition);
    return step;
  }
  const auto normal = msgpack::normalise(arena, value, msgpack::Use::Compared);
  if (!normal) return tl::unexpected(normal.error());
  step.value = *normal;
  const Kind given = Cursor(*normal).peek().kind;
  const bool is_place = step.choice == Step::Choice::Index || step.choice == Step::Choice::Rank;
  if ((is_place && given != Kind::Integer) ||
      (step.choice == Step::Choice::KeysIn && given != Kind::List))
    return fail(Code::Parameter, "path: entry value");
  return step;
}

class Path {
 public:
  /// Parameter: the arguments of the operation make no sense.
  static Result<Path> parse(Arena& arena, const Envelope& envelope, bool is_read);

  Result<Particle> select(Bytes bin);
  /// The whole bin after its leaves have been replaced; empty: nothing changed.
  Result<Bytes> apply(Bytes bin);
  Mode mode() const { return mode_; }

 private:
  /// Pieces of a collection that is being rebuilt.
  struct Rebuilt {
    std::vector<Bytes> pieces;
    std::uint32_t count = 0;
  };

  explicit Path(Arena& arena) : arena_(&arena) {}

  Result<void> add_steps(Bytes context);
  bool is_last(std::size_t level) const { return level + 1 == steps_.size(); }
  /// Indexes of the chosen children, ascending.
  Result<std::vector<std::uint32_t>> children(Elements& elements, Kind kind, std::size_t level);
  Result<std::vector<Run>> candidates(Elements& elements, Kind kind, const Step& step);
  LoopVariables variables(Elements& elements, std::uint32_t i) const;
  Result<void> collect(const Container& box, std::size_t level);
  Result<void> collect_leaf(Elements& elements, std::uint32_t i);
  Result<Bytes> tree(const Container& box, std::size_t level);
  Result<Bytes> replaced(const Container& box, std::size_t level, bool is_top_level);
  /// The new value of a child; none: it is to be removed.
  Result<std::optional<Bytes>> new_value(Elements& elements, std::uint32_t i, std::size_t level);

  Arena* arena_;
  std::vector<Step> steps_;
  Mode mode_ = Mode::Value;
  bool forgives_ = false;
  std::optional<LoopExpression> expression_;
  std::vector<Bytes> leaves_;
  std::size_t leaves_size_ = 0;
  bool has_changed_ = false;
};

Result<Path> Path::parse(Arena& arena, const Envelope& envelope, bool is_read) {
  Path path(arena);
  Cursor at(envelope.arguments);
  const Bytes context = at.skip();
  const msgpack::Head flags = at.next();
  if (envelope.argument_count != (is_read ? 2U : 3U) || flags.kind != Kind::Integer)
    return fail(Code::Parameter, "path: arguments");
  const std::uint64_t mode = flags.bits & kModeMask;
  if ((flags.bits & ~(kModeMask | kNoFail)) != 0 || mode > static_cast<std::uint64_t>(Mode::Apply))
    return fail(Code::Parameter, "path: mode");
  path.mode_ = static_cast<Mode>(mode);
  path.forgives_ = (flags.bits & kNoFail) != 0;
  if ((path.mode_ == Mode::Apply) == is_read) return fail(Code::Parameter, "path: mode");
  const auto added = path.add_steps(context);
  if (!added) return tl::unexpected(added.error());
  if (is_read) return path;
  const Bytes expression = at.skip();
  if (!at.ok()) return fail(Code::Parameter, "path: arguments");
  auto parsed = LoopExpression::parse(arena, expression);
  if (!parsed) return tl::unexpected(parsed.error());
  path.expression_ = std::move(*parsed);
  return path;
}

Result<void> Path::add_steps(Bytes context) {
  const Container entries = msgpack::open(context);
  if (entries.kind != Kind::List || entries.count == 0 || entries.count % 2 != 0)
    return fail(Code::Parameter, "path: context");
  Cursor at(entries.elements);
  for (std::uint32_t i = 0; i < entries.count; i += 2) {
    const msgpack::Head type = at.next();
    const Bytes value = at.skip();
    if (!at.ok() || type.kind != Kind::Integer) return fail(Code::Parameter, "path: entry");
    if (type.bits != kAndExpression) {
      auto step = make_step(*arena_, type.bits, value);
      if (!step) return tl::unexpected(step.error());
      if (steps_.size() == kLevelsMax) return fail(Code::Parameter, "path: too long");
      steps_.push_back(std::move(*step));
      continue;
    }
    if (steps_.empty() || steps_.back().condition.has_value())
      return fail(Code::Parameter, "path: condition without an entry");
    auto condition = LoopExpression::parse(*arena_, value);
    if (!condition) return tl::unexpected(condition.error());
    steps_.back().condition = std::move(*condition);
  }
  return {};
}

LoopVariables Path::variables(Elements& elements, std::uint32_t i) const {
  LoopVariables out;
  out.value = elements.value(i);
  if (elements.is_map()) {
    out.key = elements.key(i);
  } else {
    out.index = i;
  }
  return out;
}

/// What an entry chooses, before its condition.
Result<std::vector<Run>> Path::candidates(Elements& elements, Kind kind, const Step& step) {
  const std::uint32_t size = elements.count();
  std::vector<Run> out;
  switch (step.choice) {
    case Step::Choice::Expression:
      return std::vector<Run>{{0, size}};
    case Step::Choice::Index:
    case Step::Choice::Rank: {
      const auto place = resolve_index(Cursor(step.value).peek().integer(), size);
      if (!place) return out;
      const bool by_index = step.choice == Step::Choice::Index;
      out.push_back({by_index ? *place : order_by_value(*arena_, elements)[*place], 1});
      return out;
    }
    case Step::Choice::Value:
      for (std::uint32_t i = 0; i < size; ++i)
        if (msgpack::compare(elements.value(i), step.value) == 0) out.push_back({i, 1});
      return out;
    case Step::Choice::Key:
    case Step::Choice::KeysIn:
      break;
  }
  if (kind != Kind::Map) {
    if (forgives_) return out;
    return fail(Code::Parameter, "path: key of a list");
  }
  if (step.choice == Step::Choice::Key) {
    out.push_back(map::find_key(elements, step.value));
    return out;
  }
  Elements keys(*arena_, msgpack::open(step.value));
  for (std::uint32_t i = 0; i < keys.count(); ++i)
    out.push_back(map::find_key(elements, keys.at(i)));
  return merged(std::move(out));
}

Result<std::vector<std::uint32_t>> Path::children(Elements& elements, Kind kind,
                                                  std::size_t level) {
  const Step& step = steps_[level];
  if (step.kind != Kind::Broken && step.kind != kind)
    return fail(Code::Parameter, "path: type of the value");
  const auto runs = candidates(elements, kind, step);
  if (!runs) return tl::unexpected(runs.error());
  std::vector<std::uint32_t> out;
  for (const Run& r : *runs) {
    for (std::uint32_t i = r.start; i < r.end(); ++i) {
      const Truth truth =
          step.condition ? step.condition->test(*arena_, variables(elements, i)) : Truth::True;
      if (truth == Truth::Unknown && !forgives_)
        return fail(Code::Parameter, "path: unknown condition");
      if (truth == Truth::True) out.push_back(i);
    }
  }
  return out;
}

Result<void> Path::collect_leaf(Elements& elements, std::uint32_t i) {
  const auto add = [&](Bytes leaf) {
    leaves_.push_back(leaf);
    leaves_size_ += leaf.size();
  };
  if (mode_ == Mode::Value) {
    add(elements.value(i));
  } else {
    add(elements.key(i));
    if (mode_ == Mode::MapKeyValue) add(elements.value(i));
  }
  return check_size(leaves_size_);
}

Result<void> Path::collect(const Container& box, std::size_t level) {
  Elements elements(*arena_, box);
  const auto chosen = children(elements, box.kind, level);
  if (!chosen) return tl::unexpected(chosen.error());
  if (is_last(level) && mode_ != Mode::Value && box.kind == Kind::List) {
    if (forgives_) return {};
    return fail(Code::IncompatibleType, "path: keys of a list");
  }
  for (const std::uint32_t i : *chosen) {
    Result<void> done;
    if (is_last(level)) {
      done = collect_leaf(elements, i);
    } else if (const Container child = msgpack::open(elements.value(i));
               child.kind != Kind::Broken) {
      done = collect(child, level + 1);
    }
    if (!done) return done;
  }
  return {};
}

Result<Bytes> Path::tree(const Container& box, std::size_t level) {
  Elements elements(*arena_, box);
  const auto chosen = children(elements, box.kind, level);
  if (!chosen) return tl::unexpected(chosen.error());
  std::vector<Bytes> pieces;
  for (const std::uint32_t i : *chosen) {
    const Container child = is_last(level) ? Container{} : msgpack::open(elements.value(i));
    if (child.kind == Kind::Broken) {
      pieces.push_back(elements.at(i));
      continue;
    }
    const auto branch = tree(child, level + 1);
    if (!branch) return branch;
    if (elements.is_map()) pieces.push_back(elements.key(i));
    pieces.push_back(*branch);
  }
  // What was left out may have been what made the order: a copy with something in it is unordered.
  const std::uint8_t flags =
      chosen->empty() ? msgpack::stored_flags(box.kind, box.flags, false) : std::uint8_t{0};
  return build(*arena_, box.kind, static_cast<std::uint32_t>(chosen->size()), flags, pieces);
}

Result<std::optional<Bytes>> Path::new_value(Elements& elements, std::uint32_t i,
                                             std::size_t level) {
  using New = std::optional<Bytes>;
  const Bytes old = elements.value(i);
  if (!is_last(level)) {
    const Container child = msgpack::open(old);
    if (child.kind == Kind::Broken) return New{old};
    const auto inner = replaced(child, level + 1, false);
    if (!inner) return tl::unexpected(inner.error());
    return New{*inner};
  }
  const auto value = expression_->apply(*arena_, variables(elements, i));
  if (value.kind == LoopExpression::Value::Kind::Unknown) {
    if (forgives_) return New{old};
    return fail(Code::Unknown, "path: unknown new value");
  }
  has_changed_ = true;
  if (value.kind == LoopExpression::Value::Kind::Remove) return New{};
  const auto normal =
      msgpack::normalise(*arena_, value.msgpack, msgpack::Use::Stored, static_cast<int>(level) + 1);
  if (!normal) return fail(Code::IncompatibleType, "path: new value cannot be stored");
  return New{*normal};
}

Result<Bytes> Path::replaced(const Container& box, std::size_t level, bool is_top_level) {
  Elements elements(*arena_, box);
  const auto chosen = children(elements, box.kind, level);
  if (!chosen) return tl::unexpected(chosen.error());
  const bool is_sorted = box.kind == Kind::List && (box.flags & msgpack::kOrdered) != 0;
  std::vector<Bytes> pieces;
  std::uint32_t done = 0;
  std::uint32_t count = box.count;
  const auto keep = [&](std::uint32_t to) {
    if (is_sorted) {
      for (; done < to; ++done) pieces.push_back(elements.at(done));
    } else if (to != done) {
      pieces.push_back(elements.run({done, to - done}));
    }
    done = to;
  };
  for (const std::uint32_t i : *chosen) {
    keep(i);
    const auto value = new_value(elements, i, level);
    if (!value) return tl::unexpected(value.error());
    ++done;
    if (!value->has_value()) {
      --count;
      continue;
    }
    if (elements.is_map()) pieces.push_back(elements.key(i));
    pieces.push_back(**value);
  }
  keep(box.count);
  if (is_sorted)
    merge_sort(std::span(pieces), [](Bytes a, Bytes b) { return msgpack::compare(a, b) < 0; });
  return build(*arena_, box.kind, count, msgpack::stored_flags(box.kind, box.flags, is_top_level),
               pieces);
}

Result<Particle> Path::select(Bytes bin) {
  const Container box = msgpack::open(bin);
  if (mode_ == Mode::MatchingTree) {
    const auto copy = tree(box, 0);
    if (!copy) return tl::unexpected(copy.error());
    return Particle{box.kind == Kind::Map ? ParticleType::Map : ParticleType::List, *copy};
  }
  const auto collected = collect(box, 0);
  if (!collected) return tl::unexpected(collected.error());
  const auto list =
      build(*arena_, Kind::List, static_cast<std::uint32_t>(leaves_.size()), 0, leaves_);
  if (!list) return tl::unexpected(list.error());
  return Particle{ParticleType::List, *list};
}

Result<Bytes> Path::apply(Bytes bin) {
  auto whole = replaced(msgpack::open(bin), 0, true);
  if (!whole || has_changed_) return whole;
  return Bytes{};
}

}  // namespace

Result<Outcome> run_path(Arena& arena, const Particle& bin, const Envelope& envelope,
                         bool is_read) {
  auto path = Path::parse(arena, envelope, is_read);
  if (!path) return tl::unexpected(path.error());
  if (bin.is_null()) return Outcome{};
  if (is_read) {
    const auto result = path->select(bin.bytes);
    if (!result) return tl::unexpected(result.error());
    return unchanged(*result);
  }
  const auto whole = path->apply(bin.bytes);
  if (!whole) return tl::unexpected(whole.error());
  if (whole->empty()) return Outcome{};
  return Outcome{.bin = {bin.type, *whole}, .result = {}, .changed = true};
}

}  // namespace flotilla::model
