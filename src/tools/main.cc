#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "tools/verbs.h"

namespace {

/// Whether all that was printed has arrived; a full disk shows only here.
bool flush_output() {
  errno = 0;
  std::cout.flush();
  return std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  const int code = flotilla::tools::run_program(arguments);
  if (flush_output() || code != 0) return code;
  std::cerr << "cannot write the output: "
            << (errno == 0 ? "the disk may be full" : std::strerror(errno)) << '\n';
  return 1;
}
