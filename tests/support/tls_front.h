#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "support/loopback_listener.h"

namespace flotilla::testing {

/// A certificate with its key, made on the spot, and both as PEM files in a folder of its own.
class TestCertificate {
 public:
  /// `names`: as "DNS:db.example,IP:127.0.0.1"; empty: an authority. `issuer` null: signed by
  /// itself.
  explicit TestCertificate(const std::string& names = {}, const TestCertificate* issuer = nullptr)
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    static std::atomic<int> next = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("flotilla-tls-" + std::to_string(::getpid()) + '-' + std::to_string(++next));
    std::filesystem::create_directories(folder_);
    const std::string subject = names.empty() ? "authority" : "node";
    X509_set_version(certificate_.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), next);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3600);
    X509_set_pubkey(certificate_.get(), key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
    X509* const by = issuer == nullptr ? certificate_.get() : issuer->certificate_.get();
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(by));
    if (names.empty())
      extend(NID_basic_constraints, "critical,CA:TRUE");
    else
      extend(NID_subject_alt_name, names);
    X509_sign(certificate_.get(), issuer == nullptr ? key_.get() : issuer->key_.get(),
              EVP_sha256());
    write(certificate_path(), [&](FILE* to) { return PEM_write_X509(to, certificate_.get()); });
    write(key_path(), [&](FILE* to) {
      return PEM_write_PrivateKey(to, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ~TestCertificate() { std::filesystem::remove_all(folder_); }

  std::string certificate_path() const { return folder_ / "cert.pem"; }
  std::string key_path() const { return folder_ / "key.pem"; }
  /// The same key under a password.
  std::string locked_key_path(std::string password) const {
    const std::string path = folder_ / "locked.pem";
    write(path, [&](FILE* to) {
      return PEM_write_PrivateKey(to, key_.get(), EVP_aes_128_cbc(),
                                  reinterpret_cast<unsigned char*>(password.data()),
                                  static_cast<int>(password.size()), nullptr, nullptr);
    });
    return path;
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  void extend(int kind, const std::string& value) {
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    FLOTILLA_CHECK(made != nullptr);
    X509_add_ext(certificate_.get(), made, -1);
    X509_EXTENSION_free(made);
  }
  template <class Put>
  static void write(const std::string& path, Put&& put) {
    FILE* const file = std::fopen(path.c_str(), "w");
    FLOTILLA_CHECK(file != nullptr && put(file) == 1);
    std::fclose(file);
  }

  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  std::filesystem::path folder_;
};

/// A listener that speaks TLS and passes on what is said, in the clear, to a port of loopback. One
/// thread a connection.
class TlsFront {
 public:
  /// `client_authority`: clients must show a certificate that it signed; null: none is asked for.
  TlsFront(const TestCertificate& certificate, std::uint16_t behind,
           const TestCertificate* client_authority = nullptr)
      : behind_(behind), context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX* const context = context_.get();
    FLOTILLA_CHECK(SSL_CTX_use_certificate_file(context, certificate.certificate_path().c_str(),
                                                SSL_FILETYPE_PEM) == 1);
    FLOTILLA_CHECK(SSL_CTX_use_PrivateKey_file(context, certificate.key_path().c_str(),
                                               SSL_FILETYPE_PEM) == 1);
    if (client_authority != nullptr) {
      SSL_CTX_load_verify_locations(context, client_authority->certificate_path().c_str(), nullptr);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
  }
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  std::string address() const { return listener_.address(); }
  void limit_to(int version) { SSL_CTX_set_max_proto_version(context_.get(), version); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  void serve(int fd) {
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const std::unique_ptr<SSL, Free> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) == 1) {
      const int inner = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in to = loopback(behind_);
      if (::connect(inner, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
        pass_on(ssl.get(), fd, inner);
      ::close(inner);
    } else {
      // What the client has sent meanwhile is read first: a socket that is closed with it is reset,
      // and the reason of the refusal lost.
      ::shutdown(fd, SHUT_WR);
      char rest[4096];
      while (::recv(fd, rest, sizeof rest, 0) > 0) continue;
    }
    ::close(fd);
  }

  void pass_on(SSL* ssl, int outer, int inner) const {
    char bytes[16384];
    while (!listener_.stopping()) {
      pollfd watched[2] = {{.fd = outer, .events = POLLIN, .revents = 0},
                           {.fd = inner, .events = POLLIN, .revents = 0}};
      if (SSL_pending(ssl) == 0 && ::poll(watched, 2, 20) <= 0) continue;
      if (SSL_pending(ssl) > 0 || watched[0].revents != 0) {
        const int got = SSL_read(ssl, bytes, sizeof bytes);
        if (got <= 0 || ::send(inner, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got)
          return;
      }
      if (watched[1].revents != 0) {
        const ssize_t got = ::recv(inner, bytes, sizeof bytes, 0);
        if (got <= 0 || SSL_write(ssl, bytes, static_cast<int>(got)) != got) return;
      }
    }
  }

  const std::uint16_t behind_;
  std::unique_ptr<SSL_CTX, Free> context_;
  LoopbackListener listener_{[this](int fd) { serve(fd); }};  // Last: it uses the others.
};

}  // namespace flotilla::testing
