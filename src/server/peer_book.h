#pragma once

#include <vector>

#include "cluster/view.h"
#include "info/node_view.h"

namespace flotilla::server {

/// The other nodes as clients are told of them, those that went too, and a number that rises with
/// every change of the list.
class PeerBook {
 public:
  /// `peers`: all others that clients are to know now.
  void update(const std::vector<cluster::NodeInfo>& peers);
  /// Alumni are the peers again.
  void forget_alumni();

  const std::vector<info::Peer>& peers() const { return peers_; }
  const std::vector<info::Peer>& alumni() const { return alumni_; }
  std::uint64_t generation() const { return generation_; }

 private:
  static constexpr std::size_t kAlumniMost = 1024;

  void remember(const info::Peer& peer);

  std::vector<info::Peer> peers_;
  std::vector<info::Peer> alumni_;
  std::uint64_t generation_ = 1;
};

}  // namespace flotilla::server
