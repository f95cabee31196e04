#include "http_port.h"

#include <httplib.h>

#include <utility>

#include "base/log.h"
namespace flotilla::server {

HttpPort::HttpPort() = default;
HttpPort::~HttpPort() { stop(); }

Result<void> HttpPort::start(std::function<info::HttpAnswer(std::string_view)> answer,
                             const std::string& address, std::uint16_t port) {
  server_ = std::make_unique<httplib::Server>();
  // Probes and scrapes come seconds apart: two threads are plenty, and an idle one costs nothing.
  server_->new_task_queue = [] { return new httplib::ThreadPool(2); };
  server_->set_payload_max_length(4096);
  server_->Get(".*", [answer = std::move(answer)](const httplib::Request& request,
                                                  httplib::Response& response) {
    const info::HttpAnswer what = answer(request.path);
    response.status = what.status;
    response.set_content(what.body, what.content_type.c_str());
  });
  const std::string host = address == "any"     ? "0.0.0.0"
                           : address == "local" ? "127.0.0.1"
                                                : address;
  if (!server_->bind_to_port(host.c_str(), port)) {
    log_warning("socket", "cannot listen on {}:{} for HTTP", host, port);
    return fail(Code::Unavailable, "the HTTP port cannot be had");
  }
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  return {};
}

void HttpPort::stop() {
  if (server_ == nullptr || !thread_.joinable()) return;
  server_->stop();
  thread_.join();
}

}  // namespace flotilla::server
