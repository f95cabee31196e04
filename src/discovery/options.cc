#include "discovery/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>

#include "discovery/address.h"
#include "discovery/backend.h"
#include "discovery/provider.h"

namespace flotilla::discovery {
namespace {

constexpr int kUsageError = 2;
constexpr const char* kSocket = "unix:///var/run/docker.sock";

struct Verb {
  const char* name;
  const char* help;
};
constexpr Verb kVerbs[] = {
    {"start", "run until told to stop (what happens when no command is given)"},
    {"once", "make it so, and exit: 0 when all has converged, 3 when not in time"},
    {"plan", "look, and print what would be done"},
    {"status", "ask a running service (at --http-address) how things stand"},
    {"list-plugins", "print the plug-ins"},
    {"info", "print versions, plug-ins, and sources"},
    {"version", "print the version"},
};

/// One option: where it is kept, and the variables that set it when the command line does not.
struct Row {
  CLI::Option* option;
  std::vector<const char*> variables;
};

class Reader {
 public:
  explicit Reader(Options& options) : o_(options) {
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_.set_help_flag("-h,--help", "print this");
    app_.add_flag("-v,--version", version_, "print the version");
    app_.set_config("--config", "", "read options from an INI or TOML file");
    add_sources();
    add_members();
    add_nodes();
    add_work();
    for (const Verb& verb : kVerbs)
      app_.add_subcommand(verb.name, verb.help)->fallthrough()->callback([this, verb] {
        o_.command = verb.name;
      });
    app_.require_subcommand(0, 1);
  }

  Parsed read(const std::vector<std::string>& arguments, const Environment& environment) {
    try {
      std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
      // "--swarm-url=" without a value is as good as nothing; compose files pass an unset variable
      // so.
      std::erase_if(reversed, [](const std::string& argument) {
        return argument.starts_with("--") && argument.find('=') == argument.size() - 1;
      });
      app_.parse(std::move(reversed));
      apply(environment);
    } catch (const CLI::CallForHelp&) {
      return {.options = {}, .out = app_.help(), .error = {}};
    } catch (const CLI::Error& error) {
      return failure(error.what());
    }
    if (version_) o_.command = "version";
    return finish(environment);
  }

 private:
  static constexpr auto kMany = CLI::MultiOptionPolicy::TakeAll;

  template <class T>
  CLI::Option* add(const char* names, T& value, const char* help,
                   std::vector<const char*> variables = {}) {
    CLI::Option* option = app_.add_option(names, value, help);
    rows_.push_back({option, std::move(variables)});
    return option;
  }
  CLI::Option* add_many(const char* names, std::vector<std::string>& value, const char* help,
                        std::vector<const char*> variables = {}) {
    return add(names, value, help, std::move(variables))
        ->expected(1)
        ->delimiter(',')
        ->multi_option_policy(kMany);
  }
  CLI::Option* flag(const char* names, bool& value, const char* help,
                    std::vector<const char*> variables = {}) {
    CLI::Option* option = app_.add_flag(names, value, help);
    rows_.push_back({option, std::move(variables)});
    return option;
  }

  void add_sources() {
    add_many("--source", o_.sources, "docker, swarm, dns, consul, etcd, file, k8s; repeatable",
             {"DISCOVERY_SOURCE"});
    add_many("-s,--swarm-url,--docker-url", o_.engine_urls,
             "an engine: unix://, tcp://, http(s)://; repeatable, watched as one",
             {"DISCOVERY_DOCKER_URL", "DOCKER_HOST"});
    add("--api-version", o_.api_version, "the engine's API version, instead of negotiating it",
        {"DISCOVERY_API_VERSION", "DOCKER_API_VERSION"});
    add("--swarm-tls-ca-cert,--tls-ca-cert", o_.tls_ca, "authority of the engine's certificate",
        {"DISCOVERY_TLS_CA_CERT"});
    add("--swarm-tls-cert,--tls-cert", o_.tls_cert, "own certificate", {"DISCOVERY_TLS_CERT"});
    add("--swarm-tls-key,--tls-key", o_.tls_key, "its key", {"DISCOVERY_TLS_KEY"});
    flag("--swarm-allow-insecure,--tls-allow-insecure", o_.allow_insecure,
         "do not look at the server's certificate", {"DISCOVERY_TLS_ALLOW_INSECURE"});
    add_many("--dns-name", o_.dns_names, "a name[:port], or _service._proto.name; repeatable",
             {"DISCOVERY_DNS_NAME"});
    add("--consul-url", o_.consul_url, "http://host:8500",
        {"DISCOVERY_CONSUL_URL", "CONSUL_HTTP_ADDR"});
    add("--consul-service", o_.consul_service, "(aerospike)", {"DISCOVERY_CONSUL_SERVICE"});
    add("--consul-token", o_.consul_token, "", {"DISCOVERY_CONSUL_TOKEN", "CONSUL_HTTP_TOKEN"});
    add_many("--etcd-url", o_.etcd_urls, "http://host:2379; repeatable: members of one etcd",
             {"DISCOVERY_ETCD_URL"});
    add("--etcd-prefix", o_.etcd_prefix, "(/flotilla/members/)", {"DISCOVERY_ETCD_PREFIX"});
    add("--file", o_.file, "a list of members, YAML or JSON", {"DISCOVERY_FILE"});
    add("--k8s-url", o_.k8s_url, "the Kubernetes API (that of the pod)", {"DISCOVERY_K8S_URL"});
    add("--k8s-namespace", o_.k8s_namespace, "(that of the pod)", {"DISCOVERY_K8S_NAMESPACE"});
    add("--k8s-service", o_.k8s_service, "the headless service", {"DISCOVERY_K8S_SERVICE"});
    add("--k8s-token-file", o_.k8s_token_file, "", {"DISCOVERY_K8S_TOKEN_FILE"});
    add("--k8s-ca-cert", o_.k8s_ca, "", {"DISCOVERY_K8S_CA_CERT"});
  }

