#include "tools/sql/lexer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace flotilla::tools::sql {
namespace {

/// "W:select S:* ..." for tables.
std::string shape(std::string_view text) {
  std::string shape;
  for (const Token& token : tokenize(text)) {
    if (token.kind == TokenKind::End) break;
    constexpr std::string_view kLetters = "WQIRSU";
    if (!shape.empty()) shape += ' ';
    shape += kLetters[static_cast<std::size_t>(token.kind)];
    shape += ':';
    shape += token.text;
  }
  return shape;
}

TEST(Tokenize, KnowsWordsNumbersQuotesAndSymbols) {
  struct Case {
    const char* text;
    const char* shape;
  };
  const Case cases[] = {
      {"", ""},
      {"select * from test.foo", "W:select S:* W:from W:test S:. W:foo"},
      {"a_b:c-d", "W:a_b:c-d"},
      {"9lives 2024-01", "W:9lives W:2024-01"},
      {"1 -1 +1 007 0x1F -0xff", "I:1 I:-1 I:+1 I:007 I:0x1F I:-0xff"},
      {"1.5 -0.25 1. 1.x .5", "R:1.5 R:-0.25 I:1 S:. I:1 S:. W:x S:. I:5"},
      {"1e5", "W:1e5"},
      {"'it\"s' \"it's\"", "Q:it\"s Q:it's"},
      {"'open", "U:'open"},
      {"''", "Q:"},
      {"(a,b)=", "S:( W:a S:, W:b S:) S:="},
      {"a -- comment\nb # more\nc // end", "W:a W:b W:c"},
      {"'--' '#'", "Q:-- Q:#"},
      {"pk=-5", "W:pk S:= I:-5"},
      {"-x", "S:- W:x"},
      {"\x80\xff", "S:\x80 S:\xff"},
  };
  for (const Case& c : cases) EXPECT_EQ(shape(c.text), c.shape) << c.text;
}

TEST(Tokenize, TellsWhereEachTokenStands) {
  const auto tokens = tokenize("a  'bc' d");
  ASSERT_EQ(tokens.size(), 4U);
  EXPECT_EQ(tokens[1].at, 3U);
  EXPECT_EQ(tokens[1].size, 4U);
  EXPECT_EQ(tokens[2].at, 8U);
  EXPECT_EQ(tokens[3].at, 9U);
}

TEST(SplitStatements, CutsAtSemicolonsOutsideOfQuotesAndComments) {
  struct Case {
    const char* text;
    std::vector<std::string_view> statements;
  };
  const Case cases[] = {
      {"", {}},
      {" ; ;; ", {}},
      {"a; b ;c", {"a", "b", "c"}},
      {"insert 'a;b' ; x", {"insert 'a;b'", "x"}},
      {"insert \"a;b\"", {"insert \"a;b\""}},
      {"a -- b; c\n; d", {"a -- b; c", "d"}},
      {"# all of it\n", {}},
      {"a--b; c", {"a--b", "c"}},
      {"'open; never", {"'open; never"}},
  };
  for (const Case& c : cases) EXPECT_EQ(split_statements(c.text), c.statements) << c.text;
}

RC_GTEST_PROP(Tokenize, CoversTheTextInOrderWhateverItIs, ()) {
  const auto text = *rc::gen::arbitrary<std::string>();
  std::size_t behind = 0;
  for (const Token& token : tokenize(text)) {
    RC_ASSERT(token.at >= behind);
    RC_ASSERT(token.kind == TokenKind::End || token.size > 0);
    behind = token.at + token.size;
    RC_ASSERT(behind <= text.size());
  }
}

}  // namespace
}  // namespace flotilla::tools::sql
