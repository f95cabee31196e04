#include "backends/node_access.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/out_buffer.h"
#include "curl_handle.h"
#include "discovery/address.h"
#include "discovery/node_security.h"
#include "wire/frame.h"
#include "wire/request_writer.h"

namespace flotilla::discovery {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswerMost = 16U << 20;
constexpr std::size_t kChunk = 16U << 10;
// A session is not used in its last minute: it might end on the way.
constexpr std::chrono::seconds kSessionSlack{60};
// Members come and go; sessions of those that went are dropped at this number.
constexpr std::size_t kSessionsMost = 4096;

Expected<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  if (!file && line.empty())
    return problem(fmt::format("the nodes' password: {} cannot be read, or is empty", path));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Expected<client::Login> read_login(const Options& options) {
  client::Login out;
  out.user = options.node_user;
  if (options.node_auth == "pki") {
    if (options.node_tls_cert.empty())
      return problem("--node-auth pki needs --node-tls-cert and --node-tls-key");
    out.auth = client::Auth::Pki;
    return out;
  }
  if (out.user.empty()) {
    if (!options.node_password.empty() || !options.node_password_file.empty())
      return problem("a password for nodes belongs to a user: give --node-user as well");
    return out;
  }
  out.auth = options.node_auth == "external" ? client::Auth::External : client::Auth::Internal;
  std::string password = options.node_password;
  if (!options.node_password_file.empty()) {
    auto read = first_line_of(options.node_password_file);
    if (!read) return tl::unexpected(read.error());
    password = std::move(*read);
  }
  auto hash = client::hash_password(password);
  if (!hash) return problem(hash.error().message);
  out.credential = std::move(*hash);
  if (out.auth == client::Auth::External) out.password = std::move(password);
  return out;
}

}  // namespace

/// One connection, TLS or not, with the time by which all must be done.
class NodeAccess::Link {
 public:
  Link(milliseconds timeout, bool has_tls)
      : until_(Clock::now() + timeout), has_tls_(has_tls), curl_(new_curl_handle()) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  Expected<void> open(const client::Address& node, const NodeAccess& access) {
    CURL* curl = curl_.get();
    const std::string& name = access.tls_name_.empty() ? node.host : access.tls_name_;
    const std::string place = host_and_port(name, node.port);
    const std::string url = (has_tls_ ? "https://" : "http://") + place;
    // The certificate is to be the name's; the way there is by the address.
    const CurlList by_address(place + ':' + host_and_port(node.host, node.port));
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, by_address.get());
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(left().count())));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_);
    use_tls_files(curl, access.tls_);
    if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK)
      return tl::unexpected(why(code));
    return {};
  }
  Expected<void> send(Bytes bytes) {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(curl_.get(), bytes.data(), bytes.size(), &sent);
      bytes = bytes.subspan(sent);
      if (auto ok = go_on(code, POLLOUT); !ok) return ok;
    }
    return {};
  }
  /// The body of the next message of that kind.
  Expected<Buffer> receive(wire::FrameKind kind) {
    Buffer bytes;
    if (auto ok = fill(bytes, wire::FrameHeader::kSize); !ok) return tl::unexpected(ok.error());
    const auto header = wire::FrameHeader::parse(bytes);
    if (!header || header->kind != kind)
      return problem("does not answer as a node does; is it the right port?");
    if (header->body_size > kAnswerMost) return problem("its answer is larger than 16 MiB");
    bytes.clear();
    if (auto ok = fill(bytes, header->body_size); !ok) return tl::unexpected(ok.error());
    return bytes;
  }

 private:
  milliseconds left() const {
    return std::chrono::ceil<milliseconds>(std::max(Clock::duration{}, until_ - Clock::now()));
  }
  /// Receives `size` bytes. The size is the node's word: memory grows with what arrives.
  Expected<void> fill(Buffer& bytes, std::size_t size) {
    while (bytes.size() < size) {
      const std::size_t before = bytes.size();
      bytes.resize(std::min(size, before + kChunk));
      std::size_t got = 0;
      const CURLcode code =
          curl_easy_recv(curl_.get(), bytes.data() + before, bytes.size() - before, &got);
      bytes.resize(before + got);
      if (code == CURLE_OK && got == 0) return problem("does not answer: closed by the node");
      if (auto ok = go_on(code, POLLIN); !ok) return ok;
    }
    return {};
  }
  /// After one attempt: waits when there is nothing to do yet.
  Expected<void> go_on(CURLcode code, short events) {
    if (code == CURLE_OK) return {};
    if (code != CURLE_AGAIN) return tl::unexpected(why(code));
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(curl_.get(), CURLINFO_ACTIVESOCKET, &fd);
    pollfd watched{.fd = fd, .events = events, .revents = 0};
    if (left().count() == 0 || ::poll(&watched, 1, static_cast<int>(left().count())) == 0)
      return tl::unexpected(why(CURLE_OPERATION_TIMEDOUT));
    return {};
  }
  Problem why(CURLcode code) const {
    const std::string detail = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return {"does not answer in time"};
      case CURLE_PEER_FAILED_VERIFICATION:
        return {
            fmt::format("its certificate is not trusted: {}; give the authority that signed it "
                        "(--node-tls-ca-cert), and the name in it (--node-tls-name)",
                        detail)};
      case CURLE_SSL_CERTPROBLEM:
        return {fmt::format("--node-tls-cert or --node-tls-key is unusable: {}", detail)};
      case CURLE_SSL_CACERT_BADFILE:
        return {fmt::format("--node-tls-ca-cert holds no certificate of an authority: {}", detail)};
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_RECV_ERROR:
        if (!has_tls_) break;
        return {fmt::format(
            "does not answer: {}; does it speak TLS on that port, and does it want a client "
            "certificate (--node-tls-cert)?",
            detail)};
      default:
        break;
    }
    return {"does not answer: " + detail};
  }

  const Clock::time_point until_;
  const bool has_tls_;
  const CurlHandle curl_;
  char error_[CURL_ERROR_SIZE] = {};
};

