#include "metadata.h"

#include <gtest/gtest.h>

#include "messages.h"

namespace flotilla::cluster {
namespace {

Item item(std::string key, std::optional<Buffer> value, std::uint64_t hlc) {
  return {"m", std::move(key), std::move(value), {hlc, 1}};
}

TEST(Metadata, TheHigherStampWinsInAnyOrder) {
  const std::vector<Item> items{item("a", Buffer(1), 5), item("a", std::nullopt, 9),
                                item("b", Buffer(2), 7), item("a", Buffer(3), 7)};
  Metadata one;
  Metadata other;
  for (const Item& i : items) one.merge(i);
  for (auto it = items.rbegin(); it != items.rend(); ++it) other.merge(*it);
  EXPECT_EQ(one.digest(), other.digest());
  EXPECT_EQ(one.get("m", "a"), nullptr);  // Removed last, and stays so.
  EXPECT_EQ(one.items(), other.items());
  EXPECT_EQ(one.list("m").size(), 1U);
}

TEST(Metadata, ALaterCommandIsStampedAboveAnOldOneWhateverItsClock) {
  Metadata metadata;
  metadata.merge(item("a", Buffer(1), 50'000'000ULL << 16));
  HybridClock clock;
  const Item later = metadata.stamped(item("a", Buffer(2), 0), 1, 1'000, clock);
  EXPECT_TRUE(metadata.merge(later));
}

TEST(HybridClock, DoesNotFollowAClockThatIsFarAhead) {
  HybridClock clock;
  EXPECT_TRUE(clock.saw((1'000 + HybridClock::kAheadMaxMs) << 16, 1'000));
  EXPECT_FALSE(clock.saw((1'001 + HybridClock::kAheadMaxMs) << 16, 1'000));
  EXPECT_EQ(HybridClock::ms(clock.last()), 1'000 + HybridClock::kAheadMaxMs);
}

TEST(Messages, AViewOfARowTakesAboutTwentyBytes) {
  message::Rows rows;
  for (std::uint16_t p = 0; p < 4096; ++p) {
    Row row;
    row.version = {{77, 9}, p};
    row.term = row.version;
    for (unsigned copy = 0; copy < 3; ++copy) {
      Process process;
      process.node[0] = static_cast<std::byte>((p + copy * 7) % 256);
      process.boot = 1;
      row.in_sync.push_back(process);
      row.targets.push_back(process.node);
    }
    row.primary = row.in_sync[0];
    rows.rows.push_back({123'456'789, wire::PartitionId(p), row});
  }
  const Buffer bytes = encode_message({}, {}, rows);
  EXPECT_LT(bytes.size(), 4096U * 30);
  const auto parsed = parse_message(bytes);
  ASSERT_TRUE(parsed);
  const auto& back = std::get<message::Rows>(parsed->body);
  ASSERT_EQ(back.rows.size(), rows.rows.size());
  for (std::size_t i = 0; i < rows.rows.size(); ++i) ASSERT_EQ(back.rows[i].row, rows.rows[i].row);
}

TEST(Messages, EveryShorterOneIsRefused) {
  message::Promise promise;
  promise.epoch = {7, 8};
  promise.copies.resize(2);
  promise.copies[1].copy.history = {{{{1, 2}, 3}, 4, true}};
  promise.items = {item("k", Buffer(3), 9)};
  promise.away.resize(1);
  const Buffer bytes = encode_message(Process{{}, 1}, Process{{}, 2}, promise);
  EXPECT_TRUE(parse_message(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_message(Bytes(bytes).first(size))) << size;
}

TEST(Messages, ACountBeyondTheBytesAsksForNoMemory) {
  Buffer bytes = encode_message({}, {}, message::Move{});
  bytes.pop_back();
  for (int i = 0; i < 9; ++i) bytes.push_back(std::byte{0xFF});
  bytes.push_back(std::byte{0x01});
  EXPECT_FALSE(parse_message(bytes));
}

}  // namespace
}  // namespace flotilla::cluster
