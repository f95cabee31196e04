#include "discovery/node_security.h"

#include "client/login.h"

namespace flotilla::discovery {

std::string security_failure(std::uint8_t code, std::string_view user) {
  std::string told = client::login_failure(code, user);
  switch (code) {
    case 60:
      return told + " (--node-user)";
    case 61:
    case 62:
    case 65:
      return told + " (--node-password-file)";
    case client::kNotAuthenticated:
      return told + "; give --node-user and --node-password-file";
    case client::kRoleViolation:
      return told + "; it needs a role with sys-admin";
    default:
      return told;
  }
}

}  // namespace flotilla::discovery
