#include "base/mutex.h"

namespace flotilla {

void Mutex::wait() {
  // Holders keep it for well under a microsecond: a short spin mostly saves the sleep.
  for (int i = 0; i < 64; ++i) {
    if (try_lock()) return;
  }
  // Whoever slept leaves "contended" behind, since others may sleep still; at worst one wake-up is
  // in vain.
  while (state_.exchange(kContended, std::memory_order_acquire) != kFree) state_.wait(kContended);
}

}  // namespace flotilla
