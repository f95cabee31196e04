#include "store/slab_heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include "base/random.h"

namespace flotilla::store {
namespace {

constexpr wire::PartitionId kPartition(7);

TEST(SlabHeap, WastesLittle) {
  for (std::size_t size = 1; size <= SlabHeap::kLargest; ++size) {
    const std::size_t rounded = SlabHeap::rounded(size);
    ASSERT_GE(rounded, size);
    ASSERT_EQ(rounded % 2, 0U) << size;
    ASSERT_LE(rounded - size, std::max<std::size_t>(1, size / 16)) << size;
  }
  EXPECT_EQ(SlabHeap::rounded(42), 42U);
  EXPECT_EQ(SlabHeap::rounded(65), 68U);
  EXPECT_EQ(SlabHeap::rounded(1024), 1024U);
}

TEST(SlabHeap, NumbersNameBlocks) {
  void* const block = SlabHeap::allocate(42, kPartition);
  void* const bucket = SlabHeap::allocate_bucket();
  EXPECT_LT(SlabHeap::number_of(block), 1ULL << 38);
  EXPECT_EQ(SlabHeap::block_of(SlabHeap::number_of(block)), block);
  EXPECT_EQ(SlabHeap::bucket_of(SlabHeap::bucket_number_of(bucket)), bucket);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bucket) % SlabHeap::kBucketSize, 0U);
  SlabHeap::release(block);
  SlabHeap::release(bucket);
}

/// Blocks full of a byte of their own: whoever is given twice, or to two, shows.
class Blocks {
 public:
  ~Blocks() {
    while (!blocks_.empty()) release(blocks_.size() - 1);
  }

  void allocate(std::size_t size) {
    blocks_.push_back({.at = SlabHeap::allocate(size, kPartition), .size = size, .fill = ++fill_});
    std::memset(blocks_.back().at, blocks_.back().fill, size);
  }
  void release(std::size_t i) {
    check(blocks_[i]);
    SlabHeap::release(blocks_[i].at);
    blocks_[i] = blocks_.back();
    blocks_.pop_back();
  }
  /// As the owner of records does.
  std::size_t leave() {
    std::size_t moved = 0;
    for (Block& block : blocks_) {
      if (!SlabHeap::is_leaving(block.at)) continue;
      void* const to = SlabHeap::allocate(block.size, kPartition);
      std::memcpy(to, block.at, block.size);
      SlabHeap::release(block.at);
      block.at = to;
      ++moved;
    }
    return moved;
  }
  std::size_t count() const { return blocks_.size(); }

 private:
  struct Block {
    void* at;
    std::size_t size;
    unsigned char fill;
  };
  static void check(const Block& block) {
    const std::vector<unsigned char> want(block.size, block.fill);
    ASSERT_EQ(std::memcmp(block.at, want.data(), block.size), 0);
  }

  std::vector<Block> blocks_;
  unsigned char fill_ = 0;
};

std::uint64_t unused() { return SlabHeap::usage().slabs - SlabHeap::usage().blocks; }

TEST(SlabHeap, GivesNoByteTwice) {
  Random random(1);
  Blocks blocks;
  for (int round = 0; round < 100'000; ++round) {
    if (blocks.count() < 100 || random.chance(round < 60'000 ? 0.6 : 0.4))
      blocks.allocate(1 + random.below(round % 2 == 0 ? SlabHeap::kLargest : 60));
    else
      blocks.release(random.below(blocks.count()));
    if (round % 10'000 != 9'999 || SlabHeap::begin_leaving() == 0) continue;
    EXPECT_GT(blocks.leave(), 0U);
  }
}

TEST(SlabHeap, SlabsThatAreAlmostEmptyAreLeftTogether) {
  const SlabHeap::Usage before = SlabHeap::usage();
  Random random(2);
  Blocks blocks;
  for (int i = 0; i < 100'000; ++i) blocks.allocate(100);
  while (blocks.count() > 10'000) blocks.release(random.below(blocks.count()));
  EXPECT_GT(unused(), 8U << 20) << "nine of ten blocks went, from all slabs alike";
  EXPECT_GT(SlabHeap::begin_leaving(), 8U << 20);
  blocks.leave();
  EXPECT_LT(SlabHeap::usage().slabs, before.slabs + (10'000U * 100 + (64U << 10)));
  EXPECT_LT(SlabHeap::begin_leaving(), 32U << 10) << "there is nothing more to be gained";
  blocks.leave();
}

TEST(SlabHeap, ThreadsReleaseWhatOthersAllocated) {
  const SlabHeap::Usage before = SlabHeap::usage();
  constexpr std::size_t kThreads = 4;
  for (int round = 0; round < 10; ++round) {
    std::vector<std::vector<void*>> made(kThreads);
    const auto each = [&](auto work) {
      std::vector<std::thread> threads;
      for (std::size_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
      for (auto& thread : threads) thread.join();
    };
    each([&](std::size_t i) {
      for (std::size_t n = 0; n < 1000; ++n)
        made[i].push_back(SlabHeap::allocate(40 + n % 50, kPartition));
    });
    each([&](std::size_t i) {
      for (std::size_t n = 0; n < 1000; ++n) {
        SlabHeap::release(made[(i + 1) % kThreads][n]);
        SlabHeap::release(SlabHeap::allocate(40 + n % 50, kPartition));
      }
    });
  }
  EXPECT_EQ(SlabHeap::usage().blocks, before.blocks);
}

}  // namespace
}  // namespace flotilla::store
