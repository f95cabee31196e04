#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "command_line.h"
#include "tools/config_file.h"

namespace flotilla::tools {

/// The options by which every tool finds its cluster, read from the command line and from
/// astools.conf.
///
///   ConnectOptions connect;
///   connect.add_to(line);             // Before parsing.
///   line.parse();
///   connect.complete("aql", keys);    // Fills in what the command line does not say.
struct ConnectOptions {
  std::string host;
  std::uint16_t port = client::kDefaultPort;
  std::string user;
  std::optional<std::string> password;
  std::string auth = "INTERNAL";
  bool services_alternate = false;
  client::TlsOptions tls;
  std::string instance;
  ConfigPlaces config;
  ConfigValues
      values;  // What the files say for this tool: keys that are its own are looked up here.

  /// WithoutA: the tool means something else by -a.
  enum class Letters : std::uint8_t { All, WithoutA };
  void add_to(CommandLine& line, Letters letters = Letters::All);
  /// Reads the files and asks for the password where that is due. `keys`: what the tool's own
  /// section may hold. The error is a sentence.
  tl::expected<void, std::string> complete(const std::string& tool,
                                           const std::vector<std::string>& keys);

  /// Who asks and how it is protected; for tools that ask single nodes. Null: plainly, and nobody.
  client::Expected<std::shared_ptr<client::Access>> access() const;
  /// Seeds as they were given.
  client::Expected<std::vector<client::Address>> seeds() const;
  client::ClientOptions client_options() const;
  /// Seeds and options together.
  client::Expected<client::Client> connect() const;
  /// "/etc/aerospike/astools.conf /home/x/.aerospike/astools.conf ", or "None".
  std::string config_text() const;

 private:
  /// Sets what the command line has left open.
  tl::expected<void, std::string> take_values();
  tl::expected<void, std::string> take_tls_values();
  tl::expected<void, std::string> take_password();
  client::SecurityOptions security() const;

  std::vector<std::string> password_words_;
  std::vector<std::string> key_password_words_;
  std::string revoked_;
  bool host_given_ = false;
  bool port_given_ = false;
  bool user_given_ = false;
  CLI::App* app_ = nullptr;
};

/// Whether the nodes refused us, by login or certificate, or our own files did: unlike for a node
/// that is not there, the reason tells what to do.
bool is_refusal(const client::Failure& failure);

/// Reads a line from the terminal without showing it.
std::string ask_password();

}  // namespace flotilla::tools
