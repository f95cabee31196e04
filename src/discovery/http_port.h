#pragma once

#include <memory>
#include <string>
#include <thread>

#include "discovery/model.h"

namespace httplib {
class Server;
}

namespace flotilla::discovery {

class Service;

/// /healthz, /readyz, /metrics, /status, on threads of its own.
class HttpPort {
 public:
  HttpPort();
  ~HttpPort();

  /// `service` outlives it. `address` is "host:port", port 0 for any. Problem: it cannot be had.
  Expected<void> start(Service& service, const std::string& address);
  std::uint16_t port() const { return port_; }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace flotilla::discovery
