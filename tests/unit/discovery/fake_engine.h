#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"

namespace flotilla::discovery::testing {

/// A container engine's API on a unix socket or on loopback: answers from a table, and streams that
/// a test writes to, cuts off, or leaves hanging. A thread a connection.
class FakeEngine {
 public:
  struct Reply {
    int status = 200;
    std::string body;
    std::string headers;  // Whole lines, each with its end.
  };

  /// An empty path: TCP on loopback.
  explicit FakeEngine(std::string path = {}) : path_(std::move(path)) {
    listener_ = path_.empty() ? listen_tcp() : listen_unix();
    set("/version", R"({"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"})");
    set("/containers/json", "[]");
    set("/networks", "[]");
    set("/info", R"({"Swarm":{"ControlAvailable":false}})");
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~FakeEngine() {
    stopping_ = true;
    wake_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (std::thread& thread : threads_) thread.join();
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  std::string url() const {
    return path_.empty() ? "tcp://127.0.0.1:" + std::to_string(port_) : "unix://" + path_;
  }
  /// For the path without version and query.
  void set(const std::string& path, std::string body, int status = 200, std::string headers = {}) {
    const std::lock_guard hold(lock_);
    replies_[path] = {status, std::move(body), std::move(headers)};
  }
  /// A line to every stream that is open, and to those that open later.
  void send_line(const std::string& line) {
    const std::lock_guard hold(lock_);
    lines_.push_back(line + '\n');
    wake_.notify_all();
  }
  enum class End : std::uint8_t { Cleanly, InTheMiddleOfAChunk };
  /// Closes all streams; what was sent is forgotten.
  void end_streams(End end) {
    const std::lock_guard hold(lock_);
    end_ = end;
    ++era_;
    lines_.clear();
    wake_.notify_all();
  }
  /// The request lines so far, "GET /v1.41/events?since=…".
  std::vector<std::string> requests() {
    const std::lock_guard hold(lock_);
    return requests_;
  }
  std::size_t count(const std::string& part) {
    std::size_t found = 0;
    for (const std::string& request : requests()) found += request.find(part) != std::string::npos;
    return found;
  }

 private:
  int listen_unix() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    FLOTILLA_CHECK(path_.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    ::unlink(path_.c_str());
    FLOTILLA_CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    FLOTILLA_CHECK(::listen(fd, 16) == 0);
    return fd;
  }
  int listen_tcp() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FLOTILLA_CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    FLOTILLA_CHECK(::listen(fd, 16) == 0);
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    return fd;
  }
  void accept_all() {
    while (!stopping_) {
      pollfd watched{.fd = listener_, .events = POLLIN, .revents = 0};
      if (::poll(&watched, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd != -1) threads_.emplace_back([this, fd] { serve(fd); });
    }
  }
  bool read_request(int fd, std::string& request) const {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
      if (stopping_) return false;
      if (::poll(&watched, 1, 20) <= 0) continue;
      char bytes[4096];
      const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      text.append(bytes, static_cast<std::size_t>(got));
      constexpr char kTlsHandshake = 0x16;
      if (text[0] == kTlsHandshake) {
        send_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
        return false;
      }
    }
    request = text.substr(0, text.find(" HTTP/"));
    return true;
  }
  static void send_all(int fd, const std::string& text) {
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }
  static std::string plain_path(const std::string& request) {
    std::string path = request.substr(request.find(' ') + 1);
    path = path.substr(0, path.find('?'));
    if (path.starts_with("/v1.")) path = path.substr(path.find('/', 1));
    return path;
  }

  void serve(int fd) {
    std::string request;
    while (read_request(fd, request)) {
      const std::string path = plain_path(request);
      Reply reply{404, R"({"message":"page not found"})", {}};
      bool is_known;
      std::uint64_t era;
      {
        const std::lock_guard hold(lock_);
        requests_.push_back(request);
        era = era_;
        const auto at = replies_.find(path);
        is_known = at != replies_.end();
        if (is_known) reply = at->second;
      }
      if (!is_known && path == "/events") {
        stream(fd, era);
        break;
      }
      send_all(fd, "HTTP/1.1 " + std::to_string(reply.status) +
                       " X\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n" +
                       reply.headers + "\r\n" + reply.body);
    }
    ::close(fd);
  }
  void stream(int fd, std::uint64_t era) {
    send_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::size_t sent = 0;
    std::unique_lock hold(lock_);
    while (!stopping_ && era_ == era) {
      wake_.wait_for(hold, std::chrono::milliseconds(50));
      for (; era_ == era && sent < lines_.size(); ++sent) {
        char size[32];
        std::snprintf(size, sizeof size, "%zx\r\n", lines_[sent].size());
        send_all(fd, size + lines_[sent] + "\r\n");
      }
    }
    send_all(fd, end_ == End::Cleanly ? "0\r\n\r\n" : "40\r\n{\"Type\":");
  }

  const std::string path_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // Of the accepting thread until it has ended.
  std::mutex lock_;                   // Guards all below.
  std::condition_variable wake_;
  std::map<std::string, Reply> replies_;
  std::vector<std::string> lines_;
  std::vector<std::string> requests_;
  std::uint64_t era_ = 0;
  End end_ = End::Cleanly;
};

}  // namespace flotilla::discovery::testing
