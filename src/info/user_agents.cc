#include "info/user_agents.h"

namespace flotilla::info {
namespace {
// Base64 of "unknown", which clients' tools know.
constexpr std::string_view kOthers = "dW5rbm93bg==";
}  // namespace

std::string UserAgents::add(std::string_view agent) {
  const std::scoped_lock lock(mutex_);
  auto at = counts_.find(agent);
  if (at == counts_.end())
    at = counts_.emplace(counts_.size() < kDistinctMost ? agent : kOthers, 0).first;
  ++at->second;
  return at->first;
}

void UserAgents::remove(std::string_view counted_as) {
  const std::scoped_lock lock(mutex_);
  const auto at = counts_.find(counted_as);
  if (at != counts_.end() && --at->second == 0) counts_.erase(at);
}

std::vector<UserAgents::Line> UserAgents::list() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Line> out;
  out.reserve(counts_.size());
  for (const auto& [agent, connections] : counts_) out.push_back({agent, connections});
  return out;
}

}  // namespace flotilla::info
