// The engine's API: what its answers mean, and the client against an engine that misbehaves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "discovery/engine_answers.h"
#include "discovery/provider.h"
#include "discovery/stream.h"
#include "unit/discovery/fake_engine.h"

namespace flotilla::discovery {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::FakeEngine;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As engine 20.10 answers (API 1.41), shortened to what is read and what might be mistaken for it.
constexpr const char* kContainers = R"json([
 {"Id":"4c01db0b339ca1d1","Names":["/blog_aerospike_1","/other/alias"],"State":"running",
  "Status":"Up 2 minutes (healthy)",
  "Labels":{"com.aerospike.cluster":"awesome-counter","com.docker.compose.project":"blog"},
  "NetworkSettings":{"Networks":{"prod-net":{"NetworkID":"a1b2c3d4e5f60718","IPAddress":"172.18.0.2",
   "IPPrefixLen":16,"GlobalIPv6Address":"","GlobalIPv6PrefixLen":0}}}},
 {"Id":"9e2f00aa11bb22cc","Names":["/blog_web_1"],"State":"running","Status":"Up","Labels":null,
  "NetworkSettings":{"Networks":{"prod-net":{"NetworkID":"a1b2c3d4e5f60718","IPAddress":"172.18.0.9",
   "IPPrefixLen":16}}}}])json";
constexpr const char* kNetworks = R"([
 {"Id":"a1b2c3d4e5f60718","Name":"prod-net","Driver":"bridge","Scope":"local",
  "Labels":{"com.docker.compose.network":"prod"}},
 {"Id":"b000000000000001","Name":"over","Driver":"overlay","Scope":"swarm","Labels":{}},
 {"Id":"c000000000000001","Name":"host","Driver":"host","Scope":"local","Labels":null}])";

Container container(const std::string& name, std::map<std::string, std::string> labels,
                    std::vector<Attachment> attachments) {
  Container out;
  out.id = "id-" + name;
  out.name = name;
  out.state = "running";
  out.labels = std::move(labels);
  out.attachments = std::move(attachments);
  return out;
}
Attachment on(const std::string& network, const std::string& ip) {
  return {.network = network, .network_id = {}, .ip = ip, .ip6 = {}, .length = 16};
}
const std::map<std::string, std::string> kLabel{{"com.aerospike.cluster", "c"}};

TEST(EngineAnswers, ContainersAreRead) {
  const auto containers = parse_containers(kContainers);
  ASSERT_TRUE(containers) << containers.error().text;
  ASSERT_EQ(containers->size(), 2U);
  EXPECT_EQ(containers->at(0).name, "blog_aerospike_1");
  EXPECT_EQ(containers->at(0).state, "healthy");
  EXPECT_EQ(containers->at(0).attachments.at(0).ip, "172.18.0.2");
  EXPECT_THAT(containers->at(1).labels, IsEmpty());
}

TEST(EngineAnswers, AClassicSwarmsNamesCarryTheHost) {
  const auto containers = parse_containers(
      R"([{"Id":"1","Names":["/blog-0/blog_aerospike_1"],"Labels":{"com.aerospike.cluster":"c"},
           "HostConfig":{"NetworkMode":"prod"},"Status":"Up 3 seconds",
           "NetworkSettings":{"Networks":{"prod":{"IPAddress":"10.0.0.2"}}}}])");
  ASSERT_TRUE(containers);
  EXPECT_EQ(containers->at(0).name, "blog_aerospike_1");
  EXPECT_EQ(containers->at(0).host, "blog-0");
}

TEST(EngineAnswers, WhatIsMissingOrOfAnotherTypeIsEmpty) {
  for (const char* text : {"[]", "null", "[{}]", "[1,null,\"x\",[]]",
                           R"([{"Id":1,"Names":{},"Labels":[],"NetworkSettings":[]}])"}) {
    const auto containers = parse_containers(text);
    ASSERT_TRUE(containers) << text;
    EXPECT_THAT(*containers, IsEmpty()) << text;
  }
  EXPECT_FALSE(parse_containers("<html>"));
  EXPECT_FALSE(parse_containers("{}"));
  EXPECT_FALSE(parse_containers(""));
}

