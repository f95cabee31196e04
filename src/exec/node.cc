#include "exec/node.h"

namespace flotilla::exec {

Namespace::Namespace(std::string name, store::HybridClock& clock, unsigned reactors)
    : records(std::move(name), clock) {
  for (unsigned i = 0; i < reactors; ++i) shares_.push_back(std::make_unique<ReactorShare>());
}

std::uint64_t Namespace::total(NamespaceCounter counter) const {
  std::uint64_t sum = 0;
  for (const auto& share : shares_) sum += share->counters.get(counter);
  return sum;
}

Histogram::Snapshot Namespace::total(Latency latency) const {
  Histogram::Snapshot sum;
  for (const auto& share : shares_)
    sum += share->latencies[static_cast<std::size_t>(latency)].snapshot();
  return sum;
}

Namespace* Node::find(std::string_view name) const {
  name = name.substr(0, name.find('\0'));
  for (const auto& ns : namespaces)
    if (ns->name() == name) return ns.get();
  return nullptr;
}

}  // namespace flotilla::exec
