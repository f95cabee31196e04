#include "cluster/fabric_hello.h"

#include <gtest/gtest.h>

namespace flotilla::cluster {
namespace {

FabricHello example() {
  FabricHello hello{.from = {.boot = 7}, .to = {.boot = 9}, .cluster_name = "docker"};
  hello.from.node[0] = std::byte{1};
  hello.to.node[15] = std::byte{2};
  return hello;
}

TEST(FabricHello, ComesBackAsItWasSent) {
  const auto parsed = FabricHello::parse(example().encode());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, example());
}

TEST(FabricHello, IsRefusedWhenCutShortOrTooLong) {
  Buffer bytes = example().encode();
  EXPECT_LE(bytes.size(), FabricHello::kSizeMost);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(FabricHello::parse(Bytes(bytes).first(size))) << size;
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(FabricHello::parse(bytes));
}

TEST(FabricHello, OfAnotherVersionIsRefused) {
  Buffer bytes = example().encode();
  bytes[4] = std::byte{2};
  EXPECT_FALSE(FabricHello::parse(bytes));
}

}  // namespace
}  // namespace flotilla::cluster
