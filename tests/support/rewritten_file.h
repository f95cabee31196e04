#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace flotilla {

/// Whether a file of the source tree that is made from tables is what the tables say now. With
/// FLOTILLA_REWRITE=1 in the environment it is written anew instead.
inline testing::AssertionResult is_current(const std::string& path, const std::string& wanted) {
  const std::string whole = std::string(FLOTILLA_SOURCE_DIR "/") + path;
  if (const char* rewrite = std::getenv("FLOTILLA_REWRITE");
      rewrite != nullptr && *rewrite == '1') {
    std::ofstream(whole) << wanted;
    return testing::AssertionSuccess();
  }
  std::ostringstream have;
  have << std::ifstream(whole).rdbuf();
  if (have.str() == wanted) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << path << " is out of date; run this test with FLOTILLA_REWRITE=1";
}

}  // namespace flotilla
