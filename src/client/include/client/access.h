#pragma once

#include <memory>
#include <string>

#include "client/failure.h"
#include "client/login.h"

namespace flotilla::client {

/// How connections are encrypted. All files are PEM.
struct TlsOptions {
  bool enable = false;
  std::string ca_file =
      {};  // Authorities that are trusted; with ca_path empty: those of the system.
  std::string ca_path = {};    // A folder of them, hashed as OpenSSL wants it.
  std::string cert_file = {};  // Our certificate, for nodes that want one, and its key.
  std::string key_file = {};
  std::string key_password = {};
  /// What the nodes' certificates must say; empty: the host's name. The name that stands with an
  /// address (Address::tls_name) goes before it.
  std::string name = {};
  std::string protocols = {};      // As "-all +TLSv1.2 +TLSv1.3"; empty: 1.2 and 1.3.
  std::string cipher_suites = {};  // For TLS 1.2, as OpenSSL writes them; empty: its choice.
  bool check_crl = false;          // Revocation lists stand in ca_file or ca_path.
  bool check_crl_of_all = false;   // Of authorities between as well.
  bool allow_untrusted = false;    // Certificates are not looked at.
};

/// Who asks, and how the way there is protected.
struct SecurityOptions {
  Auth auth = Auth::None;
  std::string user = {};
  std::string password = {};
  bool allow_clear_password = false;  // External also without TLS.
  TlsOptions tls = {};
};

class Connection;
class AccessState;

/// What is made of SecurityOptions once, and the sessions that logins gave. Thread-safe; shared by
/// all connections that are opened by it.
class Access {
 public:
  /// Null: nothing is asked for, plain connections of nobody will do. Parameter: options that do
  /// not fit together. Tls: a file that cannot be read, or holds nothing of use.
  static Expected<std::shared_ptr<Access>> make(const SecurityOptions& options);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  bool has_tls() const;

 private:
  friend Connection;
  explicit Access(std::unique_ptr<AccessState> state);

  std::unique_ptr<AccessState> state_;
};

}  // namespace flotilla::client
