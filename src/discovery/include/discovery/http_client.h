#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/model.h"

namespace flotilla::discovery {

/// Raised once, by any thread; everything that waits looks at it at least every second.
using Stop = std::atomic<bool>;

struct TlsFiles {
  std::string ca;
  std::string cert;
  std::string key;
  bool allow_insecure = false;  // The server's certificate is not looked at.

  bool any() const { return !ca.empty() || !cert.empty() || !key.empty() || allow_insecure; }
  /// Problem: a file that cannot be read, or a certificate without its key.
  Expected<void> check() const;
};

/// Where a server is: a base for URLs, and for an engine on this machine its socket.
struct ServerUrl {
  std::string text;         // As given.
  std::string base;         // "http://localhost", "https://10.0.0.1:2376".
  std::string unix_socket;  // Empty: TCP.

  /// "unix:///path", "tcp://host[:port]", "http://…", "https://…", "host:port". tcp is https when
  /// `has_tls`. Problem: anything else.
  static Expected<ServerUrl> parse(std::string_view text, bool has_tls);
};

struct HttpRequest {
  std::string path;  // Behind the base, query included.
  std::string body;  // Empty: a GET, else a POST.
  std::vector<std::string> headers;
  std::chrono::milliseconds timeout{10'000};  // Of the whole exchange; of a stream: no meaning.
};
struct HttpAnswer {
  long status = 0;
  std::string body;
  std::vector<std::string> headers;  // "Name: value".

  /// Its value; empty when there is none.
  std::string_view header(std::string_view name) const;
};

/// Percent-encoded, for a value in a query.
std::string url_encoded(std::string_view text);

/// One connection to one server, kept alive and opened again as needed. One thread at a time.
///
/// Problems say which server, what failed, and what to do; an answer of any status is no Problem.
class HttpClient {
 public:
  static constexpr std::size_t kBodyMost = 64U << 20;

  HttpClient(ServerUrl server, TlsFiles tls);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Expected<HttpAnswer> exchange(const HttpRequest& request);

  /// What to do with a stream's answer. The body of one that is not 200 is in HttpAnswer.
  struct Sink {
    std::function<void()> opened = [] {};         // The status is 200: what follows is the stream.
    std::function<bool(std::string_view)> bytes;  // False: that is enough of it.
  };
  /// Reads until either side ends it, `lasts` is over, or `stop` is raised: none of them a Problem.
  Expected<HttpAnswer> stream(const HttpRequest& request, const Sink& sink, const Stop& stop,
                              std::chrono::milliseconds lasts);

  const ServerUrl& server() const { return server_; }

 private:
  struct Transfer;
  void prepare(const HttpRequest& request, Transfer& transfer);
  Problem why(int code, const Transfer& transfer) const;

  ServerUrl server_;
  TlsFiles tls_;
  void* curl_;  // CURL*.
};

}  // namespace flotilla::discovery
