#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "discovery/model.h"

/// What sources other than engines answer, read into members. Nothing here asks anybody.
namespace flotilla::discovery {

/// What a source's entry does not say.
struct Defaults {
  std::string cluster;  // Empty: the entry must say it, or gets "aerospike".
  std::uint16_t mesh_port = kMeshPort;
  std::uint16_t service_port = kServicePort;
  bool tls = false;
};

/// Consul's GET /v1/health/service/NAME: passing instances. The service's meta data, or tags
/// "key=value", may say com.aerospike.cluster, .mesh-port, and .tls.
Expected<std::vector<Desired>> parse_consul(std::string_view json, const Defaults& defaults);

/// An answer of etcd's POST /v3/kv/range.
struct EtcdRange {
  std::vector<Desired> members;
  std::vector<std::string> problems;  // Of single keys.
  std::int64_t revision = 0;          // Of the store.
};
/// Each value is one member, as an object of parse_members() or as "host[:port]". A member is known
/// by its key.
Expected<EtcdRange> parse_etcd(std::string_view json, const Defaults& defaults);

/// One line of etcd's POST /v3/watch.
struct EtcdWatch {
  bool has_events = false;
  bool is_cancelled = false;  // Compacted away, or the server's own reasons: look at all anew.
  std::string reason;
  std::int64_t revision = 0;
};
Expected<EtcdWatch> parse_etcd_watch(std::string_view json);

/// Kubernetes' list of EndpointSlices (discovery.k8s.io/v1), ready addresses and others.
struct EndpointSlices {
  std::vector<Desired> members;
  std::string version;  // resourceVersion to watch from.
};
/// The cluster is the slice's label com.aerospike.cluster, else the default, else its service's
/// name. Ports are those named "service" and "heartbeat".
Expected<EndpointSlices> parse_endpoint_slices(std::string_view json, const Defaults& defaults);
/// One line of a watch: false when the watch is no good any more.
bool is_good_watch_event(std::string_view json);

/// A list of members in YAML or JSON: [{host, name, cluster, service-port, mesh-port, tls}], or an
/// object with that under "members"; a text stands for its host. Problem: anything else, with the
/// entry.
Expected<std::vector<Desired>> parse_members(std::string_view text, const Defaults& defaults);

}  // namespace flotilla::discovery
