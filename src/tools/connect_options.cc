#include "connect_options.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools {
namespace {

std::string home() {
  const char* const found = std::getenv("HOME");
  return found == nullptr ? std::string() : std::string(found);
}

/// Options of TLS that take a text: by their present and old names, and in astools.conf.
struct TlsText {
  const char* names;
  const char* value;
  const char* help;
  std::string_view key;
  std::string client::TlsOptions::* text;
};
constexpr TlsText kTlsTexts[] = {
    {"--tls-cafile,--tlsCAFile", "PATH", "Authorities that are trusted (those of the system)",
     "tls-cafile", &client::TlsOptions::ca_file},
    {"--tls-capath,--tlsCAPath", "PATH", "A folder of them", "tls-capath",
     &client::TlsOptions::ca_path},
    {"--tls-protocols,--tlsProtocols", "LIST", "As '-all +TLSv1.2' (1.2 and 1.3)", "tls-protocols",
     &client::TlsOptions::protocols},
    {"--tls-cipher-suite,--tlsCipherSuite", "LIST", "Of TLS 1.2", "tls-cipher-suite",
     &client::TlsOptions::cipher_suites},
    {"--tls-certfile,--tlsCertFile", "PATH", "Our certificate, where nodes want one",
     "tls-certfile", &client::TlsOptions::cert_file},
    {"--tls-keyfile,--tlsKeyFile", "PATH", "Its key", "tls-keyfile", &client::TlsOptions::key_file},
    {"--tls-name,--tlsName", "NAME", "What the nodes' certificates must say (the host's name)",
     "tls-name", &client::TlsOptions::name},
};
struct TlsFlag {
  const char* names;
  const char* help;
  std::string_view key;
  bool client::TlsOptions::* flag;
};
constexpr TlsFlag kTlsFlags[] = {
    {"--tls-enable,--tlsEnable", "Encrypt the connections", "tls-enable",
     &client::TlsOptions::enable},
    {"--tls-crl-check,--tlsCRLCheck", "Refuse revoked certificates", "tls-crl-check",
     &client::TlsOptions::check_crl},
    {"--tls-crl-checkall,--tls-crl-check-all,--tlsCRLCheckAll", "Also of authorities between",
     "tls-crl-check-all", &client::TlsOptions::check_crl_of_all},
};

/// The first of "--a,--b".
std::string first_of(std::string_view names) {
  return std::string(names.substr(0, names.find(',')));
}

struct AuthMode {
  std::string_view name;
  client::Auth auth;
};
constexpr AuthMode kAuthModes[] = {{"INTERNAL", client::Auth::Internal},
                                   {"EXTERNAL", client::Auth::External},
                                   {"EXTERNAL_INSECURE", client::Auth::External},
                                   {"PKI", client::Auth::Pki}};
constexpr std::string_view kInsecure = "EXTERNAL_INSECURE";

}  // namespace

bool is_refusal(const client::Failure& failure) {
  return failure.is(client::Status::Tls) || failure.is(client::Status::Parameter) ||
         (failure.code > 0 && !failure.is(Code::Timeout));
}

