#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>

#include "net/srv.h"
#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

using std::chrono::seconds;

// There is nothing to wait for in DNS: it is asked again.
constexpr seconds kAgain{5};

Expected<std::vector<std::string>> addresses_of(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (failed != 0)
    return problem(fmt::format("{} does not resolve: {}", name, ::gai_strerror(failed)));
  std::vector<std::string> out;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0)
      out.emplace_back(text);
  }
  ::freeaddrinfo(found);
  std::ranges::sort(out);
  const auto doubled = std::ranges::unique(out);
  out.erase(doubled.begin(), doubled.end());
  return out;
}

class Dns : public Provider {
 public:
  explicit Dns(const Options& options) : options_(options) {}

  std::string name() const override { return "dns"; }

  Expected<Listing> list() override {
    Listing listing;
    for (const std::string& text : options_.dns_names) {
      // A name that does not resolve may be one whose last address is just changing.
      if (const auto added = add(text, listing); !added) {
        listing.complete = false;
        listing.problems.push_back("dns: " + added.error().text);
      }
    }
    return listing;
  }

  Expected<void> watch(const std::function<void()>& changed, const Stop& stop) override {
    std::vector<Desired> last;
    do {
      auto listing = list();
      if (listing->members != last) changed();
      last = std::move(listing->members);
    } while (sleep_unless(stop, kAgain));
    return {};
  }

 private:
  Expected<void> add(const std::string& text, Listing& listing) const {
    std::vector<net::Target> targets;
    if (net::is_service_name(text)) {
      auto found = net::look_up_srv(text);
      if (!found) return problem(fmt::format("{}: {}", text, found.error().why));
      targets = std::move(*found);
    } else {
      const auto place = parse_host_port(text, options_.service_port);
      if (!place) return problem(fmt::format("'{}' is no name, and no name:port", text));
      targets.push_back({place->host, place->port});
    }
    for (const net::Target& target : targets) {
      const auto addresses = addresses_of(target.host);
      if (!addresses) return tl::unexpected(addresses.error());
      for (const std::string& address : *addresses) {
        Desired member;
        member.id = "dns/" + host_and_port(address, target.port);
        member.name = host_and_port(address, target.port);
        member.cluster = options_.cluster.empty() ? "aerospike" : options_.cluster;
        member.host = address;
        member.service_port = target.port;
        member.mesh_port = options_.mesh_port;
        member.tls = options_.mesh_tls;
        listing.members.push_back(std::move(member));
      }
    }
    return {};
  }

  const Options options_;
};

}  // namespace

Expected<Providers> make_dns(const Options& options) {
  if (options.dns_names.empty()) return problem("the source dns needs --dns-name");
  Providers out;
  out.push_back(std::make_unique<Dns>(options));
  return out;
}

}  // namespace flotilla::discovery
