#include "space_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace flotilla::server {
namespace {

constexpr std::uint64_t kSoonPct = 5;

bool reaches(std::uint64_t used, std::uint64_t limit) { return limit != 0 && used >= limit; }
bool passes(std::uint64_t used, std::uint64_t limit) { return limit != 0 && used > limit; }

}  // namespace

std::string SpaceUse::text() const {
  return fmt::format("memory used {} %, data used {} %, free {} %, index {} % of its budget",
                     memory_pct, data_pct, free_pct, indexes_pct);
}

SpaceLimits::SpaceLimits(const config::NamespaceConfig& config)
    : evict_memory_(config.evict_sys_memory_pct()),
      evict_data_(config.evict_used_pct()),
      evict_indexes_(config.evict_indexes_memory_pct()),
      stop_memory_(config.stop_writes_sys_memory_pct()),
      stop_data_(config.stop_writes_used_pct()),
      stop_free_(config.stop_writes_avail_pct()),
      indexes_budget_(config.indexes_memory_budget()) {}

SpaceVerdict SpaceLimits::judge(const SpaceUse& use) const {
  const auto stops_with = [&](std::uint64_t more) {
    return passes(use.memory_pct + more, stop_memory_) ||
           reaches(use.data_pct + more, stop_data_) ||
           passes(use.index_bytes, indexes_budget_ - indexes_budget_ / 100 * more) ||
           (stop_free_ != 0 && use.free_pct < stop_free_ + more);
  };
  return {.evicts = reaches(use.memory_pct, evict_memory_) || reaches(use.data_pct, evict_data_) ||
                    reaches(use.indexes_pct, evict_indexes_),
          .stops = stops_with(0),
          .stops_soon = stops_with(kSoonPct)};
}

SpaceUse space_use(const config::MemoryUse& memory, std::uint64_t for_records,
                   const info::NamespaceStatistics& of) {
  SpaceUse use{.indexes_pct = of.indexes_memory_used_pct, .index_bytes = of.index_used_bytes};
  if (memory.total != 0)
    use.memory_pct = 100 - std::min(memory.free + for_records, memory.total) * 100 / memory.total;
  if (of.data_total_bytes == 0) return use;
  use.data_pct = of.data_used_pct;
  use.free_pct = of.data_avail_pct;
  return use;
}

std::uint64_t bytes_without_room(std::span<const FileOnMount> files,
                                 std::span<const FileOnMount> others) {
  struct Mount {
    std::uint64_t wanted = 0;  // By the files.
    std::uint64_t wanted_by_all = 0;
    std::uint64_t left = UINT64_MAX;
  };
  std::map<std::uint64_t, Mount> mounts;
  const auto add = [&](const FileOnMount& file, bool is_other) {
    Mount& mount = mounts[file.mount];
    const std::uint64_t wanted = file.size - std::min(file.size, file.taken);
    if (!is_other) mount.wanted += wanted;
    mount.wanted_by_all += wanted;
    mount.left = std::min(mount.left, file.left);
  };
  for (const FileOnMount& file : files) add(file, false);
  for (const FileOnMount& file : others) add(file, true);
  std::uint64_t lacking = 0;
  for (const auto& [_, mount] : mounts)
    lacking +=
        std::min(mount.wanted, mount.wanted_by_all - std::min(mount.wanted_by_all, mount.left));
  return lacking;
}

}  // namespace flotilla::server
