#include "placement.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>

#include "base/check.h"

namespace flotilla::cluster {

std::uint64_t placement_score(const Uuid& node, std::uint16_t partition) {
  std::array<unsigned char, sizeof(Uuid) + 2> key;
  std::memcpy(key.data(), node.data(), node.size());
  key[16] = static_cast<unsigned char>(partition & 0xFF);
  key[17] = static_cast<unsigned char>(partition >> 8);
  return XXH64(key.data(), key.size(), 0);
}

namespace {

constexpr std::size_t kNone = SIZE_MAX;

/// The partitions' copies as indexes of nodes; slot 0 is the primary.
class Placement {
 public:
  Placement(const std::vector<Targets>& previous, std::vector<PlacementNode> nodes,
            std::size_t factor);
  std::vector<Targets> run();

 private:
  enum Role : std::uint8_t { kPrimary, kFurther };
  static Role role_of(std::size_t slot) { return slot == 0 ? kPrimary : kFurther; }
  std::uint64_t score(std::size_t node, std::size_t p) const {
    return placement_score(nodes_[node].uuid, static_cast<std::uint16_t>(p));
  }

  void take_over(const std::vector<Targets>& previous);
  void set_quotas(Role role);
  void set(std::size_t p, std::size_t slot, std::size_t node);
  bool holds(std::size_t p, std::size_t node) const;
  /// How much the node wants the place: first where its data is, as after an absence.
  std::pair<bool, std::uint64_t> merit(std::size_t node, std::size_t p) const {
    return {has_data(node, p), score(node, p)};
  }
  bool has_data(std::size_t node, std::size_t p) const {
    return p < nodes_[node].has_data.size() && nodes_[node].has_data[p];
  }
  bool rack_taken(std::size_t p, std::size_t node, std::size_t but_slot) const;
  bool has_room(std::size_t node, Role role) const {
    return load_[role][node] < quota_[role][node];
  }

  void promote_holders();
  void vacate_shared_racks();
  void swap_within();
  void fill(Role role);
  std::size_t best(std::size_t p, std::size_t slot, bool with_room) const;
  bool exchange(std::size_t p, std::size_t slot);
  void balance(Role role);
  void bring_to_data();
  void trade(std::size_t p, std::size_t slot);
  bool trade_for(std::size_t p, std::size_t slot, std::size_t other, std::size_t s);
  bool change_roles(std::size_t from, std::size_t to, Role role);

  std::vector<PlacementNode> nodes_;
  std::size_t factor_;
  std::size_t receivers_ = 0;
  std::vector<std::vector<std::size_t>> slots_;  // [partition][slot]: node, or kNone.
  std::array<std::vector<std::size_t>, 2> load_;
  std::array<std::vector<std::size_t>, 2> quota_;
};

Placement::Placement(const std::vector<Targets>& previous, std::vector<PlacementNode> nodes,
                     std::size_t factor)
    : nodes_(std::move(nodes)) {
  std::ranges::sort(nodes_, {}, &PlacementNode::uuid);
  receivers_ = static_cast<std::size_t>(std::ranges::count(nodes_, true, &PlacementNode::receives));
  if (receivers_ == 0) {  // All leave: they keep what they have.
    for (PlacementNode& node : nodes_) node.receives = true;
    receivers_ = nodes_.size();
  }
  factor_ = std::min(factor, receivers_);
  for (auto* counts : {&load_, &quota_})
    for (auto& each : *counts) each.assign(nodes_.size(), 0);
  slots_.assign(previous.size(), std::vector<std::size_t>(factor_, kNone));
  take_over(previous);
}

void Placement::take_over(const std::vector<Targets>& previous) {
  std::map<Uuid, std::size_t> index;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].receives) index.emplace(nodes_[i].uuid, i);
  for (std::size_t p = 0; p < slots_.size(); ++p) {
    for (std::size_t slot = 0; slot < std::min(factor_, previous[p].size()); ++slot) {
      const auto at = index.find(previous[p][slot]);
      if (at != index.end() && !holds(p, at->second)) set(p, slot, at->second);
    }
    // Beyond a smaller factor: a place inside is better than a new copy.
    for (std::size_t old = factor_; old < previous[p].size(); ++old) {
      const auto at = index.find(previous[p][old]);
      const auto gap = std::ranges::find(slots_[p], kNone);
      if (at != index.end() && gap != slots_[p].end() && !holds(p, at->second))
        set(p, static_cast<std::size_t>(gap - slots_[p].begin()), at->second);
    }
  }
}

/// Floor for all, one more for those that have most already, so that they need not give it away.
void Placement::set_quotas(Role role) {
  const std::size_t copies = slots_.size() * (role == kPrimary ? 1 : factor_ - 1);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].receives) order.push_back(i);
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return load_[role][i]; });
  for (std::size_t k = 0; k < order.size(); ++k)
    quota_[role][order[k]] = copies / receivers_ + (k < copies % receivers_ ? 1 : 0);
}

