#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/async.h"
#include "client/client.h"
#include "client/login.h"
#include "support/fake_node.h"
#include "support/tls_front.h"

/// Logins and TLS, against nodes that demand them.
namespace flotilla::client {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using flotilla::testing::TestCertificate;
using flotilla::testing::TlsFront;
using ::testing::HasSubstr;

Key key_of(int number) { return *Key::make("test", "foo", number); }
const std::vector<Bin> kBins = {{"a", 1}};

SecurityOptions as_user(std::string user, std::string password) {
  return {.auth = Auth::Internal, .user = std::move(user), .password = std::move(password)};
}

struct LoginTest : ::testing::Test {
  FakeNode node{"A1", std::make_shared<FakeRecords>()};

  LoginTest() { node.demand_login("ann", *hash_password("a word")); }
  Expected<Client> connect(const SecurityOptions& security) {
    return Client::connect({{"127.0.0.1", node.port(), ""}}, {.security = security});
  }
};

TEST_F(LoginTest, OneLoginServesAllConnectionsOfTheClient) {
  const auto client = connect(as_user("ann", "a word"));
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_TRUE(client->put(key_of(1), kBins).has_value());
  const AsyncClient async(*client);
  std::vector<Task<Expected<Record>>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(async.get(key_of(1)));
  for (const auto& record : wait_all(std::move(tasks)))
    EXPECT_TRUE(record.has_value()) << record.error().message;
  EXPECT_EQ(node.logins(), 1);
  EXPECT_GT(node.sessions_shown(), 1);
}

TEST_F(LoginTest, ARefusalNamesTheUserAndKeepsTheServersCode) {
  const auto wrong = connect(as_user("ann", "another"));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, 62);
  EXPECT_EQ(wrong.error().message, "the node refuses the password of user 'ann'");
  EXPECT_EQ(wrong.error().node, node.address());
  EXPECT_EQ(connect(as_user("bob", "a word")).error().message, "the node knows no user 'bob'");
  EXPECT_FALSE(connect({}).has_value());
}

TEST_F(LoginTest, ANodeThatForgotTheSessionGetsAnotherLogin) {
  const auto client = connect(as_user("ann", "a word"));
  ASSERT_TRUE(client.has_value());
  node.forget_sessions();
  EXPECT_TRUE(client->put(key_of(1), kBins).has_value());
  EXPECT_EQ(node.logins(), 2);
}

TEST_F(LoginTest, AReadIsRepeatedWhereAConnectionIsNotKnownAnyMore) {
  const auto client = connect(as_user("ann", "a word"));
  ASSERT_TRUE(client->put(key_of(1), kBins).has_value());
  std::atomic<int> left = 1;
  node.set_script([&](const wire::Message&) -> FakeNode::Verdict {
    using Kind = FakeNode::Verdict::Kind;
    return left-- > 0 ? FakeNode::Verdict{Kind::Refuse, 66} : FakeNode::Verdict{};
  });
  EXPECT_TRUE(client->get(key_of(1)).has_value());
  EXPECT_EQ(node.logins(), 2);
  left = 1;
  EXPECT_TRUE(wait(AsyncClient(*client).get(key_of(1))).has_value());
  EXPECT_EQ(client->put(key_of(1), kBins).has_value(), true);
}

TEST_F(LoginTest, WhatHasNotLeftWhenAnotherCallGivesUpFindsAnotherConnection) {
  const auto client = connect(as_user("ann", "a word"));
  const AsyncClient async(*client);
  node.hold_logins(true);
  WritePolicy brief;
  brief.command.total_timeout = Milliseconds(50);
  std::vector<Task<Expected<Written>>> tasks;
  tasks.push_back(async.put(key_of(1), kBins, brief));
  tasks.push_back(async.put(key_of(2), kBins));  // Not repeated where it may have been sent.
  std::thread relief([&] {
    std::this_thread::sleep_for(Milliseconds(100));
    node.hold_logins(false);
  });
  const auto results = wait(gather(std::move(tasks)));
  relief.join();
  EXPECT_TRUE(results[0].error().is(Code::Timeout));
  EXPECT_FALSE(results[0].error().in_doubt);
  EXPECT_TRUE(results[1].has_value()) << results[1].error().message;
  EXPECT_EQ(node.requests(), 1);
}

