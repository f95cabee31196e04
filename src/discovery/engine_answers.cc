#include "discovery/engine_answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"
#include "json.h"

namespace flotilla::discovery {
namespace {

// 1.22 is of Docker 1.10, where networks and events got the shape that is read here; a classic
// Swarm speaks it still. Newer engines refuse what is newer than they, so ours is bounded too.
constexpr ApiVersion kOldest{1, 22};
constexpr ApiVersion kNewest{1, 51};

unsigned length_of(const Json& json) {
  const std::int64_t length = number_of(json);
  return length > 0 && length <= 128 ? static_cast<unsigned>(length) : 0;
}

void set_name(Container& container, std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    container.host = name.substr(0, slash);
    name.erase(0, slash + 1);
  }
  container.name = std::move(name);
}

/// Docker puts health into a text for people: "Up 2 minutes (healthy)".
std::string state_of(const Json& json) {
  const std::string status = text_at(json, "Status");
  for (const char* health : {"unhealthy", "health: starting", "healthy"})
    if (status.find('(' + std::string(health) + ')') != std::string::npos)
      return std::string(health) == "health: starting" ? "starting" : health;
  const std::string state = text_at(json, "State");
  return state.empty() ? "running" : state;
}

/// A container's own name has no slash in it; links come as "/other/alias".
std::string own_name(const Json& names) {
  std::string best;
  for (const Json& name : elements(names)) {
    const std::string text = text_of(name);
    if (best.empty() || std::ranges::count(text, '/') < std::ranges::count(best, '/')) best = text;
  }
  return best;
}

Container container_of(const Json& json) {
  Container out;
  out.id = text_at(json, "Id");
  set_name(out, own_name(at(json, "Names")));
  if (out.name.empty()) out.name = out.id.substr(0, 12);
  out.state = state_of(json);
  out.labels = texts_of(at(json, "Labels"));
  const Json& networks = at(json, "NetworkSettings", "Networks");
  if (!networks.is_object()) return out;
  for (const auto& [name, network] : networks.items())
    out.attachments.push_back({.network = name,
                               .network_id = text_at(network, "NetworkID"),
                               .ip = text_at(network, "IPAddress"),
                               .ip6 = text_at(network, "GlobalIPv6Address"),
                               .length = length_of(at(network, "IPPrefixLen")),
                               .length6 = length_of(at(network, "GlobalIPv6PrefixLen"))});
  return out;
}

void add_address(Attachment& attachment, const std::string& text) {
  const auto range = AddressRange::parse(text);
  if (!range) return;
  const std::string ip = text.substr(0, text.find('/'));
  if (range->first.is_v4()) {
    attachment.ip = ip;
    attachment.length = range->bits - 96;
  } else {
    attachment.ip6 = ip;
    attachment.length6 = range->bits;
  }
}

Container task_of(const Json& json, const std::map<std::string, Service>& services,
                  const std::map<std::string, std::string>& nodes) {
  Container out;
  const std::string task = text_at(json, "ID");
  out.id = text_at(json, "Status", "ContainerStatus", "ContainerID");
  if (out.id.empty()) out.id = task;
  out.state = text_at(json, "Status", "State");
  const std::string node = text_at(json, "NodeID");
  if (const auto at_node = nodes.find(node); at_node != nodes.end()) out.host = at_node->second;
  const auto service = services.find(text_at(json, "ServiceID"));
  const std::int64_t slot = number_of(at(json, "Slot"));
  out.name = fmt::format("{}.{}", service == services.end() ? task : service->second.name,
                         slot == 0 ? (out.host.empty() ? node : out.host) : std::to_string(slot));
  out.labels = texts_of(at(json, "Spec", "ContainerSpec", "Labels"));
  if (service != services.end())
    out.labels.insert(service->second.labels.begin(), service->second.labels.end());
  for (const Json& attached : elements(at(json, "NetworksAttachments"))) {
    const Json& network = at(attached, "Network");
    if (at(network, "Spec", "Ingress") == Json(true)) continue;
    Attachment attachment{.network = text_at(network, "Spec", "Name"),
                          .network_id = text_at(network, "ID"),
                          .ip = {},
                          .ip6 = {}};
    for (const Json& address : elements(at(attached, "Addresses")))
      add_address(attachment, text_of(address));
    out.attachments.push_back(std::move(attachment));
  }
  return out;
}

Expected<Json> parse_array(std::string_view text, const char* what) {
  auto json = parse_json(text, what);
  if (!json) return json;
  if (json->is_null()) return Json::array();
  if (!json->is_array()) return problem(std::string(what) + ": the answer is not a list");
  return json;
}

}  // namespace

Expected<std::vector<Container>> parse_containers(std::string_view text) {
  const auto json = parse_array(text, "containers");
  if (!json) return tl::unexpected(json.error());
  std::vector<Container> out;
  for (const Json& one : *json) {
    out.push_back(container_of(one));
    if (out.back().id.empty()) out.pop_back();
  }
  return out;
}

