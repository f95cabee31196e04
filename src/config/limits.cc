#include "config/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/parse.h"

namespace flotilla::config {
namespace {

constexpr std::uint64_t kKiB = 1024;

// The value of a line "Name:   123 kB" of /proc/meminfo, in bytes.
std::uint64_t meminfo(std::string_view text, std::string_view name) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    std::string_view value = trim(line.substr(name.size() + 1));
    if (value.ends_with(" kB")) value.remove_suffix(3);
    return parse_u64(trim(value)).value_or(0) * kKiB;
  }
  return 0;
}

// The value of a line "name 123" of memory.stat.
std::optional<std::uint64_t> stat_value(std::string_view text, std::string_view name) {
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ')
      return parse_u64(trim(line.substr(name.size())));
  return std::nullopt;
}

// How many processors "0-3,8" names; 0 when it is no such list.
std::uint32_t count_of(std::string_view list) {
  std::uint64_t count = 0;
  for (const std::string_view part : split(trim(list), ',')) {
    const std::size_t dash = part.find('-');
    const auto first = parse_u64(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_u64(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last > 65535) return 0;
    count += *last - *first + 1;
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 65536));
}

// Folders of one controller: that of the process's own group, and those above it.
struct Groups {
  std::vector<std::string> folders;
  bool unified = false;  // Version 2.
};

std::vector<std::string> upwards(const std::string& root, std::string_view path) {
  constexpr std::size_t kDepthMost = 32;
  std::vector<std::string> out;
  while (!path.empty() && path != "/" && out.size() < kDepthMost) {
    out.push_back(root + std::string(path));
    path = path.substr(0, path.rfind('/'));
  }
  // Without a namespace of its own a container sees its group at the root, whatever the path says.
  out.push_back(root);
  return out;
}

Groups groups_of(const ReadFile& read, std::string_view controller) {
  const std::string table = read("/proc/self/cgroup").value_or("");
  const std::string root = "/sys/fs/cgroup";
  for (const std::string_view line : split(table, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
    if (std::ranges::find(controllers, controller) != controllers.end())
      return {upwards(fmt::format("{}/{}", root, controller), line.substr(second + 1)), false};
  }
  for (const std::string_view line : split(table, '\n'))
    if (line.starts_with("0::")) return {upwards(root, line.substr(3)), true};
  return {{root}, true};
}

std::optional<std::uint64_t> number_in(const ReadFile& read, const std::string& path) {
  const auto text = read(path);
  return text ? parse_u64(trim(*text)) : std::nullopt;
}

// Version 1 writes a number about as large as there can be for "no limit".
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

// Of one group; kNoLimit: none.
std::uint64_t memory_limit_in(const ReadFile& read, const std::string& folder, bool unified) {
  const std::vector<std::string_view> names =
      unified ? std::vector<std::string_view>{"memory.max", "memory.high"}
              : std::vector<std::string_view>{"memory.limit_in_bytes"};
  std::uint64_t least = kNoLimit;
  for (const std::string_view name : names)
    least = std::min(least, number_in(read, fmt::format("{}/{}", folder, name)).value_or(kNoLimit));
  return least;
}

std::optional<std::uint64_t> memory_limit(const ReadFile& read) {
  const Groups groups = groups_of(read, "memory");
  std::uint64_t least = kNoLimit;
  for (const std::string& folder : groups.folders)
    least = std::min(least, memory_limit_in(read, folder, groups.unified));
  return least < kNoLimit ? std::optional(least) : std::nullopt;
}

std::uint32_t whole_processors(std::uint64_t quota, std::uint64_t period) {
  if (quota == 0 || period == 0) return 0;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>((quota + period - 1) / period, 1, 65536));
}

// Processors that the quota of one group is worth; 0: no quota.
std::uint32_t quota_in(const ReadFile& read, const std::string& folder, bool unified) {
  if (!unified) {
    return whole_processors(number_in(read, folder + "/cpu.cfs_quota_us").value_or(0),
                            number_in(read, folder + "/cpu.cfs_period_us").value_or(0));
  }
  const auto text = read(folder + "/cpu.max");
  if (!text) return 0;
  const auto parts = split(trim(*text), ' ');
  if (parts.size() != 2) return 0;
  return whole_processors(parse_u64(parts[0]).value_or(0), parse_u64(parts[1]).value_or(0));
}

