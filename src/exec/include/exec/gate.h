#pragma once

#include "cluster/replica.h"
#include "store/record_log.h"

namespace flotilla::exec {

/// What a reply, or a part of one, waits for before it may leave: this node's log, the copies on
/// other nodes, or both.
struct Gate {
  store::RecordLog* log = nullptr;  // Null: nothing to wait for on disk.
  store::LogPosition position{};
  const cluster::Replica* replica = nullptr;  // Null: no other copies.
  store::Lsn lsn{};
  Instant deadline{};  // Of the wait for copies.

  enum class State : std::uint8_t {
    Shut,
    Open,
    InDoubt,  // It will not open in time, or never: the write may or may not last.
  };
  /// Any thread.
  State state(Instant now) const;
};

}  // namespace flotilla::exec
