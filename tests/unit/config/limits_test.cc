#include "config/limits.h"

#include <gtest/gtest.h>

#include <map>

namespace flotilla::config {
namespace {

using Files = std::map<std::string, std::string>;

ReadFile reader(const Files& files) {
  return [&files](const std::string& path) -> std::optional<std::string> {
    const auto at = files.find(path);
    return at == files.end() ? std::nullopt : std::optional(at->second);
  };
}

const Files kMachine = {
    {"/sys/devices/system/cpu/online", "0-7\n"},
    {"/proc/self/status", "Name:\tflotillad\nCpus_allowed_list:\t0-7\n"},
    {"/proc/meminfo",
     "MemTotal:       16384000 kB\nMemFree: 1 kB\nMemAvailable:    8192000 kB\nAnonHugePages:  "
     "2048 kB\n"},
    {"/proc/self/limits",
     "Limit                     Soft Limit           Hard Limit           Units\n"
     "Max open files            1024                 524288               files\n"},
};

Files with(Files more) {
  more.insert(kMachine.begin(), kMachine.end());
  return more;
}

struct Case {
  const char* name;
  Files files;
  std::uint32_t processors;
  std::uint64_t memory_mib;
  bool limited;
};

const Case kCases[] = {
    {"bare machine", with({}), 8, 16000, false},
    {"version 2, own namespace",
     with({{"/proc/self/cgroup", "0::/\n"},
           {"/sys/fs/cgroup/cpu.max", "150000 100000\n"},
           {"/sys/fs/cgroup/memory.max", "1073741824\n"},
           {"/sys/fs/cgroup/memory.high", "max\n"}}),
     2, 1024, true},
    {"version 2, unlimited",
     with({{"/proc/self/cgroup", "0::/\n"},
           {"/sys/fs/cgroup/cpu.max", "max 100000\n"},
           {"/sys/fs/cgroup/memory.max", "max\n"}}),
     8, 16000, false},
    {"version 2, the group above is tighter",
     with({{"/proc/self/cgroup", "0::/pod/container\n"},
           {"/sys/fs/cgroup/pod/cpu.max", "100000 100000\n"},
           {"/sys/fs/cgroup/pod/container/cpu.max", "400000 100000\n"},
           {"/sys/fs/cgroup/pod/memory.max", "536870912\n"},
           {"/sys/fs/cgroup/pod/container/memory.max", "1073741824\n"}}),
     1, 512, true},
    {"version 1",
     with({{"/proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n"},
           {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n"},
           {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
           {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"}}),
     3, 2048, true},
    {"version 1, no limits",
     with({{"/proc/self/cgroup", "4:memory:/\n3:cpu,cpuacct:/\n"},
           {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
           {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
           {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}}),
     8, 16000, false},
    {"a set of processors",
     {{"/sys/devices/system/cpu/online", "0-7\n"},
      {"/proc/self/status", "Cpus_allowed_list:\t1,3-4\n"},
      {"/proc/meminfo", "MemTotal: 1024 kB\n"}},
     3,
     1,
     true},
    {"nothing can be read", {}, 1, 0, false},
    {"nonsense",
     {{"/sys/devices/system/cpu/online", "x"},
      {"/proc/self/cgroup", "0::/../..\n::\n:\n"},
      {"/sys/fs/cgroup/cpu.max", "1"},
      {"/proc/meminfo", "MemTotal"}},
     1,
     0,
     false},
};

TEST(Limits, AreTheTightestOfMachineAndContainer) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const Limits limits = find_limits(reader(c.files));
    EXPECT_EQ(limits.processors, c.processors);
    EXPECT_EQ(limits.memory_bytes >> 20, c.memory_mib);
    EXPECT_EQ(limits.processors_limited || limits.memory_limited, c.limited);
  }
}

TEST(Limits, OpenFilesAreSoftAndHard) {
  const Limits limits = find_limits(reader(kMachine));
  EXPECT_EQ(limits.open_files, 1024U);
  EXPECT_EQ(limits.open_files_most, 524288U);
  EXPECT_EQ(limits.text(), "processors 8, memory 16000 MiB, open files 1024 of at most 524288");
}

TEST(MemoryUse, CountsTheContainersCacheAsFree) {
  const Files files =
      with({{"/proc/self/cgroup", "0::/\n"},
            {"/sys/fs/cgroup/memory.max", "1073741824\n"},
            {"/sys/fs/cgroup/memory.stat", "anon 104857600\nfile 900000000\nshmem 1048576\n"}});
  const MemoryUse use = find_memory_use(reader(files), true);
  EXPECT_EQ(use.total, 1073741824U);
  EXPECT_EQ(use.free, 1073741824U - 104857600U - 1048576U);
  EXPECT_EQ(use.host_total, 16384000ULL * 1024);
  EXPECT_EQ(find_memory_use(reader(files), false).free, 8192000ULL * 1024);
}

TEST(MemoryUse, IsThatOfTheGroupWithTheLeastLeft) {
  const Files files = with({{"/proc/self/cgroup", "0::/pod/container\n"},
                            {"/sys/fs/cgroup/pod/memory.max", "2000000000\n"},
                            {"/sys/fs/cgroup/pod/memory.stat", "anon 1900000000\n"},
                            {"/sys/fs/cgroup/pod/container/memory.max", "1000000000\n"},
                            {"/sys/fs/cgroup/pod/container/memory.stat", "anon 300000000\n"}});
  const MemoryUse use = find_memory_use(reader(files), true);
  EXPECT_EQ(use.total, 2'000'000'000U);
  EXPECT_EQ(use.free, 100'000'000U);
}

constexpr std::uint64_t kHostTotal = 16384000ULL * 1024;
constexpr std::uint64_t kHostFree = 8192000ULL * 1024;

TEST(MemoryUse, IsFoundAsFarAsFilesMakeSense) {
  const std::string v1 = "4:memory:/docker/abc\n";
  const std::string v1_at = "/sys/fs/cgroup/memory/docker/abc/";
  const std::string v2_at = "/sys/fs/cgroup/";
  const struct {
    const char* name;
    Files files;
    std::uint64_t total;
    std::uint64_t free;
  } cases[] = {
      {"no cgroups", with({}), kHostTotal, kHostFree},
      {"version 1",
       with({{"/proc/self/cgroup", v1},
             {v1_at + "memory.limit_in_bytes", "1000\n"},
             {v1_at + "memory.usage_in_bytes", "999\n"},
             {v1_at + "memory.stat", "rss 1\ntotal_rss 300\ntotal_shmem 100\n"}}),
       1000, 600},
      {"version 1 without statistics: cache counts too",
       with({{"/proc/self/cgroup", v1},
             {v1_at + "memory.limit_in_bytes", "1000\n"},
             {v1_at + "memory.usage_in_bytes", "900\n"}}),
       1000, 100},
      {"version 1 without a limit",
       with({{"/proc/self/cgroup", v1},
             {v1_at + "memory.limit_in_bytes", "9223372036854771712\n"},
             {v1_at + "memory.stat", "total_rss 300\n"}}),
       kHostTotal, kHostFree},
      {"version 2 without statistics",
       with({{v2_at + "memory.max", "1000\n"}, {v2_at + "memory.current", "400\n"}}), 1000, 600},
      {"statistics without what counts",
       with({{v2_at + "memory.max", "1000\n"},
             {v2_at + "memory.stat", "anonymous 1\nanon_thp 2\nfile 3\n"},
             {v2_at + "memory.current", "400\n"}}),
       1000, 600},
      {"neither", with({{v2_at + "memory.max", "1000\n"}}), 1000, 1000},
      {"more used than there is",
       with({{v2_at + "memory.max", "1000\n"}, {v2_at + "memory.stat", "anon 1001\n"}}), 1000, 0},
      {"memory.high is a limit, too",
       with({{v2_at + "memory.max", "1000\n"},
             {v2_at + "memory.high", "800\n"},
             {v2_at + "memory.stat", "anon 700\n"}}),
       800, 100},
      {"a limit of nothing", with({{v2_at + "memory.max", "0\n"}}), 0, 0},
      {"an empty limit", with({{v2_at + "memory.max", ""}}), kHostTotal, kHostFree},
      {"no number", with({{v2_at + "memory.max", "maximum\n"}}), kHostTotal, kHostFree},
      {"a negative one", with({{v2_at + "memory.max", "-1\n"}}), kHostTotal, kHostFree},
      {"with a unit", with({{v2_at + "memory.max", "1000 kB\n"}}), kHostTotal, kHostFree},
      {"too large for a number", with({{v2_at + "memory.max", "99999999999999999999999\n"}}),
       kHostTotal, kHostFree},
      {"two of them", with({{v2_at + "memory.max", "1000\n2000\n"}}), kHostTotal, kHostFree},
      {"use that is no number",
       with({{v2_at + "memory.max", "1000\n"},
             {v2_at + "memory.stat", "anon many\nshmem\n"},
             {v2_at + "memory.current", "some\n"}}),
       1000, 1000},
      {"a limit above the machine's memory",
       with({{v2_at + "memory.max", "99999999999\n"}, {v2_at + "memory.stat", "anon 1\n"}}),
       kHostTotal, kHostFree},
      {"a machine that says nothing",
       {{v2_at + "memory.max", "1000\n"}, {v2_at + "memory.stat", "anon 1\n"}},
       1000,
       999},
      {"a machine that says nonsense",
       {{"/proc/meminfo", "MemTotal: lots kB\nMemAvailable\n:\n MemTotal: 5 kB\n"}},
       0,
       0},
      {"groups that are none",
       with({{"/proc/self/cgroup", std::string("4:memory\n:::\n0:\n\0", 17)}}), kHostTotal,
       kHostFree},
  };
  for (const auto& c : cases) {
    const MemoryUse use = find_memory_use(reader(c.files), true);
    EXPECT_EQ(use.total, c.total) << c.name;
    EXPECT_EQ(use.free, c.free) << c.name;
  }
}

}  // namespace
}  // namespace flotilla::config
