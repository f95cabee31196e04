#include "discovery/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Parsed parse(std::vector<std::string> arguments, const Environment& environment = {}) {
  arguments.insert(arguments.begin(), "flotilla-discovery");
  return parse_options(arguments, environment);
}
Options options(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  const Parsed parsed = parse(arguments, environment);
  EXPECT_TRUE(parsed.options) << parsed.error;
  return parsed.options.value_or(Options{});
}

TEST(Options, TheArticlesCommandLineIsUnderstood) {
  const Options o = options(
      {"--swarm-url=tcp://10.0.0.1:3376", "--swarm-tls-ca-cert=/etc/docker/ca.pem",
       "--swarm-tls-cert=/etc/docker/server.pem", "--swarm-tls-key=/etc/docker/server-key.pem",
       "--debug", "--plugin", "aerospike", "start"},
      {{"AEROSPIKE_NETWORK_NAME", "prod"},
       {"AEROSPIKE_CLUSTER_NAME", "awesome-counter"},
       {"constraint:node==blog-0", ""}});
  EXPECT_EQ(o.command, "start");
  EXPECT_THAT(o.engine_urls, ElementsAre("tcp://10.0.0.1:3376"));
  EXPECT_EQ(o.tls_ca, "/etc/docker/ca.pem");
  EXPECT_EQ(o.tls_key, "/etc/docker/server-key.pem");
  EXPECT_TRUE(o.debug);
  EXPECT_THAT(o.plugins, ElementsAre("aerospike"));
  EXPECT_EQ(o.network, "prod");
  EXPECT_EQ(o.cluster, "awesome-counter");
}

TEST(Options, NothingAtAllStartsOnTheLocalSocket) {
  const Options o = options({});
  EXPECT_EQ(o.command, "start");
  EXPECT_THAT(o.engine_urls, ElementsAre("unix:///var/run/docker.sock"));
  EXPECT_THAT(o.plugins, ElementsAre("aerospike"));
}

TEST(Options, ShortFormsAreThoseOfOld) {
  const Options o = options({"-s", "tcp://a:1", "-p", "aerospike", "-D", "once"});
  EXPECT_THAT(o.engine_urls, ElementsAre("tcp://a:1"));
  EXPECT_EQ(o.command, "once");
  EXPECT_EQ(options({"-v"}).command, "version");
  EXPECT_THAT(parse({"-h"}).out, HasSubstr("--swarm-url"));
}

TEST(Options, AnOptionMayFollowItsCommand) { EXPECT_TRUE(options({"start", "--debug"}).debug); }

TEST(Options, SeveralEnginesAreGivenSeveralTimes) {
  EXPECT_THAT(options({"--swarm-url", "tcp://a:1", "--swarm-url=tcp://b:1"}).engine_urls,
              ElementsAre("tcp://a:1", "tcp://b:1"));
}

TEST(Options, AnEmptyEngineIsAsGoodAsNone) {
  EXPECT_THAT(options({"--swarm-url=", "--plugin", "aerospike", "start"},
                      {{"DOCKER_HOST", "tcp://env:2375"}})
                  .engine_urls,
              ElementsAre("tcp://env:2375"));
  EXPECT_THAT(options({"--swarm-url=", "start"}, {{"DOCKER_HOST", ""}}).engine_urls,
              ElementsAre("unix:///var/run/docker.sock"));
}

TEST(Options, TheCommandLineGoesBeforeTheEnvironment) {
  const Environment environment{{"DISCOVERY_CLUSTER", "one"}, {"AEROSPIKE_CLUSTER_NAME", "two"}};
  EXPECT_EQ(options({"--cluster", "zero"}, environment).cluster, "zero");
  EXPECT_EQ(options({}, environment).cluster, "one");
  EXPECT_EQ(options({}, {{"AEROSPIKE_MESH_PORT", "4002"}}).mesh_port, 4002);
}

TEST(Options, DockersCertificateFolderIsUsedWhenVerificationIsAskedFor) {
  const Environment environment{{"DOCKER_CERT_PATH", "/certs"}, {"DOCKER_TLS_VERIFY", "1"}};
  EXPECT_EQ(options({}, environment).tls_ca, "/certs/ca.pem");
  EXPECT_EQ(options({}, environment).tls_key, "/certs/key.pem");
  EXPECT_EQ(options({}, {{"DOCKER_CERT_PATH", "/certs"}}).tls_ca, "");
  EXPECT_EQ(options({"--tls-ca-cert", "/ca"}, environment).tls_ca, "/ca");
}

TEST(Options, APodAsksItsOwnCluster) {
  const Environment pod{{"KUBERNETES_SERVICE_HOST", "10.96.0.1"},
                        {"KUBERNETES_SERVICE_PORT", "6443"}};
  EXPECT_EQ(options({}, pod).k8s_url, "https://10.96.0.1:6443");
  EXPECT_EQ(options({}, {{"KUBERNETES_SERVICE_HOST", "fd00::1"}}).k8s_url, "https://[fd00::1]:443");
}

struct BadCase {
  std::vector<std::string> arguments;
  Environment environment;
  const char* want;
};
const BadCase kBadCases[] = {
    {{"--bogus"}, {}, "--bogus"},
    {{"fly"}, {}, "fly"},
    {{"-p", "haproxy"}, {}, "there is no plug-in 'haproxy'; there are: aerospike, template"},
    {{"--source", "zookeeper"}, {}, "there is no source 'zookeeper'"},
    {{"--mesh-port", "65536"}, {}, "--mesh-port"},
    {{}, {{"AEROSPIKE_MESH_PORT", "x"}}, "AEROSPIKE_MESH_PORT"},
    {{"--own-range", "10.0.0.0/99"}, {}, "is not a network"},
    {{"--period", "0"}, {}, "--period"},
    {{"--config", "/no/such/file"}, {}, "/no/such/file"},
};
TEST(Options, WhatIsWrongIsSaidInOneLineAndEndsWithTwo) {
  for (const BadCase& c : kBadCases) {
    SCOPED_TRACE(c.want);
    const Parsed parsed = parse(c.arguments, c.environment);
    EXPECT_FALSE(parsed.options);
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_THAT(parsed.error, HasSubstr(c.want));
    EXPECT_EQ(std::ranges::count(parsed.error, '\n'), 1);
  }
}

}  // namespace
}  // namespace flotilla::discovery
