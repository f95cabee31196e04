#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "info/node_view.h"

namespace httplib {
class Server;
}

namespace flotilla::server {

/// /metrics, /livez, /readyz on a thread of its own, away from the reactors.
class HttpPort {
 public:
  HttpPort();
  ~HttpPort();

  /// Unavailable: the port cannot be had.
  Result<void> start(info::NodeView& view, const std::string& address, std::uint16_t port);
  void stop();

 private:
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
};

}  // namespace flotilla::server
