#include "signposts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "model/expression.h"
#include "model/operation.h"
#include "model/particle.h"
#include "unit/model/notation.h"

namespace flotilla::model {
namespace {

using msgpack::Kind;

/// Numbers and texts of many sizes, so that places say nothing about bytes.
void write_value(msgpack::Writer& out, Random& random, std::uint64_t number) {
  if (random.below(3) == 0) {
    const std::string text(random.below(40), 'x');
    return out.raw(ParticleType::String, as_bytes(text + std::to_string(number)));
  }
  out.unsigned_integer(number);
}

Particle collection(Arena& arena, Random& random, Kind kind, std::uint32_t count,
                    std::uint8_t flags) {
  msgpack::Writer out(arena);
  out.container(kind, count, flags);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (kind == Kind::Map) out.unsigned_integer(3U * i);
    if (kind == Kind::List && flags != 0) {
      out.unsigned_integer(3U * i);
    } else {
      write_value(out, random, random.below(5000));
    }
  }
  const auto type = kind == Kind::Map ? ParticleType::Map : ParticleType::List;
  const auto bin = import_particle(arena, type, out.finish());
  EXPECT_TRUE(bin);
  return bin.value_or(Particle{});
}

/// Every signpost stands where its element begins, and none is far from the next.
void check(const Particle& bin) {
  const msgpack::Container box = msgpack::open(bin.bytes);
  const Signposts signposts(box.signposts);
  ASSERT_EQ(signposts.size() != 0, box.count >= kSignpostsFrom) << box.count;
  if (signposts.size() == 0) return;
  msgpack::Cursor at(box.elements);
  std::uint32_t last = 0;
  std::size_t next = 0;
  for (std::uint32_t i = 0; i < box.count; ++i) {
    if (next != signposts.size() && signposts[next].i == i) {
      ASSERT_EQ(signposts[next].offset, box.elements.size() - at.rest().size());
      last = i;
      ++next;
    }
    ASSERT_LE(i - last, kSignpostStepMost);
    at.skip(box.kind == Kind::Map ? 2 : 1);
  }
  ASSERT_EQ(next, signposts.size());
}

/// The operation on the bin, and on the same bin without signposts: both tell and leave the same.
Particle changed(Arena& arena, const Particle& bin, std::string_view op) {
  const Buffer encoded = Notation::encoded(op);
  const auto outcome = cdt_modify(arena, bin, encoded);
  const Particle bare = export_particle(arena, bin);
  EXPECT_EQ(msgpack::open(bare.bytes).signposts.size(), 0U);
  const auto expected = cdt_modify(arena, bare, encoded);
  EXPECT_EQ(outcome.has_value(), expected.has_value()) << op;
  if (!outcome || !expected) return bin;
  EXPECT_EQ(to_hex(outcome->result.bytes), to_hex(expected->result.bytes)) << op;
  EXPECT_EQ(outcome->changed, expected->changed) << op;
  if (!outcome->changed) return bin;
  EXPECT_TRUE(equal(export_particle(arena, outcome->bin).bytes,
                    export_particle(arena, expected->bin).bytes))
      << op;
  return outcome->bin;
}

std::string any_list_change(Random& random, std::uint64_t count) {
  const std::uint64_t at = random.below(count + 2);
  switch (random.below(9)) {
    case 0:
      return fmt::format("[1, {}]", random.below(5000));
    case 1:
      return fmt::format("[3, {}, '{}']", at, std::string(random.below(300), 'y'));
    case 2:
      return fmt::format("[4, {}, [1, 2, 3, 'four', [5]]]", at);
    case 3:
      return fmt::format("[8, {}, {}]", at, random.below(80));
    case 4:
      return fmt::format("[9, {}, {}]", at, random.below(100'000));
    case 5:
      return fmt::format("[12, {}, 250]", at);
    case 6:
      return fmt::format("[5, {}]", random.below(2) == 0 ? 0 : at);
    case 7:
      return fmt::format("[35, 5, {}]", random.below(5000));
    default:
      return random.below(8) == 0 ? "[13, 0]" : fmt::format("[2, [{}, {}, 7]]", at, at);
  }
}

std::string any_map_change(Random& random, std::uint64_t count) {
  const std::uint64_t key = random.below(3 * count + 6);
  switch (random.below(6)) {
    case 0:
      return fmt::format("[67, {}, '{}']", key, std::string(random.below(300), 'z'));
    case 1:
      return fmt::format("[73, {}, 300]", key);
    case 2:
      return fmt::format("[76, 5, {}]", key);
    case 3:
      return fmt::format("[85, 5, {}, {}]", random.below(count + 1), random.below(60));
    case 4:
      return fmt::format("[68, {{{}: 1, {}: [2]}}]", key, key + 1);
    default:
      return fmt::format("[79, 5, {}]", random.below(count + 1));
  }
}

TEST(Signposts, StayRightThroughAnyChanges) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const Kind kind = random.below(2) == 0 ? Kind::List : Kind::Map;
    const auto flags = static_cast<std::uint8_t>(random.below(2));
    const auto count = static_cast<std::uint32_t>(random.between(240, 900));
    Arena first;
    Particle bin = collection(first, random, kind, count, flags);
    Buffer kept(bin.bytes.begin(), bin.bytes.end());
    std::string last_op;
    for (int i = 0; i < 60; ++i) {
      Arena arena;
      bin.bytes = kept;
      ASSERT_NO_FATAL_FAILURE(check(bin)) << "seed " << seed << " after " << last_op;
      const std::uint64_t size = msgpack::open(bin.bytes).count;
      const std::string op =
          kind == Kind::List ? any_list_change(random, size) : any_map_change(random, size);
      last_op = op;
      const Particle next = changed(arena, bin, op);
      kept.assign(next.bytes.begin(), next.bytes.end());
    }
  }
}

/// The places of a bin's signposts.
std::vector<std::uint32_t> places(const Particle& bin) {
  const msgpack::Container box = msgpack::open(bin.bytes);
  const Signposts signposts(box.signposts);
  std::vector<std::uint32_t> out;
  for (std::size_t n = 0; n < signposts.size(); ++n) out.push_back(signposts[n].i);
  return out;
}

// Or every change would walk to the end.
TEST(Signposts, BehindAChangeTheOldOnesMoveAlong) {
  Random random(3);
  for (std::uint32_t at = 1000; at < 1000 + kSignpostStep; ++at) {
    for (const int by : {1, -1}) {
      Arena arena;
      const Particle bin = collection(arena, random, Kind::List, 5000, 0);
      const std::string op = by == 1 ? fmt::format("[3, {}, 'x']", at) : fmt::format("[7, {}]", at);
      const Particle next = changed(arena, bin, op);
      const auto now = places(next);
      for (const std::uint32_t old : places(bin)) {
        if (old < at + 3 * kSignpostStep) continue;
        const std::uint32_t moved = by == 1 ? old + 1 : old - 1;
        EXPECT_TRUE(std::binary_search(now.begin(), now.end(), moved)) << op;
      }
    }
  }
}

TEST(Signposts, FindWhatAWalkFinds) {
  Random random(7);
  Arena arena;
  for (const Kind kind : {Kind::List, Kind::Map}) {
    const Particle bin = collection(arena, random, kind, 2000, 1);
    const Particle bare = export_particle(arena, bin);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t n = random.below(6100);
      const bool is_list = kind == Kind::List;
      const std::string ops[] = {
          fmt::format("[{}, 7, {}]", is_list ? 19 : 98, n % 2000),
          fmt::format("[{}, {}, {}]", is_list ? 20 : 97, is_list ? 1 : 7, n),
          fmt::format("[{}, {}, {}, -2, 4]", is_list ? 27 : 109, is_list ? 7 : 6, n),
      };
      for (const std::string& op : ops) {
        const Buffer encoded = Notation::encoded(op);
        const auto found = cdt_read(arena, bin, encoded);
        const auto walked = cdt_read(arena, bare, encoded);
        ASSERT_EQ(found.has_value(), walked.has_value()) << op;
        if (!found) continue;
        ASSERT_EQ(to_hex(found->result.bytes), to_hex(walked->result.bytes)) << op;
      }
    }
  }
}

