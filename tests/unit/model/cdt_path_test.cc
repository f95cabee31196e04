#include <gtest/gtest.h>

#include "model/operation.h"
#include "unit/model/notation.h"

namespace flotilla::model {
namespace {

Particle bin_of(const Buffer& bytes) {
  const bool is_map = msgpack::open(bytes).kind == msgpack::Kind::Map;
  return {is_map ? ParticleType::Map : ParticleType::List, bytes};
}

/// A result, or the new bin of a change, as an element; the code of an error in a list of its own.
Buffer told(Arena& arena, const Result<Outcome>& outcome, bool is_change) {
  msgpack::Writer out(arena);
  if (!outcome) {
    out.list(2);
    out.raw(ParticleType::String, as_bytes("error"));
    out.integer(static_cast<std::int64_t>(outcome.error().code));
  } else if (is_change && !outcome->changed) {
    out.raw(ParticleType::String, as_bytes("unchanged"));
  } else {
    out.particle(is_change ? outcome->bin : outcome->result);
  }
  const Bytes bytes = out.finish();
  return {bytes.begin(), bytes.end()};
}

struct Row {
  std::string_view why;
  std::string_view bin;
  std::string_view op;
  std::string_view want;
};

// The loop variables: 0 key, 1 value, 2 index; [122, type, id]. Types: 2 int, 4 list, 7 float.
constexpr Row kSelects[] = {
    {"values", "{'book': [{'price': 10.5, 'x': 1}, {'price': 20.5}]}",
     "[254, [34, 'book', 4, true, 34, 'price'], 1]", "[10.5, 20.5]"},
    {"by a condition", "[[1, 2, 3], [4, 5], [6]]",
     "[254, [4, [4, [127, 2, 0, [16], [122, 4, 1]], 2]], 1]", "[[1, 2, 3], [4, 5]]"},
    {"by index of the list", "['a', 'b', 'c']", "[254, [4, [3, [122, 2, 2], 0]], 1]", "['b', 'c']"},
    {"by key of the map", "{1: 'a', 2: 'b'}", "[254, [4, [1, [122, 2, 0], 2]], 1]", "['b']"},
    {"keys", "{'a': 1, 'b': 2}", "[254, [4, true], 2]", "['a', 'b']"},
    {"keys and values", "{'a': 1, 'b': 2}", "[254, [4, true], 3]", "['a', 1, 'b', 2]"},
    {"condition on the entry before", "[1, 5, 9]", "[254, [16, 1, 516, [3, [122, 2, 1], 7]], 1]",
     "[]"},
    {"condition holds", "[1, 9, 5]", "[254, [16, 1, 516, [3, [122, 2, 1], 7]], 1]", "[9]"},
    {"negative index", "[1, 5, 9]", "[254, [16, -1], 1]", "[9]"},
    {"index out of range selects nothing", "[1, 5, 9]", "[254, [16, 3], 1]", "[]"},
    {"rank", "[9, 1, 5]", "[254, [17, 1], 1]", "[5]"},
    {"every equal value", "[3, 1, 3]", "[254, [19, 3], 1]", "[3, 3]"},
    {"missing key", "{'a': 1}", "[254, [34, 'z'], 1]", "[]"},
    {"several keys", "{'a': 1, 'b': 2, 'c': 3}", "[254, [42, ['c', 'a', 'z']], 2]", "['a', 'c']"},
    {"keys given as ordered, but are not", "{'a': 1}", "[254, [42, o['c', 'a']], 2]",
     "['error', 4]"},
    {"any container", "{'a': 1}", "[254, [2, 'a'], 1]", "[1]"},
    {"scalars on the way are skipped", "[1, [2, 3], 'x']", "[254, [4, true, 4, true], 1]",
     "[2, 3]"},
    {"tree keeps scalars on the way", "[1, [2, 3], 'x']",
     "[254, [4, true, 4, [3, [122, 2, 1], 2]], 0]", "[1, [3], 'x']"},
    {"tree shows branches without a match", "{'a': [1], 'b': [5]}",
     "[254, [4, true, 4, [3, [122, 2, 1], 2]], 0]", "{'a': [], 'b': [5]}"},
    {"tree forgets orders", "k{'a': o[1, 5]}", "[254, [4, true, 4, [3, [122, 2, 1], 2]], 0]",
     "{'a': [5]}"},
    {"empty tree keeps the order", "k{'a': 1}", "[254, [34, 'z'], 0]", "k{}"},
    {"list entry on a map", "{'a': 1}", "[254, [16, 0], 1]", "['error', 4]"},
    {"key of a list", "[1]", "[254, [2, 'a'], 1]", "['error', 4]"},
    {"key of a list, forgiven", "[1]", "[254, [2, 'a'], 17]", "[]"},
    {"unknown condition", "['a']", "[254, [4, [3, [122, 2, 1], 2]], 1]", "['error', 4]"},
    {"unknown condition, forgiven", "['a', 5]", "[254, [4, [3, [122, 2, 1], 2]], 17]", "[5]"},
    {"keys of a list's leaves", "[1]", "[254, [4, true], 2]", "['error', 12]"},
    {"keys of a list's leaves, forgiven", "[1]", "[254, [4, true], 18]", "[]"},
    {"two conditions", "[1]", "[254, [16, 0, 516, true, 516, true], 1]", "['error', 4]"},
    {"condition on a condition", "[1]", "[254, [4, true, 516, true], 1]", "['error', 4]"},
    {"condition first", "[1]", "[254, [516, true], 1]", "['error', 4]"},
    {"no entry", "[1]", "[254, [], 1]", "['error', 4]"},
    {"entry of no known type", "[1]", "[254, [5, true], 1]", "['error', 4]"},
    {"no such mode", "[1]", "[254, [4, true], 5]", "['error', 4]"},
    {"apply in a read", "[1]", "[254, [4, true], 4]", "['error', 4]"},
    {"too many arguments", "[1]", "[254, [4, true], 1, 1]", "['error', 4]"},
    {"context is no list", "[1]", "[254, 4, 1]", "['error', 4]"},
};

TEST(CdtPath, SelectsWhatTheContextSays) {
  for (const Row& row : kSelects) {
    Arena arena;
    const Buffer bin = Notation::encoded(row.bin);
    const auto got = told(arena, cdt_read(arena, bin_of(bin), Notation::encoded(row.op)), false);
    EXPECT_EQ(to_hex(got), to_hex(Notation::encoded(row.want))) << row.why;
  }
}

constexpr Row kApplies[] = {
    {"a product", "{'a': 2, 'b': 3}", "[254, [4, true], 4, [22, [122, 2, 1], 10]]",
     "{'a': 20, 'b': 30}"},
    {"deep inside", "{'a': [1, 2], 'b': 7}", "[254, [34, 'a', 16, 1], 4, [20, [122, 2, 1], 5]]",
     "{'a': [1, 7], 'b': 7}"},
    {"removing", "[1, 2, 3]", "[254, [4, [3, [122, 2, 1], 1]], 4, [100]]", "[1]"},
    {"removing a pair", "{'a': 1, 'b': 2}", "[254, [34, 'a'], 4, [100]]", "{'b': 2}"},
    {"an ordered list is sorted again", "o[1, 2, 3]", "[254, [16, 0], 4, [20, [122, 2, 1], 9]]",
     "o[2, 3, 10]"},
    {"inside an ordered list too", "o[[1], [2]]", "[254, [16, 0, 16, 0], 4, [20, [122, 2, 1], 9]]",
     "o[[2], [10]]"},
    {"unknown", "['a']", "[254, [4, true], 4, [20, [122, 2, 1], 9]]", "['error', 1]"},
    {"unknown, forgiven", "['a', 1]", "[254, [4, true], 20, [20, [122, 2, 1], 9]]", "['a', 10]"},
    {"nothing chosen", "[1]", "[254, [16, 5], 4, 7]", "'unchanged'"},
    {"not to be stored", "[1]", "[254, [16, 0], 4, [126, [*]]]", "['error', 12]"},
    {"no expression", "[1]", "[254, [16, 0], 4]", "['error', 4]"},
    {"mode of a read", "[1]", "[254, [16, 0], 1, 7]", "['error', 4]"},
};

TEST(CdtPath, ReplacesItsLeaves) {
  for (const Row& row : kApplies) {
    Arena arena;
    const Buffer bin = Notation::encoded(row.bin);
    const auto got = told(arena, cdt_modify(arena, bin_of(bin), Notation::encoded(row.op)), true);
    EXPECT_EQ(to_hex(got), to_hex(Notation::encoded(row.want))) << row.why;
  }
}

TEST(CdtPath, OfNoBinIsNothing) {
  Arena arena;
  const auto read = cdt_read(arena, {}, Notation::encoded("[254, [4, true], 1]"));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->result.is_null());
  const auto changed = cdt_modify(arena, {}, Notation::encoded("[254, [4, true], 4, 7]"));
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->changed);
  const Buffer one = from_hex("0000000000000001");
  const Particle number{ParticleType::Integer, one};
  const auto other = cdt_read(arena, number, Notation::encoded("[254, [4, true], 1]"));
  EXPECT_EQ(other.error().code, Code::IncompatibleType);
}

}  // namespace
}  // namespace flotilla::model
