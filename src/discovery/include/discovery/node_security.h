#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "discovery/model.h"

/// The security messages of the client protocol, as far as a login needs them: pure functions.
namespace flotilla::discovery {

/// How a node is told who asks.
enum class NodeAuth : std::uint8_t {
  None,
  Internal,  // A user of the node's own: the hash of its password is sent.
  External,  // A user of some directory: the password itself is sent, so only over TLS.
  Pki,       // By the client's certificate alone.
};

struct NodeLogin {
  NodeAuth auth = NodeAuth::None;
  std::string user;
  std::string password;    // External only.
  std::string credential;  // hash_password() of the password.
};

/// Results of security messages that are acted upon.
inline constexpr std::uint8_t kSecurityOk = 0;
inline constexpr std::uint8_t kSecurityNotSupported =
    static_cast<std::uint8_t>(Code::SecurityNotSupported);
inline constexpr std::uint8_t kSecurityNotEnabled =
    static_cast<std::uint8_t>(Code::SecurityNotEnabled);
inline constexpr std::uint8_t kNotAuthenticated = 80;
inline constexpr std::uint8_t kRoleViolation = 81;

/// As nodes keep it: bcrypt, with a salt that all share. About 60 ms of work. Problem: too long.
Expected<std::string> hash_password(const std::string& password);

/// Whole messages, frame included.
Buffer login_request(const NodeLogin& login);
/// With the token that a login gave. An empty user: by certificate.
Buffer authenticate_request(std::string_view user, std::string_view token);

struct SecurityReply {
  std::uint8_t code = 0;
  std::string token;            // Empty: none was given.
  std::chrono::seconds ttl{0};  // Of the token; zero: it does not say.
};
/// The body of a reply. Problem: it is none.
Expected<SecurityReply> parse_security_reply(Bytes body);

/// In words, and what to do about it.
std::string security_failure(std::uint8_t code, std::string_view user);

}  // namespace flotilla::discovery
