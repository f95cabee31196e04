#include "model/expression.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "expression_json.h"

namespace flotilla::model {
namespace {

using exp_test::encode;
using exp_test::Record;
using nlohmann::json;

constexpr auto kBins =
    R"({"i": 7, "z": 0, "f": 2.5, "s": "hello", "t": true, "l": [3, 1, 2], "m": {"a": 1}})";

/// What an expression yields, as JSON; "unknown" and "refused" are the two ways to yield nothing.
std::string value_of(std::string_view expression, const Record& record) {
  Arena arena;
  const Buffer bytes = encode(expression);
  const auto value = evaluate(arena, bytes, record);
  if (!value) return value.error().code == Code::Parameter ? "refused" : "unknown";
  switch (value->type) {
    case ParticleType::Null:
      return "null";
    case ParticleType::Bool:
      return value->bytes[0] == std::byte{1} ? "true" : "false";
    case ParticleType::Integer:
      return std::to_string(static_cast<std::int64_t>(load_be<std::uint64_t>(value->bytes.data())));
    case ParticleType::Float:
      return json(std::bit_cast<double>(load_be<std::uint64_t>(value->bytes.data()))).dump();
    case ParticleType::String:
      return "'" + std::string(as_text(value->bytes)) + "'";
    default:
      return to_hex(value->bytes);
  }
}

struct Case {
  const char* expression;
  const char* want;
};

void check(std::span<const Case> cases, const Record& record) {
  for (const Case& c : cases) EXPECT_EQ(value_of(c.expression, record), c.want) << c.expression;
}

TEST(Expression, LogicHasThreeValues) {
  // [0] is unknown.
  constexpr Case kCases[] = {
      {"[16, true, false]", "false"},       {"[16, [0], false]", "false"},
      {"[16, false, [0]]", "false"},        {"[16, true, [0]]", "unknown"},
      {"[17, [0], true]", "true"},          {"[17, false, [0]]", "unknown"},
      {"[17, false, false]", "false"},      {"[18, [0]]", "unknown"},
      {"[19, true, false, false]", "true"}, {"[19, false, false]", "false"},
      {"[19, true, true, [0]]", "false"},   {"[19, [0], true, true]", "unknown"},
      {"[19, true, [0], true]", "unknown"},
  };
  check(kCases, Record());
}

TEST(Expression, TypesAreCheckedBeforeAnythingRuns) {
  constexpr Case kCases[] = {
      {"[1, 1, 1.0]", "refused"},
      {"[1, [81, 2, \"#i\"], \"7\"]", "refused"},
      {"[20, 1, [81, 7, \"#f\"]]", "refused"},
      {"[16, true, 1]", "refused"},
      {"[16, true]", "refused"},
      {"[123, true, 1, \"a\"]", "refused"},
      {"[123, true, 1, [0]]", "1"},
      {"[123, true, [100], 1]", "unknown"},
      {"[125, \"#x\", 1, [16, [124, \"#x\"], true]]", "refused"},
      {"[124, \"#x\"]", "refused"},
      {"[125, \"#x\", 1, \"#x\", 2, [124, \"#x\"]]", "refused"},
      {"[125, \"#1x\", 1, 2]", "refused"},
      {"[1, [127, 2, 0, [16], null], 0]", "refused"},
      {"[127, 2, 1, [51, 0, 8], [81, 4, \"#l\"]]", "refused"},
      {"[81, 10, \"#i\"]", "refused"},
      {"[81, 2, \"#sixteen_letters_\"]", "refused"},
      {"[64, 0]", "refused"},
      {"[126, 5]", "refused"},
      {"[10]", "refused"},
      {"[128, 1]", "refused"},
      {"[]", "refused"},
      {"[[1]]", "refused"},
      {"\"#name\"", "refused"},
      {"\"geo:{}\"", "refused"},
      {"\"ext:ff00\"", "refused"},
      {"[80, 7]", "refused"},
  };
  check(kCases, Record(kBins));
}

TEST(Expression, ArithmeticWrapsAndRefusesZero) {
  constexpr Case kCases[] = {
      {"[20, 9223372036854775807, 1]", "-9223372036854775808"},
      {"[21, -9223372036854775808]", "-9223372036854775808"},
      {"[23, -9223372036854775808, -1]", "-9223372036854775808"},
      {"[23, 1, 0]", "unknown"},
      {"[23, 7, 4294967296, 4294967296]", "unknown"},
      {"[23, 1.0, 0.0]", "null"},
      {"[26, -9223372036854775808, -1]", "0"},
      {"[26, -7, 3]", "-1"},
      {"[26, 7, 0]", "unknown"},
      {"[27, -9223372036854775808]", "-9223372036854775808"},
      {"[30, 1e300]", "-9223372036854775808"},
      {"[30, -9.9]", "-9"},
      {"[36, 1, 65]", "2"},
      {"[38, -8, 1]", "-4"},
      {"[40, 0, false]", "0"},
      {"[41, 6, true]", "62"},
      {"[24, 2.0, 10.0]", "1024.0"},
      {"[25, 8.0, 2.0]", "3.0"},
      {"[50, 3.5, 1.5, 2.5]", "1.5"},
      {"[51, -1, -9]", "-1"},
      {"[20, [81, 2, \"#nope\"], 1]", "unknown"},
      {"[20, [81, 2, \"#i\"], 1]", "8"},
  };
  check(kCases, Record(kBins));
}

TEST(Expression, CollectionsCompareUnlessAMapWithoutOrderIsMet) {
  constexpr Case kCases[] = {
      {"[1, [81, 4, \"#l\"], [126, [3, 1, 2]]]", "true"},
      {"[5, [126, [1]], [126, [1, 0]]]", "true"},
      {"[5, [126, [1, {\"a\": 1}]], [126, [2, {\"a\": 1}]]]", "true"},
      {"[1, [126, [1, {\"a\": 1}]], [126, [1, {\"a\": 1}]]]", "unknown"},
      {"[1, {}, {}]", "true"},
      {"[1, {}, [81, 5, \"#m\"]]", "unknown"},
      {"[1, [126, [\"ext:ff00\", 1]], [126, [5, 2]]]", "true"},
      {"[9, 1, [81, 4, \"#l\"]]", "true"},
      {"[9, {\"a\": 1}, [126, [{\"a\": 1}]]]", "true"},
      {"[9, \"x\", [81, 4, \"#l\"]]", "false"},
      {"[101, [81, 5, \"#m\"]]", "91a20361"},
      {"[102, [81, 5, \"#m\"]]", "9101"},
      {"[101, [81, 4, \"#l\"]]", "unknown"},
  };
  check(kCases, Record(kBins));
}

TEST(Expression, VariablesSeeWhatStandsBeforeThem) {
  constexpr Case kCases[] = {
      {"[125, \"#x\", 1, \"#y\", [20, [124, \"#x\"], 1], [20, [124, \"#x\"], [124, \"#y\"]]]", "3"},
      {"[125, \"#x\", [125, \"#in\", 5, [124, \"#in\"]], \"#y\", 2, [20, [124, \"#x\"], [124, "
       "\"#y\"]]]",
       "7"},
      {"[125, \"#x\", [124, \"#x\"], 1]", "refused"},
      {"[20, [125, \"#x\", 1, [124, \"#x\"]], [125, \"#x\", 2, [124, \"#x\"]]]", "3"},
      {"[125, \"#x\", [81, 2, \"#nope\"], 5]", "5"},
  };
  check(kCases, Record());
}

TEST(Expression, CallsFillInTheValuesOfTheirArguments) {
  constexpr Case kCases[] = {
      {"[127, 2, 0, [16], [81, 4, \"#l\"]]", "3"},
      {"[127, 2, 0, [19, 7, [21, [81, 2, \"#i\"], 6]], [81, 4, \"#l\"]]", "1"},
      {"[127, 4, 64, [1, [81, 2, \"#nope\"]], [81, 4, \"#l\"]]", "unknown"},
      {"[127, 3, 0, [16], [81, 4, \"#l\"]]", "unknown"},
      {"[127, 4, 64, [1, [126, [5]]], null]", "919105"},
      {"[127, 2, 1, [51, 0, [20, 4, 4]], \"blob:f0\"]", "4"},
      {"[127, 2, 0, [255, [34, \"a\"], [16]], {\"a\": [1, 2]}]", "2"},
      {"[127, 2, 0, [255, [34, \"a\"], [19, 7, [20, 0, 1]]], {\"a\": [1, 2]}]", "2"},
      {"[127, 4, 0, [254, [4, [3, [122, 2, 1], 1]], 1], [81, 4, \"#l\"]]", "920302"},
      {"[127, 2, 3, [16], [81, 4, \"#l\"]]", "refused"},
      {"[127, 2, 0, 5, [81, 4, \"#l\"]]", "refused"},
      {"[127, 2, 0, [], [81, 4, \"#l\"]]", "unknown"},
  };
  check(kCases, Record(kBins));
}

TEST(Expression, MetadataComesInTheUnitsOfTheWire) {
  Record record;
  constexpr std::uint64_t kNow = Record::kNowMs;
  record.meta.void_time = static_cast<std::uint32_t>(kNow / 1000 + 100);
  record.meta.digest.bytes[16] = std::byte{0x05};
  record.meta.digest.bytes[17] = std::byte{0x01};
  constexpr Case kCases[] = {
      {"[66]", "1762303999993000000"},
      {"[67]", "7"},
      {"[68]", "1762304100000000000"},
      {"[69]", "100"},
      {"[70]", "'users'"},
      {"[71]", "false"},
      {"[72]", "false"},
      {"[64, 7]", "2"},
      {"[74]", "100"},
      {"[65]", "0"},
      {"[73]", "100"},
      {"[80, 3]", "unknown"},
  };
  check(kCases, record);
  record.meta.void_time = 0;
  record.meta.is_on_device = true;
  record.user_key = Particle{ParticleType::String, as_bytes("k1")};
  constexpr Case kOther[] = {{"[68]", "-1"},        {"[69]", "-1"},   {"[65]", "100"},
                             {"[73]", "0"},         {"[71]", "true"}, {"[80, 3]", "'k1'"},
                             {"[80, 2]", "unknown"}};
  check(kOther, record);
}

// Bounds.

TEST(Expression, DepthAndNumberOfNodesAreBounded) {
  const auto nested = [](int depth) {
    Buffer out;
    for (int i = 0; i < depth; ++i) flotilla::append(out, from_hex("9223"));  // int_not of ...
    out.push_back(std::byte{1});
    return out;
  };
  Arena arena;
  EXPECT_TRUE(evaluate(arena, nested(255), Record()));
  EXPECT_FALSE(evaluate(arena, nested(256), Record()));
  EXPECT_FALSE(evaluate(arena, nested(400'000), Record()));
  Buffer wide = from_hex("dd00020001 14");  // add of 131,072 numbers
  wide.resize(wide.size() + 131'072, std::byte{1});
  EXPECT_FALSE(evaluate(arena, wide, Record()));
  Buffer lying = from_hex("ddffffffff 14 01");
  EXPECT_FALSE(evaluate(arena, lying, Record()));
}

TEST(Expression, WorkIsBounded) {
  Record record;
  record.put("l", json::array({std::string(500'000, 'x'), std::string(500'000, 'y')}));
  // Comparisons of a large bin with itself.
  const auto comparisons = [](int count) {
    json all = json::array({16});
    for (int i = 0; i < count; ++i)
      all.push_back(json::parse(R"([1, [81, 4, "#l"], [81, 4, "#l"]])"));
    return exp_test::encode_json(all);
  };
  Arena arena;
  EXPECT_EQ(*filter(arena, comparisons(200), record), Truth::True);
  EXPECT_EQ(*filter(arena, comparisons(2000), record), Truth::Unknown);
}

TEST(Expression, ManyInOneCommandShareABound) {
  Record record;
  record.put("l", json::array({std::string(500'000, 'x'), std::string(500'000, 'y')}));
  json all = json::array({16});
  for (int i = 0; i < 100; ++i) all.push_back(json::parse(R"([1, [81, 4, "#l"], [81, 4, "#l"]])"));
  Buffer op{std::byte{0x91}};
  flotilla::append(op, exp_test::encode_json(all));
  Arena arena;
  int runs = 0;
  while (runs < 1000 && exp_read(arena, record, op)) ++runs;
  EXPECT_LT(runs, 20);
  EXPECT_EQ(exp_read(arena, record, op).error().code, Code::TooBig);
  EXPECT_EQ(exp_modify(arena, record, {}, op).error().code, Code::TooBig);
}

TEST(Expression, PathsInsidePathsShareOneBudget) {
  Record record;
  json list = json::array();
  for (int i = 0; i < 3000; ++i) list.push_back(i);
  record.put("l", list);
  json quoted = json::array({126, list});
  // For each element, for each element, for each element.
  const json third =
      json::array({127, 4, 0, json::array({254, json::array({4, true}), 1}), quoted});
  const json second = json::array(
      {127, 4, 0, json::array({254, json::array({4, json::array({1, third, third})}), 1}), quoted});
  const json first = json::array(
      {127, 4, 0, json::array({254, json::array({4, json::array({1, second, second})}), 1}),
       json::parse(R"([81, 4, "#l"])")});
  Arena arena;
  EXPECT_FALSE(evaluate(arena, exp_test::encode_json(first), record));
  EXPECT_LT(arena.used(), std::size_t{1} << 30);
}

// Filters.

TEST(Filter, MustBeBoolean) {
  for (const char* const text : {"5", "null", "[20, 1, 2]", "\"x\"", "[100]", "[81, 2, \"#i\"]"})
    EXPECT_EQ(check_filter(encode(text)).error().code, Code::Parameter) << text;
  EXPECT_TRUE(check_filter(encode("true")));
  Buffer trailing = encode("true");
  trailing.push_back(std::byte{0});
  EXPECT_FALSE(check_filter(trailing));
  EXPECT_FALSE(check_filter({}));
}

TEST(Filter, IsDecidedByMetadataWhereTheBinsDoNotMatter) {
  struct Row {
    const char* expression;
    Truth early;
    Truth late;
  };
  constexpr Row kRows[] = {
      {"[1, [70], \"users\"]", Truth::True, Truth::True},
      {"[16, [1, [70], \"x\"], [1, [81, 2, \"#i\"], 7]]", Truth::False, Truth::False},
      {"[16, [1, [70], \"users\"], [1, [81, 2, \"#i\"], 7]]", Truth::Unknown, Truth::True},
      {"[17, [1, [81, 2, \"#i\"], 7], [3, [74], 5]]", Truth::True, Truth::True},
      {"[1, [81, 2, \"#i\"], 8]", Truth::Unknown, Truth::False},
      {"[1, [82, \"#nope\"], 0]", Truth::Unknown, Truth::True},
      {"[71]", Truth::Unknown, Truth::False},
      {"[1, [81, 2, \"#nope\"], 8]", Truth::Unknown, Truth::Unknown},
  };
  const Record record(kBins);
  Arena arena;
  for (const Row& row : kRows) {
    const Buffer bytes = encode(row.expression);
    EXPECT_EQ(*filter_by_metadata(arena, bytes, record.meta), row.early) << row.expression;
    EXPECT_EQ(*filter(arena, bytes, record), row.late) << row.expression;
    const auto parsed = Filter::parse(bytes);
    EXPECT_EQ(parsed->test_metadata(arena, record.meta), row.early) << row.expression;
    EXPECT_EQ(parsed->test(arena, record), row.late) << row.expression;
  }
}

/// A random Boolean expression, `depth` operations deep at most.
json random_condition(Random& random, int depth) {
  static const char* const kLeaves[] = {"true",
                                        "false",
                                        "[0]",
                                        "[72]",
                                        "[71]",
                                        "[1, [70], \"users\"]",
                                        "[3, [74], 200]",
                                        "[5, [69], 0]",
                                        "[1, [81, 2, \"#i\"], 7]",
                                        "[5, [81, 7, \"#f\"], 2.0]",
                                        "[1, [82, \"#s\"], 3]",
                                        "[81, 1, \"#t\"]",
                                        "[1, [81, 2, \"#nope\"], 1]",
                                        "[1, [23, 1, [81, 2, \"#z\"]], 1]",
                                        "[7, 0, \"#l*o\", [81, 3, \"#s\"]]",
                                        "[9, [81, 2, \"#i\"], [81, 4, \"#l\"]]",
                                        "[1, [127, 2, 0, [16], [81, 4, \"#l\"]], 3]"};
  if (depth == 0 || random.chance(0.2))
    return json::parse(kLeaves[random.below(std::size(kLeaves))]);
  const auto child = [&] { return random_condition(random, depth - 1); };
  switch (random.below(6)) {
    case 0:
      return json::array({18, child()});
    case 1:
      return json::array({123, child(), child(), child()});
    case 2: {
      const std::string name = "#v" + std::to_string(depth);
      return json::array(
          {125, name, child(), json::array({16, json::array({124, name}), child()})});
    }
    default: {
      json out = json::array({16 + random.below(2)});
      if (random.chance(0.2)) out[0] = 19;
      for (std::uint64_t i = random.between(2, 3); i > 0; --i) out.push_back(child());
      return out;
    }
  }
}

TEST(Filter, MetadataNeverContradictTheBins) {
  Random random(7);
  const Record record(kBins);
  int decided = 0;
  for (int i = 0; i < 5000; ++i) {
    const json condition = random_condition(random, 4);
    const Buffer bytes = exp_test::encode_json(condition);
    Arena arena;
    const auto early = filter_by_metadata(arena, bytes, record.meta);
    const auto late = filter(arena, bytes, record);
    ASSERT_TRUE(early && late) << condition;
    if (*early == Truth::Unknown) continue;
    ++decided;
    ASSERT_EQ(*early, *late) << condition;
  }
  EXPECT_GT(decided, 500);
}

// Writing.

TEST(ExpressionModify, StoresGeoJsonWithItsCellsAndRefusesWhatIsNone) {
  Record record;
  record.put("l", json::parse(R"(["geo:{\"type\":\"Point\",\"coordinates\":[1,2]}", "geo:junk"])"));
  Arena arena;
  const auto from_list = [&](int index) {
    return exp_test::encode_json(json::array(
        {json::array({127, 8, 0, json::array({19, 7, index}), json::parse(R"([81, 4, "#l"])")})}));
  };
  const auto good = exp_modify(arena, record, {}, from_list(0));
  ASSERT_TRUE(good);
  EXPECT_EQ(to_hex(good->bin.bytes.first(11)), "00000110036e17ca9fb709");
  EXPECT_EQ(exp_modify(arena, record, {}, from_list(1)).error().code, Code::OpNotApplicable);
}

TEST(ExpressionModify, KeepsAMapAsItWasGivenYetFindsItsKeys) {
  // {"b": 1, "a": 2}, and get "a" from it.
  const Buffer map = from_hex("82 a20362 01 a20361 02");
  const Buffer get = from_hex("93 61 07 a20361");
  const Record record;
  Arena arena;
  Buffer op = from_hex("91");
  flotilla::append(op, map);
  const auto stored = exp_modify(arena, record, {}, op);
  ASSERT_TRUE(stored);
  EXPECT_EQ(to_hex(export_particle(arena, stored->bin).bytes), to_hex(map));
  const auto found = cdt_read(arena, stored->bin, get);
  ASSERT_TRUE(found);
  EXPECT_EQ(to_hex(found->result.bytes), "0000000000000002");
  const auto changed = cdt_modify(arena, stored->bin, from_hex("93 43 a20363 03"));
  ASSERT_TRUE(changed);
  EXPECT_EQ(to_hex(changed->bin.bytes), "83a2036102a2036201a2036303");
  // The same in a call.
  Buffer call = from_hex("95 7f 02 00");
  flotilla::append(call, get);
  flotilla::append(call, map);
  const auto called = evaluate(arena, call, record);
  ASSERT_TRUE(called);
  EXPECT_EQ(to_hex(called->bytes), "0000000000000002");
}

TEST(ExpressionModify, NilIsRefusedOnlyWithoutAnyFlag) {
  const Record record;
  Arena arena;
  const Particle bin{ParticleType::String, as_bytes("old")};
  EXPECT_EQ(exp_modify(arena, record, bin, encode("[null, 0]")).error().code,
            Code::OpNotApplicable);
  EXPECT_FALSE(exp_modify(arena, record, bin, encode("[null, 2]"))->changed);
  const auto deleted = exp_modify(arena, record, bin, encode("[null, 4]"));
  EXPECT_TRUE(deleted->changed && deleted->bin.is_null());
  EXPECT_FALSE(exp_modify(arena, record, {}, encode("[null, 0]"))->changed);
}

}  // namespace
}  // namespace flotilla::model
