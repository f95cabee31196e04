// Where this node and its peers are found.

#include <fmt/format.h>

#include <algorithm>

#include "addresses.h"
#include "base/parse.h"
#include "command.h"
#include "key_values.h"

namespace flotilla::info {
namespace {

using Endpoints = std::vector<Endpoint>;

std::string service_clear_std(Context& c, const Request&) {
  return text_of(service_endpoints(c), ',');
}
std::string service_clear_alt(Context& c, const Request&) {
  return text_of(alternate_endpoints(c), ',');
}

std::string nothing(Context&, const Request&) { return {}; }

std::string admin_clear_std(Context& c, const Request&) { return text_of(admin_endpoints(c), ','); }

std::string service(Context& c, const Request&) {
  c.node.count_deprecated();
  return text_of(service_endpoints(c), ';');
}

// "gen,3000,[[node,tls,[addr,addr:port]],...]": addresses with the default port go without it.
constexpr std::uint16_t kDefaultPort = 3000;

std::string text_of_peer(const Peer& peer, const Endpoints& endpoints) {
  std::string addresses;
  for (const Endpoint& e : endpoints) {
    if (!addresses.empty()) addresses += ',';
    const bool v6 = e.address.find(':') != std::string::npos;
    addresses += e.port != kDefaultPort ? text_of(e)
                 : v6                   ? fmt::format("[{}]", e.address)
                                        : e.address;
  }
  return fmt::format("[{},{},[{}]]", text_of(peer.node), peer.tls_name, addresses);
}

std::string text_of_peers(Context& c, const Request& request, bool alumni, bool alternate) {
  const ClusterView cluster = c.node.cluster();
  const auto since = Params(request.args).find("generation");
  const std::uint64_t from = since ? parse_u64(*since).value_or(0) : 0;
  std::string list;
  for (const Peer& peer : alumni ? cluster.alumni : cluster.peers) {
    if (since && peer.generation <= from) continue;
    if (!list.empty()) list += ',';
    list += text_of_peer(peer, alternate ? peer.alternate : peer.standard);
  }
  return fmt::format("{},{},[{}]", cluster.peers_generation, kDefaultPort, list);
}

std::string peers_clear_std(Context& c, const Request& r) {
  return text_of_peers(c, r, false, false);
}
std::string peers_clear_alt(Context& c, const Request& r) {
  return text_of_peers(c, r, false, true);
}
std::string alumni_clear_std(Context& c, const Request& r) {
  return text_of_peers(c, r, true, false);
}
std::string alumni_clear_alt(Context& c, const Request& r) {
  return text_of_peers(c, r, true, true);
}

// Nobody listens for TLS yet.
std::string peers_tls(Context& c, const Request&) {
  return fmt::format("{},4333,[]", c.node.cluster().peers_generation);
}

std::string old_list(Context& c, bool alumni, bool alternate) {
  c.node.count_deprecated();
  const ClusterView cluster = c.node.cluster();
  std::string out;
  for (const Peer& peer : alumni ? cluster.alumni : cluster.peers) {
    const Endpoints& endpoints = alternate ? peer.alternate : peer.standard;
    if (endpoints.empty()) continue;
    if (!out.empty()) out += ';';
    out += text_of(endpoints, ';');
  }
  return out;
}
std::string services(Context& c, const Request&) { return old_list(c, false, false); }
std::string services_alternate(Context& c, const Request&) { return old_list(c, false, true); }
std::string services_alumni(Context& c, const Request&) { return old_list(c, true, false); }
std::string services_alumni_reset(Context& c, const Request&) {
  c.node.forget_alumni();
  return "ok";
}

std::string peers_generation(Context& c, const Request&) {
  return fmt::format("{}", c.node.cluster().peers_generation);
}

void add_endpoint(KeyValues& out, std::string_view name, std::uint16_t port,
                  const std::vector<std::string>& addresses) {
  out.add(fmt::format("{}port", name), port);
  out.add(fmt::format("{}addresses", name),
          addresses.empty() || port == 0 ? "null" : fmt::format("{}", fmt::join(addresses, ",")));
}

std::vector<std::string> resolved(Context& c, const config::ListCell& words) {
  std::vector<std::string> out;
  for (const std::string& word : words())
    for (std::string& address : c.node.addresses_of(word)) out.push_back(std::move(address));
  return out;
}

std::vector<std::string> addresses_in(const Endpoints& endpoints) {
  std::vector<std::string> out;
  out.reserve(endpoints.size());
  for (const Endpoint& e : endpoints) out.push_back(e.address);
  return out;
}

std::string endpoints(Context& c, const Request&) {
  const config::NetworkConfig& n = c.node.config().network;
  const auto port_or = [](const config::U16& port, const config::U16& fallback) {
    return port() != 0 ? port() : fallback();
  };
  KeyValues out;
  add_endpoint(out, "service.", n.service_port(), resolved(c, n.service_address));
  add_endpoint(out, "service.access-", port_or(n.service_access_port, n.service_port),
               addresses_in(service_endpoints(c)));
  add_endpoint(out, "service.alternate-access-",
               port_or(n.service_alternate_access_port, n.service_port),
               addresses_in(alternate_endpoints(c)));
  for (const std::string_view tls :
       {"service.tls-", "service.tls-access-", "service.tls-alternate-access-"})
    add_endpoint(out, tls, 0, {});
  add_endpoint(out, "admin.", n.admin_port(), resolved(c, n.admin_address));
  add_endpoint(out, "admin.tls-", 0, {});
  add_endpoint(out, "heartbeat.", n.heartbeat_port(), resolved(c, n.heartbeat_address));
  add_endpoint(out, "heartbeat.tls-", 0, {});
  add_endpoint(out, "fabric.", n.fabric_port(), resolved(c, n.fabric_address));
  add_endpoint(out, "fabric.tls-", 0, {});
  return std::move(out).text();
}

std::string mesh(Context& c, const Request&) {
  const config::NetworkConfig& n = c.node.config().network;
  if (n.heartbeat_mode() != config::HeartbeatMode::Mesh)
    return error(Code::Parameter, "heartbeat is in multicast mode");
  Endpoints own;
  for (std::string& address : resolved(c, n.heartbeat_address))
    own.push_back({std::move(address), n.heartbeat_port()});
  return text_of(own, ',');
}

std::string mcast(Context& c, const Request&) {
  const config::NetworkConfig& n = c.node.config().network;
  if (n.heartbeat_mode() == config::HeartbeatMode::Mesh)
    return error(Code::Parameter, "heartbeat is in mesh mode");
  return fmt::format("{}", fmt::join(n.heartbeat_multicast_groups(), ","));
}

constexpr Command kCommands[] = {
    {"admin-clear-std", "addresses of the admin port", &admin_clear_std},
    {"admin-tls-std", "the same, TLS", &nothing},
    {"alumni-clear-alt", "as alumni-clear-std, alternate addresses", &alumni_clear_alt},
    {"alumni-clear-std", "as peers-clear-std, with nodes that went", &alumni_clear_std},
    {"alumni-tls-alt", "the same, TLS", &peers_tls},
    {"alumni-tls-std", "the same, TLS", &peers_tls},
    {"endpoints", "ports and addresses of all listeners", &endpoints},
    {"mcast", "multicast groups of heartbeats", &mcast},
    {"mesh", "addresses of this node's heartbeats", &mesh},
    {"peers-clear-alt", "as peers-clear-std, alternate addresses", &peers_clear_alt},
    {"peers-clear-std",
     "[generation=N]: the other nodes and their addresses; those that changed after N",
     &peers_clear_std},
    {"peers-generation", "rises with every change of the peers", &peers_generation},
    {"peers-tls-alt", "the same, TLS", &peers_tls},
    {"peers-tls-std", "the same, TLS", &peers_tls},
    {"service", "older form of service-clear-std", &service},
    {"service-clear-alt", "alternate addresses of this node", &service_clear_alt},
    {"service-clear-std", "addresses of this node, the one the asker reached first",
     &service_clear_std},
    {"service-tls-alt", "alternate addresses, TLS", &nothing},
    {"service-tls-std", "addresses, TLS", &nothing},
    {"services", "older form of peers-clear-std", &services},
    {"services-alternate", "older form of peers-clear-alt", &services_alternate},
    {"services-alumni", "older form of alumni-clear-std", &services_alumni},
    {"services-alumni-reset", "forgets nodes that went", &services_alumni_reset},
};

}  // namespace

std::span<const Command> address_commands() { return kCommands; }

}  // namespace flotilla::info
