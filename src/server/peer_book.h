#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "cluster/view.h"
#include "info/node_view.h"

namespace flotilla::server {

/// The other nodes as clients are told of them, those that went too, and a number that rises with
/// every change of the list.
class PeerBook {
 public:
  /// A node that comes back is shown so long after it went: more than the second between two looks
  /// of a client. One that sees it all the time goes on with connections that nobody answers, and
  /// may take many seconds to be done with them.
  static constexpr Duration kUnseenLeast = std::chrono::milliseconds(1500);

  /// All processes of the view, clients are to know of them or not. One that went raises the number
  /// once more: clients that were told before that it would go can drop it now.
  void follow(const std::vector<cluster::NodeInfo>& members, Instant now);
  /// Whether clients may be told of a member: not of a new life so soon after the last one.
  bool may_show(const cluster::Process& process, Instant now) const;
  /// `peers`: all others that clients are to know now.
  void update(const std::vector<cluster::NodeInfo>& peers);
  /// Alumni are the peers again.
  void forget_alumni();

  const std::vector<info::Peer>& peers() const { return peers_; }
  const std::vector<info::Peer>& alumni() const { return alumni_; }
  std::uint64_t generation() const { return generation_; }

 private:
  static constexpr std::size_t kAlumniMost = 1024;

  struct Life {
    std::uint64_t boot = 0;
    bool present = false;
    std::optional<Instant> last_ended;  // That of the life before, or of this one.
  };

  void remember(const info::Peer& peer);

  std::map<cluster::Uuid, Life> lives_;
  std::vector<info::Peer> peers_;
  std::vector<info::Peer> alumni_;
  std::uint64_t generation_ = 1;
};

}  // namespace flotilla::server
