#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/info.h"
#include "client/login.h"
#include "discovery/http_client.h"
#include "discovery/options.h"

namespace flotilla::discovery {

/// Asks nodes info commands: over TLS and after a login where the options say so. Any threads at a
/// time.
class NodeAccess {
 public:
  /// Problem: options that do not fit together, a file that cannot be read.
  static Expected<std::unique_ptr<NodeAccess>> make(const Options& options);

  /// One connection, closed again. Problem: no answer in time, a certificate that is not trusted, a
  /// login that is refused.
  Expected<std::vector<client::InfoAnswer>> ask(const client::Address& node,
                                                std::span<const std::string_view> commands,
                                                std::chrono::milliseconds timeout);
  bool has_tls() const { return has_tls_; }

 private:
  class Link;
  /// What a login gave.
  struct Session {
    std::string token;
    std::chrono::steady_clock::time_point until;
  };

  NodeAccess() = default;
  Expected<void> log_in(Link& link, const std::string& node);
  static Expected<client::LoginReply> exchange(Link& link, const Buffer& request);
  std::string session_of(const std::string& node);
  void keep_session(const std::string& node, const client::LoginReply& reply);

  bool has_tls_ = false;
  TlsFiles tls_;
  std::string tls_name_;
  client::Login login_;

  std::mutex lock_;
  std::map<std::string, Session> sessions_;  // By node's address. Guarded by lock_.
};

}  // namespace flotilla::discovery