Expected<std::vector<Network>> parse_networks(std::string_view text) {
  const auto json = parse_array(text, "networks");
  if (!json) return tl::unexpected(json.error());
  std::vector<Network> out;
  for (const Json& one : *json) {
    Network network{
        .id = text_at(one, "Id"),
        .name = text_at(one, "Name"),
        .short_name = text_at(one, "Labels", "com.docker.compose.network"),
        .is_local = text_at(one, "Scope") == "local" && text_at(one, "Driver") != "overlay"};
    // A stack's networks do not say what the file calls them, but all begin with the stack's name.
    const std::string stack = text_at(one, "Labels", "com.docker.stack.namespace") + '_';
    if (network.short_name.empty() && stack != "_" && network.name.starts_with(stack))
      network.short_name = network.name.substr(stack.size());
    out.push_back(std::move(network));
  }
  return out;
}

Expected<std::map<std::string, Service>> parse_services(std::string_view text) {
  const auto json = parse_array(text, "services");
  if (!json) return tl::unexpected(json.error());
  std::map<std::string, Service> out;
  for (const Json& one : *json)
    out[text_at(one, "ID")] = {text_at(one, "Spec", "Name"), texts_of(at(one, "Spec", "Labels"))};
  return out;
}

Expected<std::map<std::string, std::string>> parse_nodes(std::string_view text) {
  const auto json = parse_array(text, "nodes");
  if (!json) return tl::unexpected(json.error());
  std::map<std::string, std::string> out;
  for (const Json& one : *json) out[text_at(one, "ID")] = text_at(one, "Description", "Hostname");
  return out;
}

Expected<std::vector<Container>> parse_tasks(std::string_view text,
                                             const std::map<std::string, Service>& services,
                                             const std::map<std::string, std::string>& nodes) {
  const auto json = parse_array(text, "tasks");
  if (!json) return tl::unexpected(json.error());
  std::vector<Container> out;
  for (const Json& one : *json) {
    out.push_back(task_of(one, services, nodes));
    if (out.back().id.empty()) out.pop_back();
  }
  return out;
}

Expected<ApiVersion> ApiVersion::parse(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() == 2) {
    const auto major = parse_u64(parts[0]);
    const auto minor = parse_u64(parts[1]);
    if (major && minor && *major < 1000 && *minor < 1000)
      return ApiVersion{static_cast<unsigned>(*major), static_cast<unsigned>(*minor)};
  }
  return problem(fmt::format("'{}' is not an API version such as 1.41", text.substr(0, 40)));
}

std::string ApiVersion::text() const { return fmt::format("{}.{}", major, minor); }

Expected<EngineVersion> parse_version(std::string_view text) {
  const auto json = parse_json(text, "version");
  if (!json) return tl::unexpected(json.error());
  EngineVersion out;
  out.version = text_at(*json, "Version");
  const auto newest = ApiVersion::parse(text_at(*json, "ApiVersion"));
  if (!newest)
    return problem("what answers is no container engine: it names no ApiVersion at /version");
  out.newest = *newest;
  out.oldest = ApiVersion::parse(text_at(*json, "MinAPIVersion")).value_or(ApiVersion{});
  return out;
}

Expected<ApiVersion> negotiate(const EngineVersion& engine) {
  if (engine.newest < kOldest)
    return problem(fmt::format(
        "the engine {} is too old: it speaks API versions up to {}, at least {} is needed; "
        "upgrade it to Docker 1.10 or newer",
        engine.version, engine.newest.text(), kOldest.text()));
  if (engine.oldest > kNewest)
    return problem(fmt::format(
        "the engine {} is too new: it speaks API versions from {} on, this program up to {}; "
        "upgrade flotilla-discovery",
        engine.version, engine.oldest.text(), kNewest.text()));
  return std::min(engine.newest, kNewest);
}

bool is_swarm_manager(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  return at(json, "Swarm", "ControlAvailable") == Json(true);
}

std::string refusal(std::string_view body) {
  std::string text = text_at(Json::parse(body, nullptr, false), "message");
  if (text.empty()) text = body;
  text.resize(std::min<std::size_t>(text.size(), 200));
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return std::string(trim(text));
}

Expected<EngineEvent> parse_event(std::string_view text) {
  const auto json = parse_json(text, "event");
  if (!json) return tl::unexpected(json.error());
  EngineEvent out;
  out.type = text_at(*json, "Type");
  out.action = text_at(*json, "Action");
  out.actor = text_at(*json, "Actor", "ID");
  // Never the sum of the two: timeNano is the whole time.
  out.time_ns = number_of(at(*json, "timeNano"));
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t seconds = number_of(at(*json, "time"));
  if (out.time_ns <= 0 && seconds > 0 && seconds < INT64_MAX / kSecond)
    out.time_ns = seconds * kSecond;
  return out;
}

bool is_relevant(const EngineEvent& event) {
  constexpr std::string_view kContainer[] = {"start",   "die",    "destroy", "oom",    "pause",
                                             "unpause", "rename", "update",  "restart"};
  constexpr std::string_view kNetwork[] = {"connect", "disconnect", "destroy"};
  if (event.type == "container")
    return std::ranges::find(kContainer, event.action) != std::end(kContainer) ||
           event.action.starts_with("health_status");
  if (event.type == "network")
    return std::ranges::find(kNetwork, event.action) != std::end(kNetwork);
  return event.type == "service" || event.type == "node";
}

}  // namespace flotilla::discovery
