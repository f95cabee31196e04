#include "stat_columns.h"

#include <fmt/format.h>

#include "text.h"

namespace flotilla::tools::admin {
namespace {

std::string_view raw_of(const StatColumn& column, const Answers& stats) {
  const std::string_view value = value_of(stats, column.stat);
  return value.empty() && !column.instead.empty() ? value_of(stats, column.instead) : value;
}

std::string shown(Figure figure, std::string_view raw) {
  if (raw.empty()) return "--";
  switch (figure) {
    case Figure::Count:
      return scaled_count(raw);
    case Figure::Bytes:
      return scaled_bytes(raw);
    case Figure::Percent:
      return percentage(raw);
    case Figure::Seconds:
      return duration(raw);
    case Figure::Bool:
      return parse_truth(raw).value_or(false) ? "True" : "False";
    case Figure::Text:
      break;
  }
  return std::string(raw);
}

}  // namespace

Column column_of(const StatColumn& column) {
  const bool is_word = column.figure == Figure::Bool;
  return {.group = std::string(column.group),
          .title = std::string(column.title),
          .align = is_word ? Align::Left : Align::Right};
}

Cell cell_of(const StatColumn& column, const Answers& stats) {
  const std::string_view raw = raw_of(column, stats);
  const bool quiet = raw.empty() || raw == "0" || raw == "false";
  return {.text = shown(column.figure, raw),
          .raw = std::string(raw),
          .tint = column.alerts && !quiet ? Tint::Alert : Tint::None};
}

std::vector<Cell> totals_of(std::span<const StatColumn> columns, std::span<const Answers> rows) {
  std::vector<Cell> cells;
  for (const StatColumn& column : columns) {
    if (column.total == Total::None) {
      cells.push_back({});
      continue;
    }
    double sum = 0;
    for (const Answers& row : rows) sum += parse_real(raw_of(column, row)).value_or(0);
    const std::string raw = fmt::format("{:.0f}", sum);
    cells.push_back({.text = shown(column.figure, raw), .raw = raw});
  }
  return cells;
}

}  // namespace flotilla::tools::admin
