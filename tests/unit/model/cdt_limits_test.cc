#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cdt_elements.h"
#include "model/operation.h"
#include "model/particle.h"
#include "op_arguments.h"
#include "signposts.h"
#include "unit/model/notation.h"

// What an operation may cost: memory is bounded by what it reads and writes, never by a number
// somebody sent.
namespace flotilla::model {
namespace {

Code code_of(const Result<Outcome>& outcome) { return outcome ? Code{} : outcome.error().code; }

Buffer list_of(std::uint32_t count, std::uint8_t flags = 0) {
  Arena arena;
  msgpack::Writer out(arena);
  out.list(count, flags);
  for (std::uint32_t i = 0; i < count; ++i) out.unsigned_integer(i);
  const Bytes bytes = out.finish();
  return {bytes.begin(), bytes.end()};
}

TEST(CdtLimits, PaddingToTheLargestIndexIsTooBig) {
  Arena arena;
  const Buffer bin = list_of(1);
  const auto out =
      cdt_modify(arena, {ParticleType::List, bin}, Notation::encoded("[3, 2147483647, 1]"));
  EXPECT_EQ(code_of(out), Code::TooBig);
  EXPECT_LT(arena.used(), 1024U);
  const auto created = cdt_modify(arena, {}, Notation::encoded("[255, [144, 2147483647], [1, 1]]"));
  EXPECT_EQ(code_of(created), Code::TooBig);
  EXPECT_LT(arena.used(), 2048U);
}

TEST(CdtLimits, PaddingStopsAtTwiceTheLargestRecord) {
  const auto set_at = [](Arena& arena, std::uint64_t index) {
    return cdt_modify(arena, {}, Notation::encoded(fmt::format("[9, {}, 1]", index)));
  };
  Arena most;
  EXPECT_TRUE(set_at(most, kPaddingMax));
  Arena arena;
  EXPECT_EQ(code_of(set_at(arena, kPaddingMax + 1)), Code::TooBig);
  EXPECT_LT(arena.used(), 1024U);
  const std::string context = fmt::format("[255, [144, {}], [1, 1]]", kPaddingMax + 1);
  EXPECT_EQ(code_of(cdt_modify(arena, {}, Notation::encoded(context))), Code::TooBig);
  EXPECT_LT(arena.used(), 2048U);
}

TEST(CdtLimits, IndexPastTheLargestDoesNotApply) {
  Arena arena;
  const Buffer bin = list_of(1);
  const auto out =
      cdt_modify(arena, {ParticleType::List, bin}, Notation::encoded("[3, 2147483648, 1]"));
  EXPECT_EQ(code_of(out), Code::OpNotApplicable);
}

TEST(CdtLimits, ReadingOneElementOfManyTakesNoMemory) {
  Arena arena;
  const Buffer bin = list_of(100'000);
  const auto out = cdt_read(arena, {ParticleType::List, bin}, Notation::encoded("[17, 99999]"));
  ASSERT_TRUE(out);
  EXPECT_EQ(to_hex(out->result.bytes), "000000000001869f");
  EXPECT_LT(arena.used(), 64U);
}

TEST(CdtLimits, AppendingTakesTheBytesOfTheNewListTwice) {
  Arena arena;
  const Buffer bin = list_of(100'000);
  const auto out = cdt_modify(arena, {ParticleType::List, bin}, Notation::encoded("[1, 5]"));
  ASSERT_TRUE(out);
  EXPECT_LT(arena.used(), 2 * bin.size() + 100'000 / kSignpostStep * Signposts::kSize + 512);
}

TEST(CdtLimits, RepeatedRequestsDoNotMultiplyTheAnswer) {
  const Buffer bin = list_of(10'000, msgpack::kOrdered);
  Arena requests;
  msgpack::Writer op(requests);
  op.list(3);
  op.unsigned_integer(23);
  op.unsigned_integer(7);
  op.list(100'000);
  for (int i = 0; i < 100'000; ++i) op.encoded(from_hex("D4FF00"));
  Arena arena;
  EXPECT_EQ(code_of(cdt_read(arena, {ParticleType::List, bin}, op.finish())), Code::TooBig);
  EXPECT_LT(arena.used(), 2 * kCollectionSizeMax);
}

TEST(CdtLimits, TooManyItemsAreRefused) {
  Arena requests;
  msgpack::Writer op(requests);
  op.list(2);
  op.unsigned_integer(2);
  op.list((1U << 20) + 1);
  for (std::uint32_t i = 0; i <= 1U << 20; ++i) op.nil();
  Arena arena;
  EXPECT_EQ(code_of(cdt_modify(arena, {}, op.finish())), Code::Parameter);
}

/// `depth` lists around each other.
std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(CdtLimits, ValuesStandNoDeeperThanAllowed) {
  Arena arena;
  const std::string fits = "[1, " + nested(msgpack::kDepthMax - 1) + "]";
  const auto stored = cdt_modify(arena, {}, Notation::encoded(fits));
  ASSERT_TRUE(stored);
  EXPECT_TRUE(import_particle(arena, stored->bin.type, stored->bin.bytes));
  const std::string deeper = "[1, " + nested(msgpack::kDepthMax) + "]";
  EXPECT_EQ(code_of(cdt_modify(arena, {}, Notation::encoded(deeper))), Code::Parameter);
}

TEST(CdtLimits, ContextsLeadNoDeeperThanAllowed) {
  const auto with_levels = [](int levels) {
    std::string op = "[255, [80, 0";
    for (int i = 1; i < levels; ++i) op += ", 80, 0";
    return Notation::encoded(op + "], [1, 5]]");
  };
  Arena arena;
  const auto deepest = cdt_modify(arena, {}, with_levels(msgpack::kDepthMax - 1));
  ASSERT_TRUE(deepest);
  EXPECT_TRUE(import_particle(arena, deepest->bin.type, deepest->bin.bytes));
  EXPECT_EQ(code_of(cdt_modify(arena, {}, with_levels(msgpack::kDepthMax))), Code::Parameter);
}

/// How often the operation runs before one command has had enough.
int runs_until_too_big(Arena& arena, const Particle& bin, Bytes op, int most) {
  for (int i = 0; i < most; ++i) {
    const auto out = cdt_read(arena, bin, op);
    if (out) continue;
    EXPECT_EQ(code_of(out), Code::TooBig);
    return i;
  }
  return most;
}

TEST(CdtLimits, AChainOfSearchesHasABoundOnWhatItWalksThrough) {
  const Buffer bin = list_of(100'000);
  const Buffer search = Notation::encoded("[25, 5, 7, 4]");  // By value, from 7 to 4.
  const std::size_t left = 100 * (bin.size() + search.size());
  const auto runs_of = [&](Bytes op) {
    Arena arena;
    arena.note_walk(kWalkMax - left);
    return runs_until_too_big(arena, {ParticleType::List, bin}, op, 32'768);
  };
  EXPECT_EQ(runs_of(search), 101);
  EXPECT_LT(runs_of(Notation::encoded("[26, 5, 10, 20]")), 30);  // By rank: sorts.
}

TEST(CdtLimits, LookUpsInALargeBinMayBeMany) {
  Arena made;
  const auto bin = import_particle(made, ParticleType::List, list_of(300'000));
  ASSERT_TRUE(bin);
  Arena arena;
  const Buffer look_up = Notation::encoded("[19, 5, 150000]");
  EXPECT_EQ(runs_until_too_big(arena, *bin, look_up, 32'768), 32'768);
}

TEST(CdtLimits, ACommandHasABoundOnItsScratchMemory) {
  Arena arena;
  arena.allocate(kScratchMax + 8);
  const Buffer bin = list_of(1);
  const auto out = cdt_read(arena, {ParticleType::List, bin}, Notation::encoded("[16]"));
  EXPECT_EQ(code_of(out), Code::TooBig);
}

}  // namespace
}  // namespace flotilla::model
