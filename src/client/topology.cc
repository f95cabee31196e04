#include "client/topology.h"

#include <algorithm>

#include "base/parse.h"

namespace flotilla::client {
namespace {

constexpr std::size_t kBitmapSize = wire::kPartitions / 8;
/// More columns than any cluster has nodes are nonsense.
constexpr std::uint64_t kColumnsMax = 256;

/// The bracketed lists of a peers answer, read left to right.
class ListText {
 public:
  explicit ListText(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  bool next_is(char c) const { return rest_.starts_with(c); }
  void expect(char c) {
    if (!next_is(c)) return break_off();
    rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Up to one of the separators of the grammar; a leading bracketed IPv6 address is passed over
  /// whole.
  std::string_view word() {
    std::size_t from = 0;
    if (next_is('[')) from = rest_.find(']');
    const std::size_t end =
        std::min(rest_.find_first_of(",[]", from == 0 ? 0 : from + 1), rest_.size());
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }

 private:
  void break_off() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

bool read_addresses(ListText& text, std::uint16_t default_port, Peer& peer) {
  if (!text.take('[')) return text.next_is(']');  // "[node,,]": departed.
  while (text.ok() && !text.take(']')) {
    auto address = parse_addresses(text.word(), default_port);
    if (!address) return false;
    for (Address& a : *address) {
      a.tls_name = peer.tls_name;
      peer.addresses.push_back(std::move(a));
    }
    if (!text.next_is(']')) text.expect(',');
  }
  return text.ok();
}

bool read_peer(ListText& text, std::uint16_t default_port, Peer& peer) {
  text.expect('[');
  peer.node = text.word();
  text.expect(',');
  peer.tls_name = text.word();
  text.expect(',');
  if (!text.ok() || peer.node.empty() || !read_addresses(text, default_port, peer)) return false;
  text.expect(']');
  return text.ok();
}

Result<PartitionSet> parse_column(std::string_view base64) {
  Buffer bytes;
  if (!from_base64(base64, bytes) || bytes.size() != kBitmapSize)
    return fail(Code::Parameter, "replicas: column");
  PartitionSet set;
  for (std::size_t p = 0; p < wire::kPartitions; ++p)
    set[p] = (static_cast<unsigned>(bytes[p / 8]) & (0x80U >> (p % 8))) != 0;
  return set;
}

Result<OwnedPartitions> parse_namespace(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(Code::Parameter, "replicas: namespace");
  OwnedPartitions owned{.ns = std::string(text.substr(0, colon)), .regime = 0, .columns = {}};
  const auto parts = split(text.substr(colon + 1), ',');
  if (parts.size() < 2) return fail(Code::Parameter, "replicas: short");
  const auto regime = parse_u64(parts[0]);
  const auto count = parse_u64(parts[1]);
  if (!regime || *regime > UINT32_MAX || !count || *count > kColumnsMax ||
      *count != parts.size() - 2)
    return fail(Code::Parameter, "replicas: regime or count");
  owned.regime = static_cast<std::uint32_t>(*regime);
  for (const std::string_view part : std::span(parts).subspan(2)) {
    auto column = parse_column(part);
    if (!column) return tl::unexpected(column.error());
    owned.columns.push_back(*column);
  }
  return owned;
}

}  // namespace

Result<PeerList> parse_peers(std::string_view text) {
  ListText list(text);
  PeerList found;
  const auto generation = parse_i64(list.word());
  list.expect(',');
  const std::string_view port_text = list.word();
  // Without TLS or a service of that kind the default port may be left empty.
  const auto port =
      port_text.empty() ? std::optional<std::uint64_t>(kDefaultPort) : parse_u64(port_text);
  list.expect(',');
  list.expect('[');
  if (!list.ok() || !generation || !port || *port > 65535)
    return fail(Code::Parameter, "peers: head");
  found.generation = *generation;
  while (list.ok() && !list.take(']')) {
    Peer peer;
    if (!read_peer(list, static_cast<std::uint16_t>(*port), peer))
      return fail(Code::Parameter, "peers: node");
    found.peers.push_back(std::move(peer));
    if (!list.next_is(']')) list.expect(',');
  }
  if (!list.ok() || !list.at_end()) return fail(Code::Parameter, "peers: end");
  return found;
}

Result<std::vector<OwnedPartitions>> parse_replicas(std::string_view text) {
  std::vector<OwnedPartitions> all;
  for (const std::string_view part : split(text, ';')) {
    if (part.empty()) continue;
    auto owned = parse_namespace(part);
    if (!owned) return tl::unexpected(owned.error());
    all.push_back(*std::move(owned));
  }
  return all;
}

PartitionMap::PartitionMap(std::span<const std::vector<OwnedPartitions>> owned) {
  using Regimes = std::vector<std::array<std::uint32_t, wire::kPartitions>>;
  std::map<std::string, Regimes, std::less<>> regimes;
  for (std::size_t node = 0; node < owned.size(); ++node) {
    for (const OwnedPartitions& part : owned[node]) {
      NamespaceMap& map = namespaces_[part.ns];
      Regimes& highest = regimes[part.ns];
      while (map.columns.size() < part.columns.size()) {
        map.columns.emplace_back().fill(kNoNode);
        highest.emplace_back().fill(0);
      }
      for (std::size_t c = 0; c < part.columns.size(); ++c) {
        for (std::size_t p = 0; p < wire::kPartitions; ++p) {
          if (!part.columns[c][p] || part.regime < highest[c][p]) continue;
          map.columns[c][p] = static_cast<NodeNumber>(node);
          highest[c][p] = part.regime;
        }
      }
    }
  }
}

void PartitionMap::keep_unclaimed(const PartitionMap& before, std::span<const NodeNumber> now) {
  for (auto& [ns, map] : namespaces_) {
    const NamespaceMap* const old = before.find(ns);
    const std::size_t columns =
        old == nullptr ? 0 : std::min(map.columns.size(), old->columns.size());
    for (std::size_t c = 0; c < columns; ++c)
      for (std::size_t p = 0; p < wire::kPartitions; ++p)
        if (const NodeNumber owner = old->columns[c][p];
            map.columns[c][p] == kNoNode && owner != kNoNode)
          map.columns[c][p] = now[owner];
  }
}

void PartitionMap::set_near(std::string_view ns, NodeNumber node) {
  if (const auto at = namespaces_.find(ns); at != namespaces_.end()) at->second.near.insert(node);
}

const NamespaceMap* PartitionMap::find(std::string_view ns) const {
  const auto at = namespaces_.find(ns);
  return at == namespaces_.end() ? nullptr : &at->second;
}

std::map<std::string, std::int64_t, std::less<>> parse_rack_ids(std::string_view text) {
  std::map<std::string, std::int64_t, std::less<>> racks;
  for (const std::string_view part : split(text, ';')) {
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) continue;
    if (const auto rack = parse_i64(part.substr(colon + 1)))
      racks.emplace(part.substr(0, colon), *rack);
  }
  return racks;
}

namespace {

/// The owners in the order in which they are tried: the near ones first.
NodeNumber route_near(const NamespaceMap& map, wire::PartitionId partition, unsigned attempt) {
  std::vector<NodeNumber> order;
  for (const bool near : {true, false})
    for (const auto& column : map.columns)
      if (const NodeNumber node = column[partition.raw()];
          node != kNoNode && map.near.contains(node) == near)
        order.push_back(node);
  return order.empty() ? kNoNode : order[attempt % order.size()];
}

}  // namespace

NodeNumber route(const NamespaceMap& map, wire::PartitionId partition, Replica replica,
                 unsigned attempt, unsigned spread) {
  const std::size_t columns = map.columns.size();
  if (columns == 0) return kNoNode;
  std::size_t start = 0;
  if (replica == Replica::Sequence) start = attempt % columns;
  if (replica == Replica::Any) start = (std::size_t{spread} + attempt) % columns;
  if (replica == Replica::PreferRack) return route_near(map, partition, attempt);
  if (replica == Replica::Master) return map.columns[0][partition.raw()];
  for (std::size_t i = 0; i < columns; ++i) {
    const NodeNumber node = map.columns[(start + i) % columns][partition.raw()];
    if (node != kNoNode) return node;
  }
  return kNoNode;
}

}  // namespace flotilla::client