TEST(EngineAnswers, TasksAreContainersOfTheirServices) {
  const auto services = parse_services(
      R"([{"ID":"s1","Spec":{"Name":"db_aerospike","Labels":{"com.aerospike.cluster":"x",
           "com.aerospike.mesh-port":"4002"}}}])");
  const auto nodes = parse_nodes(R"([{"ID":"n1","Description":{"Hostname":"blog-0"}}])");
  const auto tasks = parse_tasks(
      R"([{"ID":"t1","ServiceID":"s1","NodeID":"n1","Slot":2,
           "Spec":{"ContainerSpec":{"Labels":{"com.aerospike.cluster":"own"}}},
           "Status":{"State":"running","ContainerStatus":{"ContainerID":"c1"}},
           "NetworksAttachments":[
            {"Network":{"ID":"i","Spec":{"Name":"ingress","Ingress":true}},"Addresses":["10.255.0.5/16"]},
            {"Network":{"ID":"p","Spec":{"Name":"prod"}},"Addresses":["10.0.1.3/24","fd00::3/64"]}]}])",
      *services, *nodes);
  ASSERT_TRUE(tasks);
  const Container& task = tasks->at(0);
  EXPECT_EQ(task.id, "c1");
  EXPECT_EQ(task.name, "db_aerospike.2");
  EXPECT_EQ(task.host, "blog-0");
  EXPECT_EQ(task.labels.at("com.aerospike.cluster"), "own") << "the container's goes first";
  EXPECT_EQ(task.labels.at("com.aerospike.mesh-port"), "4002");
  ASSERT_EQ(task.attachments.size(), 1U);
  EXPECT_EQ(task.attachments[0].ip, "10.0.1.3");
  EXPECT_EQ(task.attachments[0].length, 24U);
  EXPECT_EQ(task.attachments[0].ip6, "fd00::3");
}

struct VersionCase {
  const char* newest;
  const char* oldest;
  const char* want;  // A version, or a part of the problem.
};
const VersionCase kVersionCases[] = {
    {"1.41", "1.12", "1.41"},
    {"1.22", "", "1.22"},
    {"1.21", "", "too old"},
    {"1.99", "1.44", "1.51"},
    {"1.99", "1.51", "1.51"},
    {"1.99", "1.52", "too new"},
    {"", "1.12", "no container engine"},
    {"one", "", "no container engine"},
};
TEST(EngineAnswers, TheVersionIsOneThatBothKnow) {
  for (const VersionCase& c : kVersionCases) {
    SCOPED_TRACE(c.want);
    const auto engine = parse_version(std::string(R"({"Version":"v","ApiVersion":")") + c.newest +
                                      R"(","MinAPIVersion":")" + c.oldest + "\"}");
    const auto version = engine ? negotiate(*engine) : tl::unexpected(engine.error());
    EXPECT_THAT(version ? version->text() : version.error().text, HasSubstr(c.want));
  }
}

Listing select(const std::vector<Container>& containers, Selection selection = {}) {
  return select_members(containers, *parse_networks(kNetworks), selection);
}

TEST(SelectMembers, TakesTheLabelledOnes) {
  const auto containers = parse_containers(kContainers);
  const Listing listing = select(*containers);
  ASSERT_EQ(listing.members.size(), 1U);
  EXPECT_EQ(listing.members[0].host, "172.18.0.2");
  EXPECT_EQ(listing.members[0].cluster, "awesome-counter");
  EXPECT_THAT(listing.in_use, ElementsAre("172.18.0.9"));
  EXPECT_TRUE(listing.ranges.at(0).contains(*IpAddress::parse("172.18.255.1")));
  EXPECT_THAT(select(*containers, {.cluster = "another"}).members, IsEmpty());
}

TEST(SelectMembers, ANetworkIsKnownByNameIdAndTheComposeFilesName) {
  const auto containers = parse_containers(kContainers);
  for (const char* network : {"prod-net", "a1b2c3d4e5f6", "a1b2c3d4e5f60718", "prod"}) {
    SCOPED_TRACE(network);
    const Listing listing = select(*containers, {.cluster = {}, .network = network});
    EXPECT_EQ(listing.members.at(0).host, "172.18.0.2");
    EXPECT_THAT(listing.problems, IsEmpty());
  }
}

TEST(EngineAnswers, AStacksNetworkIsKnownByItsNameInTheFile) {
  const auto networks = parse_networks(
      R"([{"Id":"1","Name":"db_prod","Labels":{"com.docker.stack.namespace":"db"}},
          {"Id":"2","Name":"other","Labels":{"com.docker.stack.namespace":"db"}}])");
  ASSERT_TRUE(networks);
  EXPECT_EQ(networks->at(0).short_name, "prod");
  EXPECT_EQ(networks->at(1).short_name, "");
}

