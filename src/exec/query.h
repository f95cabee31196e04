#pragma once

#include <string>

#include "exec/executor.h"

namespace flotilla::exec {

/// A message without a digest: a query over partitions, or a background job.
struct QueryRequest {
  Executor& executor;
  Namespace& ns;
  Bytes body;  // The whole message, for what must outlive the receive buffer.
  const wire::Message& message;
  const Moment& moment;
  const std::string& from;
};

/// Checks the request, answers an error or begins the stream of records.
Outcome start_query(const QueryRequest& request, OutBuffer& out);

}  // namespace flotilla::exec
