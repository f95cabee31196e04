#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tools/admin/health.h"

/// `flotilla top`: what a cluster does, from one sample to the next.
namespace flotilla::tools::top {

/// Operations of clients a second. A write is also a delete, a touch, or an operate; a row of a
/// batch is counted by itself.
struct Rates {
  double reads = 0;
  double writes = 0;
  double queries = 0;
  double errors = 0;   // Failed or timed out at the server; a record that is not there is no error.
  double proxied = 0;  // Of all these, passed on to the node they were for.

  double operations() const { return reads + writes + queries; }
  Rates& operator+=(const Rates& other);
};

/// 99 of 100 were at most so slow: a power of two, as the server's histograms have it.
struct Percentile {
  double limit = 0;  // 0: nothing was measured.
  std::string unit = {};
  bool is_open = false;  // Slower than the last limit there is.

  double milliseconds() const { return unit == "us" ? limit / 1000 : limit; }
};

struct NodeLine {
  enum class State : std::uint8_t { Serves, Migrates, Quiesced, Alone, Silent, Gone };

  std::string name;
  State state = State::Serves;
  bool is_principal = false;
  Rates rates = {};
  Percentile read_p99 = {};
  Percentile write_p99 = {};
  double objects = 0;
  double data_used_percent = 0;  // Of the fullest namespace.
  double migrations = 0;         // Partitions that are still to be sent or received.
  double clients = 0;            // Connections.
  double uptime_seconds = 0;
};

struct NamespaceLine {
  std::string name;
  double replication_factor = 0;
  double masters = 0;
  double copies = 0;
  double tombstones = 0;
  double used_bytes = 0;
  double total_bytes = 0;
  double expired = 0;  // A second, like `evicted`.
  double evicted = 0;
  double unavailable = 0;  // Partitions that nobody serves.
  bool stop_writes = false;
};

/// What was seen of a cluster so far. Not thread-safe.
class Course {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kHistory = 600;                             // Samples.
  static constexpr std::chrono::seconds kGone = std::chrono::seconds(60);  // A lost node is shown.

  /// `when`: the nodes answered; later than all before.
  void add(const std::vector<admin::NodeFacts>& facts, Time when);

  bool is_empty() const { return samples_ == 0; }
  /// Rates need two samples.
  bool has_rates() const { return samples_ > 1; }
  const std::string& cluster_name() const { return cluster_name_; }
  const std::string& cluster_key() const { return cluster_key_; }
  const std::vector<NodeLine>& nodes() const { return nodes_; }
  const std::vector<NamespaceLine>& namespaces() const { return namespaces_; }
  const std::vector<admin::Finding>& findings() const { return findings_; }
  const Rates& total() const { return total_; }
  /// Operations a second of the whole cluster, the newest last; one for each sample but the first.
  const std::deque<double>& history() const { return history_; }

 private:
  struct Seen {
    admin::NodeFacts facts;
    Time when;
  };
  using SeenById = std::map<std::string, Seen, std::less<>>;

  void add_lost_nodes(const std::vector<admin::NodeFacts>& facts, Time when);
  void add_namespaces(const std::vector<admin::NodeFacts>& facts, Time when);

  SeenById seen_;  // The last answer of each node.
  std::size_t samples_ = 0;
  std::string cluster_name_;
  std::string cluster_key_;
  std::vector<NodeLine> nodes_;
  std::vector<NamespaceLine> namespaces_;
  std::vector<admin::Finding> findings_;
  Rates total_;
  std::deque<double> history_;
};

}  // namespace flotilla::tools::top
