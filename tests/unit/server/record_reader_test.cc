#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/log.h"
#include "read_ring.h"
#include "read_threads.h"

namespace flotilla::server {
namespace {

constexpr unsigned kRecords = 1000;

enum class With { Threads, Ring };

struct Setting {
  With with;
  bool direct;
};

/// A file with records one behind the other, and somebody to read them.
class RecordReaderTest : public testing::TestWithParam<Setting> {
 protected:
  RecordReaderTest() {
    set_log_level(LogLevel::Critical);
    std::filesystem::create_directories(folder_);
    auto opened =
        PosixFile::open({.path = folder_ + "/data", .size = 4 << 20, .direct = GetParam().direct});
    FLOTILLA_CHECK(opened.has_value());
    file_ = std::make_unique<PosixFile>(std::move(*opened));
    write_records();
    if (GetParam().with == With::Threads) {
      reader_ = std::make_unique<ReadThreads>(std::vector<const PosixFile*>{file_.get()});
    } else {
      reader_ = ReadRing::make({file_.get()}, why_);
    }
  }
  ~RecordReaderTest() override {
    reader_.reset();
    std::filesystem::remove_all(folder_);
  }

  void write_records() {
    store::AlignedBuffer bytes(4 << 20);
    std::ranges::fill(bytes.first(bytes.size()), std::byte{0});
    std::uint32_t at = 0;
    for (unsigned i = 0; i < kRecords; ++i) {
      const Buffer body(i * 3, static_cast<std::byte>(i));
      const store::RecordImage image{.lsn = store::Lsn(i + 1), .body = body};
      const store::RecordEncoder encoder(image);
      const auto size = static_cast<std::uint32_t>(encoder.padded_size());
      encoder.write(bytes.part(at, size), {.log_id = 1, .segment = 2, .offset = at});
      places_.push_back({.segment = store::SegmentSlot(1), .offset = at, .size = size});
      at += size;
    }
    ASSERT_TRUE(file_->carry_out({.kind = store::IoKind::Write, .from = bytes.first(bytes.size())})
                    .result.has_value());
  }
  std::shared_ptr<store::RecordRead> ask(unsigned i, const std::function<void()>* wake) const {
    const store::RecordPlace& at = places_[i];
    return std::make_shared<store::RecordRead>(
        store::RecordWanted{.lsn = store::Lsn(i + 1), .at = at},
        store::RecordExtent{.offset = at.offset,
                            .size = at.size,
                            .place = {.log_id = 1, .segment = 2, .offset = at.offset}},
        wake);
  }

  const std::string folder_ = testing::TempDir() + "/record-reader-" + std::to_string(::getpid());
  std::unique_ptr<PosixFile> file_;
  std::vector<store::RecordPlace> places_;
  std::unique_ptr<store::RecordReader> reader_;
  std::string why_;
};

TEST_P(RecordReaderTest, AllReadsOfAllThreadsAreDone) {
  if (reader_ == nullptr) GTEST_SKIP() << why_;
  std::atomic<unsigned> done{0};
  const std::function<void()> wake = [&] { ++done; };
  constexpr unsigned kThreads = 4;
  std::vector<std::vector<std::shared_ptr<store::RecordRead>>> asked(kThreads);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < kRecords; ++i) {
        asked[t].push_back(ask(i, &wake));
        reader_->submit(asked[t].back());
      }
    });
  for (std::thread& thread : threads) thread.join();
  while (done < kThreads * kRecords) std::this_thread::yield();
  for (const auto& some : asked)
    for (unsigned i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(some[i]->done());
      ASSERT_TRUE(some[i]->image().has_value()) << i;
      EXPECT_TRUE(equal(some[i]->image()->body, Buffer(i * 3, static_cast<std::byte>(i))));
    }
}

TEST_P(RecordReaderTest, WhatIsUnderWayAtTheEndIsDone) {
  if (reader_ == nullptr) GTEST_SKIP() << why_;
  std::vector<std::shared_ptr<store::RecordRead>> asked;
  for (unsigned i = 0; i < kRecords; ++i) {
    asked.push_back(ask(i, nullptr));
    reader_->submit(asked.back());
  }
  reader_.reset();
  for (const auto& read : asked) EXPECT_TRUE(read->done() && read->image());
}

TEST_P(RecordReaderTest, PastTheEndThereIsNoRecord) {
  if (reader_ == nullptr) GTEST_SKIP() << why_;
  const auto read = std::make_shared<store::RecordRead>(
      store::RecordWanted{}, store::RecordExtent{.offset = (4 << 20) - 16, .size = 512}, nullptr);
  reader_->submit(read);
  while (!read->done()) std::this_thread::yield();
  EXPECT_FALSE(read->image().has_value());
  EXPECT_EQ(read->why(), "cannot be read");
}

INSTANTIATE_TEST_SUITE_P(Ways, RecordReaderTest,
                         testing::Values(Setting{With::Threads, false},
                                         Setting{With::Threads, true}, Setting{With::Ring, false},
                                         Setting{With::Ring, true}),
                         [](const auto& it) {
                           return std::string(it.param.with == With::Ring ? "Ring" : "Threads") +
                                  (it.param.direct ? "Direct" : "");
                         });

}  // namespace
}  // namespace flotilla::server