TEST(Signposts, ALookUpTakesNoMemoryForThePlaces) {
  Random random(1);
  Arena made;
  const Particle bin = collection(made, random, Kind::Map, 5000, 1);
  Arena arena;
  const Buffer op = Notation::encoded("[97, 5, 6000]");
  ASSERT_TRUE(cdt_read(arena, bin, op));
  EXPECT_LT(arena.used(), 64U);
  EXPECT_TRUE(is_brief_read(bin, op));
  EXPECT_FALSE(is_brief_read(bin, Notation::encoded("[97, 3, 6000]")));      // Ranks.
  EXPECT_FALSE(is_brief_read(bin, Notation::encoded("[97, 65541, 6000]")));  // Inverted.
  EXPECT_FALSE(is_brief_read(bin, Notation::encoded("[105, 5, 6000]")));
  EXPECT_FALSE(is_brief_read(export_particle(made, bin), op));
}

TEST(Signposts, AreNeverTakenFromOutside) {
  // Three elements, with a flags element that claims to have signposts.
  const Buffer sent = from_hex("94 c70820 0000000100000007 010203");
  Arena arena;
  const auto stored = import_particle(arena, ParticleType::List, sent);
  ASSERT_TRUE(stored);
  EXPECT_EQ(to_hex(stored->bytes), "93010203");
  const auto appended = cdt_modify(arena, {}, from_hex("92 01 94 c70820 0000000100000007 010203"));
  ASSERT_TRUE(appended);
  EXPECT_EQ(to_hex(appended->bin.bytes), "9193010203");
  EXPECT_FALSE(check_filter(from_hex("93 01 92 7e 94 c70820 0000000100000007 010203 92 7e 90")));
}

}  // namespace
}  // namespace flotilla::model