TEST_F(LoginTest, InfoOfOneNodeLogsInToo) {
  const std::string_view commands[] = {"node"};
  const Address address{"127.0.0.1", node.port(), ""};
  EXPECT_FALSE(ask(address, commands, Milliseconds(1000)).has_value());
  const auto answers =
      ask(address, commands, Milliseconds(1000), *Access::make(as_user("ann", "a word")));
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  EXPECT_EQ(answers->front().value, "A1");
}

TEST(Login, ANodeWithoutSecurityIsUsedAsItIs) {
  FakeNode node("A1", std::make_shared<FakeRecords>());
  const auto client =
      Client::connect({{"127.0.0.1", node.port(), ""}}, {.security = as_user("ann", "a word")});
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_TRUE(client->put(key_of(1), kBins).has_value());
}

TEST(Login, OptionsThatDoNotFitAreRefusedBeforeAnythingIsSent) {
  const auto why = [](const SecurityOptions& options) { return Access::make(options).error(); };
  EXPECT_TRUE(why({.auth = Auth::Internal}).is(Status::Parameter));
  EXPECT_TRUE(why({.auth = Auth::Pki}).is(Status::Parameter));
  EXPECT_TRUE(why(as_user("ann", std::string(73, 'x'))).is(Status::Parameter));
  SecurityOptions external = as_user("ann", "a word");
  external.auth = Auth::External;
  EXPECT_THAT(why(external).message, HasSubstr("only over TLS"));
  external.allow_clear_password = true;
  EXPECT_TRUE(Access::make(external).has_value());
}

struct TlsTest : ::testing::Test {
  TestCertificate authority;
  TestCertificate certificate{"DNS:db.example,IP:127.0.0.1", &authority};
  FakeNode node{"A1", std::make_shared<FakeRecords>()};

  void name_address(const TlsFront& front) {
    node.set_info("service-tls-std", front.address());
    node.set_info("peers-tls-std", "1,4333,[]");
  }
  SecurityOptions trusting() const {
    return {.tls = {.enable = true, .ca_file = authority.certificate_path()}};
  }
  /// The node demands it from now on.
  Expected<Client> log_in(const TlsFront& front) {
    node.demand_login("ann", *hash_password("a word"));
    SecurityOptions security = as_user("ann", "a word");
    security.tls = trusting().tls;
    return connect(front, security);
  }
  static Expected<Client> connect(const TlsFront& front, const SecurityOptions& security,
                                  std::string name = {}) {
    return Client::connect({{"127.0.0.1", front.port(), std::move(name)}},
                           {.connect_timeout = Milliseconds(5000), .security = security});
  }
};

