#include "serving.h"

#include <gtest/gtest.h>

namespace flotilla::cluster {
namespace {

Process process(unsigned node, unsigned boot = 1) {
  Process p;
  p.node[15] = static_cast<std::byte>(node);
  p.boot = node * 100 + boot;
  return p;
}

RowVersion version(std::uint64_t number, std::uint32_t n) { return {{number, 9}, n}; }

const Process kA = process(1);
const Process kB = process(2);
const Process kC = process(3);
const Process kA2 = process(1, 2);
const Process kB2 = process(2, 2);

Row row(std::vector<Process> in_sync, RowVersion at = version(5, 1)) {
  Row r;
  r.version = at;
  r.term = version(5, 1);
  r.primary = in_sync.front();
  r.in_sync = std::move(in_sync);
  r.targets = {kA.node, kB.node};
  return r;
}

CopyReport copy(Row known, std::vector<HistoryEntry> history, bool full = true) {
  CopyReport c;
  c.row = std::move(known);
  c.history = std::move(history);
  c.ever_full = full;
  c.records = 10;
  return c;
}

/// The partition that all of these tests compute: members and what they say.
struct Case {
  ServingRules rules;
  std::vector<CopyReport> copies;
  std::vector<CopyWord> words;
  bool moved = false;

  explicit Case(std::vector<Process> members) {
    rules.members.insert(members.begin(), members.end());
    for (const Process& p : members) rules.back.insert(p.node);
    rules.durable = true;
    rules.everybody_told = true;
    copies.reserve(8);
  }
  Case& base(const Row& known) {
    words.push_back({kA, nullptr, known, false, false, 0});
    return *this;
  }
  Case& says(const Process& by, CopyReport c, bool from_disk = false, std::size_t component = 0) {
    c.row_from_disk = from_disk;
    copies.push_back(std::move(c));
    words.push_back({by, &copies.back(), copies.back().row, from_disk, true, component});
    return *this;
  }
  Serving run() const { return compute_serving(rules, words, {kA.node, kB.node}, moved); }
};

const std::vector<HistoryEntry> kShort{{version(5, 1), 10, false}};
const std::vector<HistoryEntry> kLong{{version(5, 1), 12, false}};

TEST(Serving, APrimaryThatLivesStaysInItsTerm) {
  const Serving s = Case({kA, kB}).base(row({kA, kB})).run();
  EXPECT_EQ(s.row, row({kA, kB}));
  EXPECT_FALSE(s.new_term);
}

TEST(Serving, WhoIsGoneIsNotInSync) {
  const Serving s = Case({kA, kC}).base(row({kA, kB})).run();
  EXPECT_EQ(s.row.in_sync, std::vector<Process>{kA});
  EXPECT_FALSE(s.new_term);
}

TEST(Serving, TheInSyncCopyThatCameFarthestFollowsALostPrimary) {
  const Serving s = Case({kB, kC})
                        .base(row({kA, kB, kC}))
                        .says(kB, copy(row({kA, kB, kC}), kShort))
                        .says(kC, copy(row({kA, kB, kC}), kLong))
                        .run();
  EXPECT_EQ(s.row.primary, kC);
  EXPECT_EQ(s.row.in_sync, (std::vector<Process>{kC, kB}));
  EXPECT_TRUE(s.new_term);
}

TEST(Serving, ACopyThatWasDroppedIsNotPromotedWhileAnotherIsInSync) {
  const Serving s = Case({kB, kC})
                        .base(row({kA, kB}))
                        .says(kB, copy(row({kA, kB}), kShort))
                        .says(kC, copy(row({kA, kB, kC}, version(5, 0)), kLong))
                        .run();
  EXPECT_EQ(s.row.primary, kB);
  EXPECT_EQ(s.row.in_sync, std::vector<Process>{kB});
}

TEST(Serving, ARestartedHolderServesIfSomebodyKnowsTheRowStill) {
  const Serving s =
      Case({kA2, kC}).base(row({kA, kB})).says(kA2, copy(row({kA, kB}), kShort), true).run();
  EXPECT_EQ(s.row.primary, kA2);
  EXPECT_FALSE(s.row.has(Row::kStale));
}

TEST(Serving, RowsFromDiskNeedTheWholeSet) {
  Case one({kA2, kC});
  one.says(kA2, copy(row({kA, kB}), kShort), true);
  const Serving waits = one.run();
  EXPECT_TRUE(waits.row.has(Row::kWaiting));
  EXPECT_TRUE(waits.row.has(Row::kRecalled));
  EXPECT_EQ(waits.row.primary, Process{});

  const Serving both = Case({kA2, kB2})
                           .says(kA2, copy(row({kA, kB}), kShort), true)
                           .says(kB2, copy(row({kA, kB}), kLong), true)
                           .run();
  EXPECT_EQ(both.row.primary, kB2);

  one.rules.wait_no_more = true;
  const Serving stale = one.run();
  EXPECT_EQ(stale.row.primary, kA2);
  EXPECT_TRUE(stale.row.has(Row::kStale));
}

TEST(Serving, AWaitingRowOfAViewDoesNotMakeDisksSurer) {
  Row waiting = row({kA, kB}, version(6, 1));
  waiting.primary = {};
  waiting.flags = Row::kWaiting | Row::kRecalled;
  const Serving s =
      Case({kA2, kC}).base(waiting).says(kA2, copy(row({kA, kB}), kShort), true).run();
  EXPECT_TRUE(s.row.has(Row::kWaiting));
}

/// A node that waits alone numbers what it recalls anew at each view. The row that came after it,
/// on the disk of another, still is the newer one.
TEST(Serving, ARecalledRowIsNoNewerForBeingNumberedAnew) {
  Row recalled = row({kA, kB}, version(9, 1));
  recalled.primary = {};
  recalled.flags = Row::kWaiting | Row::kRecalled;  // Of version 5.1, by its term.
  const Row later = row({kB}, version(5, 3));
  const Serving s = Case({kA2, kB2})
                        .says(kA2, copy(recalled, {}, false))
                        .says(kB2, copy(later, kLong), true)
                        .run();
  EXPECT_EQ(s.row.primary, kB2);
  EXPECT_FALSE(s.row.has(Row::kStale));
}

TEST(Serving, WhatIsRecalledKeepsTheVersionThatItIsOf) {
  Case one({kA2});
  one.rules.back = {kA.node};
  const Row waits = one.says(kA2, copy(row({kB}, version(5, 3)), {}, false), true).run().row;
  EXPECT_TRUE(waits.has(Row::kRecalled));
  EXPECT_EQ(waits.term, version(5, 3));
}

TEST(Serving, InARunningClusterAStaleCopyServesAtOnce) {
  const Serving s = Case({kC}).base(row({kA, kB})).says(kC, copy(row({kA, kB}), kShort)).run();
  EXPECT_EQ(s.row.primary, kC);
  EXPECT_TRUE(s.row.has(Row::kStale));
}

TEST(Serving, ACopyThatWasNeverFullWaitsForTheHolders) {
  Case one({kC});
  one.base(row({kA, kB})).says(kC, copy(row({kA, kB}), kShort, false));
  EXPECT_TRUE(one.run().row.has(Row::kWaiting));
  one.rules.durable = false;  // They bring nothing back.
  EXPECT_EQ(one.run().row.primary, kC);
}

TEST(Serving, WhatNobodyHasBeginsEmptyOnAllTargets) {
  const Serving s = Case({kA, kB}).run();
  EXPECT_EQ(s.origin, Serving::Origin::Fresh);
  EXPECT_EQ(s.row.in_sync, (std::vector<Process>{kA, kB}));
}

TEST(Serving, OfTwoLivePrimariesTheOneThatDescendsGoesOn) {
  const std::vector<HistoryEntry> longer{{version(5, 1), 12, false}, {version(7, 1), 3, false}};
  Row other = row({kC}, version(7, 1));
  other.term = version(7, 1);
  const Serving s = Case({kA, kB, kC})
                        .says(kA, copy(row({kA, kB}), kLong))
                        .says(kC, copy(other, longer), false, 1)
                        .run();
  EXPECT_EQ(s.row.primary, kC);
  EXPECT_FALSE(s.row.has(Row::kMerging));
}

TEST(Serving, DivergedPrimariesMergeInANewTerm) {
  Row other = row({kC}, version(7, 1));
  other.term = version(7, 1);
  const std::vector<HistoryEntry> fork{{version(5, 1), 10, false}, {version(7, 1), 3, false}};
  CopyReport more = copy(row({kA, kB}), kLong);
  more.records = 1000;
  const Serving s = Case({kA, kB, kC}).says(kA, more).says(kC, copy(other, fork), false, 1).run();
  EXPECT_EQ(s.row.primary, kA);  // More records; though the other term is higher.
  EXPECT_TRUE(s.row.has(Row::kMerging));
  EXPECT_TRUE(s.new_term);
}

TEST(Serving, ACopyWithoutMutationsIsNoBranch) {
  Row other = row({kC}, version(7, 1));
  other.term = version(7, 1);
  const Serving s = Case({kA, kB, kC})
                        .says(kA, copy(row({kA, kB}), kLong))
                        .says(kC, copy(other, {{version(7, 1), 0, false}}), false, 1)
                        .run();
  EXPECT_EQ(s.row.primary, kA);
  EXPECT_FALSE(s.row.has(Row::kMerging));
}

TEST(Serving, AChangedRowUnderAHandOverBeginsANewTerm) {
  Case one({kA, kB});
  one.base(row({kA, kB, kC})).says(kA, copy(row({kA, kB, kC}), kLong));
  EXPECT_FALSE(one.run().new_term);
  one.moved = true;
  EXPECT_TRUE(one.run().new_term);
}

}  // namespace
}  // namespace flotilla::cluster
