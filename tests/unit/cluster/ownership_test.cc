#include "cluster/ownership.h"

#include <gtest/gtest.h>

namespace flotilla::cluster {
namespace {

Process process(unsigned number) {
  Process out{.boot = number};
  out.node[0] = static_cast<std::byte>(number);
  return out;
}

const Process kA = process(1);
const Process kB = process(2);
const Process kC = process(3);

Row row(const Process& primary, std::vector<Process> in_sync, std::vector<Process> targets) {
  Row out;
  out.primary = primary;
  out.in_sync = std::move(in_sync);
  for (const Process& target : targets) out.targets.push_back(target.node);
  return out;
}

std::string claims(const Row& row, const Process& self) {
  std::string out;
  for (const bool claimed : claimed_columns(row, self)) out += claimed ? '1' : '0';
  return out;
}

TEST(Ownership, SettledCopiesClaimOneColumnEach) {
  const Row settled = row(kA, {kA, kB}, {kA, kB});
  EXPECT_EQ(claims(settled, kA), "10");
  EXPECT_EQ(claims(settled, kB), "01");
  EXPECT_EQ(claims(settled, kC), "00");
}

TEST(Ownership, ThePrimaryClaimsForACopyThatIsBeingFilled) {
  const Row filling = row(kA, {kA}, {kA, kB});
  EXPECT_EQ(claims(filling, kA), "11");
  EXPECT_EQ(claims(filling, kB), "00");
}

TEST(Ownership, AnActingPrimaryClaimsItsOwnColumnToo) {
  const Row acting = row(kB, {kB}, {kA, kB});
  EXPECT_EQ(claims(acting, kB), "11");
  EXPECT_EQ(claims(acting, kA), "00");
}

TEST(Ownership, TheFinalPrimaryClaimsNothingUntilItServes) {
  const Row caught_up = row(kB, {kB, kA}, {kA, kB});
  EXPECT_EQ(claims(caught_up, kB), "11");
  EXPECT_EQ(claims(caught_up, kA), "00");
}

TEST(Ownership, ANodeThatIsNoTargetServesUntilTheTargetsAreThere) {
  const Row leaving = row(kC, {kC, kB}, {kA, kB});
  EXPECT_EQ(claims(leaving, kC), "10");
  EXPECT_EQ(claims(leaving, kB), "01");
  EXPECT_EQ(claims(leaving, kA), "00");
}

TEST(Ownership, AnotherLifeOfANodeClaimsNothing) {
  Process again = kB;
  again.boot = 99;
  EXPECT_EQ(claims(row(kA, {kA, kB}, {kA, kB}), again), "00");
}

TEST(Ownership, WhileNobodyServesTheFirstTargetClaimsAll) {
  Row waiting = row({}, {}, {kA, kB});
  waiting.flags = Row::kWaiting;
  EXPECT_EQ(claims(waiting, kA), "11");
  EXPECT_EQ(claims(waiting, kB), "00");
}

TEST(Ownership, ANodeWithoutRowClaimsNothing) { EXPECT_EQ(claims(Row{}, kA), "0"); }

TEST(Ownership, StatesFollowTheRow) {
  const Row filling = row(kA, {kA}, {kA, kB});
  EXPECT_EQ(copy_state(filling, kA, true), 'S');
  EXPECT_EQ(copy_state(filling, kB, true), 'D');
  EXPECT_EQ(copy_state(filling, kC, true), 'Z');
  EXPECT_EQ(copy_state(filling, kC, false), 'A');
}

}  // namespace
}  // namespace flotilla::cluster
