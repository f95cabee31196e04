#include "discovery/source_answers.h"

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <resolv.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/parse.h"
#include "json.h"

namespace flotilla::discovery {
namespace {

constexpr std::size_t kMembersMost = 65536;

Desired member_of(const Defaults& defaults) {
  Desired out;
  out.cluster = defaults.cluster.empty() ? "aerospike" : defaults.cluster;
  out.mesh_port = defaults.mesh_port;
  out.service_port = defaults.service_port;
  out.tls = defaults.tls;
  return out;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  const auto number = parse_u64(text);
  if (!number || *number == 0 || *number > UINT16_MAX) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

/// One "key: value" of a member. False: the key is unknown, or the value cannot be meant.
bool set_field(Desired& member, std::string_view key, const std::string& value) {
  if (key == "host" || key == "address") {
    member.host = value;
  } else if (key == "id") {
    member.id = value;
  } else if (key == "name") {
    member.name = value;
  } else if (key == "cluster") {
    member.cluster = value;
  } else if (key == "tls") {
    if (value != "true" && value != "false") return false;
    member.tls = value == "true";
  } else if (key == "service-port" || key == "mesh-port") {
    const auto port = port_of(value);
    if (!port) return false;
    (key == "mesh-port" ? member.mesh_port : member.service_port) = *port;
  } else {
    return false;
  }
  return true;
}

Expected<Desired> member_from_text(const std::string& text, const Defaults& defaults) {
  Desired member = member_of(defaults);
  const auto place = parse_host_port(text, defaults.service_port);
  if (!place) return problem(fmt::format("'{}' is no host, and no host:port", text.substr(0, 80)));
  member.host = place->host;
  member.service_port = place->port;
  return member;
}

Expected<Desired> member_from_node(const YAML::Node& node, const Defaults& defaults) {
  if (node.IsScalar()) return member_from_text(node.Scalar(), defaults);
  if (!node.IsMap()) return problem("a member is a host, or an object with a host");
  Desired member = member_of(defaults);
  for (const auto& field : node) {
    const std::string key = field.first.IsScalar() ? field.first.Scalar() : "";
    const std::string value = field.second.IsScalar() ? field.second.Scalar() : "";
    if (!set_field(member, key, value))
      return problem(
          fmt::format("'{}: {}' cannot be meant; a member has host, name, id, cluster, "
                      "service-port, mesh-port, tls",
                      key.substr(0, 40), value.substr(0, 40)));
  }
  if (member.host.empty()) return problem("a member has no host");
  return member;
}

void complete(Desired& member) {
  if (member.id.empty())
    member.id = member.cluster + '/' + host_and_port(member.host, member.service_port);
  if (member.name.empty()) member.name = host_and_port(member.host, member.service_port);
}

constexpr std::string_view kPrefix = "com.aerospike.";
// Consul's keys of meta data have no dots.
constexpr std::string_view kMetaPrefix = "com-aerospike-";

void set_by_label(Desired& member, std::string_view prefix, const std::string& key,
                  const std::string& value) {
  if (!key.starts_with(prefix)) return;
  if (!set_field(member, std::string_view(key).substr(prefix.size()), value))
    member.problem = fmt::format("its label {} is '{}', which cannot be meant", key, value);
}

Desired consul_member(const Json& entry, const Defaults& defaults) {
  Desired member = member_of(defaults);
  const Json& service = at(entry, "Service");
  member.host = text_at(service, "Address");
  if (member.host.empty()) member.host = text_at(entry, "Node", "Address");
  const std::int64_t port = number_of(at(service, "Port"));
  if (port > 0 && port <= UINT16_MAX) member.service_port = static_cast<std::uint16_t>(port);
  for (const Json& tag : elements(at(service, "Tags"))) {
    const std::string text = text_of(tag);
    if (const std::size_t equals = text.find('='); equals != std::string::npos)
      set_by_label(member, kPrefix, text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [key, value] : texts_of(at(service, "Meta")))
    set_by_label(member, kMetaPrefix, key, value);
  member.id = text_at(entry, "Node", "Node") + '/' + text_at(service, "ID");
  member.name = text_at(service, "ID");
  member.state = "passing";
  if (member.host.empty()) member.problem = "has no address in Consul";
  return member;
}

std::optional<std::uint16_t> named_port(const Json& slice, std::string_view name) {
  for (const Json& port : elements(at(slice, "ports"))) {
    const std::int64_t number = number_of(at(port, "port"));
    if (text_at(port, "name") == name && number > 0 && number <= UINT16_MAX)
      return static_cast<std::uint16_t>(number);
  }
  return std::nullopt;
}

void add_slice(const Json& slice, const Defaults& defaults, std::vector<Desired>& members) {
  Desired common = member_of(defaults);
  const auto labels = texts_of(at(slice, "metadata", "labels"));
  const auto label = [&](const char* name) {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string() : found->second;
  };
  if (const std::string own = label("com.aerospike.cluster"); !own.empty())
    common.cluster = own;
  else if (const std::string service = label("kubernetes.io/service-name");
           defaults.cluster.empty() && !service.empty())
    common.cluster = service;
  common.service_port = named_port(slice, "service").value_or(defaults.service_port);
  common.mesh_port = named_port(slice, "heartbeat").value_or(defaults.mesh_port);
  for (const Json& endpoint : elements(at(slice, "endpoints"))) {
    Desired member = common;
    member.name = text_at(endpoint, "targetRef", "name");
    member.id = text_at(endpoint, "targetRef", "uid");
    member.state = at(endpoint, "conditions", "ready") == Json(false) ? "not ready" : "ready";
    // Addresses of one endpoint are the same pod; which of them is used does not matter.
    member.host = text_of(at(endpoint, "addresses").empty() || !at(endpoint, "addresses").is_array()
                              ? Json()
                              : at(endpoint, "addresses")[0]);
    if (member.host.empty() || members.size() >= kMembersMost) continue;
    complete(member);
    members.push_back(std::move(member));
  }
}

/// etcd's gateway writes 64-bit numbers as texts.
std::int64_t revision_of(const Json& header) {
  const Json& revision = at(header, "revision");
  return revision.is_string() ? parse_i64(text_of(revision)).value_or(0) : number_of(revision);
}

}  // namespace

Expected<std::vector<Desired>> parse_consul(std::string_view text, const Defaults& defaults) {
  const auto json = parse_json(text, "Consul");
  if (!json) return tl::unexpected(json.error());
  if (!json->is_array()) return problem("Consul: the answer is not a list");
  std::vector<Desired> out;
  for (const Json& entry : *json) {
    if (out.size() == kMembersMost) break;
    out.push_back(consul_member(entry, defaults));
  }
  return out;
}

Expected<EtcdRange> parse_etcd(std::string_view text, const Defaults& defaults) {
  const auto json = parse_json(text, "etcd");
  if (!json) return tl::unexpected(json.error());
  EtcdRange out;
  out.revision = revision_of(at(*json, "header"));
  if (out.revision == 0) return problem("what answers is no etcd: its answer has no revision");
  for (const Json& pair : elements(at(*json, "kvs"))) {
    Buffer key;
    Buffer value;
    if (!from_base64(text_at(pair, "key"), key) || !from_base64(text_at(pair, "value"), value))
      return problem("etcd: a key or value is not base64");
    auto members = parse_members('[' + std::string(as_text(value)) + ']', defaults);
    if (!members || members->size() != 1 || out.members.size() == kMembersMost) {
      out.problems.push_back(fmt::format("etcd: the value of {} is no member{}", as_text(key),
                                         members ? "" : ": " + members.error().text));
      continue;
    }
    members->front().id = as_text(key);
    out.members.push_back(std::move(members->front()));
  }
  return out;
}

Expected<EtcdWatch> parse_etcd_watch(std::string_view text) {
  const auto json = parse_json(text, "etcd");
  if (!json) return tl::unexpected(json.error());
  EtcdWatch out;
  const Json& result = at(*json, "result");
  out.has_events = !elements(at(result, "events")).empty();
  out.revision = revision_of(at(result, "header"));
  out.reason = text_at(result, "cancel_reason");
  if (out.reason.empty()) out.reason = text_at(*json, "error", "message");
  const Json& compacted = at(result, "compact_revision");
  out.is_cancelled = at(result, "canceled") == Json(true) || at(*json, "error").is_object() ||
                     (compacted.is_string() && compacted != Json("0"));
  return out;
}

Expected<EndpointSlices> parse_endpoint_slices(std::string_view text, const Defaults& defaults) {
  const auto json = parse_json(text, "Kubernetes");
  if (!json) return tl::unexpected(json.error());
  if (text_at(*json, "kind") != "EndpointSliceList")
    return problem("Kubernetes: the answer is no list of EndpointSlices");
  EndpointSlices out;
  out.version = text_at(*json, "metadata", "resourceVersion");
  for (const Json& slice : elements(at(*json, "items"))) add_slice(slice, defaults, out.members);
  return out;
}

bool is_good_watch_event(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const std::string type = text_at(json, "type");
  return type == "ADDED" || type == "MODIFIED" || type == "DELETED" || type == "BOOKMARK";
}

Expected<std::vector<Desired>> parse_members(std::string_view text, const Defaults& defaults) {
  // yaml-cpp speaks in exceptions; they end here.
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    const YAML::Node entries = root.IsMap() ? root["members"] : root;
    std::vector<Desired> out;
    if (!entries.IsDefined() || entries.IsNull()) return out;
    if (!entries.IsSequence()) return problem("there is no list of members");
    if (entries.size() > kMembersMost) return problem("there are too many members");
    for (const YAML::Node& entry : entries) {
      auto member = member_from_node(entry, defaults);
      if (!member) return problem(fmt::format("entry {}: {}", out.size() + 1, member.error().text));
      complete(*member);
      out.push_back(std::move(*member));
    }
    return out;
  } catch (const YAML::Exception& error) {
    return problem(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
}

}  // namespace flotilla::discovery
