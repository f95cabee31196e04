#include "term_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace flotilla::server {
namespace {

using cluster::Term;

struct TermFileTest : testing::Test {
  TermFileTest() {
    path = (std::filesystem::temp_directory_path() /
            ("terms-" + std::to_string(::getpid()) + "-" +
             testing::UnitTest::GetInstance()->current_test_info()->name()))
               .string();
  }
  ~TermFileTest() override { std::filesystem::remove(path); }

  static Term term(std::uint64_t number) { return {.epoch = {.number = number, .tag = 5}, .n = 3}; }

  std::string path;
};

TEST_F(TermFileTest, NumbersThatWereSyncedOutliveTheProcess) {
  {
    auto terms = TermFile::open(path);
    ASSERT_TRUE(terms);
    EXPECT_EQ((*terms)->intern(term(1), 0), 1U);
    (*terms)->sync();
    EXPECT_EQ((*terms)->intern(term(2), 0), 2U);
    EXPECT_EQ((*terms)->intern(term(1), 0), 1U);
    (*terms)->sync();
    EXPECT_EQ((*terms)->intern(term(3), 0), 3U);
  }
  auto terms = TermFile::open(path);
  ASSERT_TRUE(terms);
  EXPECT_EQ((*terms)->term(1), term(1));
  EXPECT_EQ((*terms)->term(2), term(2));
  EXPECT_EQ((*terms)->term(3), Term{});
  EXPECT_EQ((*terms)->term(0), Term{});
  EXPECT_EQ((*terms)->intern(term(3), 0), 3U);
}

TEST_F(TermFileTest, ATermGetsAnotherNumberAboveAGivenOne) {
  auto terms = TermFile::open(path);
  EXPECT_EQ((*terms)->intern(term(1), 0), 1U);
  EXPECT_EQ((*terms)->intern(term(2), 0), 2U);
  EXPECT_EQ((*terms)->intern(term(1), 2), 3U);
  EXPECT_EQ((*terms)->intern(term(1), 0), 3U);
}

/// A power cut may take the last entries, and leave records that name them.
TEST_F(TermFileTest, NumbersThatRecordsUseAreNotGivenAgain) {
  {
    auto terms = TermFile::open(path);
    EXPECT_EQ((*terms)->intern(term(1), 0), 1U);
    (*terms)->reserve(4);
    EXPECT_EQ((*terms)->term(3), Term{});
    EXPECT_EQ((*terms)->intern(term(2), 4), 5U);
    EXPECT_EQ((*terms)->intern(term(1), 0), 1U);
    (*terms)->reserve(2);
    EXPECT_EQ((*terms)->intern(term(3), 0), 6U);
    (*terms)->sync();
  }
  auto terms = TermFile::open(path);
  ASSERT_TRUE(terms);
  EXPECT_EQ((*terms)->term(4), Term{});
  EXPECT_EQ((*terms)->term(5), term(2));
}

TEST_F(TermFileTest, TermsThatArePreparedTogetherKeepTheNumbersTheyHave) {
  {
    auto terms = TermFile::open(path);
    EXPECT_EQ((*terms)->intern(term(2), 0), 1U);
    (*terms)->prepare({term(1), term(2), Term{}, term(3), term(1)});
    EXPECT_EQ((*terms)->intern(term(1), 0), 2U);
    EXPECT_EQ((*terms)->intern(term(2), 0), 1U);
    EXPECT_EQ((*terms)->intern(term(3), 0), 3U);
    (*terms)->sync();
  }
  EXPECT_EQ((*TermFile::open(path))->term(3), term(3));
}

TEST_F(TermFileTest, AnEntryThatWasCutOffIsWrittenOver) {
  {
    auto terms = TermFile::open(path);
    (void)(*terms)->intern(term(1), 0);
    (*terms)->sync();
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  auto terms = TermFile::open(path);
  ASSERT_TRUE(terms);
  EXPECT_EQ((*terms)->intern(term(2), 0), 1U);
  (*terms)->sync();
  EXPECT_EQ((*TermFile::open(path))->term(1), term(2));
}

TEST_F(TermFileTest, ADamagedEntryKeepsItsNumber) {
  {
    auto terms = TermFile::open(path);
    for (std::uint64_t number = 1; number <= 3; ++number) (void)(*terms)->intern(term(number), 0);
    (*terms)->sync();
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8 + 24 + 3);
    file.put('x');
  }
  auto terms = TermFile::open(path);
  ASSERT_TRUE(terms);
  EXPECT_EQ((*terms)->term(1), term(1));
  EXPECT_EQ((*terms)->term(2), Term{});
  EXPECT_EQ((*terms)->term(3), term(3));
}

TEST_F(TermFileTest, AnotherFileIsRefused) {
  std::ofstream(path) << "something else altogether";
  EXPECT_FALSE(TermFile::open(path));
}

}  // namespace
}  // namespace flotilla::server
