#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/parse.h"
#include "client/login.h"
#include "run_tool.h"
#include "support/fake_node.h"
#include "support/tls_front.h"

/// Logins and TLS by the options of the tools, each in one process with its node.
namespace flotilla::tools {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using flotilla::testing::TestCertificate;
using flotilla::testing::TlsFront;
using ::testing::HasSubstr;

Ended run(std::vector<std::string> arguments) {
  arguments.emplace_back("--no-config-file");
  return run_tool(arguments);
}

struct Tool {
  std::vector<std::string> words;  // What it is to do.
  std::string_view wanted;         // What it then says.
  int failed;                      // Its code when it cannot.
};
const Tool kTools[] = {
    {{"aql", "-c", "show namespaces"}, "test", 255},
    {{"flotilla", "sql", "-c", "show namespaces"}, "test", 255},
    {{"asinfo", "-v", "node"}, "A1", 1},
    {{"flotilla", "info", "-v", "node"}, "A1", 1},
    {{"asadm", "--enable", "-e", "asinfo -v node"}, "A1", 2},
    {{"flotilla", "admin", "--enable", "-e", "asinfo -v node"}, "A1", 2},
    {{"asbench", "-k", "10", "-t", "1", "-w", "I", "-z", "1"}, "write", 1},
};

struct ToolSecurity : ::testing::Test {
  FakeNode node{"A1", std::make_shared<FakeRecords>()};
  TestCertificate authority;
  TestCertificate certificate{"IP:127.0.0.1", &authority};
  TlsFront front{certificate, node.port()};

  ToolSecurity() {
    node.demand_login("ann", *client::hash_password("a word"));
    node.set_info("service-tls-std", front.address());
    node.set_info("peers-tls-std", "1,4333,[]");
    node.set_info("statistics", "cluster_size=1");
  }
  static std::vector<std::string> with(const Tool& tool, std::uint16_t port,
                                       const std::vector<std::string>& more) {
    std::vector<std::string> words = tool.words;
    words.insert(words.end(), {"-h", "127.0.0.1", "-p", std::to_string(port)});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(ToolSecurity, EveryToolLogsInOverTls) {
  for (const Tool& tool : kTools) {
    const Ended ended = run(with(
        tool, front.port(),
        {"-U", "ann", "-Pa word", "--tls-enable", "--tls-cafile", authority.certificate_path()}));
    EXPECT_EQ(ended.code, 0) << tool.words[0] << ": " << ended.err;
    EXPECT_THAT(ended.out, HasSubstr(tool.wanted)) << tool.words[0];
  }
}

TEST_F(ToolSecurity, ARefusalIsOneLineWithItsReason) {
  for (const Tool& tool : kTools) {
    const Ended ended = run(with(tool, node.port(), {"-U", "ann", "-Panother"}));
    EXPECT_EQ(ended.code, tool.failed) << tool.words[0];
    const std::string said = ended.out + ended.err;
    EXPECT_THAT(said, HasSubstr("refuses the password of user 'ann'")) << tool.words[0];
    EXPECT_EQ(std::ranges::count(said, '\n'), tool.words[0] == "asadm" ? 3 : 1) << said;
  }
}

TEST_F(ToolSecurity, ACertificateThatIsNotTrustedIsSaidToBe) {
  for (const Tool& tool : kTools) {
    const Ended ended = run(with(tool, front.port(), {"--tls-enable"}));
    EXPECT_EQ(ended.code, tool.failed) << tool.words[0];
    EXPECT_THAT(ended.out + ended.err, HasSubstr("certificate is not trusted")) << tool.words[0];
  }
}

TEST_F(ToolSecurity, OptionsThatMeanNothingAreRefused) {
  const Tool info{{"flotilla", "info"}, "", 2};
  const auto said = [&](const std::vector<std::string>& more) {
    const Ended ended = run(with(info, node.port(), more));
    EXPECT_EQ(ended.code, 2);
    return ended.err;
  };
  EXPECT_THAT(said({"--auth", "magic"}), HasSubstr("not 'MAGIC'"));
  EXPECT_THAT(said({"-U", "ann", "-A", "EXTERNAL"}), HasSubstr("only over TLS"));
  EXPECT_THAT(said({"--tls-enable", "--tls-cafile", "/nowhere"}), HasSubstr("'/nowhere'"));
  EXPECT_THAT(said({"--tls-enable", "--tls-cert-blacklist", "x"}), HasSubstr("--tls-crl-check"));
  EXPECT_THAT(said({"-U", "ann", "-Penv:NO_SUCH_NAME"}), HasSubstr("NO_SUCH_NAME"));
}

}  // namespace
}  // namespace flotilla::tools
