#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Answers of the info command `latencies:`.
namespace flotilla::tools::admin {

/// One histogram of one node: "{ns}-read:msec,tps,%>2^0,%>2^1,...".
struct Histogram {
  std::string ns;    // Empty: of the whole node.
  std::string name;  // "read"
  std::string unit;  // "ms" or "us"
  double per_second = 0;
  std::vector<double> shares = {};  // Percent slower than each power of two.
};

/// Nothing: the text is none, or the histogram holds nothing yet.
std::optional<Histogram> parse_histogram(std::string_view text);

/// Adds up histograms of one unit: each share weighs as much as its node has to do. The sum has
/// the first one's names.
Histogram sum(const std::vector<Histogram>& histograms);

}  // namespace flotilla::tools::admin
