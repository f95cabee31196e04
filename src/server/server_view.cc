#include "server_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/log.h"
#include "published.h"
#include "store/slab_heap.h"

namespace flotilla::server {
namespace {

constexpr std::uint64_t kMebi = 1ULL << 20;

constexpr std::array kLatencyNames = {"read",           "write",           "udf",
                                      "batch-sub-read", "batch-sub-write", "batch-sub-udf",
                                      "pi-query",       "si-query"};

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : part * 100 / whole;
}

}  // namespace

ServerView::ServerView(Sources sources)
    : from_(std::move(sources)), id_(from_.id.raw()), started_(from_.node.now()) {}

void ServerView::attach(const Copies* copies, ClusterThread* cluster, const Fabric* fabric) {
  copies_ = copies;
  cluster_ = cluster;
  fabric_ = fabric;
}

std::vector<std::string> ServerView::addresses_of(std::string_view word) const {
  return server::addresses_of(word);
}

info::NodeStatistics ServerView::node_statistics() const {
  info::NodeStatistics out;
  const auto processors = processors_.look(now());
  const auto memory =
      config::find_memory_use(read_file, from_.config.service.cgroup_mem_tracking());
  const auto process = process_memory();
  out.uptime = static_cast<std::uint64_t>((now() - started_).count() / 1'000'000'000);
  out.system_total_cpu_pct = processors.total_pct;
  out.system_user_cpu_pct = processors.user_pct;
  out.system_kernel_cpu_pct = processors.kernel_pct;
  out.process_cpu_pct = processors.process_pct;
  out.system_free_mem_kbytes = memory.free / 1024;
  out.system_free_mem_pct = percent(memory.free, memory.total);
  out.host_free_mem_kbytes = memory.host_free / 1024;
  out.host_free_mem_pct = percent(memory.host_free, memory.host_total);
  out.system_thp_mem_kbytes = memory.huge_pages / 1024;
  out.threads_joinable = process.threads;
  out.threads_pool_total = out.threads_pool_active = from_.reactors;
  out.heap_allocated_kbytes = out.heap_active_kbytes = process.resident_bytes / 1024;
  out.heap_mapped_kbytes = process.virtual_bytes / 1024;
  out.heap_efficiency_pct = percent(process.resident_bytes, process.virtual_bytes);
  for (const auto& ns : from_.node.namespaces) {
    out.objects += ns->records.objects();
    out.tombstones += ns->records.tombstones();
  }
  out.client_connections = from_.connections.load();
  out.admin_connections = from_.admin_connections.load();
  out.long_queries_active = from_.node.jobs.active();
  out.batch_index_queue.resize(from_.reactors);
  out.counters = from_.counters();
  fill_cluster(out);
  out.counters[static_cast<std::size_t>(exec::NodeCounter::deprecated_requests)] +=
      deprecated_.load();
  return out;
}

info::NamespaceStatistics ServerView::namespace_statistics(
    const config::NamespaceConfig& ns_config) const {
  info::NamespaceStatistics out;
  const exec::Namespace* const ns = from_.node.find(ns_config.name);
  if (ns == nullptr) return out;
  out.objects = ns->records.objects();
  out.tombstones = ns->records.tombstones();
  fill_cluster(ns_config, out);
  out.stop_writes = ns->options.stop_writes.load();
  out.hwm_breached = ns->options.hwm_breached.load();
  out.current_time = from_.wall().seconds();
  out.evict_void_time = out.smd_evict_void_time = ns->records.evicted_until();
  out.evict_ttl =
      out.evict_void_time - std::min<std::uint64_t>(out.evict_void_time, out.current_time);
  out.truncate_lut = ns->records.truncated_before(store::SetId(0)).ms();
  out.effective_prefer_uniform_balance = ns_config.prefer_uniform_balance();
  out.index_used_bytes = ns->records.index_bytes();
  out.indexes_memory_used_pct = percent(out.index_used_bytes, ns_config.indexes_memory_budget());
  out.cache_read_pct = 100;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto it = swept_.find(ns_config.name); it != swept_.end()) {
      out.expired_objects.value = it->second.expired;
      out.evicted_objects.value = it->second.evicted;
      out.nsup_cycle_duration =
          static_cast<std::uint64_t>(it->second.last_took / std::chrono::seconds(1));
      out.nsup_cycle_deleted_pct.value = it->second.last_removed_pct;
    }
    if (const auto it = censuses_.find({ns_config.name, ""}); it != censuses_.end())
      out.non_expirable_objects = it->second.without_expiry();
  }
  fill_storage(ns_config, *ns, out);
  for (std::size_t i = 0; i < out.counters.size(); ++i)
    out.counters[i] = ns->total(static_cast<exec::NamespaceCounter>(i));
  return out;
}

