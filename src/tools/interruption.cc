#include "interruption.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

namespace flotilla::tools {
namespace {

constexpr int kInterrupted = 130;  // As shells number it: 128 and SIGINT.

volatile std::sig_atomic_t come = 0;

}  // namespace

Interruption::Interruption() {
  come = 0;
  struct sigaction action{};
  action.sa_handler = [](int) {
    if (come != 0) ::_exit(kInterrupted);
    come = 1;
  };
  sigaction(SIGINT, &action, &before_);
}

Interruption::~Interruption() { sigaction(SIGINT, &before_, nullptr); }

bool Interruption::has_come() { return come != 0; }

bool Interruption::sleep(std::chrono::milliseconds time) const {
  constexpr std::chrono::milliseconds kStep(50);
  for (; time.count() > 0 && !has_come(); time -= kStep)
    std::this_thread::sleep_for(std::min(time, kStep));
  return !has_come();
}

}  // namespace flotilla::tools