  void add_members() {
    add("--cluster", o_.cluster, "only members whose label com.aerospike.cluster is this",
        {"DISCOVERY_CLUSTER", "AEROSPIKE_CLUSTER_NAME"});
    add("--network", o_.network, "the network whose addresses are used",
        {"DISCOVERY_NETWORK", "AEROSPIKE_NETWORK_NAME"});
    add("--mesh-port", o_.mesh_port, "(3002)", {"DISCOVERY_MESH_PORT", "AEROSPIKE_MESH_PORT"})
        ->check(CLI::Range(1, 65535));
    add("--service-port", o_.service_port, "(3000)", {"DISCOVERY_SERVICE_PORT"})
        ->check(CLI::Range(1, 65535));
    flag("--mesh-tls", o_.mesh_tls, "the nodes' heartbeats speak TLS", {"DISCOVERY_MESH_TLS"});
    add_many("--own-range", o_.ranges,
             "a network, as 10.0.0.0/24, in which seeds that nobody has are cleared; repeatable",
             {"DISCOVERY_OWN_RANGE"});
  }

  void add_nodes() {
    flag("--node-tls", o_.node_tls, "ask nodes over TLS", {"DISCOVERY_NODE_TLS"});
    add("--node-tls-ca-cert", o_.node_tls_ca, "authority of the nodes' certificates",
        {"DISCOVERY_NODE_TLS_CA_CERT"});
    add("--node-tls-cert", o_.node_tls_cert, "own certificate", {"DISCOVERY_NODE_TLS_CERT"});
    add("--node-tls-key", o_.node_tls_key, "its key", {"DISCOVERY_NODE_TLS_KEY"});
    add("--node-tls-name", o_.node_tls_name, "the name in the nodes' certificates (their address)",
        {"DISCOVERY_NODE_TLS_NAME"});
    flag("--node-tls-allow-insecure", o_.node_tls_allow_insecure,
         "do not look at the nodes' certificates", {"DISCOVERY_NODE_TLS_ALLOW_INSECURE"});
    add("--node-auth", o_.node_auth, "internal, external, or pki (internal)",
        {"DISCOVERY_NODE_AUTH"})
        ->check(CLI::IsMember({"internal", "external", "pki"}));
    add("--node-user", o_.node_user, "log in to nodes", {"DISCOVERY_NODE_USER"});
    add("--node-password-file", o_.node_password_file, "its first line is the password",
        {"DISCOVERY_NODE_PASSWORD_FILE"});
    add("--node-password", o_.node_password, "others on the machine can see it here",
        {"DISCOVERY_NODE_PASSWORD"});
  }

