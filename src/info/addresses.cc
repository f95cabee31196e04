#include "addresses.h"

#include <algorithm>

namespace flotilla::info {
namespace {

void add_new(std::vector<Endpoint>& to, Endpoint endpoint) {
  if (!endpoint.address.empty() && std::ranges::find(to, endpoint) == to.end())
    to.push_back(std::move(endpoint));
}

bool is_v6(const std::string& address) { return address.find(':') != std::string::npos; }

std::vector<Endpoint> listening(Context& c, const config::ListCell& words, std::uint16_t port) {
  std::vector<Endpoint> out;
  // An address written down is meant; those found behind a word are published as far as IPv6 is
  // wanted.
  const bool v6 = c.node.config().service.advertise_ipv6();
  add_new(out, {c.connection.local.address, port});
  for (const std::string& word : words())
    for (std::string& address : c.node.addresses_of(word))
      if (v6 || !is_v6(address) || address == word) add_new(out, {std::move(address), port});
  return out;
}

std::vector<Endpoint> configured(Context& c, const config::ListCell& words, std::uint16_t port) {
  std::vector<Endpoint> out;
  for (const std::string& word : words())
    for (std::string& address : c.node.addresses_of(word)) add_new(out, {std::move(address), port});
  return out;
}

}  // namespace

std::vector<Endpoint> service_endpoints(Context& c) {
  const config::NetworkConfig& n = c.node.config().network;
  const std::uint16_t port =
      n.service_access_port() != 0 ? n.service_access_port() : n.service_port();
  if (!n.service_access_address().empty()) return configured(c, n.service_access_address, port);
  return listening(c, n.service_address, port);
}

std::vector<Endpoint> alternate_endpoints(Context& c) {
  const config::NetworkConfig& n = c.node.config().network;
  const std::uint16_t port =
      n.service_alternate_access_port() != 0 ? n.service_alternate_access_port() : n.service_port();
  return configured(c, n.service_alternate_access_address, port);
}

std::vector<Endpoint> admin_endpoints(Context& c) {
  const config::NetworkConfig& n = c.node.config().network;
  if (n.admin_port() == 0) return {};
  return listening(c, n.admin_address, n.admin_port());
}

}  // namespace flotilla::info
