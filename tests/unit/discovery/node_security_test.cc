// The messages of a login, byte for byte, and what replies mean.

#include "discovery/node_security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::discovery {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

std::string text(const Buffer& bytes) { return std::string(as_text(bytes)); }

TEST(NodeSecurity, PasswordsAreHashedAsNodesKeepThem) {
  EXPECT_EQ(hash_password("admin").value_or(""),
            "$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa");
  EXPECT_FALSE(hash_password(std::string(73, 'x')));
}

TEST(NodeSecurity, ALoginCarriesTheUserAndWhatItsKindNeeds) {
  NodeLogin login{.auth = NodeAuth::Internal, .user = "ann", .password = "pw", .credential = "H"};
  EXPECT_EQ(text(login_request(login)), "\x02\x02\0\0\0\0\0\x1e"s + "\0\0\x14\x02"s +
                                            std::string(12, '\0') + "\0\0\0\x04\0ann"s +
                                            "\0\0\0\x02\x03H"s);
  login.auth = NodeAuth::External;
  EXPECT_THAT(text(login_request(login)), ::testing::EndsWith("\0\0\0\x03\x04pw"s));
  login.auth = NodeAuth::Pki;
  EXPECT_EQ(text(login_request(login)),
            "\x02\x02\0\0\0\0\0\x10"s + "\0\0\x14\0"s + std::string(12, '\0'));
}

TEST(NodeSecurity, ASessionIsShownByItsToken) {
  EXPECT_EQ(text(authenticate_request("ann", "T")), "\x02\x02\0\0\0\0\0\x1e"s + "\0\0\0\x02"s +
                                                        std::string(12, '\0') + "\0\0\0\x04\0ann"s +
                                                        "\0\0\0\x02\x05T"s);
}

TEST(NodeSecurity, AReplyGivesTheTokenAndHowLongItLasts) {
  const std::string good = "\0\0\0\x03"s + std::string(12, '\0') +
                           "\0\0\0\x03\x05"
                           "ab"s +
                           "\0\0\0\x05\x06\0\0\x0e\x10"s +
                           "\0\0\0\x02\x63"
                           "?"s;
  const auto reply = parse_security_reply(as_bytes(good));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, kSecurityOk);
  EXPECT_EQ(reply->token, "ab");
  EXPECT_EQ(reply->ttl, std::chrono::seconds(3600));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_security_reply(as_bytes(good).first(size))) << size;
}

TEST(NodeSecurity, RefusalsSayWhatToDo) {
  EXPECT_THAT(security_failure(60, "ann"), HasSubstr("knows no user 'ann' (--node-user)"));
  EXPECT_THAT(security_failure(62, "ann"), HasSubstr("the password of user 'ann'"));
  EXPECT_THAT(security_failure(80, ""), HasSubstr("wants a login"));
  EXPECT_THAT(security_failure(81, "ann"), HasSubstr("sys-admin"));
  EXPECT_THAT(security_failure(99, "ann"), HasSubstr("code 99"));
}

}  // namespace
}  // namespace flotilla::discovery
