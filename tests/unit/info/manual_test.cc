#include "info/manual.h"

#include <gtest/gtest.h>

#include "support/rewritten_file.h"

namespace flotilla::info {
namespace {

TEST(Manual, PageOfCommandsIsCurrent) {
  EXPECT_TRUE(is_current("docs/manual/info.md", commands_page()));
}
TEST(Manual, PageOfStatisticsIsCurrent) {
  EXPECT_TRUE(is_current("docs/manual/statistics.md", statistics_page()));
}

}  // namespace
}  // namespace flotilla::info
