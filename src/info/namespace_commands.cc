// Namespaces and sets: their statistics and what their records look like.

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"
#include "command.h"
#include "key_values.h"

namespace flotilla::info {
namespace {

constexpr std::string_view kUnknownNamespace = "ns_type=unknown";

std::string namespaces(Context& c, const Request&) {
  std::string out;
  for (const auto& ns : c.node.config().namespaces) out += (out.empty() ? "" : ";") + ns->name;
  return out;
}

std::string one_namespace(Context& c, const Request& request) {
  config::NamespaceConfig* ns = c.node.config().find_namespace(request.args);
  if (ns == nullptr) return "type=unknown";
  return print(c.node.namespace_statistics(*ns)) + ";" + config::print_parameters(ns);
}

std::string print_set(const SetStatistics& s, const config::SetConfig* config) {
  static const config::SetConfig initial("initial");
  if (config == nullptr) config = &initial;
  KeyValues out(':');
  out.add("objects", s.objects);
  out.add("tombstones", s.tombstones);
  out.add("data_used_bytes", s.data_used_bytes);
  out.add("truncate_lut", s.truncate_lut);
  out.add("sindexes", s.sindexes);
  out.add("index_populating", s.index_populating);
  out.add("truncating", s.truncating);
  out.add("default-read-touch-ttl-pct", config->default_read_touch_ttl_pct());
  out.add("default-ttl", config->default_ttl());
  out.add("disable-eviction", config->disable_eviction());
  out.add("enable-index", config->enable_index());
  out.add("stop-writes-count", config->stop_writes_count());
  out.add("stop-writes-size", config->stop_writes_size());
  return std::move(out).text() + ";";
}

// Sets that hold or held records, and sets that are only configured.
std::vector<SetStatistics> sets_of(Context& c, const config::NamespaceConfig& ns) {
  std::vector<SetStatistics> sets = c.node.set_statistics(ns);
  for (const config::SetConfig* configured : ns.sets()) {
    const bool known = std::any_of(sets.begin(), sets.end(), [&](const SetStatistics& s) {
      return s.name == configured->name;
    });
    if (!known) sets.push_back({.name = configured->name});
  }
  return sets;
}

std::string print_sets(Context& c, const config::NamespaceConfig& ns) {
  std::string out;
  for (const SetStatistics& s : sets_of(c, ns))
    out += fmt::format("ns={}:set={}:{}", ns.name, s.name, print_set(s, ns.find_set(s.name)));
  return out;
}

// sets, sets/NS, sets/NS/SET
std::string sets(Context& c, const Request& request) {
  const std::vector<std::string_view> parts = split(request.args, '/');
  if (parts.empty()) {
    std::string out;
    for (const auto& ns : c.node.config().namespaces) out += print_sets(c, *ns);
    return out;
  }
  const config::NamespaceConfig* ns = c.node.config().find_namespace(parts[0]);
  if (ns == nullptr) return std::string(kUnknownNamespace);
  if (parts.size() == 1) return print_sets(c, *ns);
  for (const SetStatistics& s : sets_of(c, *ns))
    if (s.name == parts[1]) return print_set(s, ns->find_set(s.name));
  return {};
}

std::string index_pressure(Context& c, const Request&) {
  std::string out;
  for (const auto& ns : c.node.config().namespaces)
    out += fmt::format("{}{}:0:0", out.empty() ? "" : ";", ns->name);
  return out;
}

std::string histogram(Context& c, const Request& request) {
  const Params params(request.args);
  const auto ns = params.namespace_of(c);
  if (!ns) return ns.error();
  const auto type = params.required({"type", 63});
  if (!type) return type.error();
  const auto set = params.optional({"set", config::NamespaceConfig::kSetNameMax});
  if (!set) return set.error();

  using Print = std::string (Census::*)() const;
  constexpr std::pair<std::string_view, Print> kTypes[] = {
      {"ttl", &Census::ttl_text},
      {"object-size", &Census::size_text},
      {"object-size-linear", &Census::size_linear_text},
  };
  const auto* row = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](const auto& t) { return t.first == *type; });
  if (row == std::end(kTypes)) return error(Code::Parameter, "unknown hist name");
  if (*set) {
    const auto known = sets_of(c, **ns);
    if (std::none_of(known.begin(), known.end(),
                     [&](const SetStatistics& s) { return s.name == **set; }))
      return error(Code::Parameter, "unknown set name");
  }
  const auto census = c.node.census(**ns, set->value_or(std::string_view()));
  if (!census) return *set ? "hist-unavailable" : "";
  return ((*census).*(row->second))();
}

std::string objects(Context& c, const Request&) {
  return fmt::format("{}", c.node.node_statistics().objects);
}

constexpr Command kCommands[] = {
    {"histogram",
     "namespace=NS;type=ttl|object-size|object-size-linear[;set=S]: records by remaining life or "
     "size",
     &histogram},
    {"index-pressure", "memory of indexes that the system wants back; always 0", &index_pressure},
    {"namespace", "namespace/NS: statistics and configuration of a namespace", &one_namespace},
    {"namespaces", "names of all namespaces", &namespaces},
    {"objects", "records on this node", &objects},
    {"sets", "sets[/NS[/SET]]: statistics and configuration of sets", &sets},
};

}  // namespace

std::span<const Command> namespace_commands() { return kCommands; }

}  // namespace flotilla::info
