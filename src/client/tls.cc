#include "tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/parse.h"

namespace flotilla::client {
namespace {

// The library's own socket BIO writes without MSG_NOSIGNAL: a node that is gone would end the
// program by SIGPIPE.
int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool is_passing(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == EINPROGRESS;
}

int write_bio(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent =
      ::send(fd_of(bio), bytes, static_cast<std::size_t>(std::max(size, 0)), MSG_NOSIGNAL);
  if (sent < 0 && is_passing(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_bio(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(fd_of(bio), into, static_cast<std::size_t>(std::max(size, 0)), 0);
  if (got < 0 && is_passing(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long control_bio(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO* new_bio(int fd) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    FLOTILLA_CHECK(made != nullptr);
    BIO_meth_set_write(made, &write_bio);
    BIO_meth_set_read(made, &read_bio);
    BIO_meth_set_ctrl(made, &control_bio);
    return made;
  }();
  BIO* const bio = BIO_new(method);
  FLOTILLA_CHECK(bio != nullptr);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the library keeps a pointer, and this is no more.
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

/// What the library has to say about the last failure.
std::string last_words() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason is given" : reason;
}

struct Protocol {
  std::string_view name;
  std::uint64_t excluded_by;
};
constexpr Protocol kProtocols[] = {{"tlsv1", SSL_OP_NO_TLSv1},
                                   {"tlsv1.1", SSL_OP_NO_TLSv1_1},
                                   {"tlsv1.2", SSL_OP_NO_TLSv1_2},
                                   {"tlsv1.3", SSL_OP_NO_TLSv1_3}};

/// Words with '+', '-', or nothing before them, read in order.
Expected<std::uint64_t> excluded_protocols(std::string_view text) {
  std::uint64_t all = 0;
  for (const Protocol& protocol : kProtocols) all |= protocol.excluded_by;
  std::uint64_t excluded = all;
  std::string words(text);
  std::ranges::replace(words, ',', ' ');
  for (std::string_view word : split(words, ' ')) {
    if (word.empty()) continue;
    const bool excludes = word[0] == '-';
    if (excludes || word[0] == '+') word.remove_prefix(1);
    std::string name(word);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto* const at = std::ranges::find(kProtocols, std::string_view(name), &Protocol::name);
    if (name != "all" && at == std::end(kProtocols))
      return fail(Status::Parameter, fmt::format("'{}' is no version of TLS", word));
    const std::uint64_t meant = name == "all" ? all : at->excluded_by;
    excluded = excludes ? excluded | meant : excluded & ~meant;
  }
  if (excluded == all) return fail(Status::Parameter, "no version of TLS is left");
  return excluded;
}

Expected<void> set_versions(SSL_CTX* context, const TlsOptions& options) {
  if (options.protocols.empty()) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  } else {
    const auto excluded = excluded_protocols(options.protocols);
    if (!excluded) return tl::unexpected(excluded.error());
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_options(context, *excluded);
  }
  if (!options.cipher_suites.empty() &&
      SSL_CTX_set_cipher_list(context, options.cipher_suites.c_str()) != 1)
    return fail(Status::Parameter,
                fmt::format("'{}' names no cipher suite of TLS 1.2", options.cipher_suites));
  return {};
}

Expected<void> load_authorities(SSL_CTX* context, const TlsOptions& options) {
  if (options.ca_file.empty() && options.ca_path.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  const auto or_null = [](const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
  };
  if (SSL_CTX_load_verify_locations(context, or_null(options.ca_file), or_null(options.ca_path)) !=
      1)
    return fail(
        Status::Tls,
        fmt::format("'{}' holds no certificate of an authority: {}",
                    options.ca_file.empty() ? options.ca_path : options.ca_file, last_words()));
  return {};
}

int give_password(char* into, int size, int, void* from) {
  const auto& password = *static_cast<const std::string*>(from);
  const auto count = std::min(static_cast<std::size_t>(std::max(size, 0)), password.size());
  std::copy_n(password.data(), count, into);
  return static_cast<int>(count);
}

Expected<void> load_own(SSL_CTX* context, const TlsOptions& options) {
  if (options.cert_file.empty() && options.key_file.empty()) return {};
  if (options.cert_file.empty() || options.key_file.empty())
    return fail(Status::Parameter, "a certificate and its key belong together: give both");
  if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1)
    return fail(Status::Tls,
                fmt::format("'{}' holds no certificate: {}", options.cert_file, last_words()));
  // Without a password the library would ask on the terminal.
  SSL_CTX_set_default_passwd_cb(context, &give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<std::string*>(&options.key_password));
  const int loaded =
      SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  if (loaded != 1)
    return fail(
        Status::Tls,
        fmt::format("'{}' holds no key that can be read: {}{}", options.key_file, last_words(),
                    options.key_password.empty() ? "" : "; is its password right?"));
  if (SSL_CTX_check_private_key(context) != 1)
    return fail(Status::Tls, fmt::format("the key of '{}' is not that of the certificate of '{}'",
                                         options.key_file, options.cert_file));
  return {};
}

bool is_address(const std::string& host) {
  ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

}  // namespace

Expected<TlsContext> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  SSL_CTX* const raw = SSL_CTX_new(TLS_client_method());
  if (raw == nullptr) return fail(Status::Tls, last_words());
  TlsContext context(raw);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  for (const auto step : {&set_versions, &load_authorities, &load_own})
    if (auto done = step(raw, options); !done) return tl::unexpected(done.error());
  context.name_ = options.name;
  SSL_CTX_set_verify(raw, options.allow_untrusted ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (options.check_crl || options.check_crl_of_all)
    X509_VERIFY_PARAM_set_flags(
        SSL_CTX_get0_param(raw),
        X509_V_FLAG_CRL_CHECK | (options.check_crl_of_all ? X509_V_FLAG_CRL_CHECK_ALL : 0));
  return context;
}

Expected<TlsStream> TlsContext::open(int fd, const Address& address) const {
  ERR_clear_error();
  SSL* const ssl = SSL_new(context_.get());
  if (ssl == nullptr) return fail(Status::Tls, last_words());
  TlsStream stream(ssl);
  BIO* const bio = new_bio(fd);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  const std::string& name =
      !address.tls_name.empty() ? address.tls_name : (name_.empty() ? address.host : name_);
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl, name.c_str());
    SSL_set1_host(ssl, name.c_str());
  }
  return stream;
}

Expected<void> TlsStream::look_at(int result) {
  const int error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      wants_ = POLLIN;
      return {};
    case SSL_ERROR_WANT_WRITE:
      wants_ = POLLOUT;
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return fail(Status::Connection, "closed by the node");
    case SSL_ERROR_SYSCALL:
      return fail(Status::Connection, error == 0 ? "closed by the node" : std::strerror(error));
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK && SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE) {
    ERR_clear_error();
    return fail(Status::Tls, fmt::format("the node's certificate is not trusted: {}",
                                         X509_verify_cert_error_string(verified)));
  }
  const bool is_unexpected_end =
      ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const std::string words = last_words();
  if (is_unexpected_end) return fail(Status::Connection, "closed by the node");
  return fail(Status::Tls,
              fmt::format("TLS with the node fails: {}; does it speak TLS on that port, and "
                          "does it want a certificate of ours?",
                          words));
}

Expected<bool> TlsStream::try_handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return true;
  if (auto looked = look_at(result); !looked) return tl::unexpected(looked.error());
  return false;
}

Expected<TlsStep> TlsStream::try_send(Bytes bytes) {
  ERR_clear_error();
  errno = 0;
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
  if (result == 1) return TlsStep{.size = sent};
  if (auto looked = look_at(result); !looked) return tl::unexpected(looked.error());
  return TlsStep{.wants = wants_};
}

Expected<TlsStep> TlsStream::try_receive(MutableBytes into) {
  ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  if (result == 1) return TlsStep{.size = got};
  if (auto looked = look_at(result); !looked) return tl::unexpected(looked.error());
  return TlsStep{.wants = wants_};
}

bool TlsStream::is_stale() {
  ERR_clear_error();
  errno = 0;
  // What a node sends of its own accord, such as tickets, is taken in on the way.
  std::byte one;
  std::size_t got = 0;
  const int result = SSL_peek_ex(ssl_.get(), &one, 1, &got);
  return result == 1 || !look_at(result);
}

}  // namespace flotilla::client
