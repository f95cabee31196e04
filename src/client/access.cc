#include "client/access.h"

#include "access_state.h"

namespace flotilla::client {
namespace {

/// A session is not used in its last minute: it might end on the way.
constexpr std::chrono::seconds kSessionSlack{60};
/// Nodes come and go; sessions of those that went are dropped at this number.
constexpr std::size_t kSessionsMost = 4096;

Expected<Login> make_login(const SecurityOptions& options) {
  Login login{.auth = options.auth, .user = options.user};
  switch (options.auth) {
    case Auth::None:
      return login;
    case Auth::Pki:
      if (options.tls.cert_file.empty())
        return fail(Status::Parameter,
                    "to log in by certificate, a certificate and its key are needed");
      login.user.clear();
      return login;
    case Auth::External:
      if (!options.tls.enable && !options.allow_clear_password)
        return fail(Status::Parameter,
                    "a login of an external user sends the password itself: only over TLS");
      login.password = options.password;
      break;
    case Auth::Internal:
      break;
  }
  if (options.user.empty()) return fail(Status::Parameter, "a login needs a user");
  auto hash = hash_password(options.password);
  if (!hash) return tl::unexpected(hash.error());
  login.credential = *std::move(hash);
  return login;
}

}  // namespace

Access::Access(std::unique_ptr<AccessState> state) : state_(std::move(state)) {}
Access::~Access() = default;

Expected<std::shared_ptr<Access>> Access::make(const SecurityOptions& options) {
  if (options.auth == Auth::None && !options.tls.enable) return std::shared_ptr<Access>();
  auto login = make_login(options);
  if (!login) return tl::unexpected(login.error());
  std::optional<TlsContext> tls;
  if (options.tls.enable) {
    auto made = TlsContext::make(options.tls);
    if (!made) return tl::unexpected(made.error());
    tls = *std::move(made);
  }
  return std::shared_ptr<Access>(
      new Access(std::make_unique<AccessState>(*std::move(login), std::move(tls))));
}

bool Access::has_tls() const { return state_->tls() != nullptr; }

std::string AccessState::session(const std::string& node) const {
  const std::lock_guard hold(lock_);
  const auto at = sessions_.find(node);
  return at == sessions_.end() || Clock::now() >= at->second.until ? std::string()
                                                                   : at->second.token;
}

void AccessState::keep_session(const std::string& node, const LoginReply& reply) {
  const std::lock_guard hold(lock_);
  sessions_.erase(node);
  if (reply.token.empty() || reply.ttl <= kSessionSlack) return;
  if (sessions_.size() >= kSessionsMost) sessions_.clear();
  sessions_[node] = {reply.token, Clock::now() + reply.ttl - kSessionSlack};
}

void AccessState::forget_session(const std::string& node) {
  const std::lock_guard hold(lock_);
  sessions_.erase(node);
}

}  // namespace flotilla::client
