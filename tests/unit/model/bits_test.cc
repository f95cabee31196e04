#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "model/msgpack.h"
#include "model/operation.h"

namespace flotilla::model {
namespace {

/// A blob as the documentation has it: bits in a row, the most significant of byte 0 first.
using Bits = std::vector<bool>;

Bits bits_of(Bytes bytes) {
  Bits out;
  for (const std::byte byte : bytes)
    for (int i = 7; i >= 0; --i) out.push_back((static_cast<unsigned>(byte) >> i & 1U) != 0);
  return out;
}
Buffer bytes_of(const Bits& bits) {
  Buffer out((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) out[i / 8] |= static_cast<std::byte>(0x80U >> i % 8);
  return out;
}
std::uint64_t number_of(const Bits& bits, std::size_t at, std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < size; ++i) out = out << 1 | (bits[at + i] ? 1U : 0U);
  return out;
}

Buffer random_bytes(Random& random, std::size_t size) {
  Buffer out(size);
  for (std::byte& byte : out) byte = static_cast<std::byte>(random.next());
  return out;
}

/// [opcode, numbers..., bytes?]
Bytes operation(Arena& arena, int opcode, const std::vector<std::int64_t>& numbers,
                Bytes bytes = {}) {
  msgpack::Writer out(arena);
  out.list(static_cast<std::uint32_t>(1 + numbers.size() + (bytes.empty() ? 0 : 1)));
  out.integer(opcode);
  for (const std::int64_t number : numbers) out.integer(number);
  if (!bytes.empty()) out.raw(ParticleType::Blob, bytes);
  return out.finish();
}

/// A blob and a range in it.
struct Trial {
  Buffer blob;
  Bits bits;
  std::size_t offset;
  std::size_t size;
  std::int64_t sent_offset;  // The same, counted from either end.

