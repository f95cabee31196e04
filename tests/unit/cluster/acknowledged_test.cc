#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "cluster/replica.h"

/// A primary and a backup of one partition, and the frames between them, carried by hand.
namespace flotilla::cluster {
namespace {

constexpr wire::PartitionId kPartition{5};

Process process(std::uint8_t number) {
  Process out{.boot = number};
  out.node[0] = std::byte{number};
  return out;
}

enum class Told : std::uint8_t { OwnThread, All };

class TestCopy : public Effects {
 public:
  explicit TestCopy(std::uint8_t number)
      : self(process(number)),
        node_{.effects = *this, .terms = terms_, .self = self},
        context_{.node = node_, .records = records_, .tag = 1} {
    context_.options.replication_factor = 2;
    replica = std::make_unique<Replica>(context_, kPartition);
  }
  ~TestCopy() override { records_.partition(kPartition).listener = nullptr; }

  /// Answers the number of the mutation.
  store::Lsn put(std::uint8_t key) {
    wire::Digest digest;
    digest.bytes[0] = std::byte{kPartition.raw()};
    digest.bytes[19] = std::byte{key};
    store::Partition& partition = records_.partition(kPartition);
    store::RecordUpdate update;
    update.digest = digest;
    update.generation = 1;
    EXPECT_TRUE(
        records_.put(partition, partition.index.find(digest), update, {1'000'000}).has_value());
    return partition.last_lsn;
  }

  Instant now() const override { return {}; }
  WallTime wall() const override { return {1'000'000}; }
  void send(const Process&, Bytes frame) override { sent.emplace_back(frame.begin(), frame.end()); }
  void ask(const RowAsk&) override {}
  void acknowledged() override { told.push_back(Told::OwnThread); }
  void acknowledged_for_all() override { told.push_back(Told::All); }
  void want_tick(std::uint32_t, wire::PartitionId) override {}
  void bits_changed(std::uint32_t, wire::PartitionId) override {}

  const Process self;
  std::vector<Buffer> sent;
  std::vector<Told> told;
  std::unique_ptr<Replica> replica;

 private:
  store::HybridClock clock_;
  store::Namespace records_{"test", clock_};
  MemoryTermTable terms_;
  CopyNode node_;
  CopyContext context_;
};

class AcknowledgedTest : public testing::Test {
 protected:
  AcknowledgedTest() {
    Row row;
    row.version = row.term = {.epoch = {1, 1}, .n = 1};
    row.primary = primary_.self;
    row.in_sync = {primary_.self, backup_.self};
    row.targets = {primary_.self.node, backup_.self.node};
    backup_.replica->install(row);
    primary_.replica->install(row);
    carry(primary_, backup_);
    carry(backup_, primary_);
    primary_.told.clear();
  }

  static void carry(TestCopy& from, TestCopy& to, bool last_first = false) {
    std::vector<Buffer> frames = std::exchange(from.sent, {});
    if (last_first) std::ranges::reverse(frames);
    for (const Buffer& frame : frames) to.replica->receive(from.self, frame);
  }

  TestCopy primary_{1};
  TestCopy backup_{2};
};

TEST_F(AcknowledgedTest, WhoWroteAloneIsToldAlone) {
  const store::Lsn lsn = primary_.put(1);
  carry(primary_, backup_);
  carry(backup_, primary_);
  EXPECT_EQ(primary_.replica->acknowledged(lsn), Replica::Acknowledged::Yes);
  EXPECT_EQ(primary_.told, std::vector{Told::OwnThread});
}

TEST_F(AcknowledgedTest, WhenOneAnswerCoversWritesOfSeveralAllAreTold) {
  const store::Lsn first = primary_.put(1);
  const store::Lsn second = primary_.put(2);
  carry(primary_, backup_, true);
  carry(backup_, primary_);
  EXPECT_EQ(primary_.replica->acknowledged(first), Replica::Acknowledged::Yes);
  EXPECT_EQ(primary_.replica->acknowledged(second), Replica::Acknowledged::Yes);
  EXPECT_EQ(primary_.told, std::vector{Told::All});
}

TEST_F(AcknowledgedTest, WhenThePrimaryIsDeposedAllAreTold) {
  const store::Lsn lsn = primary_.put(1);
  Row row;
  row.version = row.term = {.epoch = {1, 1}, .n = 2};
  row.primary = backup_.self;
  row.in_sync = {backup_.self, primary_.self};
  row.targets = {backup_.self.node, primary_.self.node};
  primary_.replica->install(row);
  EXPECT_EQ(primary_.replica->acknowledged(lsn), Replica::Acknowledged::Deposed);
  EXPECT_EQ(primary_.told, std::vector{Told::All});
}

}  // namespace
}  // namespace flotilla::cluster
