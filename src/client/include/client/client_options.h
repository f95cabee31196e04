#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "client/access.h"

namespace flotilla::client {

/// Of a client as a whole, fixed when it connects.
struct ClientOptions {
  std::chrono::milliseconds tend_interval{1000};
  std::chrono::milliseconds connect_timeout{1000};  // Also of every info request while tending.
  std::size_t connections_per_node_max = 100;
  bool use_nodes_not_ready =
      false;  // Also such as own no partition yet: to administer, not to read.
  bool use_alternate_addresses = false;  // Reach nodes by their alternate access addresses.
  std::string cluster_name = {};         // When not empty, nodes of another cluster are not used.
  std::int64_t rack_id = -1;             // Of the caller, for Replica::PreferRack; negative: none.
  SecurityOptions security = {};         // Logins and TLS.
  std::string application = {};          // Shown by the server's `user-agents`; empty: unknown.
};

}  // namespace flotilla::client
