#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "discovery/address.h"

/// What ought to be, what is, and what is to be done: plain values, compared by pure functions.
namespace flotilla::discovery {

/// A failure in words for people: one line, what is wrong and what to do about it. Nobody here acts
/// on anything but the fact, so there are no codes.
struct Problem {
  std::string text;
  friend auto operator<=>(const Problem&, const Problem&) = default;
};
template <class T>
using Expected = tl::expected<T, Problem>;
inline tl::unexpected<Problem> problem(std::string text) {
  return tl::unexpected<Problem>(Problem{std::move(text)});
}

inline constexpr std::uint16_t kServicePort = 3000;
inline constexpr std::uint16_t kMeshPort = 3002;

/// A node that ought to be in a cluster, as a source of truth lists it.
struct Desired {
  std::string id;       // Of the container, task, or entry; the same as long as that lives.
  std::string name;     // For people.
  std::string cluster;  // Nodes of one value belong together.
  std::string host;     // Address, or a name; empty: it has none now, and `problem` says why.
  std::string network;  // Identity of the network that `host` is on; empty: not known.
  std::string state = "running";  // In the source's words.
  std::string problem;            // Why it cannot be wired up; empty: it can.
  std::uint16_t service_port = kServicePort;
  std::uint16_t mesh_port = kMeshPort;
  bool tls = false;  // The mesh speaks TLS.

  bool is_usable() const { return problem.empty() && !host.empty(); }
  friend bool operator==(const Desired&, const Desired&) = default;
};

/// The whole truth of one moment; never a difference to an earlier one.
struct Listing {
  std::vector<Desired> members;
  std::vector<AddressRange> ranges;   // All that lives in these is seen by the source.
  std::set<std::string> in_use;       // Addresses of others, which are none of our business.
  std::vector<std::string> problems;  // What is wrong with the source or with what was asked of it.
  bool complete = true;  // False: some source did not answer, so nobody is known to be absent.
};

/// All listings as one. A member that two of them know (by id, or by cluster and host) stands once.
Listing merge(std::vector<Listing> listings);

/// An entry of a node's list of seeds: as the node says it, so not always an address.
struct Seed {
  std::string host;
  std::uint16_t port = kMeshPort;
  friend auto operator<=>(const Seed&, const Seed&) = default;
};

struct PeerSeen {
  std::string node;
  std::vector<std::string> hosts;
};

/// What one node says of itself and of its cluster.
struct Observed {
  std::string id;       // Desired::id.
  std::string failure;  // Why there is no answer; empty: there is one.
  std::string status;   // "ok" once the node serves clients.
  std::string node;     // Node id, e.g. "BB9020011AC4202".
  std::string build;
  std::string cluster_name;
  std::string cluster_key;
  std::string principal;
  std::uint32_t cluster_size = 0;
  bool integrity = false;
  std::uint64_t migrations_left = 0;
  std::vector<PeerSeen> peers;
  std::vector<Seed> seeds;
  std::vector<std::string> alumni;  // Hosts of nodes that it has ever known.

  bool is_ready() const { return failure.empty() && status == "ok" && !node.empty(); }
};

/// What a backend found when it looked.
struct Observation {
  std::vector<Observed> nodes;
  std::string rendered;  // Of the template backend: what its file holds.
};

/// One thing to do.
struct Step {
  enum class Verb : std::uint8_t {
    Tip,          // Tell `member` of the seed.
    ClearTip,     // Make `member` forget the seed.
    ResetAlumni,  // Make `member` forget nodes that have gone.
    Render,       // Write `text` into the template's file, and reload.
  };

  Verb verb{};
  Desired member;  // Who is told.
  Desired about;   // Tip: the member that the seed is.
  Seed seed;
  bool tls = false;
  std::string text;
  std::string reason;
  /// It is due only after every plan for so long has proposed it.
  std::chrono::seconds must_have_stood{0};
  /// Not again for so long, once done.
  std::chrono::seconds not_again_within{0};

  /// Two steps of one key are the same thing to do.
  std::string key() const;
  /// For logs: "tip blog_aerospike_1 about 10.0.0.3:3002".
  std::string summary() const;
};
std::string_view name_of(Step::Verb verb);

struct MemberStatus {
  Desired desired;
  Observed observed;
  bool ready = false;
  std::string why_not;  // Why it is not ready; empty when it is.
};

/// One cluster, as people are told of it.
struct ClusterStatus {
  std::string name;
  std::vector<MemberStatus> members;
  std::size_t ready = 0;
  std::vector<std::vector<std::string>> components;  // Names of ready members that are together.
  bool converged = false;        // All ready members are in one cluster that counts them all.
  bool settled = false;          // Converged, and nobody who could be ready is not.
  std::vector<std::string> why;  // What keeps it from being settled.
};

struct Plan {
  std::vector<Step> steps;
  std::vector<ClusterStatus> clusters;
};

}  // namespace flotilla::discovery