std::uint32_t online_processors(const ReadFile& read) {
  return count_of(read("/sys/devices/system/cpu/online").value_or(""));
}

// Processors this process may run on, by its own mask: a set of processors in a cgroup shows there
// too.
std::uint32_t allowed_processors(const ReadFile& read) {
  constexpr std::string_view kName = "Cpus_allowed_list:";
  const std::string status = read("/proc/self/status").value_or("");
  for (const std::string_view line : split(status, '\n'))
    if (line.starts_with(kName)) return count_of(line.substr(kName.size()));
  return 0;
}

void find_open_files(const ReadFile& read, Limits& limits) {
  constexpr std::string_view kName = "Max open files";
  const std::string text = read("/proc/self/limits").value_or("");
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kName)) continue;
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line.substr(kName.size()), ' '))
      if (!word.empty()) words.push_back(word);
    if (words.size() < 2) return;
    limits.open_files = parse_u64(words[0]).value_or(0);
    limits.open_files_most = parse_u64(words[1]).value_or(0);
  }
}

// Of one group and those below it; 0: it does not say.
std::uint64_t memory_used_in(const ReadFile& read, const std::string& folder, bool unified) {
  const std::string stat = read(folder + "/memory.stat").value_or("");
  // File cache can be had back at any time, so it is not use; shared memory cannot.
  const auto anonymous = stat_value(stat, unified ? "anon" : "total_rss");
  const auto shared = stat_value(stat, unified ? "shmem" : "total_shmem");
  if (anonymous) return *anonymous + shared.value_or(0);
  return number_in(read, folder + (unified ? "/memory.current" : "/memory.usage_in_bytes"))
      .value_or(0);
}

struct GroupMemory {
  std::uint64_t limit = kNoLimit;
  std::uint64_t free = kNoLimit;
};

// Of the group that has the least left: in one above there may be others.
GroupMemory scarcest_group(const ReadFile& read) {
  const Groups groups = groups_of(read, "memory");
  GroupMemory scarcest;
  for (const std::string& folder : groups.folders) {
    const std::uint64_t limit = memory_limit_in(read, folder, groups.unified);
    if (limit == kNoLimit) continue;
    const std::uint64_t free =
        limit - std::min(limit, memory_used_in(read, folder, groups.unified));
    if (free < scarcest.free) scarcest = {.limit = limit, .free = free};
  }
  return scarcest;
}

}  // namespace

Limits find_limits(const ReadFile& read) {
  Limits limits;
  const std::uint32_t online = std::max<std::uint32_t>(1, online_processors(read));
  limits.processors = online;
  if (const std::uint32_t allowed = allowed_processors(read); allowed != 0)
    limits.processors = std::min(limits.processors, allowed);
  const Groups groups = groups_of(read, "cpu");
  for (const std::string& folder : groups.folders)
    if (const std::uint32_t quota = quota_in(read, folder, groups.unified); quota != 0)
      limits.processors = std::min(limits.processors, quota);
  limits.processors_limited = limits.processors < online;

  const std::uint64_t host = meminfo(read("/proc/meminfo").value_or(""), "MemTotal");
  const auto limit = memory_limit(read);
  limits.memory_limited = limit && (host == 0 || *limit < host);
  limits.memory_bytes = limits.memory_limited ? *limit : host;
  find_open_files(read, limits);
  return limits;
}

std::string Limits::text() const {
  return fmt::format("processors {}{}, memory {} MiB{}, open files {} of at most {}", processors,
                     processors_limited ? " (limited)" : "", memory_bytes >> 20,
                     memory_limited ? " (limited)" : "", open_files, open_files_most);
}

MemoryUse find_memory_use(const ReadFile& read, bool in_container) {
  const std::string text = read("/proc/meminfo").value_or("");
  MemoryUse use;
  use.host_total = meminfo(text, "MemTotal");
  use.host_free = meminfo(text, "MemAvailable");
  use.huge_pages = meminfo(text, "AnonHugePages");
  use.total = use.host_total;
  use.free = use.host_free;
  const GroupMemory group = in_container ? scarcest_group(read) : GroupMemory{};
  if (group.limit == kNoLimit || (use.host_total != 0 && group.limit >= use.host_total)) return use;
  use.total = group.limit;
  use.free = use.host_total == 0 ? group.free : std::min(use.host_free, group.free);
  return use;
}

}  // namespace flotilla::config
