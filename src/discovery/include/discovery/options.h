#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/model.h"

namespace flotilla::discovery {

/// Everything that the command line, the environment, and a configuration file say.
struct Options {
  // What to do: "start", "once", ...
  std::string command = "start";

  // Sources.
  std::vector<std::string> sources;      // Empty: what suits the place.
  std::vector<std::string> engine_urls;  // Never empty once parsed.
  std::string api_version;               // Of the engine; empty: negotiated.
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  bool allow_insecure = false;
  std::vector<std::string> dns_names;
  std::string consul_url;
  std::string consul_service = "aerospike";
  std::string consul_token;
  std::vector<std::string> etcd_urls;
  std::string etcd_prefix = "/flotilla/members/";
  std::string file;
  std::string k8s_url;  // Empty: as the cluster tells its pods.
  std::string k8s_namespace;
  std::string k8s_service;
  std::string k8s_token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  std::string k8s_ca = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

  // Members.
  std::string cluster;  // Empty: every label value is a cluster.
  std::string network;
  std::uint16_t mesh_port = kMeshPort;
  std::uint16_t service_port = kServicePort;
  bool mesh_tls = false;
  std::vector<std::string> ranges;  // Networks that the sources see the whole of.

  // How nodes are asked.
  bool node_tls = false;  // By TLS; so it is when any of the next five is given.
  std::string node_tls_ca;
  std::string node_tls_cert;
  std::string node_tls_key;
  std::string node_tls_name;  // In their certificates; empty: the host that they are reached by.
  bool node_tls_allow_insecure = false;
  std::string node_auth = "internal";  // "internal", "external", "pki".
  std::string node_user;               // Empty: no login, but for "pki".
  std::string node_password;
  std::string node_password_file;  // Goes before the password.

  // What to do with them.
  std::vector<std::string> plugins;  // Backends; "aerospike" when none is given.
  std::string template_file;
  std::string template_output;
  std::string template_reload;
  double period_seconds = 10;
  unsigned steps_per_minute = 600;
  bool dry_run = false;

  // How to speak.
  bool debug = false;
  std::string log_format = "text";
  bool json = false;
  std::string http_address = "0.0.0.0:9146";  // "off": none.
  double once_timeout_seconds = 30;

  bool is_k8s = false;    // Runs in a pod: KUBERNETES_SERVICE_HOST is set.
  std::string host_name;  // An engine gives each container the first digits of its id.
};

using Environment = std::map<std::string, std::string>;

/// What parsing ends with: Options, or a text to print and an exit code.
struct Parsed {
  std::optional<Options> options;
  std::string out;    // For standard output.
  std::string error;  // For standard error.
  int exit_code = 0;
};
/// `arguments[0]` is the program. The command line goes before the environment, that before the
/// configuration file. Touches the disk only for `--config`.
Parsed parse_options(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace flotilla::discovery
