#pragma once

#include <vector>

#include "base/out_buffer.h"
#include "client/failure.h"
#include "client/policy.h"
#include "client/scan.h"

namespace flotilla::client {

/// What one node is asked for: its part of a scan.
struct ScanShare {
  std::vector<wire::PartitionId> partitions;  // Not one of them done.
  std::uint64_t max_records = 0;              // 0: all.
  std::uint64_t task_id = 0;
};

/// Parameter: a bin name or a value of the range cannot be sent.
Expected<void> encode_scan(OutBuffer& out, const ScanSpec& spec, const ScanPolicy& policy,
                           const ScanCursor& cursor, const ScanShare& share);

}  // namespace flotilla::client
