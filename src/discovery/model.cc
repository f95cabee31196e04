#include "discovery/model.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace flotilla::discovery {

namespace {

/// Where members of one cluster are reached, to find those that two sources list.
class Places {
 public:
  /// False: it is a second entry for a member that is there already.
  bool take(Desired& member) {
    if (!member.is_usable()) return true;
    const auto [at, is_new] =
        first_.try_emplace({member.cluster, canonical_host(member.host), member.service_port},
                           member.name, member.network);
    if (is_new) return true;
    const auto& [name, network] = at->second;
    if (network.empty() || member.network.empty() || network == member.network) return false;
    member.problem =
        fmt::format("has the address {} of {}, on another network of that name", member.host, name);
    return true;
  }

 private:
  using Place = std::tuple<std::string, std::string, std::uint16_t>;
  std::map<Place, std::pair<std::string, std::string>> first_;
};

}  // namespace

Listing merge(std::vector<Listing> listings) {
  Listing all;
  std::set<std::string> ids;
  Places places;
  for (Listing& one : listings) {
    all.complete &= one.complete;
    for (Desired& member : one.members) {
      if (ids.contains(member.id) || !places.take(member)) continue;
      ids.insert(member.id);
      all.members.push_back(std::move(member));
    }
    all.ranges.insert(all.ranges.end(), one.ranges.begin(), one.ranges.end());
    all.in_use.merge(one.in_use);
    for (std::string& text : one.problems) all.problems.push_back(std::move(text));
  }
  return all;
}

std::string_view name_of(Step::Verb verb) {
  switch (verb) {
    case Step::Verb::Tip:
      return "tip";
    case Step::Verb::ClearTip:
      return "tip-clear";
    case Step::Verb::ResetAlumni:
      return "alumni-reset";
    case Step::Verb::Render:
      return "render";
  }
  return "?";
}

std::string Step::key() const {
  return fmt::format("{} {} {} {} {}", name_of(verb), member.id, member.host, seed.host, seed.port);
}

std::string Step::summary() const {
  switch (verb) {
    case Verb::Tip:
      return fmt::format("tip {} about {} ({})", member.name, about.name,
                         host_and_port(seed.host, seed.port));
    case Verb::ClearTip:
      return fmt::format("clear {} at {}", host_and_port(seed.host, seed.port), member.name);
    case Verb::ResetAlumni:
      return fmt::format("reset alumni at {}", member.name);
    case Verb::Render:
      return "render the template";
  }
  return {};
}

}  // namespace flotilla::discovery
