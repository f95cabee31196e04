#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "tools/verbs.h"

namespace flotilla::tools {

/// What a program printed, and how it ended.
struct Ended {
  int code;
  std::string out;
  std::string err;
};

/// Runs a program of ours in this process, `arguments` with its name.
inline Ended run_tool(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = run_program(arguments);
  std::cout.flush();
  std::string out = ::testing::internal::GetCapturedStdout();
  return {code, std::move(out), ::testing::internal::GetCapturedStderr()};
}

}  // namespace flotilla::tools
