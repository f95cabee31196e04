#include "machine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace flotilla::server {
namespace {

TEST(ReadFile, GivesWhatIsThere) {
  const std::string path = testing::TempDir() + "machine_test.txt";
  std::ofstream(path) << "one\ntwo";
  EXPECT_EQ(read_file(path), "one\ntwo");
  std::filesystem::remove(path);
}

TEST(ReadFile, SaysThatThereIsNothing) {
  EXPECT_EQ(read_file("/nonexistent"), std::nullopt);
  EXPECT_EQ(read_file("/"), std::nullopt);
}

TEST(ReadFile, EndsWhereTheFileDoesNot) { EXPECT_LT(read_file("/dev/zero")->size(), 8U << 20); }

}  // namespace
}  // namespace flotilla::server
