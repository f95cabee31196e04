#pragma once

#include "cluster/replica.h"
#include "exec/node.h"
#include "store/namespace.h"

namespace flotilla::exec {

/// The copy behind a partition; null for a node by itself, which serves everything.
inline cluster::Replica* replica_of(store::Partition& partition) {
  return static_cast<cluster::Replica*>(partition.listener);
}

/// Whether the node knows what it may serve, or has stood still since it last did. A node by itself
/// always does.
inline bool answers_always(const Node& node) {
  return node.answers_until.load(std::memory_order_relaxed) == Instant{Duration::max()};
}
inline bool answers_at(const Node& node, Instant now) {
  return now <= node.answers_until.load(std::memory_order_relaxed);
}
inline bool answers_now(const Node& node) {
  return answers_always(node) || answers_at(node, node.now());
}

/// May a write run here and now? The caller holds partition.write, and holds it through the write.
inline cluster::Replica::Access write_access(const Node& node, store::Partition& partition) {
  const cluster::Replica* const replica = replica_of(partition);
  if (replica == nullptr) return cluster::Replica::Access::Here;
  return answers_now(node) ? replica->write_access() : cluster::Replica::Access::Wait;
}

/// May a read be answered here, if the node answers at all? What was read before both say so may be
/// shown. Any thread.
inline cluster::Replica::Access read_access(store::Partition& partition, bool any_copy) {
  const cluster::Replica* const replica = replica_of(partition);
  return replica == nullptr ? cluster::Replica::Access::Here : replica->read_access(any_copy);
}

/// Any thread.
inline bool may_be_scanned(const Node& node, store::Partition& partition) {
  const cluster::Replica* const replica = replica_of(partition);
  return replica == nullptr || (answers_now(node) && replica->may_be_scanned());
}

/// What the answer to a client that saw this record waits for: until the copies have it, a fault
/// can undo it. Under the index lock or partition.write.
inline store::Lsn unsettled(const Namespace& ns, store::Partition& partition,
                            const store::MemoryRecord* seen) {
  const cluster::Replica* const replica = replica_of(partition);
  if (replica == nullptr || seen == nullptr) return {};
  const auto level = ns.options.write_commit_level.load(std::memory_order_relaxed);
  if (level == NamespaceOptions::Override::Least) return {};
  return replica->unsettled(seen->head().lsn);
}

/// Where a request belongs at this moment.
struct Routed {
  cluster::Replica::Access access = cluster::Replica::Access::Here;
  cluster::Process primary{};
};

/// Takes partition.write.
Routed route(store::Partition& partition, bool is_write, bool any_copy);

}  // namespace flotilla::exec
