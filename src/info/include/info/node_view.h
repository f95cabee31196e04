#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "exec/query_jobs.h"
#include "info/census.h"
#include "info/latency_window.h"
#include "info/statistics.h"
#include "info/user_agents.h"
#include "wire/ids.h"

namespace flotilla::info {

/// Where something listens, as told to others: a numeric address or a host name, without brackets.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// The connection that an info request came over. Lives as long as it; its reactor alone uses it.
struct Connection {
  Endpoint local;      // This node's end: an address that the client reaches for certain.
  Endpoint remote;     // The client's end.
  bool admin = false;  // Came to the admin port.
  /// What UserAgents::add() gave; empty: the client said nothing. On close it must go back to
  /// UserAgents::remove().
  std::string user_agent{};
};

/// Another node, as clients are told of it.
struct Peer {
  wire::NodeId node;
  std::string tls_name;
  std::vector<Endpoint> standard;
  std::vector<Endpoint> alternate;
  /// peers-generation at which it appeared, changed, or went.
  std::uint64_t generation = 0;
};

/// The cluster, from here.
struct ClusterView {
  std::uint64_t key = 0;                   // 0: in no cluster.
  bool stable = true;                      // Membership is settled and all members agree on it.
  std::vector<wire::NodeId> succession{};  // All members, the principal first.
  std::int64_t partition_generation =
      -1;  // -1: no partitions yet; changes with every bit of a replica map.
  std::uint64_t rebalance_generation = 0;
  std::uint64_t peers_generation = 0;
  std::vector<Peer> peers{};   // Without this node.
  std::vector<Peer> alumni{};  // Peers, and those that went.
};

/// Which partitions of a namespace this node owns, by column: masters first, then replicas.
struct ReplicaMap {
  std::uint32_t regime = 0;  // 0 outside of strong consistency.
  std::vector<std::bitset<wire::kPartitions>> columns;
};

/// One line of `partition-info`.
struct PartitionLine {
  char state = 'S';  // S settled, D desynchronized, A absent, U unavailable.
  std::uint32_t replicas = 0;
  std::int32_t replica = 0;  // This node's column.
  std::uint32_t succession = 0;
  std::uint32_t duplicates = 0;
  wire::NodeId working_master;
  wire::NodeId proxy_destination;
  std::uint64_t emigrates = 0;
  std::uint64_t lead_emigrates = 0;
  std::uint64_t immigrates = 0;
  std::uint64_t records = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t regime = 0;
  std::uint64_t tree = 0;
  std::string version;
  std::string final_version;
};

/// A rack and the nodes in it.
struct Rack {
  std::uint32_t id = 0;
  std::vector<wire::NodeId> nodes;
};

/// A secondary index as it is asked for.
struct SindexDefinition {
  std::string ns;
  std::string set;  // Empty: all records.
  std::string name;
  std::string bin;         // Empty for an index of a set or of an expression.
  std::string type;        // numeric, string, blob, geo2dsphere; empty for an index of a set.
  std::string index_type;  // default, list, mapkeys, mapvalues, set.
  std::string context;     // Base64 of the path in a bin; empty: none.
  std::string expression;  // Base64; empty: none.
};

struct SindexLine {
  SindexDefinition definition;
  std::string context_text{};  // Of `sindex-list` without b64=true; empty: none.
  std::string expression_text{};
  std::string state = "RW";  // RW usable, WO being built.
  std::uint64_t entries = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t entries_per_bval = 0;
  std::uint64_t entries_per_rec = 0;
  std::uint32_t load_pct = 100;
  std::uint64_t load_seconds = 0;
  std::uint64_t collected = 0;
};

struct UdfModule {
  std::string filename;
  std::string content;
  std::string hash;  // 40 hex digits.
};

/// Why a module was refused, when its text does not compile.
struct UdfProblem {
  std::string file;
  std::uint32_t line = 0;
  std::string message;
};

/// Everything that info commands and metrics know of the node. The server implements it; all
/// functions may be called from any reactor at any time and must not block for long. Lists are
/// snapshots.
///
/// Functions with a body are of features that a server may lack: what they answer then is right.
class NodeView {
 public:
  virtual ~NodeView() = default;

