#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/parse.h"
#include "discovery/engine_answers.h"

namespace flotilla::discovery {
namespace {

constexpr const char* kCluster = "com.aerospike.cluster";
constexpr const char* kNetwork = "com.aerospike.network";
constexpr const char* kMesh = "com.aerospike.mesh-port";
constexpr const char* kService = "com.aerospike.service-port";
constexpr const char* kTls = "com.aerospike.tls";
constexpr const char* kIgnore = "com.aerospike.ignore";

// An id may be given by its first digits, as `docker ps` prints it.
constexpr std::size_t kShortId = 12;

const std::string* label(const Container& container, const char* name) {
  const auto at = container.labels.find(name);
  return at == container.labels.end() ? nullptr : &at->second;
}

std::optional<bool> truth(std::string_view text) {
  if (text == "true" || text == "1" || text == "yes" || text.empty()) return true;
  if (text == "false" || text == "0" || text == "no") return false;
  return std::nullopt;
}

bool is_labelled(const Container& container, const Selection& selection) {
  const std::string* cluster = label(container, kCluster);
  if (cluster == nullptr) return false;
  if (const std::string* ignore = label(container, kIgnore);
      ignore && truth(*ignore).value_or(true))
    return false;
  return cluster->empty() || selection.cluster.empty() || *cluster == selection.cluster;
}

/// A network that has no place for several nodes: each has its host's address there, or none.
bool is_no_network(const std::string& name) { return name == "host" || name == "none"; }

class Chooser {
 public:
  Chooser(std::span<const Container> containers, std::span<const Network> networks,
          const Selection& selection)
      : networks_(networks), selection_(selection) {
    for (const Container& container : containers)
      if (selection.self.size() >= kShortId && container.id.starts_with(selection.self))
        self_ = &container;
    for (const Container& container : containers)
      if (is_member(container)) members_.push_back(&container);
  }
  bool is_member(const Container& container) const {
    return is_labelled(container, selection_) && !is_of_another_project(container);
  }
  const std::vector<const Container*>& members() const { return members_; }

  /// The attachment that `container` is reached by. Problem: why there is none.
  Expected<const Attachment*> choose(const Container& container) const {
    const std::string& wanted = wanted_network(container);
    if (!wanted.empty()) {
      for (const Attachment& one : container.attachments)
        if (matches(one, wanted)) return with_address(one, wanted);
      return problem("has no address on network " + wanted);
    }
    std::vector<const Attachment*> all;
    for (const Attachment& one : container.attachments)
      if (!is_no_network(one.network)) all.push_back(&one);
    if (all.empty()) return problem("is on no network of its own");
    if (all.size() == 1) return with_address(*all[0], all[0]->network);
    return shared(container, all);
  }
  /// Whether nobody outside of the listing can have an address there.
  bool sees_whole(const Attachment& attachment) const {
    if (selection_.sees_all_hosts) return true;
    return std::ranges::any_of(networks_, [&](const Network& network) {
      return network.id == attachment.network_id && network.is_local;
    });
  }
  bool is_known(const std::string& wanted) const {
    const auto by_network = [&](const Network& network) { return matches(network, wanted); };
    const auto by_member = [&](const Container* member) {
      return std::ranges::any_of(member->attachments,
                                 [&](const Attachment& one) { return matches(one, wanted); });
    };
    return std::ranges::any_of(networks_, by_network) || std::ranges::any_of(members_, by_member);
  }