void Placement::set(std::size_t p, std::size_t slot, std::size_t node) {
  std::size_t& at = slots_[p][slot];
  if (at != kNone) --load_[role_of(slot)][at];
  if (node != kNone) ++load_[role_of(slot)][node];
  at = node;
}

bool Placement::holds(std::size_t p, std::size_t node) const {
  return std::ranges::find(slots_[p], node) != slots_[p].end();
}

bool Placement::rack_taken(std::size_t p, std::size_t node, std::size_t but_slot) const {
  if (nodes_[node].rack == 0) return false;
  for (std::size_t slot = 0; slot < factor_; ++slot)
    if (slot != but_slot && slots_[p][slot] != kNone &&
        nodes_[slots_[p][slot]].rack == nodes_[node].rack)
      return true;
  return false;
}

/// A lost primary's place goes to a node that holds a copy: nothing has to be copied for it.
void Placement::promote_holders() {
  for (std::size_t p = 0; p < slots_.size(); ++p) {
    if (slots_[p][0] != kNone) continue;
    std::size_t from = kNone;
    for (std::size_t slot = 1; slot < factor_; ++slot) {
      const std::size_t node = slots_[p][slot];
      if (node == kNone || !has_room(node, kPrimary)) continue;
      if (from == kNone || load_[kPrimary][node] < load_[kPrimary][slots_[p][from]]) from = slot;
    }
    if (from == kNone) continue;
    const std::size_t node = slots_[p][from];
    set(p, from, kNone);
    set(p, 0, node);
  }
}

/// Racks may have come or changed since.
void Placement::vacate_shared_racks() {
  for (std::size_t p = 0; p < slots_.size(); ++p)
    for (std::size_t slot = factor_; slot-- > 1;) {
      const std::size_t node = slots_[p][slot];
      if (node == kNone || !rack_taken(p, node, slot)) continue;
      for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].receives && !holds(p, i) && !rack_taken(p, i, slot)) {
          set(p, slot, kNone);
          break;
        }
    }
}

/// The node with the highest score that may take the place: a free rack first. kNone: nobody.
std::size_t Placement::best(std::size_t p, std::size_t slot, bool with_room) const {
  std::size_t found = kNone;
  std::pair<bool, std::pair<bool, std::uint64_t>> most;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].receives || holds(p, i) || (with_room && !has_room(i, role_of(slot)))) continue;
    const std::pair its{!rack_taken(p, i, slot), merit(i, p)};
    if (found != kNone && its <= most) continue;
    found = i;
    most = its;
  }
  return found;
}

/// Nobody with room may take the place, as all of them hold a copy of p. So a node without room
/// takes it, and gives another place of its own to one of them.
bool Placement::exchange(std::size_t p, std::size_t slot) {
  const Role role = role_of(slot);
  for (std::size_t other = 0; other < slots_.size(); ++other)
    for (std::size_t s = 0; s < factor_; ++s) {
      const std::size_t giver = slots_[other][s];
      if (role_of(s) != role || giver == kNone || other == p || holds(p, giver) ||
          rack_taken(p, giver, slot))
        continue;
      for (std::size_t taker = 0; taker < nodes_.size(); ++taker) {
        if (!nodes_[taker].receives || !has_room(taker, role) || holds(other, taker) ||
            rack_taken(other, taker, s))
          continue;
        set(other, s, taker);
        set(p, slot, giver);
        return true;
      }
    }
  return false;
}

void Placement::fill(Role role) {
  const std::size_t first = role == kPrimary ? 0 : 1;
  const std::size_t end = role == kPrimary ? std::min<std::size_t>(1, factor_) : factor_;
  for (std::size_t slot = first; slot < end; ++slot)
    for (std::size_t p = 0; p < slots_.size(); ++p) {
      if (slots_[p][slot] != kNone) continue;
      std::size_t node = best(p, slot, true);
      const bool shares = node == kNone || rack_taken(p, node, slot);
      if (shares && exchange(p, slot)) continue;
      if (shares) node = best(p, slot, false);
      if (node != kNone) set(p, slot, node);
    }
}

/// Nodes over their quota give to those below it, first what the takers score highest for.
void Placement::balance(Role role) {
  struct Move {
    std::pair<bool, std::uint64_t> merit;
    std::size_t p;
    std::size_t slot;
  };
  for (std::size_t from = 0; from < nodes_.size(); ++from) {
    if (load_[role][from] <= quota_[role][from]) continue;
    std::vector<Move> moves;
    for (std::size_t p = 0; p < slots_.size(); ++p)
      for (std::size_t slot = 0; slot < factor_; ++slot) {
        if (slots_[p][slot] != from || role_of(slot) != role) continue;
        const std::size_t taker = best(p, slot, true);
        if (taker != kNone) moves.push_back({merit(taker, p), p, slot});
      }
    std::ranges::stable_sort(moves, std::greater<>(), &Move::merit);
    for (const Move& move : moves) {
      if (load_[role][from] <= quota_[role][from]) break;
      const std::size_t taker = best(move.p, move.slot, true);
      if (taker == kNone) continue;
      if (rack_taken(move.p, taker, move.slot) && !rack_taken(move.p, from, move.slot)) continue;
      set(move.p, move.slot, taker);
    }
  }
}