  virtual config::Config& config() = 0;
  virtual wire::NodeId node_id() const = 0;
  /// False until the node takes client traffic, and again once it stops.
  virtual bool serving() const = 0;
  /// Serving, and caught up with the cluster: the next node of a rolling update may stop.
  virtual bool ready() const { return serving(); }
  virtual Instant now() const = 0;
  virtual WallTime wall_time() const = 0;
  virtual ClusterView cluster() const = 0;
  /// Numeric addresses for a word of the configuration: "any" (those of all interfaces, without
  /// loopback), "local", the name of an interface or host; an address is itself. Must not wait for
  /// a name server: what is not known yet is left out.
  virtual std::vector<std::string> addresses_of(std::string_view word) const = 0;

  virtual NodeStatistics node_statistics() const = 0;
  /// The namespace is one of config().namespaces, here and below.
  virtual NamespaceStatistics namespace_statistics(const config::NamespaceConfig& ns) const = 0;
  virtual std::vector<SetStatistics> set_statistics(const config::NamespaceConfig& ns) const = 0;
  virtual ReplicaMap replicas(const config::NamespaceConfig& ns) const = 0;
  /// By default all members of the cluster in the rack that the configuration names.
  virtual std::vector<Rack> racks(const config::NamespaceConfig& ns) const;
  virtual std::vector<PartitionLine> partitions(const config::NamespaceConfig& ns) const = 0;
  /// By name: "batch-index", "info", "{test}-read". Nothing: nothing was ever recorded.
  virtual std::optional<LatencyWindow> latency(std::string_view name) const = 0;
  /// Sizes and remaining lives of the records at the last count; of a set, or of all when it is
  /// empty.
  virtual std::optional<Census> census(const config::NamespaceConfig& ns,
                                       std::string_view set) const = 0;
  virtual exec::QueryJobs& jobs() = 0;
  virtual UserAgents& user_agents() = 0;
  /// Counts a use of a command that is to go away.
  virtual void count_deprecated() {}

  /// Makes records last updated up to `before` invisible, here and on all nodes; `set` empty: of
  /// the whole namespace. The namespace may be unknown here: it may live on other nodes.
  virtual Result<void> truncate(std::string_view ns, std::string_view set, WallTime before) = 0;
  virtual Result<void> undo_truncate(std::string_view ns, std::string_view set) = 0;
  /// Forgets how far eviction went; or evicts what has less life than `ttl` seconds, when given.
  virtual Result<void> reset_eviction(std::string_view ns, std::optional<std::uint64_t> ttl);

  /// Levels of config().logging have changed.
  virtual void apply_log_levels() {}
  /// Checks of the host that failed, by name.
  virtual std::vector<std::string> failed_best_practices() const { return {}; }
  /// Writes a part of the state to the log: "cluster", "fabric", "hb", ...
  virtual void dump(std::string_view) {}

  /// Adds a node to look for; true: also when it was known.
  virtual Result<void> tip(const Endpoint& seed, bool tls);
  /// False: it was no seed.
  virtual bool clear_tip(const Endpoint& seed);
  virtual void forget_alumni() {}
  /// Asks for a new assignment of partitions.
  virtual Result<void> recluster();
  virtual Result<void> quiesce(bool on);

  virtual std::vector<SindexLine> sindexes() const { return {}; }
  virtual Result<void> create_sindex(const SindexDefinition& definition);
  /// The namespace's index of that name; the set may be empty. Nothing to do is success.
  virtual Result<void> delete_sindex(std::string_view ns, std::string_view name);

  virtual std::vector<UdfModule> udf_modules() const { return {}; }
  /// `problem` says why when the code is UdfFailed.
  virtual Result<void> put_udf(std::string_view filename, std::string content, UdfProblem& problem);
  virtual Result<void> remove_udf(std::string_view filename);

  /// Keys and values of a kind of cluster-wide metadata: "evict", "sindex", "truncate", "UDF".
  virtual std::vector<std::pair<std::string, std::string>> metadata(std::string_view) const {
    return {};
  }
};

}  // namespace flotilla::info
