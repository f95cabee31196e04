#include "peer_book.h"

#include <algorithm>
#include <utility>

namespace flotilla::server {
namespace {

std::vector<info::Endpoint> endpoints_of(const std::vector<cluster::Endpoint>& from) {
  std::vector<info::Endpoint> out;
  for (const cluster::Endpoint& endpoint : from) out.push_back({endpoint.host, endpoint.port});
  return out;
}

info::Peer peer_of(const cluster::NodeInfo& node) {
  return {.node = node.id,
          .tls_name = {},
          .standard = endpoints_of(node.service),
          .alternate = endpoints_of(node.alternate)};
}

bool same(const info::Peer& a, const info::Peer& b) {
  return a.node == b.node && a.standard == b.standard && a.alternate == b.alternate;
}

}  // namespace

void PeerBook::follow(const std::vector<cluster::NodeInfo>& members, Instant now) {
  constexpr Duration kForgetAfter = std::chrono::minutes(1);
  for (auto& [node, life] : lives_) {
    const auto at = std::ranges::find(members, cluster::Process{node, life.boot},
                                      [](const auto& member) { return member.process; });
    if (at != members.end()) {
      if (!std::exchange(life.present, true)) life.last_ended.reset();  // The same life goes on.
    } else if (std::exchange(life.present, false)) {
      life.last_ended = now;
      ++generation_;
    }
  }
  std::erase_if(lives_, [&](const auto& each) {
    return !each.second.present && now - *each.second.last_ended >= kForgetAfter;
  });
  for (const cluster::NodeInfo& member : members) {
    Life& life = lives_[member.process.node];
    life.boot = member.process.boot;
    life.present = true;
  }
}

bool PeerBook::may_show(const cluster::Process& process, Instant now) const {
  const auto life = lives_.find(process.node);
  return life == lives_.end() || !life->second.last_ended ||
         now - *life->second.last_ended >= kUnseenLeast;
}

void PeerBook::update(const std::vector<cluster::NodeInfo>& peers) {
  std::vector<info::Peer> next;
  bool changed = peers.size() != peers_.size();
  for (const cluster::NodeInfo& node : peers) {
    info::Peer peer = peer_of(node);
    const auto known = std::ranges::find(peers_, peer.node, &info::Peer::node);
    const bool as_before = known != peers_.end() && same(*known, peer);
    peer.generation = as_before ? known->generation : generation_ + 1;
    changed |= !as_before;
    next.push_back(std::move(peer));
  }
  peers_ = std::move(next);
  if (!changed) return;
  ++generation_;
  for (const info::Peer& peer : peers_) remember(peer);
}

void PeerBook::remember(const info::Peer& peer) {
  const auto known = std::ranges::find(alumni_, peer.node, &info::Peer::node);
  if (known != alumni_.end()) {
    *known = peer;
    return;
  }
  if (alumni_.size() == kAlumniMost) alumni_.erase(alumni_.begin());
  alumni_.push_back(peer);
}

void PeerBook::forget_alumni() {
  alumni_ = peers_;
  ++generation_;
}

}  // namespace flotilla::server
