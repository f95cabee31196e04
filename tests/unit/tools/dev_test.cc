#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "dev/process.h"
#include "dev/status.h"
#include "tools/dev/plan.h"

namespace flotilla::tools::dev {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Plan three_nodes() { return {.nodes = 3, .binary = "/opt/bin/flotillad"}; }

std::vector<Number> numbers(std::vector<std::string> words) {
  return parse_numbers(words, three_nodes()).value_or(std::vector<Number>());
}

TEST(DevPlan, NodesStandAHundredPortsApart) {
  const Ports third = ports_of(three_nodes(), 3);
  EXPECT_EQ(third.service, 3200);
  EXPECT_EQ(third.fabric, 3201);
  EXPECT_EQ(third.heartbeat, 3202);
  EXPECT_EQ(third.http, 3204);
}

TEST(DevPlan, SeedsAreAllOthers) {
  const std::string config = config_of(three_nodes(), 2, files_of("/x", 2));
  EXPECT_THAT(config, HasSubstr("mesh-seed-address-port 127.0.0.1 3002\n"));
  EXPECT_THAT(config, HasSubstr("mesh-seed-address-port 127.0.0.1 3202\n"));
  EXPECT_THAT(config, Not(HasSubstr("mesh-seed-address-port 127.0.0.1 3102\n")));
  EXPECT_THAT(config, HasSubstr("work-directory /x/node2/work\n"));
  EXPECT_THAT(config, HasSubstr("data-folder /x/node2/work/data\n"));
}

TEST(DevPlan, OnlyAStoredClusterHasAFile) {
  Plan plan = three_nodes();
  EXPECT_THAT(config_of(plan, 1, files_of("/x", 1)), Not(HasSubstr("file ")));
  plan.stored = true;
  EXPECT_THAT(config_of(plan, 1, files_of("/x", 1)), HasSubstr("file /x/node1/work/test.dat\n"));
}

TEST(DevPlan, NodesOfAnIsolatedClusterHaveAddressesOfTheirOwn) {
  Plan plan = three_nodes();
  plan.isolated = true;
  EXPECT_EQ(address_of(plan, 3), "10.91.30.3");
}

TEST(DevPlan, SurvivesItsText) {
  Plan plan = three_nodes();
  plan.base_port = 21000;
  plan.stored = true;
  EXPECT_EQ(parse_plan(to_text(plan)), plan);
}

TEST(DevPlan, DamagedTextIsAnError) {
  const std::string good = to_text(three_nodes());
  for (std::size_t size = 0; size + 2 < good.size(); ++size)
    EXPECT_FALSE(parse_plan(good.substr(0, size))) << size;
  EXPECT_FALSE(parse_plan(to_text({.nodes = 0, .binary = {}})));
  EXPECT_FALSE(parse_plan(to_text({.nodes = kNodesMax + 1, .binary = {}})));
}

TEST(DevPlan, LastPortMustExist) {
  EXPECT_TRUE(check({.nodes = 1, .base_port = 65531, .binary = {}}));
  EXPECT_FALSE(check({.nodes = 1, .base_port = 65532, .binary = {}}));
  EXPECT_FALSE(check({.nodes = 2, .base_port = 65500, .binary = {}}));
}

TEST(DevNumbers, AreListsAndRangesInOrderEachOnce) {
  EXPECT_THAT(numbers({"2"}), ElementsAre(2));
  EXPECT_THAT(numbers({"3", "1"}), ElementsAre(1, 3));
  EXPECT_THAT(numbers({"3,1,3"}), ElementsAre(1, 3));
  EXPECT_THAT(numbers({"1-3"}), ElementsAre(1, 2, 3));
}

TEST(DevNumbers, OfNodesThatAreNotThereAreErrors) {
  for (const char* bad : {"0", "4", "2-4", "3-2", "x", "", "1-", "-1", "99999999999999999999"})
    EXPECT_FALSE(parse_numbers(std::vector<std::string>{bad}, three_nodes())) << bad;
  EXPECT_FALSE(parse_numbers({}, three_nodes()));
}

/// A folder with the pid file of this test's own process, which is no flotillad.
class DevProcess : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(files_.folder); }
  void TearDown() override { fs::remove_all(files_.folder); }

  NodeFiles files_{.folder =
                       fs::temp_directory_path() / ("dev_test-" + std::to_string(::getpid()))};
};

TEST_F(DevProcess, OfAnotherProgramIsNeverFound) {
  ASSERT_TRUE(write_text(files_.pid(), std::to_string(::getpid())));
  EXPECT_FALSE(Process::find(files_));
}

TEST_F(DevProcess, IsFoundOnlyByAPidFileThatIsOne) {
  EXPECT_FALSE(Process::find(files_));
  for (const char* bad : {"", "0", "-1", "x", "99999999999", "4194305"}) {
    ASSERT_TRUE(write_text(files_.pid(), bad));
    EXPECT_FALSE(Process::find(files_)) << bad;
  }
}

TEST_F(DevProcess, IsAFlotilladThatWasStartedWithTheNodesConfiguration) {
  const fs::path program = files_.folder / "flotillad";
  fs::copy_file("/bin/sh", program);
  const auto start = [&](const fs::path& config) {
    const auto pid = spawn({program, "-c", "read x </dev/tty; sleep 60", config}, files_.log(), "");
    EXPECT_TRUE(pid);
    EXPECT_TRUE(write_text(files_.pid(), std::to_string(*pid)));
    return *pid;
  };
  const pid_t other = start("/elsewhere/flotilla.conf");
  EXPECT_FALSE(Process::find(files_));
  ::kill(other, SIGKILL);

  start(files_.config());
  const auto process = Process::find(files_);
  ASSERT_TRUE(process);
  EXPECT_TRUE(process->send(SIGSTOP));
  for (int i = 0; i < 1000 && !process->is_paused(); ++i) ::usleep(1000);
  EXPECT_TRUE(process->is_paused());
  EXPECT_TRUE(process->send(SIGKILL));
  EXPECT_TRUE(process->wait_for_end(std::chrono::seconds(10)));
  EXPECT_FALSE(Process::find(files_));
}

TEST_F(DevProcess, TailIsTheLastLines) {
  ASSERT_TRUE(write_text(files_.log(), "a\nb\nc\n"));
  EXPECT_EQ(tail_of(files_.log(), 2), "b\nc\n");
  EXPECT_EQ(tail_of(files_.log(), 9), "a\nb\nc\n");
  EXPECT_EQ(tail_of(files_.folder / "none", 2), "");
}

NodeState member(Number node, std::string key, std::string size) {
  NodeState state{.node = node, .state = State::Running};
  state.cluster_key = std::move(key);
  state.cluster_size = std::move(size);
  return state;
}

TEST(DevStatus, OneClusterIsOneKeyAndEverybody) {
  EXPECT_TRUE(is_one_cluster({member(1, "A", "2"), member(2, "A", "2")}));
  EXPECT_FALSE(is_one_cluster({member(1, "A", "1"), member(2, "B", "1")}));
  EXPECT_FALSE(is_one_cluster({member(1, "A", "3"), member(2, "A", "3")}));
  EXPECT_FALSE(is_one_cluster({}));
}

TEST(DevStatus, StoppedAndPausedNodesDoNotCount) {
  EXPECT_TRUE(is_one_cluster(
      {member(1, "A", "1"), NodeState{.node = 2}, NodeState{.node = 3, .state = State::Paused}}));
  EXPECT_FALSE(is_one_cluster({member(1, "A", "1"), NodeState{.node = 2, .state = State::Silent}}));
}

}  // namespace
}  // namespace flotilla::tools::dev
