#include "store/index.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "base/random.h"

namespace flotilla::store {
namespace {

using wire::Digest;

struct Release {
  void operator()(MemoryRecord* record) const { MemoryRecord::release(record); }
};
using Owned = std::unique_ptr<MemoryRecord, Release>;

Owned make(const Digest& digest) { return Owned(MemoryRecord::make({.digest = digest}, Bytes{})); }

/// All of partition 0x234; the bits after it are random, or equal for the first `same` bytes.
Digest random_digest(Random& random, std::size_t same = 0) {
  Digest digest;
  for (auto& b : digest.bytes) b = static_cast<std::byte>(random.below(256));
  digest.bytes[0] = std::byte{0x34};
  digest.bytes[1] = (digest.bytes[1] & std::byte{0xF0}) | std::byte{0x02};
  for (std::size_t i = 1; i <= same; ++i) digest.bytes[i] = std::byte{0x02};
  return digest;
}

std::vector<Digest> walk(const Index& index) {
  std::vector<Digest> out;
  std::vector<MemoryRecord*> some;
  for (index.next_below(nullptr, some); !some.empty(); index.next_below(&out.back(), some))
    for (const auto* record : some) out.push_back(record->digest());
  return out;
}

class IndexAgainstMap : public testing::TestWithParam<std::size_t> {};

TEST_P(IndexAgainstMap, AgreesAfterRandomChanges) {
  Random random(GetParam() + 1);
  Index index;
  std::map<Digest, Owned> model;
  for (int round = 0; round < 20'000; ++round) {
    if (model.empty() || random.chance(round < 12'000 ? 0.7 : 0.2)) {
      const Digest digest = random_digest(random, GetParam());
      if (model.contains(digest)) continue;
      ASSERT_EQ(index.find(digest), nullptr);
      auto& owned = model[digest] = make(digest);
      index.insert(owned.get());
    } else {
      auto it = model.lower_bound(random_digest(random, GetParam()));
      if (it == model.end()) it = model.begin();
      index.prefetch_bucket(it->first);
      index.prefetch_record(it->first);
      ASSERT_EQ(index.find(it->first), it->second.get());
      if (random.chance(0.3)) {
        Owned other = make(it->first);
        index.replace(other.get());
        it->second = std::move(other);
      } else {
        index.erase(it->first);
        model.erase(it);
      }
    }
    ASSERT_EQ(index.size(), model.size());
  }
  const std::vector<Digest> walked = walk(index);
  ASSERT_EQ(walked.size(), model.size());
  auto it = model.rbegin();
  for (const Digest& digest : walked) EXPECT_EQ(digest, (it++)->first);
  while (!model.empty()) {
    index.erase(model.begin()->first);
    model.erase(model.begin());
  }
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(walk(index).empty());
}

INSTANTIATE_TEST_SUITE_P(SharedLeadingBytes, IndexAgainstMap, testing::Values(0, 2, 9, 12));

TEST(Index, EqualLeadingBytesDoNotBlowUpTheDirectory) {
  Random random(7);
  Index index;
  std::vector<Owned> records;
  for (int i = 0; i < 1000; ++i) {
    records.push_back(make(random_digest(random, 12)));
    index.insert(records.back().get());
  }
  EXPECT_LT(index.memory(), 1000U * 160);
}

/// Digests that somebody chose: equal leading bits, so that one bucket takes them all, and equal
/// ends, so that no tag tells them apart.
TEST(Index, WalksACrowdOfChosenDigestsInSmallSteps) {
  Random random(13);
  Index index;
  std::map<Digest, Owned> model;
  while (model.size() < 20'000) {
    Digest digest = random_digest(random, 9);
    digest.bytes[18] = digest.bytes[19] = std::byte{0};
    if (model.contains(digest)) continue;
    index.insert((model[digest] = make(digest)).get());
  }
  std::vector<MemoryRecord*> some;
  auto it = model.rbegin();
  for (index.next_below(nullptr, some); !some.empty();) {
    ASSERT_LT(some.size(), 512U);
    for (const auto* record : some) ASSERT_EQ(record->digest(), (it++)->first);
    const Digest below = some.back()->digest();
    index.next_below(&below, some);
  }
  EXPECT_EQ(it, model.rend());
  for (const auto& [digest, record] : model) ASSERT_EQ(index.find(digest), record.get());
}

TEST(Index, GivesACrowdBackWhenItHasGone) {
  Random random(17);
  Index index;
  std::map<Digest, Owned> model;
  while (model.size() < 3000) {
    const Digest digest = random_digest(random, 9);
    index.insert((model[digest] = make(digest)).get());
  }
  while (!model.empty()) {
    index.erase(model.begin()->first);
    model.erase(model.begin());
  }
  EXPECT_EQ(index.size(), 0U);
  EXPECT_LT(index.memory(), 400U * 128);
}

TEST(Index, PutsOtherRecordsInPlaceOfAll) {
  for (const std::size_t same : {std::size_t{0}, std::size_t{9}}) {
    Random random(same);
    Index index;
    std::map<Digest, Owned> model;
    while (model.size() < 3000) {
      const Digest digest = random_digest(random, same);
      if (!model.contains(digest)) index.insert((model[digest] = make(digest)).get());
    }
    std::size_t replaced = 0;
    std::uint64_t position = 0;
    do {
      position = index.replace_some(position, [&](MemoryRecord* record) {
        ++replaced;
        Owned& owned = model[record->digest()];
        owned = make(record->digest());
        return owned.get();
      });
    } while (position != 0);
    EXPECT_EQ(replaced, model.size());
    for (const auto& [digest, record] : model) ASSERT_EQ(index.find(digest), record.get());
  }
}

TEST(Index, CostsAboutElevenBytesARecord) {
  Random random(11);
  Index index;
  std::vector<Owned> records;
  for (int i = 0; i < 2441; ++i) {
    records.push_back(make(random_digest(random)));
    index.insert(records.back().get());
  }
  EXPECT_LT(index.memory(), 2441U * 12);
}

}  // namespace
}  // namespace flotilla::store