void ServerView::fill_storage(const config::NamespaceConfig& ns_config, const exec::Namespace& ns,
                              info::NamespaceStatistics& out) const {
  out.data_used_bytes = ns.records.data_bytes();
  out.data_total_bytes = ns_config.data_size();
  for (const auto& durable : from_.durable) {
    if (&durable->records() != &ns.records) continue;
    const store::LogStatistics all = durable->statistics();
    if (ns.records.on_device() && all.cache_hits + all.cache_misses != 0)
      out.cache_read_pct = percent(all.cache_hits, all.cache_hits + all.cache_misses);
    if (all.body_bytes != 0)
      out.data_compression_ratio.value =
          static_cast<double>(all.packed_bytes) / static_cast<double>(all.body_bytes);
    out.damaged_records = ns.records.damaged().size();
    out.records_repaired.value = ns.records.repaired();
    out.scrub_segments_total.value = all.scrub_segments;
    out.scrub_errors.value = all.scrub_errors;
    out.scrub_passes.value = all.scrub_passes;
    out.checkpoints.value = all.checkpoints;
    out.checkpoint_segments = all.checkpoint_segments;
    const std::uint64_t without_room = bytes_without_room(*durable);
    const std::uint64_t free =
        all.segments == 0 ? 0 : all.total_bytes / all.segments * all.free_segments;
    out.data_total_bytes = all.total_bytes - std::min(all.total_bytes, without_room);
    out.data_used_bytes = all.used_bytes;
    out.data_avail_pct = percent(free - std::min(free, without_room), out.data_total_bytes);
    for (unsigned i = 0; i < durable->files(); ++i) {
      const store::LogStatistics file = durable->statistics(i);
      out.storage_units.push_back(
          {.name =
               fmt::format("{}[{}]", ns_config.storage_devices().empty() ? "file" : "device", i),
           .used_bytes = file.used_bytes,
           .free_wblocks = file.free_segments,
           .write_q = file.pending_bytes / (8 * kMebi),
           .writes = file.units_written,
           .defrag_q = file.defrag_queue,
           .defrag_reads = file.defrag_reads,
           .defrag_writes = file.defrag_frees,
           .read_errors = file.read_errors});
    }
  }
  out.data_used_pct = percent(out.data_used_bytes, out.data_total_bytes);
  if (!out.storage_units.empty()) return;
  out.data_avail_pct = out.data_used_pct > 100 ? 0 : 100 - out.data_used_pct;
  const std::uint64_t left =
      out.data_total_bytes > out.data_used_bytes ? out.data_total_bytes - out.data_used_bytes : 0;
  out.storage_units.push_back({.name = "stripe[0]",
                               .is_backed = false,
                               .used_bytes = out.data_used_bytes,
                               .free_wblocks = left / (8 * kMebi)});
}

/// What a mount has no room for is no space.
std::uint64_t ServerView::bytes_without_room(const DurableNamespace& of) const {
  std::vector<FileOnMount> others;
  for (const auto& durable : from_.durable) {
    if (durable.get() == &of) continue;
    const auto files = durable->on_mounts();
    others.insert(others.end(), files.begin(), files.end());
  }
  return server::bytes_without_room(of.on_mounts(), others);
}