TEST(SelectMembers, WithoutAnAddressThereAContainerIsReportedAndNotTipped) {
  const Listing listing = select(
      {container("a", kLabel, {on("other", "10.0.0.1")}), container("b", kLabel, {on("over", "")}),
       container("c", kLabel, {on("over", "10.1.0.1")})},
      {.cluster = {}, .network = "over"});
  ASSERT_EQ(listing.members.size(), 3U);
  EXPECT_EQ(listing.members[0].problem, "has no address on network over");
  EXPECT_EQ(listing.members[1].problem, "has no address on network over");
  EXPECT_TRUE(listing.members[2].is_usable());
}

TEST(SelectMembers, AnUnknownNetworkIsSaidOnceWithThoseThereAre) {
  const Listing listing = select({container("a", kLabel, {on("over", "10.0.0.1")})},
                                 {.cluster = {}, .network = "prodd"});
  EXPECT_THAT(listing.problems,
              ElementsAre("the engine knows no network 'prodd'; it has host, over, prod-net"));
}

TEST(SelectMembers, OfTwoNetworksTheSharedOneIsTakenAndElseNone) {
  const Listing shared = select({container("a", kLabel, {on("x", "10.0.0.1"), on("y", "10.1.0.1")}),
                                 container("b", kLabel, {on("y", "10.1.0.2")})});
  EXPECT_EQ(shared.members[0].host, "10.1.0.1");
  const Listing unclear =
      select({container("a", kLabel, {on("x", "10.0.0.1"), on("y", "10.1.0.1")})});
  EXPECT_FALSE(unclear.members[0].is_usable());
  EXPECT_THAT(unclear.members[0].problem, HasSubstr("is on the networks x, y; say which"));
  auto labels = kLabel;
  labels["com.aerospike.network"] = "x";
  EXPECT_EQ(select({container("a", labels, {on("x", "10.0.0.1"), on("y", "10.1.0.1")})},
                   {.cluster = {}, .network = "y"})
                .members[0]
                .host,
            "10.0.0.1");
}

TEST(SelectMembers, OfProjectsWithOneFileTheServiceLooksAfterItsOwn) {
  const std::vector<Network> networks{{.id = "1", .name = "blog_prod", .short_name = "prod"},
                                      {.id = "2", .name = "shop_prod", .short_name = "prod"}};
  const auto at = [](const char* network, const char* id, const char* ip) {
    Attachment out = on(network, ip);
    out.network_id = id;
    return out;
  };
  Container service = container("discovery", {}, {at("blog_prod", "1", "10.0.0.9")});
  service.id = "0123456789abcdef0123";
  const std::vector<Container> all{
      container("blog_aerospike_1", kLabel, {at("blog_prod", "1", "10.0.0.1")}),
      container("shop_aerospike_1", kLabel, {at("shop_prod", "2", "10.0.1.1")}),
      container("lost", kLabel, {at("elsewhere", "3", "10.0.2.1")}), service};
  const auto names = [&](const Selection& selection) {
    std::vector<std::string> out;
    for (const Desired& member : select_members(all, networks, selection).members)
      out.push_back(member.name);
    return out;
  };
  Selection selection{.network = "prod", .self = "0123456789ab"};
  EXPECT_THAT(names(selection), ElementsAre("blog_aerospike_1", "lost"));
  EXPECT_THAT(select_members(all, networks, selection).in_use, ElementsAre("10.0.0.9", "10.0.1.1"));
  // On none of them, or on the machine itself, it knows no better.
  selection.self = "blog-0";
  EXPECT_THAT(names(selection), ElementsAre("blog_aerospike_1", "shop_aerospike_1", "lost"));
  selection = {.network = "shop_prod", .self = "0123456789ab"};
  EXPECT_THAT(names(selection), ElementsAre("blog_aerospike_1", "shop_aerospike_1", "lost"));
}

TEST(SelectMembers, OnlyIPv6IsEnough) {
  Attachment six = on("x", "");
  six.ip6 = "fd00::2";
  EXPECT_EQ(select({container("a", kLabel, {six})}).members[0].host, "fd00::2");
}

