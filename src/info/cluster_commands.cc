// The cluster and its administration.

#include <fmt/format.h>

#include "base/parse.h"
#include "command.h"

namespace flotilla::info {
namespace {

constexpr std::size_t kHostLongest = 255;

bool migrations_over(Context& c, const config::NamespaceConfig* only) {
  for (const auto& ns : c.node.config().namespaces) {
    if (only != nullptr && only != ns.get()) continue;
    const NamespaceStatistics s = c.node.namespace_statistics(*ns);
    if (s.migrate_tx_partitions_remaining + s.migrate_rx_partitions_remaining +
            s.migrate_signals_remaining >
        0)
      return false;
  }
  return true;
}

std::string cluster_stable(Context& c, const Request& request) {
  const Params params(request.args);
  const auto size_text = params.optional({"size", 4});
  if (!size_text) return size_text.error();
  const auto ignore_text = params.optional({"ignore-migrations", 5});
  if (!ignore_text) return ignore_text.error();
  const auto size = *size_text ? parse_u64(**size_text) : 0;
  if (!size) return error(Code::Parameter, "bad size");
  if (*ignore_text && **ignore_text != "true" && **ignore_text != "false")
    return error(Code::Parameter, "bad ignore migrations");
  const config::NamespaceConfig* only = nullptr;
  if (params.find("namespace") || params.find("ns")) {
    const auto ns = params.namespace_of(c);
    if (!ns) return ns.error();
    only = *ns;
  }
  const ClusterView cluster = c.node.cluster();
  if (cluster.key == 0 || !cluster.stable)
    return error(Code::ClusterKeyMismatch, "unstable cluster");
  if (*size_text && cluster.succession.size() != *size)
    return error(Code::ClusterKeyMismatch, "cluster not specified size");
  const bool ignore_migrations = *ignore_text && **ignore_text == "true";
  if (!ignore_migrations && !migrations_over(c, only))
    return error(Code::ClusterKeyMismatch, "unstable cluster");
  return fmt::format("{:X}", cluster.key);
}

std::string get_sl(Context& c, const Request&) { return text_of(c.node.cluster().succession); }

std::string quiesce(Context& c, const Request&) { return done(c.node.quiesce(true)); }
std::string quiesce_undo(Context& c, const Request&) { return done(c.node.quiesce(false)); }
std::string recluster(Context& c, const Request&) { return done(c.node.recluster()); }

// Rosters belong to strong consistency; without it they are empty.
std::string roster(Context& c, const Request& request) {
  constexpr std::string_view kEmpty = "roster=null:pending_roster=null:observed_nodes=null";
  const Params params(request.args);
  if (!params.pairs().empty()) {
    const auto ns = params.namespace_of(c);
    return ns ? std::string(kEmpty) : ns.error();
  }
  std::string out;
  for (const auto& ns : c.node.config().namespaces)
    fmt::format_to(std::back_inserter(out), "{}ns={}:{}", out.empty() ? "" : ";", ns->name, kEmpty);
  return out;
}

std::string needs_strong_consistency(Context&, const Request&) {
  return error(Code::EnterpriseOnly, "strong consistency does not exist yet");
}
std::string no_masking(Context&, const Request&) {
  return error(Code::EnterpriseOnly, "masking does not exist");
}
std::string no_shipping(Context&, const Request&) {
  return error(Code::EnterpriseOnly, "replication between clusters does not exist yet");
}

std::string tip(Context& c, const Request& request) {
  const Params params(request.args);
  const auto host = params.required({"host", kHostLongest});
  if (!host) return host.error();
  const auto port_text = params.required({"port", 6});
  if (!port_text) return port_text.error();
  const auto port = parse_u64(*port_text);
  if (!port) return error(Code::Parameter, "'port' must be an integer");
  if (*port == 0 || *port > 65535) return error(Code::Parameter, "'port' must be from 1 to 65535");
  const auto tls = params.optional({"tls", 5});
  if (!tls) return tls.error();
  if (*tls && **tls != "true" && **tls != "false")
    return error(Code::Parameter, "'tls' must be either 'true' or 'false'");
  return done(
      c.node.tip({std::string(*host), static_cast<std::uint16_t>(*port)}, *tls && **tls == "true"));
}

// "host:port" or "[v6]:port".
std::optional<Endpoint> endpoint_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const auto port = parse_u64(text.substr(colon + 1));
  if (host.empty() || host.size() > kHostLongest || !port) return std::nullopt;
  if (*port > 65535) return Endpoint{};  // No seed can have it.
  return Endpoint{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string tip_clear(Context& c, const Request& request) {
  constexpr std::size_t kListLongest = 1 << 16;
  const auto list = Params(request.args).required({"host-port-list", kListLongest});
  if (!list) return list.error();
  std::size_t cleared = 0;
  std::size_t unknown = 0;
  std::size_t bad = 0;
  for (const std::string_view item : split(*list, ',')) {
    const auto seed = endpoint_of(item);
    if (!seed) {
      ++bad;
    } else if (c.node.clear_tip(*seed)) {
      ++cleared;
    } else {
      ++unknown;
    }
  }
  if (unknown == 0 && bad == 0) return "ok";
  return fmt::format("ERROR::{} cleared, {} not found", cleared, unknown);
}

constexpr Command kCommands[] = {
    {"cluster-stable",
     "[size=N;ignore-migrations=B;namespace=NS]: the cluster's key if it is settled, of that size, "
     "and nothing moves",
     &cluster_stable},
    {"get-sl", "ids of all members, the leader first", &get_sl},
    {"masking", "does not exist", &no_masking},
    {"masking-show", "does not exist", &no_masking},
    {"quiesce", "hands this node's partitions over at the next recluster", &quiesce},
    {"quiesce-undo", "takes quiesce back", &quiesce_undo},
    {"recluster", "asks the leader to assign partitions anew", &recluster},
    {"revive", "strong consistency does not exist yet", &needs_strong_consistency},
    {"roster", "[namespace=NS]: empty, as strong consistency does not exist yet", &roster},
    {"roster-set", "strong consistency does not exist yet", &needs_strong_consistency},
    {"tip", "host=H;port=P[;tls=B]: a node to look for", &tip},
    {"tip-clear", "host-port-list=H:P,...: nodes not to look for any more", &tip_clear},
    {"xdr-dc-state", "replication between clusters does not exist yet", &no_shipping},
    {"xdr-get-filter", "replication between clusters does not exist yet", &no_shipping},
    {"xdr-set-filter", "replication between clusters does not exist yet", &no_shipping},
};

}  // namespace

std::span<const Command> cluster_commands() { return kCommands; }

}  // namespace flotilla::info
