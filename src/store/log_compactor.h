#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "aligned_buffer.h"
#include "store/log.h"
#include "store/segment_scan.h"

namespace flotilla::store {

class LogFile;

/// Gives segments with little left in them back, and looks for old copies that tombstones hide.
/// Reads one segment at a time. Part of LogFile, on its stepping thread.
class LogCompactor {
 public:
  explicit LogCompactor(LogFile& log) : log_(log) {}

  void advance(Instant now, std::vector<IoRequest>& out);
  void completed(bool ok);
  void ask_for_pass();
  std::optional<Instant> deadline() const;

 private:
  [[maybe_unused]] LogFile& log_;
};

}  // namespace flotilla::store
