#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/model.h"

/// Answers of the Docker Engine API, of any version since 1.22, as far as they matter here. A field
/// that is missing, null, or of another type counts as empty; an answer that is not JSON is a
/// Problem.
namespace flotilla::discovery {

/// A container's, or a task's, place on one network.
struct Attachment {
  std::string network;     // Name.
  std::string network_id;  // May be empty: then nobody knows it by its id.
  std::string ip;          // IPv4 without length; may be empty.
  std::string ip6;
  unsigned length = 0;  // Of the network's prefix; 0: not known.
  unsigned length6 = 0;
};

struct Container {
  std::string id;
  std::string name;  // Without the slash, and without the host that a classic Swarm puts before it.
  std::string host;  // That host; empty on an engine.
  std::string state;  // "running", "paused", "healthy", ...
  std::map<std::string, std::string> labels;
  std::vector<Attachment> attachments;
};
/// GET /containers/json.
Expected<std::vector<Container>> parse_containers(std::string_view json);

struct Network {
  std::string id;
  std::string name;
  std::string short_name;  // As the compose file calls it; empty: not made by compose.
  bool is_local = false;   // Of this engine alone.
};
/// GET /networks.
Expected<std::vector<Network>> parse_networks(std::string_view json);

struct Service {
  std::string name;
  std::map<std::string, std::string> labels;
};
/// GET /services, by id.
Expected<std::map<std::string, Service>> parse_services(std::string_view json);
/// GET /nodes: host names by id.
Expected<std::map<std::string, std::string>> parse_nodes(std::string_view json);
/// GET /tasks, as containers. A label of the container goes before the service's.
Expected<std::vector<Container>> parse_tasks(std::string_view json,
                                             const std::map<std::string, Service>& services,
                                             const std::map<std::string, std::string>& nodes);

struct ApiVersion {
  unsigned major = 0;
  unsigned minor = 0;

  /// "1.41".
  static Expected<ApiVersion> parse(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const ApiVersion&, const ApiVersion&) = default;
};
struct EngineVersion {
  std::string version;  // "20.10.24", "swarm/1.2.9".
  ApiVersion newest;
  ApiVersion oldest;  // 0.0: it does not say.
};
/// GET /version.
Expected<EngineVersion> parse_version(std::string_view json);
/// The version to speak. Problem: there is none that both know.
Expected<ApiVersion> negotiate(const EngineVersion& engine);

/// GET /info: whether the engine is a manager of a swarm.
bool is_swarm_manager(std::string_view json);
/// The "message" of an engine's refusal, else the answer itself, shortened to a line.
std::string refusal(std::string_view body);

struct EngineEvent {
  std::string type;
  std::string action;
  std::string actor;
  std::int64_t time_ns = 0;  // Since 1970.
};
/// One line of GET /events.
Expected<EngineEvent> parse_event(std::string_view json);
/// Whether the members, or their addresses, may be others after it.
bool is_relevant(const EngineEvent& event);

/// What to take from a listing of containers.
struct Selection {
  std::string cluster = {};  // Only this value of the label; empty: each value is a cluster.
  std::string network = {};  // Name, id, or the compose file's name; empty: see below.
  std::uint16_t mesh_port = kMeshPort;
  std::uint16_t service_port = kServicePort;
  bool tls = false;
  /// False: members of the same cluster may run where this listing does not reach, so an address on
  /// a network of several hosts that nobody here has may be theirs.
  bool sees_all_hosts = false;
  /// The first digits, at least 12, of the id of the container that this service runs in; empty: of
  /// none. Where several networks have the wanted name, those that it is on are meant.
  std::string self = {};
};
/// Members are the containers with the label com.aerospike.cluster. Their network is that of the
/// label com.aerospike.network, else `network`, else the only one they are on, else the only one
/// that all members of the cluster share; never a guess. Without an address there they are listed
/// with the problem.
Listing select_members(std::span<const Container> containers, std::span<const Network> networks,
                       const Selection& selection);

}  // namespace flotilla::discovery
