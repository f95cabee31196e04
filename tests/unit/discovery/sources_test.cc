#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "discovery/provider.h"
#include "discovery/source_answers.h"
#include "unit/discovery/fake_engine.h"

namespace flotilla::discovery {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Consul, InstancesAreMembers) {
  const auto members = parse_consul(
      R"([{"Node":{"Node":"n1","Address":"10.0.0.1"},"Service":{"ID":"as-1","Address":"","Port":3100,
           "Tags":["com.aerospike.cluster=tagged"],"Meta":{"com-aerospike-mesh-port":"4002"}}},
          {"Node":{"Node":"n2","Address":"10.0.0.2"},"Service":{"ID":"as-2","Address":"10.1.0.2",
           "Tags":null,"Meta":{"com-aerospike-cluster":"m","com-aerospike-mesh-port":"x"}}}])",
      {});
  ASSERT_TRUE(members);
  EXPECT_EQ(members->at(0).host, "10.0.0.1");
  EXPECT_EQ(members->at(0).service_port, 3100);
  EXPECT_EQ(members->at(0).mesh_port, 4002);
  EXPECT_EQ(members->at(0).cluster, "tagged");
  EXPECT_EQ(members->at(1).host, "10.1.0.2");
  EXPECT_THAT(members->at(1).problem, HasSubstr("com-aerospike-mesh-port is 'x'"));
}

TEST(Etcd, KeysAreMembersAndTheRestIsReported) {
  // /flotilla/members/a = "10.0.0.1:3100", /b = {"host":"h","cluster":"x"}, /c = "{"
  const auto range = parse_etcd(
      R"({"header":{"revision":"42"},"kvs":[
          {"key":"L2Zsb3RpbGxhL21lbWJlcnMvYQ==","value":"MTAuMC4wLjE6MzEwMA=="},
          {"key":"L2Zsb3RpbGxhL21lbWJlcnMvYg==","value":"eyJob3N0IjoiaCIsImNsdXN0ZXIiOiJ4In0="},
          {"key":"L2Zsb3RpbGxhL21lbWJlcnMvYw==","value":"ew=="}]})",
      {});
  ASSERT_TRUE(range) << range.error().text;
  EXPECT_EQ(range->revision, 42);
  ASSERT_EQ(range->members.size(), 2U);
  EXPECT_EQ(range->members[0].id, "/flotilla/members/a");
  EXPECT_EQ(range->members[0].service_port, 3100);
  EXPECT_EQ(range->members[1].cluster, "x");
  EXPECT_THAT(range->problems.at(0), HasSubstr("/flotilla/members/c is no member"));
  EXPECT_FALSE(parse_etcd("{}", {})) << "no etcd";
}

TEST(Etcd, ACompactedWatchIsOver) {
  EXPECT_TRUE(parse_etcd_watch(R"({"result":{"header":{"revision":"5"},"canceled":true,
      "compact_revision":"4","cancel_reason":"compacted"}})")
                  ->is_cancelled);
  EXPECT_TRUE(parse_etcd_watch(R"({"error":{"message":"no leader"}})")->is_cancelled);
  const auto event = parse_etcd_watch(R"({"result":{"header":{"revision":"5"},"events":[{}]}})");
  EXPECT_TRUE(event->has_events);
  EXPECT_FALSE(event->is_cancelled);
  EXPECT_FALSE(parse_etcd_watch(R"({"result":{"created":true}})")->is_cancelled);
}

TEST(Kubernetes, SlicesGiveReadyAndOtherAddresses) {
  const auto slices = parse_endpoint_slices(
      R"({"kind":"EndpointSliceList","metadata":{"resourceVersion":"77"},"items":[
          {"metadata":{"labels":{"kubernetes.io/service-name":"db"}},
           "ports":[{"name":"service","port":3100},{"name":"heartbeat","port":4002},{"port":1}],
           "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true},
             "targetRef":{"name":"db-0","uid":"u0"}},
            {"addresses":["10.0.0.2","10.0.0.9"],"conditions":{"ready":false}},
            {"addresses":[]},{"addresses":null}]}]})",
      {});
  ASSERT_TRUE(slices);
  EXPECT_EQ(slices->version, "77");
  ASSERT_EQ(slices->members.size(), 2U);
  EXPECT_EQ(slices->members[0].name, "db-0");
  EXPECT_EQ(slices->members[0].cluster, "db");
  EXPECT_EQ(slices->members[0].service_port, 3100);
  EXPECT_EQ(slices->members[0].mesh_port, 4002);
  EXPECT_EQ(slices->members[1].state, "not ready");
  EXPECT_FALSE(parse_endpoint_slices(R"({"kind":"Status","code":403})", {}));
  EXPECT_TRUE(is_good_watch_event(R"({"type":"MODIFIED","object":{}})"));
  EXPECT_FALSE(is_good_watch_event(R"({"type":"ERROR","object":{"code":410}})"));
}

