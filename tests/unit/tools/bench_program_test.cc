#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "run_tool.h"
#include "support/fake_node.h"

/// The program as a whole: what it takes, prints, and writes.
namespace flotilla::tools {
namespace {

using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct BenchProgram : ::testing::Test {
  std::shared_ptr<FakeRecords> records = std::make_shared<FakeRecords>();
  FakeNode node{"A1", records};

  Ended bench(std::vector<std::string> words) const {
    words.insert(words.begin(), {"asbench", "--no-config-file", "-h", "127.0.0.1", "-p",
                                 std::to_string(node.port()), "-z", "2"});
    return run_tool(words);
  }
};

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_F(BenchProgram, RefusesInOneLine) {
  const std::string stages = ::testing::TempDir() + "bench_program_test_bad.yml";
  std::ofstream(stages) << "- nonsense: 1\n";
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--calls-per-connection", "0"}, "--calls-per-connection wants 1 to 1000"},
      {{"--calls-per-connection", "1001"}, "--calls-per-connection wants 1 to 1000"},
      {{"--read-bins", "2"}, "there is no bin 2: the object has 1"},
      {{"--write-bins", "0"}, "'0' is not the number of a bin: they count from 1"},
      {{"--compression-ratio", "1.5"}, "--compression-ratio wants more than 0 and at most 1"},
      {{"-C", "nearest"},
       "--replica knows master, any, sequence, prefer-rack, preferRack, not 'nearest'"},
      {{"-C", "prefer-rack"}, "--replica prefer-rack and --rack-id want each other"},
      {{"--rack-id", "1"}, "--replica prefer-rack and --rack-id want each other"},
      {{"-N", "some"}, "--read-mode-ap knows one, all, not 'some'"},
      {{"-B", "linearize"}, "--read-mode-sc knows session, not 'linearize'"},
      {{"-M", "none"}, "--commit-level knows all, master, not 'none'"},
      {{"-Y", "2"}, "--conn-pools-per-node: this client has one pool of connections a node"},
      {{"--compress"}, "this client does not compress requests"},
      {{"-upn", "a", "-ufn", "b"}, "workloads with functions are not available in this version"},
      {{"-w", "RUF,1,2"}, "workloads with functions are not available in this version"},
      {{"--batch-write-size", "0"}, "batches want 1 to 100000 keys"},
      {{"-b", "a_long_name_of_a_bin"}, "bin name 'a_long_name_of_a_bin' is longer than 15 bytes"},
      {{"-e", "-3"},
       "--expiration-time wants seconds, 0: as the namespace has it, -1: for ever, -2: unchanged"},
      {{"--workload-stages", "/nowhere"}, "cannot read /nowhere"},
      {{"--workload-stages", stages}, stages + ": stage 1: there is no key 'nonsense'"},
      {{"--workload-stages", stages, "-w", "I"},
       "--workload and --workload-stages say the same thing: one of them"},
      {{"--json", "--output-file", "-"}, "--json and --output-file both want stdout"},
  };
  for (const auto& [words, why] : cases) {
    const Ended ended = bench(words);
    EXPECT_EQ(ended.code, 2) << why;
    EXPECT_EQ(ended.err, "asbench: " + why + "\n");
    EXPECT_EQ(ended.out, "");
  }
  EXPECT_EQ(bench({"-w", "I", "-k", "1", "--hdr-hist", "/nowhere"}).err,
            "asbench: /nowhere is no folder to write to\n");
}

/// Whether a read wants no copy to answer that might be behind another; of a batch: its first row.
bool consults_all(const wire::Message& message) {
  wire::MessageHeader header = message.header;
  if ((header.info1 & wire::info1::kBatch) != 0) {
    wire::BatchReader rows(message.fields.get(wire::FieldType::Batch), header);
    if (!rows.next()) return false;
    header = rows.row().header;
  }
  return (header.info1 & wire::info1::kConsistencyAll) != 0;
}

TEST_F(BenchProgram, PoliciesReachTheServer) {
  std::atomic<int> reads = 0;
  std::atomic<int> writes = 0;
  node.set_script([&](const wire::Message& message) -> FakeNode::Verdict {
    const wire::MessageHeader& header = message.header;
    if (consults_all(message)) ++reads;
    if ((header.info2 & wire::info2::kDurableDelete) != 0 &&
        (header.info3 & wire::info3::kCommitMaster) != 0 && header.ttl == 0xFFFF'FFFF)
      ++writes;
    return {};
  });
  EXPECT_EQ(bench({"-w", "I", "-k", "6", "-D", "-M", "master", "-e", "-1"}).code, 0);
  EXPECT_EQ(writes, 6);
  EXPECT_EQ(bench({"-w", "V", "-k", "6"}).code, 0);
  EXPECT_EQ(reads, 0);
  EXPECT_EQ(bench({"-w", "V", "-k", "6", "-N", "ALL", "-C", "any"}).code, 0);
  EXPECT_EQ(reads, 6);
  EXPECT_EQ(bench({"-w", "V", "-k", "6", "-N", "all", "--batch-size", "3"}).code, 0);
  EXPECT_EQ(reads, 8);
}

TEST_F(BenchProgram, AsyncMeansAsManyAsItSays) {
  node.set_script([this](const wire::Message&) -> FakeNode::Verdict {
    while (node.data_connections() < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {};
  });
  EXPECT_EQ(bench({"-w", "I", "-k", "50", "-a", "-c", "5"}).code, 0);
  EXPECT_EQ(node.data_connections(), 5);
}

TEST_F(BenchProgram, VerifyingFailsWhenSomethingIsNotAsItWasWritten) {
  EXPECT_EQ(bench({"-w", "I", "-k", "20", "-o", "S9,[I1,D]", "-R"}).code, 0);
  const Ended good = bench({"-w", "V", "-k", "20", "-o", "S9,[I1,D]", "-R"});
  EXPECT_EQ(good.code, 0);
  EXPECT_THAT(good.out,
              StartsWith("Verified: 20 keys as written, 0 different, 0 missing, 0 unread\n"));
  records->records.erase(records->records.begin());
  const Ended bad = bench({"-w", "V", "-k", "20", "-o", "S9,[I1,D]", "-R", "--json"});
  EXPECT_EQ(bad.code, 1);
  const auto verified = nlohmann::json::parse(bad.out)["verified"];
  EXPECT_EQ(verified["same"], 19);
  EXPECT_EQ(verified["missing"], 1);
  EXPECT_EQ(verified["examples"].size(), 1U);
  const Ended other = bench({"-w", "V", "-k", "7", "-o", "S9,[I1,D]", "-R", "--seed", "2"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.out, ContainsRegex("\nNot as written: keys ([0-6], ){5}\\.\\.\\.\n"));
}

TEST_F(BenchProgram, StagesFollowEachOther) {
  const std::string file = ::testing::TempDir() + "bench_program_test.yml";
  std::ofstream(file) << "- stage: 1\n  desc: load\n  workload: I\n  object-spec: I2,S5\n"
                         "- stage: 2\n  workload: RU,50\n  duration: 1\n  tps: 100\n"
                         "- stage: 3\n  desc: verify\n  workload: V\n";
  const Ended told = bench({"--workload-stages", file, "-k", "30"});
  EXPECT_EQ(told.code, 0) << told.out << told.err;
  EXPECT_THAT(told.out, HasSubstr("Stage 1: load\n"));
  EXPECT_THAT(told.out, HasSubstr("Stage 2\n"));
  EXPECT_THAT(told.out, HasSubstr("Stage 3: verify\n"));
  EXPECT_THAT(told.out, HasSubstr("Verified: 30 keys as written"));
  const auto json =
      nlohmann::json::parse(bench({"--workload-stages", file, "-k", "30", "--json"}).out);
  EXPECT_EQ(json["stages"].size(), 3U);
  EXPECT_EQ(json["stages"][0]["write"]["done"], 30);
  EXPECT_EQ(json["stages"][2]["verified"]["same"], 30);
  EXPECT_EQ(json["operations"].get<int>(), json["stages"][0]["operations"].get<int>() +
                                               json["stages"][1]["operations"].get<int>() +
                                               json["stages"][2]["operations"].get<int>());
}

TEST_F(BenchProgram, FilesHoldTheLatenciesOfEachPeriod) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "bench_program_test_hdr";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string file = folder / "hist";
  EXPECT_EQ(bench({"-w", "I", "-k", "20", "--output-file", file, "--hdr-hist", folder}).code, 0);
  const std::string utc = "[0-9-]+T[0-9:]+Z";
  const std::string text = text_of(file);
  EXPECT_THAT(text, HasSubstr("0us to 4000us by 100us, 4000us to 64000us by 1000us, "
                              "64000us to 128000us by 4000us, 128000us and more\n"));
  EXPECT_THAT(text, ContainsRegex("\nwrite_hist " + utc + ", [0-9.e-]+s, 20, [0-9]+:[0-9]+"));
  std::map<std::string, std::string> by_ending;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("write_"))
      by_ending[entry.path().extension()] = text_of(entry.path());
  EXPECT_THAT(by_ending[".hlog"], StartsWith("#[Histogram log format version 1.3]\n"));
  EXPECT_THAT(by_ending[".hlog"],
              ContainsRegex("\n[0-9]+\\.[0-9]{3},[0-9]+\\.[0-9]{3},[0-9]+\\.[0-9]{3},HIST"));
  EXPECT_THAT(by_ending[".hdrhist"], StartsWith("HIST"));
  EXPECT_THAT(by_ending[".txt"], HasSubstr("Total count    =           20]"));
}

}  // namespace
}  // namespace flotilla::tools
