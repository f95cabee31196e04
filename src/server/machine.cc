#include "machine.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/parse.h"

namespace flotilla::server {
namespace {

constexpr std::size_t kFileMost = 4 << 20;  // More than a configuration may have; some never end.

std::vector<std::uint64_t> numbers_of(const std::string& text) {
  std::vector<std::uint64_t> out;
  std::istringstream in(text);
  for (std::string word; in >> word;) out.push_back(parse_u64(word).value_or(0));
  return out;
}

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string out;
  std::array<char, 16 << 10> part;
  while (out.size() < kFileMost && in.good()) {
    in.read(part.data(), part.size());
    out.append(part.data(), static_cast<std::size_t>(in.gcount()));
  }
  // A folder can be opened, but not read.
  return in.bad() ? std::nullopt : std::optional(std::move(out));
}

ProcessorUse::Ticks ProcessorUse::read() {
  Ticks ticks;
  // "cpu user nice system idle iowait irq softirq ..."
  const std::string machine = read_file("/proc/stat").value_or("");
  const auto values = numbers_of(machine.substr(0, machine.find('\n')));
  if (values.size() >= 8) {
    ticks.user = values[1] + values[2];
    ticks.kernel = values[3] + values[6] + values[7];
    ticks.idle = values[4] + values[5];
  }
  // Fields 14 and 15; the second field, the name, may hold blanks but ends with the last
  // parenthesis.
  const std::string self = read_file("/proc/self/stat").value_or("");
  const auto fields = numbers_of(self.substr(std::min(self.size(), self.rfind(')') + 1)));
  if (fields.size() > 12) ticks.process = fields[11] + fields[12];
  return ticks;
}

ProcessorUse::Share ProcessorUse::look(Instant now) {
  const std::scoped_lock lock(mutex_);
  if (now - looked_at_ < std::chrono::seconds(1)) return share_;
  looked_at_ = now;
  const Ticks ticks = read();
  const std::uint64_t user = ticks.user - last_.user;
  const std::uint64_t kernel = ticks.kernel - last_.kernel;
  const std::uint64_t whole = user + kernel + ticks.idle - last_.idle;
  if (whole > 0) {
    const auto processors = static_cast<std::uint64_t>(::sysconf(_SC_NPROCESSORS_ONLN));
    share_ = {.total_pct = (user + kernel) * 100 / whole,
              .user_pct = user * 100 / whole,
              .kernel_pct = kernel * 100 / whole,
              .process_pct = (ticks.process - last_.process) * 100 * processors / whole};
  }
  last_ = ticks;
  return share_;
}

ProcessMemory process_memory() {
  ProcessMemory out;
  const auto pages = numbers_of(read_file("/proc/self/statm").value_or(""));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (pages.size() >= 2) {
    out.virtual_bytes = pages[0] * page;
    out.resident_bytes = pages[1] * page;
  }
  const std::string status = read_file("/proc/self/status").value_or("");
  if (const auto at = status.find("Threads:"); at != std::string::npos) {
    const auto counts = numbers_of(status.substr(at + 8, status.find('\n', at) - at - 8));
    if (!counts.empty()) out.threads = counts[0];
  }
  return out;
}

}  // namespace flotilla::server
