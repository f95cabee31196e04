#include "discovery/backoff.h"

#include <algorithm>

namespace flotilla::discovery {

Duration Backoff::next(Duration lasted) {
  if (lasted >= options_.reset_after) bound_ = {};
  bound_ = bound_ == Duration{} ? options_.least : std::min(bound_ * 2, options_.most);
  return Duration(
      static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(bound_.count()) + 1)));
}

}  // namespace flotilla::discovery
