#include "server/log_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "base/log.h"
#include "server/crew.h"
#include "sim/plain_owner.h"
#include "store/aligned_buffer.h"

namespace flotilla::server {
namespace {

/// A folder of its own, gone at the end.
class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    set_log_level(LogLevel::Critical);
    std::string name = testing::TempDir() + "flotilla-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(path); }

  std::string path;
};

using LogThreadsTest = FolderTest;
using ReadersTest = FolderTest;
using PosixFileTest = FolderTest;
using PosixFolderTest = FolderTest;

store::LogOptions options() {
  store::LogOptions out;
  out.namespace_name = "test";
  out.fresh_id = 5;
  out.segment_size = 256 << 10;
  return out;
}

/// Each file has a thread: all of them bring records back and move them at once, while the test
/// puts new ones.
class SharedOwner : public sim::PlainOwner {
 public:
  Result<store::LogPosition> put(const wire::Digest& digest, Entry entry) {
    const std::scoped_lock lock(mutex_);
    return PlainOwner::put(digest, std::move(entry));
  }
  store::Recovered recovered(const store::RecordImage& image,
                             const store::RecordPlace& at) override {
    const std::scoped_lock lock(mutex_);
    return PlainOwner::recovered(image, at);
  }
  Result<bool> relocate(const store::RecordImage& image, store::SegmentSlot segment) override {
    const std::scoped_lock lock(mutex_);
    return PlainOwner::relocate(image, segment);
  }
  bool tombstone_pass_begins(unsigned file) override {
    const std::scoped_lock lock(mutex_);
    return PlainOwner::tombstone_pass_begins(file);
  }
  void tombstone_pass_saw(unsigned file, const store::RecordImage& image) override {
    const std::scoped_lock lock(mutex_);
    PlainOwner::tombstone_pass_saw(file, image);
  }
  void tombstone_pass_ends(unsigned file, bool complete) override {
    const std::scoped_lock lock(mutex_);
    PlainOwner::tombstone_pass_ends(file, complete);
  }