/// A primary's place goes to a holder of a further copy that has room, and the two change places:
/// nothing has to be copied.
void Placement::swap_within() {
  for (std::size_t p = 0; p < slots_.size(); ++p) {
    const std::size_t primary = slots_[p][0];
    if (primary == kNone || load_[kPrimary][primary] <= quota_[kPrimary][primary]) continue;
    for (std::size_t slot = 1; slot < factor_; ++slot) {
      const std::size_t node = slots_[p][slot];
      if (node == kNone || !has_room(node, kPrimary) || !has_room(primary, kFurther)) continue;
      set(p, slot, kNone);
      set(p, 0, node);
      set(p, slot, primary);
      break;
    }
  }
}

/// A node that was given a place without having its data, and not another of which it has: it
/// trades the one for the other.
void Placement::bring_to_data() {
  for (std::size_t p = 0; p < slots_.size(); ++p)
    for (std::size_t slot = 0; slot < factor_; ++slot) {
      const std::size_t node = slots_[p][slot];
      if (node != kNone && !nodes_[node].has_data.empty() && !has_data(node, p)) trade(p, slot);
    }
}

void Placement::trade(std::size_t p, std::size_t slot) {
  const std::size_t node = slots_[p][slot];
  for (std::size_t other = 0; other < slots_.size(); ++other) {
    if (!has_data(node, other) || holds(other, node)) continue;
    for (std::size_t s = 0; s < factor_; ++s) {
      if (role_of(s) != role_of(slot) || slots_[other][s] == kNone) continue;
      if (trade_for(p, slot, other, s)) return;
    }
  }
}

/// The node at (p, slot) takes (other, s) of the same role, and who is there takes its place. If
/// that one holds a copy of p already, it takes the place of a third in `other`, the third takes
/// the place in p, and the two change roles in yet another partition that both hold.
bool Placement::trade_for(std::size_t p, std::size_t slot, std::size_t other, std::size_t s) {
  const std::size_t node = slots_[p][slot];
  const std::size_t giver = slots_[other][s];
  const auto may_take = [&](std::size_t taker, std::size_t partition, std::size_t at) {
    return !holds(partition, taker) && !rack_taken(partition, taker, at);
  };
  if (rack_taken(other, node, s)) return false;
  if (may_take(giver, p, slot)) {
    set(p, slot, giver);
    set(other, s, node);
    return true;
  }
  for (std::size_t t = 0; t < factor_ && holds(p, giver); ++t) {
    const std::size_t third = slots_[other][t];
    if (role_of(t) == role_of(s) || third == kNone || !may_take(third, p, slot)) continue;
    if (rack_taken(other, node, t)) continue;
    if (!change_roles(third, giver, role_of(s))) continue;
    set(p, slot, third);
    set(other, t, giver);
    set(other, s, node);
    return true;
  }
  return false;
}

/// Where `from` has the role and `to` the other one, they change.
bool Placement::change_roles(std::size_t from, std::size_t to, Role role) {
  for (auto& slots : slots_) {
    const auto its = std::ranges::find(slots, from);
    const auto others = std::ranges::find(slots, to);
    if (its == slots.end() || others == slots.end()) continue;
    const auto role_at = [&](auto slot) {
      return role_of(static_cast<std::size_t>(slot - slots.begin()));
    };
    if (role_at(its) != role || role_at(others) == role) continue;
    std::swap(*its, *others);
    for (const Role each : {kPrimary, kFurther}) {
      std::size_t& more = each == role ? load_[each][to] : load_[each][from];
      std::size_t& less = each == role ? load_[each][from] : load_[each][to];
      ++more;
      --less;
    }
    return true;
  }
  return false;
}

std::vector<Targets> Placement::run() {
  if (factor_ > 0) {
    set_quotas(kPrimary);
    set_quotas(kFurther);
    promote_holders();
    vacate_shared_racks();
    swap_within();
    balance(kPrimary);
    fill(kPrimary);
    set_quotas(kFurther);
    balance(kFurther);
    fill(kFurther);
    bring_to_data();
  }
  std::vector<Targets> out(slots_.size());
  for (std::size_t p = 0; p < slots_.size(); ++p)
    for (const std::size_t node : slots_[p])
      if (node != kNone) out[p].push_back(nodes_[node].uuid);
  return out;
}

}  // namespace

std::vector<Targets> place(const std::vector<Targets>& previous, std::vector<PlacementNode> nodes,
                           std::size_t replication_factor) {
  return Placement(previous, std::move(nodes), replication_factor).run();
}

}  // namespace flotilla::cluster
