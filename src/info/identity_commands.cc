// Who this node is and what it can do.

#include <fmt/format.h>

#include "command.h"

namespace flotilla::info {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kArch = "x86_64";
#elif defined(__aarch64__)
constexpr std::string_view kArch = "aarch64";
#else
constexpr std::string_view kArch = "unknown";
#endif
constexpr std::string_view kOs = "linux";
// Builds are reproducible, so they know neither their time nor their place in a history.
constexpr std::string_view kNotRecorded = "not-recorded";

// Clients refuse a node without pscans; the others turn on what this server has.
constexpr std::string_view kFeatures =
    "batch-any;batch-index;blob-bits;cdt-index;cdt-list;cdt-map;cluster-stable;float;geo;sindex-"
    "exists;peers;"
    "pipelining;pquery;pscans;query-show;relaxed-sc;replicas;replicas-all;replicas-master;replicas-"
    "max;"
    "truncate-namespace;udf";

std::string build(Context&, const Request&) { return std::string(kBuild); }
std::string build_arch(Context&, const Request&) { return std::string(kArch); }
std::string build_ee_sha(Context&, const Request&) { return {}; }
std::string build_os(Context&, const Request&) { return std::string(kOs); }
std::string not_recorded(Context&, const Request&) { return std::string(kNotRecorded); }
std::string cluster_name(Context& c, const Request&) {
  return c.node.config().service.cluster_name();
}
std::string compatibility_id(Context&, const Request&) { return "15"; }
std::string connection(Context& c, const Request&) {
  return fmt::format("admin={}", c.connection.admin);
}
std::string digests(Context&, const Request&) { return "RIPEMD160"; }
std::string edition(Context&, const Request&) { return std::string(kEdition); }
std::string feature_key(Context&, const Request&) {
  return error(Code::EnterpriseOnly, "no feature key is needed");
}
std::string features(Context&, const Request&) { return std::string(kFeatures); }
std::string flotilla_version(Context&, const Request&) { return std::string(kVersion); }

std::string help(Context&, const Request&) {
  std::string out;
  for (const CommandRow& row : command_rows()) {
    if (!out.empty()) out += ';';
    out += row.name;
  }
  return out;
}

std::string name(Context& c, const Request&) {
  c.node.count_deprecated();
  return text_of(c.node.node_id());
}
std::string node(Context& c, const Request&) { return text_of(c.node.node_id()); }
std::string partitions(Context&, const Request&) { return fmt::format("{}", wire::kPartitions); }

std::string release(Context&, const Request&) {
  return fmt::format("edition={};version={};os={};arch={};sha={}", kEdition, kBuild, kOs, kArch,
                     kNotRecorded);
}

std::string status(Context& c, const Request&) {
  return c.node.serving() ? "ok" : error(Code::Unavailable, "this node does not serve clients now");
}

std::string user_agent_set(Context& c, const Request& request) {
  constexpr std::size_t kLongest = 87;
  const auto value = Params(request.args).required({"value", 4096});
  if (!value) return value.error();
  if (!c.connection.user_agent.empty()) return error(Code::Parameter, "already set");
  Buffer plain;
  if (value->size() > kLongest) return error(Code::Parameter, "'value' value too long");
  if (!from_base64(*value, plain)) return error(Code::Parameter, "'value' invalid base64");
  c.connection.user_agent = c.node.user_agents().add(*value);
  return "ok";
}

std::string user_agents(Context& c, const Request&) {
  std::string out;
  for (const auto& [agent, connections] : c.node.user_agents().list())
    fmt::format_to(std::back_inserter(out), "{}user-agent={}:count={}", out.empty() ? "" : ";",
                   agent, connections);
  return out;
}

std::string version(Context&, const Request&) {
  return fmt::format("{} build {}", kEdition, kBuild);
}

constexpr Command kCommands[] = {
    {"build", "version of the protocol; clients choose by it what they may use", &build},
    {"build_arch", "processor this server was built for", &build_arch},
    {"build_ee_sha", "always empty", &build_ee_sha},
    {"build_os", "system this server was built for", &build_os},
    {"build_sha", "not recorded", &not_recorded},
    {"build_time", "not recorded", &not_recorded},
    {"cluster-name", "configured name of the cluster", &cluster_name},
    {"compatibility-id", "version of the protocol between nodes", &compatibility_id},
    {"connection", "whether this connection came to the admin port", &connection},
    {"digests", "how keys are digested", &digests},
    {"edition", "name of the product", &edition},
    {"feature-key", "an error: nothing needs a key", &feature_key},
    {"features", "what clients may use", &features},
    {"flotilla-version", "version of this server", &flotilla_version},
    {"help", "names of all commands", &help},
    {"name", "older name of node", &name},
    {"node", "id of this node", &node},
    {"partitions", "number of partitions", &partitions},
    {"release", "edition, version, and what it was built for", &release},
    {"status", "ok once this node takes client traffic", &status},
    {"user-agent-set", "value=<base64>: says what the client is, once per connection",
     &user_agent_set},
    {"user-agents", "kinds of clients, and how many connections each has", &user_agents},
    {"version", "edition and build in one line", &version},
};

}  // namespace

std::span<const Command> identity_commands() { return kCommands; }

}  // namespace flotilla::info
