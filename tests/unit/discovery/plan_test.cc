#include "discovery/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "discovery/backoff.h"

namespace flotilla::discovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Desired member(const std::string& name, const std::string& host, const std::string& label = "c") {
  Desired out;
  out.id = "id-" + name;
  out.name = name;
  out.cluster = label;
  out.host = host;
  out.network = "prod";
  return out;
}

Observed node(const Desired& of, const std::string& key, std::uint32_t size,
              std::vector<Seed> seeds = {}) {
  Observed out;
  out.id = of.id;
  out.status = "ok";
  out.node = "N-" + of.name;
  out.cluster_name = "docker";
  out.cluster_key = key;
  out.principal = "P" + key;
  out.cluster_size = size;
  out.integrity = true;
  out.seeds = std::move(seeds);
  return out;
}

struct Scene {
  Listing listing;
  Observation observation;
  std::set<std::string> former;

  Scene() { listing.ranges = {*AddressRange::parse("10.0.0.0/24")}; }
  Scene& with(const Desired& desired, std::optional<Observed> seen = {}) {
    listing.members.push_back(desired);
    if (seen) observation.nodes.push_back(*seen);
    return *this;
  }
  Plan plan() const { return plan_clusters({listing, observation, former}); }
  std::vector<std::string> steps() const {
    std::vector<std::string> out;
    for (const Step& step : plan().steps) out.push_back(step.summary());
    return out;
  }
  ClusterStatus cluster() const { return plan().clusters.at(0); }
};

const Desired kA = member("a", "10.0.0.1");
const Desired kB = member("b", "10.0.0.2");
const Desired kC = member("c", "10.0.0.3");

TEST(Plan, OneNodeAloneHasConverged) {
  Scene scene;
  scene.with(kA, node(kA, "K", 1));
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_TRUE(scene.cluster().settled);
}

TEST(Plan, TwoClustersOfOneLabelAreToldOfEachOther) {
  Scene scene;
  scene.with(kA, node(kA, "K", 1)).with(kB, node(kB, "L", 1));
  EXPECT_THAT(scene.steps(), UnorderedElementsAre("tip a about b (10.0.0.2:3002)",
                                                  "tip b about a (10.0.0.1:3002)"));
  EXPECT_FALSE(scene.cluster().converged);
  EXPECT_THAT(scene.cluster().why, ElementsAre(HasSubstr("2 components")));
}

TEST(Plan, NodesThatAreTogetherAreLeftAlone) {
  Scene scene;
  scene.with(kA, node(kA, "K", 2)).with(kB, node(kB, "K", 2));
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_TRUE(scene.cluster().settled);
}

TEST(Plan, ANodeIsNotToldWhatItsSeedListHolds) {
  Scene scene;
  scene.with(kA, node(kA, "K", 1, {{"10.0.0.2", 3002}})).with(kB, node(kB, "L", 1));
  EXPECT_THAT(scene.steps(), ElementsAre("tip b about a (10.0.0.1:3002)"));
}

TEST(Plan, NoMoreThanThreeNodesOfEachSideAreTold) {
  Scene scene;
  for (int i = 0; i < 5; ++i) {
    const Desired large = member("l" + std::to_string(i), "10.0.0.1" + std::to_string(i));
    const Desired small = member("s" + std::to_string(i), "10.0.0.2" + std::to_string(i));
    scene.with(large, node(large, "K", 6)).with(small, node(small, "L", 5));
  }
  EXPECT_EQ(scene.steps().size(), 18U);
}

TEST(Plan, AnotherLabelIsAnotherCluster) {
  const Desired other = member("o", "10.0.0.9", "other");
  Scene scene;
  scene.with(kA, node(kA, "K", 1)).with(other, node(other, "L", 1));
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.plan().clusters.size(), 2U);
}

