#include "discovery/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

namespace flotilla::discovery {
namespace {

using std::chrono::seconds;

// One tip each way would do; three survive the loss of a node before the gossip has spread.
constexpr std::size_t kSpokesmen = 3;
constexpr seconds kAbsence{30};
// A server may keep an address among its alumni although asked to forget it: no use in asking on.
constexpr seconds kAlumniAgain{600};

using Together = std::vector<const MemberStatus*>;

std::string why_not_ready(const Desired& desired, const Observed& seen) {
  if (!desired.problem.empty()) return desired.problem;
  if (desired.host.empty()) return "has no address";
  if (!seen.failure.empty()) return seen.failure;
  if (seen.node.empty()) return "does not say its node id";
  if (seen.status != "ok") return "its status is '" + seen.status + "'";
  return {};
}

/// A cloned MAC address gives two nodes one id; they cannot be in one cluster.
void refuse_duplicate_nodes(ClusterStatus& cluster) {
  std::map<std::string, const MemberStatus*> first;
  for (MemberStatus& member : cluster.members) {
    if (!member.ready) continue;
    const auto [at, is_new] = first.emplace(member.observed.node, &member);
    if (is_new) continue;
    member.ready = false;
    member.why_not = fmt::format("has the node id {} of {}; give each node an id of its own",
                                 member.observed.node, at->second->desired.name);
  }
}

std::map<std::string, ClusterStatus> by_label(const PlanInput& input) {
  std::map<std::string, const Observed*> seen;
  for (const Observed& node : input.observation.nodes) seen[node.id] = &node;
  std::map<std::string, ClusterStatus> clusters;
  for (const Desired& desired : input.listing.members) {
    ClusterStatus& cluster = clusters[desired.cluster];
    cluster.name = desired.cluster;
    MemberStatus member{.desired = desired, .observed = {}, .ready = false, .why_not = {}};
    if (const auto at = seen.find(desired.id); at != seen.end())
      member.observed = *at->second;
    else
      member.observed.failure = "was not asked";
    member.why_not = why_not_ready(desired, member.observed);
    member.ready = member.why_not.empty();
    cluster.members.push_back(std::move(member));
  }
  for (auto& [name, cluster] : clusters) {
    refuse_duplicate_nodes(cluster);
    cluster.ready =
        static_cast<std::size_t>(std::ranges::count(cluster.members, true, &MemberStatus::ready));
  }
  return clusters;
}

/// Ready members by cluster name, in each the components, the largest first. Every observer of the
/// same nodes finds the same order.
std::map<std::string, std::vector<Together>> components_of(const ClusterStatus& cluster) {
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, Together> groups;
  for (const MemberStatus& member : cluster.members) {
    if (!member.ready) continue;
    const Observed& seen = member.observed;
    // A node that is in no cluster yet is with nobody, whatever others in that state say.
    const bool alone = seen.cluster_key.empty() || seen.cluster_key == "0";
    groups[{seen.cluster_name, seen.cluster_key, alone ? seen.node : seen.principal}].push_back(
        &member);
  }
  std::map<std::string, std::vector<Together>> out;
  for (auto& [key, group] : groups) out[std::get<0>(key)].push_back(std::move(group));
  for (auto& [name, groups_of_name] : out)
    std::ranges::stable_sort(groups_of_name, std::greater<>{}, [](const Together& group) {
      return std::pair(group.size(), group.front()->observed.cluster_size);
    });
  return out;
}

bool has_seed(const Observed& node, const Desired& of) {
  return std::ranges::any_of(node.seeds, [&](const Seed& seed) {
    return seed.port == of.mesh_port && canonical_host(seed.host) == canonical_host(of.host);
  });
}

void tip(const MemberStatus& member, const MemberStatus& about, std::vector<Step>& steps) {
  // What is in its list it tries already, by itself and for ever.
  if (has_seed(member.observed, about.desired)) return;
  Step step{.verb = Step::Verb::Tip,
            .member = member.desired,
            .about = about.desired,
            .seed = {canonical_host(about.desired.host), about.desired.mesh_port},
            .tls = about.desired.tls,
            .text = {},
            .reason = {}};
  step.reason =
      fmt::format("{} is in another cluster ({} of {} nodes) than {} ({} of {} nodes)",
                  about.desired.name, about.observed.cluster_key, about.observed.cluster_size,
                  member.desired.name, member.observed.cluster_key, member.observed.cluster_size);
  steps.push_back(std::move(step));
}

void join(const std::vector<Together>& components, std::vector<Step>& steps) {
  const auto spokesmen = [](const Together& group) {
    return std::span(group).first(std::min(group.size(), kSpokesmen));
  };
  for (std::size_t i = 1; i < components.size(); ++i)
    for (const MemberStatus* small : spokesmen(components[i]))
      for (const MemberStatus* large : spokesmen(components[0])) {
        tip(*small, *large, steps);
        tip(*large, *small, steps);
      }
}

void judge(ClusterStatus& cluster, const std::map<std::string, std::vector<Together>>& by_name) {
  std::vector<std::string> names;
  std::uint32_t size = 0;
  bool integrity = true;
  for (const auto& [name, components] : by_name) {
    names.push_back(name);
    for (const Together& group : components) {
      std::vector<std::string> members;
      for (const MemberStatus* member : group) {
        members.push_back(member->desired.name);
        integrity &= member->observed.integrity;
      }
      size = group.front()->observed.cluster_size;
      cluster.components.push_back(std::move(members));
    }
  }
  if (names.size() > 1)
    cluster.why.push_back(fmt::format("its nodes have different cluster names ({}) and stay apart",
                                      fmt::join(names, ", ")));
  else if (cluster.components.size() > 1)
    cluster.why.push_back(fmt::format("{} components: {}", cluster.components.size(),
                                      fmt::join(cluster.components, " ")));
  else if (cluster.ready != 0 && size < cluster.ready)
    cluster.why.push_back(
        fmt::format("the cluster counts {} of {} ready nodes so far", size, cluster.ready));
  else if (!integrity)
    cluster.why.emplace_back("the nodes do not agree on the cluster yet");
  cluster.converged = cluster.ready != 0 && cluster.why.empty();
  bool waiting = false;
  for (const MemberStatus& member : cluster.members) {
    if (member.ready) continue;
    cluster.why.push_back(member.desired.name + ": " + member.why_not);
    waiting |= member.desired.is_usable();
  }
  cluster.settled = cluster.converged && !waiting;
}

/// What is known of the addresses that seeds may have.
class Neighbourhood {
 public:
  Neighbourhood(const PlanInput& input, const std::map<std::string, ClusterStatus>& clusters)
      : input_(input) {
    for (const Desired& member : input.listing.members)
      if (!member.host.empty()) owners_.emplace(canonical_host(member.host), &member);
    for (const std::string& host : input.listing.in_use) others_.insert(canonical_host(host));
    for (const auto& [name, cluster] : clusters)
      for (const MemberStatus& member : cluster.members)
        for (const PeerSeen& peer : member.observed.peers)
          for (const std::string& host : peer.hosts) others_.insert(canonical_host(host));
  }

