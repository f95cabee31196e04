#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/bench/stages.h"

namespace flotilla::tools::bench {
namespace {

TEST(ParseStages, TakesWhatAStageDoesNotSayFromTheDefaults) {
  StageDefaults defaults{.threads = 3, .async_commands = 7};
  defaults.plan.object = *parse_object_spec("I4");
  defaults.plan.threads = 3;
  defaults.plan.keys = 500;
  const auto stages = parse_stages(R"(
- stage: 1
  desc: "load"
  duration: 5
  workload: I
  object-spec: I2,S4,B9
  key-start: 10
  key-end: 30
  write-bins: 1,2
  batch-size: 4
  batch-read-size: 2
- stage: 2
  workload: RU,80
  tps: 100.5
  pause: 3
  async: yes
  random: true
  read-bins: [1, 3]
)",
                                   defaults);
  ASSERT_TRUE(stages.has_value()) << stages.error();
  ASSERT_EQ(stages->size(), 2U);
  const Stage& load = stages->at(0);
  EXPECT_EQ(load.description, "load");
  EXPECT_EQ(load.plan.workload.kind, Workload::Kind::Insert);
  EXPECT_EQ(load.plan.first_key, 10);
  EXPECT_EQ(load.plan.keys, 20);
  EXPECT_EQ(load.plan.write_bins, (BinNumbers{1, 2}));
  EXPECT_EQ(load.plan.batch_read_size, 2U);
  EXPECT_EQ(load.plan.batch_write_size, 4U);
  EXPECT_EQ(load.plan.threads, 3U);
  const Stage& mixed = stages->at(1);
  EXPECT_EQ(mixed.plan.operations_per_second, 100.5);
  EXPECT_EQ(mixed.plan.object.size(), 3U);  // As in the stage before.
  EXPECT_EQ(mixed.plan.keys, 500);
  EXPECT_EQ(mixed.plan.first_key, 0);
  EXPECT_EQ(mixed.plan.threads, 7U);
  EXPECT_TRUE(mixed.plan.random_objects);
  EXPECT_EQ(mixed.plan.read_bins, (BinNumbers{1, 3}));
  EXPECT_EQ(mixed.pause_most.count(), 3);
}

TEST(ParseStages, RefusesInOneSentenceThatNamesThePlace) {
  StageDefaults defaults;
  defaults.plan.object = *parse_object_spec("I4");
  const std::pair<const char*, const char*> cases[] = {
      {"", "it is not a list of 1 to 1000 stages"},
      {"a: b", "it is not a list of 1 to 1000 stages"},
      {"- 1", "stage 1: it is not a map"},
      {"- wrkload: I", "stage 1: there is no key 'wrkload'"},
      {"- stage: 1\n- stage: 3",
       "stage 2: it calls itself stage 3: they are to stand in their order"},
      {"- duration: -1", "stage 1: duration: '-1' is not a number from 0 to 1000000000"},
      {"- tps: x", "stage 1: tps: 'x' is not a rate"},
      {"- async: maybe", "stage 1: async: 'maybe' is neither true nor false"},
      {"- key-start: 5\n  key-end: 5", "stage 1: key-end is not behind key-start"},
      {"- write-bins: 2", "stage 1: there is no bin 2: the object has 1"},
      {"- batch-size: 0", "stage 1: batch-size: '0' is not a number from 1 to 100000"},
  };
  for (const auto& [text, want] : cases) {
    const auto stages = parse_stages(text, defaults);
    ASSERT_FALSE(stages.has_value()) << text;
    EXPECT_EQ(stages.error(), want);
  }
  EXPECT_THAT(parse_stages("- [", defaults).error(), ::testing::StartsWith("line "));
}

}  // namespace
}  // namespace flotilla::tools::bench
