#pragma once

#include <optional>
#include <vector>

#include "exec/executor.h"

namespace flotilla::exec {

/// One partition that a query still has to walk: from its top, or on below a digest.
struct PartitionWork {
  wire::PartitionId partition;
  std::optional<wire::Digest> below;
};

/// A query as its fields and flags state it, checked. Views point into the request.
struct QueryPlan {
  std::uint64_t id = 0;  // 0: the server chooses.
  std::vector<PartitionWork> work;
  std::uint32_t partitions = 0;  // Asked whole,
  std::uint32_t digests = 0;     // and asked from a digest on.
  std::string_view set;
  std::uint64_t max_records = 0;  // 0: all.
  std::uint32_t records_per_second = 0;
  std::uint32_t socket_timeout_ms = 10'000;
  bool is_short = false;
  bool background = false;
  bool no_bins = false;
  std::optional<Bytes> filter;
};

/// The bins named by field 40, the old form of a projection. Empty: none, or it does not parse.
std::vector<std::string_view> query_bins(const wire::Fields& fields);

/// Parameter, Unsupported, Forbidden, IndexNotFound: as docs/formats/wire.md says.
Result<QueryPlan> plan_query(const Namespace& ns, const wire::Message& message);

}  // namespace flotilla::exec
