#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "info/http.h"

namespace httplib {
class Server;
}

namespace flotilla::server {

/// /metrics, /livez, /readyz on a thread of its own, away from the reactors.
class HttpPort {
 public:
  HttpPort();
  ~HttpPort();

  /// `answer`: to the path of a request; called on the port's threads. Unavailable: the port cannot
  /// be had.
  Result<void> start(std::function<info::HttpAnswer(std::string_view)> answer,
                     const std::string& address, std::uint16_t port);
  void stop();

 private:
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
};

}  // namespace flotilla::server
