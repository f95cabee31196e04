// The messages of a login, byte for byte, and what replies mean.

#include "client/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::client {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

std::string text(const Buffer& bytes) { return std::string(as_text(bytes)); }

TEST(LoginMessage, PasswordsAreHashedAsNodesKeepThem) {
  EXPECT_EQ(hash_password("admin").value_or(""),
            "$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa");
  EXPECT_FALSE(hash_password(std::string(73, 'x')));
}

TEST(LoginMessage, ALoginCarriesTheUserAndWhatItsKindNeeds) {
  Login login{.auth = Auth::Internal, .user = "ann", .password = "pw", .credential = "H"};
  EXPECT_EQ(text(login_request(login)), "\x02\x02\0\0\0\0\0\x1e"s + "\0\0\x14\x02"s +
                                            std::string(12, '\0') + "\0\0\0\x04\0ann"s +
                                            "\0\0\0\x02\x03H"s);
  login.auth = Auth::External;
  EXPECT_THAT(text(login_request(login)), ::testing::EndsWith("\0\0\0\x03\x04pw"s));
  login.auth = Auth::Pki;
  EXPECT_EQ(text(login_request(login)),
            "\x02\x02\0\0\0\0\0\x10"s + "\0\0\x14\0"s + std::string(12, '\0'));
}

TEST(LoginMessage, ASessionIsShownByItsToken) {
  EXPECT_EQ(text(authenticate_request("ann", "T")), "\x02\x02\0\0\0\0\0\x1e"s + "\0\0\0\x02"s +
                                                        std::string(12, '\0') + "\0\0\0\x04\0ann"s +
                                                        "\0\0\0\x02\x05T"s);
}

TEST(LoginMessage, AReplyGivesTheTokenAndHowLongItLasts) {
  const std::string good = "\0\0\0\x03"s + std::string(12, '\0') +
                           "\0\0\0\x03\x05"
                           "ab"s +
                           "\0\0\0\x05\x06\0\0\x0e\x10"s +
                           "\0\0\0\x02\x63"
                           "?"s;
  const auto reply = parse_login_reply(as_bytes(good));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, kLoginOk);
  EXPECT_EQ(reply->token, "ab");
  EXPECT_EQ(reply->ttl, std::chrono::seconds(3600));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_login_reply(as_bytes(good).first(size))) << size;
}

TEST(LoginMessage, RefusalsAreToldInWords) {
  EXPECT_EQ(login_failure(60, "ann"), "knows no user 'ann'");
  EXPECT_THAT(login_failure(62, "ann"), HasSubstr("the password of user 'ann'"));
  EXPECT_THAT(login_failure(99, "ann"), HasSubstr("code 99"));
}

}  // namespace
}  // namespace flotilla::client
