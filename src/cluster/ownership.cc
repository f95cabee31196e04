#include "cluster/ownership.h"

#include <algorithm>

namespace flotilla::cluster {
namespace {

bool is_in_sync(const Row& row, const Uuid& node) {
  return std::ranges::find(row.in_sync, node, &Process::node) != row.in_sync.end();
}

}  // namespace

std::vector<bool> claimed_columns(const Row& row, const Process& self) {
  std::vector<bool> out(std::max<std::size_t>(1, row.targets.size()), false);
  const bool nobody_serves = row.has(Row::kWaiting) || row.primary == Process{};
  if (nobody_serves) {
    if (!row.targets.empty() && row.targets.front() == self.node) out.assign(out.size(), true);
    return out;
  }
  if (row.primary == self) {
    out[0] = true;
    for (std::size_t i = 1; i < row.targets.size(); ++i)
      out[i] = row.targets[i] == self.node || !is_in_sync(row, row.targets[i]);
    return out;
  }
  if (std::ranges::find(row.in_sync, self) == row.in_sync.end()) return out;
  for (std::size_t i = 1; i < row.targets.size(); ++i) out[i] = row.targets[i] == self.node;
  return out;
}

char copy_state(const Row& row, const Process& self, bool has_records) {
  const bool is_target = std::ranges::find(row.targets, self.node) != row.targets.end();
  const bool in_sync = std::ranges::find(row.in_sync, self) != row.in_sync.end();
  if (is_target || row.primary == self) return in_sync ? 'S' : 'D';
  return has_records || in_sync ? 'Z' : 'A';
}

}  // namespace flotilla::cluster
