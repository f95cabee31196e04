#pragma once

#include <span>

#include "tools/admin/fleet.h"
#include "tools/admin/sheet.h"

/// Sheets whose cells are statistics: one row of this table a column.
namespace flotilla::tools::admin {

enum class Figure : std::uint8_t { Text, Count, Bytes, Percent, Bool, Seconds };
enum class Total : std::uint8_t { None, Sum };

struct StatColumn {
  std::string_view group;
  std::string_view title;
  Figure figure;
  std::string_view stat;
  std::string_view instead = {};  // Where `stat` is missing; empty: nothing.
  Total total = Total::None;
  bool alerts = false;  // Anything but 0 and false deserves attention.
};

Column column_of(const StatColumn& column);
Cell cell_of(const StatColumn& column, const Answers& stats);
/// The cells of the columns over rows of statistics: sums where there are any, else nothing.
std::vector<Cell> totals_of(std::span<const StatColumn> columns, std::span<const Answers> rows);

}  // namespace flotilla::tools::admin
