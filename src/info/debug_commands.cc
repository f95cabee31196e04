// For those who look for a fault.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "command.h"

namespace flotilla::info {
namespace {

// Writes a part of the state to the log: the command's name says which.
std::string dump(Context& c, const Request& request) {
  const auto verbose = Params(request.args).find("verbose");
  if (verbose && *verbose != "true" && *verbose != "false")
    return error(Code::Parameter, "'verbose' may be either 'true' or 'false'");
  c.node.dump(request.name.substr(std::string_view("dump-").size()));
  return "ok";
}

std::string dump_writes(Context& c, const Request& request) {
  const auto ns = Params(request.args).namespace_of(c);
  if (!ns) return ns.error();
  return dump(c, request);
}

std::string debug_record(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_of(c);
  if (!ns) return ns.error();
  const auto digest = params.required({"keyd", 2 * wire::Digest::kSize});
  if (!digest) return digest.error();
  if (from_hex(*digest).size() != wire::Digest::kSize) return error(Code::Parameter, "keyd");
  return error(Code::Unsupported, "records are read by clients only");
}

std::string to_log(Context& c, const Request& request) {
  if (const auto file = Params(request.args).optional({"file", 1000}); !file) return file.error();
  c.node.dump(request.name);
  return "ok";
}

std::string physical_devices(Context&, const Request& request) {
  const auto path = Params(request.args).required({"path", 1000});
  return path ? error(Code::NotFound, "no device info") : path.error();
}

struct Module {
  std::string_view name;
  bool exists;
};
constexpr Module kModules[] = {
    {"evict", true},   {"sindex", true},    {"truncate", true}, {"UDF", true},
    {"roster", false}, {"security", false}, {"XDR", false},     {"masking", false},
};

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string smd_show(Context& c, const Request& request) {
  const auto wanted = Params(request.args).required({"module", 8});
  if (!wanted) return wanted.error();
  const auto* module =
      std::ranges::find_if(kModules, [&](const Module& m) { return same(m.name, *wanted); });
  if (module == std::end(kModules)) return error(Code::Parameter, "unknown 'module'");
  if (!module->exists) return error(Code::EnterpriseOnly, "its feature does not exist yet");
  std::string out;
  for (const auto& [key, value] : c.node.metadata(module->name))
    fmt::format_to(std::back_inserter(out), "{}{}={}", out.empty() ? "" : ";", key, value);
  return out.empty() ? "<empty>" : out;
}

std::string smd_info(Context& c, const Request&) {
  const ClusterView cluster = c.node.cluster();
  const wire::NodeId principal =
      cluster.succession.empty() ? wire::NodeId() : cluster.succession.front();
  std::string out =
      fmt::format("smd:n_pending_sets=0,n_events=0,n_nodes={},principal={},cluster_key={:X};",
                  cluster.succession.size(), text_of(principal), cluster.key);
  for (const Module& module : kModules) {
    if (!module.exists) continue;
    fmt::format_to(std::back_inserter(out),
                   "{}:committed_key={:X},committed_tid=0,n_keys={},state=pr;", module.name,
                   cluster.key, c.node.metadata(module.name).size());
  }
  return out;
}

constexpr Command kCommands[] = {
    {"debug-record", "not supported", &debug_record},
    {"debug-record-meta", "not supported", &debug_record},
    {"dump-cluster", "[verbose=B]: membership to the log", &dump},
    {"dump-fabric", "[verbose=B]: connections between nodes to the log", &dump},
    {"dump-hb", "[verbose=B]: heartbeats to the log", &dump},
    {"dump-hlc", "[verbose=B]: the node's clock to the log", &dump},
    {"dump-migrates", "[verbose=B]: migrations to the log", &dump},
    {"dump-rw", "[verbose=B]: pending requests to the log", &dump},
    {"dump-skew", "[verbose=B]: clock skew to the log", &dump},
    {"dump-wb-summary", "namespace=NS: storage to the log", &dump_writes},
    {"jem-stats", "memory to the log", &to_log},
    {"physical-devices", "path=P: not supported", &physical_devices},
    {"smd-info", "state of the cluster's metadata", &smd_info},
    {"smd-show", "module=evict|sindex|truncate|UDF: keys and values of it", &smd_show},
    {"thread-traces", "threads to the log", &to_log},
};

}  // namespace

std::span<const Command> debug_commands() { return kCommands; }

}  // namespace flotilla::info
