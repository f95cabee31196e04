#include <algorithm>
#include <array>

#include "bit_view.h"
#include "model/operation.h"
#include "op_arguments.h"

/// Operations on blobs as strings of bits (docs/formats/bits.md). Each is a row of kOps: its
/// arguments, its flags, and a function that writes the changed blob into a fresh copy or reads an
/// answer.
namespace flotilla::model {
namespace {

constexpr std::uint64_t kBlobMax = 128U << 20;  // Bytes; no operation makes a blob of this size.
constexpr std::uint64_t kBitsMax = kBlobMax * 8;

enum Flag : std::uint8_t { CreateOnly = 1, UpdateOnly = 2, NoFail = 4, Partial = 8 };
enum IntFlag : std::uint8_t { Signed = 1, Saturate = 2, Wrap = 4 };
enum ResizeFlag : std::uint8_t { FromFront = 1, GrowOnly = 2, ShrinkOnly = 4 };

struct Arguments {
  std::int64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t number = 0;  // Of an integer operation, or bits to shift by.
  Bytes bytes;
  bool wanted = false;
  std::uint64_t flags = 0;
  std::uint64_t sub_flags = 0;
};

/// Kinds of arguments; from Flags on they may be missing at the end.
enum class Arg : std::uint8_t {
  None,
  ByteOffset,
  BitOffset,
  NewSize,  // Bytes; 0 is fine.
  ByteSize,
  BitSize,
  IntSize,
  Shift,
  Number,
  RawBytes,
  Truth,
  Flags,
  IntFlags,
  ResizeFlags,
};

struct Op {
  std::uint8_t opcode;
  std::array<Arg, 5> arguments;
  std::uint64_t flags;  // Those that it allows.
  /// Length of the changed blob, or why it cannot be. Cuts `range` when flags allow it. Null in
  /// reads.
  Result<std::uint64_t> (*plan)(const Arguments&, std::uint64_t old_size, BitRange& range);
  /// Changes `to`, which holds the plan's length: zeros where `copies` is false, else a copy of
  /// `from`.
  Result<void> (*apply)(const Arguments&, BitRange, Bytes from, MutableBytes to);
  bool copies;
  Particle (*read)(Arena&, const Arguments&, BitRange, Bytes from);
};

// Arguments.

bool read_argument(Arg kind, OpArguments& in, Arguments& out) {
  const auto bounded = [](std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    return value >= least && value <= most;
  };
  switch (kind) {
    case Arg::None:
      return true;
    case Arg::ByteOffset:
    case Arg::BitOffset: {
      const auto most = static_cast<std::int64_t>(kind == Arg::BitOffset ? kBitsMax : kBlobMax);
      out.offset = in.integer();
      return out.offset <= most && out.offset >= -most;
    }
    case Arg::NewSize:
      return bounded(out.size = in.unsigned_integer(), 0, kBlobMax);
    case Arg::ByteSize:
      return bounded(out.size = in.unsigned_integer(), 1, kBlobMax);
    case Arg::BitSize:
      return bounded(out.size = in.unsigned_integer(), 1, kBitsMax);
    case Arg::IntSize:
      return bounded(out.size = in.unsigned_integer(), 1, 64);
    case Arg::Shift:
      return bounded(out.number = in.unsigned_integer(), 0, kBitsMax);
    case Arg::Number:
      out.number = static_cast<std::uint64_t>(in.integer());
      return true;
    case Arg::RawBytes:
      out.bytes = in.content();
      return !out.bytes.empty();
    case Arg::Truth:
      out.wanted = in.boolean();
      return true;
    case Arg::Flags:
      out.flags = in.unsigned_integer();
      return (out.flags & (CreateOnly | UpdateOnly)) != (CreateOnly | UpdateOnly);
    case Arg::IntFlags:
      out.sub_flags = in.unsigned_integer();
      return out.sub_flags <= 7 && (out.sub_flags & (Saturate | Wrap)) != (Saturate | Wrap);
    case Arg::ResizeFlags:
      out.sub_flags = in.unsigned_integer();
      return out.sub_flags <= 7 &&
             (out.sub_flags & (GrowOnly | ShrinkOnly)) != (GrowOnly | ShrinkOnly);
  }
  return false;
}

Result<Arguments> read_arguments(const Op& op, OpArguments& in) {
  Arguments out;
  for (const Arg kind : op.arguments) {
    if (kind == Arg::None || (kind >= Arg::Flags && in.left() == 0)) break;
    if (!read_argument(kind, in, out)) return fail(Code::Parameter, "bits: argument");
  }
  const bool has_range_bytes = op.arguments[1] == Arg::BitSize && op.arguments[2] == Arg::RawBytes;
  if (!in.ok() || in.left() != 0 || (out.flags & ~op.flags) != 0 ||
      (has_range_bytes && out.bytes.size() < (out.size + 7) / 8))
    return fail(Code::Parameter, "bits: arguments");
  return out;
}

/// Where an offset that may count from the end begins.
Result<std::uint64_t> start_of(std::int64_t offset, std::uint64_t size) {
  if (offset >= 0) return static_cast<std::uint64_t>(offset);
  const auto back = static_cast<std::uint64_t>(-offset);
  if (back > size) return fail(Code::Parameter, "bits: offset before the start");
  return size - back;
}

Result<BitRange> range_in(const Arguments& arguments, std::uint64_t byte_size) {
  const std::uint64_t bits = byte_size * 8;
  const auto start = start_of(arguments.offset, bits);
  if (!start) return tl::unexpected(start.error());
  if (*start >= bits) return fail(Code::OpNotApplicable, "bits: range past the end");
  const std::uint64_t room = bits - *start;
  if (arguments.size <= room) return BitRange{*start, arguments.size};
  if ((arguments.flags & Partial) == 0)
    return fail(Code::OpNotApplicable, "bits: range past the end");
  return BitRange{*start, room};
}

// Operations that change the size.

Result<std::uint64_t> plan_resize(const Arguments& a, std::uint64_t old_size, BitRange&) {
  if (((a.sub_flags & GrowOnly) != 0 && a.size < old_size) ||
      ((a.sub_flags & ShrinkOnly) != 0 && a.size > old_size))
    return fail(Code::Parameter, "bits: resize in the refused direction");
  return a.size;
}
Result<void> resize(const Arguments& a, BitRange, Bytes from, MutableBytes to) {
  const std::size_t kept = std::min(from.size(), to.size());
  if (kept == 0) return {};
  const bool front = (a.sub_flags & FromFront) != 0;
  std::memcpy(to.data() + (front ? to.size() - kept : 0),
              from.data() + (front ? from.size() - kept : 0), kept);
  return {};
}

Result<std::uint64_t> plan_insert(const Arguments& a, std::uint64_t old_size, BitRange& range) {
  const auto start = start_of(a.offset, old_size);
  if (!start) return start;
  range.offset = *start;
  return std::max(*start, old_size) + a.bytes.size();
}
Result<void> insert(const Arguments& a, BitRange range, Bytes from, MutableBytes to) {
  const std::size_t head = std::min<std::size_t>(range.offset, from.size());
  std::byte* const at = to.data() + range.offset;
  if (head != 0) std::memcpy(to.data(), from.data(), head);
  std::memcpy(at, a.bytes.data(), a.bytes.size());
  if (head != from.size()) std::memcpy(at + a.bytes.size(), from.data() + head, from.size() - head);
  return {};
}

Result<std::uint64_t> plan_remove(const Arguments& a, std::uint64_t old_size, BitRange& range) {
  const auto start = start_of(a.offset, old_size);
  if (!start) return start;
  if (*start >= old_size) return fail(Code::Parameter, "bits: remove past the end");
  const std::uint64_t room = old_size - *start;
  if (a.size > room && (a.flags & Partial) == 0)
    return fail(Code::Parameter, "bits: remove past the end");
  range = {*start, std::min(a.size, room)};
  return old_size - range.size;
}
Result<void> remove(const Arguments&, BitRange range, Bytes from, MutableBytes to) {
  const std::size_t tail = from.size() - range.offset - range.size;
  if (range.offset != 0) std::memcpy(to.data(), from.data(), range.offset);
  if (tail != 0)
    std::memcpy(to.data() + range.offset, from.data() + range.offset + range.size, tail);
  return {};
}

// Operations inside a range.

Result<std::uint64_t> plan_range(const Arguments& a, std::uint64_t old_size, BitRange& range) {
  const auto found = range_in(a, old_size);
  if (!found) return tl::unexpected(found.error());
  range = *found;
  return old_size;
}

template <class Combine>
Result<void> combine(const Arguments& a, BitRange range, MutableBytes to, Combine combined) {
  for (std::uint64_t at = 0; at < range.size; at += kBitStep) {
    const std::uint64_t step = std::min(kBitStep, range.size - at);
    const std::uint64_t old = load_bits(to, range.offset + at, step);
    const std::uint64_t operand = a.bytes.empty() ? 0 : load_bits(a.bytes, at, step);
    store_bits(to, range.offset + at, step, combined(old, operand));
  }
  return {};
}
Result<void> set(const Arguments& a, BitRange range, Bytes, MutableBytes to) {
  return combine(a, range, to, [](std::uint64_t, std::uint64_t operand) { return operand; });
}
Result<void> bit_or(const Arguments& a, BitRange range, Bytes, MutableBytes to) {
  return combine(a, range, to, [](std::uint64_t x, std::uint64_t y) { return x | y; });
}
Result<void> bit_xor(const Arguments& a, BitRange range, Bytes, MutableBytes to) {
  return combine(a, range, to, [](std::uint64_t x, std::uint64_t y) { return x ^ y; });
}
Result<void> bit_and(const Arguments& a, BitRange range, Bytes, MutableBytes to) {
  return combine(a, range, to, [](std::uint64_t x, std::uint64_t y) { return x & y; });
}
Result<void> bit_not(const Arguments& a, BitRange range, Bytes, MutableBytes to) {
  return combine(a, range, to, [](std::uint64_t x, std::uint64_t) { return ~x; });
}

Result<void> shift_left(const Arguments& a, BitRange range, Bytes from, MutableBytes to) {
  const std::uint64_t by = std::min(a.number, range.size);
  copy_bits(to, range.offset, from, {range.offset + by, range.size - by});
  clear_bits(to, {range.offset + range.size - by, by});
  return {};
}
Result<void> shift_right(const Arguments& a, BitRange range, Bytes from, MutableBytes to) {
  const std::uint64_t by = std::min(a.number, range.size);
  copy_bits(to, range.offset + by, from, {range.offset, range.size - by});
  clear_bits(to, {range.offset, by});
  return {};
}

// Integers.

std::uint64_t ones(std::uint64_t size) {
  return size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1;
}

/// `old` plus `operand`, both of `size` bits. Signed overflow is a sum of strictly the other sign
/// than both summands, so the sum of the lowest number with itself, zero, passes; subtraction adds
/// the negated operand, by the same rule.
Result<std::uint64_t> sum(const Arguments& a, std::uint64_t old, bool subtracts) {
  const std::uint64_t mask = ones(a.size);
  const std::uint64_t sign = std::uint64_t{1} << (a.size - 1);
  const std::uint64_t operand = (subtracts ? 0 - a.number : a.number) & mask;
  const std::uint64_t result = (old + operand) & mask;
  bool overflows = false;
  std::uint64_t limit = 0;
  if ((a.sub_flags & Signed) != 0) {
    const bool negative = (old & sign) != 0;
    overflows =
        negative == ((operand & sign) != 0) && negative != ((result & sign) != 0) && result != 0;
    limit = negative ? sign : mask >> 1;
  } else if (subtracts) {
    overflows = (a.number & mask) > old;
  } else {
    overflows = result < old;
    limit = mask;
  }
  if (!overflows || (a.sub_flags & Wrap) != 0) return result;
  if ((a.sub_flags & Saturate) != 0) return limit;
  return fail(Code::OpNotApplicable, "bits: overflow");
}
template <bool kSubtracts>
Result<void> add(const Arguments& a, BitRange range, Bytes from, MutableBytes to) {
  const auto result = sum(a, load_bits(from, range.offset, a.size), kSubtracts);
  if (!result) return tl::unexpected(result.error());
  store_bits(to, range.offset, a.size, *result);
  return {};
}
Result<void> set_integer(const Arguments& a, BitRange range, Bytes, MutableBytes to) {
  store_bits(to, range.offset, a.size, a.number);
  return {};
}

// Reads.

Particle integer(Arena& arena, std::uint64_t value) {
  const MutableBytes out = arena.allocate(8);
  store_be(out.data(), value);
  return {ParticleType::Integer, out};
}
Particle get(Arena& arena, const Arguments&, BitRange range, Bytes from) {
  const MutableBytes out = arena.allocate((range.size + 7) / 8);
  out.back() = std::byte{0};
  copy_bits(out, 0, from, range);
  if (range.size % 8 != 0) clear_bits(out, {range.size, 8 - range.size % 8});
  return {ParticleType::Blob, out};
}
Particle count(Arena& arena, const Arguments&, BitRange range, Bytes from) {
  return integer(arena, count_bits(from, range));
}
Particle scan_left(Arena& arena, const Arguments& a, BitRange range, Bytes from) {
  return integer(arena, static_cast<std::uint64_t>(find_first_bit(from, range, a.wanted)));
}
Particle scan_right(Arena& arena, const Arguments& a, BitRange range, Bytes from) {
  return integer(arena, static_cast<std::uint64_t>(find_last_bit(from, range, a.wanted)));
}
Particle get_integer(Arena& arena, const Arguments& a, BitRange range, Bytes from) {
  const std::uint64_t value = load_bits(from, range.offset, range.size);
  const std::uint64_t sign = std::uint64_t{1} << (range.size - 1);
  return integer(arena, (a.sub_flags & Signed) != 0 ? (value ^ sign) - sign : value);
}

using enum Arg;
constexpr std::uint64_t kSizeFlags = CreateOnly | UpdateOnly | NoFail;
constexpr std::uint64_t kRangeFlags = UpdateOnly | NoFail | Partial;
constexpr std::uint64_t kIntFlags = UpdateOnly | NoFail;

constexpr Op kOps[] = {
    {0, {NewSize, Flags, ResizeFlags}, kSizeFlags, &plan_resize, &resize, false, nullptr},
    {1, {ByteOffset, RawBytes, Flags}, kSizeFlags, &plan_insert, &insert, false, nullptr},
    {2, {ByteOffset, ByteSize, Flags}, kRangeFlags, &plan_remove, &remove, false, nullptr},
    {3, {BitOffset, BitSize, RawBytes, Flags}, kRangeFlags, &plan_range, &set, true, nullptr},
    {4, {BitOffset, BitSize, RawBytes, Flags}, kRangeFlags, &plan_range, &bit_or, true, nullptr},
    {5, {BitOffset, BitSize, RawBytes, Flags}, kRangeFlags, &plan_range, &bit_xor, true, nullptr},
    {6, {BitOffset, BitSize, RawBytes, Flags}, kRangeFlags, &plan_range, &bit_and, true, nullptr},
    {7, {BitOffset, BitSize, Flags}, kRangeFlags, &plan_range, &bit_not, true, nullptr},
    {8, {BitOffset, BitSize, Shift, Flags}, kRangeFlags, &plan_range, &shift_left, true, nullptr},
    {9, {BitOffset, BitSize, Shift, Flags}, kRangeFlags, &plan_range, &shift_right, true, nullptr},
    {10,
     {BitOffset, IntSize, Number, Flags, IntFlags},
     kIntFlags,
     &plan_range,
     &add<false>,
     true,
     nullptr},
    {11,
     {BitOffset, IntSize, Number, Flags, IntFlags},
     kIntFlags,
     &plan_range,
     &add<true>,
     true,
     nullptr},
    {12, {BitOffset, IntSize, Number, Flags}, kIntFlags, &plan_range, &set_integer, true, nullptr},
    {50, {BitOffset, BitSize}, 0, nullptr, nullptr, false, &get},
    {51, {BitOffset, BitSize}, 0, nullptr, nullptr, false, &count},
    {52, {BitOffset, BitSize, Truth}, 0, nullptr, nullptr, false, &scan_left},
    {53, {BitOffset, BitSize, Truth}, 0, nullptr, nullptr, false, &scan_right},
    {54, {BitOffset, IntSize, IntFlags}, 0, nullptr, nullptr, false, &get_integer},
};

const Op* find_op(std::int64_t opcode, bool reads) {
  for (const Op& op : kOps)
    if (op.opcode == opcode && (op.read != nullptr) == reads) return &op;
  return nullptr;
}

/// RESIZE and INSERT, which need no bin to begin with.
bool creates(const Op& op) { return (op.flags & CreateOnly) != 0; }

Result<Outcome> change(Arena& arena, const Op& op, const Arguments& a, const Particle& bin) {
  if (bin.is_null() && (!creates(op) || (a.flags & UpdateOnly) != 0))
    return fail(Code::BinNotFound, "bits: no such bin");
  if (!bin.is_null() && (a.flags & CreateOnly) != 0)
    return fail(Code::BinExists, "bits: bin exists");
  BitRange range;
  const auto size = op.plan(a, bin.bytes.size(), range);
  if (!size) return tl::unexpected(size.error());
  if (*size >= kBlobMax) return fail(Code::Parameter, "bits: blob too large");
  if (const auto room = check_room(arena, *size); !room) return tl::unexpected(room.error());
  arena.note_walk(*size);
  if (bin.is_null() && *size == 0) return Outcome{};
  const MutableBytes to = arena.allocate(*size);
  if (!to.empty()) {
    if (op.copies) {
      std::memcpy(to.data(), bin.bytes.data(), to.size());
    } else {
      std::memset(to.data(), 0, to.size());
    }
  }
  const auto done = op.apply(a, range, bin.bytes, to);
  if (!done) return tl::unexpected(done.error());
  return Outcome{.bin = {ParticleType::Blob, to}, .result = {}, .changed = true};
}

}  // namespace

Result<Outcome> bits_read(Arena& arena, const Particle& bin, Bytes bytes) {
  if (bin.is_null()) return Outcome{};
  if (bin.type != ParticleType::Blob) return fail(Code::IncompatibleType, "bits: no blob");
  OpArguments in(bytes);
  const Op* const op = in.ok() ? find_op(in.opcode(), true) : nullptr;
  if (op == nullptr) return fail(Code::Parameter, "bits: no such read");
  const auto arguments = read_arguments(*op, in);
  if (!arguments) return tl::unexpected(arguments.error());
  const auto range = range_in(*arguments, bin.bytes.size());
  if (!range) return tl::unexpected(range.error());
  if (const auto room = check_room(arena, range->size / 8); !room)
    return tl::unexpected(room.error());
  arena.note_walk(range->size / 8);
  return Outcome{.bin = {}, .result = op->read(arena, *arguments, *range, bin.bytes)};
}

Result<Outcome> bits_modify(Arena& arena, const Particle& bin, Bytes bytes) {
  OpArguments in(bytes);
  const Op* const op = in.ok() ? find_op(in.opcode(), false) : nullptr;
  if (op == nullptr) return fail(Code::Parameter, "bits: no such change");
  const auto arguments = read_arguments(*op, in);
  if (!arguments) return tl::unexpected(arguments.error());
  if (!bin.is_null() && bin.type != ParticleType::Blob)
    return fail(Code::IncompatibleType, "bits: no blob");
  auto outcome = change(arena, *op, *arguments, bin);
  if (!outcome && (arguments->flags & NoFail) != 0 && outcome.error().code != Code::TooBig)
    return Outcome{};
  return outcome;
}

}  // namespace flotilla::model