Expected<std::unique_ptr<NodeAccess>> NodeAccess::make(const Options& options) {
  std::unique_ptr<NodeAccess> out(new NodeAccess);
  out->tls_ = {.ca = options.node_tls_ca,
               .cert = options.node_tls_cert,
               .key = options.node_tls_key,
               .allow_insecure = options.node_tls_allow_insecure};
  out->tls_name_ = options.node_tls_name;
  out->has_tls_ = options.node_tls || out->tls_.any() || !out->tls_name_.empty();
  if (auto ok = out->tls_.check(); !ok) return tl::unexpected(ok.error());
  auto login = read_login(options);
  if (!login) return tl::unexpected(login.error());
  out->login_ = std::move(*login);
  if (out->login_.auth == client::Auth::External && !out->has_tls_)
    return problem("--node-auth external sends the password itself: only with --node-tls");
  return out;
}

Expected<std::vector<client::InfoAnswer>> NodeAccess::ask(
    const client::Address& node, std::span<const std::string_view> commands, milliseconds timeout) {
  Link link(timeout, has_tls_);
  if (auto ok = link.open(node, *this); !ok) return tl::unexpected(ok.error());
  if (login_.auth != client::Auth::None)
    if (auto ok = log_in(link, node.text()); !ok) return tl::unexpected(ok.error());
  OutBuffer out;
  wire::write_info_request(out, commands);
  if (auto ok = link.send(out.view()); !ok) return tl::unexpected(ok.error());
  const auto body = link.receive(wire::FrameKind::Info);
  if (!body) return tl::unexpected(body.error());
  auto answers = client::parse_info(as_text(*body));
  for (const client::InfoAnswer& answer : answers)
    if (client::InfoError error;
        client::is_info_error(answer.value, &error) &&
        (error.code == client::kNotAuthenticated || error.code == client::kRoleViolation))
      return problem(security_failure(static_cast<std::uint8_t>(error.code), login_.user));
  return answers;
}

Expected<void> NodeAccess::log_in(Link& link, const std::string& node) {
  if (const std::string token = session_of(node); !token.empty()) {
    const auto reply = exchange(link, client::authenticate_request(login_.user, token));
    if (!reply) return tl::unexpected(reply.error());
    if (reply->code == client::kLoginOk) return {};
    // The node has forgotten the session, by a restart for one: a login gives another.
  }
  const auto reply = exchange(link, client::login_request(login_));
  if (!reply) return tl::unexpected(reply.error());
  // A node without security demands nothing.
  if (reply->code == client::kSecurityNotEnabled || reply->code == client::kSecurityNotSupported)
    return {};
  if (reply->code != client::kLoginOk) return problem(security_failure(reply->code, login_.user));
  keep_session(node, *reply);
  return {};
}

Expected<client::LoginReply> NodeAccess::exchange(Link& link, const Buffer& request) {
  if (auto ok = link.send(request); !ok) return tl::unexpected(ok.error());
  const auto body = link.receive(wire::FrameKind::Security);
  if (!body) return tl::unexpected(body.error());
  auto reply = client::parse_login_reply(*body);
  if (!reply) return problem("its answer to the login cannot be read");
  return *std::move(reply);
}

std::string NodeAccess::session_of(const std::string& node) {
  const std::lock_guard hold(lock_);
  const auto at = sessions_.find(node);
  return at == sessions_.end() || Clock::now() >= at->second.until ? std::string()
                                                                   : at->second.token;
}

void NodeAccess::keep_session(const std::string& node, const client::LoginReply& reply) {
  const std::lock_guard hold(lock_);
  sessions_.erase(node);
  if (reply.token.empty() || reply.ttl <= kSessionSlack) return;
  if (sessions_.size() >= kSessionsMost) sessions_.clear();
  sessions_[node] = {reply.token, Clock::now() + reply.ttl - kSessionSlack};
}

}  // namespace flotilla::discovery