std::string ask_password() {
  std::cerr << "Enter Password: " << std::flush;
  termios shown{};
  const bool is_terminal = ::tcgetattr(STDIN_FILENO, &shown) == 0;
  if (is_terminal) {
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string line;
  std::getline(std::cin, line);
  if (is_terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    std::cerr << '\n';
  }
  return line;
}

namespace {

/// The word behind an option that may stand alone: then it is asked for.
tl::expected<std::string, std::string> told_or_asked(const std::vector<std::string>& words) {
  if (words.empty() || words[0].empty()) return ask_password();
  return resolve_secret(words[0]);
}

}  // namespace

void ConnectOptions::add_to(CommandLine& line, Letters letters) {
  app_ = &line.app();
  line.option("-h,--host", host, "HOST", "Seeds, host[:tls name][:port],... (127.0.0.1)");
  line.option("-p,--port", port, "PORT", "Of seeds without one (3000)");
  const auto common = [](CLI::Option* option) { CommandLine::common(option); };
  common(line.option("-U,--user", user, "USER", "Who logs in"));
  common(line.option("-P,--password", password_words_, "[=PASSWORD]",
                     "Also env:NAME, file:PATH; without one it is asked for")
             ->expected(0, 1));
  common(line.option("-A,--auth", auth, "MODE", "INTERNAL, EXTERNAL, EXTERNAL_INSECURE, PKI"));
  common(line.flag(letters == Letters::All ? "-a,--services-alternate" : "--services-alternate",
                   services_alternate, "Reach nodes by their alternate access addresses"));
  for (const TlsFlag& row : kTlsFlags) common(line.flag(row.names, tls.*row.flag, row.help));
  for (const TlsText& row : kTlsTexts)
    common(line.option(row.names, tls.*row.text, row.value, row.help));
  common(line.option("--tls-keyfile-password,--tlsKeyFilePassword", key_password_words_,
                     "[=PASSWORD]", "Of the key, given as --password is")
             ->expected(0, 1));
  line.silent("--tls-cert-blacklist,--tlsCertBlackList", revoked_);
  common(line.option("--instance", instance, "NAME", "Sections [..._NAME] of astools.conf"));
  common(line.option("--config-file", config.extra, "PATH", "Read this behind the usual files"));
  common(line.option("--only-config-file", config.only, "PATH", "Read this alone"));
  common(line.flag("--no-config-file", config.none, "Read none"));
}

tl::expected<void, std::string> ConnectOptions::complete(const std::string& tool,
                                                         const std::vector<std::string>& keys) {
  host_given_ = app_->count("--host") > 0;
  port_given_ = app_->count("--port") > 0;
  user_given_ = app_->count("--user") > 0;
  const auto entries = read_config(config, home());
  if (!entries) return tl::unexpected(entries.error());
  auto chosen = choose_values(*entries, {.tool = tool, .instance = instance, .allowed = keys});
  if (!chosen) return tl::unexpected(chosen.error());
  values = *std::move(chosen);
  return take_values();
}

tl::expected<void, std::string> ConnectOptions::take_values() {
  const auto value = [&](std::string_view key) {
    const auto at = values.find(key);
    return at == values.end() ? std::optional<std::string>() : at->second;
  };
  if (!host_given_) host = value("host").value_or(instance.empty() ? "127.0.0.1" : "");
  if (host.empty())
    return tl::unexpected(fmt::format("no host is given, and none for instance '{}'", instance));
  if (const auto text = value("port"); text && !port_given_) {
    const auto number = parse_u64(*text);
    if (!number || *number == 0 || *number > 65535)
      return tl::unexpected(fmt::format("'{}' is not a port", *text));
    port = static_cast<std::uint16_t>(*number);
  }
  if (!user_given_) user = value("user").value_or("");
  if (app_->count("--services-alternate") == 0)
    services_alternate = value("services-alternate") == "true";
  if (app_->count("--auth") == 0) auth = upper(value("auth").value_or(auth));
  auth = upper(auth);
  if (std::ranges::find(kAuthModes, std::string_view(auth), &AuthMode::name) ==
      std::end(kAuthModes))
    return tl::unexpected(
        fmt::format("--auth is INTERNAL, EXTERNAL, EXTERNAL_INSECURE, or PKI, not '{}'", auth));
  if (auto taken = take_tls_values(); !taken) return taken;
  return take_password();
}

tl::expected<void, std::string> ConnectOptions::take_tls_values() {
  for (const TlsText& row : kTlsTexts)
    if (const auto at = values.find(row.key);
        at != values.end() && app_->count(first_of(row.names)) == 0)
      tls.*row.text = at->second;
  for (const TlsFlag& row : kTlsFlags)
    if (const auto at = values.find(row.key);
        at != values.end() && app_->count(first_of(row.names)) == 0)
      tls.*row.flag = at->second == "true";
  if (!revoked_.empty() || values.contains("tls-cert-blacklist"))
    return tl::unexpected<std::string>(
        "lists of refused certificates are not supported: use --tls-crl-check");
  if (app_->count("--tls-keyfile-password") == 0) {
    const auto at = values.find("tls-keyfile-password");
    if (at != values.end()) tls.key_password = at->second;
    return {};
  }
  auto secret = told_or_asked(key_password_words_);
  if (!secret) return tl::unexpected(secret.error());
  tls.key_password = *std::move(secret);
  return {};
}

tl::expected<void, std::string> ConnectOptions::take_password() {
  if (app_->count("--password") == 0) {
    if (const auto at = values.find("password"); at != values.end()) password = at->second;
    return {};
  }
  auto secret = told_or_asked(password_words_);
  if (!secret) return tl::unexpected(secret.error());
  password = *std::move(secret);
  return {};
}

client::SecurityOptions ConnectOptions::security() const {
  const auto* const mode = std::ranges::find(kAuthModes, std::string_view(auth), &AuthMode::name);
  // Without a user nobody logs in, but by certificate.
  const bool logs_in = mode->auth == client::Auth::Pki || !user.empty();
  return {.auth = logs_in ? mode->auth : client::Auth::None,
          .user = user,
          .password = password.value_or(""),
          .allow_clear_password = auth == kInsecure,
          .tls = tls};
}

client::Expected<std::shared_ptr<client::Access>> ConnectOptions::access() const {
  return client::Access::make(security());
}

client::Expected<std::vector<client::Address>> ConnectOptions::seeds() const {
  return client::parse_addresses(host, port);
}

client::ClientOptions ConnectOptions::client_options() const {
  return {.use_alternate_addresses = services_alternate,
          .security = security(),
          .application = "tools"};
}

client::Expected<client::Client> ConnectOptions::connect() const {
  auto found = seeds();
  if (!found) return tl::unexpected(found.error());
  return client::Client::connect(*std::move(found), client_options());
}

std::string ConnectOptions::config_text() const {
  std::string text;
  for (const std::string& path : config_paths(config, home())) text += path + ' ';
  return text.empty() ? "None" : text;
}

}  // namespace flotilla::tools