  void add_work() {
    add_many("-p,--plugin", o_.plugins, "aerospike, template; repeatable", {"DISCOVERY_PLUGIN"});
    add("--template", o_.template_file, "template: the Mustache file to render",
        {"DISCOVERY_TEMPLATE"});
    add("--template-output", o_.template_output, "template: the file to write",
        {"DISCOVERY_TEMPLATE_OUTPUT"});
    add("--template-reload", o_.template_reload, "template: the command to run after a change",
        {"DISCOVERY_TEMPLATE_RELOAD"});
    add("--period", o_.period_seconds, "seconds between two looks, at most (10)",
        {"DISCOVERY_PERIOD"})
        ->check(CLI::Range(1.0, 3600.0));
    add("--steps-per-minute", o_.steps_per_minute, "(600)", {"DISCOVERY_STEPS_PER_MINUTE"})
        ->check(CLI::Range(1U, 1'000'000U));
    flag("--dry-run", o_.dry_run, "only say what would be done", {"DISCOVERY_DRY_RUN"});
    flag("-D,--debug", o_.debug, "log more", {"DISCOVERY_DEBUG"});
    add("--log-format", o_.log_format, "text or json", {"DISCOVERY_LOG_FORMAT", "LOG_FORMAT"})
        ->check(CLI::IsMember({"text", "json"}));
    flag("--json", o_.json, "plan, status: print JSON");
    add("--http-address", o_.http_address,
        "/healthz, /readyz, /metrics, /status; 'off' for none (0.0.0.0:9146)",
        {"DISCOVERY_HTTP_ADDRESS"});
    add("--timeout", o_.once_timeout_seconds, "once: seconds (30)", {"DISCOVERY_TIMEOUT"})
        ->check(CLI::Range(0.1, 86400.0));
  }

  void apply(const Environment& environment) {
    for (const Row& row : rows_) {
      if (row.option->count() != 0) continue;
      for (const char* variable : row.variables) {
        const auto at = environment.find(variable);
        if (at == environment.end() || at->second.empty()) continue;
        row.option->clear();
        row.option->add_result(at->second);
        try {
          row.option->run_callback();
        } catch (const CLI::Error& error) {
          throw CLI::ValidationError(variable, error.what());
        }
        break;
      }
    }
  }

  static Parsed failure(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return {.options = {},
            .out = {},
            .error = text + " (flotilla-discovery --help)\n",
            .exit_code = kUsageError};
  }

  Parsed finish(const Environment& environment) {
    if (const auto at = environment.find("HOSTNAME"); at != environment.end())
      o_.host_name = at->second;
    if (o_.engine_urls.empty()) o_.engine_urls = {kSocket};
    if (o_.plugins.empty()) o_.plugins = {"aerospike"};
    const auto get = [&](const char* name) {
      const auto at = environment.find(name);
      return at == environment.end() ? std::string() : at->second;
    };
    const std::string folder = get("DOCKER_CERT_PATH");
    const bool verify = !get("DOCKER_TLS_VERIFY").empty();
    if (o_.tls_ca.empty() && verify && !folder.empty()) {
      o_.tls_ca = folder + "/ca.pem";
      o_.tls_cert = folder + "/cert.pem";
      o_.tls_key = folder + "/key.pem";
    }
    o_.is_k8s = !get("KUBERNETES_SERVICE_HOST").empty();
    if (o_.is_k8s && o_.k8s_url.empty()) {
      const std::string port = get("KUBERNETES_SERVICE_PORT");
      o_.k8s_url = "https://" + host_and_port(get("KUBERNETES_SERVICE_HOST"), 443);
      if (!port.empty()) o_.k8s_url = o_.k8s_url.substr(0, o_.k8s_url.size() - 3) + port;
    }
    for (const std::string& plugin : o_.plugins)
      if (std::ranges::none_of(backend_kinds(),
                               [&](const BackendKind& kind) { return kind.name == plugin; }))
        return failure(
            fmt::format("there is no plug-in '{}'; there are: aerospike, template", plugin));
    for (const std::string& source : o_.sources)
      if (source != "auto" && std::ranges::none_of(source_kinds(), [&](const SourceKind& kind) {
            return kind.name == source;
          }))
        return failure(fmt::format(
            "there is no source '{}'; there are: docker, swarm, dns, consul, etcd, file, k8s",
            source));
    for (const std::string& range : o_.ranges)
      if (!AddressRange::parse(range))
        return failure(
            fmt::format("--own-range: '{}' is not a network such as 10.0.0.0/24", range));
    return {.options = o_, .out = {}, .error = {}};
  }

  Options& o_;
  CLI::App app_{
      "Keeps clusters of Flotilla and Aerospike nodes together while containers come and go",
      "flotilla-discovery"};
  std::vector<Row> rows_;
  bool version_ = false;
};

}  // namespace

Parsed parse_options(const std::vector<std::string>& arguments, const Environment& environment) {
  Options options;
  return Reader(options).read(arguments, environment);
}

}  // namespace flotilla::discovery
