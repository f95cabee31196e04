#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flotilla::tools::sql {

/// Names that a cluster has at present.
struct Schema {
  std::vector<std::string> namespaces;
  std::vector<std::string> sets;  // "ns.set"
};

/// What could replace the word that ends at the end of `line`: keywords that may stand there,
/// namespaces and sets behind FROM, INTO, ON, and UPDATE. Sorted; each starts with the word (any
/// case).
struct Completion {
  std::size_t word_begin = 0;  // Where the word begins in `line`.
  std::vector<std::string> candidates;
};
Completion complete(std::string_view line, const Schema& schema);

}  // namespace flotilla::tools::sql