TEST_F(TlsTest, BothKindsOfCallsGoOverTls) {
  const TlsFront front(certificate, node.port());
  name_address(front);
  const auto client = log_in(front);
  ASSERT_TRUE(client.has_value()) << client.error().message;
  // More than the socket's buffers hold: both directions have to wait on the way.
  const std::string large(3 << 20, 'x');
  ReadPolicy patient;
  patient.command.total_timeout = Milliseconds(20'000);
  const WritePolicy patient_write{.command = patient.command};
  ASSERT_TRUE(client->put(key_of(1), std::vector<Bin>{{"a", large}}, patient_write).has_value());
  EXPECT_TRUE(*client->get(key_of(1), {}, patient)->find("a") == Value(large));
  const AsyncClient async(*client);
  ASSERT_TRUE(wait(async.put(key_of(2), {{"a", large}}, patient_write)).has_value());
  std::vector<Task<Expected<Record>>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(async.get(key_of(1 + i % 2), {}, patient));
  for (const auto& record : wait_all(std::move(tasks))) {
    ASSERT_TRUE(record.has_value()) << record.error().message;
    EXPECT_TRUE(*record->find("a") == Value(large));
  }
  EXPECT_EQ(node.logins(), 1);
}

TEST_F(TlsTest, ConnectionsAreKeptAlthoughTheNodeSendsTickets) {
  const TlsFront front(certificate, node.port());
  name_address(front);
  const auto client = log_in(front);
  ASSERT_TRUE(client.has_value());
  const int before = node.sessions_shown();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(client->put(key_of(i), kBins).has_value());
  EXPECT_EQ(node.sessions_shown() - before, 1);
}

TEST_F(TlsTest, TheCertificateMustBeOfATrustedAuthorityAndOfThatName) {
  const TlsFront front(certificate, node.port());
  name_address(front);
  const TestCertificate other;
  SecurityOptions elsewhere = trusting();
  elsewhere.tls.ca_file = other.certificate_path();
  const auto untrusted = connect(front, elsewhere);
  ASSERT_FALSE(untrusted.has_value());
  EXPECT_TRUE(untrusted.error().is(Status::Tls));
  EXPECT_THAT(untrusted.error().message, HasSubstr("certificate is not trusted"));
  EXPECT_THAT(connect(front, trusting(), "db.other").error().message,
              HasSubstr("ostname mismatch"));
  EXPECT_TRUE(connect(front, trusting(), "db.example").has_value());
  SecurityOptions named = trusting();
  named.tls.name = "db.example";
  EXPECT_TRUE(connect(front, named).has_value());
  named.tls.name = "db.other";
  EXPECT_FALSE(connect(front, named).has_value());
  elsewhere.tls.allow_untrusted = true;
  EXPECT_TRUE(connect(front, elsewhere).has_value());
}

TEST_F(TlsTest, ANodeMayDemandOurCertificate) {
  const TlsFront front(certificate, node.port(), &authority);
  name_address(front);
  const TestCertificate ours("DNS:client", &authority);
  const auto refused = connect(front, trusting());
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("certificate"));
  SecurityOptions security = trusting();
  security.tls.cert_file = ours.certificate_path();
  security.tls.key_file = ours.locked_key_path("open sesame");
  security.tls.key_password = "open sesame";
  const auto client = connect(front, security);
  EXPECT_TRUE(client.has_value()) << client.error().message;
  security.tls.key_password = "wrong";
  EXPECT_THAT(connect(front, security).error().message, HasSubstr("is its password right?"));
  security.tls.key_password.clear();
  EXPECT_THAT(connect(front, security).error().message, HasSubstr("no key that can be read"));
}

TEST_F(TlsTest, VersionsAreThoseThatAreAllowed) {
  TlsFront front(certificate, node.port());
  name_address(front);
  front.limit_to(TLS1_2_VERSION);
  SecurityOptions security = trusting();
  EXPECT_TRUE(connect(front, security).has_value());
  security.tls.protocols = "-all +TLSv1.3";
  EXPECT_TRUE(connect(front, security).error().is(Status::Tls));
  security.tls.protocols = "TLSv1.2";
  EXPECT_TRUE(connect(front, security).has_value());
  security.tls.protocols = "SSLv3";
  EXPECT_THAT(connect(front, security).error().message, HasSubstr("'SSLv3' is no version of TLS"));
  security.tls.protocols = "-all";
  EXPECT_TRUE(connect(front, security).error().is(Status::Parameter));
}

TEST_F(TlsTest, FilesOfNoUseAreNamed) {
  const TlsFront front(certificate, node.port());
  SecurityOptions security = trusting();
  security.tls.ca_file = "/nowhere/ca.pem";
  EXPECT_THAT(connect(front, security).error().message, HasSubstr("/nowhere/ca.pem"));
  security = trusting();
  security.tls.cert_file = certificate.certificate_path();
  EXPECT_TRUE(connect(front, security).error().is(Status::Parameter));
  security.tls.key_file = authority.key_path();
  EXPECT_TRUE(connect(front, security).error().is(Status::Tls));
}

TEST_F(TlsTest, AClearPortAndOneThatSpeaksTlsAreToldApart) {
  const TlsFront front(certificate, node.port());
  const auto clear =
      Client::connect({{"127.0.0.1", node.port(), ""}},
                      {.connect_timeout = Milliseconds(1000), .security = trusting()});
  ASSERT_FALSE(clear.has_value());
  const auto secured = Client::connect({{"127.0.0.1", front.port(), ""}}, {});
  ASSERT_FALSE(secured.has_value());
}

TEST_F(TlsTest, ANodeThatStallsInTheHandshakeEndsAtTheTimeout) {
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = flotilla::testing::loopback(0);
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(silent, 4), 0);
  socklen_t size = sizeof address;
  ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
  const auto failed =
      Client::connect({{"127.0.0.1", ntohs(address.sin_port), ""}},
                      {.connect_timeout = Milliseconds(100), .security = trusting()});
  EXPECT_TRUE(failed.error().is(Code::Timeout));
  ::close(silent);
}

}  // namespace
}  // namespace flotilla::client
