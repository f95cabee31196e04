#include "cluster/view.h"

#include <xxhash.h>

#include <algorithm>

namespace flotilla::cluster {

std::uint32_t namespace_tag(std::string_view name) { return XXH32(name.data(), name.size(), 0); }

const NodeInfo* View::member(const Process& process) const {
  const auto it = std::ranges::find(members, process, &NodeInfo::process);
  return it == members.end() ? nullptr : &*it;
}

std::uint64_t View::cluster_key() const {
  constexpr std::uint64_t kMask = 0xFFFF'FFFF'FFFFULL;
  const std::uint64_t key = XXH64(&epoch, sizeof epoch, 0) & kMask;
  return key == 0 ? 1 : key;
}

}  // namespace flotilla::cluster
