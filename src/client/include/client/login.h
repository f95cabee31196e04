#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "client/failure.h"

/// The security messages of the client protocol, as far as a login needs them: pure functions.
namespace flotilla::client {

/// How a node is told who asks.
enum class Auth : std::uint8_t {
  None,
  Internal,  // A user of the node's own: the hash of its password is sent.
  External,  // A user of some directory: the password itself is sent, so only over TLS.
  Pki,       // By the client's certificate alone.
};

struct Login {
  Auth auth = Auth::None;
  std::string user = {};
  std::string password = {};    // External only.
  std::string credential = {};  // hash_password() of the password.
};

/// Results of security messages that are acted upon.
inline constexpr std::uint8_t kLoginOk = 0;
inline constexpr std::uint8_t kSecurityNotSupported =
    static_cast<std::uint8_t>(Code::SecurityNotSupported);
inline constexpr std::uint8_t kSecurityNotEnabled =
    static_cast<std::uint8_t>(Code::SecurityNotEnabled);
inline constexpr std::uint8_t kExpiredSession = 66;
inline constexpr std::uint8_t kNotAuthenticated = 80;
inline constexpr std::uint8_t kRoleViolation = 81;

/// As nodes keep it: bcrypt, with a salt that all share. About 60 ms of work. Parameter: too long.
Expected<std::string> hash_password(const std::string& password);

/// Whole messages, frame included.
Buffer login_request(const Login& login);
/// With the token that a login gave. An empty user: by certificate.
Buffer authenticate_request(std::string_view user, std::string_view token);

struct LoginReply {
  std::uint8_t code = 0;
  std::string token = {};       // Empty: none was given.
  std::chrono::seconds ttl{0};  // Of the token; zero: it does not say.
};
/// The body of a reply. Client: it is none.
Expected<LoginReply> parse_login_reply(Bytes body);

/// In words, to follow "the node".
std::string login_failure(std::uint8_t code, std::string_view user);

}  // namespace flotilla::client
