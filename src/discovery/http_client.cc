#include "discovery/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/check.h"
#include "base/parse.h"
#include "curl_handle.h"
#include "discovery/address.h"

namespace flotilla::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kHeadersMost = 100;
constexpr long kConnectTimeoutMs = 3000;
// A peer that vanished without a word is noticed after a minute.
constexpr long kKeepAliveSeconds = 20;

Expected<void> readable(const std::string& path, const char* what) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return {};
  return problem(fmt::format("cannot read the {} {}: {}", what, path, std::strerror(errno)));
}

}  // namespace

CurlHandle new_curl_handle() {
  static std::once_flag once;
  std::call_once(once, [] { FLOTILLA_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  CurlHandle out(curl_easy_init());
  FLOTILLA_CHECK(out != nullptr);
  return out;
}

void use_tls_files(CURL* curl, const TlsFiles& tls) {
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (!tls.ca.empty()) {
    // The authority that was named, and no other.
    curl_easy_setopt(curl, CURLOPT_CAINFO, tls.ca.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!tls.cert.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, tls.cert.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, tls.key.c_str());
  }
  if (tls.allow_insecure) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

Expected<void> TlsFiles::check() const {
  if (cert.empty() != key.empty())
    return problem("a TLS certificate and its key belong together: give both, or neither");
  if (auto ok = readable(ca, "certificate of the authority"); !ok) return ok;
  if (auto ok = readable(cert, "certificate"); !ok) return ok;
  return readable(key, "key");
}

Expected<ServerUrl> ServerUrl::parse(std::string_view text, bool has_tls) {
  ServerUrl out{.text = std::string(text), .base = {}, .unix_socket = {}};
  const std::size_t colon = text.find("://");
  const std::string_view scheme = colon == std::string_view::npos ? "tcp" : text.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? text : text.substr(colon + 3);
  if (scheme == "unix") {
    if (!rest.starts_with('/'))
      return problem(fmt::format("'{}': a path from / on belongs behind unix://", text));
    out.unix_socket = rest;
    out.base = "http://localhost";
    return out;
  }
  const bool secure = scheme == "https" || (scheme == "tcp" && has_tls);
  if (scheme != "tcp" && scheme != "http" && scheme != "https")
    return problem(fmt::format(
        "'{}': the address of a server is unix://, tcp://, http://, or https://", text));
  while (rest.ends_with('/')) rest.remove_suffix(1);
  // What a browser would take for the port of http is not an engine's.
  const std::uint16_t port = scheme == "tcp" ? (secure ? 2376 : 2375) : (secure ? 443 : 80);
  const std::size_t slash = rest.find('/');
  const auto place = parse_host_port(rest.substr(0, slash), port);
  if (!place) return problem(fmt::format("'{}' names no host and port", text));
  out.base = (secure ? "https://" : "http://") + host_and_port(place->host, place->port);
  if (slash != std::string_view::npos) out.base += rest.substr(slash);
  return out;
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
        c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const std::string& line : headers) {
    const std::size_t colon = line.find(':');
    const auto same = [](char a, char b) { return std::tolower(a) == std::tolower(b); };
    if (colon != std::string::npos &&
        std::ranges::equal(std::string_view(line).substr(0, colon), name, same))
      return trim(std::string_view(line).substr(colon + 1));
  }
  return {};
}

/// One exchange under way; what curl's callbacks get.
struct HttpClient::Transfer {
  HttpAnswer answer;
  const Sink* sink = nullptr;
  const Stop* stop = nullptr;
  steady_clock::time_point until = steady_clock::time_point::max();
  CURL* curl = nullptr;
  curl_slist* headers = nullptr;
  std::string url;
  bool opened = false;
  bool too_large = false;
  bool enough = false;
  char error[CURL_ERROR_SIZE] = {};

  ~Transfer() { curl_slist_free_all(headers); }

  bool is_over() const {
    return enough || (stop != nullptr && stop->load()) || steady_clock::now() >= until;
  }
  static size_t write(char* data, size_t, size_t size, void* self) {
    auto& t = *static_cast<Transfer*>(self);
    const std::string_view bytes(data, size);
    if (t.opened) {
      t.enough |= !t.sink->bytes(bytes);
      return t.is_over() ? 0 : size;
    }
    t.too_large = t.answer.body.size() + size > kBodyMost;
    if (t.too_large) return 0;
    t.answer.body += bytes;
    return size;
  }
  static size_t header(char* data, size_t, size_t size, void* self) {
    auto& t = *static_cast<Transfer*>(self);
    const std::string_view text = trim({data, size});
    if (t.answer.headers.size() < kHeadersMost) t.answer.headers.emplace_back(text);
    // The empty line ends the headers; of a stream nothing else may come for hours.
    if (t.sink != nullptr && !t.opened && text.empty()) {
      long status = 0;
      curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &status);
      if (status == 200) {
        t.opened = true;
        t.sink->opened();
      }
    }
    return size;
  }
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(self)->is_over() ? 1 : 0;
  }
};

