#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "client/client_options.h"
#include "client/topology.h"
#include "node.h"

namespace flotilla::client {

/// What is known of the cluster at one moment. Never changes; a newer one replaces it.
struct Topology {
  std::vector<std::shared_ptr<Node>>
      nodes;                // Shared: a command may still use a node that has just left.
  PartitionMap partitions;  // Its node numbers are places in `nodes`.

  /// By name; empty: any. NoNode: no such node.
  Expected<std::shared_ptr<Node>> find_node(std::string_view name) const;
};

/// Keeps an up-to-date Topology: one thread asks all nodes every ClientOptions::tend_interval.
/// Thread-safe.
class Cluster {
 public:
  /// Returns once at least one seed has answered and its whole cluster has been asked once.
  /// Failure: what the last seed failed with.
  static Expected<std::unique_ptr<Cluster>> connect(std::vector<Address> seeds,
                                                    ClientOptions options);
  ~Cluster();

  std::shared_ptr<const Topology> topology() const;
  /// Asks the nodes as soon as possible: a command has met something unexpected.
  void look_again();
  const ClientOptions& options() const { return options_; }
  const std::shared_ptr<Access>& access() const { return access_; }

 private:
  /// One node as the tending thread knows it.
  struct Watched {
    std::shared_ptr<Node> node;
    std::optional<Connection> connection;
    std::int64_t peers_generation = -1;
    std::int64_t partition_generation = -1;
    std::vector<Peer> peers;
    std::vector<OwnedPartitions> owned;
    std::map<std::string, std::int64_t, std::less<>> racks;  // By namespace; only where wanted.
    int failures = 0;                                        // In a row.
    bool answered = false;                                   // In this round.
    bool is_mentioned = false;                               // By any peer list of this round.
  };

  Cluster(std::vector<Address> seeds, ClientOptions options, std::shared_ptr<Access> access);

  void run();
  /// One round over all nodes. Failure: not one node is known.
  Expected<void> tend();
  Expected<void> seed();
  Expected<Watched> meet(const Address& address, const std::string& expected_name);
  void refresh(Watched& watched);
  Expected<void> ask_generations(Watched& watched);
  void ask_peers(Watched& watched);
  void ask_partitions(Watched& watched);
  bool add_peers();
  bool drop_departed();
  bool maps_any_partition(const Watched& watched) const;
  void publish();
  std::string_view service_command() const;
  std::string_view peers_command() const;

  const std::vector<Address> seeds_;
  const ClientOptions options_;
  const std::shared_ptr<Access> access_;  // Shared with the nodes' connections.
  std::vector<Watched> watched_;          // Of the tending thread (before it starts: of connect()).
  bool changed_ = false;                  // As above: something to publish.

  mutable std::mutex lock_;  // Guards all below.
  std::condition_variable wake_;
  std::shared_ptr<const Topology> topology_;
  bool look_again_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace flotilla::client
