#pragma once

#include <span>
#include <vector>

#include "base/out_buffer.h"
#include "client/client.h"
#include "cluster.h"
#include "round.h"

namespace flotilla::client {

/// The rows one node gets, by their places in the caller's list.
struct BatchShare {
  std::shared_ptr<Node> node;
  std::vector<std::uint32_t> rows;
};

/// One batch from its first round to its last: who gets which rows, the bytes, and what follows
/// from the answers. No sockets, no clocks. Borrows rows and policy. Not thread-safe.
///
///   for (;;) {
///     for (share : progress.deal(topology)) ... encode(), take() until All, note() ...
///     const RoundEnd end = progress.end_round();
///   }
class BatchProgress {
 public:
  BatchProgress(std::span<BatchRow> rows, const BatchPolicy& policy);

  /// The rows that are still open, by the nodes that own them. A row whose namespace nobody knows
  /// is answered here.
  std::vector<BatchShare> deal(const Topology& topology);
  /// Parameter: a row that cannot be sent.
  Expected<void> encode(OutBuffer& out, const BatchShare& share) const;
  /// One frame of a node's reply. A failure with a server's code leaves the connection usable.
  Expected<Taken> take(Bytes body, const std::string& node);
  /// How a share ended. `was_sent`: its node may have carried it out.
  void note(const BatchShare& share, const Expected<void>& outcome, bool was_sent);
  RoundEnd end_round();

 private:
  bool is_open(std::uint32_t index) const;

  std::span<BatchRow> rows_;
  const BatchPolicy& policy_;
  int round_ = 0;
  Expected<void> last_;    // Of this round: the failure that matters most.
  bool in_doubt_ = false;  // An unanswered write may have been applied.
};

}  // namespace flotilla::client
