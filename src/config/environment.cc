#include "environment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"

namespace flotilla::config {
namespace {

constexpr std::string_view kPrefix = "FLOTILLA__";

std::vector<std::string_view> path_of(std::string_view name) {
  std::vector<std::string_view> out;
  name.remove_prefix(kPrefix.size());
  while (true) {
    const std::size_t at = name.find("__");
    out.push_back(name.substr(0, at));
    if (at == std::string_view::npos) return out;
    name.remove_prefix(at + 2);
  }
}

// Shells cannot set names with dashes, so underscores stand for them.
std::string dashed(std::string_view word) {
  std::string out(word);
  std::ranges::replace(out, '_', '-');
  return out;
}

std::string joined(const std::vector<std::string_view>& path, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < path.size(); ++i)
    out += (out.empty() ? "" : ".") + dashed(path[i]);
  return out;
}

// A list comes as "a,b"; an item of two parts as "path shadow" or "host:port".
std::vector<std::string_view> parts_of(Type type, std::string_view item) {
  if (type == Type::Endpoints) {
    const std::size_t colon = item.rfind(':');
    if (colon == std::string_view::npos) return {item};
    std::string_view host = item.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    return {host, item.substr(colon + 1)};
  }
  std::vector<std::string_view> out;
  for (const std::string_view part : split(item, ' '))
    if (!part.empty()) out.push_back(part);
  return out;
}

Outcome<void> override_parameter(const Owner& owner, std::string_view name,
                                 std::string_view value) {
  const Scope scope = scope_of(owner);
  const Parameter* p = find_parameter(scope, name);
  if (p == nullptr) {
    std::vector<std::string_view> names;
    for (const Parameter& one : parameters(scope)) names.push_back(one.name);
    const std::string_view meant = nearest(name, names);
    return refuse(fmt::format("unknown parameter '{}' in {}{}", name, name_of(scope),
                              meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
  }
  const Cell cell = p->cell(owner);
  if (!is_list(p->kind.type)) {
    auto done = assign(p->kind, cell, {value});
    if (done) mark_configured(cell);
    return done;
  }
  ListCell& list = *std::get<ListCell*>(cell);
  list.configured = false;  // The variable replaces what the file said.
  list.items().clear();
  for (const std::string_view item : split(value, ',')) {
    if (trim(item).empty()) continue;
    if (auto done = assign(p->kind, cell, parts_of(p->kind.type, trim(item))); !done) return done;
  }
  list.configured = true;
  return {};
}

Outcome<void> override_namespace(Builder& b, const std::vector<std::string_view>& path,
                                 std::string_view value) {
  if (path.size() < 3) return refuse("needs a namespace and a parameter");
  NamespaceConfig* ns = b.config().find_namespace(path[1]);
  const bool names_engine = path.size() == 3 && dashed(path[2]) == "storage-engine";
  if (ns == nullptr && names_engine) ns = b.add_namespace(path[1]);
  if (ns == nullptr)
    return refuse(
        fmt::format("there is no namespace '{}'; {}namespace__{}__storage-engine=memory makes it",
                    path[1], kPrefix, path[1]));
  if (path.size() == 5 && path[2] == "set") {
    SetConfig* set = ns->set(path[3]);
    return set == nullptr ? refuse("not the name of a set")
                          : override_parameter(set, dashed(path[4]), value);
  }
  return override_parameter(ns, joined(path, 2), value);
}

Outcome<void> override_at(Builder& b, const std::vector<std::string_view>& path,
                          std::string_view value) {
  Config& c = b.config();
  const std::string context = dashed(path[0]);
  if (path.size() < 2)
    return refuse("needs a context and a parameter, such as network__heartbeat__interval");
  if (context == "namespace") return override_namespace(b, path, value);
  const std::string name = joined(path, 1);
  if (context == "service") return override_parameter(&c.service, name, value);
  if (context == "network") return override_parameter(&c.network, name, value);
  if (context == "mod-lua") return override_parameter(&c.mod_lua, name, value);
  if (context == "xdr") return override_parameter(&c.xdr, name, value);
  if (context == "security") {
    c.security.enabled = true;
    return override_parameter(&c.security, name, value);
  }
  if (context == "logging") {
    // FLOTILLA__logging__any=debug, for every sink.
    const auto level = log_level_of(value);
    if (path.size() != 2 || !level) return refuse("expected logging__<context>=<level>");
    bool known = true;
    for (LogSink& sink : c.logging.sinks()) known = sink.set_level(name, *level) && known;
    return known ? Outcome<void>{} : refuse(fmt::format("there is no log context '{}'", name));
  }
  return refuse(
      fmt::format("unknown context '{}'; there are service, network, namespace, logging, mod-lua, "
                  "security, xdr",
                  context));
}

// A container variable that is one parameter of one context under another name.
struct Alias {
  std::string_view variable;
  std::string_view context;  // "service", "network", or "namespace": the one that NAMESPACE picks.
  std::string_view parameter;
};
constexpr Alias kAliases[] = {
    {"ACCESS_ADDRESS", "network", "service.access-address"},
    {"ACCESS_PORT", "network", "service.access-port"},
    {"ALTERNATE_ACCESS_ADDRESS", "network", "service.alternate-access-address"},
    {"ALTERNATE_ACCESS_PORT", "network", "service.alternate-access-port"},
    {"CLUSTER_NAME", "service", "cluster-name"},
    {"DEFAULT_TTL", "namespace", "default-ttl"},
    {"FABRIC_PORT", "network", "fabric.port"},
    {"FEATURE_KEY_FILE", "service", "feature-key-file"},
    {"LOG_FORMAT", "service", "log-format"},
    {"MESH_PORT", "network", "heartbeat.port"},
    {"NETWORK_INTERFACE", "service", "node-id-interface"},
    {"NODE_ID", "service", "node-id"},
    {"NSUP_PERIOD", "namespace", "nsup-period"},
    {"RACK_ID", "namespace", "rack-id"},
    {"REPLICATION_FACTOR", "namespace", "replication-factor"},
    {"SERVICE_ADDRESS", "network", "service.address"},
    {"SERVICE_PORT", "network", "service.port"},
};

tl::unexpected<std::string> bad_variable(std::string_view name, std::string_view why) {
  return refuse(fmt::format("environment variable {}: {}", name, why));
}

// The namespace that DEFAULT_TTL and the like are about; null when nobody can tell.
NamespaceConfig* meant_namespace(Builder& b, const Environment& environment) {
  if (const auto name = value_of(environment, "NAMESPACE"))
    if (NamespaceConfig* ns = b.config().find_namespace(*name)) return ns;
  return b.config().namespaces.size() == 1 ? b.config().namespaces.front().get() : nullptr;
}

Outcome<void> apply_alias(Builder& b, const Alias& alias, std::string_view value,
                          NamespaceConfig* ns) {
  Owner owner = &b.config().service;
  if (alias.context == "network") owner = &b.config().network;
  if (alias.context == "namespace") {
    if (ns == nullptr) {
      b.warn(0, fmt::format("environment variable {} is ignored: NAMESPACE does not say which "
                            "namespace it is about",
                            alias.variable));
      return {};
    }
    owner = ns;
  }
  if (auto done = override_parameter(owner, alias.parameter, value); !done)
    return bad_variable(alias.variable, done.error());
  return {};
}

Outcome<void> apply_seeds(Builder& b, std::string_view value) {
  std::string list;
  std::string all(value);
  std::ranges::replace(all, ' ', ',');
  for (const std::string_view seed : split(all, ',')) {
    if (seed.empty()) continue;
    // "host", "host:port", "[v6]:port", or a bare IPv6 address, which has more than one colon.
    const bool bare_v6 = seed.front() != '[' && std::ranges::count(seed, ':') > 1;
    const bool has_port =
        !bare_v6 && seed.back() != ']' && seed.find(':') != std::string_view::npos;
    list += fmt::format("{}{}", list.empty() ? "" : ",",
                        bare_v6 ? fmt::format("[{}]", seed) : std::string(seed));
    if (!has_port) list += fmt::format(":{}", b.config().network.heartbeat_port());
  }
  if (auto done = override_parameter(&b.config().network, "heartbeat.mesh-seed-address-port", list);
      !done)
    return bad_variable("CLUSTER_SEEDS", done.error());
  return {};
}

Outcome<void> apply_advertise(Builder& b, std::string_view value) {
  if (value == "auto") return {};
  const std::size_t colon = value.rfind(':');
  const bool has_port =
      colon != std::string_view::npos &&
      (value[colon - (colon > 0 ? 1 : 0)] == ']' || std::ranges::count(value, ':') == 1);
  const std::string_view host = has_port ? value.substr(0, colon) : value;
  if (auto done = override_parameter(&b.config().network, "service.access-address", host); !done)
    return bad_variable("ADVERTISE", done.error());
  if (!has_port) return {};
  if (auto done =
          override_parameter(&b.config().network, "service.access-port", value.substr(colon + 1));
      !done)
    return bad_variable("ADVERTISE", done.error());
  return {};
}

Outcome<void> apply_storage(const Environment& environment, NamespaceConfig* ns) {
  const auto size = value_of(environment, "STORAGE_GB");
  const auto in_memory = value_of(environment, "DATA_IN_MEMORY");
  if (ns == nullptr) return {};
  if (size && !ns->storage_files().empty()) {
    if (auto done = override_parameter(ns, "storage-engine.filesize", fmt::format("{}G", *size));
        !done)
      return bad_variable("STORAGE_GB", done.error());
  }
  if (!in_memory) return {};
  const auto flag = parse_number(Kind{Type::Flag}, *in_memory);
  if (!flag) return bad_variable("DATA_IN_MEMORY", flag.error());
  ns->engine.set_raw(static_cast<std::int64_t>(*flag != 0 ? Engine::Memory : Engine::Device));
  return {};
}

Outcome<void> apply_logs(Builder& b, const Environment& environment) {
  Logging& logging = b.config().logging;
  if (const auto file = value_of(environment, "LOGFILE"))
    logging.add(LogSink::Kind::File, *file).set_level("any", LogLevel::Info);
  const auto word = value_of(environment, "LOG_LEVEL");
  if (!word) return {};
  const auto level = log_level_of(*word);
  if (!level)
    return bad_variable(
        "LOG_LEVEL", fmt::format("'{}' is none of critical, warning, info, debug, detail", *word));
  if (logging.sinks().empty()) logging.add(LogSink::Kind::Console, "");
  for (LogSink& sink : logging.sinks()) sink.set_level("any", *level);
  return {};
}

}  // namespace

Environment environment_of(std::span<const std::string> assignments) {
  Environment out;
  for (const std::string& one : assignments) {
    const std::size_t at = one.find('=');
    if (at != std::string::npos && at > 0) out.emplace(one.substr(0, at), one.substr(at + 1));
  }
  return out;
}

std::optional<std::string_view> value_of(const Environment& environment, std::string_view name) {
  const auto at = environment.find(name);
  if (at == environment.end() || at->second.empty()) return std::nullopt;
  return at->second;
}

Outcome<void> apply_container_variables(Builder& b, const Environment& environment, bool has_file) {
  NamespaceConfig* ns = meant_namespace(b, environment);
  for (const Alias& alias : kAliases) {
    const auto value = value_of(environment, alias.variable);
    // The vendor's template leaves these lines out when they are 0.
    const bool left_out =
        value == "0" && (alias.variable == "DEFAULT_TTL" || alias.variable == "NSUP_PERIOD");
    if (!value || (left_out && has_file)) continue;
    if (auto done = apply_alias(b, alias, *value, ns); !done) return done;
  }
  if (const auto seeds = value_of(environment, "CLUSTER_SEEDS"))
    if (auto done = apply_seeds(b, *seeds); !done) return done;
  if (const auto host = value_of(environment, "ADVERTISE"))
    if (auto done = apply_advertise(b, *host); !done) return done;
  if (auto done = apply_storage(environment, ns); !done) return done;
  return apply_logs(b, environment);
}

Outcome<void> apply_overrides(Builder& b, const Environment& environment) {
  std::vector<const Environment::value_type*> ours;
  for (const auto& one : environment)
    if (one.first.starts_with(kPrefix)) ours.push_back(&one);
  // The engine first: it makes a namespace that other variables then describe.
  std::ranges::stable_partition(
      ours, [](const auto* one) { return dashed(one->first).ends_with("storage-engine"); });
  for (const auto* one : ours)
    if (auto done = override_at(b, path_of(one->first), one->second); !done)
      return bad_variable(one->first, done.error());
  return {};
}

}  // namespace flotilla::config