TEST(Plan, AnotherClusterNameIsNeverTipped) {
  Observed stranger = node(kB, "L", 1);
  stranger.cluster_name = "elsewhere";
  Scene scene;
  scene.with(kA, node(kA, "K", 1)).with(kB, stranger);
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_THAT(scene.cluster().why, ElementsAre(HasSubstr("different cluster names")));
}

TEST(Plan, ANodeThatIsNotReadyIsWaitedFor) {
  Observed starting = node(kB, "L", 1);
  starting.status = "starting";
  Scene scene;
  scene.with(kA, node(kA, "K", 1)).with(kB, starting);
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_TRUE(scene.cluster().converged);
  EXPECT_FALSE(scene.cluster().settled);
}

TEST(Plan, AMemberWithoutAddressIsReportedAndHoldsUpNobody) {
  Desired lost = member("lost", "");
  lost.problem = "has no address on network prod";
  Scene scene;
  scene.with(kA, node(kA, "K", 1)).with(lost);
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_TRUE(scene.cluster().settled);
  EXPECT_THAT(scene.cluster().why, ElementsAre("lost: has no address on network prod"));
}

TEST(Plan, TwoNodesOfOneIdAreReported) {
  Observed clone = node(kB, "L", 1);
  clone.node = "N-a";
  Scene scene;
  scene.with(kA, node(kA, "K", 1)).with(kB, clone);
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_THAT(scene.cluster().why, ElementsAre(HasSubstr("has the node id N-a of a")));
}

// Seeds of node a, and what is done about each.
struct SeedCase {
  const char* name;
  const char* seed;
  const char* want;  // "", "later", or "now".
  std::function<void(Scene&)> change = [](Scene&) {};
};
const SeedCase kSeedCases[] = {
    {"of nobody", "10.0.0.77", "later"},
    {"of nobody, spelt as mapped", "::ffff:10.0.0.77", "later"},
    {"of a member", "10.0.0.2", ""},
    {"a name", "aerospike", ""},
    {"outside of what is seen", "10.0.1.77", ""},
    {"a former member's, wherever it was", "10.0.1.77", "later",
     [](Scene& s) { s.former = {"10.0.1.77"}; }},
    {"of an unlabelled container", "10.0.0.77", "",
     [](Scene& s) { s.listing.in_use = {"10.0.0.77"}; }},
    {"of a live peer that another engine runs", "10.0.0.77", "",
     [](Scene& s) { s.observation.nodes[1].peers = {{"N", {"10.0.0.77"}}}; }},
    {"while a source does not answer", "10.0.0.77", "",
     [](Scene& s) { s.listing.complete = false; }},
    {"of another label's member", "10.0.0.77", "now",
     [](Scene& s) { s.with(member("x", "10.0.0.77", "other")); }},
    {"of another label's member on another network", "10.0.0.77", "",
     [](Scene& s) {
       s.with(member("x", "10.0.0.77", "other"));
       s.listing.members.back().network = "dev";
     }},
    {"of a member that is not ready", "10.0.0.3", "", [](Scene& s) { s.with(kC); }},
};
TEST(Plan, SeedsAreClearedOnlyWhenNobodyIsThere) {
  for (const SeedCase& c : kSeedCases) {
    SCOPED_TRACE(c.name);
    Scene scene;
    scene.with(kA, node(kA, "K", 2, {{c.seed, 3002}})).with(kB, node(kB, "K", 2));
    c.change(scene);
    std::string got;
    for (const Step& step : scene.plan().steps)
      if (step.verb == Step::Verb::ClearTip)
        got = step.must_have_stood.count() == 0 ? "now" : "later";
    EXPECT_EQ(got, c.want);
  }
}

TEST(Plan, AlumniAreResetOnceSomebodyHasGone) {
  Observed seen = node(kA, "K", 1);
  seen.alumni = {"10.0.0.1", "10.0.0.77"};
  Scene scene;
  scene.with(kA, seen);
  const auto steps = scene.plan().steps;
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].verb, Step::Verb::ResetAlumni);
  EXPECT_GE(steps[0].must_have_stood, std::chrono::seconds(30));
}

