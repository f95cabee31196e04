#pragma once

#include "client/failure.h"
#include "client/policy.h"

namespace flotilla::client {

/// What follows when every node that took part in a round has answered or failed.
struct RoundEnd {
  bool is_over = false;      // `result` is the whole call's.
  Expected<void> result{};   // Also what to fail with when no time is left for another round.
  Milliseconds pause{0};     // Before the next round.
  bool looks_again = false;  // The cluster may have changed.
};

/// What one frame of a reply of several means.
enum class Taken : std::uint8_t {
  More,    // Further frames are to come.
  All,     // The reply is whole.
  Enough,  // The rest is not wanted: the connection is to be closed.
};

}  // namespace flotilla::client
