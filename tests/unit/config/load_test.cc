#include "config/load.h"

#include <gtest/gtest.h>

namespace flotilla::config {
namespace {

TEST(Load, WithoutFileIsACompleteNode) {
  const auto loaded = load({});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config->network.service_port(), 3000);
}

}  // namespace
}  // namespace flotilla::config
