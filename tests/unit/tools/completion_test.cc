#include "tools/sql/completion.h"

#include <gtest/gtest.h>

#include "text.h"

namespace flotilla::tools::sql {
namespace {

const Schema kSchema{
    .namespaces = {"bar", "test"}, .sets = {"test.demo", "test.foo"}, .bins = {"age", "name"}};

TEST(Complete, OffersWhatMayStandThere) {
  struct Case {
    const char* line;
    std::vector<std::string> candidates;
  };
  const Case cases[] = {
      {"se", {"SELECT", "SET"}},
      {"insert i", {"INTO"}},
      {"select * f", {"FROM"}},
      {"select * from t", {"test", "test.demo", "test.foo"}},
      {"select * from test.f", {"test.foo"}},
      {"show n", {"NAMESPACES"}},
      {"select * from test where p", {"PK"}},
      {"set record_t", {"RECORD_TTL"}},
      {"select * from test; sh", {"SHOW"}},
      {"select * from test w", {"WHERE", "WITHIN"}},
      {"nonsense xyz", {}},
      {"select * from test.foo where a", {"age"}},
      {"select * from test.foo where ", {"DIGEST", "EDIGEST", "PK", "age", "name"}},
      {"select * from test.foo order by n", {"name"}},
      {"insert into test.foo (p", {"PK"}},
      {"insert into test.foo (pk, ", {"age", "name"}},
      {"insert into test.foo (pk, a) values (", {}},
      {"update test.foo set ag", {"age"}},
      {"set ec", {"ECHO"}},
  };
  for (const Case& c : cases)
    EXPECT_EQ(complete(c.line, kSchema).candidates, c.candidates) << c.line;
}

TEST(TargetOf, IsTheSetThatTheLastStatementNames) {
  EXPECT_EQ(target_of("select * from test.foo where "), "test.foo");
  EXPECT_EQ(target_of("insert into test (pk, "), "test");
  EXPECT_EQ(target_of("select * from test.foo; update bar.x set "), "bar.x");
  EXPECT_EQ(target_of("select "), "");
  EXPECT_EQ(target_of("select * from"), "");
}

TEST(Complete, ReplacesTheWordAtTheEnd) {
  EXPECT_EQ(complete("select * from te", kSchema).word_begin, 14U);
  EXPECT_EQ(complete("", kSchema).word_begin, 0U);
}

TEST(CommonBeginning, IsWhatAllShare) {
  EXPECT_EQ(common_beginning({"test", "test.demo", "test.foo"}), "test");
  EXPECT_EQ(common_beginning({"SELECT", "SET"}), "SE");
  EXPECT_EQ(common_beginning({}), "");
}

}  // namespace
}  // namespace flotilla::tools::sql
