#include "key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/log.h"

namespace flotilla::server {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  KeyFileTest() { set_log_level(static_cast<LogLevel>(static_cast<int>(LogLevel::Critical) + 1)); }
  ~KeyFileTest() override { std::filesystem::remove(path); }

  void write(std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }
  /// The key, or why there is none.
  static std::string key_of(const std::string& from) {
    const auto key = read_key(from);
    return std::string(key ? as_text(key->view()) : key.error().why);
  }

  const std::string path = testing::TempDir() + "key_file_test.key";
};

TEST_F(KeyFileTest, IsTakenAsItIs) {
  for (const std::size_t size : {16U, 33U, 64U << 10}) {
    const std::string key = std::string(size - 2, 'k') + std::string("\0\n", 2);
    write(key);
    EXPECT_EQ(key_of(path), key);
  }
}

TEST_F(KeyFileTest, IsRefusedIfItIsTooShortTooLargeOrNoFile) {
  write("");
  EXPECT_EQ(key_of(path), "shorter than 16 bytes");
  write(std::string(15, 'k'));
  EXPECT_EQ(key_of(path), "shorter than 16 bytes");
  write(std::string((64 << 10) + 1, 'k'));
  EXPECT_EQ(key_of(path), "larger than 64 KiB");
  EXPECT_EQ(key_of("/nonexistent"), "cannot be opened");
  EXPECT_EQ(key_of("/"), "not a file");
  EXPECT_EQ(key_of("/dev/zero"), "not a file");
}

TEST_F(KeyFileTest, MayBeAVariableOfTheEnvironment) {
  ::setenv("KEY_FILE_TEST", "MDEyMzQ1Njc4OWFiY2RlZg==", 1);
  EXPECT_EQ(key_of("env-b64:KEY_FILE_TEST"), "0123456789abcdef");
  ::setenv("KEY_FILE_TEST", "MDEy", 1);
  EXPECT_EQ(key_of("env-b64:KEY_FILE_TEST"), "shorter than 16 bytes");
  ::setenv("KEY_FILE_TEST", "0123456789abcdefghijk", 1);
  EXPECT_EQ(key_of("env-b64:KEY_FILE_TEST"), "not base64");
  ::unsetenv("KEY_FILE_TEST");
  EXPECT_EQ(key_of("env-b64:KEY_FILE_TEST"), "the environment has no such variable");
}

TEST_F(KeyFileTest, BothKeysMustBeThere) {
  write("the key of an operator");
  config::NamespaceConfig config("test");
  config.encryption_key_file.set(path);
  EXPECT_TRUE(read_encryption(config).has_value());
  config.encryption.set_raw(static_cast<std::int64_t>(config::Encryption::Aes256));
  EXPECT_EQ(read_encryption(config)->cipher, store::Cipher::Aes256);
  config.encryption_old_key_file.set("/nonexistent");
  EXPECT_FALSE(read_encryption(config).has_value());
}

}  // namespace
}  // namespace flotilla::server
