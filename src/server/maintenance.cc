#include <time.h>

#include <algorithm>

#include "base/log.h"
#include "machine.h"
#include "options.h"
#include "server.h"
#include "space_limits.h"
#include "store/slab_heap.h"

namespace flotilla::server {

WallTime wall_now() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  const std::uint64_t ms = static_cast<std::uint64_t>(t.tv_sec) * 1000 +
                           static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
  return {ms - kEpochUnixSeconds * 1000};
}

/// Once a second: changed settings, and space.
void Server::maintain() {
  std::unique_lock lock(mutex_);
  for (std::uint64_t second = 1; !stopping_; ++second) {
    lock.unlock();
    apply_changes();
    watch_space();
    close_ranks();
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

/// Where sizes of records changed, much memory may have few records in it: those are moved
/// together.
void Server::close_ranks() {
  constexpr std::uint64_t kLittle = 16 << 20;
  const store::SlabHeap::Usage usage = store::SlabHeap::usage();
  const std::uint64_t unused = usage.slabs - usage.blocks;
  if (unused < kLittle || unused < usage.slabs / 16) return;
  if (store::SlabHeap::begin_leaving() == 0) return;
  for (const auto& ns : node_.namespaces) {
    for (std::uint16_t id = 0; id < wire::kPartitions; ++id) {
      ns->records.close_ranks(wire::PartitionId(id));
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
    }
  }
}

/// Whether namespaces evict, and whether they take writes.
void Server::watch_space() {
  for (const auto& ns : node_.namespaces) {
    const auto& ns_config = *config_.find_namespace(ns->name());
    const SpaceUse use = view_->space_use(ns_config);
    const SpaceVerdict verdict = SpaceLimits(ns_config).judge(use);
    exec::NamespaceOptions& options = ns->options;
    options.stops_soon = verdict.stops_soon;
    if (options.hwm_breached.exchange(verdict.evicts) != verdict.evicts)
      log_info("nsup", "{{{}}} eviction {}: {}", ns->name(), verdict.evicts ? "begins" : "ends",
               use.text());
    if (options.stop_writes.exchange(verdict.stops) != verdict.stops)
      log(verdict.stops ? LogLevel::Warning : LogLevel::Info, "nsup", "{{{}}} writes {}: {}",
          ns->name(), verdict.stops ? "stop" : "go on", use.text());
  }
}

}  // namespace flotilla::server