  bool is_member(const std::string& host, const std::string& cluster) const {
    const auto [begin, end] = owners_.equal_range(host);
    return std::any_of(begin, end, [&](const auto& at) { return at.second->cluster == cluster; });
  }
  /// The member of another label that has the address on the network that `on` is on.
  const Desired* foreigner(const std::string& host, const Desired& on) const {
    const auto [begin, end] = owners_.equal_range(host);
    const auto at = std::find_if(begin, end, [&](const auto& owner) {
      return owner.second->cluster != on.cluster && owner.second->network == on.network;
    });
    return at == end ? nullptr : at->second;
  }
  /// Nobody has the address, as far as anybody can know.
  bool is_deserted(const std::string& host) const {
    if (!input_.listing.complete || owners_.contains(host) || others_.contains(host)) return false;
    if (input_.former.contains(host)) return true;
    const auto address = IpAddress::parse(host);
    return address && std::ranges::any_of(input_.listing.ranges, [&](const AddressRange& range) {
             return range.contains(*address);
           });
  }

 private:
  const PlanInput& input_;
  std::multimap<std::string, const Desired*> owners_;
  std::set<std::string> others_;
};

Step clear(const Desired& member, const Seed& seed, std::string reason) {
  return {.verb = Step::Verb::ClearTip,
          .member = member,
          .about = {},
          .seed = seed,
          .text = {},
          .reason = std::move(reason)};
}

void collect_garbage(const MemberStatus& member, const Neighbourhood& around,
                     std::vector<Step>& steps) {
  const Desired& self = member.desired;
  for (const Seed& seed : member.observed.seeds) {
    if (!IpAddress::parse(seed.host)) continue;
    const std::string host = canonical_host(seed.host);
    if (around.is_member(host, self.cluster)) continue;
    if (const Desired* foreigner = around.foreigner(host, self)) {
      steps.push_back(clear(self, seed,
                            fmt::format("the address belongs to {} of cluster {} now",
                                        foreigner->name, foreigner->cluster)));
    } else if (around.is_deserted(host)) {
      steps.push_back(clear(self, seed, "no container has had the address for 30 s"));
      steps.back().must_have_stood = kAbsence;
    }
  }
  for (const std::string& alumnus : member.observed.alumni) {
    if (!around.is_deserted(canonical_host(alumnus))) continue;
    steps.push_back({.verb = Step::Verb::ResetAlumni,
                     .member = self,
                     .about = {},
                     .seed = {},
                     .text = {},
                     .reason = fmt::format("{} has been gone for 30 s", alumnus),
                     .must_have_stood = kAbsence,
                     .not_again_within = kAlumniAgain});
    break;
  }
}

}  // namespace

Plan plan_clusters(const PlanInput& input) {
  auto clusters = by_label(input);
  const Neighbourhood around(input, clusters);
  Plan plan;
  for (auto& [label, cluster] : clusters) {
    const auto by_name = components_of(cluster);
    for (const auto& [name, components] : by_name) join(components, plan.steps);
    for (const MemberStatus& member : cluster.members)
      if (member.ready) collect_garbage(member, around, plan.steps);
    judge(cluster, by_name);
  }
  for (auto& [label, cluster] : clusters) plan.clusters.push_back(std::move(cluster));
  return plan;
}

}  // namespace flotilla::discovery