HttpClient::HttpClient(ServerUrl server, TlsFiles tls)
    : server_(std::move(server)), tls_(std::move(tls)), curl_(new_curl_handle().release()) {}

HttpClient::~HttpClient() { curl_easy_cleanup(curl_); }

void HttpClient::prepare(const HttpRequest& request, Transfer& t) {
  CURL* curl = curl_;
  curl_easy_reset(curl);  // Keeps the connection.
  t.curl = curl;
  t.url = server_.base + request.path;
  for (const std::string& header : request.headers)
    t.headers = curl_slist_append(t.headers, header.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, t.url.c_str());
  if (!server_.unix_socket.empty())
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, server_.unix_socket.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, t.headers);
  if (!request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, kKeepAliveSeconds);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t.error);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::write);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &t);
  use_tls_files(curl, tls_);
}

Expected<HttpAnswer> HttpClient::exchange(const HttpRequest& request) {
  Transfer t;
  prepare(request, t);
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  const CURLcode code = curl_easy_perform(curl_);
  if (code != CURLE_OK) return tl::unexpected(why(code, t));
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &t.answer.status);
  return std::move(t.answer);
}

Expected<HttpAnswer> HttpClient::stream(const HttpRequest& request, const Sink& sink,
                                        const Stop& stop, milliseconds lasts) {
  Transfer t;
  prepare(request, t);
  t.sink = &sink;
  t.stop = &stop;
  t.until = steady_clock::now() + lasts;
  const CURLcode code = curl_easy_perform(curl_);
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &t.answer.status);
  if (code == CURLE_OK || t.is_over()) return std::move(t.answer);
  return tl::unexpected(why(code, t));
}

Problem HttpClient::why(int code, const Transfer& t) const {
  const std::string& server = server_.text;
  const std::string detail = t.error[0] != '\0' ? t.error : curl_easy_strerror(CURLcode(code));
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      if (!server_.unix_socket.empty()) {
        const char* path = server_.unix_socket.c_str();
        if (::access(path, F_OK) != 0)
          return {
              fmt::format("{}: there is no such socket; does the engine run, and is the socket "
                          "mounted into the container?",
                          server)};
        if (::access(path, W_OK) != 0)
          return {
              fmt::format("{}: no permission to use the socket; run with the group that owns "
                          "it (docker run --group-add $(stat -c %g {}))",
                          server, path)};
      }
      return {fmt::format("{}: nobody answers: {}", server, detail)};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {fmt::format("{}: the name of the host does not resolve", server)};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {
          fmt::format("{}: the server's certificate is not trusted: {}; give the authority that "
                      "signed it (--swarm-tls-ca-cert)",
                      server, detail)};
    case CURLE_SSL_CERTPROBLEM:
      return {fmt::format("{}: the client certificate {} or its key {} is unusable: {}", server,
                          tls_.cert, tls_.key, detail)};
    case CURLE_SSL_CACERT_BADFILE:
      return {fmt::format("{}: {} holds no certificate of an authority", server, tls_.ca)};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
      if (!server_.base.starts_with("https")) break;
      return {
          fmt::format("{}: TLS failed: {}; does the server speak TLS there, and does it want a "
                      "client certificate (--swarm-tls-cert, --swarm-tls-key)?",
                      server, detail)};
    case CURLE_OPERATION_TIMEDOUT:
      return {fmt::format("{}: no answer in time", server)};
    case CURLE_WRITE_ERROR:
      if (!t.too_large) break;
      return {fmt::format("{}: the answer is larger than {} MiB", server, kBodyMost >> 20)};
    default:
      break;
  }
  return {fmt::format("{}: {}", server, detail)};
}

}  // namespace flotilla::discovery
