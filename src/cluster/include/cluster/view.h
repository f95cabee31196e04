#pragma once

#include <string>
#include <vector>

#include "cluster/row.h"

namespace flotilla::cluster {

/// Where something listens: a numeric address, or a host name where one was configured.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// What a node tells the others of itself.
struct NodeInfo {
  Process process;
  wire::NodeId id;  // What clients see.
  std::vector<Endpoint> heartbeat;
  std::vector<Endpoint> fabric;
  std::vector<Endpoint> service;    // For clients.
  std::vector<Endpoint> alternate;  // For clients elsewhere.
  bool quiesced = false;
  bool leaving = false;

  /// A namespace that the node has, and its settings that placement looks at.
  struct NamespaceInfo {
    std::string name;
    std::uint32_t replication_factor = 1;
    std::uint32_t rack = 0;  // 0: none.
    bool durable = false;
    bool operator==(const NamespaceInfo&) const = default;
  };
  std::vector<NamespaceInfo> namespaces;

  friend bool operator==(const NodeInfo&, const NodeInfo&) = default;
};

/// Rows of one namespace: index is the partition.
struct NamespaceRows {
  std::string name;
  std::uint32_t replication_factor = 1;  // Agreed; what is in effect may be less.
  std::vector<Row> rows;
};

/// A holder of durable data that is not in the view.
struct Away {
  Uuid node{};
  wire::NodeId id;
  std::uint64_t last_seen_ms = 0;  // Cluster clock.
  std::vector<std::pair<std::uint32_t, wire::PartitionId>> partitions;
};

/// An agreed list of members, and who serves what.
struct View {
  Epoch epoch;
  Epoch base;
  Process leader;
  std::vector<NodeInfo> members;  // In order of seniority.
  std::vector<Away> away;
  std::vector<NamespaceRows> namespaces;
  std::int64_t clock_offset_ms = 0;  // Cluster clock minus the leader's wall clock.

  const NodeInfo* member(const Process& process) const;
  /// Hex of it is what tools compare: 48 bits, never zero.
  std::uint64_t cluster_key() const;
};

}  // namespace flotilla::cluster
