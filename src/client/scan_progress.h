#pragma once

#include <atomic>
#include <bitset>
#include <mutex>
#include <vector>

#include "base/out_buffer.h"
#include "client/client.h"
#include "cluster.h"
#include "round.h"
#include "scan_encode.h"
#include "wire/reply_reader.h"

namespace flotilla::client {

/// What one node is asked for in one round, and how its reply is read.
struct ScanAssignment {
  std::shared_ptr<Node> node;
  ScanShare share;

  // Of the reply so far.
  std::bitset<wire::kPartitions> unavailable = {};
  std::uint64_t found = 0;
};

/// One scan from its first round to its last: who is asked for which partitions, the bytes, and
/// what follows from the answers. No sockets, no clocks. Borrows all it is given.
///
/// Rounds are dealt and ended by one thread; between, each assignment may have a thread of its own.
class ScanProgress {
 public:
  ScanProgress(const ScanSpec& spec, ScanCursor& cursor, const Client::OnRecord& on_record,
               const ScanPolicy& policy);

  /// Nothing is left to read, or all that was wanted has been.
  bool is_done() const;
  /// The partitions still to be read, by the nodes that own them; none when no partition has an
  /// owner at present. Namespace: no such one.
  Expected<std::vector<ScanAssignment>> deal(const Topology& topology) const;
  Expected<void> encode(OutBuffer& out, const ScanAssignment& assignment) const;
  /// One frame of a node's reply. All: its partitions are through, but for those that it does not
  /// have (Unavailable). A failure with a server's code leaves the connection usable.
  Expected<Taken> take(Bytes body, ScanAssignment& assignment);
  /// on_record had enough.
  bool is_stopped() const { return stopped_; }
  /// `outcomes`: of each assignment of the round.
  RoundEnd end_round(const std::vector<Expected<void>>& outcomes);

 private:
  Expected<void> take_record(const wire::ReplyReader& reply, ScanAssignment& assignment);
  void finish_partitions(const ScanAssignment& assignment);

  const ScanSpec& spec_;
  ScanCursor& cursor_;  // While a round is under way: guarded by one_at_a_time_.
  const Client::OnRecord& on_record_;
  const ScanPolicy& policy_;
  int failures_ = 0;
  std::mutex one_at_a_time_;  // Around on_record.
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> found_ = 0;
};

}  // namespace flotilla::client
