#include "routing.h"

#include <mutex>

namespace flotilla::exec {

Routed route(store::Partition& partition, bool is_write, bool any_copy) {
  const std::scoped_lock lock(partition.write);
  const cluster::Replica* const replica = replica_of(partition);
  if (replica == nullptr) return {};
  Routed out{.access = is_write ? replica->write_access() : replica->read_access(any_copy)};
  if (out.access == cluster::Replica::Access::Elsewhere) out.primary = replica->primary();
  return out;
}

}  // namespace flotilla::exec
