#include "published.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <memory>

namespace flotilla::server {
namespace {

/// Numeric addresses of the interfaces that `wanted` accepts.
template <class Wanted>
std::vector<std::string> interface_addresses(Wanted wanted) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, &::freeifaddrs);
  std::vector<std::string> out;
  for (const ifaddrs* i = all; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET || !wanted(*i)) continue;
    char text[INET_ADDRSTRLEN];
    const auto& address = reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr;
    if (::inet_ntop(AF_INET, &address, text, sizeof text) != nullptr) out.emplace_back(text);
  }
  return out;
}

}  // namespace

std::vector<std::string> addresses_of(std::string_view word) {
  if (word == "any") {
    auto found =
        interface_addresses([](const ifaddrs& i) { return (i.ifa_flags & IFF_LOOPBACK) == 0; });
    return found.empty() ? std::vector<std::string>{"127.0.0.1"} : found;
  }
  if (word == "local") return {"127.0.0.1"};
  auto found = interface_addresses([&](const ifaddrs& i) { return word == i.ifa_name; });
  return found.empty() ? std::vector<std::string>{std::string(word)} : found;
}

std::vector<cluster::Endpoint> published(const std::vector<std::string>& words,
                                         std::uint16_t port) {
  std::vector<cluster::Endpoint> out;
  if (port == 0) return out;
  for (const std::string& word : words) {
    for (std::string& address : addresses_of(word)) {
      cluster::Endpoint endpoint{std::move(address), port};
      if (std::ranges::find(out, endpoint) == out.end()) out.push_back(std::move(endpoint));
    }
  }
  return out;
}

std::vector<cluster::Endpoint> published_service(const config::NetworkConfig& network) {
  const std::uint16_t port =
      network.service_access_port() != 0 ? network.service_access_port() : network.service_port();
  const auto& configured = network.service_access_address();
  return published(configured.empty() ? network.service_address() : configured, port);
}

std::vector<cluster::Endpoint> published_alternate(const config::NetworkConfig& network) {
  const std::uint16_t port = network.service_alternate_access_port() != 0
                                 ? network.service_alternate_access_port()
                                 : network.service_port();
  return published(network.service_alternate_access_address(), port);
}

}  // namespace flotilla::server
