// Backends against fake nodes and real files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "backends/backends.h"
#include "support/fake_node.h"

namespace flotilla::discovery {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using Kind = Reconciler::Outcome::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Desired member(const std::string& host, std::uint16_t port) {
  Desired out;
  out.id = out.name = host;
  out.cluster = "c";
  out.host = host;
  out.service_port = port;
  return out;
}

class AerospikeBackend : public ::testing::Test {
 protected:
  AerospikeBackend() { node_.set_info("status", "ok"); }

  Reconciler::Outcome carry_out(Step::Verb verb, const Seed& seed, bool tls = false) {
    Step step;
    step.verb = verb;
    step.member = member("127.0.0.1", node_.port());
    step.seed = seed;
    step.tls = tls;
    return backend_->carry_out(step);
  }
  std::string last_command() { return node_.info_log().back(); }

  FakeNode node_{"BB9020011AC4202", std::make_shared<FakeRecords>()};
  std::unique_ptr<Backend> backend_ = *make_aerospike({});
};

TEST_F(AerospikeBackend, ReadsWhatANodeSaysOfItsCluster) {
  node_.set_info("statistics",
                 "cluster_size=3;cluster_key=81CCE296FE1D;cluster_principal=A3;"
                 "cluster_integrity=true;migrate_partitions_remaining=12");
  node_.set_info("peers-clear-std",
                 "4,3000,[[A2,,[10.0.0.2]],[A3,,[10.0.0.3:3100,[fd00::3]:3000]]]");
  node_.set_info("alumni-clear-std", "4,3000,[[A2,,[10.0.0.2]],[A4,,[10.0.0.4]]]");
  node_.set_info("get-config:context=network",
                 "service.port=3000;heartbeat.mode=mesh;"
                 "heartbeat.mesh-seed-address-port=10.0.0.2:3002;"
                 "heartbeat.mesh-seed-address-port=aerospike:3002;heartbeat.port=3002");
  const Desired asked[] = {member("127.0.0.1", node_.port()), member("127.0.0.1", 1)};
  const Observation seen = backend_->observe(asked);
  ASSERT_EQ(seen.nodes.size(), 2U);
  const Observed& node = seen.nodes[0];
  EXPECT_TRUE(node.is_ready()) << node.failure;
  EXPECT_EQ(node.node, "BB9020011AC4202");
  EXPECT_EQ(node.cluster_size, 3U);
  EXPECT_EQ(node.cluster_key, "81CCE296FE1D");
  EXPECT_EQ(node.principal, "A3");
  EXPECT_TRUE(node.integrity);
  EXPECT_EQ(node.migrations_left, 12U);
  ASSERT_EQ(node.peers.size(), 2U);
  EXPECT_THAT(node.peers[1].hosts, ElementsAre("10.0.0.3", "fd00::3"));
  EXPECT_THAT(node.alumni, ElementsAre("10.0.0.2", "10.0.0.4"));
  EXPECT_THAT(node.seeds, ElementsAre(Seed{"10.0.0.2", 3002}, Seed{"aerospike", 3002}));
  EXPECT_THAT(seen.nodes[1].failure, HasSubstr("does not answer"));
}

TEST_F(AerospikeBackend, AServerThatKnowsLessIsStillRead) {
  const Desired asked[] = {member("127.0.0.1", node_.port())};
  const Observation seen = backend_->observe(asked);
  EXPECT_TRUE(seen.nodes[0].is_ready());
  EXPECT_THAT(seen.nodes[0].seeds, IsEmpty());
}

TEST_F(AerospikeBackend, TipsInTheWordsOfTheOriginal) {
  node_.set_info("tip:*", "ok");
  EXPECT_EQ(carry_out(Step::Verb::Tip, {"10.0.0.2", 3002}).kind, Kind::Done);
  EXPECT_EQ(last_command(), "tip:host=10.0.0.2;port=3002");
  carry_out(Step::Verb::Tip, {"10.0.0.2", 3012}, true);
  EXPECT_EQ(last_command(), "tip:host=10.0.0.2;port=3012;tls=true");
}

TEST_F(AerospikeBackend, ASeedThatIsKnownAlreadyIsNoFailure) {
  node_.set_info("tip:*", "ERROR::unknown");
  EXPECT_EQ(carry_out(Step::Verb::Tip, {"10.0.0.2", 3002}).kind, Kind::Already);
  node_.set_info("tip:*", "ERROR:4:'port' must be an integer");
  EXPECT_EQ(carry_out(Step::Verb::Tip, {"10.0.0.2", 3002}).kind, Kind::Refused);
}

TEST_F(AerospikeBackend, ClearsSeedsAndPutsIPv6IntoBrackets) {
  node_.set_info("tip-clear:*", "ok");
  carry_out(Step::Verb::ClearTip, {"fd00::2", 3002});
  EXPECT_EQ(last_command(), "tip-clear:host-port-list=[fd00::2]:3002");
  node_.set_info("tip-clear:*", "ERROR::0 cleared, 1 not found");
  EXPECT_EQ(carry_out(Step::Verb::ClearTip, {"10.0.0.2", 3002}).kind, Kind::Already);
  node_.set_info("services-alumni-reset", "ok");
  EXPECT_EQ(carry_out(Step::Verb::ResetAlumni, {}).kind, Kind::Done);
  EXPECT_EQ(last_command(), "services-alumni-reset");
}

TEST_F(AerospikeBackend, ANodeThatIsGoneIsARefusalAndNoMore) {
  node_.stop();
  EXPECT_EQ(carry_out(Step::Verb::Tip, {"10.0.0.2", 3002}).kind, Kind::Refused);
}

class TemplateBackend : public ::testing::Test {
 protected:
  TemplateBackend() {
    std::filesystem::create_directories(folder_);
    write("t", "{{#members}}{{name}} {{address}}{{^healthy}} down{{/healthy}}\n{{/members}}");
    options_.template_file = folder_ + "/t";
    options_.template_output = folder_ + "/out";
  }
  ~TemplateBackend() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + '/' + name) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(folder_ + '/' + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Listing listing() const {
    Listing out;
    out.members = {member("10.0.0.2", 3000), member("10.0.0.1", 80)};
    return out;
  }
  /// What the plan says, and the outcome of doing it.
  std::vector<Kind> round(Backend& backend, const Listing& listing) const {
    const Observation seen = backend.observe({});
    std::vector<Kind> outcomes;
    for (const Step& step : backend.planner()({listing, seen, {}}).steps)
      outcomes.push_back(backend.carry_out(step).kind);
    return outcomes;
  }

  const std::string folder_ = "/tmp/flotilla-template-" + std::to_string(::getpid());
  Options options_;
};

TEST_F(TemplateBackend, WritesWhatItOughtToHoldAndThenLeavesIt) {
  options_.template_reload = "echo reloaded >>" + folder_ + "/log";
  const auto backend = make_template(options_);
  ASSERT_TRUE(backend) << backend.error().text;
  EXPECT_THAT(round(**backend, listing()), ElementsAre(Kind::Done));
  EXPECT_EQ(read("out"), "10.0.0.1 10.0.0.1:80\n10.0.0.2 10.0.0.2:3000\n");
  EXPECT_THAT(round(**backend, listing()), IsEmpty());
  EXPECT_EQ(read("log"), "reloaded\n");
}

TEST_F(TemplateBackend, ACommandThatFailsIsTriedAgain) {
  options_.template_reload = "test -e " + folder_ + "/ready";
  const auto backend = make_template(options_);
  EXPECT_THAT(round(**backend, listing()), ElementsAre(Kind::Refused));
  EXPECT_THAT(round(**backend, listing()), ElementsAre(Kind::Refused));
  write("ready", "");
  EXPECT_THAT(round(**backend, listing()), ElementsAre(Kind::Done));
}

TEST_F(TemplateBackend, AnIncompleteListTakesNobodyAway) {
  const auto backend = make_template(options_);
  Listing half = listing();
  half.members.pop_back();
  half.complete = false;
  EXPECT_THAT(round(**backend, half), IsEmpty());
}

TEST_F(TemplateBackend, AnEmptyListMustStand) {
  const auto backend = make_template(options_);
  round(**backend, listing());
  const Observation seen = (*backend)->observe({});
  const Plan plan = (*backend)->planner()({Listing{}, seen, {}});
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_GT(plan.steps[0].must_have_stood.count(), 0);
}

TEST_F(TemplateBackend, MistakesAreFoundAtTheStart) {
  write("t", "{{#members}}");
  EXPECT_THAT(make_template(options_).error().text, HasSubstr("the template is wrong"));
  options_.template_file = folder_ + "/none";
  EXPECT_THAT(make_template(options_).error().text, HasSubstr("cannot read the template"));
  options_.template_file.clear();
  EXPECT_THAT(make_template(options_).error().text, HasSubstr("needs --template"));
}

TEST_F(TemplateBackend, ClustersAreGroupsAndStatesAreKnown) {
  Listing all = listing();
  all.members[0].cluster = "b";
  all.members[0].state = "unhealthy";
  const auto text = render_template(
      "{{#clusters}}[{{cluster}}]{{#members}} "
      "{{host}}{{^healthy}}!{{/healthy}}{{/members}}{{/clusters}}",
      all);
  EXPECT_EQ(text.value(), "[b] 10.0.0.2![c] 10.0.0.1");
}

}  // namespace
}  // namespace flotilla::discovery
