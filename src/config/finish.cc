// What can be decided only when the whole file and the environment have been read.

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"
#include "builder.h"
#include "check_together.h"

namespace flotilla::config {
namespace {

constexpr std::uint64_t kDataSizeDefault = std::uint64_t{4} << 30;

template <class T, class V>
void set_if_silent(Setting<T>& setting, V value) {
  if (setting.configured) return;
  setting.set_raw(static_cast<std::int64_t>(value));
  setting.configured = true;
}

// Multicast groups stood among the addresses once.
bool take_multicast_groups(NetworkConfig& network) {
  if (network.heartbeat_mode() != HeartbeatMode::Multicast) return false;
  const auto is_group = [](const std::string& address) {
    const auto first = parse_u64(std::string_view(address).substr(0, address.find('.')));
    return first && *first >= 224 && *first <= 239;
  };
  auto& addresses = network.heartbeat_address.items();
  for (const std::string& address : addresses)
    if (is_group(address)) network.heartbeat_multicast_groups.items().push_back(address);
  const bool any_taken = std::erase_if(addresses, is_group) > 0;
  if (addresses.empty()) addresses.emplace_back("any");
  return any_taken;
}

}  // namespace

Outcome<void> Builder::finish(const Machine& machine, bool strict) {
  if (config_.namespaces.empty()) return refuse(fmt::format("{}: describes no namespace", path_));
  for (const auto& ns : config_.namespaces)
    if (auto done = finish_namespace(*ns); !done) return done;
  if (config_.service.node_id.configured && config_.service.node_id_interface.configured)
    return refuse(fmt::format("{}: node-id and node-id-interface exclude each other", path_));

  NetworkConfig& network = config_.network;
  if (take_multicast_groups(network))
    warn(0, fmt::format(
                "{}: network heartbeat: multicast groups go to 'multicast-group', not 'address'",
                path_));
  // A short heartbeat must not be refused because of a default it did not choose.
  const std::uint64_t give_up =
      std::uint64_t{network.heartbeat_interval()} * network.heartbeat_timeout();
  if (!network.heartbeat_connect_timeout_ms.configured &&
      network.heartbeat_connect_timeout_ms() > give_up / 3)
    network.heartbeat_connect_timeout_ms.set_raw(static_cast<std::int64_t>(give_up / 3));
  if (auto agreed = check_together(&network); !agreed)
    return refuse(fmt::format("{}: network heartbeat: {}", path_, agreed.error()));
  if (auto done = check_ports(); !done) return done;

  if (config_.logging.sinks().empty())
    config_.logging.add(LogSink::Kind::Console, "").set_level("any", LogLevel::Info);
  fit_machine(machine);
  if (!old_.empty() &&
      (strict || config_.service.strict() || config_.service.enforce_best_practices()))
    return refuse(old_.front());
  return {};
}

Outcome<void> Builder::finish_namespace(NamespaceConfig& ns) {
  for (const Entry& entry : for_namespaces_) {
    const Parameter* p = find_parameter(Scope::Namespace, entry.name);
    if (p == nullptr || config::configured(p->cell(&ns))) continue;
    if (auto done = parameter(&ns, entry.name, entry); !done) return done;
  }
  finish_former_sizes(ns);
  if (auto done = finish_storage(ns); !done) return done;
  if (auto done = finish_encryption(ns); !done) return done;

  constexpr std::uint32_t kNsupPeriodOnce = 120;  // The default while default-ttl alone was enough.
  if (ns.default_ttl() != 0 && !ns.nsup_period.configured) {
    ns.nsup_period.set_raw(kNsupPeriodOnce);
    warn(0, fmt::format("{}: namespace {}: default-ttl without nsup-period; {} s are used", path_,
                        ns.name, kNsupPeriodOnce));
  }
  if (auto agreed = check_together(&ns); !agreed)
    return refuse(fmt::format("{}: namespace {}: {}", path_, ns.name, agreed.error()));
  return {};
}

void Builder::finish_former_sizes(NamespaceConfig& ns) {
  const auto at = former_sizes_.find(&ns);
  if (at == former_sizes_.end()) return;
  const FormerSizes& was = at->second;
  if (was.data_in_memory && ns.engine() == Engine::Device)
    ns.engine.set_raw(static_cast<std::int64_t>(Engine::Memory));
  const bool in_memory = ns.engine() == Engine::Memory;
  const bool on_file = !ns.storage_files().empty() || !ns.storage_devices().empty();
  if (was.memory_size && in_memory && !on_file) set_if_silent(ns.data_size, *was.memory_size);
  if (was.memory_size && !in_memory) set_if_silent(ns.indexes_memory_budget, *was.memory_size);
  if (was.high_water_memory_pct) {
    if (in_memory)
      set_if_silent(ns.evict_used_pct, *was.high_water_memory_pct);
    else
      set_if_silent(ns.evict_indexes_memory_pct, *was.high_water_memory_pct);
  }
  if (was.stop_writes_pct && in_memory)
    set_if_silent(ns.stop_writes_used_pct, *was.stop_writes_pct);
  if (was.stop_writes_pct && !in_memory && was.memory_size)
    ns.indexes_memory_budget.set_raw(static_cast<std::int64_t>(*was.memory_size / 100) *
                                     *was.stop_writes_pct);
  constexpr std::uint64_t kWriteBlockDefault = 1 << 20;
  if (was.post_write_queue)
    set_if_silent(ns.post_write_cache, static_cast<std::uint64_t>(*was.post_write_queue) *
                                           was.write_block_size.value_or(kWriteBlockDefault));
}

Outcome<void> Builder::finish_encryption(NamespaceConfig& ns) {
  const auto refused = [&](std::string_view why) {
    return refuse(fmt::format("{}: namespace {}: {}", path_, ns.name, why));
  };
  const auto warned = [&](std::string_view why) {
    warn(0, fmt::format("{}: namespace {}: {}", path_, ns.name, why));
  };
  for (const auto& key : {ns.encryption_key_file(), ns.encryption_old_key_file()})
    if (key.starts_with("secrets:") || key.starts_with("vault:"))
      return refused(
          fmt::format("{}: keys come from no agent yet; name a file, or env-b64:NAME for a "
                      "variable of the environment",
                      key));
  if (ns.encryption_key_file().empty()) {
    if (!ns.encryption_old_key_file().empty())
      return refused("encryption-old-key-file needs encryption-key-file");
    if (ns.encryption.configured) warned("encryption without encryption-key-file does nothing");
    return {};
  }
  if (!ns.keeps_data()) warned("encryption-key-file: there is no file to encrypt");
  return {};
}

Outcome<void> Builder::finish_storage(NamespaceConfig& ns) {
  const auto no = [&](std::string_view why) {
    return refuse(fmt::format("{}: namespace {}: {}", path_, ns.name, why));
  };
  if (ns.engine() == Engine::Pmem)
    return no("storage-engine pmem is for hardware that is not made any more; use device");
  const bool on_files = !ns.storage_files().empty();
  if (on_files && !ns.storage_devices().empty()) return no("file and device exclude each other");
  for (const std::string& device : ns.storage_devices())
    if (device.find(' ') != std::string::npos)
      return no("shadow devices do not exist yet; name one device on a line");
  if (ns.engine() == Engine::Device && !ns.keeps_data())
    return no("storage-engine device needs 'file' with 'filesize', or 'device'");
  constexpr std::uint64_t kFileLeast = std::uint64_t{16} << 20;
  if (on_files && ns.filesize() == 0) return no("file needs filesize");
  if (on_files && ns.filesize() < kFileLeast)
    return no(fmt::format("filesize is below {} MiB", kFileLeast >> 20));
  if (ns.keeps_data()) {
    if (ns.data_size.configured) return no("data-size and file or device exclude each other");
    return {};
  }
  if (ns.data_size() == 0) {
    ns.data_size.set_raw(static_cast<std::int64_t>(kDataSizeDefault));
    warn(0,
         fmt::format("{}: namespace {}: neither data-size nor file is given; data-size {}G is used",
                     path_, ns.name, kDataSizeDefault >> 30));
  }
  return {};
}

Outcome<void> Builder::check_ports() const {
  const NetworkConfig& n = config_.network;
  const std::pair<std::string_view, std::uint16_t> ports[] = {
      {"service.port", n.service_port()},     {"service.tls-port", n.service_tls_port()},
      {"admin.port", n.admin_port()},         {"admin.tls-port", n.admin_tls_port()},
      {"heartbeat.port", n.heartbeat_port()}, {"heartbeat.tls-port", n.heartbeat_tls_port()},
      {"fabric.port", n.fabric_port()},       {"fabric.tls-port", n.fabric_tls_port()},
      {"http.port", n.http_port()},
  };
  for (const auto& [name, port] : ports)
    for (const auto& [other_name, other] : ports)
      if (port != 0 && port == other && name < other_name)
        return refuse(fmt::format("{}: network: port {} is used for {} and for {}", path_, port,
                                  name, other_name));
  for (const std::size_t needed : {0U, 4U, 6U})
    if (ports[needed].second == 0)
      return refuse(fmt::format("{}: network: {} must not be 0", path_, ports[needed].first));
  return {};
}

void Builder::fit_machine(const Machine& machine) {
  ServiceConfig& service = config_.service;
  const std::uint32_t processors = std::clamp<std::uint32_t>(machine.processors, 1, 256);
  if (service.service_threads() == 0) service.service_threads.set_raw(processors);
  if (service.batch_index_threads() == 0) service.batch_index_threads.set_raw(processors);

  constexpr std::uint64_t kOwnFiles =
      256;  // Data files, log files, listeners, and connections between nodes.
  if (machine.open_files == 0) return;
  const std::uint64_t possible =
      machine.open_files > 2 * kOwnFiles ? machine.open_files - kOwnFiles : kOwnFiles;
  if (service.proto_fd_max() <= possible) return;
  warn(0, fmt::format("proto-fd-max is lowered from {} to {}: the system allows {} open files",
                      service.proto_fd_max(), possible, machine.open_files));
  service.proto_fd_max.set_raw(static_cast<std::int64_t>(possible));
}

}  // namespace flotilla::config