  Trial(Random& random, std::size_t size_max)
      : blob(random_bytes(random, random.between(1, 40))), bits(bits_of(blob)) {
    offset = random.below(bits.size());
    size = random.between(1, std::min(size_max, bits.size() - offset));
    sent_offset = static_cast<std::int64_t>(offset) -
                  (random.chance(0.5) ? static_cast<std::int64_t>(bits.size()) : 0);
  }
  Particle particle() const { return {ParticleType::Blob, blob}; }
  std::vector<std::int64_t> range() const { return {sent_offset, static_cast<std::int64_t>(size)}; }
};

void expect_change(Arena& arena, const Trial& trial, Bytes op, const Bits& want) {
  const auto outcome = bits_modify(arena, trial.particle(), op);
  ASSERT_TRUE(outcome) << outcome.error().why;
  EXPECT_EQ(to_hex(outcome->bin.bytes), to_hex(bytes_of(want)))
      << to_hex(trial.blob) << " by " << to_hex(op);
}

TEST(Bits, LogicAgreesWithBitsInARow) {
  Random random(1);
  for (int i = 0; i < 4000; ++i) {
    Arena arena;
    const Trial trial(random, 320);
    const int opcode = static_cast<int>(random.between(3, 7));
    const Buffer operand = random_bytes(random, (trial.size + 7) / 8 + random.below(3));
    const Bits with = bits_of(operand);
    Bits want = trial.bits;
    for (std::size_t k = 0; k < trial.size; ++k) {
      const bool old = want[trial.offset + k];
      const bool results[] = {with[k], old || with[k], old != with[k], old && with[k], !old};
      want[trial.offset + k] = results[opcode - 3];
    }
    expect_change(arena, trial,
                  operation(arena, opcode, trial.range(), opcode == 7 ? Bytes{} : Bytes(operand)),
                  want);
  }
}

TEST(Bits, ShiftsAgreeWithBitsInARow) {
  Random random(2);
  for (int i = 0; i < 4000; ++i) {
    Arena arena;
    const Trial trial(random, 320);
    const std::size_t by = random.below(trial.size + 3);
    const bool left = random.chance(0.5);
    Bits want = trial.bits;
    for (std::size_t k = 0; k < trial.size; ++k) {
      const std::size_t from =
          left ? k + by : k - by;  // Wraps to a huge number in front of the range.
      want[trial.offset + k] = from < trial.size && trial.bits[trial.offset + from];
    }
    auto numbers = trial.range();
    numbers.push_back(static_cast<std::int64_t>(by));
    expect_change(arena, trial, operation(arena, left ? 8 : 9, numbers), want);
  }
}

TEST(Bits, IntegersWrapInTheirSize) {
  Random random(3);
  for (int i = 0; i < 4000; ++i) {
    Arena arena;
    const Trial trial(random, 64);
    const std::uint64_t operand = random.next() >> random.below(64);
    const int opcode = static_cast<int>(random.between(10, 12));
    const std::uint64_t old = number_of(trial.bits, trial.offset, trial.size);
    const std::uint64_t results[] = {old + operand, old - operand, operand};
    Bits want = trial.bits;
    for (std::size_t k = 0; k < trial.size; ++k)
      want[trial.offset + k] = (results[opcode - 10] >> (trial.size - 1 - k) & 1U) != 0;
    auto numbers = trial.range();
    numbers.push_back(static_cast<std::int64_t>(operand));
    if (opcode != 12) numbers.insert(numbers.end(), {0, 4});  // No flags, wrap.
    expect_change(arena, trial, operation(arena, opcode, numbers), want);
  }
}

std::int64_t read_integer(Arena& arena, const Trial& trial, int opcode,
                          std::vector<std::int64_t> more = {}) {
  auto numbers = trial.range();
  numbers.insert(numbers.end(), more.begin(), more.end());
  const auto outcome = bits_read(arena, trial.particle(), operation(arena, opcode, numbers));
  EXPECT_TRUE(outcome);
  return static_cast<std::int64_t>(load_be<std::uint64_t>(outcome->result.bytes.data()));
}

TEST(Bits, ReadsAgreeWithBitsInARow) {
  Random random(4);
  for (int i = 0; i < 4000; ++i) {
    Arena arena;
    const Trial trial(random, i % 2 == 0 ? 64 : 320);
    const Bits range(trial.bits.begin() + static_cast<std::ptrdiff_t>(trial.offset),
                     trial.bits.begin() + static_cast<std::ptrdiff_t>(trial.offset + trial.size));
    const auto got = bits_read(arena, trial.particle(), operation(arena, 50, trial.range()));
    ASSERT_TRUE(got);
    EXPECT_EQ(to_hex(got->result.bytes), to_hex(bytes_of(range)));
    EXPECT_EQ(read_integer(arena, trial, 51), std::ranges::count(range, true));
    if (trial.size > 64) continue;
    const std::uint64_t value = number_of(range, 0, range.size());
    EXPECT_EQ(read_integer(arena, trial, 54), static_cast<std::int64_t>(value));
    const std::uint64_t sign = std::uint64_t{1} << (trial.size - 1);
    EXPECT_EQ(read_integer(arena, trial, 54, {1}),
              static_cast<std::int64_t>((value ^ sign) - sign));
  }
}

TEST(Bits, ScansFindTheOutermostBitOfTheirKind) {
  Random random(5);
  for (int i = 0; i < 4000; ++i) {
    Arena arena;
    const Trial trial(random, 320);
    const bool wanted = random.chance(0.5);
    const auto scan = [&](int opcode) {
      msgpack::Writer out(arena);
      out.list(4);
      out.integer(opcode);
      for (const std::int64_t number : trial.range()) out.integer(number);
      out.boolean(wanted);
      const auto outcome = bits_read(arena, trial.particle(), out.finish());
      return static_cast<std::int64_t>(load_be<std::uint64_t>(outcome->result.bytes.data()));
    };
    std::int64_t first = -1;
    std::int64_t last = -1;
    for (std::size_t k = trial.size; k-- > 0;)
      if (trial.bits[trial.offset + k] == wanted) {
        first = static_cast<std::int64_t>(k);
        last = std::max(last, first);
      }
    EXPECT_EQ(scan(52), first);
    // A miss may be told by a bit before the range, in its first byte: the original's way.
    if (last >= 0) {
      EXPECT_EQ(scan(53), last);
    } else {
      EXPECT_LT(scan(53), 0);
      EXPECT_GT(scan(53), -9);
    }
  }
}

TEST(Bits, SizesChangeAtTheGivenPlace) {
  struct Row {
    const char* op;
    const char* want;
  };
  // On 0a0b0c.
  constexpr Row kRows[] = {
      {"920005", "0a0b0c0000"},     {"94000500 01", "00000a0b0c"},
      {"94000200 01", "0b0c"},      {"920000", ""},
      {"930101a204ff", "0aff0b0c"}, {"930105a204ff", "0a0b0c0000ff"},
      {"9301ffa204ff", "0a0bff0c"}, {"93020101", "0a0c"},
      {"9402010908", "0a"},         {"930200 03", ""},
  };
  const Buffer blob = from_hex("0a0b0c");
  for (const Row& row : kRows) {
    Arena arena;
    const auto outcome = bits_modify(arena, {ParticleType::Blob, blob}, from_hex(row.op));
    ASSERT_TRUE(outcome) << row.op;
    EXPECT_EQ(to_hex(outcome->bin.bytes), row.want) << row.op;
  }
}

// REMOVE calls a range that is not there a bad parameter, the others one that does not apply.
TEST(Bits, RangesPastTheEndAreRefusedByTheCodeOfTheirOperation) {
  struct Row {
    const char* blob;
    const char* op;
    Code want;  // Zero: nothing happens.
  };
  constexpr Row kRows[] = {
      {"", "93020001", Code::Parameter},
      {"0a0b", "93020201", Code::Parameter},
      {"0a0b", "93020102", Code::Parameter},
      {"0a0b", "9302fd01", Code::Parameter},
      {"0a0b", "940202010c", Code{}},
      {"0a0b", "9402020104", Code{}},
      {"", "9307 00 01", Code::OpNotApplicable},
      {"0a0b", "9307 0f 02", Code::OpNotApplicable},
      {"0a0b", "9407 0f 02 04", Code{}},
      {"0a0b", "9307 ef 01", Code::Parameter},
  };
  for (const Row& row : kRows) {
    Arena arena;
    const Buffer blob = from_hex(row.blob);
    const auto outcome = bits_modify(arena, {ParticleType::Blob, blob}, from_hex(row.op));
    EXPECT_EQ(outcome ? Code{} : outcome.error().code, row.want) << row.blob << " " << row.op;
    EXPECT_FALSE(outcome && outcome->changed) << row.op;
  }
}

TEST(Bits, ACommandCannotTakeTheMachinesMemory) {
  Arena arena;
  const Buffer op = from_hex("9200ce07ffffff");  // Resize to one byte below 128 MiB.
  Particle bin;
  int succeeded = 0;
  for (int i = 0; i < 20; ++i) {
    const auto outcome = bits_modify(arena, bin, op);
    if (!outcome) {
      EXPECT_EQ(outcome.error().code, Code::TooBig);
      continue;
    }
    ++succeeded;
  }
  EXPECT_EQ(succeeded, 2);
  Arena other;
  EXPECT_EQ(bits_modify(other, {}, from_hex("9200ce08000000")).error().code, Code::Parameter);
}

TEST(Bits, ACommandCannotCountAllDay) {
  Arena arena;
  const Buffer blob(8U << 20);
  const Buffer op = from_hex("933300ce04000000");  // All 64 Mi bits.
  int counted = 0;
  while (counted < 1000 && bits_read(arena, {ParticleType::Blob, blob}, op)) ++counted;
  EXPECT_EQ(counted, 129);
  EXPECT_EQ(bits_read(arena, {ParticleType::Blob, blob}, op).error().code, Code::TooBig);
}

}  // namespace
}  // namespace flotilla::model
