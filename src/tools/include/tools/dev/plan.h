#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

/// A cluster of flotillad processes on one machine, for people who try things and for tests.
namespace flotilla::tools::dev {

/// An error is a sentence for the user.
template <class T>
using Outcome = tl::expected<T, std::string>;

/// The place of a node in its cluster; the first is 1.
using Number = int;
inline constexpr Number kNodesMax = 64;

/// What was asked for when the cluster was made; kept in the folder, so that later calls need not
/// say it again.
struct Plan {
  Number nodes = 0;
  std::uint16_t base_port = 3000;
  int replication_factor = 2;
  std::string data_size = "1G";  // Of namespace `test` on each node.
  bool stored = false;           // With a file behind it, so that a node comes back with its data.
  bool isolated = false;         // Each node in a network namespace of its own: can be split.
  std::string binary;            // flotillad, absolute.

  friend bool operator==(const Plan&, const Plan&) = default;
};

struct Ports {
  std::uint16_t service = 0;
  std::uint16_t fabric = 0;
  std::uint16_t heartbeat = 0;
  std::uint16_t http = 0;
};
/// Node I serves clients on base port + 100 (I - 1), the others follow.
Ports ports_of(const Plan& plan, Number node);

/// The address that node I listens on: 127.0.0.1, or its own in an isolated cluster.
std::string address_of(const Plan& plan, Number node);
/// The first three numbers of the addresses of an isolated cluster, "10.91.30.".
std::string subnet_of(const Plan& plan);

/// The plan is one that can be carried out: counts in their bounds, ports that exist.
Outcome<void> check(const Plan& plan);

std::string to_text(const Plan& plan);
Outcome<Plan> parse_plan(std::string_view text);

/// The files of one node.
struct NodeFiles {
  std::filesystem::path folder;
  std::filesystem::path config() const { return folder / "flotilla.conf"; }
  std::filesystem::path log() const { return folder / "log"; }
  std::filesystem::path pid() const { return folder / "pid"; }
  std::filesystem::path work() const { return folder / "work"; }
};
NodeFiles files_of(const std::filesystem::path& root, Number node);

/// The configuration of a node: namespace `test`, all others as seeds.
std::string config_of(const Plan& plan, Number node, const NodeFiles& files);

/// "2", "1,3", "2-4" and several of them: in order, each once. Empty input is an error, as is a
/// node that the plan does not have.
Outcome<std::vector<Number>> parse_numbers(std::span<const std::string> words, const Plan& plan);

}  // namespace flotilla::tools::dev
