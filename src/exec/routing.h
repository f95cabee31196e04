#pragma once

#include "cluster/replica.h"
#include "exec/node.h"
#include "store/namespace.h"

namespace flotilla::exec {

/// The copy behind a partition; null for a node by itself, which serves everything.
inline cluster::Replica* replica_of(store::Partition& partition) {
  return static_cast<cluster::Replica*>(partition.listener);
}

/// May a write run here and now? The caller holds partition.write, and holds it through the write.
inline cluster::Replica::Access write_access(const Node& node, store::Partition& partition) {
  if (node.hold_clients.load(std::memory_order_relaxed)) return cluster::Replica::Access::Wait;
  const cluster::Replica* const replica = replica_of(partition);
  return replica == nullptr ? cluster::Replica::Access::Here : replica->write_access();
}

/// Any thread.
inline cluster::Replica::Access read_access(const Node& node, store::Partition& partition,
                                            bool any_copy) {
  if (node.hold_clients.load(std::memory_order_relaxed)) return cluster::Replica::Access::Wait;
  const cluster::Replica* const replica = replica_of(partition);
  return replica == nullptr ? cluster::Replica::Access::Here : replica->read_access(any_copy);
}

/// Where a request belongs at this moment.
struct Routed {
  cluster::Replica::Access access = cluster::Replica::Access::Here;
  cluster::Process primary{};
};

/// Takes partition.write.
Routed route(store::Partition& partition, bool is_write, bool any_copy);

}  // namespace flotilla::exec
