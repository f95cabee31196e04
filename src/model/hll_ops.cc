#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "hll.h"
#include "model/operation.h"
#include "op_arguments.h"

/// Operations on HyperLogLog sketches (docs/formats/hll.md): rows of kOps.
namespace flotilla::model {
namespace {

using msgpack::Container;
using msgpack::Cursor;
using msgpack::Kind;
using msgpack::Writer;

enum Flag : std::uint8_t { CreateOnly = 1, UpdateOnly = 2, NoFail = 4, AllowFold = 8 };
constexpr int kNotGiven = -1;

struct Arguments {
  Container elements;  // Scalars, each in its shortest form.
  std::vector<Sketch> sketches;
  int index_bits = kNotGiven;
  int minhash_bits = kNotGiven;
  std::uint64_t flags = 0;
};

/// Kinds of arguments. The optional ones may be missing at the end.
enum class Arg : std::uint8_t {
  None,
  Elements,
  Sketches,
  IndexBits,
  OptionalIndexBits,
  MinhashBits,
  Flags
};

struct Op {
  std::uint8_t opcode;
  std::array<Arg, 4> arguments;
  std::uint64_t flags;  // Those that it allows.
  bool creates;         // Runs without a bin.
  /// `bin` is null when there is none, which happens only where `creates`.
  Result<Outcome> (*change)(Arena&, const Arguments&, const Sketch* bin);
  Result<Particle> (*read)(Arena&, const Arguments&, const Sketch& bin);
};

Particle integer(Arena& arena, std::uint64_t value) {
  const MutableBytes out = arena.allocate(8);
  store_be(out.data(), value);
  return {ParticleType::Integer, out};
}
Particle particle(const Sketch& sketch) { return {ParticleType::Hll, sketch.bytes()}; }
Outcome changed(const Sketch& sketch, Particle result = {}) {
  return {.bin = particle(sketch), .result = result, .changed = true};
}

// Arguments.

bool read_elements(Arena& arena, OpArguments& in, Arguments& out) {
  const Container list = msgpack::open(in.encoded());
  if (list.kind != Kind::List || list.count == 0) return false;
  Cursor at(list.elements);
  for (std::uint32_t i = 0; i < list.count; ++i) {
    const Kind kind = at.next().kind;
    if (kind == Kind::Broken || kind == Kind::List || kind == Kind::Map) return false;
  }
  // All at once: a message may bring a hundred million.
  Writer plain(arena, list.elements.size() + 16);
  plain.list(list.count, msgpack::kNoFlags);
  plain.encoded(list.elements);
  const auto shortest = msgpack::normalise(arena, plain.finish(), msgpack::Use::Compared);
  if (shortest) out.elements = msgpack::open(*shortest);
  return shortest.has_value();
}

bool read_sketch(Cursor& at, Arguments& out) {
  const msgpack::Head head = at.next();
  if (!head.is_raw()) return false;
  const auto sketch = Sketch::parse(head.content());
  if (sketch) out.sketches.push_back(*sketch);
  return sketch.has_value();
}
/// A list of sketches, or one on its own.
bool read_sketches(OpArguments& in, Arguments& out) {
  const Bytes argument = in.encoded();
  const Container list = msgpack::open(argument);
  Cursor at(list.kind == Kind::List ? list.elements : argument);
  const std::uint32_t count = list.kind == Kind::List ? list.count : 1;
  for (std::uint32_t i = 0; i < count; ++i)
    if (!read_sketch(at, out)) return false;
  return count != 0;
}

bool read_bits(OpArguments& in, int least, int most, bool zero_is_fine, int& out) {
  const std::int64_t bits = in.integer();
  const bool fits =
      bits == kNotGiven || (bits >= least && bits <= most) || (bits == 0 && zero_is_fine);
  out = fits ? static_cast<int>(bits) : kNotGiven;
  return fits;
}

bool read_argument(Arena& arena, Arg kind, OpArguments& in, Arguments& out) {
  switch (kind) {
    case Arg::None:
      return true;
    case Arg::Elements:
      return read_elements(arena, in, out);
    case Arg::Sketches:
      return read_sketches(in, out);
    case Arg::IndexBits:
    case Arg::OptionalIndexBits:
      return read_bits(in, Sketch::kIndexBitsMin, Sketch::kIndexBitsMax, false, out.index_bits);
    case Arg::MinhashBits:
      return read_bits(in, Sketch::kMinhashBitsMin, Sketch::kMinhashBitsMax, true,
                       out.minhash_bits);
    case Arg::Flags:
      out.flags = in.unsigned_integer();
      return (out.flags & (CreateOnly | UpdateOnly)) != (CreateOnly | UpdateOnly);
  }
  return false;
}

Result<Arguments> read_arguments(Arena& arena, const Op& op, OpArguments& in) {
  Arguments out;
  for (const Arg kind : op.arguments) {
    if (kind == Arg::None || (kind >= Arg::OptionalIndexBits && in.left() == 0)) break;
    if (!read_argument(arena, kind, in, out)) return fail(Code::Parameter, "hll: argument");
  }
  if (!in.ok() || in.left() != 0 || (out.flags & ~op.flags) != 0 ||
      out.index_bits + out.minhash_bits > 64)
    return fail(Code::Parameter, "hll: arguments");
  return out;
}

// Changes.

/// What was asked for, with what was not given taken from the bin.
Result<Sketch::Shape> shape_from(const Arguments& a, const Sketch* bin) {
  Sketch::Shape shape = bin == nullptr ? Sketch::Shape{kNotGiven, 0} : bin->shape();
  if (a.index_bits != kNotGiven) shape.index_bits = a.index_bits;
  if (a.minhash_bits != kNotGiven) shape.minhash_bits = a.minhash_bits;
  if (!shape.is_valid()) return fail(Code::OpNotApplicable, "hll: no such shape");
  return shape;
}

Result<Outcome> init(Arena& arena, const Arguments& a, const Sketch* bin) {
  const auto shape = shape_from(a, bin);
  if (!shape) return tl::unexpected(shape.error());
  return changed(MutableSketch(arena, *shape).view());
}

Result<Outcome> add(Arena& arena, const Arguments& a, const Sketch* bin) {
  const auto shape = bin == nullptr ? shape_from(a, bin) : bin->shape();
  if (!shape) return tl::unexpected(shape.error());
  MutableSketch out = bin == nullptr ? MutableSketch(arena, *shape) : MutableSketch(arena, *bin);
  std::uint64_t grown = 0;
  Cursor at(a.elements.elements);
  for (std::uint32_t i = 0; i < a.elements.count; ++i) grown += out.add(at.skip()) ? 1 : 0;
  if (grown != 0) out.set_cached_count(0);
  return changed(out.view(), integer(arena, grown));
}

Result<Outcome> set_union(Arena& arena, const Arguments& a, const Sketch* bin) {
  std::vector<Sketch> all = a.sketches;
  if (bin == nullptr) return changed(union_of(arena, all));
  all.push_back(*bin);
  if ((a.flags & AllowFold) != 0) return changed(union_of(arena, all));
  const Sketch::Shape& shape = bin->shape();
  for (const Sketch& sketch : all)
    if (sketch.shape().index_bits < shape.index_bits ||
        (shape.minhash_bits != 0 && sketch.shape().minhash_bits != shape.minhash_bits))
      return fail(Code::OpNotApplicable, "hll: union would fold the bin");
  return changed(merged(arena, shape, all));
}

Result<Outcome> refresh_count(Arena& arena, const Arguments&, const Sketch* bin) {
  MutableSketch out(arena, *bin);
  out.set_cached_count(0);
  const std::uint64_t count = out.view().count();
  out.set_cached_count(count);
  return changed(out.view(), integer(arena, count));
}

Result<Outcome> fold(Arena& arena, const Arguments& a, const Sketch* bin) {
  const Sketch::Shape& shape = bin->shape();
  if (a.index_bits == kNotGiven || a.index_bits > shape.index_bits || shape.minhash_bits != 0)
    return fail(Code::OpNotApplicable, "hll: cannot fold");
  if (a.index_bits == shape.index_bits) return Outcome{};
  return changed(merged(arena, {a.index_bits, 0}, std::array{*bin}));
}

// Reads.

std::vector<Sketch> with_bin(const Arguments& a, const Sketch& bin) {
  std::vector<Sketch> all{bin};
  all.insert(all.end(), a.sketches.begin(), a.sketches.end());
  return all;
}

/// More than two arguments can only be compared by their min-hashes.
Result<std::vector<Sketch>> comparable(const Arguments& a, const Sketch& bin) {
  if (a.sketches.size() > 2) {
    const int minhash_bits = union_shape(a.sketches).minhash_bits;
    if (minhash_bits == 0)
      return fail(Code::Parameter, "hll: too many sketches without min-hashes");
    if (bin.shape().minhash_bits != minhash_bits)
      return fail(Code::OpNotApplicable, "hll: other min-hashes than the bin's");
  }
  return with_bin(a, bin);
}

Result<Particle> get_count(Arena& arena, const Arguments&, const Sketch& bin) {
  return integer(arena, bin.count());
}
Result<Particle> get_union(Arena& arena, const Arguments& a, const Sketch& bin) {
  return particle(union_of(arena, with_bin(a, bin)));
}
Result<Particle> get_union_count(Arena& arena, const Arguments& a, const Sketch& bin) {
  return integer(arena, union_of(arena, with_bin(a, bin)).count());
}
Result<Particle> get_intersect_count(Arena& arena, const Arguments& a, const Sketch& bin) {
  const auto all = comparable(a, bin);
  if (!all) return tl::unexpected(all.error());
  return integer(arena, intersection_count(arena, *all));
}
Result<Particle> get_similarity(Arena& arena, const Arguments& a, const Sketch& bin) {
  const auto all = comparable(a, bin);
  if (!all) return tl::unexpected(all.error());
  Particle out = integer(arena, std::bit_cast<std::uint64_t>(similarity(arena, *all)));
  out.type = ParticleType::Float;
  return out;
}
Result<Particle> describe(Arena& arena, const Arguments&, const Sketch& bin) {
  msgpack::Writer out(arena);
  out.list(2);
  out.integer(bin.shape().index_bits);
  out.integer(bin.shape().minhash_bits);
  return Particle{ParticleType::List, out.finish()};
}
Result<Particle> get_may_contain(Arena& arena, const Arguments& a, const Sketch& bin) {
  Cursor at(a.elements.elements);
  bool all = true;
  for (std::uint32_t i = 0; i < a.elements.count && all; ++i) all = may_contain(bin, at.skip());
  return integer(arena, all ? 1 : 0);
}

using enum Arg;
constexpr Op kOps[] = {
    {0,
     {OptionalIndexBits, MinhashBits, Flags},
     CreateOnly | UpdateOnly | NoFail,
     true,
     &init,
     nullptr},
    {1,
     {Elements, OptionalIndexBits, MinhashBits, Flags},
     CreateOnly | NoFail,
     true,
     &add,
     nullptr},
    {2, {Sketches, Flags}, CreateOnly | UpdateOnly | NoFail | AllowFold, true, &set_union, nullptr},
    {3, {}, 0, false, &refresh_count, nullptr},
    {4, {IndexBits}, 0, false, &fold, nullptr},
    {50, {}, 0, false, nullptr, &get_count},
    {51, {Sketches}, 0, false, nullptr, &get_union},
    {52, {Sketches}, 0, false, nullptr, &get_union_count},
    {53, {Sketches}, 0, false, nullptr, &get_intersect_count},
    {54, {Sketches}, 0, false, nullptr, &get_similarity},
    {55, {}, 0, false, nullptr, &describe},
    {56, {Elements}, 0, false, nullptr, &get_may_contain},
};

const Op* find_op(std::int64_t opcode, bool reads) {
  for (const Op& op : kOps)
    if (op.opcode == opcode && (op.read != nullptr) == reads) return &op;
  return nullptr;
}

/// The bin's sketch. A bin holds only what import checked, but an expression's blob may be
/// anything.
Result<Sketch> sketch_in(const Particle& bin) {
  const auto sketch = bin.type == ParticleType::Hll ? Sketch::parse(bin.bytes) : std::nullopt;
  if (!sketch) return fail(Code::IncompatibleType, "hll: no sketch");
  return *sketch;
}

/// Room for what the operation may leave in the arena, a few sketches of the largest size, and for
/// walking through its arguments and the bin.
Result<void> take_room(Arena& arena, const Particle& bin, Bytes op) {
  arena.note_walk(bin.bytes.size() + op.size());
  return check_room(arena);
}

}  // namespace

Result<Outcome> hll_read(Arena& arena, const Particle& bin, Bytes bytes) {
  if (bin.is_null()) return Outcome{};
  const auto sketch = sketch_in(bin);
  if (!sketch) return tl::unexpected(sketch.error());
  OpArguments in(bytes);
  const Op* const op = in.ok() ? find_op(in.opcode(), true) : nullptr;
  if (op == nullptr) return fail(Code::Parameter, "hll: no such read");
  if (const auto room = take_room(arena, bin, bytes); !room) return tl::unexpected(room.error());
  const auto arguments = read_arguments(arena, *op, in);
  if (!arguments) return tl::unexpected(arguments.error());
  const auto result = op->read(arena, *arguments, *sketch);
  if (!result) return tl::unexpected(result.error());
  return Outcome{.bin = {}, .result = *result};
}

Result<Outcome> hll_modify(Arena& arena, const Particle& bin, Bytes bytes) {
  OpArguments in(bytes);
  const Op* const op = in.ok() ? find_op(in.opcode(), false) : nullptr;
  if (op == nullptr) return fail(Code::Parameter, "hll: no such change");
  if (const auto room = take_room(arena, bin, bytes); !room) return tl::unexpected(room.error());
  const auto a = read_arguments(arena, *op, in);
  if (!a) return tl::unexpected(a.error());
  if (bin.is_null()) {
    if (op->creates && (a->flags & UpdateOnly) == 0) return op->change(arena, *a, nullptr);
    if ((a->flags & NoFail) != 0) return Outcome{};
    return fail(Code::BinNotFound, "hll: no such bin");
  }
  const auto sketch = sketch_in(bin);
  if (!sketch) return tl::unexpected(sketch.error());
  if ((a->flags & CreateOnly) == 0) return op->change(arena, *a, &*sketch);
  if ((a->flags & NoFail) != 0) return Outcome{};
  return fail(Code::BinExists, "hll: bin exists");
}

}  // namespace flotilla::model
