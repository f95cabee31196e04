#include <fmt/format.h>

#include <algorithm>

#include "membership_core.h"
#include "serving.h"

namespace flotilla::cluster {

bool Membership::Core::waiting_is_over() const {
  return waiting_since_ && now_ - *waiting_since_ >= o.start_wait;
}

void Membership::Core::merge_promised_items() {
  for (const auto& [process, promise] : proposal_->promises) take_items(promise.items);
}

/// Members of the base that stay, in their order, then those that join. This order is also what
/// receivers of a difference make of it.
std::vector<NodeInfo> Membership::Core::next_members() const {
  std::vector<NodeInfo> out;
  const auto word_of = [&](const NodeInfo& known) -> const NodeInfo& {
    const auto promise = proposal_->promises.find(known.process);
    if (promise != proposal_->promises.end()) return promise->second.node;
    const Known* said = find(known.process);
    return said != nullptr && said->info.id.raw() != 0 ? said->info : known;
  };
  const auto fits = [&](const NodeInfo& node) {
    return std::ranges::none_of(out, [&](const NodeInfo& m) {
      return m.id == node.id || m.process.node == node.process.node;
    });
  };
  if (in_view)
    for (const NodeInfo& member : view->members) {
      const bool told = proposal_->promises.contains(member.process);
      if (proposal_->lost.contains(member.process) && !told) continue;
      if (!told && proposal_->takes_over) {
        FLOTILLA_MARK("a new leader leaves a silent member out");
        continue;
      }
      if (!told) FLOTILLA_MARK("a silent member stays under its leader");
      if (fits(member)) out.push_back(word_of(member));
    }
  else
    out.push_back(self);
  for (const auto& [process, promise] : proposal_->promises) {
    const bool stays = in_view && view->member(process) != nullptr;
    if (!stays && process != self.process && fits(promise.node)) out.push_back(promise.node);
  }
  return out;
}

/// Holders of durable data that are not in the view: they are waited for, and what they may still
/// need is not forgotten.
void Membership::Core::next_away(View& next) const {
  std::map<Uuid, Away> away;
  const std::uint64_t now_ms = cluster_ms();
  const auto forget =
      static_cast<std::uint64_t>(o.holder_forget_after / std::chrono::milliseconds(1));
  const auto add = [&](const Away& each) {
    if (each.last_seen_ms + forget < now_ms) return;
    Away& have = away.try_emplace(each.node, each).first->second;
    if (each.last_seen_ms > have.last_seen_ms) have = each;
  };
  for (const auto& [process, promise] : proposal_->promises)
    for (const Away& each : promise.away) add(each);
  if (in_view) {
    for (const Away& each : view->away) add(each);
    for (const NodeInfo& member : view->members) {
      const Known* known = find(member.process);
      if (next.member(member.process) != nullptr || (known != nullptr && known->said_left))
        continue;
      if (std::ranges::none_of(member.namespaces, &NodeInfo::NamespaceInfo::durable)) continue;
      Away each{member.process.node, member.id, now_ms, {}};
      for (const NamespaceRows& ns : view->namespaces)
        for (std::size_t p = 0; p < ns.rows.size(); ++p)
          if (std::ranges::find(ns.rows[p].in_sync, member.process) != ns.rows[p].in_sync.end())
            each.partitions.emplace_back(namespace_tag(ns.name),
                                         wire::PartitionId(static_cast<std::uint16_t>(p)));
      add(each);
    }
  }
  for (const NodeInfo& member : next.members) away.erase(member.process.node);
  for (auto& [node, each] : away) next.away.push_back(std::move(each));
}

/// The first view takes the factor from the files; later it changes when all files agree on
/// another.
std::map<std::string, std::uint32_t> Membership::Core::agreed_factors(const View& next) const {
  std::map<std::string, std::set<std::uint32_t>> said;
  for (const NodeInfo& member : next.members)
    for (const NodeInfo::NamespaceInfo& ns : member.namespaces)
      said[ns.name].insert(std::max(1U, ns.replication_factor));
  std::map<std::string, std::uint32_t> out;
  for (const auto& [name, factors] : said) {
    out[name] = *factors.rbegin();
    if (factors.size() == 1 || !in_view) continue;
    for (const NamespaceRows& ns : view->namespaces)
      if (ns.name == name) out[name] = ns.replication_factor;
  }
  return out;
}

/// Partitions of which a node that joins has brought data.
std::vector<bool> Membership::Core::data_of(const Process& process, const std::string& ns) const {
  std::vector<bool> out;
  const auto promise = proposal_->promises.find(process);
  if (promise == proposal_->promises.end() || (in_view && view->member(process) != nullptr))
    return out;
  out.resize(o.partitions);
  for (const PartitionReport& report : promise->second.copies)
    if (report.ns == namespace_tag(ns) && report.partition.raw() < o.partitions)
      out[report.partition.raw()] = report.copy.ever_full && !report.copy.history.empty();
  return out;
}

std::vector<Targets> Membership::Core::targets_for(const NamespaceRows& rows,
                                                   const View& next) const {
  std::vector<Targets> previous(o.partitions);
  for (std::size_t p = 0; p < rows.rows.size(); ++p) previous[p] = rows.rows[p].targets;
  if (rows.rows.empty()) {  // A first view, maybe of nodes that had one before: copies stay.
    std::map<std::uint16_t, RowVersion> newest;
    for (const auto& [process, promise] : proposal_->promises)
      for (const PartitionReport& report : promise.copies) {
        if (report.ns != namespace_tag(rows.name) || report.partition.raw() >= o.partitions)
          continue;
        RowVersion& version = newest[report.partition.raw()];
        if (report.copy.row.version <= version) continue;
        version = report.copy.row.version;
        previous[report.partition.raw()] = report.copy.row.targets;
      }
  }
  std::vector<PlacementNode> nodes;
  for (const NodeInfo& member : next.members)
    for (const NodeInfo::NamespaceInfo& ns : member.namespaces)
      if (ns.name == rows.name)
        nodes.push_back({.uuid = member.process.node,
                         .rack = ns.rack,
                         .receives = !member.quiesced && !member.leaving,
                         .has_data = data_of(member.process, rows.name)});
  return place(previous, std::move(nodes), rows.replication_factor);
}

/// 0: the leader's own, or none; others by the view they were in. A view that comes from another
/// is the same component.
std::map<Process, std::size_t> Membership::Core::components() const {
  std::map<Process, std::size_t> out;
  std::map<Epoch, std::size_t> others;
  for (const auto& [process, promise] : proposal_->promises) {
    const bool none = promise.installed == Epoch{} || promise.excluded;
    const bool ours =
        in_view && (in_lineage(promise.installed) ||
                    std::ranges::find(promise.lineage, view->epoch) != promise.lineage.end());
    if (none || ours || process == self.process)
      out[process] = 0;
    else
      out[process] = others.try_emplace(promise.installed, others.size() + 1).first->second;
  }
  return out;
}

void Membership::Core::compute_rows(NamespaceRows& rows, View& next, std::uint32_t& next_n) {
  const std::uint32_t tag = namespace_tag(rows.name);
  const std::vector<Targets> targets = targets_for(rows, next);
  const std::map<Process, std::size_t> component = components();
  ServingRules rules;
  for (const NodeInfo& member : next.members) {
    rules.back.insert(member.process.node);
    for (const NodeInfo::NamespaceInfo& ns : member.namespaces)
      if (ns.name == rows.name) {
        rules.members.insert(member.process);
        rules.durable |= ns.durable;
      }
    if (member.leaving || member.quiesced) rules.leaving.insert(member.process);
  }
  rules.wait_no_more = waiting_is_over() || nobody_to_look_for();
  rules.owns_nothing = next.members.size() < o.min_cluster_size;
  rules.everybody_told = proposal_->full;

  std::vector<std::vector<CopyWord>> words(o.partitions);
  for (std::size_t p = 0; p < rows.rows.size(); ++p)
    words[p].push_back({self.process, nullptr, rows.rows[p], false, false, 0});
  for (const auto& [process, promise] : proposal_->promises) {
    if (next.member(process) == nullptr) continue;
    const bool joins = !in_view || view->member(process) == nullptr;
    const std::size_t its = component.at(process);
    for (const PartitionRow& row : promise.rows)
      if (row.ns == tag && row.partition.raw() < o.partitions)
        words[row.partition.raw()].push_back({process, nullptr, row.row, false, joins, its});
    for (const PartitionReport& report : promise.copies)
      if (report.ns == tag && report.partition.raw() < o.partitions)
        words[report.partition.raw()].push_back(
            {process, &report.copy, report.copy.row, report.copy.row_from_disk, joins, its});
  }

  const std::vector<Row> base = std::move(rows.rows);
  rows.rows.assign(o.partitions, {});
  for (std::size_t p = 0; p < o.partitions; ++p) {
    const PartitionKey key{tag, static_cast<std::uint16_t>(p)};
    const auto moving = moving_.find(key);
    const bool unsure = moving != moving_.end();
    Serving serving = compute_serving(rules, words[p], targets[p], unsure);
    Row& row = serving.row;
    // Who comes from elsewhere may know a higher version, of a row that lost: it must be passed.
    const bool newest = std::ranges::none_of(
        words[p], [&](const CopyWord& w) { return w.row.version > row.version; });
    const bool same = p < base.size() && !serving.new_term && row == base[p] && newest;
    if (!same) {
      // One number for all rows of the view: so the terms that begin with it are one term, which
      // nodes with disks write down once.
      next_n = 1;
      row.version = {next.epoch, next_n};
      if (serving.new_term) row.term = row.version;
      moving_.erase(key);
    }
    if (serving.origin == Serving::Origin::Stale) ++stats.stale_promotions;
    if (serving.origin == Serving::Origin::Fresh) ++stats.fresh_partitions;
    if (serving.origin == Serving::Origin::Waiting && !waiting_since_) waiting_since_ = now_;
    rows.rows[p] = std::move(row);
  }
}

View Membership::Core::compute(std::uint32_t& next_n) {
  View next;
  next.epoch = proposal_->epoch;
  if (in_view) next.base = view->epoch;
  next.leader = self.process;
  next.members = next_members();
  next_away(next);

  std::vector<std::int64_t> clocks;
  for (const NodeInfo& member : next.members)
    if (const auto at = proposal_->promises.find(member.process); at != proposal_->promises.end()) {
      const Known* known = find(member.process);
      clocks.push_back(member.process == self.process || known == nullptr ? 0 : known->skew_ms);
    }
  std::ranges::sort(clocks);
  next.clock_offset_ms = clocks[clocks.size() / 2];

  const std::uint64_t fresh_before = stats.fresh_partitions;
  const std::uint64_t stale_before = stats.stale_promotions;
  for (const auto& [ns, factor] : agreed_factors(next)) {
    NamespaceRows& rows = next.namespaces.emplace_back();
    if (in_view)
      for (const NamespaceRows& old : view->namespaces)
        if (old.name == ns) rows = old;
    rows.name = ns;
    rows.replication_factor = factor;
    compute_rows(rows, next, next_n);
  }
  if (stats.stale_promotions != stale_before)
    log(true, fmt::format("{} partitions are served by copies that lack acknowledged writes",
                          stats.stale_promotions - stale_before));
  if (stats.fresh_partitions != fresh_before)
    log(false, fmt::format("{} partitions begin empty", stats.fresh_partitions - fresh_before));
  return next;
}

}  // namespace flotilla::cluster
