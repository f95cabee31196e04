#include "discovery/run.h"

extern char** environ;

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  flotilla::discovery::Environment environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return flotilla::discovery::run_program(arguments, environment);
}
