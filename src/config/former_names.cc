#include "former_names.h"

#include <fmt/format.h>

#include "base/parse.h"
#include "builder.h"

namespace flotilla::config {
namespace {

using Done = Outcome<void>;

constexpr Kind kSize{Type::Bytes};
constexpr Kind kPercent{Type::Percent, 0, 100};
constexpr Kind kFlag{Type::Flag, 0, 1};
constexpr Kind kCount{Type::Count, 0, 1'000'000'000};

Outcome<std::int64_t> number(Builder& b, const Kind& kind, const Entry& entry) {
  if (entry.values.size() != 1)
    return b.bad(entry.line, fmt::format("{}: needs one value", entry.name));
  auto value = parse_number(kind, entry.values[0]);
  if (!value) return b.bad(entry.line, fmt::format("{}: {}", entry.name, value.error()));
  return value;
}

template <std::optional<std::int64_t> FormerSizes::* Field, const Kind& Of>
Done keep(Builder& b, const Owner& owner, const Entry& entry) {
  const auto value = number(b, Of, entry);
  if (!value) return tl::unexpected(value.error());
  b.former_sizes(owner).*Field = *value;
  return {};
}

template <std::optional<std::uint64_t> FormerSizes::* Field>
Done keep_size(Builder& b, const Owner& owner, const Entry& entry) {
  const auto value = number(b, kSize, entry);
  if (!value) return tl::unexpected(value.error());
  if (*value < 0) return b.bad(entry.line, fmt::format("{}: is negative", entry.name));
  b.former_sizes(owner).*Field = static_cast<std::uint64_t>(*value);
  return {};
}

Done write_block_size(Builder& b, const Owner& owner, const Entry& entry) {
  if (auto kept = keep_size<&FormerSizes::write_block_size>(b, owner, entry); !kept) return kept;
  constexpr std::uint64_t kFlushMax = 8 << 20;
  Entry now = entry;
  now.values = {fmt::format("{}", std::min(*b.former_sizes(owner).write_block_size, kFlushMax))};
  return b.parameter(owner, "storage-engine.flush-size", now);
}

Done data_in_memory(Builder& b, const Owner& owner, const Entry& entry) {
  const auto value = number(b, kFlag, entry);
  if (!value) return tl::unexpected(value.error());
  b.former_sizes(owner).data_in_memory = *value != 0;
  return {};
}

Done disable_nsup(Builder& b, const Owner& owner, const Entry& entry) {
  const auto value = number(b, kFlag, entry);
  if (!value) return tl::unexpected(value.error());
  Entry now = entry;
  now.values = {"0"};
  return *value == 0 ? Done{} : b.parameter(owner, "nsup-period", now);
}

Done respond_on_master(Builder& b, const Owner&, const Entry& entry) {
  const auto value = number(b, kFlag, entry);
  if (!value) return tl::unexpected(value.error());
  if (*value != 0) b.default_for_namespaces("write-commit-level-override", "master", entry.line);
  return {};
}

Done repeatable_read(Builder& b, const Owner&, const Entry& entry) {
  const auto value = number(b, kFlag, entry);
  if (!value) return tl::unexpected(value.error());
  if (*value != 0) b.default_for_namespaces("read-consistency-level-override", "all", entry.line);
  return {};
}

// mesh-address and mesh-port were one seed on two lines.
Done mesh_address(Builder& b, const Owner& owner, const Entry& entry) {
  if (entry.values.size() != 1) return b.bad(entry.line, "mesh-address: needs one value");
  Entry now = entry;
  now.values.emplace_back("3002");
  return b.parameter(owner, "heartbeat.mesh-seed-address-port", now);
}

Done mesh_port(Builder& b, const Owner& owner, const Entry& entry) {
  const auto value = number(b, Kind{Type::Port, 1, 65535}, entry);
  if (!value) return tl::unexpected(value.error());
  auto& seeds = std::get<NetworkConfig*>(owner)->heartbeat_seeds.items();
  if (seeds.empty()) return b.bad(entry.line, "mesh-port: must follow mesh-address");
  seeds.back() = fmt::format("{}:{}", seeds.back().substr(0, seeds.back().rfind(':')), *value);
  return {};
}

using enum FormerName::Fate;
constexpr auto kService = Scope::Service;
constexpr auto kNetwork = Scope::Network;
constexpr auto kNamespace = Scope::Namespace;

constexpr FormerName kFormerNames[] = {
    {kService, "allow-inline-transactions", Ignored},
    {kService, "auto-dun", Ignored},
    {kService, "auto-undun", Ignored},
    {kService, "batch-max-inline", Ignored},
    {kService, "batch-priority", Ignored},
    {kService, "batch-retransmit", Ignored},
    {kService, "batch-threads", Ignored},
    {kService, "batch-without-digests", Ignored},
    {kService, "dump-message-above-size", Ignored},
    {kService, "dun-percentage", Ignored},
    {kService, "fabric-dump-msgs", Ignored},
    {kService, "fabric-workers", Ignored},
    {kService, "fb-health-bad-pct", Ignored},
    {kService, "fb-health-good-pct", Ignored},
    {kService, "fb-health-msg-per-burst", Ignored},
    {kService, "fb-health-msg-timeout", Ignored},
    {kService, "hist-track-back", Ignored},
    {kService, "hist-track-slice", Ignored},
    {kService, "hist-track-thresholds", Ignored},
    {kService, "ldt-benchmarks", Ignored},
    {kService, "max-msgs-per-type", Ignored},
    {kService, "microbenchmarks", Ignored},
    {kService, "migrate-read-priority", Ignored},
    {kService, "migrate-read-sleep", Ignored},
    {kService, "migrate-rx-lifetime-ms", Ignored},
    {kService, "migrate-xmit-hwm", Ignored},
    {kService, "migrate-xmit-lwm", Ignored},
    {kService, "migrate-xmit-priority", Ignored},
    {kService, "migrate-xmit-sleep", Ignored},
    {kService, "non-master-sets-delete", Ignored},
    {kService, "nsup-delete-sleep", Ignored},
    {kService, "nsup-period", ToNamespaces, "nsup-period"},
    {kService, "nsup-queue-escape", Ignored},
    {kService, "nsup-queue-hwm", Ignored},
    {kService, "nsup-queue-lwm", Ignored},
    {kService, "nsup-startup-evict", Ignored},
    {kService, "object-size-hist-period", ToNamespaces, "nsup-hist-period"},
    {kService, "paxos-max-cluster-size", Ignored},
    {kService, "paxos-protocol", Ignored},
    {kService, "paxos-recovery-policy", Ignored},
    {kService, "paxos-retransmit-period", Ignored},
    {kService, "paxos-single-replica-limit", Ignored},
    {kService, "prole-extra-ttl", Ignored},
    {kService, "query-batch-size", Ignored},
    {kService, "query-bufpool-size", Ignored},
    {kService, "query-in-transaction-thread", Ignored},
    {kService, "query-long-q-max-size", Ignored},
    {kService, "query-microbenchmark", Ignored},
    {kService, "query-pre-reserve-partitions", Ignored},
    {kService, "query-priority", Ignored},
    {kService, "query-priority-sleep-us", Ignored},
    {kService, "query-rec-count-bound", Ignored},
    {kService, "query-req-in-query-thread", Ignored},
    {kService, "query-req-max-inflight", Ignored},
    {kService, "query-short-q-max-size", Ignored},
    {kService, "query-threads", Ignored},
    {kService, "query-threshold", Ignored},
    {kService, "query-untracked-time-ms", Ignored},
    {kService, "query-worker-threads", Ignored},
    {kService, "replication-fire-and-forget", Ignored},
    {kService, "respond-client-on-master-completion", Translated, "write-commit-level-override",
     &respond_on_master},
    {kService, "scan-max-active", Ignored},
    {kService, "scan-max-done", Renamed, "query-max-done"},
    {kService, "scan-max-udf-transactions", Ignored},
    {kService, "scan-threads", Ignored},
    {kService, "scan-threads-limit", Renamed, "query-threads-limit"},
    {kService, "sindex-data-max-memory", Ignored},
    {kService, "sindex-populator-scan-priority", Ignored},
    {kService, "snub-nodes", Ignored},
    {kService, "transaction-duplicate-threads", Ignored},
    {kService, "transaction-pending-limit", ToNamespaces, "transaction-pending-limit"},
    {kService, "transaction-queues", Ignored},
    {kService, "transaction-repeatable-read", Translated, "read-consistency-level-override",
     &repeatable_read},
    {kService, "transaction-threads-per-queue", Ignored},
    {kService, "udf-runtime-gmax-memory", Ignored},
    {kService, "udf-runtime-max-memory", Ignored},
    {kService, "use-queue-per-device", Ignored},
    {kService, "write-duplicate-resolution-disable", ToNamespaces, "disable-write-dup-res"},

    {kNetwork, "service.external-address", Renamed, "service.access-address"},
    {kNetwork, "service.network-interface-name", Ignored},
    {kNetwork, "service.reuse-address", Ignored},
    {kNetwork, "heartbeat.interface-address", Renamed, "heartbeat.address"},
    {kNetwork, "heartbeat.mcast-ttl", Renamed, "heartbeat.multicast-ttl"},
    {kNetwork, "heartbeat.mesh-address", Translated, "heartbeat.mesh-seed-address-port",
     &mesh_address},
    {kNetwork, "heartbeat.mesh-port", Translated, "heartbeat.mesh-seed-address-port", &mesh_port},
    {kNetwork, "heartbeat.mesh-rw-retry-timeout", Ignored},
    {kNetwork, "heartbeat.reuse-address", Ignored},
    {kNetwork, "fabric.reuse-address", Ignored},
    {kNetwork, "info.address", Renamed, "admin.address"},
    {kNetwork, "info.port", Renamed, "admin.port"},
    {kNetwork, "info.enable-fastpath", Ignored},
    {kNetwork, "info.reuse-address", Ignored},

    {kNamespace, "allow-nonxdr-writes", Ignored},
    {kNamespace, "allow-versions", Ignored},
    {kNamespace, "allow-xdr-writes", Ignored},
    {kNamespace, "background-scan-max-rps", Renamed, "background-query-max-rps"},
    {kNamespace, "cold-start-evict-ttl", Ignored},
    {kNamespace, "data-in-index", Ignored},
    {kNamespace, "disable-nsup", Translated, "nsup-period", &disable_nsup},
    {kNamespace, "enable-xdr", Ignored},
    {kNamespace, "evict-pct", Ignored},
    {kNamespace, "high-water-disk-pct", Renamed, "storage-engine.evict-used-pct"},
    {kNamespace, "high-water-memory-pct", Translated, "storage-engine.evict-used-pct",
     &keep<&FormerSizes::high_water_memory_pct, kPercent>},
    {kNamespace, "ldt-enabled", Ignored},
    {kNamespace, "ldt-gc-rate", Ignored},
    {kNamespace, "ldt-page-size", Ignored},
    {kNamespace, "low-water-pct", Ignored},
    {kNamespace, "max-ttl", Ignored},
    {kNamespace, "memory-size", Translated, "storage-engine.data-size",
     &keep_size<&FormerSizes::memory_size>},
    {kNamespace, "migrate-tx-partitions-initial", Ignored},
    {kNamespace, "migrate-tx-partitions-remaining", Ignored},
    {kNamespace, "ns-forward-xdr-writes", Ignored},
    {kNamespace, "obj-size-hist-max", Ignored},
    {kNamespace, "partition-tree-locks", Ignored},
    {kNamespace, "read-consistency-level", Ignored},
    {kNamespace, "sets-enable-xdr", Ignored},
    {kNamespace, "single-bin", Ignored},
    {kNamespace, "single-scan-threads", Renamed, "single-query-threads"},
    {kNamespace, "stop-writes-pct", Translated, "storage-engine.stop-writes-used-pct",
     &keep<&FormerSizes::stop_writes_pct, kPercent>},
    {kNamespace, "xdr-remote-datacenter", Ignored},
    {kNamespace, "index-type.mounts-high-water-pct", Renamed, "index-type.evict-mounts-pct"},
    {kNamespace, "index-type.mounts-size-limit", Renamed, "index-type.mounts-budget"},
    {kNamespace, "sindex-type.mounts-high-water-pct", Renamed, "sindex-type.evict-mounts-pct"},
    {kNamespace, "sindex-type.mounts-size-limit", Renamed, "sindex-type.mounts-budget"},
    {kNamespace, "storage-engine.data-in-memory", Translated, "storage-engine memory",
     &data_in_memory},
    {kNamespace, "storage-engine.defrag-max-blocks", Ignored},
    {kNamespace, "storage-engine.defrag-period", Ignored},
    {kNamespace, "storage-engine.defrag-queue-escape", Ignored},
    {kNamespace, "storage-engine.defrag-queue-hwm", Ignored},
    {kNamespace, "storage-engine.defrag-queue-lwm", Ignored},
    {kNamespace, "storage-engine.disable-odirect", Renamed, "storage-engine.read-page-cache"},
    {kNamespace, "storage-engine.enable-osync", Ignored},
    {kNamespace, "storage-engine.flush-files", Ignored},
    {kNamespace, "storage-engine.fsync-max-sec", Ignored},
    {kNamespace, "storage-engine.load-at-startup", Ignored},
    {kNamespace, "storage-engine.max-used-pct", Renamed, "storage-engine.stop-writes-used-pct"},
    {kNamespace, "storage-engine.min-avail-pct", Renamed, "storage-engine.stop-writes-avail-pct"},
    {kNamespace, "storage-engine.persist", Ignored},
    {kNamespace, "storage-engine.post-write-queue", Translated, "storage-engine.post-write-cache",
     &keep<&FormerSizes::post_write_queue, kCount>},
    {kNamespace, "storage-engine.readonly", Ignored},
    {kNamespace, "storage-engine.scheduler-mode", Ignored},
    {kNamespace, "storage-engine.signature", Ignored},
    {kNamespace, "storage-engine.write-block-size", Translated, "storage-engine.flush-size",
     &write_block_size},
    {kNamespace, "storage-engine.write-smoothing-period", Ignored},
    {kNamespace, "storage-engine.write-threads", Ignored},

    {Scope::Set, "set-delete", Ignored},
    {Scope::Set, "set-enable-xdr", Ignored},
    {Scope::Set, "set-evict-hwm-count", Ignored},
    {Scope::Set, "set-stop-write-count", Renamed, "stop-writes-count"},

    {Scope::ModLua, "system-path", Ignored},

    {Scope::Security, "enable-ldap", Ignored},
    {Scope::Security, "enable-security", Ignored},

    {Scope::Xdr, "enable-xdr", Ignored},
    {Scope::Xdr, "xdr-digestlog-path", Ignored},
    {Scope::Xdr, "xdr-digestlog-iowait-ms", Ignored},
    {Scope::Xdr, "xdr-compression-threshold", Ignored},
    {Scope::Xdr, "xdr-errorlog-path", Ignored},
    {Scope::Xdr, "xdr-info-port", Ignored},
    {Scope::Xdr, "xdr-info-timeout", Ignored},
    {Scope::Xdr, "xdr-max-ship-bandwidth", Ignored},
    {Scope::Xdr, "xdr-max-ship-throughput", Ignored},
    {Scope::Xdr, "xdr-namedpipe-path", Ignored},
    {Scope::Xdr, "xdr-pidfile", Ignored},
    {Scope::Xdr, "xdr-ship-bins", Ignored},
};

constexpr FormerValue kFormerValues[] = {
    {kNetwork, "heartbeat.protocol", "v1", "v3"},
    {kNetwork, "heartbeat.protocol", "v2", "v3"},
    {kNamespace, "conflict-resolution-policy", "ttl", "generation"},
};

}  // namespace

std::span<const FormerName> former_names() { return kFormerNames; }

const FormerName* find_former_name(Scope scope, std::string_view name) {
  for (const FormerName& row : kFormerNames)
    if (row.scope == scope && row.name == name) return &row;
  return nullptr;
}

const FormerValue* find_former_value(Scope scope, std::string_view name, std::string_view value) {
  for (const FormerValue& row : kFormerValues)
    if (row.scope == scope && row.name == name && row.value == value) return &row;
  return nullptr;
}

}  // namespace flotilla::config