struct LabelCase {
  const char* name;
  const char* value;
  const char* want;
};
const LabelCase kLabelCases[] = {
    {"com.aerospike.cluster", "", "has no value"},
    {"com.aerospike.mesh-port", "0", "not a port"},
    {"com.aerospike.mesh-port", "65536", "not a port"},
    {"com.aerospike.service-port", "x", "not a port"},
    {"com.aerospike.tls", "maybe", "not true or false"},
};
TEST(SelectMembers, LabelsThatCannotBeMeantAreReported) {
  for (const LabelCase& c : kLabelCases) {
    SCOPED_TRACE(c.name);
    auto labels = kLabel;
    labels[c.name] = c.value;
    const Listing listing = select({container("a", labels, {on("x", "10.0.0.1")})});
    EXPECT_THAT(listing.members.at(0).problem, HasSubstr(c.want));
  }
  auto labels = kLabel;
  labels["com.aerospike.ignore"] = "";
  EXPECT_THAT(select({container("a", labels, {on("x", "10.0.0.1")})}).members, IsEmpty());
}

TEST(SelectMembers, OnANetworkOfSeveralHostsOneEngineDoesNotSeeAll) {
  Attachment attachment = on("over", "10.1.0.1");
  attachment.network_id = "b000000000000001";
  EXPECT_THAT(select({container("a", kLabel, {attachment})}).ranges, IsEmpty());
  EXPECT_EQ(select({container("a", kLabel, {attachment})}, {.sees_all_hosts = true}).ranges.size(),
            1U);
}

TEST(Events, OnlyWhatMayChangeMembersMatters) {
  const auto relevant = [](const char* type, const char* action) {
    return is_relevant({.type = type, .action = action, .actor = {}});
  };
  EXPECT_TRUE(relevant("container", "start"));
  EXPECT_TRUE(relevant("container", "die"));
  EXPECT_TRUE(relevant("container", "health_status: healthy"));
  EXPECT_TRUE(relevant("network", "connect"));
  EXPECT_FALSE(relevant("container", "exec_start: asinfo -v status"));
  EXPECT_FALSE(relevant("container", "exec_die"));
  EXPECT_FALSE(relevant("image", "pull"));
}

TEST(Events, TimeIsNeverCountedTwice) {
  EXPECT_EQ(parse_event(R"({"time":10,"timeNano":10000000001})")->time_ns, 10'000'000'001);
  EXPECT_EQ(parse_event(R"({"time":10})")->time_ns, 10'000'000'000);
}

TEST(EventCursor, DropsRepeatsAndResumesBeforeTheLast) {
  EventCursor cursor;
  constexpr std::int64_t kSecond = 1'000'000'000;
  EXPECT_EQ(cursor.since(100 * kSecond), "95.000000000");
  const EngineEvent event{"container", "start", "c1", 90 * kSecond + 7};
  EXPECT_TRUE(cursor.accept(event));
  EXPECT_FALSE(cursor.accept(event));
  EXPECT_TRUE(cursor.accept({"container", "die", "c1", 90 * kSecond + 7}));
  EXPECT_EQ(cursor.since(100 * kSecond), "85.000000007");
  EXPECT_EQ(cursor.since(50 * kSecond), "45.000000000") << "an engine ahead of us";
}

TEST(Lines, AreFoundHoweverTheyArrive) {
  std::vector<std::string> got;
  Lines lines;
  const auto keep = [&](std::string_view line) { got.emplace_back(line); };
  for (const char* part : {"a", "b\r\n\n", "c\nd", "", "\n"}) lines.feed(part, keep);
  EXPECT_THAT(got, ElementsAre("ab", "c", "d"));
  lines.feed(std::string(Lines::kLineMost + 1, 'x'), keep);
  lines.feed("tail\nnext\n", keep);
  EXPECT_THAT(got, ElementsAre("ab", "c", "d", "next"));
  EXPECT_EQ(lines.dropped(), 1U);
}

// The client. `watch()` runs on a thread of its own, and every hint is counted.

std::string socket_path() {
  static int count = 0;
  return "/tmp/flotilla-engine-" + std::to_string(::getpid()) + '-' + std::to_string(++count);
}

std::unique_ptr<Provider> provider_of(const std::string& url,
                                      const std::string& source = "docker") {
  Options options;
  options.engine_urls = {url};
  options.sources = {source};
  auto made = make_providers(options);
  EXPECT_TRUE(made) << made.error().text;
  return std::move(made->front());
}

class Watcher {
 public:
  explicit Watcher(Provider& provider)
      : thread_([this, &provider] {
          const auto ended = provider.watch([this] { ++hints_; }, stop_);
          why_ = ended ? "" : ended.error().text;
          is_over_ = true;
        }) {}
  ~Watcher() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int hints() const { return hints_; }
  bool wait_for_hints(int count) const {
    return wait([&] { return hints_ >= count; });
  }
  /// The reason it ended; nothing: it has not.
  std::optional<std::string> wait_for_end() const {
    return wait([&] { return is_over_.load(); }) ? std::optional(why_) : std::nullopt;
  }
  template <class Condition>
  static bool wait(const Condition& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
    return condition();
  }

 private:
  Stop stop_ = false;
  std::atomic<int> hints_ = 0;
  std::atomic<bool> is_over_ = false;
  std::string why_;
  std::thread thread_;
};

std::string event(const char* action, int second) {
  return R"({"Type":"container","Action":")" + std::string(action) +
         R"(","Actor":{"ID":"c1"},"timeNano":)" + std::to_string(second) + "000000000}";
}

