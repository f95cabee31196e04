#pragma once

#include <cstdint>

namespace flotilla {

/// xoshiro256** from one seed. The standard distributions differ between libraries; a seed must
/// replay everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in [0, bound); bound must not be zero.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [least, most].
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + below(most - least + 1);
  }
  /// True with probability `share` (0 to 1).
  bool chance(double share);

 private:
  std::uint64_t state_[4];
};

}  // namespace flotilla