 private:
  std::mutex mutex_;
};

TEST_F(LogThreadsTest, RecordsComeBackFromRealFiles) {
  SharedOwner before;
  for (const bool commit : {false, true}) {
    std::vector<PosixFile> files;
    for (const char* name : {"a", "b"}) {
      auto file = PosixFile::open({.path = path + "/" + name, .size = 4 << 20});
      ASSERT_TRUE(file.has_value());
      files.push_back(std::move(*file));
    }
    LogThreads threads(std::move(files));
    auto mine = options();
    mine.commit_to_device = commit;
    SharedOwner owner;
    store::Log log(mine, threads.sizes(), owner, threads);
    owner.attach(log);
    threads.run(log);
    threads.wait_until_open();
    ASSERT_EQ(log.state(0), store::Log::State::Ready);
    ASSERT_EQ(log.state(1), store::Log::State::Ready);
    EXPECT_EQ(owner.entries.size(), before.entries.size());
    for (unsigned key = 0; key < 1000; ++key) {
      wire::Digest digest;
      store_be(digest.bytes.data(), key * 0x01000193U);
      const auto put = owner.put(digest, {.lsn = store::Lsn(commit ? 2 : 1), .body = Buffer(100)});
      ASSERT_TRUE(put.has_value());
      if (commit && key % 100 == 0)
        while (!log.is_durable(*put)) std::this_thread::yield();
    }
    threads.stop();
    EXPECT_EQ(log.state(0), store::Log::State::Closed);
    before.entries = owner.entries;
  }
}

TEST_F(ReadersTest, ReadEveryStretchOnce) {
  constexpr std::size_t kPiece = 64U << 10;
  constexpr std::size_t kPieces = 40;
  auto file = PosixFile::open({.path = path + "/data", .size = kPieces * kPiece});
  ASSERT_TRUE(file.has_value());
  store::AlignedBuffer wrote(kPieces * kPiece);
  for (std::size_t i = 0; i < wrote.size(); ++i) wrote.data()[i] = std::byte(i / kPiece + 1);
  ASSERT_TRUE(file->carry_out({.kind = store::IoKind::Write, .from = wrote.part(0, wrote.size())})
                  .result.has_value());
  store::AlignedBuffer read(wrote.size());
  Readers readers(*file, 3);
  for (std::size_t i = 0; i < kPieces; ++i)
    readers.submit({.kind = store::IoKind::Read,
                    .token = i,
                    .offset = i * kPiece,
                    .into = read.part(i * kPiece, kPiece)});
  std::set<std::uint64_t> tokens;
  while (readers.under_way() != 0) {
    const auto done = readers.take();
    EXPECT_EQ(done.result, kPiece);
    tokens.insert(done.token);
  }
  EXPECT_EQ(tokens.size(), kPieces);
  EXPECT_TRUE(equal(Bytes(read.data(), read.size()), Bytes(wrote.data(), wrote.size())));
}

TEST_F(PosixFileTest, LongReadsSeeWhatWasJustWritten) {
  constexpr std::size_t kSize = 2 * PosixFile::kLongRead;
  auto file = PosixFile::open({.path = path + "/data", .size = kSize});
  ASSERT_TRUE(file.has_value());
  for (int round = 1; round < 5; ++round) {
    store::AlignedBuffer wrote(kSize);
    std::ranges::fill(wrote.first(kSize), std::byte(round));
    ASSERT_TRUE(file->carry_out({.kind = store::IoKind::Write, .from = wrote.part(0, kSize)})
                    .result.has_value());
    store::AlignedBuffer read(kSize);
    ASSERT_EQ(file->read_at(0, read.first(kSize)), kSize);
    EXPECT_TRUE(equal(read.part(0, kSize), wrote.part(0, kSize)));
  }
}

TEST_F(PosixFileTest, OneProcessHasAFile) {
  const auto first = PosixFile::open({.path = path + "/data", .size = 4096});
  ASSERT_TRUE(first.has_value());
  const auto second = PosixFile::open({.path = path + "/data", .size = 4096});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::KeyBusy);
}

TEST_F(PosixFileTest, GrowsAndNeverShrinks) {
  EXPECT_EQ(PosixFile::open({.path = path + "/data", .size = 8192})->size(), 8192U);
  EXPECT_EQ(PosixFile::open({.path = path + "/data", .size = 4096})->size(), 8192U);
  EXPECT_EQ(PosixFile::open({.path = path + "/data", .size = 16384})->size(), 16384U);
}

TEST_F(PosixFileTest, APathThatCannotBeIsUnavailableOrNotFound) {
  EXPECT_FALSE(PosixFile::open({.path = path + "/no/such", .size = 8192}).has_value());
}

TEST_F(PosixFolderTest, ReplacesWholeFiles) {
  PosixFolder folder(path);
  EXPECT_EQ(folder.read("file", 100).error().code, Code::NotFound);
  ASSERT_TRUE(folder.make("slot").has_value());
  ASSERT_TRUE(folder.make("slot").has_value());
  ASSERT_TRUE(folder.replace("slot/file", as_bytes("one")).has_value());
  ASSERT_TRUE(folder.replace("slot/file", as_bytes("longer")).has_value());
  EXPECT_EQ(as_text(*folder.read("slot/file", 100)), "longer");
  EXPECT_EQ(folder.read("slot/file", 5).error().code, Code::TooBig);
  EXPECT_THAT(*folder.list(""), testing::ElementsAre("slot"));
  EXPECT_THAT(*folder.list("slot"), testing::ElementsAre("file"));
  EXPECT_EQ(folder.list("none").error().code, Code::NotFound);
}

TEST_F(PosixFolderTest, ALockIsHeldOnce) {
  PosixFolder folder(path);
  auto held = folder.lock("lock");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(folder.lock("lock").error().code, Code::KeyBusy);
  held->reset();
  EXPECT_TRUE(folder.lock("lock").has_value());
}

}  // namespace
}  // namespace flotilla::server