TEST(Merge, AMemberOfTwoSourcesStandsOnce) {
  Listing docker;
  docker.members = {kA, kB};
  Listing dns;
  dns.members = {member("dns", "10.0.0.1")};
  dns.members[0].network.clear();
  dns.complete = false;
  const Listing all = merge({docker, dns});
  EXPECT_EQ(all.members.size(), 2U);
  EXPECT_FALSE(all.complete);
}

TEST(Merge, OneAddressOnTwoNetworksIsReported) {
  Listing first;
  first.members = {kA};
  Listing second;
  second.members = {member("twin", "10.0.0.1")};
  second.members[0].network = "another prod";
  const Listing all = merge({first, second});
  ASSERT_EQ(all.members.size(), 2U);
  EXPECT_THAT(all.members[1].problem, HasSubstr("has the address 10.0.0.1 of a"));
}

TEST(Backoff, DoublesToItsBoundAndForgetsAfterSuccess) {
  using namespace std::chrono_literals;
  Backoff backoff({}, 1);
  for (const auto most : {200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10000ms, 10000ms})
    EXPECT_LE(backoff.next(), most);
  EXPECT_LE(backoff.next(31s), 200ms);
}

TEST(Backoff, UsesItsWholeRange) {
  using namespace std::chrono_literals;
  Duration least = 1h;
  Duration most{};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff({}, seed);
    const Duration wait = backoff.next();
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 20ms);
  EXPECT_GT(most, 180ms);
}

struct AddressCase {
  const char* text;
  const char* host;
  int port;  // 0: refused.
};
const AddressCase kAddressCases[] = {
    {"10.0.0.1", "10.0.0.1", 3000},
    {"10.0.0.1:3100", "10.0.0.1", 3100},
    {"[fd00::1]:3100", "fd00::1", 3100},
    {"[fd00::1]", "fd00::1", 3000},
    {"fd00::1", "fd00::1", 3000},
    {"blog_aerospike_1:1", "blog_aerospike_1", 1},
    {"a:65536", "", 0},
    {"a:0", "", 0},
    {"a:", "", 0},
    {":3000", "", 0},
    {"[fd00::1", "", 0},
    {"[fd00::1]x:1", "", 0},
    {"", "", 0},
};
TEST(Address, HostsAndPortsAreToldApart) {
  for (const AddressCase& c : kAddressCases) {
    SCOPED_TRACE(c.text);
    const auto got = parse_host_port(c.text, 3000);
    ASSERT_EQ(got.has_value(), c.port != 0);
    if (!got) continue;
    EXPECT_EQ(got->host, c.host);
    EXPECT_EQ(got->port, c.port);
  }
}

TEST(Address, RangesHoldWhatSharesTheirFirstBits) {
  const auto contains = [](const char* range, const char* address) {
    return AddressRange::parse(range)->contains(*IpAddress::parse(address));
  };
  EXPECT_TRUE(contains("10.0.0.3/24", "10.0.0.255"));
  EXPECT_FALSE(contains("10.0.0.3/24", "10.0.1.0"));
  EXPECT_TRUE(contains("10.0.0.128/25", "10.0.0.129"));
  EXPECT_FALSE(contains("10.0.0.128/25", "10.0.0.127"));
  EXPECT_TRUE(contains("0.0.0.0/0", "255.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "fd00::1"));
  EXPECT_TRUE(contains("fd00::1/64", "fd00::2"));
  EXPECT_TRUE(contains("10.0.0.3", "10.0.0.3"));
  EXPECT_FALSE(AddressRange::parse("10.0.0.3/33").has_value());
  EXPECT_FALSE(AddressRange::parse("host/8").has_value());
}

}  // namespace
}  // namespace flotilla::discovery
