#include "net/srv.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace flotilla::net {
namespace {

TEST(Srv, TargetsAndPortsAreRead) {
  // Question "_m._tcp.x" SRV, one answer: priority 1, weight 2, port 3002, target "n.x".
  const Buffer answer = from_hex(
      "1234 8180 0001 0001 0000 0000  025f6d 045f746370 0178 00 0021 0001"
      "c00c 0021 0001 0000003c 000b 0001 0002 0bba 016e 0178 00");
  const auto records = parse_srv(answer);
  ASSERT_TRUE(records) << records.error().why;
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->at(0), (Target{"n.x", 3002}));
  for (std::size_t size = 0; size < answer.size(); ++size)
    EXPECT_FALSE(parse_srv(Bytes(answer).first(size))) << size;
}

TEST(Srv, NamesOfServicesAreKnownByTheirForm) {
  EXPECT_TRUE(is_service_name("_mesh._tcp.flotilla.default.svc"));
  EXPECT_FALSE(is_service_name("_mesh.flotilla"));
  EXPECT_FALSE(is_service_name("flotilla._tcp"));
  EXPECT_FALSE(is_service_name(""));
}

}  // namespace
}  // namespace flotilla::net
