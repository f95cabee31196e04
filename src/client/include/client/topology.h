#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/address.h"
#include "wire/ids.h"

/// What nodes say about their cluster, as pure functions on the answers of their info commands.
namespace flotilla::client {

struct Peer {
  std::string node;  // Node id as text, e.g. "BB9020011AC4202".
  std::string tls_name;
  std::vector<Address> addresses;  // Empty: the node has departed.

  friend bool operator==(const Peer&, const Peer&) = default;
};

struct PeerList {
  std::int64_t generation = 0;
  std::vector<Peer> peers;
};

/// Answer of peers-clear-std: "generation,default port,[[node,tls name,[address,...]],...]".
/// Parameter: anything else.
Result<PeerList> parse_peers(std::string_view text);

/// One bit a partition.
using PartitionSet = std::bitset<wire::kPartitions>;

/// The part of one namespace that one node says it owns. Column 0 is mastership, column k the k-th
/// replica.
struct OwnedPartitions {
  std::string ns;
  std::uint32_t regime = 0;
  std::vector<PartitionSet> columns;
};

/// Answer of replicas: "ns:regime,count,base64,...;ns2:...". Parameter: anything else; a column of
/// the wrong size.
Result<std::vector<OwnedPartitions>> parse_replicas(std::string_view text);

/// Number of a node in the caller's own list.
using NodeNumber = std::uint16_t;
inline constexpr NodeNumber kNoNode = 0xFFFF;

/// Who owns each partition of one namespace.
struct NamespaceMap {
  /// columns[0] are the masters.
  std::vector<std::array<NodeNumber, wire::kPartitions>> columns;
  /// The nodes of the caller's rack.
  std::set<NodeNumber> near = {};
};

/// Answer of rack-ids, "ns:rack;ns2:rack2": the rack of the node for each namespace. What does not
/// parse is left out: racks are a preference.
std::map<std::string, std::int64_t, std::less<>> parse_rack_ids(std::string_view text);

/// Namespace to owners, merged from what all nodes say of themselves. When two claim the same
/// place, the one with the higher regime has it, else the later of the two in the list.
class PartitionMap {
 public:
  PartitionMap() = default;
  /// `owned[i]` is what node number i said.
  explicit PartitionMap(std::span<const std::vector<OwnedPartitions>> owned);

  /// A partition that nobody claims stays with whom it was at: while it changes hands, the old
  /// owner passes requests on. `now[i]` is the present number of what was node i; kNoNode: it has
  /// gone.
  void keep_unclaimed(const PartitionMap& before, std::span<const NodeNumber> now);

  void set_near(std::string_view ns, NodeNumber node);

  /// Null: no node has ever named the namespace.
  const NamespaceMap* find(std::string_view ns) const;
  const std::map<std::string, NamespaceMap, std::less<>>& namespaces() const { return namespaces_; }

 private:
  std::map<std::string, NamespaceMap, std::less<>> namespaces_;
};

enum class Replica : std::uint8_t {
  Master,      // Always the master.
  Sequence,    // The master first; each retry moves on to the next replica.
  Any,         // Spread over master and replicas.
  PreferRack,  // Nodes of ClientOptions::rack_id first, then as Sequence. For reads.
};

/// The node for attempt number `attempt` (from 0); `spread` chooses among replicas for Any.
/// kNoNode: nobody owns it.
NodeNumber route(const NamespaceMap& map, wire::PartitionId partition, Replica replica,
                 unsigned attempt, unsigned spread);

}  // namespace flotilla::client
