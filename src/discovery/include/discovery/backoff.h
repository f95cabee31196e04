#pragma once

#include "base/random.h"
#include "base/time.h"

namespace flotilla::discovery {

/// How long to wait before the next attempt: from `least` doubling to `most`, each time a random
/// share of it ("full jitter"), so that many who lost one server do not come back at one moment.
class Backoff {
 public:
  struct Options {
    Duration least = std::chrono::milliseconds(200);
    Duration most = std::chrono::seconds(10);
    Duration reset_after = std::chrono::seconds(30);  // Of success, until it is forgotten.
  };

  Backoff(Options options, std::uint64_t seed) : options_(options), random_(seed) {}

  /// To be called at each failure; `lasted` is for how long the attempt had worked.
  Duration next(Duration lasted = {});

 private:
  Options options_;
  Random random_;
  Duration bound_{};  // Zero: no failure since the last reset.
};

}  // namespace flotilla::discovery
