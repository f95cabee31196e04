#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/fd.h"

namespace flotilla::net {

/// Where to connect to: a numeric address or a host name, and a port.
struct Target {
  std::string host;
  std::uint16_t port = 0;

  friend auto operator<=>(const Target&, const Target&) = default;
};

/// A numeric address and port, in the form that the system takes.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Nothing: the host is no numeric address. Never waits.
std::optional<SocketAddress> numeric_address(const Target& target);
/// "10.0.0.7", without port; empty when the kind of address is unknown.
std::string host_of(const sockaddr_storage& address);

/// A socket whose connection to the address is being made; it becomes writable when it stands.
/// Unavailable: it failed at once, errno says why.
Result<Fd> begin_connect(const SocketAddress& to);

/// Probes of a connection on which nothing is heard.
struct KeepAlive {
  bool enabled = true;
  int idle_seconds = 1;      // Before the first probe.
  int interval_seconds = 1;  // Between probes.
  int probes = 10;
};
void set_keep_alive(int fd, const KeepAlive& keep_alive);

}  // namespace flotilla::net
