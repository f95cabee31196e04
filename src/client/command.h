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

/// The node for the command's attempt number `attempt`.
Expected<std::shared_ptr<Node>> find_node(const Cluster& cluster, const Command& command,
                                          unsigned attempt);

/// What follows from a failed attempt. Pure, apart from marking the failure as in doubt.
struct Retry {
  bool again = false;
  bool looks_again = false;  // The cluster may have changed.
  Clock::duration pause{0};  // Before the next attempt.
};
/// `number`: of the attempt, from 0. `times_sent`: attempts that may have reached a node.
Retry plan_retry(Failure& failure, const CommandPolicy& policy, bool is_write, int number,
                 int times_sent);

/// Whether a connection can be used after the server has answered this code.
bool keeps_connection(std::int16_t code);
/// Whether it says that the connection's session has ended.
bool ends_session(std::int16_t code);

/// Sleeps before another attempt, but not past the deadline; false: no time is left for one.
bool pause_before_retry(Clock::duration pause, Deadline deadline);

}  // namespace flotilla::client
