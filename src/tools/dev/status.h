#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cluster.h"
#include "tools/admin/sheet.h"

namespace flotilla::tools::dev {

enum class State : std::uint8_t { Stopped, Running, Paused, Silent };

/// What one node is at this moment; texts are empty where it did not say.
struct NodeState {
  Number node = 0;
  State state = State::Stopped;
  pid_t pid = 0;
  std::string address = {};  // "host:port" for clients.
  std::string id = {};
  std::string cluster_key = {};
  std::string cluster_size = {};
  std::string principal = {};
  std::string objects = {};  // Of namespace `test`, replicas included.
  std::string master_objects = {};
  std::string migrations = {};  // Partitions that still wait to be moved, here.
};

/// Asks every node that runs.
std::vector<NodeState> look_at(const Cluster& cluster);

/// All that run, and are not paused, are members of one view, and nobody else is.
bool is_one_cluster(const std::vector<NodeState>& nodes);

admin::Sheet sheet_of(const std::vector<NodeState>& nodes, std::string title);

}  // namespace flotilla::tools::dev
