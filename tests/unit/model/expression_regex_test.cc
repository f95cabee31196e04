#include <gtest/gtest.h>
#include <regex.h>

#include <optional>
#include <string>

#include "base/random.h"
#include "expression_json.h"

namespace flotilla::model {
namespace {

/// What REGEX answers; nothing when the pattern is refused.
std::optional<bool> matches(std::int64_t flags, const std::string& pattern,
                            const std::string& text) {
  Arena arena;
  const Buffer expression =
      exp_test::encode_json(nlohmann::json::array({7, flags, "#" + pattern, text}));
  const auto truth = filter(arena, expression, exp_test::Record());
  if (!truth) return std::nullopt;
  EXPECT_NE(*truth, Truth::Unknown);
  return *truth == Truth::True;
}

/// What the C library answers.
std::optional<bool> matches_in_c(std::int64_t flags, const std::string& pattern,
                                 const std::string& text) {
  regex_t compiled;
  if (::regcomp(&compiled, pattern.c_str(), static_cast<int>(flags) | REG_NOSUB) != 0)
    return std::nullopt;
  const bool found = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return found;
}

struct Case {
  std::int64_t flags;
  const char* pattern;
  const char* text;
  std::optional<bool> want;
};

TEST(ExpressionRegex, FollowsTheTwoSyntaxesOfPosix) {
  const Case kCases[] = {
      {0, "", "", true},
      {0, "b", "abc", true},
      {0, "^b", "abc", false},
      {0, "a(b)", "a(b)", true},
      {0, "a\\(b\\)", "ab", true},
      {0, "*a", "*a", true},
      {0, "^*a", "*a", true},
      {0, "a\\{2\\}", "aa", true},
      {0, "a\\{2\\}", "a", false},
      {0, "a\\|b", "b", true},
      {0, "a+", "a+", true},
      {0, "a\\+$", "aaa", true},
      {0, "a$b", "a$b", true},
      {0, "[", "", std::nullopt},
      {0, "\\{1\\}", "", std::nullopt},
      {1, "(", "", std::nullopt},
      {1, "a)", "a)", true},
      {1, "*a", "", std::nullopt},
      {1, "a|*b", "", std::nullopt},
      {1, "^(a|bc)+d{2,3}$", "abcadd", true},
      {1, "^(a|bc)+d{2,3}$", "abcad", false},
      {1, "a{2,1}", "", std::nullopt},
      {1, "a{99999}", "", std::nullopt},
      {1, "[[:digit:][:upper:]_-]+$", "aB_-9", true},
      {1, "[[:nothing:]]", "", std::nullopt},
      {1, "[b-a]", "", std::nullopt},
      {1, "[^]a]", "]a", false},
      {1, "\\bcat\\b", "a cat.", true},
      {1, "\\bcat\\b", "concat", false},
      {1, "\\w+\\s\\W", "ab !", true},
      {1, "a\\", "", std::nullopt},
      {1, "(a)\\1", "aa", std::nullopt},
      {3, "^STRASSE[^x]$", "strassEy", true},
      {3, "^STRASSE[^x]$", "strassEX", false},
      {1, "^b$", "a\nb\nc", false},
      {5, "^b$", "a\nb\nc", true},
      {1, "a.c", "a\nc", true},
      {5, "a.c", "a\nc", false},
      {5, "a[^b]c", "a\nc", false},
      {-1, "A", "a", true},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(matches(c.flags, c.pattern, c.text), c.want)
        << c.flags << ' ' << c.pattern << ' ' << c.text;
}

std::string random_pattern(Random& random, std::size_t length) {
  static const char* const kPieces[] = {
      "a",   "b",     "c",           ".",        "*",    "+",    "?",     "|",   "(",
      ")",   "\\(",   "\\)",         "\\|",      "[ab]", "[^a]", "[a-c]", "^",   "$",
      "{2}", "{1,2}", "{,1}",        "\\{1,\\}", "\\w",  "\\W",  "\\b",   "\\<", "\\>",
      "\\+", "\\?",   "[[:alpha:]]", "-",        "\\.",  "]"};
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += kPieces[random.below(std::size(kPieces))];
  return out;
}

TEST(ExpressionRegex, AgreesWithTheLibraryOfC) {
  constexpr int kPatterns = 20'000;
  int compiled = 0;
  Random random(20260);
  for (int i = 0; i < kPatterns; ++i) {
    const std::string pattern = random_pattern(random, random.between(1, 7));
    const auto flags = static_cast<std::int64_t>(random.below(8));
    for (int j = 0; j < 4; ++j) {
      std::string text;
      // Without the newline flag glibc takes some places behind a newline for the start of the
      // text.
      const std::string_view alphabet = (flags & REG_NEWLINE) != 0 ? "abcB -\n" : "abcB -_";
      for (std::uint64_t k = random.below(7); k > 0; --k)
        text += alphabet[random.below(alphabet.size())];
      const auto ours = matches(flags, pattern, text);
      ASSERT_EQ(ours, matches_in_c(flags, pattern, text))
          << "flags " << flags << " pattern " << pattern << " text '" << text << "' number " << i;
      compiled += ours ? 1 : 0;
    }
  }
  EXPECT_GT(compiled, kPatterns);
}

TEST(ExpressionRegex, ACostlyPatternIsRefusedOrUnknown) {
  EXPECT_EQ(matches(1, "((((a{10}){10}){10}){10}){10}", "a"), std::nullopt);
  std::string deep(100'000, '(');
  EXPECT_EQ(matches(1, deep + std::string(100'000, ')'), "a"), std::nullopt);
  EXPECT_EQ(matches(1, "a" + std::string(100'000, '?'), "a"), std::nullopt);
  Arena arena;
  const std::string text(1 << 20, 'a');
  const auto truth =
      filter(arena, exp_test::encode_json(nlohmann::json::array({7, 1, "#(a|b){300}c", "s"})),
             exp_test::Record());
  EXPECT_EQ(*truth, Truth::False);
  exp_test::Record record;
  record.put("t", nlohmann::json(text));
  const auto costly =
      filter(arena, exp_test::encode(R"([7, 1, "#(a|b){300}c", [81, 3, "#t"]])"), record);
  EXPECT_EQ(*costly, Truth::Unknown);
}

TEST(ExpressionRegex, ManyPatternsShareOneBound) {
  nlohmann::json all = nlohmann::json::array({16});
  for (int i = 0; i < 6; ++i) all.push_back(nlohmann::json::array({7, 1, "#a{9000}", "a"}));
  EXPECT_TRUE(check_filter(exp_test::encode_json(all)));
  for (int i = 0; i < 6; ++i) all.push_back(nlohmann::json::array({7, 1, "#a{9000}", "a"}));
  EXPECT_FALSE(check_filter(exp_test::encode_json(all)));
}

TEST(ExpressionRegex, TimeGrowsWithTheTextNotItsSquare) {
  exp_test::Record record;
  record.put("t", nlohmann::json(std::string(1 << 20, 'a')));
  Arena arena;
  // The C library needs minutes for this.
  EXPECT_EQ(
      *filter(arena, exp_test::encode(R"([7, 1, "#(a|b)*a(a|b){10}c", [81, 3, "#t"]])"), record),
      Truth::False);
}

}  // namespace
}  // namespace flotilla::model
