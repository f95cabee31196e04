#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/failure.h"

namespace flotilla::client {

inline constexpr std::uint16_t kDefaultPort = 3000;

/// Where a node listens. `host` is a name or an address; IPv6 stands without brackets.
struct Address {
  std::string host;
  std::uint16_t port = kDefaultPort;
  std::string tls_name = {};  // The name that the node's certificate must carry; empty: as `host`.

  /// "host:port", IPv6 in brackets.
  std::string text() const;
  friend bool operator==(const Address&, const Address&) = default;
};

/// "host[:tls name][:port],..." as seed lists are written; IPv6 in brackets. Parameter: an empty or
/// unreadable part.
Expected<std::vector<Address>> parse_addresses(std::string_view text,
                                               std::uint16_t default_port = kDefaultPort);

}  // namespace flotilla::client
