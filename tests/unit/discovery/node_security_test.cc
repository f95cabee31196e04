// What refusals of nodes mean to whoever runs the service.

#include "discovery/node_security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::discovery {
namespace {

using ::testing::HasSubstr;

TEST(NodeSecurity, RefusalsSayWhatToDo) {
  EXPECT_THAT(security_failure(60, "ann"), HasSubstr("knows no user 'ann' (--node-user)"));
  EXPECT_THAT(security_failure(62, "ann"), HasSubstr("the password of user 'ann'"));
  EXPECT_THAT(security_failure(80, ""), HasSubstr("wants a login"));
  EXPECT_THAT(security_failure(81, "ann"), HasSubstr("sys-admin"));
  EXPECT_THAT(security_failure(99, "ann"), HasSubstr("code 99"));
}

}  // namespace
}  // namespace flotilla::discovery
