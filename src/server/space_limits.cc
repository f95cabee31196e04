#include "space_limits.h"

namespace flotilla::server {
namespace {

constexpr std::uint64_t kNearlyPct = 5;  // Of the space for data.

bool reaches(std::uint64_t used, std::uint64_t limit) { return limit != 0 && used >= limit; }

}  // namespace

bool is_too_full(const config::NamespaceConfig& config, const info::NamespaceStatistics& of) {
  return reaches(of.data_used_pct, config.evict_used_pct()) ||
         reaches(of.indexes_memory_used_pct, config.evict_indexes_memory_pct());
}

bool is_nearly_full(const config::NamespaceConfig& config, const info::NamespaceStatistics& of) {
  return of.data_total_bytes != 0 &&
         (reaches(of.data_used_pct + kNearlyPct, config.stop_writes_used_pct()) ||
          of.data_avail_pct < config.stop_writes_avail_pct() + kNearlyPct);
}

}  // namespace flotilla::server