SpaceUse ServerView::space_use(const config::NamespaceConfig& ns_config) const {
  const auto memory =
      config::find_memory_use(read_file, from_.config.service.cgroup_mem_tracking());
  const store::SlabHeap::Usage heap = store::SlabHeap::usage();
  return server::space_use(memory, heap.slabs - heap.blocks, namespace_statistics(ns_config));
}

std::vector<info::SetStatistics> ServerView::set_statistics(
    const config::NamespaceConfig& ns_config) const {
  std::vector<info::SetStatistics> out;
  const exec::Namespace* const ns = from_.node.find(ns_config.name);
  if (ns == nullptr) return out;
  const store::SetTable& sets = ns->records.sets();
  for (std::size_t id = 1; id <= sets.count(); ++id) {
    const store::Set& set = sets[store::SetId(static_cast<std::uint16_t>(id))];
    info::SetStatistics row;
    row.name = set.name;
    row.objects = set.objects.load();
    row.tombstones = set.tombstones.load();
    row.data_used_bytes = set.data_bytes.load();
    row.truncate_lut = store::HlcTime(set.truncate_before.load()).ms();
    out.push_back(std::move(row));
  }
  return out;
}

void ServerView::roll() {
  latencies_.roll("batch-index", from_.batches(), now());
  for (const auto& ns : from_.node.namespaces) {
    for (std::size_t i = 0; i < kLatencyNames.size(); ++i)
      latencies_.roll("{" + ns->name() + "}-" + kLatencyNames[i],
                      ns->total(static_cast<exec::Latency>(i)), now());
  }
}

std::optional<info::LatencyWindow> ServerView::latency(std::string_view name) const {
  return latencies_.find(name);
}

void ServerView::take_census(exec::Namespace& ns) {
  const std::uint32_t record_size_most = ns.options.max_record_size.load();
  const std::uint32_t now_seconds = from_.wall().seconds();
  info::Census all(record_size_most);
  std::map<std::uint16_t, info::Census> by_set;
  for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
    ns.records.for_each(wire::PartitionId(id), [&](const store::MemoryRecord& of) {
      const store::RecordHead record = of.head();
      if (!ns.records.visible(record, now_seconds)) return;
      const std::uint32_t ttl = record.void_time == 0 ? 0 : record.void_time - now_seconds;
      const auto size = static_cast<std::uint32_t>(record.size());
      all.add(ttl, size);
      if (record.set.raw() != 0)
        by_set.try_emplace(record.set.raw(), record_size_most).first->second.add(ttl, size);
    });
  }
  const std::scoped_lock lock(mutex_);
  censuses_.insert_or_assign({ns.name(), ""}, std::move(all));
  for (auto& [id, census] : by_set)
    censuses_.insert_or_assign(
        {ns.name(), std::string(ns.records.sets().name_of(store::SetId(id)))}, std::move(census));
}

void ServerView::count_swept(const std::string& ns, const store::Sweep& done) {
  if (done.expired + done.evicted == 0) return;
  const std::scoped_lock lock(mutex_);
  swept_[ns].expired += done.expired;
  swept_[ns].evicted += done.evicted;
}

void ServerView::count_walk(const std::string& ns, const store::Sweep& all, Duration took) {
  const double visited = static_cast<double>(std::max<std::uint64_t>(1, all.visited));
  const std::scoped_lock lock(mutex_);
  swept_[ns].last_took = took;
  swept_[ns].last_removed_pct = 100 * static_cast<double>(all.removed()) / visited;
}

std::optional<info::Census> ServerView::census(const config::NamespaceConfig& ns,
                                               std::string_view set) const {
  const std::scoped_lock lock(mutex_);
  const auto it = censuses_.find({ns.name, std::string(set)});
  if (it == censuses_.end()) return std::nullopt;
  return it->second;
}

void ServerView::apply_log_levels() {
  for (const config::LogSink& sink : from_.config.logging.sinks())
    if (sink.kind() == config::LogSink::Kind::Console) set_log_level(sink.least_level());
}

}  // namespace flotilla::server
