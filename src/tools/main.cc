#include <string>
#include <vector>

#include "tools/verbs.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  return flotilla::tools::run_program(arguments);
}
