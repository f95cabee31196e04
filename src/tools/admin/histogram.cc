#include "tools/admin/histogram.h"

#include <algorithm>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::admin {

std::optional<Histogram> parse_histogram(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Histogram histogram;
  std::string_view name = text.substr(0, colon);
  if (name.starts_with('{')) {
    const std::size_t close = name.find("}-");
    if (close == std::string_view::npos) return std::nullopt;
    histogram.ns = name.substr(1, close - 1);
    name.remove_prefix(close + 2);
  }
  histogram.name = name;
  const auto fields = split(text.substr(colon + 1), ',');
  if (fields.size() < 3) return std::nullopt;
  histogram.unit = fields[0] == "usec" ? "us" : "ms";
  histogram.per_second = parse_real(fields[1]).value_or(0);
  for (std::size_t i = 2; i < fields.size(); ++i)
    histogram.shares.push_back(parse_real(fields[i]).value_or(0));
  return histogram;
}

Histogram sum(const std::vector<Histogram>& histograms) {
  if (histograms.empty()) return {};
  Histogram total{.ns = histograms.front().ns,
                  .name = histograms.front().name,
                  .unit = histograms.front().unit};
  for (const Histogram& h : histograms) {
    total.per_second += h.per_second;
    total.shares.resize(std::max(total.shares.size(), h.shares.size()));
    for (std::size_t i = 0; i < h.shares.size(); ++i) total.shares[i] += h.shares[i] * h.per_second;
  }
  for (double& share : total.shares) share = total.per_second > 0 ? share / total.per_second : 0;
  return total;
}

}  // namespace flotilla::tools::admin
