// The reconciler one event at a time. What it leads to over time: reconciler_sim_test.cc.

#include "discovery/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flotilla::discovery {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Desired member(const std::string& name, const std::string& host) {
  Desired out;
  out.id = out.name = name;
  out.cluster = "c";
  out.host = host;
  return out;
}

Observed alone(const std::string& name) {
  Observed out;
  out.id = name;
  out.status = "ok";
  out.node = "N" + name;
  out.cluster_key = "K" + name;
  out.cluster_size = 1;
  out.integrity = true;
  return out;
}

class ReconcilerTest : public ::testing::Test {
 protected:
  ReconcilerTest() {
    listing_.members = {member("a", "10.0.0.1"), member("b", "10.0.0.2")};
    apart_.nodes = {alone("a"), alone("b")};
  }
  Reconciler& machine() {
    if (!machine_) machine_.emplace(options_, now_);
    return *machine_;
  }
  std::vector<Reconciler::Action> step(const Reconciler::Event& event) {
    std::vector<Reconciler::Action> out = machine().step(now_, event);
    for (const auto& action : out)
      if (const auto* note = std::get_if<Reconciler::Note>(&action)) log_ += note->text + '\n';
    std::erase_if(out, [](const auto& a) { return std::holds_alternative<Reconciler::Note>(a); });
    return out;
  }
  /// The one action of a kind that an event leads to; nothing: another, or none.
  template <class Kind>
  std::optional<Kind> expect(const Reconciler::Event& event) {
    const auto actions = step(event);
    if (actions.size() != 1 || !std::holds_alternative<Kind>(actions[0])) return std::nullopt;
    return std::get<Kind>(actions[0]);
  }
  /// A whole round, up to the steps it carries out.
  std::vector<Step> round(const Listing& confirmed) {
    now_ = std::max(now_, machine().next_wake());
    const auto list = expect<Reconciler::List>(Reconciler::Tick{});
    if (!list) return {};
    expect<Reconciler::Observe>(Reconciler::Listed{list->round, listing_});
    if (!expect<Reconciler::List>(Reconciler::Seen{list->round, apart_})) return {};
    const auto todo = expect<Reconciler::CarryOut>(Reconciler::Listed{list->round, confirmed});
    if (!todo) return {};
    step(Reconciler::Done{list->round, std::vector<Reconciler::Outcome>(todo->steps.size())});
    return todo->steps;
  }

  Reconciler::Options options_;
  Instant now_{1h};
  Listing listing_;
  Observation apart_;
  std::string log_;
  std::optional<Reconciler> machine_;
};

TEST_F(ReconcilerTest, LooksAtOnceWhenItStarts) {
  EXPECT_TRUE(expect<Reconciler::List>(Reconciler::Tick{}));
}

TEST_F(ReconcilerTest, TellsBothSidesAndSaysWhy) {
  EXPECT_EQ(round(listing_).size(), 2U);
  EXPECT_THAT(log_,
              HasSubstr("tip a about b (10.0.0.2:3002): b is in another cluster (Kb of 1 nodes)"));
}

TEST_F(ReconcilerTest, AStepIsDroppedWhenThoseItConcernsAreOthersNow) {
  Listing other = listing_;
  other.members[1].cluster = "another";
  EXPECT_TRUE(round(other).empty());
  other = listing_;
  other.members[1].host = "10.0.0.3";
  EXPECT_TRUE(round(other).empty());
  other = listing_;
  other.members.pop_back();
  EXPECT_TRUE(round(other).empty());
}

TEST_F(ReconcilerTest, AHintIsFollowedAfterTheDebounceAndManyAreOne) {
  round(listing_);
  options_.pace = 10s;
  now_ = now_ + 1ms;
  step(Reconciler::Hint{});
  const Instant due = machine().next_wake();
  EXPECT_LE(due, now_ + options_.debounce);
  now_ = now_ + 100ms;
  step(Reconciler::Hint{});
  EXPECT_EQ(machine().next_wake(), due) << "a later one does not put it off";
}

TEST_F(ReconcilerTest, AHintDuringARoundLeadsToAnother) {
  const auto list = expect<Reconciler::List>(Reconciler::Tick{});
  step(Reconciler::Hint{});
  step(Reconciler::Listed{list->round, {}});
  step(Reconciler::Seen{list->round, {}});
  EXPECT_LE(machine().next_wake(), now_ + options_.debounce);
}

TEST_F(ReconcilerTest, LooksEveryPeriodAndNoMoreOnceAllIsWell) {
  listing_.members.pop_back();
  apart_.nodes.pop_back();
  for (int i = 0; i < 20; ++i) {
    round(listing_);
    const Duration wait = machine().next_wake() - now_;
    EXPECT_GE(wait, 8s);
    EXPECT_LE(wait, 12s);
  }
}

TEST_F(ReconcilerTest, LooksOftenWhileSomethingIsOnItsWay) {
  round(listing_);
  EXPECT_LE(machine().next_wake() - now_, options_.pace);
}

TEST_F(ReconcilerTest, AnAnswerToAnEarlierRoundIsNone) {
  const auto list = expect<Reconciler::List>(Reconciler::Tick{});
  EXPECT_TRUE(step(Reconciler::Listed{list->round - 1, listing_}).empty());
  EXPECT_TRUE(step(Reconciler::Seen{list->round, apart_}).empty()) << "nobody has asked yet";
}

TEST_F(ReconcilerTest, ARoundWithoutAnAnswerIsGivenUpAndALateOneIsNot) {
  const auto list = expect<Reconciler::List>(Reconciler::Tick{});
  now_ = now_ + 2 * options_.round_limit;
  const auto look = expect<Reconciler::Observe>(Reconciler::Listed{list->round, listing_});
  ASSERT_TRUE(look) << "it came late, but it came";
  now_ = now_ + options_.round_limit;
  const auto again = expect<Reconciler::List>(Reconciler::Tick{});
  ASSERT_TRUE(again);
  EXPECT_NE(again->round, list->round);
}

TEST_F(ReconcilerTest, ADryRunSaysWhatItWouldDo) {
  options_.dry_run = true;
  EXPECT_TRUE(round(listing_).empty());
  EXPECT_THAT(log_, HasSubstr("would tip a about b"));
  EXPECT_EQ(machine().status().steps_due, 2U);
}

TEST_F(ReconcilerTest, TakesNoMoreStepsInAMinuteThanAllowed) {
  options_.steps_per_minute = 3;
  EXPECT_EQ(round(listing_).size(), 2U);
  EXPECT_EQ(round(listing_).size(), 1U);
  now_ = now_ + 60s;
  EXPECT_EQ(round(listing_).size(), 2U);
}

TEST_F(ReconcilerTest, SaysOnceWhatIsWrongWithASource) {
  listing_ = {};
  listing_.complete = false;
  listing_.problems = {"the engine is away"};
  apart_ = {};
  round(listing_);
  round(listing_);
  EXPECT_EQ(log_, "source the engine is away\n");
  listing_ = {};
  round(listing_);
  EXPECT_THAT(log_, HasSubstr("no longer: source the engine is away"));
}

}  // namespace
}  // namespace flotilla::discovery
