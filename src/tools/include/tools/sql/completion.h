#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flotilla::tools::sql {

/// Names that a cluster has at present.
struct Schema {
  std::vector<std::string> namespaces;
  std::vector<std::string> sets;  // "ns.set"
  std::vector<std::string> bins;  // Of the set that the statement is about.
};

/// The "ns.set" or "ns" that the last statement of `line` names behind FROM, INTO, ON, or UPDATE;
/// empty: none yet.
std::string target_of(std::string_view line);

/// What could replace the word that ends at the end of `line`: keywords that may stand there,
/// namespaces and sets behind FROM, INTO, ON, and UPDATE, bins where one may stand. Sorted; each
/// starts with the word (any case).
struct Completion {
  std::size_t word_begin = 0;  // Where the word begins in `line`.
  std::vector<std::string> candidates;
};
Completion complete(std::string_view line, const Schema& schema);

}  // namespace flotilla::tools::sql
