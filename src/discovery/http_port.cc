#include "http_port.h"

#include <fmt/format.h>
#include <httplib.h>

#include "service.h"

namespace flotilla::discovery {
namespace {

constexpr const char* kPlain = "text/plain; charset=utf-8";

void answer_state(httplib::Response& response, bool is_good, const char* otherwise) {
  response.status = is_good ? 200 : 503;
  response.set_content(is_good ? "ok\n" : otherwise, kPlain);
}

}  // namespace

HttpPort::HttpPort() = default;

HttpPort::~HttpPort() {
  if (!thread_.joinable()) return;
  server_->stop();
  thread_.join();
}

Expected<void> HttpPort::start(Service& service, const std::string& address) {
  // ":9146" is all addresses; port 0, any that is free.
  const std::string full = address.starts_with(':') ? "0.0.0.0" + address : address;
  const bool any_port = full.ends_with(":0");
  HostPort at =
      parse_host_port(any_port ? full.substr(0, full.size() - 2) : full, 9146).value_or(HostPort{});
  if (any_port) at.port = 0;
  if (at.host.empty()) return problem(fmt::format("--http-address: '{}' is no host:port", address));
  server_ = std::make_unique<httplib::Server>();
  // Probes and scrapes come seconds apart: two threads are plenty.
  server_->new_task_queue = [] { return new httplib::ThreadPool(2); };
  server_->set_payload_max_length(4096);
  server_->Get("/healthz", [&](const httplib::Request&, httplib::Response& response) {
    answer_state(response, service.is_alive(), "no round has ended for three periods\n");
  });
  server_->Get("/readyz", [&](const httplib::Request&, httplib::Response& response) {
    answer_state(response, service.is_ready(), "the sources have not all answered yet\n");
  });
  server_->Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(service.metrics().text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server_->Get("/status", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(to_text(to_json(service.report(), steady_now()), 2) + '\n',
                         "application/json");
  });
  const int bound = at.port == 0 ? server_->bind_to_any_port(at.host.c_str())
                    : server_->bind_to_port(at.host.c_str(), at.port) ? at.port
                                                                      : -1;
  if (bound < 0)
    return problem(fmt::format(
        "cannot listen on {} for HTTP; choose another --http-address, or off", address));
  port_ = static_cast<std::uint16_t>(bound);
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  return {};
}

}  // namespace flotilla::discovery