TEST(EngineClient, ListsOverAUnixSocketAndOverTcp) {
  for (const std::string& path : {socket_path(), std::string()}) {
    FakeEngine engine(path);
    engine.set("/containers/json", kContainers);
    engine.set("/networks", kNetworks);
    const auto provider = provider_of(engine.url());
    const auto listing = provider->list();
    ASSERT_TRUE(listing) << listing.error().text;
    EXPECT_EQ(listing->members.at(0).name, "blog_aerospike_1");
    EXPECT_EQ(engine.count("GET /v1.41/containers/json?filters="), 1U);
  }
}

TEST(EngineClient, NegotiatesAnewWhenTheEngineIsAnother) {
  FakeEngine engine;
  const auto provider = provider_of(engine.url());
  ASSERT_TRUE(provider->list());
  engine.set("/version", R"({"Version":"19","ApiVersion":"1.40"})");
  engine.set(
      "/networks",
      R"({"message":"client version 1.41 is too new. Maximum supported API version is 1.40"})",
      400);
  const auto refused = provider->list();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("Maximum supported API version is 1.40"));
  engine.set("/networks", "[]");
  EXPECT_TRUE(provider->list());
  EXPECT_EQ(engine.count("GET /v1.40/containers/json"), 1U);
}

TEST(EngineClient, EventsAreHintsAndRepeatsAreNone) {
  FakeEngine engine;
  const auto provider = provider_of(engine.url());
  Watcher watcher(*provider);
  ASSERT_TRUE(watcher.wait_for_hints(1)) << "opened: look now, for what came before";
  engine.send_line(event("start", 10));
  ASSERT_TRUE(watcher.wait_for_hints(2));
  engine.send_line(event("start", 10));
  engine.send_line(event("exec_die", 11));
  engine.send_line(event("die", 12));
  ASSERT_TRUE(watcher.wait_for_hints(3));
  engine.send_line("this is no JSON");
  ASSERT_TRUE(watcher.wait_for_hints(4)) << "what cannot be read may have mattered";
  EXPECT_EQ(watcher.hints(), 4);
}

TEST(EngineClient, ResumesFiveSecondsBeforeTheLastEvent) {
  FakeEngine engine;
  const auto provider = provider_of(engine.url());
  {
    Watcher watcher(*provider);
    ASSERT_TRUE(watcher.wait_for_hints(1));
    engine.send_line(event("start", 100));
    ASSERT_TRUE(watcher.wait_for_hints(2));
    engine.end_streams(FakeEngine::End::Cleanly);
    EXPECT_EQ(watcher.wait_for_end(), "");
  }
  Watcher again(*provider);
  ASSERT_TRUE(again.wait_for_hints(1)) << "a full look after every break";
  EXPECT_EQ(engine.count("/events?since=95.000000000&"), 1U);
}

TEST(EngineClient, ACutStreamIsAProblemAndNoMore) {
  FakeEngine engine;
  const auto provider = provider_of(engine.url());
  Watcher watcher(*provider);
  ASSERT_TRUE(watcher.wait_for_hints(1));
  engine.end_streams(FakeEngine::End::InTheMiddleOfAChunk);
  const auto why = watcher.wait_for_end();
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr(engine.url()));
}

