#pragma once

#include <cstdint>
#include <vector>

namespace flotilla::store {

/// The index checkpoint that a file's header names.
struct StandingCheckpoint {
  std::vector<std::uint32_t> slots{};  // Of its root, then of its chunks. None: there is no such.
  std::uint64_t young = 0;             // The lowest number of a segment that it says nothing of.
};

}  // namespace flotilla::store
