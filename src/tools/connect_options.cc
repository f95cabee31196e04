#include "connect_options.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

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

/// Options of TLS: each by its present and its old name.
struct TlsOption {
  const char* names;
  const char* value;
  const char* help;  // Empty: not told.
};
constexpr TlsOption kTlsTexts[] = {
    {"--tls-cafile,--tlsCAFile", "PATH", "Authorities that are trusted"},
    {"--tls-capath,--tlsCAPath", "PATH", ""},
    {"--tls-protocols,--tlsProtocols", "LIST", ""},
    {"--tls-cipher-suite,--tlsCipherSuite", "LIST", ""},
    {"--tls-keyfile,--tlsKeyFile", "PATH", "Our key"},
    {"--tls-keyfile-password,--tlsKeyFilePassword", "WORD", ""},
    {"--tls-certfile,--tlsCertFile", "PATH", "Our certificate"},
    {"--tls-cert-blacklist,--tlsCertBlackList", "PATH", ""},
    {"--tls-name,--tlsName", "NAME", "What the nodes' certificates must say"},
};
constexpr const char* kTlsFlags[] = {"--tls-crl-check,--tlsCRLCheck",
                                     "--tls-crl-checkall,--tlsCRLCheckAll"};

}  // namespace

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
  common(line.flag("--tls-enable,--tlsEnable", tls_enable, "Encrypt the connections"));
  for (const TlsOption& row : kTlsTexts)
    common(line.option(row.names, ignored_tls_words_, row.value, row.help)->expected(1));
  for (const char* names : kTlsFlags) line.silent_flag(names);
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
  if (auto taken = take_values(); !taken) return taken;
  if (tls_enable) return tl::unexpected<std::string>("TLS is not available in this version");
  return {};
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
  if (app_->count("--tls-enable") == 0) tls_enable = value("tls-enable") == "true";
  if (app_->count("--password") == 0) {
    password = value("password");
  } else if (password_words_.empty() || password_words_[0].empty()) {
    password = ask_password();
  } else {
    auto secret = resolve_secret(password_words_[0]);
    if (!secret) return tl::unexpected(secret.error());
    password = *std::move(secret);
  }
  return {};
}

client::Expected<std::vector<client::Address>> ConnectOptions::seeds() const {
  return client::parse_addresses(host, port);
}

client::ClientOptions ConnectOptions::client_options() const {
  return {.use_alternate_addresses = services_alternate, .application = "tools"};
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