TEST(EngineClient, StopsWithinASecondWhateverTheStreamDoes) {
  FakeEngine engine;
  const auto provider = provider_of(engine.url());
  Watcher watcher(*provider);
  ASSERT_TRUE(watcher.wait_for_hints(1));
  watcher.stop();
  EXPECT_EQ(watcher.wait_for_end(), "");
}

// Refusals, and what a person is told.
struct RefusalCase {
  const char* path;
  int status;
  const char* body;
  const char* source;
  const char* want;
};
const RefusalCase kRefusalCases[] = {
    {"/containers/json", 500, R"({"message":"broken"})", "docker",
     "the engine refuses /containers/json with 500: broken"},
    {"/containers/json", 403, "Forbidden", "docker", "a socket proxy must allow it"},
    {"/containers/json", 200, "<html>", "docker", "containers: the answer is not JSON"},
    {"/version", 400, "Client sent an HTTP request to an HTTPS server.\n", "docker",
     "the engine wants TLS"},
    {"/version", 200, "{}", "docker", "is no container engine"},
    {"/version", 200, R"({"Version":"1.9","ApiVersion":"1.21"})", "docker", "too old"},
    {"/version", 200, R"({"Version":"99","ApiVersion":"2.9","MinAPIVersion":"2.0"})", "docker",
     "too new"},
    {"/services", 503, R"({"message":"This node is not a swarm manager. Use ..."})", "swarm",
     "is no swarm manager; ask a manager"},
};
TEST(EngineClient, RefusalsSayWhatToDo) {
  for (const RefusalCase& c : kRefusalCases) {
    SCOPED_TRACE(c.want);
    FakeEngine engine;
    engine.set(c.path, c.body, c.status);
    const auto listing = provider_of(engine.url(), c.source)->list();
    ASSERT_FALSE(listing);
    EXPECT_THAT(listing.error().text, HasSubstr(c.want));
    EXPECT_THAT(listing.error().text, ::testing::StartsWith(engine.url()));
    EXPECT_EQ(listing.error().text.find('\n'), std::string::npos);
  }
}

TEST(EngineClient, NoSocketAndNoServerAreToldApart) {
  const auto gone = provider_of("unix:///tmp/flotilla-no-such-socket")->list();
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().text, HasSubstr("there is no such socket"));
  const auto closed = provider_of("tcp://127.0.0.1:1")->list();
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().text, HasSubstr("nobody answers"));
  // A server without TLS where TLS is meant.
  FakeEngine engine;
  const auto plain = provider_of("https" + engine.url().substr(3))->list();
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().text, HasSubstr("TLS"));
}

TEST(EngineClient, ASwarmManagersTasksAndContainersAreOneList) {
  FakeEngine engine;
  engine.set("/info", R"({"Swarm":{"ControlAvailable":true}})");
  engine.set("/services",
             R"([{"ID":"s","Spec":{"Name":"db","Labels":{"com.aerospike.cluster":"c"}}}])");
  engine.set("/nodes", "[]");
  const auto task = [](const char* id, const char* container, const char* ip) {
    return R"({"ID":")" + std::string(id) +
           R"(","ServiceID":"s","Slot":1,"Status":{"State":"running",
      "ContainerStatus":{"ContainerID":")" +
           container + R"("}},"NetworksAttachments":[{"Network":
      {"ID":"o","Spec":{"Name":"over"}},"Addresses":[")" +
           ip + R"(/24"]}]})";
  };
  engine.set("/tasks",
             '[' + task("t1", "c1", "10.0.1.3") + ',' + task("t2", "c2", "10.0.1.4") + ']');
  engine.set("/containers/json",
             R"([{"Id":"c1","Names":["/db.1.t1"],"Labels":{"com.aerospike.cluster":"c"},
                 "NetworkSettings":{"Networks":{"over":{"NetworkID":"o","IPAddress":"10.0.1.3"}}}}])");
  const auto listing = provider_of(engine.url(), "auto")->list();
  ASSERT_TRUE(listing) << listing.error().text;
  EXPECT_EQ(listing->members.size(), 2U);
  EXPECT_EQ(listing->ranges.size(), 1U) << "a manager sees all hosts";
}

}  // namespace
}  // namespace flotilla::discovery
