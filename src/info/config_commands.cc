// Reading and changing the configuration.

#include <fmt/format.h>

#include <algorithm>

#include "command.h"

namespace flotilla::info {
namespace {

constexpr std::size_t kContextLongest = 32;
constexpr std::string_view kBad = "invalid set-config parameter";

Parsed<std::string_view> context_of(const Params& params) {
  return params.required({"context", kContextLongest});
}

std::string print_tls(const config::Config& config) {
  std::string out;
  std::size_t i = 0;
  for (const auto& tls : config.tls) {
    const std::string prefix = fmt::format("tls[{}].", i++);
    fmt::format_to(std::back_inserter(out), ";{}name={};{}", prefix, tls->name,
                   config::print_parameters(tls.get(), prefix));
  }
  return out;
}

std::string print_security(config::Config& config) {
  return config.security.enabled ? config::print_parameters(&config.security) : std::string();
}

std::string get_config(Context& c, const Request& request) {
  config::Config& config = c.node.config();
  const Params params(request.args);
  std::string network = config::print_parameters(&config.network) + print_tls(config);
  if (params.pairs().empty()) {
    const std::string security = print_security(config);
    return config::print_parameters(&config.service) + ";" + network +
           (security.empty() ? "" : ";" + security);
  }
  const auto context = context_of(params);
  if (!context) return context.error();
  if (*context == "service") return config::print_parameters(&config.service);
  if (*context == "network") return network;
  if (*context == "security") return print_security(config);
  if (*context == "xdr") return {};
  if (*context == "namespace") {
    const auto ns = params.namespace_of(c);
    return ns ? config::print_parameters(*ns) : ns.error();
  }
  return error(Code::Parameter, "invalid context");
}

// Everything that is not the address of the change is a change.
std::string set_all(config::Config& config, const config::Owner& owner, const Params& params,
                    std::initializer_list<std::string_view> address) {
  std::size_t changes = 0;
  for (const auto& [name, value] : params.pairs()) {
    if (std::find(address.begin(), address.end(), name) != address.end()) continue;
    ++changes;
    if (const auto set = config.set(owner, name, value); !set)
      return error(Code::Parameter, fmt::format("{} - {}", kBad, set.error()));
  }
  return changes == 0 ? error(Code::Parameter, kBad) : "ok";
}

std::string set_in_namespace(Context& c, const Params& params) {
  const auto ns = params.namespace_of(c);
  if (!ns) return ns.error();
  const auto set_name = params.optional({"set", config::NamespaceConfig::kSetNameMax});
  if (!set_name) return set_name.error();
  if (!*set_name)
    return set_all(c.node.config(), *ns, params, {"context", "namespace", "ns", "id"});
  config::SetConfig* set = (*ns)->set(**set_name);
  if (set == nullptr) return error(Code::Parameter, "too many sets");
  return set_all(c.node.config(), set, params, {"context", "namespace", "ns", "id", "set"});
}

std::string set_config(Context& c, const Request& request) {
  config::Config& config = c.node.config();
  const Params params(request.args);
  const auto context = context_of(params);
  if (!context) return context.error();
  if (*context == "service") return set_all(config, &config.service, params, {"context"});
  if (*context == "network") return set_all(config, &config.network, params, {"context"});
  if (*context == "namespace") return set_in_namespace(c, params);
  if (*context == "security") return error(Code::EnterpriseOnly, "security does not exist yet");
  if (*context == "xdr")
    return error(Code::EnterpriseOnly, "replication between clusters does not exist yet");
  return error(Code::Parameter, "invalid context");
}

std::string get_stats(Context&, const Request& request) {
  const auto context = context_of(Params(request.args));
  if (!context) return context.error();
  return *context == "xdr" ? std::string() : error(Code::Parameter, "unknown context");
}

constexpr Command kCommands[] = {
    {"config-get", "older name of get-config", &get_config},
    {"config-set", "older name of set-config", &set_config},
    {"get-config",
     "[context=service|network|namespace|security|xdr[;namespace=NS]]: the configuration as it is "
     "now",
     &get_config},
    {"get-stats", "context=xdr: empty, as replication between clusters does not exist yet",
     &get_stats},
    {"set-config", "context=C[;namespace=NS[;set=S]];NAME=VALUE: changes it until the next start",
     &set_config},
};

}  // namespace

std::span<const Command> config_commands() { return kCommands; }

}  // namespace flotilla::info