struct FileCase {
  const char* text;
  int members;  // -1: refused.
  const char* why = "";
};
const FileCase kFileCases[] = {
    {"", 0},
    {"members:", 0},
    {"- 10.0.0.1\n- 10.0.0.2:3100\n- '[fd00::1]:3000'\n", 3},
    {"members:\n- {host: a, cluster: x, service-port: 3100, mesh-port: 4002, tls: true}\n", 1},
    {R"({"members":[{"host":"a"},"b:1"]})", 2},
    {"- {name: a}\n", -1, "entry 1: a member has no host"},
    {"- {host: a, mesh-port: 70000}\n", -1, "'mesh-port: 70000' cannot be meant"},
    {"- {host: a, colour: red}\n", -1, "colour"},
    {"- a\n- [b]\n", -1, "entry 2"},
    {"just text", -1, "no list of members"},
    {"- {host: a\n", -1, "line 2"},
};
TEST(MemberFile, IsYamlOrJson) {
  for (const FileCase& c : kFileCases) {
    SCOPED_TRACE(c.text);
    const auto members = parse_members(c.text, {});
    ASSERT_EQ(members.has_value(), c.members >= 0) << (members ? "" : members.error().text);
    if (members)
      EXPECT_EQ(members->size(), static_cast<std::size_t>(c.members));
    else
      EXPECT_THAT(members.error().text, HasSubstr(c.why));
  }
}

// The providers, against a server that answers from a table.

std::unique_ptr<Provider> provider(Options options) {
  auto made = make_providers(options);
  EXPECT_TRUE(made) << made.error().text;
  return std::move(made->front());
}

TEST(ConsulProvider, WaitsByIndexAndBeginsAnewWhenItGoesBack) {
  testing::FakeEngine server;
  const char* path = "/v1/health/service/aerospike";
  server.set(path, "[]", 200, "X-Consul-Index: 7\r\n");
  Options options;
  options.consul_url = server.url();
  options.sources = {"consul"};
  const auto consul = provider(options);
  ASSERT_TRUE(consul->list());
  Stop stop = false;
  int hints = 0;
  const auto watch = [&] { return consul->watch([&] { ++hints; }, stop).has_value(); };
  EXPECT_TRUE(watch());
  EXPECT_EQ(hints, 1);
  EXPECT_TRUE(watch()) << "the wait ends, nothing has happened";
  EXPECT_EQ(hints, 1);
  EXPECT_EQ(server.count("passing=true&wait=55s&index=7"), 1U);
  server.set(path, "[]", 200, "X-Consul-Index: 3\r\n");
  EXPECT_TRUE(watch());
  EXPECT_EQ(hints, 2);
  EXPECT_TRUE(watch());
  EXPECT_EQ(server.count("index=3"), 0U) << "from the beginning";
  server.set(path, "no leader", 500);
  EXPECT_FALSE(watch());
  EXPECT_THAT(consul->list().error().text, HasSubstr("Consul answers 500: no leader"));
}

TEST(KubernetesProvider, SaysWhatItLacks) {
  testing::FakeEngine server;
  Options options;
  options.k8s_url = "http" + server.url().substr(3);
  options.k8s_service = "db";
  options.k8s_namespace = "prod";
  const auto k8s = provider(options);
  const char* path = "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices";
  server.set(path, R"({"kind":"Status"})", 403);
  EXPECT_THAT(k8s->list().error().text, HasSubstr("may not list and watch endpointslices"));
  server.set(path, R"({"kind":"Status"})", 401);
  EXPECT_THAT(k8s->list().error().text, HasSubstr("the token in"));
  server.set(path, R"({"kind":"EndpointSliceList","metadata":{"resourceVersion":"1"}})");
  EXPECT_TRUE(k8s->list());
  EXPECT_EQ(server.count("labelSelector=kubernetes.io%2Fservice-name%3Ddb"), 3U);
}

TEST(EtcdProvider, TriesTheNextServer) {
  testing::FakeEngine server;
  server.set("/v3/kv/range", R"({"header":{"revision":"1"}})");
  Options options;
  options.etcd_urls = {"http://127.0.0.1:1", "http" + server.url().substr(3)};
  const auto etcd = provider(options);
  EXPECT_TRUE(etcd->list()) << etcd->list().error().text;
}

TEST(DnsProvider, AddressesOfANameAreMembers) {
  Options options;
  options.dns_names = {"127.0.0.1:3100"};
  const auto dns = provider(options);
  auto listing = dns->list();
  ASSERT_TRUE(listing);
  EXPECT_TRUE(listing->complete);
  EXPECT_EQ(listing->members.at(0).host, "127.0.0.1");
  EXPECT_EQ(listing->members.at(0).service_port, 3100);
  options.dns_names = {"no-such-name.invalid"};
  listing = provider(options)->list();
  ASSERT_TRUE(listing);
  EXPECT_FALSE(listing->complete) << "a name that does not resolve proves nobody's absence";
}

TEST(FileProvider, AFileThatCannotBeReadIsAProblem) {
  Options options;
  options.file = "/tmp/flotilla-members-" + std::to_string(::getpid());
  const auto file = provider(options);
  EXPECT_THAT(file->list().error().text, HasSubstr("cannot be read"));
  std::ofstream(options.file) << "- 10.0.0.1\n";
  EXPECT_EQ(file->list()->members.size(), 1U);
  ::unlink(options.file.c_str());
}

}  // namespace
}  // namespace flotilla::discovery
