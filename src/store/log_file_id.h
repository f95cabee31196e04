#pragma once

#include <cstdint>

namespace flotilla::store {

/// Which file of which log.
struct LogFileId {
  unsigned index = 0;
  unsigned count = 1;
  std::uint64_t size = 0;
};

}  // namespace flotilla::store
