#include "config/config.h"

#include <fmt/format.h>

#include "check_together.h"
#include "config/parameter.h"

namespace flotilla::config {
namespace {

// Namespace parameters that set-config names in another way than get-config shows them.
std::string shown_name(Scope scope, std::string_view name) {
  if (scope != Scope::Namespace || find_parameter(scope, name) != nullptr) return std::string(name);
  constexpr std::string_view kGeo = "geo2dsphere-within-";
  if (name.starts_with(kGeo)) return fmt::format("geo2dsphere-within.{}", name.substr(kGeo.size()));
  return fmt::format("storage-engine.{}", name);
}

Outcome<void> check_heartbeat(const NetworkConfig& network) {
  const std::uint64_t give_up =
      std::uint64_t{network.heartbeat_interval()} * network.heartbeat_timeout();
  if (network.heartbeat_connect_timeout_ms() > give_up / 3)
    return refuse("connect-timeout-ms is above interval x timeout / 3");
  return {};
}

Outcome<void> check_geo(const NamespaceConfig& ns) {
  if (ns.geo_min_level() > ns.geo_max_level()) return refuse("min-level is above max-level");
  return {};
}

bool has_initial_value(const Parameter& p, Cell cell) {
  auto* const* number = std::get_if<NumberCell*>(&cell);
  return number != nullptr && parse_number(p.kind, p.initial) == (*number)->raw();
}

bool power_of_two(std::uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

Outcome<void> check_namespace(const NamespaceConfig& ns) {
  if (!power_of_two(ns.flush_size())) return refuse("flush-size is not a power of 2");
  if (!power_of_two(ns.partition_tree_sprigs()))
    return refuse("partition-tree-sprigs is not a power of 2");
  return check_geo(ns);
}

}  // namespace

Outcome<void> check_together(const Owner& owner) {
  if (auto* const* network = std::get_if<NetworkConfig*>(&owner)) return check_heartbeat(**network);
  if (auto* const* ns = std::get_if<NamespaceConfig*>(&owner)) return check_namespace(**ns);
  return {};
}

SetConfig* NamespaceConfig::set(std::string_view set_name) {
  if (set_name.empty() || set_name.size() > kSetNameMax) return nullptr;
  const std::scoped_lock lock(sets_mutex_);
  const auto at = sets_.find(set_name);
  if (at != sets_.end()) return at->second.get();
  if (sets_.size() == kSetsMax) return nullptr;
  return sets_.emplace(set_name, std::make_unique<SetConfig>(set_name)).first->second.get();
}

SetConfig* NamespaceConfig::find_set(std::string_view set_name) const {
  const std::scoped_lock lock(sets_mutex_);
  const auto at = sets_.find(set_name);
  return at == sets_.end() ? nullptr : at->second.get();
}

std::vector<SetConfig*> NamespaceConfig::sets() const {
  const std::scoped_lock lock(sets_mutex_);
  std::vector<SetConfig*> out;
  out.reserve(sets_.size());
  for (const auto& entry : sets_) out.push_back(entry.second.get());
  return out;
}

NamespaceConfig* Config::find_namespace(std::string_view name) const {
  for (const auto& ns : namespaces)
    if (ns->name == name) return ns.get();
  return nullptr;
}

Outcome<void> Config::set(const Owner& owner, std::string_view name, std::string_view value) {
  const Scope scope = scope_of(owner);
  const Parameter* p = find_parameter(scope, shown_name(scope, name));
  if (p == nullptr) return refuse(fmt::format("no parameter '{}' in {}", name, name_of(scope)));
  if (p->change == Change::Static)
    return refuse(fmt::format("'{}' changes in the file only", name));
  if (is_list(p->kind.type))
    return refuse(fmt::format("'{}' is a list and changes in the file only", name));
  if (value.empty()) return refuse(fmt::format("'{}' needs a value", name));

  const std::scoped_lock lock(set_mutex_);
  const Cell cell = p->cell(owner);
  const std::string before = print(p->kind, cell);
  if (auto done = assign(p->kind, cell, {value}); !done) return done;
  if (auto agreed = check_together(owner); !agreed) {
    static_cast<void>(assign(p->kind, cell, {before}));
    return agreed;
  }
  changes_.fetch_add(1, std::memory_order_release);
  return {};
}

std::string print_parameters(const Owner& owner, std::string_view prefix) {
  std::string out;
  const auto put = [&](std::string_view name, std::string_view value) {
    if (!out.empty()) out += ';';
    fmt::format_to(std::back_inserter(out), "{}{}={}", prefix, name, value);
  };
  auto* const* ns = std::get_if<NamespaceConfig*>(&owner);
  const bool on_device = ns != nullptr && (*ns)->engine() != Engine::Memory;
  for (const Parameter& p : parameters(scope_of(owner))) {
    const Cell cell = p.cell(owner);
    if (p.kind.shown == Shown::OnDevice && !on_device) continue;
    if (p.kind.shown == Shown::IfSet && has_initial_value(p, cell)) continue;
    if (p.kind.type == Type::Paths) {
      std::size_t i = 0;
      for (const std::string& item : (*std::get<ListCell*>(cell))())
        put(fmt::format("{}[{}]", p.name, i++), item);
      continue;
    }
    const std::string value = print(p.kind, cell);
    if (is_list(p.kind.type) && value.empty()) continue;
    put(p.name, value);
  }
  return out;
}

}  // namespace flotilla::config
