#include <time.h>

#include <algorithm>

#include "base/log.h"
#include "machine.h"
#include "options.h"
#include "server.h"
#include "store/sweep.h"

namespace flotilla::server {
namespace {

constexpr std::uint32_t kSweepPeriodDefault =
    120;  // Seconds for one walk over a namespace, when none is configured.

}  // namespace

WallTime wall_now() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  const std::uint64_t ms = static_cast<std::uint64_t>(t.tv_sec) * 1000 +
                           static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
  return {ms - kEpochUnixSeconds * 1000};
}

/// Once a second: changed settings, space, and a share of the walks over all records.
void Server::maintain() {
  std::unique_lock lock(mutex_);
  for (std::uint64_t second = 1; !stopping_; ++second) {
    lock.unlock();
    apply_changes();
    watch_space();
    sweep(second);
    wake_background();
    const std::uint64_t ticker = std::max(1U, config_.service.ticker_interval());
    if (second % ticker == 0) view_->roll();
    for (const auto& ns : node_.namespaces) {
      const auto* const ns_config = config_.find_namespace(ns->name());
      const std::uint64_t period = ns_config->nsup_hist_period();
      if (period != 0 && second % period == 1 % period) view_->take_census(*ns);
    }
    for (const auto& durable : durable_) {
      const auto& ns_config = *config_.find_namespace(durable->records().name());
      const std::uint64_t period = ns_config.tomb_raider_period();
      if (period != 0 && second % period == 0)
        durable->collect_tombstones(std::chrono::seconds(ns_config.tomb_raider_eligible_age()));
    }
    lock.lock();
    ending_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
  }
}

void Server::apply_changes() {
  const std::uint64_t changes = config_.changes();
  if (changes == config_seen_) return;
  config_seen_ = changes;
  apply(config_, node_, limits_);
  for (const auto& durable : durable_)
    if (const auto* const ns_config = config_.find_namespace(durable->records().name()))
      durable->retune(*ns_config);
}

void Server::sweep(std::uint64_t second) {
  // What a truncation hides is to be gone soon, not at the end of a period.
  const bool all = sweep_all_.exchange(false);
  for (const auto& ns : node_.namespaces) {
    const std::uint32_t configured = config_.find_namespace(ns->name())->nsup_period();
    const std::uint64_t period = configured == 0 ? kSweepPeriodDefault : configured;
    const std::uint64_t share = all ? wire::kPartitions : (wire::kPartitions + period - 1) / period;
    std::uint64_t expired = 0;
    for (std::uint64_t i = 0; i < share; ++i) {
      const auto id = static_cast<std::uint16_t>((second * share + i) % wire::kPartitions);
      expired += store::sweep_partition(ns->records, wire::PartitionId(id), wall_now()).expired;
    }
    view_->count_expired(ns->name(), expired);
  }
}

/// Stop-writes: too little memory on the machine or in the container, or too little space for the
/// namespace's data.
void Server::watch_space() {
  const auto memory = config::find_memory_use(read_file, config_.service.cgroup_mem_tracking());
  const std::uint64_t used_pct = memory.total == 0 ? 0 : 100 - memory.free * 100 / memory.total;
  for (const auto& ns : node_.namespaces) {
    const auto& ns_config = *config_.find_namespace(ns->name());
    const auto statistics = view_->namespace_statistics(ns_config);
    const bool short_of_memory = ns_config.stop_writes_sys_memory_pct() != 0 &&
                                 used_pct > ns_config.stop_writes_sys_memory_pct();
    const bool short_of_index = ns_config.indexes_memory_budget() != 0 &&
                                statistics.index_used_bytes > ns_config.indexes_memory_budget();
    const bool short_of_space = statistics.data_total_bytes != 0 &&
                                (statistics.data_avail_pct < ns_config.stop_writes_avail_pct() ||
                                 (ns_config.stop_writes_used_pct() != 0 &&
                                  statistics.data_used_pct >= ns_config.stop_writes_used_pct()));
    const bool stop = short_of_memory || short_of_index || short_of_space;
    if (ns->options.stop_writes.exchange(stop) == stop) continue;
    log(stop ? LogLevel::Warning : LogLevel::Info, "nsup",
        "{{{}}} writes {}: memory used {} %, data used {} %, free {} %", ns->name(),
        stop ? "stop" : "go on", used_pct, statistics.data_used_pct, statistics.data_avail_pct);
  }
}

}  // namespace flotilla::server
