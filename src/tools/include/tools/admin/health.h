#pragma once

#include <string>
#include <vector>

#include "tools/admin/fleet.h"

/// What is wrong with a cluster, in sentences.
namespace flotilla::tools::admin {

/// What one node says of itself.
struct NodeFacts {
  Member member;
  bool answers = true;
  bool is_outsider = false;  // Given as a seed, but no member of the cluster.
  std::string build = {};
  std::string cluster_name = {};
  std::string outliers = {};   // Of health-outliers.
  std::string latencies = {};  // Of latencies:.
  Answers statistics = {};
  Answers network = {};                            // Configuration.
  Answers service = {};                            // Configuration.
  std::vector<std::string> peers = {};             // Ids.
  std::map<std::string, Answers> namespaces = {};  // Statistics by name.
};

/// Asks every member, and every seed that is none. Takes at most the fleet's timeout for each of
/// the two rounds of questions, and for each seed.
std::vector<NodeFacts> gather_facts(const Fleet& fleet);

struct Finding {
  enum class Severity : std::uint8_t { Critical, Warning, Note };
  Severity severity;
  std::string subject;  // Of which node or namespace.
  std::string problem;  // A sentence.
  std::string advice;   // What to do, a sentence.

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// The worst first. Pure: facts in, findings out.
std::vector<Finding> diagnose(const std::vector<NodeFacts>& nodes);

}  // namespace flotilla::tools::admin
