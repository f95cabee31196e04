#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/random.h"
#include "model/msgpack.h"
#include "model/operation.h"

namespace flotilla::model {
namespace {

constexpr int kNotGiven = -1;

/// Integers from `first` on, as the list of elements of ADD.
Bytes numbers(Arena& arena, std::uint64_t first, std::uint64_t count) {
  msgpack::Writer out(arena);
  out.list(static_cast<std::uint32_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) out.unsigned_integer(first + i);
  return out.finish();
}

Particle sketch(Arena& arena, std::uint64_t first, std::uint64_t count, int index_bits,
                int minhash_bits = kNotGiven) {
  msgpack::Writer op(arena);
  op.list(4);
  op.integer(1);
  op.encoded(numbers(arena, first, count));
  op.integer(index_bits);
  op.integer(minhash_bits);
  const auto outcome = hll_modify(arena, {}, op.finish());
  EXPECT_TRUE(outcome);
  return outcome ? outcome->bin : Particle{};
}

/// [opcode, [others...]] on a sketch.
Result<Outcome> ask(Arena& arena, int opcode, const Particle& bin,
                    std::initializer_list<Particle> others) {
  msgpack::Writer op(arena);
  op.list(2);
  op.integer(opcode);
  op.list(static_cast<std::uint32_t>(others.size()));
  for (const Particle& other : others) op.particle(other);
  const Bytes bytes = op.finish();
  return opcode < 50 ? hll_modify(arena, bin, bytes) : hll_read(arena, bin, bytes);
}
double number(const Result<Outcome>& outcome) {
  EXPECT_TRUE(outcome);
  const auto bits = load_be<std::uint64_t>(outcome->result.bytes.data());
  return outcome->result.type == ParticleType::Float ? std::bit_cast<double>(bits)
                                                     : static_cast<double>(bits);
}
double count(Arena& arena, const Particle& bin) {
  return number(hll_read(arena, bin, from_hex("9132")));
}

TEST(Hll, CountsWithinSixSigma) {
  for (const int index_bits : {4, 8, 12, 16})
    for (const std::uint64_t n : {1U, 10U, 1000U, 50'000U}) {
      Arena arena;
      const double sigma = 1.04 / std::sqrt(std::ldexp(1.0, index_bits));
      EXPECT_NEAR(count(arena, sketch(arena, 0, n, index_bits)), static_cast<double>(n),
                  1 + 6 * sigma * static_cast<double>(n))
          << index_bits << ' ' << n;
    }
}

TEST(Hll, UnionIsTheSketchOfAllElementsInAnyOrder) {
  for (const int minhash_bits : {0, 4, 20, 48}) {
    Arena arena;
    const Particle a = sketch(arena, 0, 700, 8, minhash_bits);
    const Particle b = sketch(arena, 500, 900, 8, minhash_bits);
    const Particle all = sketch(arena, 0, 1400, 8, minhash_bits);
    EXPECT_EQ(to_hex(ask(arena, 51, a, {b})->result.bytes), to_hex(all.bytes));
    EXPECT_EQ(to_hex(ask(arena, 51, b, {a})->result.bytes), to_hex(all.bytes));
    EXPECT_EQ(to_hex(ask(arena, 51, a, {a, b, a})->result.bytes), to_hex(all.bytes));
    EXPECT_EQ(to_hex(ask(arena, 2, a, {b})->bin.bytes), to_hex(all.bytes));
  }
}

TEST(Hll, FoldingIsAddingToTheSmallerSketch) {
  Arena arena;
  const Particle large = sketch(arena, 0, 3000, 12);
  for (const int index_bits : {4, 7, 11}) {
    msgpack::Writer op(arena);
    op.list(2);
    op.integer(4);
    op.integer(index_bits);
    const auto folded = hll_modify(arena, large, op.finish());
    ASSERT_TRUE(folded);
    EXPECT_EQ(to_hex(folded->bin.bytes), to_hex(sketch(arena, 0, 3000, index_bits).bytes))
        << index_bits;
    // A union with a smaller sketch folds likewise.
    const Particle small = sketch(arena, 2000, 2000, index_bits);
    EXPECT_EQ(to_hex(ask(arena, 51, large, {small})->result.bytes),
              to_hex(sketch(arena, 0, 4000, index_bits).bytes));
  }
}

TEST(Hll, WhatWasAddedMayBeContained) {
  Arena arena;
  const Particle bin = sketch(arena, 0, 100, 14, 20);
  for (std::uint64_t i = 0; i < 200; ++i) {
    msgpack::Writer op(arena);
    op.list(2);
    op.integer(56);
    op.encoded(numbers(arena, i, 1));
    const double answer = number(hll_read(arena, bin, op.finish()));
    if (i < 100) {
      EXPECT_EQ(answer, 1.0) << i;
    }
  }
}

TEST(Hll, SimilarityIsTheShareOfCommonElements) {
  Arena arena;
  const Particle a = sketch(arena, 0, 10'000, 14, 20);
  const Particle b = sketch(arena, 5000, 10'000, 14, 20);
  EXPECT_NEAR(number(ask(arena, 54, a, {b})), 1.0 / 3, 0.05);
  EXPECT_NEAR(number(ask(arena, 53, a, {b})), 5000, 1000);
  const Particle c = sketch(arena, 0, 10'000, 14);
  const Particle d = sketch(arena, 5000, 10'000, 14);
  EXPECT_NEAR(number(ask(arena, 54, c, {d})), 1.0 / 3, 0.05);
  EXPECT_NEAR(number(ask(arena, 54, a, {b, a, b})), 1.0 / 3, 0.05);
  const Particle empty = hll_modify(arena, {}, from_hex("92000e"))->bin;
  EXPECT_TRUE(std::isnan(number(ask(arena, 54, empty, {empty}))));
}

TEST(Hll, AMessageFullOfElementsTakesNoMoreMemoryThanItself) {
  Arena request;
  constexpr std::uint32_t kCount = 4U << 20;
  msgpack::Writer op(request, kCount + 16);
  op.list(3);
  op.integer(1);
  op.list(kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) op.nil();
  op.integer(4);
  const Bytes bytes = op.finish();
  Arena arena;
  const auto outcome = hll_modify(arena, {}, bytes);
  EXPECT_EQ(number(outcome), 1);
  EXPECT_LT(arena.used(), 3U * kCount);
  const Buffer lying = from_hex("9301ddffffffff0104");
  EXPECT_EQ(hll_modify(arena, {}, lying).error().code, Code::Parameter);
}

TEST(Hll, ElementsAreHashedInTheirShortestForm) {
  Arena arena;
  const Particle a = hll_modify(arena, {}, from_hex("930192cd0005d90203610e"))->bin;
  const Particle b = hll_modify(arena, {}, from_hex("93019205a203610e"))->bin;
  EXPECT_EQ(to_hex(a.bytes), to_hex(b.bytes));
}

TEST(Hll, AChainOfUnionsHasABound) {
  Arena arena;
  const Particle bin = sketch(arena, 0, 1000, 16, 48);  // 442 kB.
  Code code{};
  int unions = 0;
  for (; unions < 10'000 && code == Code{}; ++unions) {
    const auto outcome = ask(arena, 52, bin, {bin});
    if (!outcome) code = outcome.error().code;
  }
  EXPECT_EQ(code, Code::TooBig);
  EXPECT_LT(unions, 1000);
}

TEST(Hll, ASketchThatLiesAboutItsCountHarmsNobody) {
  // Every register full, and a count of 2^64 - 1.
  const Buffer full = from_hex("0004000000000000000000ffffffffffffffffffffffff");
  ASSERT_EQ(full.size(), 23U);
  const Particle other{ParticleType::Hll, full};
  const Buffer lying = from_hex("000400ffffffffffffffffffffffffffffffffffffffff");
  const Particle liar{ParticleType::Hll, lying};
  Arena arena;
  for (const int opcode : {51, 52, 53, 54}) {
    EXPECT_TRUE(ask(arena, opcode, liar, {other})) << opcode;
    EXPECT_TRUE(ask(arena, opcode, liar, {other, liar})) << opcode;
  }
  EXPECT_GT(count(arena, other), 1e18);
}

}  // namespace
}  // namespace flotilla::model