 private:
  const std::string& wanted_network(const Container& container) const {
    const std::string* wish = label(container, kNetwork);
    return wish != nullptr ? *wish : selection_.network;
  }
  /// Of several networks with the wanted name, as each project of Compose has one, this service is
  /// on one: it is not on the others', and cannot know what their owners want.
  bool is_of_another_project(const Container& container) const {
    const std::string& wanted = wanted_network(container);
    if (self_ == nullptr || wanted.empty()) return false;
    bool has_others = false;
    for (const Attachment& its : container.attachments) {
      if (!matches(its, wanted)) continue;
      if (is_on(*self_, its)) return false;
      has_others = true;
    }
    return has_others && std::ranges::any_of(self_->attachments, [&](const Attachment& ours) {
             return matches(ours, wanted);
           });
  }
  static bool is_on(const Container& container, const Attachment& place) {
    return std::ranges::any_of(container.attachments, [&](const Attachment& one) {
      return one.network == place.network && one.network_id == place.network_id;
    });
  }
  static bool is_id(const std::string& id, const std::string& wanted) {
    return wanted.size() >= kShortId && id.starts_with(wanted);
  }
  static bool matches(const Network& network, const std::string& wanted) {
    return network.name == wanted || is_id(network.id, wanted) ||
           (!network.short_name.empty() && network.short_name == wanted);
  }
  bool matches(const Attachment& one, const std::string& wanted) const {
    if (one.network == wanted || is_id(one.network_id, wanted)) return true;
    return std::ranges::any_of(networks_, [&](const Network& network) {
      return network.id == one.network_id && matches(network, wanted);
    });
  }
  static Expected<const Attachment*> with_address(const Attachment& one, const std::string& name) {
    if (one.ip.empty() && one.ip6.empty()) return problem("has no address on network " + name);
    return &one;
  }
  Expected<const Attachment*> shared(const Container& container,
                                     std::span<const Attachment* const> all) const {
    std::vector<const Attachment*> common;
    for (const Attachment* one : all) {
      const bool everywhere = std::ranges::all_of(members_, [&](const Container* other) {
        if (*label(*other, kCluster) != *label(container, kCluster)) return true;
        return is_on(*other, *one);
      });
      if (everywhere) common.push_back(one);
    }
    if (common.size() == 1) return with_address(*common[0], common[0]->network);
    std::vector<std::string> names;
    for (const Attachment* one : all) names.push_back(one->network);
    return problem(fmt::format(
        "is on the networks {}; say which one by the label {} or by AEROSPIKE_NETWORK_NAME",
        fmt::join(names, ", "), kNetwork));
  }

  std::span<const Network> networks_;
  const Selection& selection_;
  const Container* self_ = nullptr;
  std::vector<const Container*> members_;
};

bool set_port(const Container& container, const char* name, std::uint16_t& port,
              std::string& trouble) {
  const std::string* text = label(container, name);
  if (text == nullptr) return true;
  const auto number = parse_u64(*text);
  if (!number || *number == 0 || *number > UINT16_MAX) {
    trouble = fmt::format("its label {} is '{}', not a port", name, *text);
    return false;
  }
  port = static_cast<std::uint16_t>(*number);
  return true;
}

/// What the labels say; the trouble with them, if any.
std::string read_labels(const Container& container, Desired& member) {
  std::string trouble;
  member.cluster = *label(container, kCluster);
  if (member.cluster.empty())
    return fmt::format("its label {} has no value; give it the cluster's name", kCluster);
  if (!set_port(container, kMesh, member.mesh_port, trouble)) return trouble;
  if (!set_port(container, kService, member.service_port, trouble)) return trouble;
  if (const std::string* tls = label(container, kTls)) {
    if (!truth(*tls)) return fmt::format("its label {} is '{}', not true or false", kTls, *tls);
    member.tls = *truth(*tls);
  }
  return {};
}

void add_ranges(const Attachment& one, Listing& listing) {
  const auto add = [&](const std::string& ip, unsigned length) {
    if (ip.empty() || length == 0) return;
    const auto range = AddressRange::parse(ip + '/' + std::to_string(length));
    if (range && std::ranges::none_of(listing.ranges, [&](const AddressRange& known) {
          return known.bits <= range->bits && known.contains(range->first);
        }))
      listing.ranges.push_back(*range);
  };
  add(one.ip, one.length);
  add(one.ip6, one.length6);
}

}  // namespace

Listing select_members(std::span<const Container> containers, std::span<const Network> networks,
                       const Selection& selection) {
  const Chooser chooser(containers, networks, selection);
  Listing listing;
  for (const Container* container : chooser.members()) {
    Desired member;
    member.id = container->id;
    member.name = container->name;
    member.state = container->state;
    member.mesh_port = selection.mesh_port;
    member.service_port = selection.service_port;
    member.tls = selection.tls;
    member.problem = read_labels(*container, member);
    if (const auto place = chooser.choose(*container)) {
      member.host = (*place)->ip.empty() ? (*place)->ip6 : (*place)->ip;
      member.network = (*place)->network_id.empty() ? (*place)->network : (*place)->network_id;
      if (chooser.sees_whole(**place)) add_ranges(**place, listing);
    } else if (member.problem.empty()) {
      member.problem = place.error().text;
    }
    listing.members.push_back(std::move(member));
  }
  for (const Container& container : containers)
    if (!chooser.is_member(container))
      for (const Attachment& one : container.attachments)
        for (const std::string& ip : {one.ip, one.ip6})
          if (!ip.empty()) listing.in_use.insert(ip);
  if (!selection.network.empty() && !networks.empty() && !chooser.is_known(selection.network)) {
    std::vector<std::string> names;
    for (const Network& network : networks) names.push_back(network.name);
    std::ranges::sort(names);
    listing.problems.push_back(fmt::format("the engine knows no network '{}'; it has {}",
                                           selection.network, fmt::join(names, ", ")));
  }
  return listing;
}

}  // namespace flotilla::discovery
