#pragma once

#include <functional>

#include "client/policy.h"
#include "cluster.h"

namespace flotilla::client {

/// A single-record request, ready to be sent, and what is needed to repeat it.
struct Command {
  std::string_view ns;
  wire::PartitionId partition;
  const CommandPolicy& policy;
  bool is_write;  // Its failure may leave the write in doubt.
  Bytes request;
};

/// Looks at one reply. A failure with a server's code leaves the connection usable.
using OnReply = std::function<Expected<void>(Bytes body, const std::string& node)>;

/// Sends the command to the owner of its partition, again and elsewhere as its policy allows.
Expected<void> run_command(Cluster& cluster, const Command& command, const OnReply& on_reply);

/// Whether a connection can be used after the server has answered this code.
bool keeps_connection(std::int16_t code);

/// Sleeps before another attempt, but not past the deadline; false: no time is left for one.
bool pause_before_retry(Milliseconds pause, Deadline deadline);

}  // namespace flotilla::client
