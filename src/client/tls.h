#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "client/access.h"
#include "client/address.h"

namespace flotilla::client {

/// How far one step of an encrypted stream came. `size` zero: wait for `wants` (of poll()) first.
struct TlsStep {
  std::size_t size = 0;
  short wants = 0;
};

/// TLS over one socket that does not block, which it borrows. Move-only; used by one thread at a
/// time. Failures: Tls where the peers do not agree, Connection where the socket fails; both
/// without the node's address.
class TlsStream {
 public:
  /// True once the handshake is done; else wait for wants().
  Expected<bool> try_handshake();
  Expected<TlsStep> try_send(Bytes bytes);
  Expected<TlsStep> try_receive(MutableBytes into);
  short wants() const { return wants_; }
  /// Whether the other side has closed it, or sent what nobody has read.
  bool is_stale();

 private:
  friend class TlsContext;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  explicit TlsStream(SSL* ssl) : ssl_(ssl) {}
  /// After a call of the library that did not succeed: nothing, or why.
  Expected<void> look_at(int result);

  std::unique_ptr<SSL, Free> ssl_;
  short wants_ = 0;
};

/// Certificates and rules for all streams. Thread-safe once made.
class TlsContext {
 public:
  /// Tls: a file that cannot be read, or holds nothing of use. Parameter: words that mean nothing.
  static Expected<TlsContext> make(const TlsOptions& options);

  /// Towards that address, over `fd`.
  Expected<TlsStream> open(int fd, const Address& address) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit TlsContext(SSL_CTX* context) : context_(context) {}

  std::unique_ptr<SSL_CTX, Free> context_;
  std::string name_;
};

}  // namespace flotilla::client
