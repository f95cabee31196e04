#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "client/access.h"
#include "connection.h"
#include "tls.h"

namespace flotilla::client {

/// What Access keeps. Thread-safe.
class AccessState {
 public:
  AccessState(Login login, std::optional<TlsContext> tls)
      : login_(std::move(login)), tls_(std::move(tls)) {}

  const TlsContext* tls() const { return tls_ ? &*tls_ : nullptr; }
  const Login& login() const { return login_; }

  /// The token of a login to that node that still counts; empty: there is none.
  std::string session(const std::string& node) const;
  void keep_session(const std::string& node, const LoginReply& reply);
  void forget_session(const std::string& node);

 private:
  struct Session {
    std::string token;
    Clock::time_point until;
  };

  const Login login_;
  const std::optional<TlsContext> tls_;
  mutable std::mutex lock_;
  std::map<std::string, Session> sessions_;  // By node's address. Guarded by lock_.
};

}  // namespace flotilla::client
