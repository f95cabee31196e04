#include <gtest/gtest.h>

#include "config/parameter.h"
#include "support/rewritten_file.h"

namespace flotilla::config {
namespace {

TEST(Reference, PageIsCurrent) {
  EXPECT_TRUE(is_current("docs/manual/configuration.md", reference_page()));
}

}  // namespace
}  // namespace flotilla::config
